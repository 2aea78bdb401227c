/** @file test_journal.c
 *  Writing and reading back; damaged logs are in test_journal_damage.c, failing disks and killed
 *  writers in test_journal_crash.c. */
#include "journal_kit.h"

#include "base/clock.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static kit_seen seen;

/* ---- nonsense ---- */

static const hy_journal_options bad_options[] = {
    {-1,  1,  1 },
    {NAN, 1,  1 },
    {1,   -1, 1 },
    {1,   1,  -1},
};

static const struct {
  int     type;
  int64_t task;
  size_t  head_len, body_len;
} bad_records[] = {
    {0,           0,  0,                     0           },
    {HY_REC_SEAL, 0,  0,                     0           },
    {77,          0,  0,                     0           },
    {HY_REC_DONE, -1, 0,                     0           },
    {HY_REC_DONE, 0,  ((size_t)1 << 30) + 1, 0           },
    {HY_REC_DONE, 0,  0,                     SIZE_MAX    },
    {HY_REC_DONE, 0,  8,                     SIZE_MAX - 7},
};

static void test_nonsense(void)
{
  const char    *dir = kit_dir();
  hy_journal    *j = NULL;
  hy_log_name    name = {0};
  hy_err         err = {0};
  hy_scan_report report;

  for (size_t i = 0; i < sizeof bad_options / sizeof *bad_options; i++)
    CU_ASSERT_EQUAL(hy_journal_open(dir, kit_job, 1, 0, &bad_options[i], &j, &err), HY_EINPUT);
  CU_ASSERT_EQUAL(hy_journal_open(dir, kit_job, 1, 0, NULL, &j, &err), HY_EIO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, dir));
  CU_ASSERT_EQUAL(hy_journal_open(dir, kit_job, 1, 1000000, NULL, &j, &err), HY_EBUG);
  CU_ASSERT_PTR_NULL(j);
  CU_ASSERT_EQUAL(hy_journal_close(NULL, NULL), HY_OK);
  CU_ASSERT_EQUAL(hy_journal_scan(dir, kit_job, kit_see, &seen, &report, &err), HY_EIO);

  CU_ASSERT_EQUAL_FATAL(kit_open(dir, NULL, &j, &name, NULL), HY_OK);
  for (size_t i = 0; i < sizeof bad_records / sizeof *bad_records; i++) {
    const hy_record r = {.type = (hy_record_type)bad_records[i].type,
                         .task = bad_records[i].task,
                         .head_len = bad_records[i].head_len,
                         .body_len = bad_records[i].body_len};

    CU_ASSERT_EQUAL(hy_journal_append(j, &r, &err), HY_EBUG);
  }
  hy_journal *again = NULL; /* a log is never opened twice */

  CU_ASSERT_EQUAL(hy_journal_open(dir, kit_job, name.epoch, 0, NULL, &again, &err), HY_EIO);
  CU_ASSERT_PTR_NULL(again);
  CU_ASSERT_EQUAL(hy_journal_close(j, NULL), HY_OK);
  CU_ASSERT_EQUAL(kit_scan_all(dir, &seen), 1);
  CU_ASSERT_EQUAL(seen.records, 0);

  char far[5000];

  memset(far, 'x', sizeof far);
  far[sizeof far - 1] = 0;
  uint32_t epoch;

  CU_ASSERT_EQUAL(hy_journal_claim(far, &epoch, &err), HY_EINPUT);
}

/* ---- names ---- */

