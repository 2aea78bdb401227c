/** @file layout.c
 *  From a job to datasets.
 *
 *  An axis of one parameter is a dimension named like it.  An axis of several is a dimension
 *  `point`, and each of them a variable over it.  An output with the same shape at every task is
 *  one array over the axes and its own dimensions, which are named by the words of its shape; the
 *  same word is the same dimension, but a second time in one output it is another one ("n", "n_2"):
 *  tools that look dimensions up by name cannot tell them apart.  An output whose shape, or
 *  existence, depends on a swept parameter is one dataset per task, in a group of the task's, and
 *  its dimensions are there as well, as far as they depend on the sweep.
 *
 *  Who writes what: the tasks' pieces are numbered through, and cut into as many ranges of equal
 *  length as there are ranks.  When no output of a task is longer than a piece, cuts fall on
 *  multiples of `group` tasks instead, which are about a piece of the largest output: writes are
 *  then long and no two ranks write into the same blocks of a file system all the time.
 *  Nothing here depends on the number of ranks but the cuts. */
#include "store/layout.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Names in use in the root group. */
typedef struct names {
  const char **used;
  int          n;
} names;

/** `want` as an identifier, with a number behind it when it is taken: into name[]. */
static void claim(names *in_use, const char *want, char name[STORE_NAME])
{
  char plain[STORE_NAME - 12];

  (void)snprintf(plain, sizeof plain, "%s", want);
  for (char *c = plain; *c; c++)
    if (!isalnum((unsigned char)*c)) *c = '_';
  (void)snprintf(name, STORE_NAME, "%s", plain);
  for (int i = 0, copy = 2; i < in_use->n; i++) {
    if (strcmp(in_use->used[i], name) != 0) continue;
    (void)snprintf(name, STORE_NAME, "%s_%d", plain, copy++);
    i = -1;
  }
  in_use->used[in_use->n++] = name;
}

/** Name of a dimension of an output: "ny", "data_rows", "dim_3"; and of its second use "ny_2". */
static void dim_word(const hy_kernel *k, int output, int d, char word[STORE_NAME])
{
  char name[STORE_NAME - 16], other[STORE_NAME - 16];
  int  param, copies = 1;

  if (!hy_output_dim(k, output, d, name, sizeof name, &param)) name[0] = 0;
  for (int e = 0; e < d; e++)
    if (hy_output_dim(k, output, e, other, sizeof other, &param) && strcmp(name, other) == 0)
      copies++;
  const char *prefix = isdigit((unsigned char)name[0]) ? "dim_" : "";

  if (copies == 1)
    (void)snprintf(word, STORE_NAME, "%s%s", prefix, name);
  else
    (void)snprintf(word, STORE_NAME, "%s%s_%d", prefix, name, copies);
  for (char *c = word; *c; c++)
    if (!isalnum((unsigned char)*c)) *c = '_';
}

/** Parameters of a task into lay->point. */
static void set_point(const hy_layout *lay, int64_t task)
{
  const hy_param *params = lay->job->kernel->params;

  hy_job_point(lay->job, task, lay->point);
  for (int p = 0; lay->sizes && params[p].name; p++)
    if (params[p].type == HY_MATRIX)
      memcpy((char *)lay->point + params[p].offset, &lay->sizes[p], sizeof lay->sizes[p]);
}

static bool depends_on_sweep(const hy_job *job, int output)
{
  const hy_output *o = &job->kernel->outputs[output];
  char             name[STORE_NAME];
  int              param;

  if (o->when && (param = hy_params_find(job->kernel, o->when)) >= 0) {
    if (job->swept[param]) return true;
    if (!hy_param_get(job->params, &job->kernel->params[param]).b) return false; /* never there */
  }
  for (int d = 0; hy_output_dim(job->kernel, output, d, name, sizeof name, &param); d++)
    if (param >= 0 && job->swept[param]) return true;
  return false;
}

static void lay_axes(hy_layout *lay, names *in_use)
{
  for (int a = 0; a < lay->naxes; a++) {
    const hy_axis *axis = lay->job->axes[a];
    const int      n = hy_axis_nparams(axis);
    store_dim     *dim = &lay->dims[lay->ndims++];

    claim(in_use, n == 1 ? hy_axis_param(axis, 0)->name : "point", dim->name);
    dim->size = hy_axis_count(axis);
    for (int p = 0; p < n; p++) {
      store_var *var = &lay->vars[lay->nvars++];

      *var = (store_var){.axis = a, .p = p, .scale = n == 1};
      if (n == 1)
        memcpy(var->name, dim->name, sizeof var->name);
      else
        claim(in_use, hy_axis_param(axis, p)->name, var->name);
    }
  }
}

/** The root dimension for a word of a shape: found, or made.  `words` has what was asked for. */
static int root_dim(hy_layout *lay, names *in_use, char (*words)[STORE_NAME], const char *word,
                    int64_t size)
{
  for (int i = lay->naxes; i < lay->ndims; i++)
    if (strcmp(words[i], word) == 0) return i;
  (void)snprintf(words[lay->ndims], STORE_NAME, "%s", word);
  claim(in_use, word, lay->dims[lay->ndims].name);
  lay->dims[lay->ndims].size = size;
  return lay->ndims++;
}

