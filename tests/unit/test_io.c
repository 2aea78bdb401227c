/** @file test_io.c
 *  base/io.h against a system table that is short, interrupted, or fails at the N-th call. */
#include "base/digest.h"
#include "base/io.h"
#include "base/str.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* What the table below does.  Calls are counted from 1. */
static struct {
  int    calls, fail_at; /* call number fail_at fails with EIO ...                */
  bool   stays_down;     /* ... and all after it: the machine has stopped         */
  bool   nervous;        /* every other read or write is interrupted, others short */
  bool   stuck;          /* writes return 0                                        */
  hy_str seen;           /* first letters of the names of the calls                */
} fault;

static bool fails(char letter)
{
  fault.calls++;
  hy_str_add_bytes(&fault.seen, &letter, 1);
  if (!fault.fail_at) return false;
  if (fault.stays_down ? fault.calls < fault.fail_at : fault.calls != fault.fail_at) return false;
  errno = EIO;
  return true;
}

static bool interrupted(void)
{
  errno = EINTR;
  return fault.nervous && fault.calls % 2 == 1;
}

static size_t shortened(size_t n)
{
  return fault.nervous && n > 3 ? 3 : n;
}

static int faulty_open(const char *path, int flags, mode_t mode)
{
  return fails('o') ? -1 : hy_io_system.open(path, flags, mode);
}

static ssize_t faulty_write(int fd, const void *bytes, size_t n)
{
  if (fails('w') || interrupted()) return -1;
  return fault.stuck ? 0 : hy_io_system.write(fd, bytes, shortened(n));
}

static ssize_t faulty_pread(int fd, void *bytes, size_t n, off_t offset)
{
  return fails('p') || interrupted() ? -1 : hy_io_system.pread(fd, bytes, shortened(n), offset);
}

static int faulty_fsync(int fd)
{
  return fails('s') ? -1 : hy_io_system.fsync(fd);
}

static int faulty_fdatasync(int fd)
{
  return fails('d') ? -1 : hy_io_system.fdatasync(fd);
}

static int faulty_close(int fd)
{
  const int failed = fails('c');

  return hy_io_system.close(fd) || failed ? (errno = EIO, -1)
                                          : 0; /* the descriptor is gone anyway */
}

static int faulty_rename(const char *from, const char *to)
{
  return fails('r') ? -1 : hy_io_system.rename(from, to);
}

static int faulty_unlink(const char *path)
{
  return fails('u') ? -1 : hy_io_system.unlink(path);
}

static int faulty_rmdir(const char *path)
{
  return fails('R') ? -1 : hy_io_system.rmdir(path);
}

static int faulty_mkdir(const char *path, mode_t mode)
{
  return fails('m') ? -1 : hy_io_system.mkdir(path, mode);
}

static void use_faulty(int fail_at, bool stays_down, bool nervous)
{
  static const hy_io_ops faulty = {faulty_open,      faulty_write, faulty_pread,  faulty_fsync,
                                   faulty_fdatasync, faulty_close, faulty_rename, faulty_unlink,
                                   faulty_rmdir,     faulty_mkdir};

  hy_str_clear(&fault.seen);
  fault.calls = 0, fault.fail_at = fail_at;
  fault.stays_down = stays_down, fault.nervous = nervous, fault.stuck = false;
  hy_io = &faulty;
}

static void use_system(void)
{
  hy_io = &hy_io_system;
  hy_str_clear(&fault.seen);
}

/* A path below the test's directory; the four last ones stay valid. */
static const char *in_dir(const char *name)
{
  static char paths[4][200];
  static int  next;
  char       *path = paths[next++ % 4];

  (void)snprintf(path, sizeof paths[0], "%s/%s", hy_test_dir(), name);
  return path;
}

static bool make(const char *name, const char *text)
{
  FILE *f = fopen(in_dir(name), "w");

  if (!f) return false;
  const bool good = fputs(text, f) >= 0;

  return fclose(f) == 0 && good;
}