static void test_list(void)
{
  const char              *dir = kit_dir();
  hy_log_name             *logs = NULL;
  int                      n = 7;
  char                     path[400];
  uint32_t                 epoch = 0;
  static const char *const strangers[] = {"epoch-1",      "epoch-0000001",     "epoch-",
                                          "epoch--00001", "epoch-99999999999", "epoch-00000x",
                                          "other"};
  static const hy_log_name real[] = {
      {1,  0      },
      {1,  3      },
      {1,  1000003},
      {2,  0      },
      {10, 100000 }
  };

  CU_ASSERT_EQUAL(hy_journal_list(dir, &logs, &n, NULL), HY_OK);
  CU_ASSERT_EQUAL(n, 0);
  CU_ASSERT_PTR_NOT_NULL(logs);
  free(logs);
  CU_ASSERT_EQUAL(hy_io_make_dirs(dir, NULL), HY_OK);
  for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", dir, strangers[i]);
    CU_ASSERT_EQUAL(mkdir(path, 0777), 0);
    (void)snprintf(path, sizeof path, "%s/%s/rank-00000.log", dir, strangers[i]);
    CU_ASSERT_EQUAL(hy_io_replace(path, "", 0, NULL), HY_OK);
  }
  for (size_t i = sizeof real / sizeof *real; i-- > 0;) {
    hy_journal_path(dir, real[i], path, sizeof path);
    *strrchr(path, '/') = 0;
    (void)mkdir(path, 0777);
    hy_journal_path(dir, real[i], path, sizeof path);
    CU_ASSERT_EQUAL(hy_io_replace(path, "", 0, NULL), HY_OK);
    hy_log_name back = {0};
    size_t      dir_len = 0;

    CU_ASSERT(hy_journal_parse(path, &back, &dir_len));
    CU_ASSERT(back.epoch == real[i].epoch && back.writer == real[i].writer);
    CU_ASSERT_EQUAL(dir_len, strlen(dir));
  }
  (void)snprintf(path, sizeof path, "%s/epoch-000001/rank-3.log", dir);
  CU_ASSERT_EQUAL(hy_io_replace(path, "", 0, NULL), HY_OK);
  (void)snprintf(path, sizeof path, "%s/epoch-000005", dir); /* a file, not a directory */
  CU_ASSERT_EQUAL(hy_io_replace(path, "", 0, NULL), HY_OK);
  CU_ASSERT_EQUAL_FATAL(hy_journal_list(dir, &logs, &n, NULL), HY_OK);
  CU_ASSERT_EQUAL(n, (int)(sizeof real / sizeof *real));
  CU_ASSERT_EQUAL(memcmp(logs, real, sizeof real), 0);
  free(logs);
  CU_ASSERT_EQUAL(hy_journal_claim(dir, &epoch, NULL), HY_OK);
  CU_ASSERT_EQUAL(epoch, 11);
}

enum { CLAIMERS = 6, CLAIMS = 8 };

static const char *claim_dir;

static void *claim_many(void *arg)
{
  uint32_t *mine = arg;

  for (int i = 0; i < CLAIMS; i++)
    if (hy_journal_claim(claim_dir, &mine[i], NULL)) mine[i] = 0;
  return NULL;
}

static void test_claim_race(void)
{
  uint32_t  claimed[CLAIMERS][CLAIMS];
  bool      taken[CLAIMERS * CLAIMS + 1] = {true};
  pthread_t thread[CLAIMERS];

  claim_dir = kit_dir();
  for (int t = 0; t < CLAIMERS; t++)
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[t], NULL, claim_many, claimed[t]), 0);
  for (int t = 0; t < CLAIMERS; t++) (void)pthread_join(thread[t], NULL);
  for (int t = 0; t < CLAIMERS; t++)
    for (int i = 0; i < CLAIMS; i++) {
      CU_ASSERT_FATAL(claimed[t][i] <= CLAIMERS * CLAIMS);
      CU_ASSERT_FALSE(taken[claimed[t][i]]);
      taken[claimed[t][i]] = true;
    }
}

/* ---- round trips ---- */

static void test_round_trip(void)
{
  const char    *dir = kit_dir();
  hy_journal    *j = NULL;
  hy_log_name    name;
  char           path[400];
  hy_scan_report report;
  int64_t        task = 0, done = -1, failed = -1, bytes = HY_RECORD_HEAD;

  CU_ASSERT_EQUAL_FATAL(kit_open(dir, NULL, &j, &name, NULL), HY_OK);
  for (size_t len = 0; len <= 66; len++)
    for (size_t head = 0; head <= len; head++, bytes += (int64_t)hy_record_size(len))
      CU_ASSERT_EQUAL(kit_append(j, task++, head, len, NULL), HY_OK);
  CU_ASSERT_EQUAL(hy_journal_sync(j, NULL), HY_OK);
  hy_journal_committed(j, &done, &failed);
  CU_ASSERT_EQUAL(done + failed, task);
  CU_ASSERT_EQUAL(failed, (task + 3) / 7);
  CU_ASSERT_EQUAL(hy_journal_close(j, NULL), HY_OK);
  hy_journal_path(dir, name, path, sizeof path);
  kit_forget(&seen);
  seen.fd = hy_io->open(path, 0, 0);
  CU_ASSERT_EQUAL(hy_journal_scan(path, kit_job, kit_see, &seen, &report, NULL), HY_OK);
  (void)hy_io->close(seen.fd);
  CU_ASSERT(seen.wrong == 0 && seen.records == task && kit_has_all(&seen, task));
  CU_ASSERT(report.sealed && !report.torn && report.damaged == 0);
  CU_ASSERT_EQUAL(report.records, task + 1);
  CU_ASSERT_EQUAL(report.bytes, bytes);
  CU_ASSERT_EQUAL(hy_io_size(path), 4096 + bytes);
}

