/** @file test_store.c
 *  results.h5 on any number of ranks: the same bytes, the right numbers, and what goes wrong.
 *
 *  The kernel is the test's own (it stands in for the program's list of kernels), and so are the
 *  numbers: a function of task, output and index. */
#include "base/comm.h"
#include "base/io.h"
#include "job/job.h"
#include "kernel/registry.h"
#include "store/store.h"
#include "test.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct params {
  int64_t     n, m, seed;
  double      a;
  bool        keep;
  int         mode;
  const char *label;
  hy_matrix   data;
} params;

static const hy_param param_table[] = {
    HY_PARAM(params, n, .preset = "4", .unit = "1", .doc = "Points."),
    HY_PARAM(params, m, .preset = "3", .unit = "1", .doc = "Other points."),
    HY_PARAM(params, seed, .preset = "1", .unit = "1", .doc = "Seed."),
    HY_PARAM(params, a, .preset = "0.5", .unit = "m s-1", .doc = "Speed."),
    HY_PARAM(params, keep, .preset = "true", .unit = "1", .doc = "Keep the labels."),
    HY_PARAM(params, mode, .preset = "slow", .choices = "slow|faster", .unit = "1", .doc = "Mode."),
    HY_PARAM(params, label, .preset = "none", .unit = "1", .doc = "A text."),
    HY_PARAM(params, data, .unit = "1", .doc = "Data."),
    {0}};

/* `status` and the second `3` ask for names that are taken. */
static const hy_output output_table[] = {
    {.name = "energy", .shape = "", .unit = "J", .doc = "Energy.", .type = HY_F64},
    {.name = "u",     .shape = "n,m", .unit = "K", .doc = "Temperature.", .type = HY_F64},
    {.name = "count",  .shape = "m,3,3", .unit = "1", .doc = "Counts.", .type = HY_I64},
    {.name = "labels",
     .shape = "data.rows",
     .unit = "1",
     .doc = "Labels.",
     .when = "keep",
     .type = HY_I64},
    {.name = "status",     .shape = "", .unit = "1", .doc = "A taken name.", .type = HY_I64},
    {0 }
};

static hy_code run_nothing(hy_run *run, const void *p, hy_err *err)
{
  (void)run;
  (void)p;
  return hy_fail(err, HY_EBUG, "not to be run");
}

static hy_code verify_nothing(hy_run *run, const void *p, hy_verdict *verdict, hy_err *err)
{
  (void)verdict;
  return run_nothing(run, p, err);
}

static hy_cost no_cost(const void *p, int ranks, int threads)
{
  (void)p;
  (void)ranks;
  (void)threads;
  return (hy_cost){0};
}

static const hy_kernel probe = {.abi = HY_KERNEL_ABI,
                                .name = "probe",
                                .version = "1.2",
                                .doc = "A kernel of the tests.",
                                .text = "Nothing.",
                                .params_size = sizeof(params),
                                .params = param_table,
                                .outputs = output_table,
                                .cost = no_cost,
                                .run = run_nothing,
                                .verify = verify_nothing};

const hy_kernel *const hy_kernels[] = {&probe, NULL};

static const struct {
  const char *name, *yaml;
  bool        varies; /**< some output is one dataset per task */
} jobs[] = {
    {"none",  "",                                                                          false},
    {"grid",  "sweep: {a: [0.1, 0.2, 0.4], mode: [slow, faster], label: [x, yy, \"\"]}\n", false},
    {"zip",
     "sweep: {zip: {a: [1, 2, 3], seed: [4, 5, 6]}, keep: [true], points: [{mode: slow, "
     "label: x}, {mode: faster, label: y}]}\n",                                            true },
    {"vary",  "sweep: {n: [1, 2, 300, 5, 7, 0, 11, 400, 13, 17], keep: [true, false]}\n",  true },
    {"large", "params: {n: 650, m: 650}\nsweep: {a: [1, 2, 3, 4, 5]}\n",                   false},
    {"mixed", "params: {m: 500}\nsweep: {n: [1200, 1, 2, 900, 3, 1100]}\n",                true },
    {"empty", "params: {n: 0}\nsweep: {a: [1, 2, 3, 4, 5]}\n",                             false},
    {"many",  "sweep: {seed: {from: 1, to: 70000, step: 1}}\n",                            false},
};
enum { NJOBS = sizeof jobs / sizeof *jobs };

