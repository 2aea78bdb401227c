/** @file test_matrix.c
 *  Matrices from CSV and HDF5 files, most of them bad ones with the message they must get. */
#include "store/store.h"
#include "test.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[200];

static const char *at(const char *name)
{
  (void)snprintf(path, sizeof path, "%s/%s", hy_test_dir(), name);
  return path;
}

static void put(const char *name, const char *bytes, size_t n)
{
  FILE *f = fopen(at(name), "wb");

  if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) abort();
}

/** Reading `name` fails with HY_EINPUT and this message; %s in it is the path, and an asterisk at
 *  its end stands for what HDF5 says, which changes from version to version. */
static void expect_bad(const char *name, const char *dataset, const char *message)
{
  double     *data = NULL;
  int64_t     rows = -1, cols = -1;
  hy_err      err = {0};
  char        wanted[600];
  const char *tail = strstr(message, "%s");
  const int   before = tail ? (int)(tail - message) : (int)strlen(message);

  (void)snprintf(wanted, sizeof wanted, "%.*s%s%s", before, message, tail ? at(name) : "",
                 tail ? tail + 2 : "");
  CU_ASSERT_EQUAL(hy_store_read_matrix(at(name), dataset, &data, &rows, &cols, &err), HY_EINPUT);
  const size_t n = strlen(wanted);
  const bool   open = n > 0 && wanted[n - 1] == '*';

  if (open ? strncmp(err.text, wanted, n - 1) != 0 || strlen(err.text) < n
           : strcmp(err.text, wanted) != 0) {
    CU_FAIL("wrong message");
    (void)fprintf(stderr, "\nwanted: %s\n   got: %s\n", wanted, err.text);
  }
  CU_ASSERT(data == NULL && rows == -1 && cols == -1);
}

/** Reading gives rows x cols numbers whose sum of i * x[i], i from 1, is this. */
static void expect_good(const char *name, const char *dataset, int64_t rows, int64_t cols,
                        double sum)
{
  double *data = NULL, got = 0;
  int64_t r = -1, c = -1;
  hy_err  err = {0};

  if (hy_store_read_matrix(at(name), dataset, &data, &r, &c, &err) != HY_OK) {
    CU_FAIL("refused");
    (void)fprintf(stderr, "\n%s\n", err.text);
    return;
  }
  for (int64_t i = 0; i < r * c; i++) got += (double)(i + 1) * data[i];
  CU_ASSERT_EQUAL(r, rows);
  CU_ASSERT_EQUAL(c, cols);
  CU_ASSERT_DOUBLE_EQUAL(got, sum, 1e-12 * fabs(sum));
  free(data);
}

static void test_bad_text(void)
{
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"",                       "%s: no rows of numbers"                       },
      {"\n\n  \n",               "%s: no rows of numbers"                       },
      {"# nothing\n#1,2\n",      "%s: no rows of numbers"                       },
      {"x,y\n",                  "%s: no rows of numbers"                       },
      {"1,2\n3\n",               "%s:2:2: 1 column, but line 1 has 2"           },
      {"x,y,z\n\n1,2\n",         "%s:3:4: 2 columns, but line 1 has 3"          },
      {"1,2\n3,4,5\n",           "%s:2:5: more columns than line 1, which has 2"},
      {"1,2\n3,4,\n",            "%s:2:5: more columns than line 1, which has 2"},
      {"1,2\n3,x\n",             "%s:2:3: \"x\" is no number"                   },
      {"1,2\n3, 4 5\n",          "%s:2:4: \"4 5\" is no number"                 },
      {"1,2\n3,4 # here\n",      "%s:2:3: \"4 # here\" is no number"            },
      {"x,y\nz,1\n",             "%s:2:1: \"z\" is no number"                   },
      {"x,1\n2,3\n",             "%s:1:1: \"x\" is no number"                   },
      {"nan,1\n",                "%s:1:1: \"nan\" is not finite"                },
      {"1,2\r\n3,-Infinity\r\n", "%s:2:3: \"-Infinity\" is not finite"          },
      {"1;2\n3;1e999\n",         "%s:2:3: \"1e999\" is not finite"              },
      {"1,,3\n",                 "%s:1:3: an empty cell"                        },
      {"1,2,\n3,4,\n",           "%s:1:5: an empty cell"                        },
      {"1\t2\n\t4\n",            "%s:2:1: an empty cell"                        },
      {"1\t2\n3\t\n",            "%s:2:3: an empty cell"                        },
      {"\"\",1\n",               "%s:1:2: an empty cell"                        },
      {"1,2\n0x10,3\n",          "%s:2:1: \"0x10\" is no number"                },
      {"1,2\n--3,3\n",           "%s:2:1: \"--3\" is no number"                 },
      {"a;b\n1,5;2,5\n",         "%s:2:1: \"1,5\" is no number"                 },
      {"1 2\n3  4   5\n",        "%s:2:8: more columns than line 1, which has 2"},
      {"1,2\n\"3,4\n",           "%s:2:1: \"\"3,4\" is no number"               },
      {"1,2\n3,\xc3\xa9\n",      "%s:2:3: \"??\" is no number"                  },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    put("bad.csv", cases[i].text, strlen(cases[i].text));
    expect_bad("bad.csv", i % 2 ? "" : NULL, cases[i].message);
  }
  static const char long_cell[] = "1,2\n3,a cell with really quite a lot of text in it\n";

  put("bad.csv", long_cell, sizeof long_cell - 1);
  expect_bad("bad.csv", NULL, "%s:2:3: \"a cell with really quite a lot of te...\" is no number");
  put("bad.csv", "1,2\n3\0,4\n", 9);
  expect_bad("bad.csv", NULL, "%s:2:2: a zero byte: this is no text file");
  put("bad.csv", "1,2\n", 4);
  expect_bad("bad.csv", "x", "%s: a text file has no dataset \"x\"");
  put("bad.h5", "1,2\n", 4);
  expect_bad("bad.h5", NULL, "%s: no HDF5 file, in spite of its name");
  expect_bad("nowhere.csv", NULL, "cannot open %s: No such file or directory");
  expect_bad("nowhere.h5", "x", "cannot open %s: No such file or directory");
}

