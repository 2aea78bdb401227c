/** @file test_job.c
 *  Jobs that are right: what they mean, and that they come out again as they went in. */
#include "job_kit.h"

#include <math.h>

static hy_job *good(const char *text)
{
  hy_str  report = {0};
  hy_job *job = kit_job(text, NULL, 0, &report);

  if (!job) fprintf(stderr, "%s", report.text ? report.text : "no report\n");
  CU_ASSERT_PTR_NOT_NULL(job);
  hy_str_clear(&report);
  return job;
}

static kit_params point(const hy_job *job, int64_t task)
{
  kit_params p;

  hy_job_point(job, task, &p);
  return p;
}

static void least_job(void)
{
  hy_job *job = good("kernel: kit\nparams: {n: 3}\n");

  if (!job) return;
  const kit_params p = point(job, 0);

  CU_ASSERT_EQUAL(job->ntasks, 1);
  CU_ASSERT_EQUAL(job->naxes, 0);
  CU_ASSERT_EQUAL(job->seed, 1);
  CU_ASSERT_EQUAL(job->team_ranks, 1);
  CU_ASSERT_STRING_EQUAL(job->name, "job");
  CU_ASSERT_STRING_EQUAL(job->output, "results/job");
  CU_ASSERT_EQUAL(p.n, 3);
  CU_ASSERT_EQUAL(p.m, 5);
  CU_ASSERT_EQUAL(p.a, 0.5);
  CU_ASSERT_EQUAL(p.mode, 0);
  CU_ASSERT_STRING_EQUAL(p.label, "none");
  hy_job_free(job);
}

static void all_keys(void)
{
  hy_job *job = good("version: 1\nname: a-b.c\ntitle: 'what: it \"is\"'\nkernel: teamkit\nseed: 9\n"
                     "params: {n: 1e2, flag: true, mode: exact, label: \"x y\", b: -2.5e-3}\n"
                     "team: {ranks: all, threads: 3}\noutput: /tmp/x\non_failure: stop\n");

  if (!job) return;
  const kit_params p = point(job, 0);

  CU_ASSERT_STRING_EQUAL(job->name, "a-b.c");
  CU_ASSERT_STRING_EQUAL(job->title, "what: it \"is\"");
  CU_ASSERT_EQUAL(job->seed, 9);
  CU_ASSERT_EQUAL(job->team_ranks, 0);
  CU_ASSERT_EQUAL(job->team_threads, 3);
  CU_ASSERT_EQUAL(job->on_failure, HY_STOP_NOW);
  CU_ASSERT_EQUAL(p.n, 100);
  CU_ASSERT_EQUAL(p.b, -2.5e-3);
  CU_ASSERT(p.flag && p.mode == 2);
  CU_ASSERT_STRING_EQUAL(p.label, "x y");
  hy_job_free(job);
}

/** The last axis is the fastest; ends of ranges are exact. */
static void product_of_axes(void)
{
  hy_job *job = good("kernel: kit\nsweep:\n  n: {from: 2, to: 8, step: 3}\n"
                     "  a: {from: 0.1, to: 0.7, count: 4}\n  mode: [slow, exact]\n");
  char    text[100];

  if (!job) return;
  CU_ASSERT_EQUAL(job->ntasks, 3 * 4 * 2);
  for (int64_t t = 0; t < job->ntasks; t++) {
    const kit_params p = point(job, t);

    CU_ASSERT_EQUAL(p.n, 2 + 3 * (t / 8));
    CU_ASSERT(fabs(p.a - (0.1 + 0.2 * (double)(t / 2 % 4))) < 1e-15);
    CU_ASSERT_EQUAL(p.mode, 1 + t % 2);
  }
  CU_ASSERT_EQUAL(point(job, 0).a, 0.1);
  CU_ASSERT_EQUAL(point(job, 6).a, 0.7);
  CU_ASSERT_STRING_EQUAL(hy_job_describe(job, 9, text, sizeof text),
                         "n = 5, a = 0.1, mode = exact");
  CU_ASSERT_STRING_EQUAL(hy_job_describe(job, 9, text, 6), "n = 5");
  hy_job_free(job);
}

