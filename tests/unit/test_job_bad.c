/** @file test_job_bad.c
 *  Jobs that are wrong: the first line of what the user is told, to the letter. */
#include "job_kit.h"

typedef struct bad_case {
  const char
      *text; /* of the job file; its second line on, behind "kernel: kit", when it starts with + */
  const char *expected; /* behind the path */
} bad_case;

static const bad_case bad_cases[] = {
    {"",                                                                     ": error: the job file is empty; it must name a kernel at least"            },
    {"# nothing\n",                                                          ": error: the job file is empty; it must name a kernel at least"            },
    {"just text\n",                                                          ":1:1: error: a job file is a mapping of keys to values, not a single value"},
    {"[1, 2]\n",                                                             ":1:1: error: a job file is a mapping of keys to values, not a list"        },
    {"params: {n: 1}\n",                                                     ":1:1: error: the job names no kernel"                                      },
    {"kernel: kitt\n",                                                       ":1:9: error: unknown kernel \"kitt\""                                      },
    {"kernel: [kit]\n",                                                      ":1:9: error: kernel must be one value"                                     },
    {"kernel: ''\n",                                                         ":1:9: error: kernel must be one value, it is empty"                        },
    {"kernel: kit\n",                                                        ":1:9: error: kernel kit needs n: A number that must be given."             },
    {"kernel: kit\nkernel: kit\n",
     ":2:1: error: \"kernel\" is here twice; it was first given in line 1"                                                                               },
    {"kernel: kit\n\tparams: {n: 1}\n",                                      ":2:1: error: this is no YAML: found a tab character that "
                                        "violates indentation while scanning a plain scalar"                      },
    {"kernel: &a kit\n",                                                     ":1:9: error: anchors are not read"                                         },
    {"kernel: *a\n",                                                         ":1:9: error: aliases are not read"                                         },
    {"kernel: !!str kit\n",                                                  ":1:9: error: tags are not read"                                            },
    {"--- {kernel: kit}\n--- {kernel: kit}\n",                               ":2:1: error: further documents are not read"                               },
    {"kernel: kit\nparams: {n: 1\n",
     ":3:1: error: this is no YAML: did not find expected ',' or '}' while parsing a flow mapping"                                                       },
    {"{[1]: 2}\n",                                                           ":1:2: error: a key must be a single word, not a list"                      },
    {"kernel: \"a\\0b\"\n",                                                  ":1:9: error: a text with a zero byte"                                      },
    {"+parms: {n: 1}\n",                                                     ":2:1: error: unknown key \"parms\""                                        },
    {"+params: [n]\n",                                                       ":2:9: error: params must be a mapping of names to values"                  },
    {"+params: {n: many}\n",                                                 ":2:13: error: n must be a whole number from 1 to 1000, not \"many\""       },
    {"+params: {n: 0}\n",                                                    ":2:13: error: n must be a whole number from 1 to 1000, not \"0\""          },
    {"+params: {n: 1.5}\n",                                                  ":2:13: error: n must be a whole number from 1 to 1000, not \"1.5\""        },
    {"+params: {n: 0x10}\n",                                                 ":2:13: error: n must be a whole number from 1 to 1000, not \"0x10\""       },
    {"+params: {n: 99999999999999999999}\n",
     ":2:13: error: n must be a whole number from 1 to 1000, not \"99999999999999999999\""                                                               },
    {"+params: {n: \"1\"}\n",                                                ":2:13: error: n is given as a text"                                        },
    {"+params: {n: [1, 2]}\n",                                               ":2:13: error: n must be one value, not a list"                             },
    {"+params: {n: 1, a: nan}\n",
     ":2:19: error: a must be a finite number from 0 to 100, not \"nan\""                                                                                },
    {"+params: {n: 1, a: 101}\n",
     ":2:19: error: a must be a finite number from 0 to 100, not \"101\""                                                                                },
    {"+params: {n: 1, a: .inf}\n",
     ":2:19: error: a must be a finite number from 0 to 100, not \".inf\""                                                                               },
    {"+params: {n: 1, flag: yes}\n",                                         ":2:22: error: flag must be true or false, not \"yes\""                     },
    {"+params: {n: 1, mode: quick}\n",
     ":2:22: error: mode must be fast, slow or exact, not \"quick\""                                                                                     },
    {"+params: {n: 1, mod: fast}\n",                                         ":2:16: error: unknown parameter of kernel kit: \"mod\""                    },
    {"+params: {n: 1}\nseed: -1\n",
     ":3:7: error: seed must be a whole number from 0 to 9223372036854775807"                                                                            },
    {"+params: {n: 1}\nseed: x\n",
     ":3:7: error: seed must be a whole number from 0 to 9223372036854775807"                                                                            },
    {"+params: {n: 1}\nversion: 2\n",
     ":3:10: error: this hybrid reads job files of version 1, not \"2\""                                                                                 },
    {"+params: {n: 1}\nname: a/b\n",
     ":3:7: error: a name is made of letters, digits, and . _ - inside, at most 100"                                                                     },
    {"+params: {n: 1}\nteam: 4\n",
     ":3:7: error: team must be a mapping, e.g. {ranks: 2, threads: 4}"                                                                                  },
    {"+params: {n: 1}\nteam: {rank: 4}\n",                                   ":3:8: error: unknown key of team \"rank\""                                 },
    {"+params: {n: 1}\nteam: {ranks: 2}\n",
     ":3:15: error: kernel kit is solo: its teams have one rank"                                                                                         },
    {"+params: {n: 1}\nteam: {ranks: 0}\n",
     ":3:15: error: ranks of a team must be a whole number from 1, or all"                                                                               },
    {"+params: {n: 1}\nteam: {threads: 0}\n",
     ":3:17: error: threads of a team must be a whole number from 1 to 4096, or auto"                                                                    },
    {"+params: {n: 1}\non_failure: retry\n",                                 ":3:13: error: unknown policy \"retry\""                                    },
    {"+params: {n: 1, data: no.h5}\n",                                       ":2:22: error: data: cannot open"                                           },
    {"+params: {n: 1, data: .}\n",                                           ":2:22: error: data:"                                                       },
    {"+sweep: {n: 3}\n",                                                     ":2:12: error: n must be a list of values or a range"                       },
    {"+sweep: {n: []}\n",                                                    ":2:12: error: n has an empty list of values"                               },
    {"+sweep: {n: [1, x]}\n",                                                ":2:16: error: n must be a whole number from 1 to 1000, not \"x\""          },
    {"+params: {n: 1}\nsweep: {n: [1]}\n",                                   ":2:10: error: n is both fixed here and swept"                              },
    {"+sweep: {nn: [1]}\n",                                                  ":2:9: error: unknown parameter of kernel kit: \"nn\""                      },
    {"+sweep: {n: {from: 1}}\n",                                             ":2:12: error: this range lacks its end, `to`"                              },
    {"+sweep: {n: {from: 1, to: 3}}\n",                                      ":2:12: error: this range lacks a step or count"                            },
    {"+sweep: {n: {from: 1, to: 3, step: 1, count: 3}}\n",
     ":2:12: error: a range has a step or a count, not both"                                                                                             },
    {"+sweep: {n: {from: 1, to: 3, step: 0}}\n",
     ":2:35: error: step must be a number other than 0"                                                                                                  },
    {"+sweep: {n: {from: 1, to: 3, step: -1}}\n",                            ":2:35: error: this step never gets from 1 to 3"                            },
    {"+sweep: {n: {from: 1, to: 3, step: 0.5}}\n",
     ":2:35: error: the step of a whole number must be a whole number"                                                                                   },
    {"+sweep: {n: {from: 1, to: 4, count: 3}}\n",
     ":2:36: error: 3 values from 1 to 4 are no whole numbers"                                                                                           },
    {"+sweep: {n: {from: 1, to: 2000, step: 1}}\n",
     ":2:26: error: n must be a whole number from 1 to 1000, not \"2000\""                                                                               },
    {"+sweep: {n: {from: 1, til: 3, step: 1}}\n",                            ":2:22: error: unknown key of a range \"til\""                              },
    {"+params: {n: 1}\nsweep: {a: {from: 0, to: 1, count: 3, log: true}}\n",
     ":3:44: error: a logarithmic range needs ends above 0"                                                                                              },
    {"+params: {n: 1}\nsweep: {a: {from: 1, to: 2, count: 0}}\n",
     ":3:36: error: count must be 1 or more"                                                                                                             },
    {"+params: {n: 1}\nsweep: {a: {from: 1, to: 2, count: 3000000000}}\n",
     ":3:36: error: 3e+09 points; a job can have 2147483647 tasks at most"                                                                               },
    {"+params: {n: 1}\nsweep: {mode: {from: fast, to: slow, count: 2}}\n",
     ":3:15: error: mode is no number, so it has no range"                                                                                               },
    {"+params: {n: 1}\nsweep: {data: [x]}\n",
     ":3:9: error: data is a data file and cannot be swept"                                                                                              },
    {"+sweep: [{n: [1]}, {n: [2]}]\n",                                       ":2:20: error: n is swept twice"                                            },
    {"+sweep: {zip: {n: [1, 2], a: [1]}}\n",
     ":2:26: error: a has 1 values, n has 2; in a zip all have as many"                                                                                  },
    {"+sweep: {zip: [1]}\n",                                                 ":2:14: error: zip must be a mapping, not a list"                           },
    {"+sweep: {points: [{n: 1}, {a: 1}]}\n",                                 ":2:26: error: this point lacks n"                                          },
    {"+sweep: {points: []}\n",                                               ":2:17: error: points is empty"                                             },
    {"+sweep: {random: {n: {from: 1, to: 2}}}\n",
     ":2:17: error: random needs a `count` and at least one parameter"                                                                                   },
    {"+sweep: {latin: {count: 1e9, n: [1]}}\n",                              ":2:24: error: count must be from 1 to 16777216"                            },
    {"+sweep: {csv: none.csv}\n",                                            ":2:14: error: cannot open"                                                 },
    {"+sweep: {n: {from: 1, to: 1000, step: 1}, m: {from: 1, to: 1000000000, step: 1}, b: {from: "
     "0, to: 1, count: 1000000}}\n",                                    ":2:8: error: the sweep has 1e+18 tasks; a job can have 2147483647 at most" },
};