static void *must(void *p)
{
  if (!p) abort();
  return p;
}

/** A path in the test's directory; in turn four of them. */
static const char *in_dir(const char *name)
{
  static char texts[4][200];
  static int  turn;

  turn = (turn + 1) % 4;
  (void)snprintf(texts[turn], sizeof texts[turn], "%s/%s", hy_test_dir(), name);
  return texts[turn];
}

static void write_text(const char *path, const char *text)
{
  FILE *f = must(fopen(path, "w"));

  CU_ASSERT(fputs(text, f) >= 0);
  CU_ASSERT_EQUAL(fclose(f), 0);
}

/** The job of that name, on every rank. */
static hy_job *load(const char *name)
{
  hy_job *job = NULL;
  hy_str  report = {0}, text = {0};
  hy_err  err = {0};
  int     j = 0;

  if (hy_comm_rank(MPI_COMM_WORLD) == 0) write_text(in_dir("data.csv"), "1,2\n3,4\n5,6\n");
  MPI_Barrier(MPI_COMM_WORLD);
  while (j < NJOBS - 1 && strcmp(jobs[j].name, name) != 0) j++;
  const char *more = strncmp(jobs[j].yaml, "params: {", 9) == 0 ? jobs[j].yaml + 9 : NULL;

  hy_str_addf(&text, "kernel: probe\nparams: {data: data.csv%s%s", more ? ", " : "}\n",
              more ? more : jobs[j].yaml);
  const hy_code rc = hy_job_load(in_dir("job.yaml"), text.text, NULL, 0, &job, &report, &err);

  if (rc) {
    (void)fprintf(stderr, "%s: %s\n%s\n", name, err.text, report.text ? report.text : "");
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  hy_str_clear(&report);
  hy_str_clear(&text);
  ((params *)job->params)->data = (hy_matrix){.rows = 3, .cols = 2};
  return job;
}

/** What stands for a run: numbers by rule, every fifth task failed, and accidents. */
typedef struct fake {
  int64_t     first, end; /**< tasks which may be asked for */
  int64_t     outside;    /**< others that were  */
  int         fail_rank, fail_after;
  const char *lose_in; /**< zero a number of this file when the last task is asked for */
} fake;

static bool has_failed(int64_t task)
{
  return task % 5 == 3;
}

static int64_t whole(int64_t task, int output, int64_t i)
{
  const uint64_t x = (uint64_t)task * 1000003u + (uint64_t)output * 7919u + (uint64_t)i;

  return (int64_t)(x * UINT64_C(0x9e3779b97f4a7c15) >> 12);
}

static double real(int64_t task, int output, int64_t i)
{
  return (double)whole(task, output, i) / 1e9 + 1;
}

static hy_code fake_status(void *ctx, int64_t task, bool *failed, hy_err *err)
{
  fake *f = ctx;

  (void)err;
  if (task < f->first || task >= f->end) f->outside++;
  *failed = has_failed(task);
  return HY_OK;
}

/** Overwrite the first number of `u` of task 0 with zeros, where it lies in the file. */
static void lose(const char *path)
{
  const double wanted = real(0, 1, 0), zero = 0;
  FILE        *f = must(fopen(path, "r+"));
  double       x;
  long         at = 0;

  for (; fseek(f, at, SEEK_SET) == 0 && fread(&x, sizeof x, 1, f) == 1; at += 8)
    if (x == wanted) break;
  CU_ASSERT(fseek(f, at, SEEK_SET) == 0 && fwrite(&zero, sizeof zero, 1, f) == 1);
  CU_ASSERT_EQUAL(fclose(f), 0);
}

static hy_code fake_read(void *ctx, int64_t task, int output, int64_t offset, size_t n, void *data,
                         hy_err *err)
{
  fake *f = ctx;

  if (task < f->first || task >= f->end || has_failed(task)) f->outside++;
  if (f->fail_rank == hy_comm_rank(MPI_COMM_WORLD) && f->fail_after-- == 0)
    return hy_fail(err, HY_EIO, "journal: task %lld is gone", (long long)task);
  if (f->lose_in && task == f->end - 1 && output == 4) lose(f->lose_in);
  for (size_t i = 0; i < n / 8; i++) {
    const int64_t k = offset / 8 + (int64_t)i;

    if (output_table[output].type == HY_I64)
      ((int64_t *)data)[i] = whole(task, output, k);
    else
      ((double *)data)[i] = real(task, output, k);
  }
  return HY_OK;
}

static fake no_accident(const hy_job *job, MPI_Comm comm)
{
  fake   f = {.fail_rank = -1};
  hy_err err;

  CU_ASSERT_EQUAL(
      hy_store_range(job, hy_comm_rank(comm), hy_comm_size(comm), &f.first, &f.end, &err), HY_OK);
  return f;
}

static hy_code write_with(MPI_Comm comm, const char *path, const hy_job *job, fake *f, hy_err *err)
{
  const hy_store_source source = {.ctx = f, .status = fake_status, .read = fake_read};
  const hy_code         rc = hy_store_write(comm, path, job, &source, err);

  CU_ASSERT_EQUAL(f->outside, 0);
  return rc;
}

static hy_code write_job(MPI_Comm comm, const char *path, const hy_job *job, hy_err *err)
{
  fake f = no_accident(job, comm);

  return write_with(comm, path, job, &f, err);
}

static bool same_files(const char *a, const char *b)
{
  char  *x = NULL, *y = NULL;
  size_t n = 0, m = 0;
  hy_err err;
  bool   same = hy_io_load(a, (size_t)1 << 28, &x, &n, &err) == HY_OK &&
              hy_io_load(b, (size_t)1 << 28, &y, &m, &err) == HY_OK;

  same = same && n == m && memcmp(x, y, n) == 0;
  free(x);
  free(y);
  return same;
}

/** One output of one task against the rule, whole and its last row. */
static int64_t wrong_numbers(hy_store *s, const hy_job *job, int64_t task, int o, hy_err *err)
{
  params    p;
  hy_extent x;
  int64_t   wrong = 0;

  hy_job_point(job, task, &p);
  if (hy_output_extent(job->kernel, o, &p, &x, err) || !x.present) return 0;
  const int64_t n = x.rows * x.row_elements;
  int64_t      *got = must(calloc((size_t)n + 1, 8));

  for (int64_t start = 0; start <= x.rows; start += x.rows > 1 ? x.rows - 1 : 1) {
    const int64_t rows = x.rows - start;

    if (hy_store_read(s, task, o, start, rows, got, err) != HY_OK) wrong++;
    for (int64_t i = 0; i < rows * x.row_elements; i++) {
      const int64_t k = start * x.row_elements + i;
      double        d;

      memcpy(&d, &got[i], sizeof d);
      if (output_table[o].type == HY_I64)
        wrong += got[i] != (has_failed(task) ? INT64_MIN : whole(task, o, k));
      else
        wrong += has_failed(task) ? !isnan(d) : d != real(task, o, k);
    }
  }
  free(got);
  return wrong;
}

/** Everything in the file, read by one rank. */
static void check_values(const char *path, const hy_job *job, bool varies)
{
  hy_store *s = NULL;
  hy_err    err = {0};
  int64_t   wrong = 0, unlike = 0;
  /* of many tasks a sample is enough */
  const int64_t step = job->ntasks > 1000 ? 997 : 1;

  if (hy_store_open(path, job, &s, &err) != HY_OK) {
    CU_FAIL("cannot open");
    (void)fprintf(stderr, "%s\n", err.text);
    return;
  }
  for (int64_t t = 0; t < job->ntasks; t += step) {
    bool failed = false, same = false;

    wrong += hy_store_failed(s, t, &failed, &err) != HY_OK || failed != has_failed(t);
    unlike += hy_store_check(s, t, &same, &err) != HY_OK || !same;
    for (int o = 0; o < 5; o++)
      if (!has_failed(t) || !varies) wrong += wrong_numbers(s, job, t, o, &err);
  }
  if (wrong || unlike) (void)fprintf(stderr, "%s: %s\n", job->kernel->name, err.text);
  CU_ASSERT_EQUAL(wrong, 0);
  CU_ASSERT_EQUAL(unlike, 0);
  hy_store_close(s);
}

static void test_same_bytes(void)
{
  const int rank = hy_comm_rank(MPI_COMM_WORLD);

  for (int j = 0; j < NJOBS; j++) {
    hy_job *job = load(jobs[j].name);
    hy_err  err = {0};

    if (write_job(MPI_COMM_WORLD, in_dir("all.h5"), job, &err) != HY_OK) {
      CU_FAIL("cannot write");
      (void)fprintf(stderr, "rank %d: %s: %s\n", rank, jobs[j].name, err.text);
    }
    if (rank == 0) {
      CU_ASSERT_EQUAL(write_job(MPI_COMM_SELF, in_dir("one.h5"), job, &err), HY_OK);
      if (!same_files(in_dir("all.h5"), in_dir("one.h5"))) {
        CU_FAIL("bytes depend on the ranks");
        (void)fprintf(stderr, "%s\n", jobs[j].name);
      }
      CU_ASSERT_FALSE(hy_io_exists(in_dir("all.h5.tmp")));
    }
    MPI_Barrier(MPI_COMM_WORLD);
    check_values(in_dir("all.h5"), job, jobs[j].varies);
    MPI_Barrier(MPI_COMM_WORLD);
    hy_job_free(job);
  }
}

/** Ranges follow one another, share at most the task at their border, and leave none out. */
static void test_ranges(void)
{
  static const int sizes[] = {1, 2, 3, 7, 64, 1000};

  for (int j = 0; j < NJOBS; j++) {
    hy_job *job = load(jobs[j].name);
    hy_err  err;

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      int64_t covered = 0, first, end;
      bool    fits = true;

      for (int r = 0; r < sizes[s]; r++) {
        if (hy_store_range(job, r, sizes[s], &first, &end, &err) != HY_OK) fits = false;
        fits = fits && first >= covered - 1 && first <= covered && end >= first;
        if (end > covered) covered = end;
      }
      CU_ASSERT(fits);
      CU_ASSERT_EQUAL(covered, job->ntasks);
    }
    hy_job_free(job);
  }
}

