/** @file read.c
 *  Reading results.h5: the layout is computed again from the job, so the file is asked only for
 *  what has the names and extents which the job says. */
#include "base/digest.h"
#include "store/file.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hy_store {
  store_file file;
  hy_layout *lay;
  char      *path;
  char      *buffer; /* [STORE_PIECE] */
  hy_extent *x;      /* [noutputs] */
};

/** Attribute `job_sha256` against the job's digest. */
static hy_code check_job(const hy_store *s, const hy_job *job, hy_err *err)
{
  char        wanted[65], found[65] = "";
  const hid_t a = H5Aopen(s->file.id, "job_sha256", H5P_DEFAULT);
  const hid_t type = a < 0 ? -1 : H5Aget_type(a);
  const bool  fits = type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tget_size(type) == 64 &&
                    H5Tis_variable_str(type) == 0;

  hy_hex32(job->digest, wanted);
  const bool read = fits && H5Aread(a, type, found) >= 0;

  if (type >= 0) (void)H5Tclose(type);
  if (a >= 0) (void)H5Aclose(a);
  if (!read) return hy_fail(err, HY_EINPUT, "%s: no results of hybrid", s->path);
  if (memcmp(wanted, found, 64) != 0)
    return hy_fail(err, HY_EINPUT, "%s: results of another job (%.12s, not %.12s)", s->path, found,
                   wanted);
  return HY_OK;
}

/** Rows and columns of a matrix parameter, as the file has them. */
static hy_code read_size(const hy_store *s, const char *param, hy_matrix *size, hy_err *err)
{
  char    name[STORE_NAME];
  int64_t sides[2] = {0, 0};

  (void)snprintf(name, sizeof name, "param_%s", param);
  const hid_t a = H5Aopen(s->file.id, name, H5P_DEFAULT), space = a < 0 ? -1 : H5Aget_space(a);
  const bool  good = space >= 0 && H5Sget_simple_extent_npoints(space) == 2 &&
                    H5Aread(a, H5T_NATIVE_INT64, sides) >= 0;

  if (space >= 0) (void)H5Sclose(space);
  if (a >= 0) (void)H5Aclose(a);
  if (!good) return hy_fail(err, HY_EINPUT, "%s: no results of hybrid: no %s", s->path, name);
  *size = (hy_matrix){.rows = sides[0], .cols = sides[1]};
  return HY_OK;
}

/** The layout, with the extents of matrices from the file: they need not be loaded to read it. */
static hy_code lay_out(hy_store *s, const hy_job *job, hy_err *err)
{
  const hy_param *params = job->kernel->params;
  hy_matrix      *sizes = calloc((size_t)hy_params_count(job->kernel) + 1, sizeof *sizes);
  hy_code         rc = HY_OK;

  if (!sizes) return hy_fail(err, HY_ENOMEM, "%s: no memory to open it", s->path);
  for (int p = 0; params[p].name && !rc; p++)
    if (params[p].type == HY_MATRIX) rc = read_size(s, params[p].name, &sizes[p], err);
  if (rc) {
    free(sizes);
    return rc;
  }
  rc = hy_layout_new(job, sizes, &s->lay, err);
  if (rc) return rc;
  s->file.lay = s->lay;
  s->x = calloc((size_t)s->lay->noutputs + 1, sizeof *s->x);
  if (!s->x) return hy_fail(err, HY_ENOMEM, "%s: no memory to open it", s->path);
  return HY_OK;
}

hy_code hy_store_open(const char *path, const hy_job *job, hy_store **store, hy_err *err)
{
  hy_store *s = calloc(1, sizeof *s);
  hy_code   rc = HY_OK;

  hy_h5_quiet();
  if (!s) return hy_fail(err, HY_ENOMEM, "%s: no memory to open it", path);
  s->file.id = -1;
  s->path = strdup(path);
  s->file.path = s->path;
  s->buffer = malloc(STORE_PIECE);
  if (!s->path || !s->buffer) rc = hy_fail(err, HY_ENOMEM, "%s: no memory to open it", path);
  if (!rc) rc = store_file_open(&s->file, MPI_COMM_NULL, false, err);
  if (!rc) rc = check_job(s, job, err);
  if (!rc) rc = lay_out(s, job, err);
  if (!rc) rc = store_file_open_sets(&s->file, err);
  if (rc)
    hy_store_close(s);
  else
    *store = s;
  return rc;
}

void hy_store_close(hy_store *s)
{
  if (!s) return;
  (void)store_file_close(&s->file, NULL);
  hy_layout_free(s->lay);
  free(s->path);
  free(s->buffer);
  free(s->x);
  free(s);
}

