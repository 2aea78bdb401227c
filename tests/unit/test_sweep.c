/** @file test_sweep.c
 *  Values along axes: exact where they can be, inside the range always. */
#include "job_kit.h"

#include "job/internal.h"
#include "numeric/philox.h"

static hy_job *swept(const char *sweep)
{
  hy_str text = {0}, report = {0};

  hy_str_addf(&text, "kernel: kit\nparams: {n: 200}\nsweep: %s\n", sweep);
  hy_job *job = kit_job(text.text, NULL, 0, &report);

  if (!job) fprintf(stderr, "\n%s\n%s", sweep, report.text ? report.text : "no report\n");
  CU_ASSERT_PTR_NOT_NULL(job);
  hy_str_clear(&text);
  hy_str_clear(&report);
  return job;
}

static kit_params at(const hy_job *job, int64_t task)
{
  kit_params p;

  hy_job_point(job, task, &p);
  return p;
}

typedef struct f64_case {
  const char *range;
  int64_t     count;
  double      values[5];
} f64_case;

/** To the bit: what a user would write for these values. */
static void real_ranges(void)
{
  static const f64_case cases[] = {
      {"{from: 0, to: 0.3, step: 0.1}",                  4, {0, 0.1, 0.2, 0.3}            },
      {"{from: 0.3, to: 0, step: -0.1}",                 4, {0.3, 0.3 - 0.1, 0.3 - 0.2, 0}},
      {"{from: 0, to: 1, step: 0.3}",                    4, {0, 0.3, 0.6, 3 * 0.3}        },
      {"{from: 1e-3, to: 1, count: 4, log: true}",       4, {1e-3, 1e-2, 1e-1, 1}         },
      {"{from: 1, to: 1e-3, count: 4, log: true}",       4, {1, 1e-1, 1e-2, 1e-3}         },
      {"{from: 1e-300, to: 1e300, count: 3, log: true}", 3, {1e-300, 1, 1e300}            },
      {"{from: 1, to: 1024, count: 3, log: true}",       3, {1, 32, 1024}                 },
      {"{from: 0, to: 1, count: 5}",                     5, {0, 0.25, 0.5, 0.75, 1}       },
      {"{from: 0.1, to: 0.7, count: 2}",                 2, {0.1, 0.7}                    },
      {"{from: 5, to: -5, count: 3}",                    3, {5, 0, -5}                    },
      {"{from: 2, to: 2, step: 1}",                      1, {2}                           },
      {"{from: 2, to: 2, count: 1}",                     1, {2}                           },
      {"{from: 1, to: 2, step: 100}",                    1, {1}                           },
      {"{from: 1e-320, to: 3e-320, count: 3}",           3, {1e-320, 2e-320, 3e-320}      },
  };
  char text[200];

  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    (void)snprintf(text, sizeof text, "{b: %s}", cases[k].range);
    hy_job *job = swept(text);

    CU_ASSERT(job && job->ntasks == cases[k].count);
    for (int64_t i = 0; job && i < job->ntasks; i++) {
      CU_ASSERT(at(job, i).b == cases[k].values[i]);
      if (at(job, i).b != cases[k].values[i])
        fprintf(stderr, "\n%s: %lld: %.17g\n", cases[k].range, (long long)i, at(job, i).b);
    }
    hy_job_free(job);
  }
}

/** Whole numbers may be as far apart as they like: no sum overflows, none goes through a double. */
static void whole_ranges(void)
{
  static const hy_param any = {.name = "i", .type = HY_I64, .unit = "1", .doc = "Any."};
  const int64_t         big = INT64_C(9007199254740993); /* 2^53 + 1 is no double */
  column                c = {.param = &any,
                             .kind = COLUMN_RANGE,
                             .count = 3,
                             .from = {.i = INT64_MIN},
                             .to = {.i = INT64_MAX - 1},
                             .step = {.i = INT64_MAX}};

  CU_ASSERT(column_value(&c, 0).i == INT64_MIN && column_value(&c, 1).i == -1);
  CU_ASSERT_EQUAL(column_value(&c, 2).i, INT64_MAX - 1);
  c = (column){.param = &any,
               .kind = COLUMN_RANGE,
               .count = 3,
               .from = {.i = big},
               .to = {.i = big + 2},
               .step = {.i = 1}};
  for (int64_t i = 0; i < 3; i++) CU_ASSERT_EQUAL(column_value(&c, i).i, big + i);
  hy_job *job = swept("{m: {from: -1000000000, to: 1000000000, count: 3}}");

  CU_ASSERT(job && at(job, 0).m == -1000000000 && at(job, 1).m == 0 && at(job, 2).m == 1000000000);
  hy_job_free(job);
  job = swept("{m: {from: 1, to: 1000, count: 4, log: true}}");
  CU_ASSERT(job && at(job, 0).m == 1 && at(job, 1).m == 10 && at(job, 2).m == 100);
  hy_job_free(job);
}