static bool holds(const char *path, const char *text)
{
  char  *bytes = NULL;
  size_t n = 0;
  bool   same = false;

  if (!hy_io_load(path, 1000, &bytes, &n, NULL))
    same = n == strlen(text) && memcmp(bytes, text, n + 1) == 0;
  free(bytes);
  return same;
}

static void load_refuses(void)
{
  static const struct {
    const char *name, *said;
  } rows[] = {
      {"missing",      "No such file or directory"      },
      {"nowhere/file", "No such file or directory"      },
      {"folder",       "a directory"                    },
      {"file/inner",   "Not a directory"                },
      {"pipe",         "a pipe"                         },
      {"to_device",    "a device"                       },
      {"to_nowhere",   "No such file"                   },
      {"large",        "too large: 11 bytes, at most 10"},
      {"",             "a directory"                    },
  };

  CU_ASSERT(mkdir(in_dir("folder"), 0777) == 0 && mkfifo(in_dir("pipe"), 0666) == 0);
  CU_ASSERT(symlink("/dev/zero", in_dir("to_device")) == 0);
  CU_ASSERT(symlink("not here", in_dir("to_nowhere")) == 0);
  CU_ASSERT(make("large", "hello world") && make("file", "x"));
  for (size_t i = 0; i < COUNT(rows); i++) {
    char   *bytes = (char *)rows;
    size_t  n = 77;
    uint8_t digest[32] = {7};
    hy_err  err = {0};

    hy_test_row(hy_io_load(in_dir(rows[i].name), 10, &bytes, &n, &err) == HY_EINPUT, rows[i].name);
    hy_test_row(bytes == (char *)rows && n == 77, rows[i].name);
    hy_test_row(strstr(err.text, rows[i].said) && strstr(err.text, rows[i].name), rows[i].name);
    if (strcmp(rows[i].name, "large") == 0) continue;
    hy_test_row(hy_io_digest(in_dir(rows[i].name), digest, &err) == HY_EINPUT && digest[0] == 7,
                rows[i].name);
  }
}

static void load_reads(void)
{
  char  *bytes = NULL;
  size_t n = 0;
  hy_err err = {0};

  CU_ASSERT(make("empty", "") && make("ten", "0123456789"));
  CU_ASSERT(holds(in_dir("empty"), "") && holds(in_dir("ten"), "0123456789"));
  CU_ASSERT(hy_io_load(in_dir("empty"), 0, &bytes, &n, &err) == HY_OK && n == 0 && bytes[0] == 0);
  free(bytes);
  CU_ASSERT_EQUAL(hy_io_load(in_dir("ten"), 9, &bytes, &n, &err), HY_EINPUT);
  CU_ASSERT(hy_io_load(in_dir("ten"), 10, &bytes, &n, &err) == HY_OK && n == 10 && bytes[10] == 0);
  free(bytes);
  CU_ASSERT(hy_io_load(in_dir("ten"), SIZE_MAX, &bytes, &n, &err) == HY_OK && n == 10);
  free(bytes);
  /* below /proc files say they have no bytes */
  CU_ASSERT(hy_io_load("/proc/self/maps", 1 << 20, &bytes, &n, &err) == HY_OK && n > 100);
  free(bytes);
  CU_ASSERT_EQUAL(hy_io_load("/proc/self/maps", 10, &bytes, &n, &err), HY_EINPUT);

  use_faulty(0, false, true);
  CU_ASSERT(holds(in_dir("ten"), "0123456789"));
  use_faulty(2, false, false); /* open, then the first read */
  CU_ASSERT_EQUAL(hy_io_load(in_dir("ten"), 10, &bytes, &n, &err), HY_EIO);
  CU_ASSERT_STRING_EQUAL(fault.seen.text, "opc");
  use_system();
  CU_ASSERT(hy_io_exists(in_dir("ten")) && hy_io_size(in_dir("ten")) == 10);
  CU_ASSERT(!hy_io_exists(in_dir("no")) && hy_io_size(in_dir("no")) == -1);
}

