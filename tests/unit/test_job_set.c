/** @file test_job_set.c
 *  Overrides; what is told, and once; what is sent and written. */
#include "job_kit.h"

#include <unistd.h>

static hy_job *job_of(const char *text, const char *const *sets, int nsets)
{
  hy_str  report = {0};
  hy_job *job = kit_job(text, sets, nsets, &report);

  if (!job) fprintf(stderr, "\n%s", report.text ? report.text : "no report\n");
  hy_str_clear(&report);
  return job;
}

typedef struct set_case {
  const char *text, *set;
  int64_t     ntasks;
  const char *last; /* the last task */
} set_case;

/** What is set last holds, wherever the file has the parameter; the order of the axes stays. */
static void overrides(void)
{
  static const set_case cases[] = {
      {"kernel: kit\nparams: {n: 1}\n",                                "sweep.n=[7, 8]",       2, "n = 8"       },
      {"kernel: kit\nsweep: {n: [1, 2], m: [3, 4]}\n",                 "sweep.n=[7]",          2, "n = 7, m = 4"},
      {"kernel: kit\nsweep: [{n: [1, 2]}, {m: [3, 4]}]\n",             "sweep.n=[7]",          2, "n = 7, m = 4"},
      {"kernel: kit\nsweep: [{n: [1, 2]}]\n",                          "sweep.m=[7]",          2, "n = 2, m = 7"},
      {"kernel: kit\nsweep: {n: [1, 2], m: [3]}\n",                    "params.n=7",           1, "m = 3"       },
      {"kernel: kit\nsweep: {zip: {n: [1, 2], m: [3, 4]}}\n",          "n=7",                  2, "m = 4"       },
      {"kernel: kit\nsweep: {zip: {n: [1, 2]}}\n",                     "n=7",                  1, ""            },
      {"kernel: kit\nsweep: {zip: {n: [1, 2], m: [3, 4]}}\n",          "sweep.n=[7]",          2, "m = 4, n = 7"},
      {"kernel: kit\nsweep: {points: [{n: 1, m: 3}, {n: 2, m: 4}]}\n", "n=7",                  2, "m = 4"       },
      {"kernel: kit\nsweep: {points: [{n: 1}, {n: 2}]}\n",             "n=7",                  1, ""            },
      {"kernel: kit\nsweep: {latin: {count: 4, n: [1], m: [2]}}\n",    "n=7",                  4, "m = 2"       },
      {"kernel: kit\nsweep: {random: {count: 4, n: [1]}}\n",           "n=7",                  1, ""            },
      {"kernel: kit\nsweep: {random: {count: 4, n: [1]}}\n",           "sweep.random.count=9", 9, "n = 1"       },
      {"kernel: kit\nsweep: {n: {from: 1, to: 9, step: 2}}\n",         "sweep.n.to=3",         2, "n = 3"       },
      {"kernel: kit\nparams:\nsweep:\n",                               "n=7",                  1, ""            },
      {"kernel: kitt\nparams: {n: 1}\n",                               "kernel=kit",           1, ""            },
  };
  char text[100];

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hy_job *job = job_of(cases[i].text, &cases[i].set, 1);

    CU_ASSERT(job && job->ntasks == cases[i].ntasks);
    if (job) {
      (void)hy_job_describe(job, job->ntasks - 1, text, sizeof text);
      CU_ASSERT_STRING_EQUAL(text, cases[i].last);
      if (strcmp(text, cases[i].last) != 0)
        fprintf(stderr, "\n%s%s: %s\n", cases[i].text, cases[i].set, text);
    }
    hy_job_free(job);
  }
}

