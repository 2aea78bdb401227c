/** @file test_params.c
 *  Parameter tables: text in, text out, ranges, extents; hy_put() and hy_get() against the table;
 *  and broken descriptors, each refused with its own words. */
#include "fake_host.h"
#include "kernel/params.h"
#include "kernel/registry.h"
#include "kernel/team.h"
#include "test.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct params {
  bool        keep;
  int         law;
  int64_t     n, any;
  double      x, free, least;
  const char *title;
  hy_matrix   data;
} params;

static const hy_param table[] = {
    HY_PARAM(params, keep, .preset = "false", .unit = "1", .doc = "Keep."),
    HY_PARAM(params, law, .preset = "pareto", .choices = "constant|uniform|pareto", .unit = "1",
             .doc = "Law."),
    HY_PARAM(params, n, .preset = "4", .min = 1, .max = 1000, .unit = "1", .doc = "Number."),
    HY_PARAM(params, any, .preset = "-3", .unit = "1", .doc = "Any number."),
    HY_PARAM(params, x, .preset = "0.5", .min = 0, .max = 1, .unit = "m", .doc = "Length."),
    HY_PARAM(params, free, .preset = "1e300", .unit = "m", .doc = "Length."),
    HY_PARAM(params, least, .preset = "2", .min = 1.5, .max = INFINITY, .unit = "m",
             .doc = "Length."),
    HY_PARAM(params, title, .preset = "", .unit = "1", .doc = "Title."),
    HY_PARAM(params, data, .unit = "1", .doc = "Data."),
    {0}};

static const hy_output outputs[] = {
    {.name = "y",               .shape = "", .type = HY_F64, .unit = "1", .doc = "Scalar, always."},
    {.name = "u",
     .shape = "n, data.cols,3",
     .type = HY_F64,
     .unit = "1",
     .doc = "Array, when asked for.",
     .when = "keep"},
    {.name = "labels", .shape = "data.rows", .type = HY_I64, .unit = "1", .doc = "Vector."},
    {.name = "cube",
     .shape = "any,any,any",
     .type = HY_F64,
     .unit = "1",
     .doc = "May be huge, which hy_output_extent() has to notice."},
    {0           }
};

static hy_code run(hy_run *r, const void *p, hy_err *err)
{
  (void)r, (void)p, (void)err;
  return HY_OK;
}

static const hy_kernel sound = {.abi = HY_KERNEL_ABI,
                                .name = "sound",
                                .version = "1",
                                .doc = "A kernel.",
                                .text = "Mathematics.",
                                .params_size = sizeof(params),
                                .params = table,
                                .outputs = outputs,
                                .run = run};

static const hy_param *named(const char *name)
{
  return &table[hy_params_find(&sound, name)];
}

static void tables_are_searched_by_name(void)
{
  CU_ASSERT_EQUAL(hy_params_count(&sound), 9);
  CU_ASSERT_EQUAL(hy_outputs_count(&sound), 4);
  CU_ASSERT_EQUAL(hy_params_find(&sound, "keep"), 0);
  CU_ASSERT_EQUAL(hy_params_find(&sound, "data"), 8);
  CU_ASSERT_EQUAL(hy_params_find(&sound, "Keep"), -1);
  CU_ASSERT_EQUAL(hy_params_find(&sound, ""), -1);
  CU_ASSERT_EQUAL(hy_outputs_find(&sound, "labels"), 2);
  CU_ASSERT_EQUAL(hy_outputs_find(&sound, "label"), -1);
  CU_ASSERT(hy_param_sweepable(named("title")));
  CU_ASSERT_FALSE(hy_param_sweepable(named("data")));
}

