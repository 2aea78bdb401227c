/** @file show_picture.c
 *  An output as a picture.  A sweep over one or two axes is laid out as its axes are: the first
 *  one downwards, the second to the right, and each task is a tile.  A scalar is one pixel. */
#include "app/picture.h"
#include "app/show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/** More than that no viewer opens. */
static const int64_t max_pixels = (int64_t)1 << 28;

/** down x right tiles of rows x cols pixels. */
typedef struct mosaic {
  int     output;
  int64_t first; /* task of the first tile */
  int64_t reads; /* rows of a tile as the store counts them */
  int64_t down, right, rows, cols;
} mosaic;

/** The output named, or else the first with two dimensions. */
static hy_code pick(const options *o, const hy_kernel *k, int *output, hy_err *err)
{
  const char *names[64];
  int         n = 0, flat = -1;

  for (; n < 64 && k->outputs[n].name; n++) {
    const char *comma = strchr(k->outputs[n].shape, ',');

    names[n] = k->outputs[n].name;
    if (flat < 0 && comma && !strchr(comma + 1, ',')) flat = n;
  }
  *output = o->output_name ? hy_outputs_find(k, o->output_name) : flat;
  if (*output >= 0) return HY_OK;
  if (!o->output_name)
    return hy_fail(err, HY_EINPUT,
                   "kernel %s has no output with two dimensions; name another by --output-name",
                   k->name);
  const char *near = hy_suggest(o->output_name, names, n);

  return hy_fail(err, HY_EINPUT, "kernel %s has no output \"%s\"; did you mean %s?", k->name,
                 o->output_name, near ? near : names[0]);
}

static hy_code tile_size(const hy_job *job, int64_t task, mosaic *m, hy_err *err)
{
  const char *name = job->kernel->outputs[m->output].name;
  void       *params = malloc(job->kernel->params_size);
  hy_extent   x = {0};

  if (!params) return hy_fail(err, HY_ENOMEM, "no memory for parameters");
  hy_job_point(job, task, params);
  const hy_code rc = hy_output_extent(job->kernel, m->output, params, &x, err);

  free(params);
  if (rc) return rc;
  if (!x.present || x.ndims > 2)
    return hy_fail(err, HY_EINPUT, "output %s %s: no picture can be made of it", name,
                   x.present ? "has more than two dimensions" : "was not asked for in this job");
  m->reads = x.rows;
  m->rows = x.ndims == 2 ? x.dims[0] : 1;
  m->cols = x.ndims == 2 ? x.dims[1] : x.ndims == 1 ? x.dims[0] : 1;
  return HY_OK;
}

static hy_code same_size(const hy_job *job, mosaic *m, hy_err *err)
{
  const int64_t end = m->first + m->down * m->right;
  hy_code       rc = tile_size(job, m->first, m, err);

  for (int64_t t = m->first + 1; !rc && t < end; t++) {
    const int64_t rows = m->rows, cols = m->cols;

    rc = tile_size(job, t, m, err);
    if (!rc && (m->rows != rows || m->cols != cols))
      rc = hy_fail(err, HY_EINPUT,
                   "output %s has not the same size in all tasks; choose one by --task N",
                   job->kernel->outputs[m->output].name);
  }
  return rc;
}

static hy_code plan_mosaic(const options *o, const hy_job *job, mosaic *m, hy_err *err)
{
  hy_code rc = pick(o, job->kernel, &m->output, err);

  if (rc) return rc;
  m->down = m->right = 1;
  m->first = o->task >= 0 ? o->task : 0;
  if (o->task < 0) {
    if (job->naxes > 2)
      return hy_fail(err, HY_EINPUT,
                     "a sweep over %d axes is no picture; choose a task by --task N", job->naxes);
    if (job->naxes > 0) m->down = hy_axis_count(job->axes[0]);
    if (job->naxes > 1) m->right = hy_axis_count(job->axes[1]);
  }
  rc = same_size(job, m, err);
  if (rc) return rc;
  const double pixels = (double)m->rows * (double)m->cols * (double)m->down * (double)m->right;

  if (pixels < 1.0 || pixels > (double)max_pixels)
    return hy_fail(err, HY_EINPUT, "a picture of %.3g pixels cannot be written (1 to %lld can)",
                   pixels, (long long)max_pixels);
  return HY_OK;
}

/** Put a tile in its place; whole numbers become doubles, a failed task becomes NaN. */
static void lay(const mosaic *m, int64_t i, const hy_job *job, const void *tile, bool failed,
                double *pixels)
{
  const bool    whole = job->kernel->outputs[m->output].type == HY_I64;
  const int64_t width = m->right * m->cols;
  double       *at = pixels + (i / m->right) * m->rows * width + (i % m->right) * m->cols;

  for (int64_t r = 0; r < m->rows; r++)
    for (int64_t c = 0; c < m->cols; c++) {
      const int64_t from = r * m->cols + c;
      const double x = whole ? (double)((const int64_t *)tile)[from] : ((const double *)tile)[from];

      at[r * width + c] = failed ? NAN : x;
    }
}

/** A picture replaces a file as a whole: no device or pipe may be in its place. */
static hy_code check_target(const char *path, hy_err *err)
{
  struct stat at;

  if (stat(path, &at) == 0 && !S_ISREG(at.st_mode))
    return hy_fail(err, HY_EINPUT, "%s is no regular file; --png needs the name of a file", path);
  return HY_OK;
}

hy_code show_picture(const options *o, const hy_job *job, hy_store *store, hy_err *err)
{
  mosaic  m = {0};
  double *pixels = NULL;
  void   *tile = NULL;
  hy_code rc = check_target(o->png, err);

  if (!rc) rc = plan_mosaic(o, job, &m, err);
  if (rc) return rc;
  const int64_t tiles = m.down * m.right;

  pixels = malloc((size_t)(tiles * m.rows * m.cols) * sizeof *pixels);
  tile = calloc((size_t)(m.rows * m.cols), 8);
  if (!pixels || !tile) rc = hy_fail(err, HY_ENOMEM, "no memory for the picture");
  for (int64_t i = 0; !rc && i < tiles; i++) {
    bool failed = false;

    rc = hy_store_failed(store, m.first + i, &failed, err);
    if (!rc && !failed) rc = hy_store_read(store, m.first + i, m.output, 0, m.reads, tile, err);
    if (!rc) lay(&m, i, job, tile, failed, pixels);
  }
  const int64_t height = m.down * m.rows, width = m.right * m.cols;

  if (!rc) rc = hy_picture_write(o->png, pixels, height, width, err);
  free(pixels);
  free(tile);
  if (!rc)
    (void)printf("%s: %s of %s, %lld x %lld pixels\n", o->png, job->kernel->outputs[m.output].name,
                 o->arg, (long long)width, (long long)height);
  return rc;
}