static void digest_of_files(void)
{
  static const size_t sizes[] = {0, 1, 262143, 262144, 262145, 524288, 600001};
  const size_t        most = 600001;
  char               *data = malloc(most);

  CU_ASSERT_PTR_NOT_NULL_FATAL(data);
  for (size_t i = 0; i < most; i++) data[i] = (char)(i * 31 + i / 1000);
  for (size_t i = 0; i < COUNT(sizes); i++) {
    uint8_t a[32] = {0}, b[32] = {1};
    char    row[32];

    (void)snprintf(row, sizeof row, "%zu bytes", sizes[i]);
    CU_ASSERT_EQUAL(hy_io_replace(in_dir("data"), data, sizes[i], NULL), HY_OK);
    hy_sha256_of(data, sizes[i], a);
    hy_test_row(hy_io_digest(in_dir("data"), b, NULL) == HY_OK && memcmp(a, b, 32) == 0, row);
  }
  use_faulty(3, false, false); /* the second piece */
  uint8_t digest[32] = {7};

  CU_ASSERT(hy_io_digest(in_dir("data"), digest, NULL) == HY_EIO && digest[0] == 7);
  use_system();
  free(data);
}

static void whole_reads_and_writes(void)
{
  const char *path = in_dir("whole");
  char        back[26] = "";
  const int   fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

  CU_ASSERT_FATAL(fd >= 0);
  use_faulty(0, false, true);
  CU_ASSERT_EQUAL(hy_io_write_all(fd, "abcdefghijklmnopqrstuvwxyz", 26), 0);
  CU_ASSERT(fault.calls >= 17); /* 9 short writes, 8 interruptions at least */
  CU_ASSERT_EQUAL(hy_io_read_all(fd, back, 26, 0), 0);
  CU_ASSERT(memcmp(back, "abcdefghijklmnopqrstuvwxyz", 26) == 0);
  CU_ASSERT(hy_io_read_all(fd, back, 3, 23) == 0 && memcmp(back, "xyz", 3) == 0);
  errno = 0;
  CU_ASSERT(hy_io_read_all(fd, back, 4, 23) == -1 && errno == EIO);
  CU_ASSERT(hy_io_read_all(fd, back, 1, 100) == -1 && errno == EIO);
  CU_ASSERT(hy_io_read_all(fd, back, 0, 100) == 0 && hy_io_write_all(fd, back, 0) == 0);
  use_faulty(0, false, false);
  fault.stuck = true;
  CU_ASSERT(hy_io_write_all(fd, "a", 1) == -1 && errno == ENOSPC);
  use_system();
  CU_ASSERT(hy_io_write_all(-1, "a", 1) == -1 && errno == EBADF);
  (void)close(fd);
}

/* One call fails; or the machine stops there.  Old or new, whole; and new when it said so. */
static void replace_old_or_new(void)
{
  const char *path = in_dir("state"), *temporary = in_dir("state.tmp");

  CU_ASSERT_EQUAL(hy_io_replace(path, "first", 5, NULL), HY_OK);
  for (int stays_down = 0; stays_down < 2; stays_down++) {
    hy_code rc = HY_EIO;
    int     at = 0;

    while (rc != HY_OK && at++ < 20) {
      hy_err err = {0};
      char   row[32];

      (void)snprintf(row, sizeof row, "call %d, stop %d", at, stays_down);
      CU_ASSERT_EQUAL(hy_io_replace(path, "the old state", 13, NULL), HY_OK);
      use_faulty(at, stays_down, false);
      rc = hy_io_replace(path, "new", 3, &err);

      use_system();
      hy_test_row(rc == HY_OK || rc == HY_EIO, row);
      hy_test_row(rc == HY_OK ? holds(path, "new")
                              : holds(path, "new") || holds(path, "the old state"),
                  row);
      hy_test_row(rc == HY_OK || strstr(err.text, "Input/output error"), row);
      hy_test_row(stays_down || !hy_io_exists(temporary), row);
    }
    /* open write sync close rename open sync close: only the last, of the directory, may fail */
    CU_ASSERT(rc == HY_OK && at == 8);
  }
  use_faulty(0, false, true);
  CU_ASSERT_EQUAL(hy_io_replace(path, "twelve bytes", 12, NULL), HY_OK);
  use_faulty(0, false, false);
  CU_ASSERT_EQUAL(hy_io_replace(path, "order", 5, NULL), HY_OK);
  CU_ASSERT_STRING_EQUAL(fault.seen.text, "owscrosc"); /* synced before the name moves, and after */
  use_system();
  CU_ASSERT(holds(path, "order"));
  CU_ASSERT_EQUAL(hy_io_replace(in_dir("nowhere/file"), "x", 1, NULL), HY_EIO);
  CU_ASSERT_EQUAL(hy_io_replace(in_dir(""), "x", 1, NULL), HY_EIO);
}