static void bad_text_is_refused_with_what_is_expected(void)
{
  static const char whole[] = "a whole number from 1 to 1000",
                    laws[] = "constant, uniform or pareto", either[] = "true or false",
                    part[] = "a finite number from 0 to 1", finite[] = "a finite number";
  static const struct {
    const char *param, *text, *wanted;
  } rows[] = {
      {"keep",  "yes",                  either                           },
      {"keep",  "",                     either                           },
      {"keep",  "True",                 either                           },
      {"law",   "gauss",                laws                             },
      {"law",   "uni",                  laws                             },
      {"law",   "uniform|pareto",       laws                             },
      {"law",   "",                     laws                             },
      {"n",     "many",                 whole                            },
      {"n",     "0",                    whole                            },
      {"n",     "1001",                 whole                            },
      {"n",     "2.5",                  whole                            },
      {"n",     "12 ",                  whole                            },
      {"n",     "99999999999999999999", whole                            },
      {"any",   "",                     "a whole number"                 },
      {"x",     "1.0001",               part                             },
      {"x",     "nan",                  part                             },
      {"free",  "inf",                  finite                           },
      {"free",  "1e999",                finite                           },
      {"free",  "0x10",                 finite                           },
      {"least", "1",                    "a finite number of at least 1.5"},
      {"data",  "",                     "the path of an HDF5 or CSV file"}
  };
  hy_err err = {0};

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    hy_value v = {.i = 77};
    char     message[200];

    (void)snprintf(message, sizeof message, "%s must be %s, not \"%s\"", rows[i].param,
                   rows[i].wanted, rows[i].text);
    hy_test_row(hy_param_parse(named(rows[i].param), rows[i].text, &v, &err) == HY_EINPUT &&
                    strcmp(err.text, message) == 0,
                message);
    CU_ASSERT_EQUAL(v.i, 77); /* written only on success */
  }
  CU_ASSERT_EQUAL(hy_param_parse(named("any"), "a\nb\tc", &(hy_value){0}, &err), HY_EINPUT);
  CU_ASSERT_STRING_EQUAL(err.text, "any must be a whole number, not \"a?b?c\"");
}

static void endless_text_is_cut(void)
{
  char   text[1000];
  hy_err err = {0};

  memset(text, 'z', sizeof text - 1);
  text[sizeof text - 1] = 0;
  CU_ASSERT_EQUAL(hy_param_parse(named("n"), text, &(hy_value){0}, &err), HY_EINPUT);
  CU_ASSERT(strlen(err.text) < 130);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "zzz...\""));
  /* every length once, with two-byte characters: none is cut in half */
  for (int start = 0; start < 2; start++) {
    for (int i = start; i + 1 < 999; i += 2) (void)memcpy(text + i, "\xc3\xa9", 2);
    text[start == 0 ? 998 : 999] = 0;
    CU_ASSERT_EQUAL(hy_param_parse(named("n"), text, &(hy_value){0}, &err), HY_EINPUT);
    const char *dots = strstr(err.text, "...\"");

    CU_ASSERT_PTR_NOT_NULL_FATAL(dots);
    CU_ASSERT_EQUAL((unsigned char)dots[-1], 0xa9);
  }
}

static void text_becomes_a_value_and_text_again(void)
{
  static const struct {
    const char *param, *text, *again;
  } rows[] = {
      {"keep",  "true",             "true"            },
      {"keep",  "false",            "false"           },
      {"law",   "constant",         "constant"        },
      {"law",   "pareto",           "pareto"          },
      {"n",     "1",                "1"               },
      {"n",     "1e3",              "1000"            },
      {"any",   "-3",               "-3"              },
      {"any",   "64Ki",             "65536"           },
      {"x",     "0.1",              "0.1"             },
      {"x",     "1",                "1"               },
      {"free",  "-1e-300",          "-1e-300"         },
      {"least", "1.5",              "1.5"             },
      {"title", "",                 ""                },
      {"title", "a b, c: \xc3\xa9", "a b, c: \xc3\xa9"},
      {"data",  "d.h5",             "d.h5"            }
  };

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const hy_param *p = named(rows[i].param);
    params          store;
    hy_value        v = {0};
    char            text[64];
    hy_err          err = {0};

    memset(&store, 0, sizeof store);
    const hy_code rc = hy_param_parse(p, rows[i].text, &v, &err);

    hy_test_row(rc == HY_OK && !strcmp(hy_param_format(p, v, text, sizeof text), rows[i].again),
                rows[i].text);
    hy_param_set(&store, p, v);
    if (p->type != HY_MATRIX)
      hy_test_row(
          !strcmp(hy_param_format(p, hy_param_get(&store, p), text, sizeof text), rows[i].again),
          rows[i].text);
  }
}