static void first_line_of(const bad_case *c, char *line, size_t size)
{
  hy_str  report = {0}, text = {0};
  hy_job *job;

  hy_str_addf(&text, "%s%s", c->text[0] == '+' ? "kernel: kit\n" : "",
              c->text + (c->text[0] == '+'));
  job = kit_job(text.text, NULL, 0, &report);
  (void)snprintf(line, size, "%.*s", report.text ? (int)strcspn(report.text, "\n") : 0,
                 report.text ? report.text : "");
  CU_ASSERT_PTR_NULL(job);
  hy_job_free(job);
  hy_str_clear(&report);
  hy_str_clear(&text);
}

static void each_mistake_is_told(void)
{
  char line[600], path[200];

  (void)snprintf(path, sizeof path, "%s/job.yaml", hy_test_dir());
  for (size_t i = 0; i < sizeof bad_cases / sizeof *bad_cases; i++) {
    first_line_of(&bad_cases[i], line, sizeof line);
    const bool same =
        strncmp(line, path, strlen(path)) == 0 &&
        strncmp(line + strlen(path), bad_cases[i].expected, strlen(bad_cases[i].expected)) == 0;

    if (!same)
      fprintf(stderr, "\nfor   %s\n  got %s\nwant  %s\n", bad_cases[i].text, line,
              bad_cases[i].expected);
    CU_ASSERT(same);
  }
}

