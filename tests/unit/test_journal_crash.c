/** @file test_journal_crash.c
 *  Failing file operations, power cuts and killed writers.  After each, a scan finds every record
 *  that was reported as committed, once, and nothing that is wrong. */
#include "journal_kit.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static kit_seen seen;

/* ---- a disk that fails at the N-th operation, and knows what it has promised ---- */

enum kind { OPEN, WRITE, FSYNC, FDATASYNC, CLOSE, MKDIR, ANY, KINDS = ANY };
enum { FOREVER = 1 << 30, MOST_FDS = 64, MOST_LOGS = 4 };

/** A log that was created: what of it a power cut leaves. */
typedef struct log_file {
  char     path[300];
  int64_t  size, synced;
  unsigned named; /* bits 0, 1, 2: its directory, that one's, and that one's were synced since */
} log_file;

static struct disk {
  pthread_mutex_t mutex;
  int             kind, nth, times, code;
  bool            is_short; /* a write fails after half its bytes               */
  bool            drops;    /* a failed fdatasync loses what it was to bring up */
  int             count[KINDS + 1], failed;
  log_file        logs[MOST_LOGS];
  int             nlogs;
  char            path[MOST_FDS][300];
  log_file       *log[MOST_FDS];
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool fails(enum kind kind)
{
  const int n = ++disk.count[kind], all = ++disk.count[ANY];
  const int at = disk.kind == ANY ? all : disk.kind == (int)kind ? n : 0;

  if (at < disk.nth || at - disk.nth >= disk.times) return false;
  disk.failed++;
  errno = disk.code;
  return true;
}

static int bad_open(const char *path, int flags, mode_t mode)
{
  int fd = -1;

  (void)pthread_mutex_lock(&disk.mutex);
  if (!fails(OPEN)) fd = hy_io_system.open(path, flags, mode);
  if (fd >= MOST_FDS) abort();
  if (fd >= 0) {
    disk.log[fd] = NULL;
    (void)snprintf(disk.path[fd], sizeof disk.path[fd], "%s", path);
    for (size_t n = strlen(disk.path[fd]); n > 1 && disk.path[fd][n - 1] == '/'; n--)
      disk.path[fd][n - 1] = 0;
    if (flags & O_CREAT && disk.nlogs < MOST_LOGS) {
      disk.log[fd] = &disk.logs[disk.nlogs++];
      *disk.log[fd] = (log_file){.size = 0};
      (void)snprintf(disk.log[fd]->path, sizeof disk.log[fd]->path, "%s", path);
    }
  }
  (void)pthread_mutex_unlock(&disk.mutex);
  return fd;
}

static ssize_t bad_write(int fd, const void *bytes, size_t n)
{
  ssize_t wrote = -1;

  (void)pthread_mutex_lock(&disk.mutex);
  if (!fails(WRITE))
    wrote = hy_io_system.write(fd, bytes, n);
  else if (disk.is_short && n > 1)
    wrote = hy_io_system.write(fd, bytes, n / 2);
  if (wrote > 0 && disk.log[fd]) disk.log[fd]->size += wrote;
  (void)pthread_mutex_unlock(&disk.mutex);
  return wrote;
}

/** Success makes names and bytes safe; the real sync, which is slow, would add nothing to that. */
static void note_names(const char *dir)
{
  for (int i = 0; i < disk.nlogs; i++) {
    char up[300];

    (void)snprintf(up, sizeof up, "%s", disk.logs[i].path);
    for (unsigned level = 0; level < 3; level++) {
      *strrchr(up, '/') = 0;
      if (strcmp(up, dir) == 0) disk.logs[i].named |= 1u << level;
    }
  }
}

static int bad_fsync(int fd)
{
  (void)pthread_mutex_lock(&disk.mutex);
  const int result = fails(FSYNC) ? -1 : 0;

  if (result == 0) note_names(disk.path[fd]);
  (void)pthread_mutex_unlock(&disk.mutex);
  return result;
}

static int bad_fdatasync(int fd)
{
  (void)pthread_mutex_lock(&disk.mutex);
  const int result = fails(FDATASYNC) ? -1 : 0;

  log_file *log = disk.log[fd];

  if (result == 0 && log) log->synced = log->size;
  if (result != 0 && disk.drops && log) {
    if (ftruncate(fd, log->synced) || ftruncate(fd, log->size)) abort(); /* zeros: lost pages */
    errno = disk.code;
  }
  (void)pthread_mutex_unlock(&disk.mutex);
  return result;
}

static int bad_close(int fd)
{
  (void)pthread_mutex_lock(&disk.mutex);
  const bool bad = fails(CLOSE);
  const int  result = hy_io_system.close(fd);

  if (bad) errno = disk.code;
  (void)pthread_mutex_unlock(&disk.mutex);
  return bad ? -1 : result;
}

static int bad_mkdir(const char *path, mode_t mode)
{
  (void)pthread_mutex_lock(&disk.mutex);
  const int result = fails(MKDIR) ? -1 : hy_io_system.mkdir(path, mode);

  (void)pthread_mutex_unlock(&disk.mutex);
  return result;
}

static const hy_io_ops bad_disk = {.open = bad_open,
                                   .write = bad_write,
                                   .pread = pread,
                                   .fsync = bad_fsync,
                                   .fdatasync = bad_fdatasync,
                                   .close = bad_close,
                                   .rename = rename,
                                   .unlink = unlink,
                                   .rmdir = rmdir,
                                   .mkdir = bad_mkdir};

static void break_disk(int kind, int nth, int times, int code)
{
  disk.kind = kind;
  disk.nth = nth;
  disk.times = times;
  disk.code = code;
  disk.failed = 0;
  disk.is_short = disk.drops = false;
  memset(disk.count, 0, sizeof disk.count);
  disk.nlogs = 0;
  hy_io = &bad_disk;
}

/** What is left when the machine stops: of each log with a lasting name, the bytes that were
 *  synced. */
static void cut_power(void)
{
  for (int i = 0; i < disk.nlogs; i++) {
    const log_file *log = &disk.logs[i];

    const int gone = log->named == 7 ? truncate(log->path, (off_t)log->synced) : unlink(log->path);

    CU_ASSERT_EQUAL(gone, 0);
  }
}

/* ---- one short run on it ---- */

enum { RECORDS = 48 };

typedef struct outcome {
  hy_code rc; /* the worst */
  int64_t appended, committed;
  hy_err  err;
} outcome;

static void keep_worst(outcome *o, hy_code rc, const hy_err *err)
{
  if (rc <= o->rc) return;
  o->rc = rc;
  o->err = *err;
}

/** Claim, open, append with syncs in between, close.  A record of 300 kB needs its own buffer. */
static outcome run(const char *dir)
{
  const hy_journal_options o = {.commit_s = 5, .commit_bytes = 2000, .pending_bytes = 4000};
  outcome                  out = {.rc = HY_OK};
  hy_journal              *j = NULL;
  hy_log_name              name;
  hy_err                   err = {0};
  int64_t                  done = 0, failed = 0;

  keep_worst(&out, kit_open(dir, &o, &j, &name, &err), &err);
  if (!j) return out;
  for (int64_t i = 0; i < RECORDS; i++) {
    hy_code rc =
        kit_append(j, i, (size_t)i % 3, i == 20 ? 300000 : (size_t)(i * 29 % 300) + 2, &err);

    out.appended += rc == HY_OK;
    keep_worst(&out, rc, &err);
    if (i % 12 == 5) {
      rc = hy_journal_sync(j, &err);
      keep_worst(&out, rc, &err);
      hy_journal_committed(j, &done, &failed);
      CU_ASSERT(rc || done + failed == out.appended);
    }
  }
  const hy_code before = out.rc;

  hy_journal_committed(j, &done, &failed);
  const hy_code rc = hy_journal_close(j, &err);

  keep_worst(&out, rc, &err);
  out.committed = rc || before ? done + failed : RECORDS;
  return out;
}

/** Everything that holds after any failure; the number of logs. */
static int check(const char *dir, const outcome *o)
{
  const int logs = kit_scan_all(dir, &seen);

  CU_ASSERT(logs >= 0);
  CU_ASSERT_EQUAL(seen.wrong, 0);
  CU_ASSERT_FALSE(kit_has_doubles(&seen));
  CU_ASSERT(kit_has_all(&seen, o->committed));
  CU_ASSERT(o->rc == HY_OK || o->rc == HY_EIO);
  CU_ASSERT(o->rc != HY_OK || (o->appended == RECORDS && seen.records == RECORDS));
  CU_ASSERT(o->rc == HY_OK || strstr(o->err.text, hy_test_dir()));
  if (o->appended > 0 && o->appended < RECORDS)
    CU_ASSERT(strstr(o->err.text, strerror(disk.code)) &&
              strstr(o->err.text, "start the job again"));
  return logs;
}

static void fail_each(int kind, int times, int code, bool is_short, bool drops)
{
  for (int nth = 1; nth < 1000; nth++) {
    const char *dir = kit_dir();

    break_disk(kind, nth, times, code);
    disk.is_short = is_short;
    disk.drops = drops;
    const outcome o = run(dir);

    hy_io = &hy_io_system;
    const int logs = check(dir, &o);

    /* one failed write or sync behind the head of the log is survived, in a second log */
    if (times == 1 && nth > 1 && (kind == FDATASYNC || (kind == WRITE && !is_short)) &&
        disk.failed) {
      CU_ASSERT_EQUAL(o.rc, HY_OK);
      CU_ASSERT_EQUAL(logs, code == EINTR && kind == WRITE ? 1 : 2);
    }
    if (times == FOREVER && disk.failed && kind != CLOSE) CU_ASSERT_EQUAL(o.rc, HY_EIO);
    cut_power();
    (void)check(dir, &o);
    (void)hy_io_remove_tree(dir, NULL);
    if (!disk.failed) {
      CU_ASSERT_EQUAL(o.rc, HY_OK);
      CU_ASSERT(nth > 1);
      return;
    }
  }
  CU_FAIL("the failures never end");
}

static void test_fail_once(void)
{
  static const int codes[] = {EIO, ENOSPC, EDQUOT, EINTR};

  for (int kind = 0; kind <= ANY; kind++)
    for (size_t c = 0; c < sizeof codes / sizeof *codes; c++)
      fail_each(kind, 1, codes[c], false, false);
}

static void test_fail_from_then_on(void)
{
  static const int codes[] = {EIO, ENOSPC, EROFS};

  for (int kind = 0; kind <= ANY; kind++)
    for (size_t c = 0; c < sizeof codes / sizeof *codes; c++)
      fail_each(kind, FOREVER, codes[c], false, false);
}

static void test_short_writes(void)
{
  fail_each(WRITE, 1, EIO, true, false);
  fail_each(WRITE, 7, EIO, true, false);
  fail_each(WRITE, 5, EINTR, false, false);
}

/** What Linux does: after a failed sync the pages are gone, and the next sync succeeds. */
static void test_dropped_pages(void)
{
  fail_each(FDATASYNC, 1, EIO, false, true);
  fail_each(FDATASYNC, 2, EIO, false, true);
  fail_each(ANY, 1, EIO, false, true);
  fail_each(ANY, FOREVER, ENOSPC, false, true);
}

/* ---- many appenders, and then the disk is gone ---- */

enum { THREADS = 4 };

static void *append_until_failure(void *arg)
{
  hy_journal *j = arg;
  hy_err      err = {0};
  hy_code     rc = HY_OK;

  for (int64_t i = 0; i < 5000 && !rc; i++) rc = kit_append(j, i % 100, 0, 200, &err);
  if (!rc) rc = hy_journal_sync(j, &err);
  return rc == HY_EIO && strstr(err.text, "committed") ? arg : NULL;
}

static void test_nobody_hangs(void)
{
  const hy_journal_options o = {.commit_s = 0.001, .commit_bytes = 8192, .pending_bytes = 30000};

  for (int nth = 5; nth < 65; nth += 6) {
    const char *dir = kit_dir();
    hy_journal *j = NULL;
    hy_log_name name;
    pthread_t   thread[THREADS];
    void       *told;
    hy_err      err;

    break_disk(ANY, FOREVER, 0, 0);
    CU_ASSERT_EQUAL_FATAL(kit_open(dir, &o, &j, &name, NULL), HY_OK);
    break_disk(ANY, nth, FOREVER, ENOSPC);
    for (int t = 0; t < THREADS; t++)
      CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[t], NULL, append_until_failure, j), 0);
    for (int t = 0; t < THREADS; t++) {
      CU_ASSERT_EQUAL(pthread_join(thread[t], &told), 0);
      CU_ASSERT_PTR_EQUAL(told, j);
    }
    CU_ASSERT_EQUAL(hy_journal_sync(j, &err), HY_EIO);
    CU_ASSERT_EQUAL(kit_append(j, 0, 0, 1, &err), HY_EIO);
    CU_ASSERT_EQUAL(hy_journal_close(j, &err), HY_EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, strerror(ENOSPC)));
    hy_io = &hy_io_system;
  }
}