static void values_go_to_their_own_field_only(void)
{
  params p, before;

  memset(&p, 0x5a, sizeof p);
  for (int i = 0; i < hy_params_count(&sound); i++) {
    static const size_t sizes[] = {sizeof(bool),   sizeof(int),          sizeof(int64_t),
                                   sizeof(double), sizeof(const char *), 0};
    unsigned char      *bytes = (unsigned char *)&p, *old = (unsigned char *)&before;
    int                 strays = 0;

    before = p;
    (void)memcpy(old, bytes, sizeof p);
    hy_param_set(&p, &table[i], (hy_value){.i = 0});
    for (size_t b = 0; b < sizeof p; b++) {
      const bool inside = b >= table[i].offset && b < table[i].offset + sizes[table[i].type];

      strays += inside ? bytes[b] != 0 : bytes[b] != old[b];
    }
    hy_test_row(strays == 0, table[i].name);
  }
}

static void values_from_elsewhere_are_checked(void)
{
  static const struct {
    const char *param;
    hy_value    value;
    bool        good;
  } rows[] = {
      {"n",     {.i = 1},         true },
      {"n",     {.i = 1000},      true },
      {"n",     {.i = 0},         false},
      {"n",     {.i = 1001},      false},
      {"any",   {.i = INT64_MIN}, true },
      {"x",     {.f = 0.0},       true },
      {"x",     {.f = NAN},       false},
      {"x",     {.f = 1.5},       false},
      {"free",  {.f = INFINITY},  false},
      {"law",   {.e = 2},         true },
      {"law",   {.e = 3},         false},
      {"law",   {.e = -1},        false},
      {"title", {.s = NULL},      false},
      {"keep",  {.b = true},      true },
      {"least", {.f = 1e308},     true },
      {"data",  {.s = ""},        false}
  };

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    hy_err        err = {0};
    const hy_code rc = hy_param_check(named(rows[i].param), rows[i].value, &err);

    hy_test_row(rows[i].good ? rc == HY_OK : rc == HY_EINPUT && err.text[0], rows[i].param);
  }
}

static void extents_follow_the_parameters(void)
{
  params p = {
      .n = 5, .any = 2, .data = {NULL, 7, 4}
  };
  hy_extent x;
  hy_err    err = {0};

  CU_ASSERT_EQUAL(hy_output_extent(&sound, 0, &p, &x, &err), HY_OK);
  CU_ASSERT(x.present && x.ndims == 0 && x.rows == 1 && x.row_elements == 1 && x.bytes == 8);
  CU_ASSERT_EQUAL(hy_output_extent(&sound, 1, &p, &x, &err), HY_OK);
  CU_ASSERT(!x.present && x.bytes == 0);
  p.keep = true;
  CU_ASSERT_EQUAL(hy_output_extent(&sound, 1, &p, &x, &err), HY_OK);
  CU_ASSERT(x.present && x.ndims == 3 && x.dims[0] == 5 && x.dims[1] == 4 && x.dims[2] == 3);
  CU_ASSERT(x.rows == 5 && x.row_elements == 12 && x.bytes == 480);
  CU_ASSERT_EQUAL(hy_output_extent(&sound, 2, &p, &x, &err), HY_OK);
  CU_ASSERT(x.ndims == 1 && x.rows == 7 && x.row_elements == 1);
  p.any = 0;
  CU_ASSERT_EQUAL(hy_output_extent(&sound, 3, &p, &x, &err), HY_OK);
  CU_ASSERT(x.rows == 0 && x.bytes == 0 && x.present);
  p.any = -1;
  CU_ASSERT_EQUAL(hy_output_extent(&sound, 3, &p, &x, &err), HY_EINPUT);
  CU_ASSERT_STRING_EQUAL(err.text, "output cube: its extent any is -1, less than 0");
  for (p.any = 524288; p.any <= INT64_MAX / 4; p.any *= 2) { /* 2^57 elements are 2^60 bytes */
    const bool fits = p.any <= 524288;

    CU_ASSERT_EQUAL(hy_output_extent(&sound, 3, &p, &x, &err), fits ? HY_OK : HY_EINPUT);
    if (!fits)
      CU_ASSERT_STRING_EQUAL(err.text,
                             "output cube has more than 2^60 bytes: choose smaller parameters");
  }
}