static hy_code check_task(const hy_store *s, int64_t task, hy_err *err)
{
  if (task >= 0 && task < s->lay->job->ntasks) return HY_OK;
  return hy_fail(err, HY_EINPUT, "%s: there is no task %lld, only 0 to %lld", s->path,
                 (long long)task, (long long)s->lay->job->ntasks - 1);
}

hy_code hy_store_failed(hy_store *s, int64_t task, bool *failed, hy_err *err)
{
  const store_span span = {store_status_slot(s->lay), -1, task, 1};
  int8_t           status = 0;
  hy_code          rc = check_task(s, task, err);

  if (!rc) rc = store_file_io(&s->file, &span, &status, false, err);
  if (!rc) *failed = status != 0;
  return rc;
}

/** Elements of one output of a task, counted from its first. */
static hy_code read_elements(const hy_store *s, int64_t task, int output, const int64_t range[2],
                             void *data, hy_err *err)
{
  const store_output *out = &s->lay->outputs[output];
  const int64_t       before = out->varies ? 0 : task * out->elements;
  const store_span    span = {output, out->varies ? task : -1, before + range[0], range[1]};

  return store_file_io(&s->file, &span, data, false, err);
}

hy_code hy_store_read(hy_store *s, int64_t task, int output, int64_t start, int64_t count,
                      void *data, hy_err *err)
{
  bool    failed = false;
  hy_code rc = check_task(s, task, err);

  if (!rc && (output < 0 || output >= s->lay->noutputs))
    rc = hy_fail(err, HY_EINPUT, "%s: there is no output %d", s->path, output);
  if (!rc) rc = hy_layout_task(s->lay, task, s->x, err);
  if (rc) return rc;
  const hy_extent *x = &s->x[output];
  const char      *name = s->lay->job->kernel->outputs[output].name;

  if (!x->present)
    return hy_fail(err, HY_EINPUT, "%s: task %lld has no %s", s->path, (long long)task, name);
  if (start < 0 || count < 0 || count > x->rows - start)
    return hy_fail(err, HY_EINPUT, "%s: %lld rows of %s from row %lld: it has %lld", s->path,
                   (long long)count, name, (long long)start, (long long)x->rows);
  if (s->lay->outputs[output].varies) rc = hy_store_failed(s, task, &failed, err);
  if (!rc && failed)
    rc = hy_fail(err, HY_EINPUT, "%s: task %lld failed: it has no %s", s->path, (long long)task,
                 name);
  const int64_t range[2] = {start * x->row_elements, count * x->row_elements};

  return rc ? rc : read_elements(s, task, output, range, data, err);
}

/** Does a failed task have what failed tasks have? */
static bool is_fill(const hy_store *s, int output, int64_t bytes)
{
  const uint64_t nan = STORE_NAN;
  const int64_t  none = INT64_MIN;
  const bool     whole = s->lay->job->kernel->outputs[output].type == HY_I64;

  for (int64_t at = 0; at < bytes; at += 8)
    if (memcmp(s->buffer + at, whole ? (const void *)&none : &nan, 8) != 0) return false;
  return true;
}

hy_code hy_store_check(hy_store *s, int64_t task, bool *same, hy_err *err)
{
  const store_span span = {store_crc_slot(s->lay), -1, task, 1};
  uint32_t         crc = 0, stored = 0;
  bool             failed = false, ok = true;
  hy_code          rc = hy_store_failed(s, task, &failed, err);

  if (!rc) rc = store_file_io(&s->file, &span, &stored, false, err);
  if (!rc) rc = hy_layout_task(s->lay, task, s->x, err);
  const int64_t n = rc ? 0 : hy_layout_pieces(s->x, s->lay->noutputs);

  for (int64_t k = 0; k < n && !rc; k++) {
    const store_piece p = hy_layout_piece(s->x, s->lay->noutputs, k);
    const int64_t     range[2] = {p.offset / 8, p.bytes / 8};

    if (p.output < 0 || (failed && s->lay->outputs[p.output].varies)) continue;
    if (read_elements(s, task, p.output, range, s->buffer, NULL) != HY_OK) {
      ok = false;
      break;
    }
    const uint32_t piece = hy_crc32c(0, s->buffer, (size_t)p.bytes);

    crc = hy_crc32c(crc, &piece, sizeof piece);
    if (failed) ok = ok && is_fill(s, p.output, p.bytes);
  }
  if (rc) return rc;
  *same = ok && stored == (failed ? 0 : crc);
  return HY_OK;
}