typedef struct range_case {
  const char *range;
  int64_t     count;
  double      first, last;
} range_case;

static void ranges(void)
{
  static const range_case cases[] = {
      {"a: {from: 0, to: 1, step: 0.1}",               11,         0.0,  1.0   },
      {"a: {from: 0, to: 1, step: 0.3}",               4,          0.0,  0.9   },
      {"a: {from: 1, to: 0, step: -0.5}",              3,          1.0,  0.0   },
      {"a: {from: 3, to: 3, count: 1}",                1,          3.0,  3.0   },
      {"a: {from: 1e-3, to: 10, count: 5, log: true}", 5,          1e-3, 10.0  },
      {"a: {from: 1, to: 2, count: 2, log: false}",    2,          1.0,  2.0   },
      {"m: {from: -4, to: 4, step: 4}",                3,          -4.0, 4.0   },
      {"m: {from: 10, to: 1, step: -3}",               4,          10.0, 1.0   },
      {"m: {from: 0, to: 100, count: 5}",              5,          0.0,  100.0 },
      {"m: {from: 1, to: 1000, count: 4, log: true}",  4,          1.0,  1000.0},
      {"m: {from: 1, to: 1000000000, step: 1}",        1000000000, 1.0,  1e9   }
  };
  char text[200];

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    (void)snprintf(text, sizeof text, "kernel: kit\nparams: {n: 200}\nsweep: {%s}\n",
                   cases[i].range);
    hy_job *job = good(text);

    if (!job) continue;
    const kit_params first = point(job, 0), last = point(job, job->ntasks - 1);
    const bool       is_a = cases[i].range[0] == 'a';

    CU_ASSERT_EQUAL(job->ntasks, cases[i].count);
    CU_ASSERT_EQUAL(is_a ? first.a : (double)first.m, cases[i].first);
    CU_ASSERT(fabs((is_a ? last.a : (double)last.m) - cases[i].last) < 1e-12);
    hy_job_free(job);
  }
}

static void zip_points_csv(void)
{
  char  path[200], text[400];
  FILE *csv;

  (void)snprintf(path, sizeof path, "%s/points.csv", hy_test_dir());
  csv = fopen(path, "w");
  if (csv)
    (void)fprintf(csv, "# points\nn, \"a\" ,label\n1,0.25,x\n\n 2 , 0.5 , \"y z\"\r\n3,0.75,w");
  if (csv) (void)fclose(csv);
  (void)snprintf(text, sizeof text,
                 "kernel: kit\nsweep:\n  - csv: points.csv\n  - zip: {m: [7, 8], b: {from: 0, to: "
                 "1, count: 2}}\n"
                 "  - points: [{mode: slow, flag: true}, {flag: false, mode: fast}]\n");
  hy_job *job = good(text);

  if (!job) return;
  CU_ASSERT_EQUAL(job->ntasks, 12);
  CU_ASSERT_EQUAL(job->naxes, 3);
  kit_params p = point(job, 4 + 2 + 1);

  CU_ASSERT_EQUAL(p.n, 2);
  CU_ASSERT_EQUAL(p.a, 0.5);
  CU_ASSERT_STRING_EQUAL(p.label, "y z");
  CU_ASSERT_EQUAL(p.m, 8);
  CU_ASSERT_EQUAL(p.b, 1.0);
  CU_ASSERT(!p.flag && p.mode == 0);
  hy_job_free(job);
}