static void dimensions_are_named_as_written(void)
{
  static const struct {
    int         output, d, param;
    const char *name;
  } rows[] = {
      {1, 0, 2,  "n"        },
      {1, 1, 8,  "data.cols"},
      {1, 2, -1, "3"        },
      {2, 0, 8,  "data.rows"}
  };
  char name[32];
  int  param = -7;

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    hy_test_row(hy_output_dim(&sound, rows[i].output, rows[i].d, name, sizeof name, &param) &&
                    strcmp(name, rows[i].name) == 0 && param == rows[i].param,
                rows[i].name);
  CU_ASSERT_FALSE(hy_output_dim(&sound, 0, 0, name, sizeof name, &param));
  CU_ASSERT_FALSE(hy_output_dim(&sound, 1, 3, name, sizeof name, &param));
  CU_ASSERT_FALSE(hy_output_dim(&sound, 1, -1, name, sizeof name, &param));
}

static void slabs_outside_an_output_are_refused(void)
{
  static const struct {
    const char *output;
    int64_t     start, count;
    const char *message;
  } rows[] = {
      {"z",      0,         1,         "has no output \"z\" in its table"                      },
      {"y",      0,         2,         "output y has rows 0 to 0, not 2 from 0"                },
      {"y",      1,         1,         "output y has rows 0 to 0, not 1 from 1"                },
      {"y",      -1,        1,         "output y has rows 0 to 0, not 1 from -1"               },
      {"y",      0,         -1,        "output y has rows 0 to 0, not -1 from 0"               },
      {"labels", 5,         3,         "output labels has rows 0 to 6, not 3 from 5"           },
      {"labels", INT64_MAX, INT64_MAX, "output labels has rows 0 to 6, not 9223372036854775807"},
      {"u",      0,         1,         "output u was not asked for, keep is false"             }
  };
  params p = {
      .n = 5, .any = 1, .data = {NULL, 7, 4}
  };
  hy_fake *f = hy_fake_new(&sound, &p, MPI_COMM_NULL, 3);
  hy_run  *r = hy_fake_handle(f);
  int64_t  data[8] = {0};

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    hy_err put = {0}, get = {0};

    hy_test_row(hy_put(r, rows[i].output, rows[i].start, rows[i].count, data, &put) == HY_EBUG &&
                    strstr(put.text, rows[i].message),
                rows[i].message);
    hy_test_row(hy_get(r, rows[i].output, rows[i].start, rows[i].count, data, &get) == HY_EBUG &&
                    strcmp(get.text, put.text) == 0,
                rows[i].message);
  }
  hy_fake_free(f);
}

