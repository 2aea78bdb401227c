/** @file matrix.c
 *  Matrices from files that others made, so nothing in them is believed: types, extents and links
 *  are looked at before anything is read, and only what lies in the file itself is. */
#include "base/io.h"
#include "store/csv.h"
#include "store/file.h"
#include "store/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/** More than this is no CSV file anybody means. */
static const size_t max_text = (size_t)1 << 36;

/** The search for the dataset to take when none is named. */
typedef struct search {
  char *best;   /**< path; owned */
  int   rank;   /**< of best; 0: none */
  bool  failed; /**< no memory */
} search;

/** Rank of a dataset when it holds numbers, else -1. */
static int numeric_rank(hid_t set)
{
  const hid_t type = H5Dget_type(set), space = H5Dget_space(set);
  const H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
  const bool numeric = (class == H5T_INTEGER || class == H5T_FLOAT) && space >= 0 &&
                       H5Sget_simple_extent_type(space) != H5S_NULL;
  const int rank = numeric ? H5Sget_simple_extent_ndims(space) : -1;

  if (type >= 0) (void)H5Tclose(type);
  if (space >= 0) (void)H5Sclose(space);
  return rank;
}

/** H5Ovisit: objects in the order of their names; soft and external links are not followed. */
static herr_t consider(hid_t root, const char *name, const H5O_info_t *info, void *data)
{
  search *s = data;

  if (info->type != H5O_TYPE_DATASET) return 0;
  const hid_t set = H5Dopen2(root, name, H5P_DEFAULT);

  if (set < 0) return 0;
  /* coordinates are not what a matrix is looked for */
  const int rank = H5Aexists(set, "CLASS") > 0 ? -1 : numeric_rank(set);

  (void)H5Dclose(set);
  if (rank != 2 && (rank != 1 || s->rank == 1)) return 0;
  free(s->best);
  s->best = strdup(name);
  s->failed = !s->best;
  s->rank = rank;
  return s->failed || rank == 2;
}

/** Called instead of opening the file which an external link names. */
static herr_t refuse_link(const char *file, const char *path, const char *target_file,
                          const char *target, unsigned *flags, hid_t access, void *met)
{
  (void)file;
  (void)path;
  (void)target_file;
  (void)target;
  (void)flags;
  (void)access;
  *(bool *)met = true;
  return -1;
}

/** Are all the numbers in this file?  Else which part is not. */
static const char *elsewhere(hid_t set)
{
  const hid_t how = H5Dget_create_plist(set);
  const char *what = NULL;

  if (how < 0) return "has unreadable properties";
  if (H5Pget_layout(how) == H5D_VIRTUAL) what = "is a virtual dataset of other files";
  if (H5Pget_layout(how) == H5D_CONTIGUOUS && H5Pget_external_count(how) > 0)
    what = "has its numbers in other files";
  (void)H5Pclose(how);
  return what;
}

static hy_code open_set(hid_t file, const char *path, const char *name, hid_t *set, hy_err *err)
{
  const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  bool        met = false;
  char        what[200];
  hy_code     rc = HY_OK;

  (void)snprintf(what, sizeof what, "cannot open dataset \"%.150s\"", name);
  *set = -1;
  if (access >= 0 && H5Pset_elink_cb(access, refuse_link, &met) >= 0)
    *set = H5Dopen2(file, name, access);
  if (met)
    rc = hy_fail(err, HY_EINPUT, "%s: dataset \"%s\" is in another file: copy it into this one",
                 path, name);
  else if (*set < 0)
    rc = hy_h5_fail(err, HY_EINPUT, path, what);
  if (access >= 0) (void)H5Pclose(access);
  return rc;
}

static hy_code measure(hid_t set, const char *path, const char *name, int64_t size[2], hy_err *err)
{
  const int   rank = numeric_rank(set);
  const char *where = elsewhere(set);
  hsize_t     dims[2] = {0, 1};

  if (rank < 0) return hy_fail(err, HY_EINPUT, "%s: dataset \"%s\" holds no numbers", path, name);
  if (rank != 1 && rank != 2)
    return hy_fail(err, HY_EINPUT, "%s: dataset \"%s\" has %d dimensions, 1 or 2 are needed", path,
                   name, rank);
  if (where) return hy_fail(err, HY_EINPUT, "%s: dataset \"%s\" %s", path, name, where);
  const hid_t space = H5Dget_space(set);

  if (space < 0 || H5Sget_simple_extent_dims(space, dims, NULL) < 0)
    return hy_h5_fail(err, HY_EINPUT, path, "cannot read extents");
  (void)H5Sclose(space);
  if (dims[0] == 0 || dims[1] == 0)
    return hy_fail(err, HY_EINPUT, "%s: dataset \"%s\" has no %s", path, name,
                   dims[0] == 0 ? "rows" : "columns");
  if (dims[0] > STORE_MATRIX_SIDE || dims[1] > STORE_MATRIX_SIDE ||
      dims[0] * dims[1] > INT64_C(1) << 57)
    return hy_fail(err, HY_EINPUT, "%s: dataset \"%s\" has more than 2^31 rows or 2^60 bytes", path,
                   name);
  size[0] = (int64_t)dims[0];
  size[1] = (int64_t)dims[1];
  return HY_OK;
}