static void test_good_text(void)
{
  static const struct {
    const char *name, *text;
    int64_t     rows, cols;
    double      sum;
  } cases[] = {
      {"a.csv", "1,2\n3,4\n",                           2, 2, 30   },
      {"a.csv", "1,2\n3,4",                             2, 2, 30   },
      {"a.csv", "\n# c\nx,y\n1,2\n\n# d\n3,4\n\n",      2, 2, 30   },
      {"a.csv", "\"x, or so\",\"y\"\r\n1,2\r\n3,4\r\n", 2, 2, 30   },
      {"a.csv",
       "\xef\xbb\xbf"
       "1 , 2\n 3 ,\"4\"\n",                            2, 2, 30   },
      {"a.tsv", "x\ty\n1\t2\n3\t4\n",                   2, 2, 30   },
      {"a.txt", "  1   2 \n\t3\t4\n",                   2, 2, 30   },
      {"a.txt", " 1 2\n3 4  \n",                        2, 2, 30   },
      {"a.dat", "x;y\n1;2\n3;4\n",                      2, 2, 30   },
      {"a.csv", "1\n2\n3\n4",                           4, 1, 30   },
      {"a.csv", "1 2 3 4\n",                            1, 4, 30   },
      {"a.csv", "-1.5e-3,.25,-0,1e300\n",               1, 4, 4e300},
      {"b",     "5",                                    1, 1, 5    },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    put(cases[i].name, cases[i].text, strlen(cases[i].text));
    expect_good(cases[i].name, NULL, cases[i].rows, cases[i].cols, cases[i].sum);
  }
}

/** Many rows, so that memory has to grow. */
static void test_long_text(void)
{
  FILE  *f = fopen(at("long.csv"), "w");
  double sum = 0;

  for (int i = 0; f && i < 50000; i++) {
    (void)fprintf(f, "%d,%.17g\n", i, 0.1 * i);
    sum += (2 * i + 1) * (double)i + (2 * i + 2) * (0.1 * i);
  }
  if (!f || fclose(f) != 0) abort();
  expect_good("long.csv", NULL, 50000, 2, sum);
}

/** A dataset with these numbers; dims[rank]. */
static void put_set(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dims)
{
  static const double numbers[24] = {1, 2, 3, 4, 5, 6, 7, 8};
  const hid_t         space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

  CU_ASSERT(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
  CU_ASSERT(H5Dclose(set) >= 0 && H5Sclose(space) >= 0);
}

static void put_empty_set(hid_t file, const char *name, hid_t type, hid_t space, hid_t how)
{
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);

  CU_ASSERT(set >= 0 && H5Dclose(set) >= 0);
}