static void what_is_put_is_got(void)
{
  params p = {
      .keep = true, .n = 5, .any = 1, .data = {NULL, 7, 4}
  };
  hy_fake *f = hy_fake_new(&sound, &p, MPI_COMM_NULL, 3);
  hy_run  *r = hy_fake_handle(f);
  char     name[] = "u"; /* not the table's literal */
  double   slab[24], back[24] = {0}, y = 1.25;
  hy_err   err = {0};

  for (int i = 0; i < 24; i++) slab[i] = i + 1;
  CU_ASSERT_EQUAL(hy_put(r, name, 3, 2, slab, &err), HY_OK);
  CU_ASSERT_EQUAL(hy_get(r, "u", 4, 1, back, &err), HY_OK);
  CU_ASSERT_EQUAL(memcmp(back, slab + 12, 12 * sizeof *slab), 0);
  CU_ASSERT_EQUAL(back[12], 0.0);
  CU_ASSERT_EQUAL(hy_put(r, "u", 5, 0, NULL, &err), HY_OK); /* an empty slab at the end */
  CU_ASSERT_EQUAL(hy_put(r, "y", 0, 1, &y, &err), HY_OK);
  CU_ASSERT_EQUAL(hy_fake_f64(f, "y", 0), 1.25);
  CU_ASSERT_EQUAL(hy_threads(r), 3);
  CU_ASSERT_EQUAL(hy_comm(r), MPI_COMM_NULL);
  CU_ASSERT_EQUAL(hy_seed(r), hy_task_seed(1, 0));
  CU_ASSERT_NOT_EQUAL(hy_task_seed(1, 0), hy_task_seed(1, 1));
  CU_ASSERT_NOT_EQUAL(hy_task_seed(1, 0), hy_task_seed(2, 0));
  CU_ASSERT_EQUAL(hy_step(r, &err), HY_OK);
  hy_fake_stop_at(f, 2);
  CU_ASSERT_EQUAL(hy_step(r, &err), HY_STOP);
  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_EBUG); /* run() of this kernel puts nothing */
  CU_ASSERT_STRING_EQUAL(err.text, "output y: row 0 was put 0 times");
  hy_fake_free(f);
}

static void all_kernels_of_the_program_are_sound(void)
{
  CU_ASSERT(hy_kernels_count() > 0);
  for (int i = 0; hy_kernels[i]; i++) {
    hy_err err = {0};

    hy_test_row(hy_kernel_check(hy_kernels[i], &err) == HY_OK, err.text);
    CU_ASSERT_PTR_EQUAL(hy_kernel_find(hy_kernels[i]->name), hy_kernels[i]);
    if (i > 0) CU_ASSERT(strcmp(hy_kernels[i - 1]->name, hy_kernels[i]->name) < 0);
  }
  CU_ASSERT_PTR_NULL(hy_kernel_find("no such kernel"));
  CU_ASSERT_PTR_NULL(hy_kernel_find(""));
}

static hy_kernel broken;
static hy_param  broken_params[11];
static hy_output broken_outputs[6];

static void mend(void)
{
  broken = sound;
  (void)memcpy(broken_params, table, sizeof table);
  (void)memcpy(broken_outputs, outputs, sizeof outputs);
  broken.params = broken_params;
  broken.outputs = broken_outputs;
}

/** `broken` is refused with these words; mends it. */
static void refused(const char *message)
{
  hy_err err = {0};

  hy_test_row(hy_kernel_check(&broken, &err) == HY_EBUG && strstr(err.text, message), message);
  mend();
}

static void broken_kernels_are_refused(void)
{
  hy_err err = {0};

  CU_ASSERT_EQUAL(hy_kernel_check(&sound, &err), HY_OK);
  mend();
  CU_ASSERT_EQUAL(hy_kernel_check(&broken, &err), HY_OK);
  broken.abi = 99, refused("abi 99");
  broken.name = NULL, refused("is no name for a kernel");
  broken.name = "Heat", refused("\"Heat\" is no name for a kernel");
  broken.name = "", refused("\"\" is no name for a kernel");
  broken.version = NULL, refused("kernel sound lacks a version, a doc line or a text");
  broken.doc = "", refused("kernel sound lacks a version, a doc line or a text");
  broken.text = NULL, refused("kernel sound lacks a version, a doc line or a text");
  broken.run = NULL, refused("kernel sound lacks a run function");
  broken.params_size = 0, refused("kernel sound lacks a run function, parameters");
  broken_outputs[0] = (hy_output){0},
  refused("kernel sound lacks a run function, parameters or outputs");
}