static void all_mistakes_at_once(void)
{
  static const char *const expected[] = {
      "unknown key \"sed\"",
      "did you mean \"seed\"?",
      "n must be a whole number from 1 to 1000, not \"x\"",
      "    3 | params: {n: x, modee: fast}\n      |             ^\n",
      "did you mean \"mode\"?",
      "unknown policy"};
  hy_str  report = {0};
  hy_job *job = kit_job("kernel: kit\nsed: 3\nparams: {n: x, modee: fast}\non_failure: hope\n",
                        NULL, 0, &report);

  CU_ASSERT_PTR_NULL(job);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    CU_ASSERT_PTR_NOT_NULL(strstr(report.text, expected[i]));
  hy_str_clear(&report);
  hy_str text = {0};

  hy_str_add(&text, "kernel: kit\nparams:\n  n: 1\n");
  for (int i = 0; i < 100; i++) hy_str_addf(&text, "  x%d: 1\n", i);
  job = kit_job(text.text, NULL, 0, &report);
  CU_ASSERT_PTR_NULL(job);
  CU_ASSERT_PTR_NOT_NULL(strstr(report.text, "and 80 more mistakes\n"));
  CU_ASSERT_PTR_NULL(strstr(report.text, "\"x20\""));
  hy_str_clear(&report);
  hy_str_clear(&text);
}