/** Nothing of what was in memory before gets into the file. */
static void test_padding(void)
{
  for (size_t len = 0; len <= 24; len++) {
    uint8_t         bytes[80];
    const uint8_t   payload[24] = {0};
    const hy_record r = {.type = HY_REC_DONE, .head = payload, .head_len = len};

    memset(bytes, 0xff, sizeof bytes);
    hy_record_encode(&r, 1, 2, bytes);
    for (size_t i = 0; i < sizeof bytes - HY_RECORD_HEAD; i++)
      CU_ASSERT_EQUAL(bytes[HY_RECORD_HEAD + i],
                      HY_RECORD_HEAD + i < hy_record_size(len) ? 0 : 0xff);
  }
}

/** Records around the size of a buffer, far beyond it, and beyond what may be pending. */
static void test_large(void)
{
  static const size_t      lens[] = {0,       262000, 262103,  262104,  262105, 262144,     300000,
                                     1048576, 5,      3 << 20, 5 << 20, 17,     KIT_LONGEST};
  const hy_journal_options tight = {.commit_s = 10, .commit_bytes = 1 << 30, .pending_bytes = 100};
  const int64_t            n = sizeof lens / sizeof *lens;

  for (int round = 0; round < 2; round++) {
    const char *dir = kit_dir();
    hy_journal *j = NULL;
    hy_log_name name;

    CU_ASSERT_EQUAL_FATAL(kit_open(dir, round ? &tight : NULL, &j, &name, NULL), HY_OK);
    for (int64_t i = 0; i < n; i++)
      CU_ASSERT_EQUAL(kit_append(j, i, lens[i] / 3, lens[i], NULL), HY_OK);
    CU_ASSERT_EQUAL(hy_journal_close(j, NULL), HY_OK);
    CU_ASSERT_EQUAL(kit_scan_all(dir, &seen), 1);
    CU_ASSERT(seen.wrong == 0 && seen.records == n && kit_has_all(&seen, n));
  }
}

static hy_code stop_at_5(void *ctx, const hy_found *found, hy_err *err)
{
  ++*(int *)ctx;
  return found->task == 5 ? hy_fail(err, HY_STOP, "enough") : HY_OK;
}

static void test_visit_stops(void)
{
  const char    *dir = kit_dir();
  hy_journal    *j = NULL;
  hy_log_name    name;
  char           path[400];
  hy_scan_report report = {.records = -7};
  int            calls = 0;
  hy_err         err = {0};

  CU_ASSERT_EQUAL_FATAL(kit_open(dir, NULL, &j, &name, NULL), HY_OK);
  for (int64_t i = 0; i < 10; i++) CU_ASSERT_EQUAL(kit_append(j, i, 0, 9, NULL), HY_OK);
  CU_ASSERT_EQUAL(hy_journal_close(j, NULL), HY_OK);
  hy_journal_path(dir, name, path, sizeof path);
  CU_ASSERT_EQUAL(hy_journal_scan(path, kit_job, stop_at_5, &calls, &report, &err), HY_STOP);
  CU_ASSERT_EQUAL(calls, 6);
  CU_ASSERT_EQUAL(report.records, -7);
  CU_ASSERT_STRING_EQUAL(err.text, "enough");
}

/* ---- threads and commits ---- */

enum { THREADS = 4, EACH = 20000 };

typedef struct appender {
  hy_journal *journal;
  int64_t     first;
  hy_code     rc;
} appender;

static void *append_many(void *arg)
{
  appender *a = arg;

  for (int64_t i = 0; i < EACH && !a->rc; i++)
    a->rc = kit_append(a->journal, a->first + i, (size_t)(i % 3), (size_t)(i % 90) + 2, NULL);
  if (!a->rc) a->rc = hy_journal_sync(a->journal, NULL);
  return NULL;
}

static void test_threads(void)
{
  const hy_journal_options options[] = {
      {0.1,    4 << 20, 32 << 20},
      {0.0005, 1 << 14, 1 << 18 },
      {10,     1 << 30, 1 << 17 }
  };

  for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
    const char *dir = kit_dir();
    hy_journal *j = NULL;
    hy_log_name name;
    pthread_t   thread[THREADS];
    appender    work[THREADS];
    int64_t     done, failed;

    CU_ASSERT_EQUAL_FATAL(kit_open(dir, &options[o], &j, &name, NULL), HY_OK);
    for (int t = 0; t < THREADS; t++) {
      work[t] = (appender){j, (int64_t)t * EACH, HY_OK};
      CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[t], NULL, append_many, &work[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) {
      (void)pthread_join(thread[t], NULL);
      CU_ASSERT_EQUAL(work[t].rc, HY_OK);
    }
    hy_journal_committed(j, &done, &failed);
    CU_ASSERT_EQUAL(done + failed, THREADS * EACH);
    CU_ASSERT_EQUAL(hy_journal_close(j, NULL), HY_OK);
    CU_ASSERT_EQUAL(kit_scan_all(dir, &seen), 1);
    CU_ASSERT(seen.wrong == 0 && kit_has_all(&seen, THREADS * EACH));
  }
}