static void broken_parameters_are_refused(void)
{
  hy_param *p = broken_params;

  mend();
  p[2].name = "N", refused("\"N\" is no name for a parameter");
  p[2].name = "zip", refused("zip means something else in a sweep");
  p[2].name = "any", refused("kernel sound has two parameters any");
  p[2].unit = NULL, refused("parameter n lacks a unit or a sentence");
  p[2].doc = "", refused("parameter n lacks a unit or a sentence");
  p[1].choices = NULL, refused("parameter law lacks choices");
  p[2].min = 2000, refused("parameter n has an empty range");
  p[2].preset = "0", refused("default: n must be a whole number from 1 to 1000, not \"0\"");
  p[1].preset = "gauss", refused("default: law must be constant, uniform or pareto");
  p[0].preset = "no", refused("default: keep must be true or false");
}

static void broken_outputs_are_refused(void)
{
  hy_output *o = broken_outputs;

  mend();
  o[0].name = "3d", refused("\"3d\" is no name for an output");
  o[0].name = "status", refused("results have a status of their own");
  o[0].name = "u", refused("the name u is used twice");
  o[0].name = "n", refused("the name n is used twice");
  o[0].unit = NULL, refused("output y lacks a unit, a sentence or a shape");
  o[0].doc = NULL, refused("output y lacks a unit, a sentence or a shape");
  o[0].shape = NULL, refused("output y lacks a unit, a sentence or a shape");
  o[0].type = HY_BOOL, refused("output y must be HY_I64 or HY_F64");
  o[1].when = "n", refused("output u: `when` names no bool parameter");
  o[1].when = "kept", refused("output u: `when` names no bool parameter");
  o[1].shape = "m", refused("\"m\" in its shape is no size");
  o[1].shape = "x", refused("\"x\" in its shape is no size");
  o[1].shape = "data", refused("\"data\" in its shape is no size");
  o[1].shape = "data.sides", refused("\"data.sides\" in its shape is no size");
  o[1].shape = "n.rows", refused("\"n.rows\" in its shape is no size");
  o[1].shape = "n,,3", refused("\"\" in its shape is no size");
  o[1].shape = "n,-3", refused("\"-3\" in its shape is no size");
  o[1].shape = "1,1,1,1,1,1,1,1,1", refused("output u has too many dimensions");
}

/** The same mistakes where nobody called hy_kernel_check(). */
static void broken_shapes_have_no_extent(void)
{
  static const struct {
    const char *shape, *when, *message;
  } rows[] = {
      {"m",                 NULL, "\"m\" in its shape is no number" },
      {"3x",                NULL, "\"3x\" in its shape is no number"},
      {"1,1,1,1,1,1,1,1,1", NULL, "has more than 8 dimensions"      },
      {"",                  "n",  "when \"n\" is no bool parameter" }
  };
  params p = {.n = 1};

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    hy_extent x;
    hy_err    err = {0};

    mend();
    broken_outputs[0].shape = rows[i].shape;
    broken_outputs[0].when = rows[i].when;
    hy_test_row(hy_output_extent(&broken, 0, &p, &x, &err) == HY_EBUG &&
                    strstr(err.text, rows[i].message),
                rows[i].message);
  }
}

HY_TEST_MAIN("params", {"tables_are_searched_by_name", tables_are_searched_by_name},
             {"bad_text_is_refused_with_what_is_expected",
              bad_text_is_refused_with_what_is_expected},
             {"endless_text_is_cut", endless_text_is_cut},
             {"text_becomes_a_value_and_text_again", text_becomes_a_value_and_text_again},
             {"values_go_to_their_own_field_only", values_go_to_their_own_field_only},
             {"values_from_elsewhere_are_checked", values_from_elsewhere_are_checked},
             {"extents_follow_the_parameters", extents_follow_the_parameters},
             {"dimensions_are_named_as_written", dimensions_are_named_as_written},
             {"slabs_outside_an_output_are_refused", slabs_outside_an_output_are_refused},
             {"what_is_put_is_got", what_is_put_is_got},
             {"all_kernels_of_the_program_are_sound", all_kernels_of_the_program_are_sound},
             {"broken_kernels_are_refused", broken_kernels_are_refused},
             {"broken_parameters_are_refused", broken_parameters_are_refused},
             {"broken_outputs_are_refused", broken_outputs_are_refused},
             {"broken_shapes_have_no_extent", broken_shapes_have_no_extent})