static void bad_overrides(void)
{
  static const char *const table[][2] = {
      {"k",          "--set k: error: write it as --set key=value"                               },
      {"=1",         "--set =1: error: write it as --set key=value"                              },
      {"n=five",     "--set n=five: error: n must be a whole number from 1 to 1000, not \"five\""},
      {"sweep.n=4",  "--set sweep.n=4: error: n must be a list of values or a range"             },
      {"kernel.x=4", "--set kernel.x=4: error: kernel is a single value in the job file, so "
                     "nothing can be set in it"                              },
      {"nope=1",     "--set nope=1: error: unknown parameter of kernel kit: \"nope\""            },
      {"n=[1",       "--set n=[1: error: this is no YAML"                                        },
      {"params=3",   "--set params=3: error: params must be a mapping of names to values"        }
  };

  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    hy_str     report = {0};
    hy_job    *job = kit_job("kernel: kit\nparams: {n: 1}\n", &table[i][0], 1, &report);
    const bool same = report.text && strncmp(report.text, table[i][1], strlen(table[i][1])) == 0;

    if (!same)
      fprintf(stderr, "\nfor   %s\n  got %s\n", table[i][0], report.text ? report.text : "nothing");
    CU_ASSERT(same && !job);
    hy_job_free(job);
    hy_str_clear(&report);
  }
}

static void hostile(const char *start, const char *repeat, int64_t times, const char *expected)
{
  hy_str  text = {0}, report = {0};
  hy_job *job;

  hy_str_add(&text, start);
  for (int64_t i = 0; i < times; i++) hy_str_add(&text, repeat);
  job = kit_job(text.text, NULL, 0, &report);
  CU_ASSERT_PTR_NULL(job);
  CU_ASSERT(report.text && strstr(report.text, expected));
  if (!report.text || !strstr(report.text, expected)) fprintf(stderr, "\n%.300s\n", report.text);
  hy_job_free(job);
  hy_str_clear(&report);
  hy_str_clear(&text);
}

static void hostile_files(void)
{
  hostile("a: ", "[", 1000000, "nested more than 32 deep");
  hostile("a: ", "{b: ", 1000000, "nested more than 32 deep");
  hostile("kernel: kit\nsweep: {n: [1", ", 1", 3000000, "more than 2000000 values");
  hostile("kernel: ", "x", 10000000, "unknown kernel");
  hostile("a: &x [1]\nb: ", "*x ", 100, "are not read");
  hostile("kernel: kit\n\xff\xfe", "\xff", 10, "this is no YAML");
  hy_str text = {0};

  for (int i = 0; i < 5000; i++) hy_str_addf(&text, "k%d: 1\n", i);
  hostile(text.text, "", 0, "more than 2048 keys in one mapping");
  hy_str_clear(&text);
}

static void files(void)
{
  hy_job *job = NULL;
  hy_str  report = {0};
  hy_err  err = {0};
  char    path[200];

  CU_ASSERT(hy_job_load("/nowhere/job.yaml", NULL, NULL, 0, &job, &report, &err) == HY_EINPUT);
  CU_ASSERT_STRING_EQUAL(err.text, "cannot open /nowhere/job.yaml: No such file or directory");
  CU_ASSERT(hy_job_load("/tmp", NULL, NULL, 0, &job, &report, &err) == HY_EINPUT);
  (void)snprintf(path, sizeof path, "%s/large.yaml", hy_test_dir());
  FILE *f = fopen(path, "w");

  if (f && fseek(f, 100 << 20, SEEK_SET) == 0) (void)fputs("x", f); /* 100 MB of nothing */
  if (f) (void)fclose(f);
  CU_ASSERT(hy_job_load(path, NULL, NULL, 0, &job, &report, &err) == HY_EINPUT);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "104857601 bytes"));
  hy_str_clear(&report);
}

HY_TEST_MAIN("job_bad", {"each mistake is told", each_mistake_is_told},
             {"all mistakes at once", all_mistakes_at_once}, {"bad overrides", bad_overrides},
             {"hostile files", hostile_files}, {"files", files})