static hy_code read_numbers(hid_t set, const char *path, const char *name, const int64_t size[2],
                            double **data, hy_err *err)
{
  const int64_t n = size[0] * size[1];
  double       *x = malloc((size_t)n * sizeof *x);
  char          what[200];
  hy_code       rc = HY_OK;

  if (!x)
    return hy_fail(err, HY_ENOMEM, "%s: no memory for dataset \"%s\" of %lld x %lld numbers", path,
                   name, (long long)size[0], (long long)size[1]);
  (void)snprintf(what, sizeof what, "cannot read dataset \"%.150s\"", name);
  if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) < 0)
    rc = hy_h5_fail(err, HY_EINPUT, path, what);
  for (int64_t i = 0; i < n && !rc; i++)
    if (!isfinite(x[i]))
      rc = hy_fail(err, HY_EINPUT, "%s: dataset \"%s\": row %lld, column %lld is not finite", path,
                   name, (long long)(i / size[1]) + 1, (long long)(i % size[1]) + 1);
  if (rc)
    free(x);
  else
    *data = x;
  return rc;
}

static hy_code read_file(hid_t file, const char *path, const char *dataset, double **data,
                         int64_t size[2], hy_err *err)
{
  search      found = {0};
  const char *name = dataset;
  hid_t       set = -1;
  hy_code     rc = HY_OK;

  if (!name || !name[0]) {
    if (H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, consider, &found) < 0)
      rc = hy_h5_fail(err, HY_EINPUT, path, "cannot look through it");
    else if (found.failed)
      rc = hy_fail(err, HY_ENOMEM, "%s: no memory to look through it", path);
    else if (!found.best)
      rc = hy_fail(err, HY_EINPUT, "%s: no dataset of numbers with 1 or 2 dimensions", path);
    name = found.best;
  }
  if (!rc) rc = open_set(file, path, name, &set, err);
  if (!rc) rc = measure(set, path, name, size, err);
  if (!rc) rc = read_numbers(set, path, name, size, data, err);
  if (set >= 0) (void)H5Dclose(set);
  free(found.best);
  return rc;
}

static hy_code read_hdf5(const char *path, const char *dataset, double **data, int64_t size[2],
                         hy_err *err)
{
  const hid_t fapl = hy_h5_access(MPI_COMM_NULL);
  const hid_t file = fapl < 0 ? -1 : H5Fopen(path, H5F_ACC_RDONLY, fapl);

  if (file < 0) {
    const hy_code rc = hy_h5_fail(err, HY_EINPUT, path, "cannot open");

    if (fapl >= 0) (void)H5Pclose(fapl);
    return rc;
  }
  (void)H5Pclose(fapl);
  const hy_code rc = read_file(file, path, dataset, data, size, err);

  (void)H5Fclose(file);
  return rc;
}

static bool ends_with(const char *path, const char *const *endings)
{
  const char *dot = strrchr(path, '.');

  for (; dot && *endings; endings++)
    if (strcasecmp(dot, *endings) == 0) return true;
  return false;
}

static hy_code read_text(const char *path, double **data, int64_t size[2], hy_err *err)
{
  char   *text = NULL;
  size_t  n = 0;
  hy_code rc = hy_io_load(path, max_text, &text, &n, err);

  if (!rc) rc = store_csv_parse(path, text, n, data, &size[0], &size[1], err);
  free(text);
  return rc;
}

hy_code hy_store_read_matrix(const char *path, const char *dataset, double **data, int64_t *rows,
                             int64_t *cols, hy_err *err)
{
  static const char *const texts[] = {".csv", ".tsv", ".txt", NULL};
  static const char *const hdf5s[] = {".h5", ".hdf5", ".hdf", ".nc", ".nc4", NULL};
  int64_t                  size[2];
  hy_code                  rc;

  hy_h5_quiet();
  const bool text = ends_with(path, texts), hdf5 = !text && H5Fis_hdf5(path) > 0;

  if (hdf5)
    rc = read_hdf5(path, dataset, data, size, err);
  else if (!text && ends_with(path, hdf5s) && hy_io_exists(path))
    rc = hy_fail(err, HY_EINPUT, "%s: no HDF5 file, in spite of its name", path);
  else if (dataset && dataset[0] && hy_io_exists(path))
    rc = hy_fail(err, HY_EINPUT, "%s: a text file has no dataset \"%s\"", path, dataset);
  else
    rc = read_text(path, data, size, err);
  if (rc) return rc;
  *rows = size[0];
  *cols = size[1];
  return HY_OK;
}