/** The last slice plus nearly 1 rounds up to one slice too many: beyond the end of a list. */
static void latin_stays_inside(void)
{
  static const hy_param any = {.name = "x", .type = HY_F64, .unit = "1", .doc = "Any."};
  hy_value              values[2] = {{.f = 1.0}, {.f = 2.0}};
  uint32_t              last = UINT32_MAX;
  column                c = {.param = &any,
                             .kind = COLUMN_LATIN,
                             .count = INT64_C(1) << 32,
                             .values = values,
                             .nvalues = 2,
                             .key = 16390493,
                             .slice = &last};

  CU_ASSERT(((double)last + hy_random_f64(c.key, 0, 0)) / 0x1p32 == 1.0); /* the case is the case */
  CU_ASSERT_EQUAL(column_value(&c, 0).f, 2.0);
  c.values = NULL;
  c.from.f = -1.0;
  c.to.f = 1.0;
  CU_ASSERT(column_value(&c, 0).f <= 1.0);
}

/** Samples: of the whole span of int64 too, and the same for the same seed. */
static void samples(void)
{
  static const hy_param any = {.name = "i", .type = HY_I64, .unit = "1", .doc = "Any."};
  column                c = {.param = &any,
                             .kind = COLUMN_RANDOM,
                             .count = 1000,
                             .from = {.i = INT64_MIN},
                             .to = {.i = INT64_MAX},
                             .key = 7};
  int                   negative = 0;

  for (int64_t i = 0; i < 1000; i++) negative += column_value(&c, i).i < 0;
  CU_ASSERT(negative > 405 && negative < 595); /* 500 +- 6 standard deviations */
  c.from.i = c.to.i = -3;
  CU_ASSERT_EQUAL(column_value(&c, 5).i, -3);

  hy_job *a = swept("{random: {count: 50, m: {from: 1, to: 6}, mode: [fast, slow]}}");
  hy_job *b = swept("{random: {count: 50, m: {from: 1, to: 6}, mode: [fast, slow]}}");
  int     faces = 0;

  for (int64_t i = 0; a && b && i < 50; i++) {
    CU_ASSERT(at(a, i).m == at(b, i).m && at(a, i).mode == at(b, i).mode && at(a, i).mode < 2);
    faces |= 1 << at(a, i).m;
  }
  CU_ASSERT_EQUAL(faces, 0x7e);
  hy_job_free(a);
  hy_job_free(b);
}

/** Several groups in a list of mappings; each is an axis, in the order written. */
static void groups(void)
{
  hy_job *job = swept("[{zip: {m: [1, 2], a: {from: 0, to: 1, count: 2}}}, {mode: [fast, slow]}, "
                      "{random: {count: 3, b: [7]}}]");

  CU_ASSERT(job && job->naxes == 3 && job->ntasks == 12);
  if (!job) return;
  CU_ASSERT(hy_axis_nparams(job->axes[0]) == 2 && hy_axis_count(job->axes[2]) == 3);
  CU_ASSERT_STRING_EQUAL(hy_axis_param(job->axes[0], 1)->name, "a");
  CU_ASSERT_EQUAL(hy_axis_value(job->axes[0], 1, 1).f, 1.0);
  for (int64_t t = 0; t < 12; t++) {
    const kit_params p = at(job, t);

    CU_ASSERT(p.m == 1 + t / 6 && p.a == (double)(t / 6) && p.mode == t / 3 % 2 && p.b == 7.0);
  }
  hy_job_free(job);
  static const char *const none[] = {"", "{}", "[]", "[{}, {}]"};

  for (size_t i = 0; i < 4; i++) {
    job = swept(none[i]);
    CU_ASSERT(job && job->ntasks == 1 && job->naxes == 0);
    hy_job_free(job);
  }
}

/** A CSV file as spreadsheets write it. */
static void csv_files(void)
{
  char  path[200];
  FILE *f;

  (void)snprintf(path, sizeof path, "%s/points.csv", hy_test_dir());
  f = fopen(path, "wb");
  if (f)
    (void)fputs("\xef\xbb\xbf# made by hand\r\n\"label\", m ,mode\r\n\"a, \"\"b\"\"\",1,fast\r\n"
                "\r\n  \xc3\xa4 ,2,\"slow\"\r\n\"\",3,exact",
                f);
  if (f) (void)fclose(f);
  hy_job *job = swept("{csv: points.csv}");

  if (!job) return;
  CU_ASSERT_EQUAL(job->ntasks, 3);
  CU_ASSERT_STRING_EQUAL(at(job, 0).label, "a, \"b\"");
  CU_ASSERT_STRING_EQUAL(at(job, 1).label, "\xc3\xa4");
  CU_ASSERT_STRING_EQUAL(at(job, 2).label, "");
  CU_ASSERT(at(job, 1).mode == 1 && at(job, 2).mode == 2 && at(job, 2).m == 3);
  hy_job_free(job);
}

HY_TEST_MAIN("sweep", {"real ranges", real_ranges}, {"whole ranges", whole_ranges},
             {"latin stays inside", latin_stays_inside}, {"samples", samples}, {"groups", groups},
             {"CSV files", csv_files})