/** The whole report: a cause is told once, and where it is. */
static void told_once(void)
{
  static const char *const cases[][2] = {
      {"kernel: kit\nparams: {nn: 3}\n",
       ":2:10: error: unknown parameter of kernel kit: \"nn\"\n    2 | params: {nn: 3}\n"
       "      |          ^~\n  hint: did you mean \"n\"?\n"                                                    },
      {"kernel: kit\nsweep: {csv: none.csv}\n",                                               0                },
      {"kernel: kit\nsweep: {n: [1], n: [2]}\n",
       ":2:17: error: \"n\" is here twice; it was first given in line 2\n"
       "    2 | sweep: {n: [1], n: [2]}\n      |                 ^\n"                                          },
      {"kernel: kit\nn: 3\n",                                                                 ":2:1: error: unknown key \"n\"\n    2 | n: 3\n      | ^\n"
                              "  hint: it is a parameter: put it below `params`\n"},
      {"kernel: kit\nparams: {n: 3, output: x}\n",
       ":2:16: error: unknown parameter of kernel kit: \"output\"\n"
       "    2 | params: {n: 3, output: x}\n      |                ^~~~~~\n"
       "  hint: it is a key of the job: put it at the start of a line\n"                                       },
      {"kernel: kit\nparams: {n: 3, mode: slwo}\n",
       ":2:22: error: mode must be fast, slow or exact, not \"slwo\"\n"
       "    2 | params: {n: 3, mode: slwo}\n      |                      ^~~~\n"
       "  hint: did you mean \"slow\"?\n"                                                                      },
      {"kernel: kit\nparams: {n: 3, label: \xc3\xa4\xe2\x82\xac, m: x}\n",
       ":2:30: error: m must be a whole number from -1000000000 to 1000000000, not \"x\"\n"
       "    2 | params: {n: 3, label: \xc3\xa4\xe2\x82\xac, m: x}\n"
       "      |                              ^\n"                                                              },
      {"kernel: kit\rparams: {n: 3, m: x}\r",
       ":2:19: error: m must be a whole number from -1000000000 to 1000000000, not \"x\"\n"
       "    2 | params: {n: 3, m: x}\n      |                   ^\n"                                           },
      {"kernel: kit\nparams: {n: 3}\nteam: {ranks: many}\n",
       ":3:15: error: ranks of a team must be a whole number from 1, or all\n"
       "    3 | team: {ranks: many}\n      |               ^~~~\n"                                             },
      {"kernel: kit\nparams: {n: \"\\e[31m\"}\n",                                             0                },
      {"kernel: kit\nparams: {n: 3, \"a\\e[31m\": 1}\n",                                      0                },
      {"kernel: kit\nsweep: 3\n",                                                             0                },
      {"kernel: kit\nparams: {n: 3}\nsweep: {points: [{}]}\n",                                0                },
      {"kernel: kit\nparams: {n: 3}\nsweep: {b: {from: -1e308, to: 1e308, count: 3}}\n",      0                },
      {"kernel: kit\nparams: {n: 3}\nsweep: {b: {from: 1, to: 2, count: 1}}\n",               0                },
      {"kernel: kit\nparams: {n: 3}\nsweep: {b: {from: 2, to: 2, count: 2}}\n",               0                },
      {"kernel: kit\nparams: {n: 3}\nsweep: {m: {from: 5, to: 5, count: 3}}\n",               0                },
      {"kernel: kit\nparams: {n: 3}\ntitle: \"two\\nlines\"\n",                               0                },
      {"kernel: kit\nparams: {n: 3, data: \"x:/a\\nb\"}\n",                                   0                },
      {"kernel: kit\nparams: {n: 3, data: ':/x'}\n",                                          0                },
      {"kernel: kit\nparams: {n: 3}\nsweep: [{latin: {count: 9000000, m: [1]}}, {n: [1]}]\n", 0                },
      {"kernel: kit\nparams: {n: 3}\nsweep: {latin: {count: 9000000, m: [1], a: [1]}}\n",     0                },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hy_str  report = {0}, wanted = {0};
    hy_job *job = kit_job(cases[i][0], NULL, 0, &report);
    int     errors = 0;

    CU_ASSERT_PTR_NULL(job);
    if (cases[i][1]) hy_str_addf(&wanted, "%s/job.yaml%s", hy_test_dir(), cases[i][1]);
    for (const char *p = report.text; p && (p = strstr(p, ": error: ")); p++) errors++;
    for (size_t k = 0; k < report.len; k++)
      CU_ASSERT((unsigned char)report.text[k] >= ' ' || report.text[k] == '\n');
    CU_ASSERT_EQUAL(errors, 1);
    CU_ASSERT(!wanted.text || strcmp(report.text, wanted.text) == 0);
    if (errors != 1 || (wanted.text && strcmp(report.text, wanted.text) != 0))
      fprintf(stderr, "\n%s\n%s", cases[i][0], report.text ? report.text : "");
    hy_job_free(job);
    hy_str_clear(&report);
    hy_str_clear(&wanted);
  }
}

