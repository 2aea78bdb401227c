/** @file test_number.c
 *  Numbers as users write them, and back: nonsense first. */
#include "base/str.h"
#include "test.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void nonsense_is_no_number(void)
{
  static const char *const words[] = {
      "",      " ",    "x",        "-",     "+",       ".",       "-.",     "e5",     "1e",
      "1e+",   "1 2",  " 1",       "1 ",    "1\n",     "0x10",    "0b1",    "1_000",  "1,5",
      "--1",   "+-1",  "1.2.3",    "1..",   "nan",     "NaN",     "inf",    "-inf",   "infinity",
      "1e5e5", "1kk",  "1Kii",     "1iK",   "Ki",      "k",       "1 Ki B", "1e999x", "\xff",
      "1%",    "1\t",  "one",      "1e5.5", "0x1p3",   "1d2",     "1f",     "1L",     "1;",
      ":",     "1:2",  "01:60:00", "::",    "1:00:60", "1:2:3",   "s",      "1 s s",  "1:00:00s",
      "1  s",  "1sec", "1 S",      "1m",    "1BB",     "1 bytes", "1ib",    "1iB",    "1Mb",
  };

  for (size_t i = 0; i < COUNT(words); i++) {
    int64_t n = 77;
    double  x = 77;

    hy_test_row(!hy_parse_i64(words[i], &n) && n == 77, words[i]);
    hy_test_row(!hy_parse_f64(words[i], &x) && x == 77, words[i]);
    hy_test_row(!hy_parse_seconds(words[i], &x) && x == 77, words[i]);
    hy_test_row(!hy_parse_bytes(words[i], &n) && n == 77, words[i]);
  }
}

static void parse_i64(void)
{
  static const char *const refused[] = {
      "1.5",
      "1e-1",
      "9223372036854775808",
      "-9223372036854775809",
      "1e19",
      "18446744073709552k",
      "9e18k",
      "1e999999999999",
      "99999999999999999999999",
      "0.001",
      "1.0001k",
      "1e-999999999999",
      "1 Ki",
      "1B",
      "1s",
  };
  static const struct {
    const char *text;
    int64_t     value;
  } rows[] = {
      {"0",                    0               },
      {"-0",                   0               },
      {"+7",                   7               },
      {"12",                   12              },
      {"-3",                   -3              },
      {"007",                  7               },
      {"1e6",                  1000000         },
      {"1E+2",                 100             },
      {"2.5e3",                2500            },
      {"100e-2",               1               },
      {"0e-99999",             0               },
      {"0e99999",              0               },
      {"1.000",                1               },
      {"64Ki",                 65536           },
      {"2M",                   2000000         },
      {"1.5k",                 1500            },
      {"-4K",                  -4000           },
      {"1Gi",                  1073741824      },
      {"1Ti",                  1099511627776   },
      {"3T",                   3000000000000   },
      {".5k",                  500             },
      {"1.k",                  1000            },
      {"9007199254740993",     9007199254740993},
      {"9223372036854775807",  INT64_MAX       },
      {"-9223372036854775808", INT64_MIN       },
      {"0.00390625Ki",         4               },
  };
  int64_t n;

  for (size_t i = 0; i < COUNT(refused); i++) {
    n = 77;
    hy_test_row(!hy_parse_i64(refused[i], &n) && n == 77, refused[i]);
  }
  for (size_t i = 0; i < COUNT(rows); i++)
    hy_test_row(hy_parse_i64(rows[i].text, &n) && n == rows[i].value, rows[i].text);
}

static void parse_f64(void)
{
  static const char *const refused[] = {"1e309", "-1e400", "1e999999999999", "1k", "1Ki", "1s"};
  static const struct {
    const char *text;
    double      value;
  } rows[] = {
      {"0",                                                         0.0               },
      {"0.1",                                                       0.1               },
      {"-2.5",                                                      -2.5              },
      {"+1",                                                        1.0               },
      {"1.",                                                        1.0               },
      {".5",                                                        0.5               },
      {"1e3",                                                       1000.0            },
      {"1E-3",                                                      0.001             },
      {"1.7976931348623157e308",                                    DBL_MAX           },
      {"5e-324",                                                    0x1p-1074         },
      {"1e-400",                                                    0.0               },
      {"9007199254740993",                                          9007199254740992.0},
      {"0.1000000000000000055511151231257827021181583404541015625", 0.1               },
  };
  double x;

  for (size_t i = 0; i < COUNT(refused); i++) {
    x = 77;
    hy_test_row(!hy_parse_f64(refused[i], &x) && x == 77, refused[i]);
  }
  for (size_t i = 0; i < COUNT(rows); i++)
    hy_test_row(hy_parse_f64(rows[i].text, &x) && x == rows[i].value, rows[i].text);
  CU_ASSERT(hy_parse_f64("-0", &x) && x == 0.0 && signbit(x));
}