/** Change a bit of the first of these `n` bytes, where they lie in the file: exactly this task is
 *  found to be other than it was. */
static void flip(const hy_job *job, const void *pattern, size_t n, int64_t task)
{
  const char *path = in_dir("flip.h5");
  char       *bytes = NULL;
  size_t      size = 0;
  hy_err      err = {0};
  bool        same = true;
  hy_store   *s = NULL;

  CU_ASSERT_EQUAL(hy_io_load(in_dir("all.h5"), (size_t)1 << 28, &bytes, &size, &err), HY_OK);
  char *at = bytes ? memmem(bytes, size, pattern, n) : NULL;

  CU_ASSERT_PTR_NOT_NULL(at);
  if (at) {
    *at ^= 1;
    CU_ASSERT_EQUAL(hy_io_replace(path, bytes, size, &err), HY_OK);
    CU_ASSERT_EQUAL(hy_store_open(path, job, &s, &err), HY_OK);
  }
  for (int64_t t = 0; s && t < job->ntasks; t++) {
    CU_ASSERT_EQUAL(hy_store_check(s, t, &same, &err), HY_OK);
    CU_ASSERT_EQUAL(same, t != task);
  }
  hy_store_close(s);
  free(bytes);
}

static void test_flipped_bits(void)
{
  static const char *const names[] = {"grid", "vary"};

  for (int j = 0; j < 2; j++) {
    hy_job *job = load(names[j]);
    hy_err  err;

    CU_ASSERT_EQUAL(write_job(MPI_COMM_WORLD, in_dir("all.h5"), job, &err), HY_OK);
    if (hy_comm_rank(MPI_COMM_WORLD) == 0) {
      const double  e = real(2, 0, 0), u = real(4, 1, 5);
      const int64_t c = whole(0, 2, 26), none = INT64_MIN;

      flip(job, &e, sizeof e, 2);
      flip(job, &u, sizeof u, 4);
      flip(job, &c, sizeof c, 0);
      flip(job, (const int64_t[2]){none, none}, 16, 3); /* what a failed task has */
      flip(job, "\1\0\0\0\0\1\0\0\0\0\1", 11, 3);       /* status */
      flip(job, "\0\1\0\0\0\0\1\0\0\0\0\1", 12, 2);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    hy_job_free(job);
  }
}

/** The write fails alike on all ranks, leaves what was at `path`, and nothing beside it. */
static void expect_failure(const char *path, const hy_job *job, fake f, const char *text)
{
  const int rank = hy_comm_rank(MPI_COMM_WORLD);
  hy_err    err = {0}, first;
  char      temporary[256];

  (void)snprintf(temporary, sizeof temporary, "%s.tmp", path);
  MPI_Barrier(MPI_COMM_WORLD);
  CU_ASSERT_EQUAL(write_with(MPI_COMM_WORLD, path, job, &f, &err), HY_EIO);
  first = err;
  MPI_Bcast(&first, (int)sizeof first, MPI_BYTE, 0, MPI_COMM_WORLD);
  CU_ASSERT_EQUAL(memcmp(&first, &err, sizeof err), 0);
  if (!strstr(err.text, text)) {
    CU_FAIL("wrong text");
    if (rank == 0) (void)fprintf(stderr, "\"%s\" is not in \"%s\"\n", text, err.text);
  }
  CU_ASSERT_FALSE(hy_io_exists(temporary));
  MPI_Barrier(MPI_COMM_WORLD);
}

static void test_bad_places(void)
{
  hy_job   *job = load("grid");
  const int rank = hy_comm_rank(MPI_COMM_WORLD);

  expect_failure(in_dir("missing/r.h5"), job, no_accident(job, MPI_COMM_WORLD),
                 "No such file or directory");
  expect_failure(in_dir("data.csv/r.h5"), job, no_accident(job, MPI_COMM_WORLD), "Not a directory");
  if (rank == 0) CU_ASSERT_EQUAL(mkdir(in_dir("d.h5"), 0777), 0);
  expect_failure(in_dir("d.h5"), job, no_accident(job, MPI_COMM_WORLD), "cannot rename");
  expect_failure("/proc/r.h5", job, no_accident(job, MPI_COMM_WORLD), "/proc/r.h5");
  if (rank == 0) write_text(in_dir("r.h5.tmp"), "left behind by a crash");
  MPI_Barrier(MPI_COMM_WORLD);
  hy_err err = {0};

  CU_ASSERT_EQUAL(write_job(MPI_COMM_WORLD, in_dir("r.h5"), job, &err), HY_OK);
  if (rank == 0) CU_ASSERT_EQUAL(mkdir(in_dir("ufs:21:30"), 0777), 0);
  MPI_Barrier(MPI_COMM_WORLD);
  CU_ASSERT_EQUAL(write_job(MPI_COMM_WORLD, in_dir("ufs:21:30/r.h5"), job, &err), HY_OK);
  hy_job_free(job);
}

static void test_broken_source(void)
{
  const int size = hy_comm_size(MPI_COMM_WORLD);

  for (int j = 1; j < 5; j++) {
    hy_job *job = load(jobs[j].name);
    fake    f = no_accident(job, MPI_COMM_WORLD);

    if (hy_comm_rank(MPI_COMM_WORLD) == 0) write_text(in_dir("old.h5"), "old");
    f.fail_rank = size - 1; /* small jobs are written by the last rank alone */
    f.fail_after = 3;
    expect_failure(in_dir("old.h5"), job, f, "is gone");
    CU_ASSERT_EQUAL(hy_io_size(in_dir("old.h5")), 3);
    MPI_Barrier(MPI_COMM_WORLD);
    hy_job_free(job);
  }
}

/** Data that got lost between the write and the disk are found before the file has its name. */
static void test_lost_data(void)
{
  hy_job *job = load("large");
  hy_err  err = {0};

  if (hy_comm_rank(MPI_COMM_WORLD) == 0) {
    char path[200], temporary[256];
    fake f = no_accident(job, MPI_COMM_SELF);

    (void)snprintf(path, sizeof path, "%s", in_dir("lost.h5"));
    (void)snprintf(temporary, sizeof temporary, "%s.tmp", path);
    f.lose_in = temporary;
    CU_ASSERT_EQUAL(write_with(MPI_COMM_SELF, path, job, &f, &err), HY_EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "u reads back other than it was written"));
    CU_ASSERT_FALSE(hy_io_exists(path));
    CU_ASSERT_FALSE(hy_io_exists(temporary));
  }
  MPI_Barrier(MPI_COMM_WORLD);
  hy_job_free(job);
}