/** Mistakes in a CSV file: place, line and caret as in a job file. */
static void bad_csv(void)
{
  static const char *const cases[][2] = {
      {"",                            ": error: no points: a header with parameter names and a line per point are expected\n"},
      {"n,m\n",                       ": error: no points: a header with parameter names and a line per point are "
                "expected\n"                                                                                  },
      {"n,nn\n1,2\n",                 ":1:3: error: unknown parameter of kernel kit: \"nn\"\n    1 | n,nn\n"
                      "      |   ^~\n  hint: did you mean \"n\"?\n"                                     },
      {"n,n\n1,2\n",                  ":1:3: error: n is swept twice\n    1 | n,n\n      |   ^\n"                            },
      {"n,data\n1,2\n",               ":1:3: error: data is a data file and cannot be swept\n    1 | n,data\n"
                        "      |   ^~~~\n"                                                            },
      {"n,m\n1,2\n# no\n3\n",         ":4:1: error: this line has fewer cells than the header's 2\n"
                              "    4 | 3\n      | ^\n"                                          },
      {"n,m\r\n1,2,3\r\n",            ":2:1: error: this line has more cells than the header's 2\n"
                           "    2 | 1,2,3\n      | ^\n"                                            },
      {"n,label,m\n1,\xc3\xa4,two\n",
       ":2:5: error: m must be a whole number from -1000000000 to 1000000000, not \"two\"\n"
       "    2 | 1,\xc3\xa4,two\n      |     ^~~\n"                                                                           },
      {"n,label\n1,\"x\n",            ":2:3: error: the quote is not closed in this line\n    2 | 1,\"x\n"
                           "      |   ^\n"                                                         },
      {"n,label\n1,\"x\" y\n",
       ":2:3: error: a quoted value is followed by something else than a comma\n"
       "    2 | 1,\"x\" y\n      |   ^\n"                                                                                    },
      {"n,label\n1,\xff\n",           ": error: this is no CSV file: it is not UTF-8 text\n"                                 },
  };
  char path[200];

  (void)snprintf(path, sizeof path, "%s/bad.csv", hy_test_dir());
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hy_str report = {0}, wanted = {0};
    FILE  *f = fopen(path, "wb");

    if (f) (void)fputs(cases[i][0], f);
    if (f) (void)fclose(f);
    hy_job *job = kit_job("kernel: kit\nsweep: {csv: bad.csv}\n", NULL, 0, &report);

    hy_str_addf(&wanted, "%s%s", path, cases[i][1]);
    CU_ASSERT(!job && report.text && strcmp(report.text, wanted.text) == 0);
    if (report.text && strcmp(report.text, wanted.text) != 0) fprintf(stderr, "\n%s", report.text);
    hy_job_free(job);
    hy_str_clear(&report);
    hy_str_clear(&wanted);
  }
}