/** A Latin hypercube has one point in each of `count` slices, for each parameter. */
static void samples(void)
{
  hy_job *job = good(
      "kernel: kit\nseed: 5\nparams: {n: 100}\nsweep:\n"
      "  latin: {count: 40, a: {from: 0, to: 40}, m: {from: 1, to: 40}, mode: [fast, slow]}\n");
  int slice[40] = {0}, whole[41] = {0}, modes[2] = {0};

  if (!job) return;
  for (int64_t t = 0; t < 40; t++) {
    const kit_params p = point(job, t);

    CU_ASSERT(p.a >= 0.0 && p.a < 40.0 && p.m >= 1 && p.m <= 40);
    slice[(int)p.a]++;
    whole[p.m]++;
    modes[p.mode]++;
  }
  for (int i = 0; i < 40; i++) CU_ASSERT(slice[i] == 1 && whole[i + 1] == 1);
  CU_ASSERT(modes[0] == 20 && modes[1] == 20);
  hy_job_free(job);
  job = good("kernel: kit\nparams: {n: 100}\nsweep: {random: {count: 1000, a: {from: 1e-2, to: "
             "100, log: true}, m: {from: 0, to: 9}}}\n");
  hy_job *again = good("kernel: kit\nseed: 2\nparams: {n: 100}\nsweep: {random: {count: 1000, a: "
                       "{from: 1e-2, to: 100, log: true}, m: {from: 0, to: 9}}}\n");
  int     low = 0, same = 0, digit[10] = {0};

  for (int64_t t = 0; job && again && t < 1000; t++) {
    low += point(job, t).a < 1.0;
    digit[point(job, t).m]++;
    same += point(job, t).a == point(again, t).a;
  }
  CU_ASSERT(low > 400 && low < 600); /* half of the decades; 6 standard deviations are 95 */
  for (int d = 0; d < 10; d++) CU_ASSERT(digit[d] > 40 && digit[d] < 160);
  CU_ASSERT_EQUAL(same, 0); /* another seed, other points */
  hy_job_free(job);
  hy_job_free(again);
}

static void overrides(void)
{
  static const char *const sets[] = {"n=7",     "params.a=2",     "sweep.m=[1, 2, 3]",
                                     "seed=11", "team.threads=2", "label="};
  hy_str                   report = {0};
  hy_job *job = kit_job("kernel: kit\nsweep: {n: [1, 2], m: [4]}\n", sets, 6, &report);

  CU_ASSERT_PTR_NOT_NULL(job);
  if (!job) fprintf(stderr, "%s", report.text);
  hy_str_clear(&report);
  if (!job) return;
  CU_ASSERT_EQUAL(job->ntasks, 3);
  CU_ASSERT_EQUAL(job->seed, 11);
  CU_ASSERT_EQUAL(job->team_threads, 2);
  CU_ASSERT(point(job, 2).n == 7 && point(job, 2).a == 2.0 && point(job, 2).m == 3);
  CU_ASSERT_STRING_EQUAL(point(job, 0).label, "");
  hy_job_free(job);
}

static bool same_digest(const hy_job *a, const hy_job *b)
{
  return memcmp(a->digest, b->digest, 32) == 0;
}

/** job.yaml of the run directory gives the same job; what does not decide results does not matter. */
static void comes_out_as_it_went_in(void)
{
  static const char *const texts[] = {
      "kernel: kit\nparams: {n: 3, label: \"a \\\"q\\\" \\\\ b: c # d\", b: 0.1}\n",
      "kernel: kit\nparams: {n: 9}\nsweep: {a: {from: 0.1, to: 0.9, count: 7}, m: {from: 9, to: 1, "
      "step: -2}}\n",
      "kernel: kit\nparams: {n: 9}\nsweep: {a: {from: 0.1, to: 10, count: 7, log: true}, label: "
      "[\"x: y\", 'null', \"1\"]}\n",
      "kernel: kit\nsweep: [{zip: {n: [1, 2], a: {from: 0, to: 1, step: 1}}}, {zip: {m: [3], flag: "
      "[true]}}]\n",
      "kernel: kit\nsweep: {points: [{n: 1, a: 0.3}, {n: 2, a: 1e-9}], mode: [slow]}\n",
      "kernel: kit\nseed: 3\nsweep: {random: {count: 9, n: {from: 1, to: 5}, label: [u, v]}}\n",
      "kernel: kit\nseed: 3\nsweep: {latin: {count: 9, n: [1, 2, 3], a: {from: 1, to: 2, log: "
      "true}}}\n",
      "kernel: teamkit\nparams: {n: 1}\nteam: {ranks: 2}\n"};

  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    hy_job *job = good(texts[i]);
    hy_str  yaml = {0};

    if (!job) continue;
    hy_job_write(job, &yaml);
    hy_job *again = good(yaml.text);

    CU_ASSERT(again && same_digest(job, again));
    CU_ASSERT(again && again->ntasks == job->ntasks && again->team_ranks == job->team_ranks);
    if (again && !same_digest(job, again))
      fprintf(stderr, "%s---\n%s---\n%s", yaml.text, job->spec.text, again->spec.text);
    hy_str_clear(&yaml);
    hy_job_free(job);
    hy_job_free(again);
  }
}