/* A link planted under the temporary name must not lead the bytes elsewhere. */
static void replace_follows_no_link(void)
{
  CU_ASSERT(make("victim", "precious") && make("target", "old"));
  CU_ASSERT_EQUAL(symlink(in_dir("victim"), in_dir("target.tmp")), 0);
  (void)hy_io_replace(in_dir("target"), "new", 3, NULL);
  CU_ASSERT(holds(in_dir("victim"), "precious"));
}

static void make_directories(void)
{
  static const char *const good[] = {"a/b/c", "a/b/c", "a/b/c/", "a//b///d", "a/./e"};
  hy_err                   err = {0};

  for (size_t i = 0; i < COUNT(good); i++) {
    struct stat st;

    hy_test_row(hy_io_make_dirs(in_dir(good[i]), NULL) == HY_OK, good[i]);
    hy_test_row(stat(in_dir(good[i]), &st) == 0 && S_ISDIR(st.st_mode), good[i]);
  }
  CU_ASSERT(make("plain", "x"));
  CU_ASSERT_EQUAL(hy_io_make_dirs("", &err), HY_EIO);
  CU_ASSERT_EQUAL(hy_io_make_dirs(in_dir("plain"), &err), HY_EIO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a file has that name"));
  CU_ASSERT_EQUAL(hy_io_make_dirs(in_dir("plain/x"), &err), HY_EIO);
  CU_ASSERT_EQUAL(hy_io_make_dirs("/proc/nowhere/x", &err), HY_EIO);
  CU_ASSERT_EQUAL(hy_io_make_dirs("/", &err), HY_OK);
}

/* tree/{file, dangling -> nothing, way_out -> outside, deep/er/file, locked/} */
static bool make_tree(void)
{
  return hy_io_make_dirs(in_dir("tree/deep/er"), NULL) == HY_OK &&
         hy_io_make_dirs(in_dir("outside"), NULL) == HY_OK && make("outside/keep", "kept") &&
         make("tree/file", "x") && make("tree/deep/er/file", "x") &&
         symlink("nothing", in_dir("tree/dangling")) == 0 &&
         symlink("../outside", in_dir("tree/way_out")) == 0 &&
         symlink("..", in_dir("tree/deep/up")) == 0;
}

static void remove_trees(void)
{
  hy_err err = {0};

  CU_ASSERT_EQUAL(hy_io_remove_tree(in_dir("never was"), &err), HY_OK);
  CU_ASSERT(make("plain", "x"));
  CU_ASSERT_EQUAL(hy_io_remove_tree(in_dir("plain"), &err), HY_EIO);
  CU_ASSERT_EQUAL(hy_io_remove_tree("", &err), HY_OK);
  CU_ASSERT(make_tree());
  CU_ASSERT_EQUAL(symlink("outside", in_dir("link")), 0);
  CU_ASSERT_EQUAL(hy_io_remove_tree(in_dir("link"), &err), HY_EIO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "symbolic link"));
  CU_ASSERT_EQUAL(hy_io_remove_tree(in_dir("link/"), &err), HY_EIO);
  CU_ASSERT_EQUAL(hy_io_remove_tree(in_dir("tree/"), &err), HY_OK);
  CU_ASSERT(!hy_io_exists(in_dir("tree")) && holds(in_dir("outside/keep"), "kept"));

  hy_code rc = HY_EIO;
  int     at = 0;

  while (rc != HY_OK && at < 50) { /* whatever fails is reported, and the next call goes on */
    CU_ASSERT(at == 0 || hy_io_remove_tree(in_dir("tree"), &err) == HY_OK);
    CU_ASSERT(make_tree());
    use_faulty(++at, false, false);
    rc = hy_io_remove_tree(in_dir("tree"), &err);
    use_system();
    CU_ASSERT(rc == HY_OK || (rc == HY_EIO && hy_io_exists(in_dir("tree"))));
  }
  CU_ASSERT(rc == HY_OK && at > 10 && holds(in_dir("outside/keep"), "kept"));
}