static void parse_seconds(void)
{
  static const char *const refused[] = {"-1",        "-1 s",    "1e308d",        "1 ",
                                        "1Ki",       "1B",      "1234567:00:00", "1.5:00:00",
                                        "1e1:00:00", "-1:00:00"};
  static const struct {
    const char *text;
    double      value;
  } rows[] = {
      {"0",         0     },
      {"90",        90    },
      {"1.5 s",     1.5   },
      {"10ms",      0.01  },
      {"5us",       5e-6  },
      {"3 ns",      3e-9  },
      {"10min",     600   },
      {"2h",        7200  },
      {"1d",        86400 },
      {"0.5 h",     1800  },
      {"1e2 ms",    0.1   },
      {"01:30:00",  5400  },
      {"0:00:09",   9     },
      {"100:00:01", 360001},
  };
  double x;

  for (size_t i = 0; i < COUNT(refused); i++) {
    x = 77;
    hy_test_row(!hy_parse_seconds(refused[i], &x) && x == 77, refused[i]);
  }
  for (size_t i = 0; i < COUNT(rows); i++)
    hy_test_row(hy_parse_seconds(rows[i].text, &x) && x == rows[i].value, rows[i].text);
}

static void parse_bytes(void)
{
  static const char *const refused[] = {"-1",    "1.5",        "1.5B",
                                        "1e19",  "8388608TiB", "20000000.5TiB",
                                        "1 ",    "1s",         "9223372036854775808",
                                        "1e999G"};
  static const struct {
    const char *text;
    int64_t     value;
  } rows[] = {
      {"0",                      0                        },
      {"4096",                   4096                     },
      {"12B",                    12                       },
      {"64 MiB",                 67108864                 },
      {"1.5GB",                  1500000000               },
      {"2k",                     2000                     },
      {"2 KB",                   2000                     },
      {"1Gi",                    1073741824               },
      {"1.1KiB",                 1126                     },
      {"0.1 B",                  -1                       },
      {"1.3333333333333333 GiB", 1431655765               },
      {"8388607TiB",             INT64_MAX - 1099511627775},
      {"9223372036854775807",    INT64_MAX                },
  };
  int64_t n;

  for (size_t i = 0; i < COUNT(refused); i++) {
    n = 77;
    hy_test_row(!hy_parse_bytes(refused[i], &n) && n == 77, refused[i]);
  }
  for (size_t i = 0; i < COUNT(rows); i++) {
    const bool read = hy_parse_bytes(rows[i].text, &n);

    hy_test_row(rows[i].value < 0 ? !read : read && n == rows[i].value, rows[i].text);
  }
}