/* ---- kill -9 ---- */

typedef struct shared {
  _Atomic int64_t committed;
} shared;

static void write_until_killed(const char *dir, shared *s, int round)
{
  const hy_journal_options o = {
      .commit_s = 0.001, .commit_bytes = 1 << (10 + round % 8), .pending_bytes = 1 << 18};
  hy_journal *j = NULL;
  hy_log_name name;
  int64_t     done, failed;

  if (kit_open(dir, &o, &j, &name, NULL)) _exit(1);
  for (int64_t i = 0; i < KIT_TASKS; i++) {
    if (kit_append(j, i, 0, (size_t)(i * (round + 1)) % 250, NULL)) _exit(1);
    hy_journal_committed(j, &done, &failed);
    atomic_store(&s->committed, done + failed);
  }
  for (;;) (void)pause();
}

static void test_kill(void)
{
  shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int     torn_or_not = 0, committed_some = 0;

  CU_ASSERT_FATAL(s != MAP_FAILED);
  for (int round = 0; round < 60; round++) {
    const char *dir = kit_dir();
    int         status = 0;

    atomic_store(&s->committed, 0);
    const pid_t child = fork();

    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) write_until_killed(dir, s, round);
    for (int i = 0; i < 20000 && !atomic_load(&s->committed) && round % 10; i++) hy_sleep_s(0.001);
    hy_sleep_s(0.0003 * (round * 7 % 40));
    CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFSIGNALED(status));
    CU_ASSERT(kit_scan_all(dir, &seen) >= 0);
    CU_ASSERT(seen.wrong == 0 && kit_has_all(&seen, atomic_load(&s->committed)));
    CU_ASSERT(kit_has_all(&seen, seen.records)); /* none is missing in between */
    torn_or_not += seen.records > atomic_load(&s->committed);
    committed_some += atomic_load(&s->committed) > 0;
    (void)hy_io_remove_tree(dir, NULL);
  }
  CU_ASSERT(committed_some > 20);
  CU_ASSERT(torn_or_not > 0);
  (void)munmap(s, sizeof *s);
}

static void be_quiet(void)
{
  hy_log_init(-1, HY_LOG_ERROR);
}

HY_TEST_MAIN("journal crash", {"be quiet", be_quiet}, {"kill -9", test_kill},
             {"fail once", test_fail_once}, {"fail from then on", test_fail_from_then_on},
             {"short writes", test_short_writes}, {"dropped pages", test_dropped_pages},
             {"nobody hangs", test_nobody_hangs})