static _Atomic int64_t bytes_written, bytes_covered, writes, syncs;

static ssize_t counting_write(int fd, const void *bytes, size_t n)
{
  const ssize_t wrote = hy_io_system.write(fd, bytes, n);

  if (wrote > 0) (void)atomic_fetch_add(&bytes_written, wrote);
  (void)atomic_fetch_add(&writes, 1);
  return wrote;
}

static int counting_fdatasync(int fd)
{
  const int64_t covers = atomic_load(&bytes_written);
  const int     result = hy_io_system.fdatasync(fd);

  hy_sleep_s(0.0005); /* time to be caught counting too early */
  if (result == 0) atomic_store(&bytes_covered, covers);
  (void)atomic_fetch_add(&syncs, 1);
  return result;
}

static void watch_io(hy_io_ops *ops)
{
  *ops = hy_io_system;
  ops->write = counting_write;
  ops->fdatasync = counting_fdatasync;
  hy_io = ops;
  atomic_store(&bytes_written, 0);
  atomic_store(&bytes_covered, 0);
}

static void test_committed_is_synced(void)
{
  const char              *dir = kit_dir();
  const hy_journal_options o = {.commit_s = 0.001, .commit_bytes = 4096, .pending_bytes = 1 << 16};
  hy_journal              *j = NULL;
  hy_log_name              name = {0};
  hy_io_ops                ops;
  int64_t                  done, failed, early = 0, last = 0, grew = 0;

  watch_io(&ops);
  CU_ASSERT_EQUAL(kit_open(dir, &o, &j, &name, NULL), HY_OK);
  for (int64_t i = 0; j && i < 40000; i++) {
    CU_ASSERT_EQUAL(kit_append(j, i, 0, 8, NULL), HY_OK);
    hy_journal_committed(j, &done, &failed);
    early += (done + failed) * 48 > atomic_load(&bytes_covered) - 4096;
    grew += done + failed > last;
    last = done + failed;
  }
  CU_ASSERT_EQUAL(early, 0);
  CU_ASSERT(grew > 10);
  CU_ASSERT_EQUAL(hy_journal_close(j, NULL), HY_OK);
  hy_io = &hy_io_system;
}

/** One record alone: written once and synced once, in time, and then nothing happens any more. */
static void test_idle(void)
{
  const char              *dir = kit_dir();
  const hy_journal_options o = {.commit_s = 0.05, .commit_bytes = 4096, .pending_bytes = 1 << 16};
  hy_journal              *j = NULL;
  hy_log_name              name = {0};
  hy_io_ops                ops;
  int64_t                  done = 0, failed = 0;

  watch_io(&ops);
  CU_ASSERT_EQUAL(kit_open(dir, &o, &j, &name, NULL), HY_OK);
  hy_sleep_s(0.03);
  atomic_store(&writes, 0);
  atomic_store(&syncs, 0);
  CU_ASSERT_EQUAL(kit_append(j, 0, 0, 8, NULL), HY_OK);
  hy_journal_committed(j, &done, &failed);
  CU_ASSERT_EQUAL(done, 0);
  for (int i = 0; i < 1000 && done == 0; i++, hy_journal_committed(j, &done, &failed))
    hy_sleep_s(0.005);
  CU_ASSERT_EQUAL(done, 1);
  hy_sleep_s(0.12);
  CU_ASSERT_EQUAL(atomic_load(&writes), 1);
  CU_ASSERT_EQUAL(atomic_load(&syncs), 1);
  CU_ASSERT_EQUAL(hy_journal_sync(j, NULL), HY_OK); /* nothing to do */
  CU_ASSERT_EQUAL(atomic_load(&syncs), 1);
  CU_ASSERT_EQUAL(hy_journal_close(j, NULL), HY_OK);
  hy_io = &hy_io_system;
}

HY_TEST_MAIN("journal", {"nonsense", test_nonsense}, {"list", test_list},
             {"claim race", test_claim_race}, {"round trip", test_round_trip},
             {"padding", test_padding}, {"large", test_large}, {"visit stops", test_visit_stops},
             {"threads", test_threads}, {"committed is synced", test_committed_is_synced},
             {"idle", test_idle})