/** A bundle is all there is elsewhere: no file is read again.  What was changed is refused. */
static void sent(void)
{
  char       path[200], data[200];
  hy_bundle *copy = NULL;
  hy_job    *job = NULL, *again = NULL;
  hy_str     bytes = {0}, report = {0}, a = {0}, b = {0};
  hy_err     err = {0};

  (void)snprintf(path, sizeof path, "%s/points.csv", hy_test_dir());
  FILE *f = fopen(path, "wb");

  if (f) (void)fputs("n,m\n1,2\n3,4\n", f);
  if (f) (void)fclose(f);
  (void)snprintf(data, sizeof data, "%s/data.csv", hy_test_dir());
  f = fopen(data, "wb");
  if (f) (void)fputs("1,2\n", f);
  if (f) (void)fclose(f);
  (void)snprintf(path, sizeof path, "%s/job.yaml", hy_test_dir());
  CU_ASSERT(hy_job_load(path,
                        "kernel: kit\nparams: {data: data.csv:/x}\nsweep: {csv: points.csv}\n",
                        NULL, 0, &job, &report, &err) == HY_OK);
  CU_ASSERT(job && hy_bundle_pack(job->bundle, &bytes, &err) == HY_OK);
  CU_ASSERT(unlink(data) == 0);
  CU_ASSERT(hy_bundle_unpack(bytes.text, bytes.len, &copy, &err) == HY_OK);
  CU_ASSERT(copy && hy_job_from_bundle(copy, &again, &report, &err) == HY_OK);
  if (job && again) {
    CU_ASSERT(memcmp(job->digest, again->digest, 32) == 0 && again->ntasks == 2);
    CU_ASSERT_STRING_EQUAL(again->files[hy_params_find(again->kernel, "data")], data);
    CU_ASSERT_STRING_EQUAL(again->file_datasets[hy_params_find(again->kernel, "data")], "/x");
    hy_job_write(job, &a);
    hy_job_write(again, &b);
    CU_ASSERT_STRING_EQUAL(a.text, b.text);
    CU_ASSERT_EQUAL(strncmp(a.text, HY_JOB_FIRST_LINE, strlen(HY_JOB_FIRST_LINE)), 0);
  }
  hy_bundle_free(copy);
  for (size_t n = 0; n < bytes.len; n++)
    for (int bit = 0; bit < 8; bit++) {
      copy = NULL;
      bytes.text[n] = (char)(bytes.text[n] ^ (1 << bit));
      CU_ASSERT(hy_bundle_unpack(bytes.text, bytes.len, &copy, &err) == HY_EBUG && !copy);
      bytes.text[n] = (char)(bytes.text[n] ^ (1 << bit));
    }
  hy_job_free(job);
  hy_job_free(again);
  hy_str_clear(&bytes);
  hy_str_clear(&report);
  hy_str_clear(&a);
  hy_str_clear(&b);
}

/** Written out and read again: names, texts and forms that are not easily written. */
static void written(void)
{
  static const char *const texts[] = {
      "kernel: kit\nparams: {n: 3, label: \"nel \\N ls \\L bom \\uFEFF esc \\e tab \\t nl \\n "
      "q\\\"\"}\n",
      "kernel: kit\nparams: {n: 3, label: \xc3\xa4\xe2\x82\xac}\ntitle: \"it's: \\\"so\\\" # "
      "\\\\\"\n",
      "kernel: kit\nparams: {n: 3}\nsweep: {a: {from: 0, to: 0.3, step: 0.1}}\n",
      "kernel: kit\nparams: {n: 3}\nsweep: {m: {from: 1, to: 9, count: 5}}\n",
      "kernel: kit\nparams: {n: 3}\nsweep: {m: {from: 1, to: 9, step: 100}}\n",
      "kernel: kit\nparams: {n: 3}\nsweep: {m: {from: 7, to: 7, count: 1}}\n",
      "kernel: kit\nparams: {n: 3}\nsweep: {m: {from: 1, to: 1000, count: 30, log: true}}\n",
      "kernel: kit\nparams: {n: 3}\nsweep: {label: ['', ' ', \"~\", 'true', \"\\e\"]}\n",
      "kernel: kit\nparams: {n: 3}\nsweep: [{random: {count: 3, m: {from: 1, to: 9}}}, {latin: "
      "{count: 3, a: {from: 1, to: 9, log: true}}}]\n"};
  char path[200];

  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {

    hy_job *job = NULL, *again = NULL;
    hy_str  report = {0}, yaml = {0}, twice = {0};

    (void)snprintf(path, sizeof path, "%s/-_x y.yaml", hy_test_dir()); /* a name wants repair */
    CU_ASSERT(hy_job_load(path, texts[i], NULL, 0, &job, &report, NULL) == HY_OK);
    if (job) hy_job_write(job, &yaml);
    CU_ASSERT(job &&
              hy_job_load("/nowhere/j.yaml", yaml.text, NULL, 0, &again, &report, NULL) == HY_OK);
    if (again) hy_job_write(again, &twice);
    CU_ASSERT(again && memcmp(job->digest, again->digest, 32) == 0);
    CU_ASSERT(again && strcmp(yaml.text, twice.text) == 0);
    CU_ASSERT(again && strcmp(again->name, "x_x_y") == 0);
    if (report.text) fprintf(stderr, "\n%s%s", yaml.text ? yaml.text : "", report.text);
    hy_job_free(job);
    hy_job_free(again);
    hy_str_clear(&report);
    hy_str_clear(&yaml);
    hy_str_clear(&twice);
  }
}