static hy_code lay_output(hy_layout *lay, int o, names *in_use, char (*words)[STORE_NAME],
                          hy_err *err)
{
  const hy_kernel *k = lay->job->kernel;
  store_output    *out = &lay->outputs[o];
  hy_extent       *x = &lay->fixed[o];
  char             word[STORE_NAME];
  const hy_code    rc = hy_output_extent(k, o, lay->point, x, err);

  if (rc) return rc;
  if (lay->naxes + x->ndims > STORE_RANK)
    return hy_fail(err, HY_EINPUT, "output %s would have %d dimensions, %d are possible: %s",
                   out->name, lay->naxes + x->ndims, STORE_RANK,
                   "let some parameters change together (zip)");
  out->present = x->present;
  out->rank = lay->naxes + x->ndims;
  out->elements = x->present ? x->rows * x->row_elements : 0;
  for (int a = 0; a < lay->naxes; a++) out->dims[a] = a;
  for (int d = 0; x->present && d < x->ndims; d++) {
    dim_word(k, o, d, word);
    out->dims[lay->naxes + d] = root_dim(lay, in_use, words, word, x->dims[d]);
  }
  for (int d = 0; x->present && d < out->rank; d++) out->extent[d] = lay->dims[out->dims[d]].size;
  return HY_OK;
}

/** A dataset per task: dimensions which do not depend on the sweep are those of the root group, the
 *  others are named by their words, but not like an output beside them. */
static hy_code lay_varying(hy_layout *lay, int o, names *in_use, char (*words)[STORE_NAME],
                           hy_err *err)
{
  const hy_job *job = lay->job;
  store_output *out = &lay->outputs[o];
  char          word[STORE_NAME];
  int           param;
  hy_extent     x;
  const hy_code rc = hy_output_extent(job->kernel, o, lay->point, &x, err);

  if (rc) return rc;
  out->present = lay->varies = true;
  out->rank = x.ndims;
  for (int d = 0; d < x.ndims; d++) {
    char *name = out->local[d];

    (void)hy_output_dim(job->kernel, o, d, word, sizeof word, &param);
    dim_word(job->kernel, o, d, name);
    out->dims[d] = -1;
    if (param < 0 || !job->swept[param])
      out->dims[d] = root_dim(lay, in_use, words, name, x.dims[d]);
    for (int i = 0; i < lay->noutputs; i++)
      if (strcmp(name, lay->outputs[i].name) == 0)
        (void)snprintf(name + strnlen(name, STORE_NAME - 5), 5, "_dim");
  }
  return HY_OK;
}

hy_code hy_layout_task(const hy_layout *lay, int64_t task, hy_extent *x, hy_err *err)
{
  if (!lay->varies) {
    memcpy(x, lay->fixed, (size_t)lay->noutputs * sizeof *x);
    return HY_OK;
  }
  set_point(lay, task);
  for (int o = 0; o < lay->noutputs; o++) {
    const hy_code rc = lay->outputs[o].varies
                           ? hy_output_extent(lay->job->kernel, o, lay->point, &x[o], err)
                           : HY_OK;

    if (rc) return rc;
    if (!lay->outputs[o].varies) x[o] = lay->fixed[o];
  }
  return HY_OK;
}

static int64_t piece_count(int64_t bytes)
{
  return bytes / STORE_PIECE + (bytes % STORE_PIECE != 0);
}

int64_t hy_layout_pieces(const hy_extent *x, int noutputs)
{
  int64_t n = 1;

  for (int o = 0; o < noutputs; o++) n += piece_count(x[o].bytes);
  return n;
}

store_piece hy_layout_piece(const hy_extent *x, int noutputs, int64_t k)
{
  for (int o = 0; o < noutputs; o++) {
    const int64_t n = piece_count(x[o].bytes), offset = k * STORE_PIECE;

    if (k < n) {
      const int64_t left = x[o].bytes - offset;

      return (store_piece){o, offset, left < STORE_PIECE ? left : STORE_PIECE};
    }
    k -= n;
  }
  return (store_piece){.output = -1};
}

static bool add_bytes(hy_layout *lay, int64_t tasks, const hy_extent *x)
{
  for (int o = 0; o < lay->noutputs; o++) {
    int64_t all;

    if (!hy_mul_i64(tasks, x[o].bytes, &all) || all > (INT64_C(1) << 60) - lay->bytes) return false;
    lay->bytes += all;
  }
  return true;
}

