/** @file answer.c
 *  What came out, in one table: the scalar outputs by the first axis of the sweep, the least, the mean
 *  and the greatest over the other axes. */
#include "engine/internal.h"

#include "base/str.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_ROWS = 24, MAX_COLUMNS = 3 };

typedef struct spread {
  double  least, sum, greatest;
  int64_t n;
} spread;

/** Scalar outputs which are not integers come first: counts of steps are of less interest. */
static int pick_outputs(const engine *e, int columns[MAX_COLUMNS])
{
  const hy_output *outputs = e->job->kernel->outputs;
  int              n = 0;

  for (int pass = 0; pass < 2; pass++)
    for (int o = 0; o < e->noutputs && n < MAX_COLUMNS; o++)
      if ((outputs[o].type == HY_F64) == (pass == 0) && !outputs[o].when && !outputs[o].shape[0])
        columns[n++] = o;
  return n;
}

static bool read_scalar(hy_store *store, const engine *e, int64_t task, int output, double *x)
{
  union {
    double  f;
    int64_t i;
  } value;
  hy_err ignored;
  bool   failed = false;

  if (hy_store_failed(store, task, &failed, &ignored) || failed) return false;
  if (hy_store_read(store, task, output, 0, 1, &value, &ignored)) return false;
  *x = e->job->kernel->outputs[output].type == HY_F64 ? value.f : (double)value.i;
  return true;
}

static spread spread_of(hy_store *store, const engine *e, int64_t first, int64_t n, int output)
{
  spread s = {.least = INFINITY, .greatest = -INFINITY};
  double x;

  for (int64_t t = first; t < first + n; t++) {
    if (!read_scalar(store, e, t, output, &x)) continue;
    if (x < s.least) s.least = x;
    if (x > s.greatest) s.greatest = x;
    s.sum += x;
    s.n++;
  }
  return s;
}

static void header(const engine *e, const int *columns, int n, bool many, hy_str *text)
{
  hy_str_addf(text, "\n  %-12s", hy_axis_param(e->job->axes[0], 0)->name);
  for (int c = 0; c < n; c++) {
    const hy_output *o = &e->job->kernel->outputs[columns[c]];

    if (many && c == 0)
      hy_str_addf(text, "%12s least %11s mean %8s most", o->name, "", "");
    else
      hy_str_addf(text, "%18s", o->name);
  }
  hy_str_add(text, "\n");
}

static void rows(hy_store *store, const engine *e, const int *columns, int n, hy_str *text)
{
  const hy_axis *axis = e->job->axes[0];
  const int64_t  per_row = e->job->ntasks / hy_axis_count(axis);
  char           value[64];

  for (int64_t i = 0; i < hy_axis_count(axis); i++) {
    hy_str_addf(
        text, "  %-12s",
        hy_param_format(hy_axis_param(axis, 0), hy_axis_value(axis, 0, i), value, sizeof value));
    for (int c = 0; c < n; c++) {
      const spread s = spread_of(store, e, i * per_row, per_row, columns[c]);

      if (s.n == 0)
        hy_str_addf(text, "%18s", "failed");
      else if (per_row > 1 && c == 0)
        hy_str_addf(text, "%18.8g %16.8g %13.8g", s.least, s.sum / (double)s.n, s.greatest);
      else
        hy_str_addf(text, "%18.8g", s.sum / (double)s.n);
    }
    hy_str_add(text, "\n");
  }
}

void answer_print(const engine *e, hy_str *text)
{
  int       columns[MAX_COLUMNS];
  char      path[4096];
  hy_err    ignored;
  hy_store *store = NULL;

  if (e->job->naxes == 0 || e->job->ntasks > 100000) return;
  if (hy_axis_count(e->job->axes[0]) > MAX_ROWS || hy_axis_nparams(e->job->axes[0]) != 1) return;
  const int n = pick_outputs(e, columns);

  (void)snprintf(path, sizeof path, "%s/results.h5", e->dir);
  if (n == 0 || hy_store_open(path, e->job, &store, &ignored)) return;
  header(e, columns, n, e->job->ntasks > hy_axis_count(e->job->axes[0]), text);
  rows(store, e, columns, n, text);
  hy_store_close(store);
}