static void format_for_people(void)
{
  static const struct {
    int64_t     n;
    const char *text;
  } counts[] = {
      {0,         "0"                         },
      {-1,        "-1"                        },
      {999,       "999"                       },
      {-999,      "-999"                      },
      {1000,      "1,000"                     },
      {-1000,     "-1,000"                    },
      {1797000,   "1,797,000"                 },
      {INT64_MIN, "-9,223,372,036,854,775,808"},
  };
  static const struct {
    double      x;
    const char *text;
  } times[] =
      {
          {0,         "0 s"        },
          {-0.0,      "0 s"        },
          {-2.5,      "-2.5 s"     },
          {1e-12,     "0.001 ns"   },
          {350e-6,    "350 us"     },
          {999.4e-6,  "999 us"     },
          {999.6e-6,  "1 ms"       },
          {0.25,      "250 ms"     },
          {0.9996,    "1 s"        },
          {1.25,      "1.25 s"     },
          {59.9,      "59.9 s"     },
          {59.96,     "1 min 00 s" },
          {125,       "2 min 05 s" },
          {3599.4,    "59 min 59 s"},
          {3599.6,    "1 h 00 min" },
          {7500,      "2 h 05 min" },
          {86369,     "23 h 59 min"},
          {86380,     "1 d 00 h"   },
          {273600,    "3 d 04 h"   },
          {1e300,     "1.16e+295 d"},
          {-1e300,    "-1e+300 s"  },
          {INFINITY,  "inf s"      },
          {-INFINITY, "-inf s"     },
  },
    amounts[] = {
        {0, "0 B"},
        {1, "1 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {1.4 * 1073741824, "1.4 GiB"},
        {9.94 * 1024, "9.9 KiB"},
        {9.96 * 1024, "10 KiB"},
        {67108864, "64 MiB"},
        {1023.6 * 1024, "1.0 MiB"},
        {1000.0 * 1024, "1000 KiB"},
        {0x1p63, "8.0 EiB"},
        {-2048, "-2.0 KiB"},
        {1e300, "8.674e+281 EiB"},
    };
  char text[28];

  for (size_t i = 0; i < COUNT(counts); i++)
    hy_test_row(strcmp(hy_format_count(text, counts[i].n), counts[i].text) == 0, counts[i].text);
  for (size_t i = 0; i < COUNT(times); i++)
    hy_test_row(strcmp(hy_format_seconds(text, times[i].x), times[i].text) == 0, times[i].text);
  for (size_t i = 0; i < COUNT(amounts); i++)
    hy_test_row(strcmp(hy_format_bytes(text, amounts[i].x), amounts[i].text) == 0, amounts[i].text);
}

/* It reads back, and no shorter one does. */
static bool is_shortest(double x)
{
  char text[28], other[40];
  int  digits = 0;

  (void)hy_format_f64(text, x);
  if (strtod(text, NULL) != x || strlen(text) > 24) return false;
  for (const char *p = text; *p && *p != 'e'; p++) digits += *p >= '1' && *p <= '9';
  for (int n = 1; n < 17; n++) {
    (void)snprintf(other, sizeof other, "%.*e", n - 1, x);
    if (strtod(other, NULL) == x) return digits <= n;
  }
  return digits <= 17;
}

static void format_f64(void)
{
  static const struct {
    double      x;
    const char *text;
  } rows[] = {
      {0,                "0"                       },
      {-0.0,             "-0"                      },
      {1,                "1"                       },
      {0.1,              "0.1"                     },
      {1e-5,             "1e-05"                   },
      {100000,           "100000"                  },
      {1e22,             "1e+22"                   },
      {1.0 / 3,          "0.3333333333333333"      },
      {0.1 + 0.2,        "0.30000000000000004"     },
      {5e-324,           "5e-324"                  },
      {DBL_MAX,          "1.7976931348623157e+308" },
      {DBL_MIN,          "2.2250738585072014e-308" },
      {-DBL_MAX,         "-1.7976931348623157e+308"},
      {9007199254740992, "9007199254740992"        },
      {0x1p-44,          "5.684341886080802e-14"   },
      {0x1p-778,         "6.290184345309701e-235"  },
      {-0x1p863,         "-6.150157786156811e+259" },
      {0x1p-489,         "6.256509672447191e-148"  },
      {INFINITY,         "inf"                     },
      {-INFINITY,        "-inf"                    },
      {NAN,              "nan"                     },
  };
  char     text[28];
  uint64_t bits = 1;
  double   x;

  for (size_t i = 0; i < COUNT(rows); i++)
    hy_test_row(strcmp(hy_format_f64(text, rows[i].x), rows[i].text) == 0, rows[i].text);
  for (int i = 0; i < 20000; i++) {
    bits = bits * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
    memcpy(&x, &bits, sizeof x);
    if (isfinite(x)) hy_test_row(is_shortest(x), hy_format_f64(text, x));
  }
  for (int e = -1074; e < 1024; e++) hy_test_row(is_shortest(ldexp(1.0, e)), "a power of two");
}

/* Where the machine has a locale with decimal commas, numbers must not care. */
static void no_locale(void)
{
  char   text[28];
  double x = 0.0;

  if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8")) return;
  CU_ASSERT(hy_parse_f64("1.5", &x) && x == 1.5);
  CU_ASSERT(!hy_parse_f64("1,5", &x));
  CU_ASSERT_STRING_EQUAL(hy_format_f64(text, 1.5), "1.5");
  CU_ASSERT_STRING_EQUAL(hy_format_seconds(text, 1.5), "1.5 s");
  (void)setlocale(LC_ALL, "C");
}

HY_TEST_MAIN("number", {"nonsense is no number", nonsense_is_no_number}, {"parse_i64", parse_i64},
             {"parse_f64", parse_f64}, {"parse_seconds", parse_seconds},
             {"parse_bytes", parse_bytes}, {"format for people", format_for_people},
             {"format_f64: shortest", format_f64}, {"no locale", no_locale})