static void test_full_disk(void)
{
  hy_job     *job = load("large");
  const int   rank = hy_comm_rank(MPI_COMM_WORLD);
  const char *dir = in_dir("small");
  char        path[256];
  int         mounted = 0;

  if (rank == 0) {
    CU_ASSERT_EQUAL(mkdir(dir, 0777), 0);
    mounted = mount("tmpfs", dir, "tmpfs", 0, "size=4m") == 0;
    if (!mounted) (void)fprintf(stderr, "skipped: only root can mount a small disk\n");
  }
  MPI_Bcast(&mounted, 1, MPI_INT, 0, MPI_COMM_WORLD);
  (void)snprintf(path, sizeof path, "%s/r.h5", dir);
  if (mounted) {
    expect_failure(path, job, no_accident(job, MPI_COMM_WORLD),
                   "not enough space: 16 MiB needed, 4.0 MiB free: make room");
    hy_job *small = load("grid");
    hy_err  err;

    CU_ASSERT_EQUAL(write_job(MPI_COMM_WORLD, path, small, &err), HY_OK);
    hy_job_free(small);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0 && mounted) CU_ASSERT_EQUAL(umount(dir), 0);
  hy_job_free(job);
}

static void expect_refused(const char *path, const hy_job *job, hy_code code, const char *text)
{
  hy_store *s = NULL;
  hy_err    err = {0};

  CU_ASSERT_EQUAL(hy_store_open(path, job, &s, &err), code);
  CU_ASSERT_PTR_NULL(s);
  if (!strstr(err.text, text)) {
    CU_FAIL("wrong text");
    (void)fprintf(stderr, "\"%s\" is not in \"%s\"\n", text, err.text);
  }
}