/** Bytes of good jobs changed at random: refused or read, and nothing else. */
static void mangled(void)
{
  static const char good[] =
      "kernel: kit\ntitle: \"a: b\"\nparams: {n: 3, label: 'x', mode: slow}\n"
      "sweep:\n  - m: {from: 1, to: 9, step: 2}\n  - zip: {a: [1, 2], b: "
      "[0.5, 1]}\n  - latin: {count: 4, flag: [true, false]}\nteam: {ranks: 1}\n";
  uint32_t state = 1;
  int      read = 0;

  for (int round = 0; round < 3000; round++) {
    char   text[sizeof good];
    hy_str report = {0};

    memcpy(text, good, sizeof good);
    for (int k = 0; k < 1 + round % 3; k++) {
      state = state * 1664525U + 1013904223U;
      text[(state >> 8) % (sizeof good - 1)] =
          " :,[]{}\n\t\"'#-&*!|>%@0e.\x80\xff"[(state >> 4) % 26];
    }
    hy_job *job = kit_job(text, NULL, 0, &report);

    CU_ASSERT((job != NULL) == (report.len == 0));
    read += job != NULL;
    hy_job_free(job);
    hy_str_clear(&report);
  }
  CU_ASSERT(read > 30 && read < 2000);
}

static void missing_file(void)
{
  char    path[200], wanted[500];
  hy_job *job = NULL;
  hy_str  report = {0};
  hy_err  err = {0};

  (void)snprintf(path, sizeof path, "%s/heat.yaml", hy_test_dir());
  FILE *f = fopen(path, "wb");

  if (f) (void)fputs("kernel: kit\n", f);
  if (f) (void)fclose(f);
  path[strlen(path) - 5] = 0;
  CU_ASSERT(hy_job_load(path, NULL, NULL, 0, &job, &report, &err) == HY_EINPUT);
  (void)snprintf(wanted, sizeof wanted,
                 "cannot open %s: No such file or directory; did you mean %s.yaml?", path, path);
  CU_ASSERT_STRING_EQUAL(err.text, wanted);
  hy_str_clear(&report);
}

/** UTF-16, which libyaml would read: editors show other columns than it counts. */
static void other_encoding(void)
{
  static const char text[] = "kernel: kit\nparams: {n: 3}\n";
  char              path[200], wide[2 * sizeof text] = {(char)0xff, (char)0xfe};
  hy_job           *job = NULL;
  hy_str            report = {0};

  for (size_t i = 0; i + 1 < sizeof text; i++) wide[2 + 2 * i] = text[i];
  (void)snprintf(path, sizeof path, "%s/wide.yaml", hy_test_dir());
  FILE *f = fopen(path, "wb");

  if (f) (void)fwrite(wide, 1, 2 * sizeof text, f);
  if (f) (void)fclose(f);
  CU_ASSERT(hy_job_load(path, NULL, NULL, 0, &job, &report, NULL) == HY_EINPUT && !job);
  CU_ASSERT(report.text && strstr(report.text, "error: this is no YAML: "));
  hy_str_clear(&report);
}

/** A job that was started by a relative path is written so that it can lie anywhere. */
static void relative(void)
{
  hy_job *job = NULL;
  hy_str  report = {0}, yaml = {0}, wanted = {0};

  CU_ASSERT(chdir(hy_test_dir()) == 0);
  FILE *f = fopen("near.csv", "wb");

  if (f) (void)fputs("1,2\n", f);
  if (f) (void)fclose(f);
  CU_ASSERT(hy_job_load("job.yaml", "kernel: kit\nparams: {n: 3, data: near.csv}\n", NULL, 0, &job,
                        &report, NULL) == HY_OK);
  if (job) hy_job_write(job, &yaml);
  hy_str_addf(&wanted, "  data: \"%s/near.csv\" #", hy_test_dir());
  CU_ASSERT(yaml.text && strstr(yaml.text, wanted.text));
  hy_job_free(job);
  hy_str_clear(&report);
  hy_str_clear(&yaml);
  hy_str_clear(&wanted);
}

HY_TEST_MAIN("job_set", {"overrides", overrides}, {"told once", told_once}, {"bad CSV", bad_csv},
             {"sent", sent}, {"written", written}, {"mangled", mangled},
             {"missing file", missing_file}, {"other encoding", other_encoding},
             {"relative", relative})