static void identity(void)
{
  static const char *const same[] = {
      "kernel: kit\nparams: {n: 3}\n", "params:\n  n: 3\n  m: 5\nkernel: kit\nname: other\n",
      "kernel: kit\nparams: {n: 3}\nteam: {threads: 4}\non_failure: stop\noutput: x\n"};
  static const char *const other[] = {
      "kernel: kit\nparams: {n: 4}\n", "kernel: kit\nseed: 2\nparams: {n: 3}\n",
      "kernel: kit\nparams: {n: 3}\ntitle: t\n", "kernel: teamkit\nparams: {n: 3}\n",
      "kernel: kit\nparams: {n: 3}\nsweep: {m: [5]}\n"};
  hy_job *job = good(same[0]);

  for (size_t i = 0; job && i < sizeof same / sizeof *same; i++) {
    hy_job *a = good(same[i]);

    CU_ASSERT(a && same_digest(job, a));
    hy_job_free(a);
  }
  for (size_t i = 0; job && i < sizeof other / sizeof *other; i++) {
    hy_job *a = good(other[i]);

    CU_ASSERT(a && !same_digest(job, a));
    hy_job_free(a);
  }
  hy_job_free(job);
}

/** What one rank packs the others unpack to the same job; what was cut or changed is refused or is
 *  another valid bundle, never a crash. */
static void bundles(void)
{
  static const char *const sets[] = {"m=6"};
  hy_bundle               *copy = NULL;
  hy_job                  *job = NULL, *again = NULL;
  hy_str                   bytes = {0}, report = {0};
  hy_err                   err;

  CU_ASSERT(hy_job_load("job.yaml", "kernel: kit\nsweep: {n: [1, 2]}\n", sets, 1, &job, &report,
                        &err) == HY_OK);
  CU_ASSERT(hy_bundle_pack(job->bundle, &bytes, &err) == HY_OK);
  CU_ASSERT(hy_bundle_unpack(bytes.text, bytes.len, &copy, &err) == HY_OK);
  CU_ASSERT(hy_job_from_bundle(copy, &again, &report, &err) == HY_OK);
  CU_ASSERT(again && same_digest(job, again));
  hy_bundle_free(copy);
  for (size_t n = 0; n < bytes.len; n++) {
    copy = NULL;
    CU_ASSERT(hy_bundle_unpack(bytes.text, n, &copy, &err) == HY_EBUG);
    bytes.text[n] = (char)~bytes.text[n];
    if (hy_bundle_unpack(bytes.text, bytes.len, &copy, &err) == HY_OK) hy_bundle_free(copy);
    bytes.text[n] = (char)~bytes.text[n];
  }
  hy_job_free(job);
  hy_job_free(again);
  hy_str_clear(&bytes);
  hy_str_clear(&report);
}

static void kernel_refuses_points(void)
{
  hy_job *job = good("kernel: kit\nparams: {a: 2.5}\nsweep: {n: [1, 2, 3]}\n");
  hy_str  report = {0};
  hy_err  err;

  if (!job) return;
  CU_ASSERT(hy_job_check_points(job, &report, &err) == HY_EINPUT);
  CU_ASSERT_PTR_NOT_NULL(
      strstr(report.text, "job.yaml: error: task 1 (n = 2): a must not be above n"));
  CU_ASSERT_PTR_NULL(strstr(report.text, "task 2"));
  hy_str_clear(&report);
  hy_job_free(job);
}

HY_TEST_MAIN("job", {"least job", least_job}, {"all keys", all_keys},
             {"product of axes", product_of_axes}, {"ranges", ranges},
             {"zip, points, csv", zip_points_csv}, {"samples", samples}, {"overrides", overrides},
             {"comes out as it went in", comes_out_as_it_went_in}, {"identity", identity},
             {"bundles", bundles}, {"kernel refuses points", kernel_refuses_points})