static void test_reading_nonsense(void)
{
  hy_job *job = load("vary"), *other = load("grid");
  hy_err  err = {0};

  CU_ASSERT_EQUAL(write_job(MPI_COMM_WORLD, in_dir("all.h5"), job, &err), HY_OK);
  if (hy_comm_rank(MPI_COMM_WORLD) == 0) {
    hy_store *s = NULL;
    double    x[64];
    bool      flag;

    expect_refused(in_dir("nowhere.h5"), job, HY_EIO, "No such file");
    write_text(in_dir("text.h5"), "text");
    expect_refused(in_dir("text.h5"), job, HY_EIO, "text.h5: cannot open");
    expect_refused(in_dir("all.h5"), other, HY_EINPUT, "results of another job");
    ((params *)job->params)->data.rows = 0; /* not loaded: not needed to read */
    CU_ASSERT_EQUAL(hy_store_open(in_dir("all.h5"), job, &s, &err), HY_OK);
    if (s) {
      CU_ASSERT_EQUAL(hy_store_read(s, 0, 3, 2, 1, x, &err), HY_OK);
      CU_ASSERT_EQUAL(hy_store_failed(s, -1, &flag, &err), HY_EINPUT);
      CU_ASSERT_EQUAL(hy_store_check(s, job->ntasks, &flag, &err), HY_EINPUT);
      CU_ASSERT_EQUAL(hy_store_read(s, 0, 5, 0, 1, x, &err), HY_EINPUT);
      CU_ASSERT_EQUAL(hy_store_read(s, 0, -1, 0, 1, x, &err), HY_EINPUT);
      CU_ASSERT_EQUAL(hy_store_read(s, 0, 1, 0, 2, x, &err), HY_EINPUT);
      CU_ASSERT_EQUAL(hy_store_read(s, 0, 1, -1, 1, x, &err), HY_EINPUT);
      CU_ASSERT_EQUAL(hy_store_read(s, 0, 1, 1, INT64_MAX, x, &err), HY_EINPUT);
      CU_ASSERT_EQUAL(hy_store_read(s, 1, 3, 0, 1, x, &err), HY_EINPUT); /* keep is off */
      CU_ASSERT_EQUAL(hy_store_read(s, 3, 1, 0, 1, x, &err), HY_EINPUT); /* failed */
      CU_ASSERT_STRING_EQUAL(strstr(err.text, "task"), "task 3 failed: it has no u");
      CU_ASSERT_EQUAL(hy_store_read(s, 0, 1, 1, 0, x, &err), HY_OK);
    }
    hy_store_close(s);
    CU_ASSERT_EQUAL(truncate(in_dir("all.h5"), hy_io_size(in_dir("all.h5")) / 2), 0);
    expect_refused(in_dir("all.h5"), job, HY_EIO, "all.h5: cannot open");
  }
  MPI_Barrier(MPI_COMM_WORLD);
  hy_job_free(job);
  hy_job_free(other);
}

HY_TEST_MAIN_MPI("store", {"nonsense to read", test_reading_nonsense},
                 {"places that cannot be", test_bad_places},
                 {"a source that breaks", test_broken_source}, {"a full disk", test_full_disk},
                 {"lost data", test_lost_data}, {"ranges", test_ranges},
                 {"the same bytes for all ranks", test_same_bytes},
                 {"flipped bits", test_flipped_bits})