static hid_t new_file(const char *name)
{
  const hid_t file = H5Fcreate(at(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

  CU_ASSERT(file >= 0);
  return file;
}

/** Datasets whose types and spaces are not what they should be. */
static void put_odd_sets(hid_t file)
{
  const hsize_t two[2] = {2, 2}, no_rows[2] = {0, 2}, no_cols[2] = {2, 0};
  const hsize_t wide[2] = {2, UINT64_C(5000000000)};
  const hid_t   square = H5Screate_simple(2, two, NULL), none = H5Screate(H5S_NULL);
  const hid_t   vlen = H5Tvlen_create(H5T_NATIVE_DOUBLE), text = H5Tcopy(H5T_C_S1);
  const hid_t   record = H5Tcreate(H5T_COMPOUND, 8), choice = H5Tenum_create(H5T_NATIVE_INT);
  const hid_t   rowless = H5Screate_simple(2, no_rows, NULL);
  const hid_t colless = H5Screate_simple(2, no_cols, NULL), broad = H5Screate_simple(2, wide, NULL);
  const int   one = 1;

  CU_ASSERT(H5Tinsert(record, "x", 0, H5T_NATIVE_DOUBLE) >= 0 && H5Tset_size(text, 4) >= 0);
  CU_ASSERT(H5Tenum_insert(choice, "one", &one) >= 0);
  put_empty_set(file, "vlen", vlen, square, H5P_DEFAULT);
  put_empty_set(file, "text", text, square, H5P_DEFAULT);
  put_empty_set(file, "record", record, square, H5P_DEFAULT);
  put_empty_set(file, "choice", choice, square, H5P_DEFAULT);
  put_empty_set(file, "null", H5T_NATIVE_DOUBLE, none, H5P_DEFAULT);
  put_empty_set(file, "rowless", H5T_NATIVE_DOUBLE, rowless, H5P_DEFAULT);
  put_empty_set(file, "colless", H5T_NATIVE_DOUBLE, colless, H5P_DEFAULT);
  put_empty_set(file, "broad", H5T_NATIVE_DOUBLE, broad, H5P_DEFAULT);
  const hid_t types[] = {vlen, text, record, choice},
              spaces[] = {square, none, rowless, colless, broad};

  for (int i = 0; i < 4; i++) CU_ASSERT(H5Tclose(types[i]) >= 0);
  for (int i = 0; i < 5; i++) CU_ASSERT(H5Sclose(spaces[i]) >= 0);
}

/** Datasets whose numbers are in other files. */
static void put_far_sets(hid_t file)
{
  const hsize_t two[2] = {2, 2};
  const hid_t   square = H5Screate_simple(2, two, NULL);
  const hid_t   far = H5Pcreate(H5P_DATASET_CREATE), virtual = H5Pcreate(H5P_DATASET_CREATE);

  CU_ASSERT(H5Pset_external(far, "/etc/passwd", 0, 32) >= 0);
  CU_ASSERT(H5Pset_virtual(virtual, square, "good.h5", "square", square) >= 0);
  put_empty_set(file, "far", H5T_NATIVE_DOUBLE, square, far);
  put_empty_set(file, "virtual", H5T_NATIVE_DOUBLE, square, virtual);
  CU_ASSERT(H5Lcreate_external("good.h5", "/square", file, "link", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  CU_ASSERT(H5Lcreate_external("good.h5", "/", file, "root", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  CU_ASSERT(H5Lcreate_soft("/link", file, "indirect", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  CU_ASSERT(H5Lcreate_soft("/nothing", file, "dangling", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  CU_ASSERT(H5Pclose(far) >= 0 && H5Pclose(virtual) >= 0 && H5Sclose(square) >= 0);
}

static void put_files(void)
{
  const hsize_t shape[3] = {2, 4, 3};
  const double  odd[6] = {1, 2, 3, 4, 5, INFINITY};
  hid_t         file = new_file("good.h5");

  put_set(file, "line", H5T_STD_I8LE, 1, shape);
  put_set(file, "scale", H5T_IEEE_F64LE, 2, shape);
  const hid_t set = H5Dopen2(file, "scale", H5P_DEFAULT), scalar = H5Screate(H5S_SCALAR);
  const hid_t mark = H5Acreate2(set, "CLASS", H5T_C_S1, scalar, H5P_DEFAULT, H5P_DEFAULT);

  CU_ASSERT(H5Aclose(mark) >= 0 && H5Sclose(scalar) >= 0 && H5Dclose(set) >= 0);
  put_set(file, "square", H5T_IEEE_F32BE, 2, shape);
  put_set(file, "zebra", H5T_STD_U64LE, 2, shape);
  const hid_t group = H5Gcreate2(file, "later", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

  put_set(group, "deep", H5T_STD_I16BE, 2, shape);
  CU_ASSERT(H5Lcreate_soft("/later/deep", file, "soft", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  CU_ASSERT(H5Gclose(group) >= 0 && H5Fclose(file) >= 0);
  file = new_file("line.h5");
  put_set(file, "line", H5T_STD_I8LE, 1, shape);
  put_set(file, "mine", H5T_STD_I8LE, 1, shape + 1);
  CU_ASSERT(H5Fclose(file) >= 0);
  file = new_file("bad.h5");
  put_set(file, "cube", H5T_IEEE_F64LE, 3, shape);
  put_set(file, "scalar", H5T_IEEE_F64LE, 0, NULL);
  put_odd_sets(file);
  put_far_sets(file);
  CU_ASSERT(H5Fclose(file) >= 0);
  file = new_file("none.h5");
  put_set(file, "cube", H5T_IEEE_F64LE, 3, shape);
  CU_ASSERT(H5Fclose(file) >= 0);
  file = new_file("odd.h5");
  const hid_t space = H5Screate_simple(2, (const hsize_t[2]){2, 3}, NULL);
  const hid_t x =
      H5Dcreate2(file, "x", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

  CU_ASSERT(H5Dwrite(x, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, odd) >= 0);
  CU_ASSERT(H5Dclose(x) >= 0 && H5Sclose(space) >= 0 && H5Fclose(file) >= 0);
}

/** The same of a dataset that is named: behind `dataset "NAME" `. */
static void expect_bad_set(const char *name, const char *message)
{
  char wanted[300];

  (void)snprintf(wanted, sizeof wanted, "%%s: dataset \"%s\" %s", name, message);
  expect_bad("bad.h5", name, wanted);
}

static void test_hdf5(void)
{
  static const struct {
    const char *dataset, *message;
  } cases[] = {
      {"cube",        "has 3 dimensions, 1 or 2 are needed"      },
      {"scalar",      "has 0 dimensions, 1 or 2 are needed"      },
      {"vlen",        "holds no numbers"                         },
      {"text",        "holds no numbers"                         },
      {"record",      "holds no numbers"                         },
      {"choice",      "holds no numbers"                         },
      {"null",        "holds no numbers"                         },
      {"rowless",     "has no rows"                              },
      {"colless",     "has no columns"                           },
      {"broad",       "has more than 2^31 rows or 2^60 bytes"    },
      {"far",         "has its numbers in other files"           },
      {"virtual",     "is a virtual dataset of other files"      },
      {"link",        "is in another file: copy it into this one"},
      {"root/square", "is in another file: copy it into this one"},
      {"indirect",    "is in another file: copy it into this one"},
  };

  put_files();
  char *name = strdup(at("good.h5"));

  put("cut.h5", "", 0);
  FILE *in = fopen(name, "rb"), *out = fopen(at("cut.h5"), "wb");

  for (int i = 0; in && out && i < 2000; i++) (void)fputc(fgetc(in), out);
  if (!in || !out || fclose(in) != 0 || fclose(out) != 0) abort();
  free(name);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    expect_bad_set(cases[i].dataset, cases[i].message);
  expect_bad("bad.h5", "dangling", "%s: cannot open dataset \"dangling\": *");
  expect_bad("bad.h5", "missing", "%s: cannot open dataset \"missing\": *");
  expect_bad("good.h5", "later", "%s: cannot open dataset \"later\": *");
  expect_bad("none.h5", NULL, "%s: no dataset of numbers with 1 or 2 dimensions");
  expect_bad("odd.h5", "", "%s: dataset \"x\": row 2, column 3 is not finite");
  expect_bad("cut.h5", NULL, "%s: cannot open: *");
  expect_good("good.h5", NULL, 2, 4, 204); /* "later/deep": the first 2-D by name */
  expect_good("good.h5", "square", 2, 4, 204);
  expect_good("good.h5", "/later/deep", 2, 4, 204);
  expect_good("good.h5", "soft", 2, 4, 204);
  expect_good("good.h5", "zebra", 2, 4, 204);
  expect_good("good.h5", "line", 2, 1, 5);
  expect_good("line.h5", NULL, 2, 1, 5);
}

HY_TEST_MAIN("matrix", {"bad text", test_bad_text}, {"good text", test_good_text},
             {"long text", test_long_text}, {"HDF5", test_hdf5})