/** How the pieces are numbered through, and how many bytes there are. */
static hy_code lay_pieces(hy_layout *lay, hy_err *err)
{
  const int64_t n = lay->job->ntasks;
  int64_t       largest = 1;
  hy_extent    *x = malloc((size_t)(lay->noutputs + 1) * sizeof *x);
  hy_code       rc = HY_OK;
  bool          fits = true;

  if (lay->varies) lay->prefix = calloc((size_t)n + 1, sizeof *lay->prefix);
  if (!x || (lay->varies && !lay->prefix)) rc = hy_fail(err, HY_ENOMEM, "no memory for a layout");
  if (!rc && !lay->varies) {
    fits = add_bytes(lay, n, lay->fixed);
    for (int o = 0; o < lay->noutputs; o++)
      if (lay->fixed[o].bytes > largest) largest = lay->fixed[o].bytes;
    lay->pieces = hy_layout_pieces(lay->fixed, lay->noutputs);
  }
  for (int64_t t = 0; lay->varies && t < n && fits && !rc; t++) {
    rc = hy_layout_task(lay, t, x, err);
    if (rc) break;
    fits = add_bytes(lay, 1, x);
    lay->prefix[t + 1] = lay->prefix[t] + hy_layout_pieces(x, lay->noutputs);
  }
  if (!rc && !fits)
    rc = hy_fail(err, HY_EINPUT, "the results of %lld tasks would have more than 2^60 bytes",
                 (long long)n);
  lay->split = lay->varies || largest > STORE_PIECE;
  lay->group = largest < STORE_PIECE ? STORE_PIECE / largest : 1;
  free(x);
  return rc;
}

static hy_code lay_all(hy_layout *lay, names *in_use, char (*words)[STORE_NAME], hy_err *err)
{
  hy_code rc = HY_OK;

  claim(in_use, "status", lay->status);
  claim(in_use, "crc32c", lay->crc);
  claim(in_use, "tasks", lay->tasks);
  lay_axes(lay, in_use);
  for (int o = 0; o < lay->noutputs; o++)
    claim(in_use, lay->job->kernel->outputs[o].name, lay->outputs[o].name);
  set_point(lay, 0);
  for (int o = 0; o < lay->noutputs && !rc; o++) {
    lay->outputs[o].varies = depends_on_sweep(lay->job, o);
    if (lay->outputs[o].varies)
      rc = lay_varying(lay, o, in_use, words, err);
    else
      rc = lay_output(lay, o, in_use, words, err);
  }
  return rc ? rc : lay_pieces(lay, err);
}

hy_code hy_layout_new(const hy_job *job, hy_matrix *sizes, hy_layout **layout, hy_err *err)
{
  hy_layout *lay = calloc(1, sizeof *lay);
  int        vars = 0;

  if (!lay) {
    free(sizes);
    return hy_fail(err, HY_ENOMEM, "no memory for a layout");
  }
  lay->job = job;
  lay->sizes = sizes;
  lay->naxes = job->naxes;
  lay->noutputs = hy_outputs_count(job->kernel);
  for (int a = 0; a < job->naxes; a++) vars += hy_axis_nparams(job->axes[a]);
  const size_t dims = (size_t)job->naxes + (size_t)lay->noutputs * HY_MAX_DIMS + 1;
  const size_t all = dims + (size_t)vars + (size_t)lay->noutputs + 3;
  names        in_use = {calloc(all, sizeof *in_use.used), 0};
  char(*words)[STORE_NAME] = calloc(dims, sizeof *words);
  hy_code rc = HY_OK;

  lay->dims = calloc(dims, sizeof *lay->dims);
  lay->vars = calloc((size_t)vars + 1, sizeof *lay->vars);
  lay->outputs = calloc((size_t)lay->noutputs + 1, sizeof *lay->outputs);
  lay->fixed = calloc((size_t)lay->noutputs + 1, sizeof *lay->fixed);
  lay->point = calloc(1, job->kernel->params_size + 1);
  if (!in_use.used || !words || !lay->dims || !lay->vars || !lay->outputs || !lay->fixed ||
      !lay->point)
    rc = hy_fail(err, HY_ENOMEM, "no memory for a layout");
  if (!rc) rc = lay_all(lay, &in_use, words, err);
  free(in_use.used);
  free(words);
  if (rc)
    hy_layout_free(lay);
  else
    *layout = lay;
  return rc;
}

void hy_layout_free(hy_layout *lay)
{
  if (!lay) return;
  free(lay->outputs);
  free(lay->dims);
  free(lay->vars);
  free(lay->prefix);
  free(lay->fixed);
  free(lay->point);
  free(lay->sizes);
  free(lay);
}

/** floor(n * rank / size), without overflow. */
static int64_t share(int64_t n, int rank, int size)
{
  return n / size * rank + n % size * rank / size;
}

store_cut hy_layout_cut(const hy_layout *lay, int rank, int size)
{
  const int64_t n = lay->job->ntasks;

  if (!lay->split) {
    const int64_t task = share((n + lay->group - 1) / lay->group, rank, size) * lay->group;

    return (store_cut){task < n ? task : n, 0};
  }
  if (!lay->varies) {
    const int64_t u = share(n * lay->pieces, rank, size);

    return (store_cut){u / lay->pieces, u % lay->pieces};
  }
  const int64_t u = share(lay->prefix[n], rank, size);
  int64_t       low = 0, high = n;

  while (low < high) { /* the last task that begins at or before u */
    const int64_t middle = low + (high - low + 1) / 2;

    if (lay->prefix[middle] <= u)
      low = middle;
    else
      high = middle - 1;
  }
  return (store_cut){low, u - lay->prefix[low]};
}