static void remove_large_and_deep(void)
{
  char   name[64];
  hy_str deep = {0};
  hy_err err = {0};

  CU_ASSERT_EQUAL(hy_io_make_dirs(in_dir("many"), NULL), HY_OK);
  for (int i = 0; i < 2000; i++) {
    (void)snprintf(name, sizeof name, "many/%d", i);
    CU_ASSERT(make(name, ""));
  }
  CU_ASSERT_EQUAL(hy_io_remove_tree(in_dir("many"), &err), HY_OK);
  CU_ASSERT(!hy_io_exists(in_dir("many")));

  hy_str_add(&deep, in_dir("deep"));
  for (int i = 0; i < 80; i++) hy_str_add(&deep, "/d");
  CU_ASSERT_EQUAL(hy_io_make_dirs(deep.text, &err), HY_OK);
  CU_ASSERT_EQUAL(hy_io_remove_tree(in_dir("deep"), &err), HY_EIO); /* 81 levels: not ours */
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "levels"));
  deep.text[deep.len - 2 * 40] = 0;
  CU_ASSERT_EQUAL(hy_io_remove_tree(deep.text, &err), HY_OK);
  CU_ASSERT_EQUAL(hy_io_remove_tree(in_dir("deep"), &err), HY_OK);
  hy_str_clear(&deep);
}

static void sync_of_directories(void)
{
  static const struct {
    const char *path;
    hy_code     rc;
  } rows[] = {
      {"file",               HY_OK },
      {"/file",              HY_OK },
      {"/",                  HY_OK },
      {"./",                 HY_OK },
      {"/tmp/",              HY_OK },
      {"/tmp/x/",            HY_OK },
      {"/nowhere/file",      HY_EIO},
      {"/proc/version/file", HY_EIO},
  };

  for (size_t i = 0; i < COUNT(rows); i++)
    hy_test_row(hy_io_sync_parent(rows[i].path, NULL) == rows[i].rc, rows[i].path);
  CU_ASSERT_EQUAL(hy_io_sync_dir("/nowhere", NULL), HY_EIO);
  use_faulty(2, false, false);
  CU_ASSERT_EQUAL(hy_io_sync_dir(hy_test_dir(), NULL), HY_EIO);
  CU_ASSERT_STRING_EQUAL(fault.seen.text, "osc");
  use_system();
}

HY_TEST_MAIN("io", {"load refuses", load_refuses}, {"load reads", load_reads},
             {"digest of files", digest_of_files},
             {"whole reads and writes", whole_reads_and_writes},
             {"replace: old or new", replace_old_or_new},
             {"replace follows no link", replace_follows_no_link},
             {"make directories", make_directories}, {"remove trees", remove_trees},
             {"remove large and deep", remove_large_and_deep},
             {"sync of directories", sync_of_directories})
