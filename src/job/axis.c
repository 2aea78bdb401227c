/** @file axis.c
 *  Values along the axes of a sweep.  Ranges and samples are computed from the index, so a sweep over a
 *  billion values takes no memory. */
#include "job/internal.h"

#include "numeric/philox.h"

#include <math.h>

int64_t hy_axis_count(const hy_axis *axis)
{
  return axis->count;
}
int hy_axis_nparams(const hy_axis *axis)
{
  return axis->ncolumns;
}
const hy_param *hy_axis_param(const hy_axis *axis, int p)
{
  return axis->columns[p].param;
}

/** The value at share u in [0, 1] of the column's range; the ends exactly. */
static hy_value at_share(const column *c, double u)
{
  hy_value v = {0};

  if (c->param->type == HY_I64) {
    const double from = (double)c->ifrom, to = (double)c->ito;
    const double x = c->log ? from * pow(to / from, u) : from + (to - from) * u;

    v.i = u >= 1.0 ? c->ito : llround(x);
  } else {
    v.f = u <= 0.0   ? c->from
          : u >= 1.0 ? c->to
          : c->log   ? c->from * pow(c->to / c->from, u)
                     : c->from + (c->to - c->from) * u;
  }
  return v;
}

/** The value of a sample u in [0, 1): every whole number of a range is equally likely. */
static hy_value at_sample(const column *c, double u)
{
  hy_value v = {0};

  if (c->values) {
    const int64_t i = (int64_t)(u * (double)c->nvalues);

    return c->values[i < c->nvalues ? i : c->nvalues - 1]; /* (rank + u) / count may round to 1 */
  }
  if (c->param->type != HY_I64 || c->log) return at_share(c, u);
  v.i = c->ifrom + (int64_t)(u * ((double)c->ito - (double)c->ifrom + 1.0));
  if (v.i > c->ito) v.i = c->ito; /* rounding at the far end of a huge range */
  return v;
}

hy_value column_value(const column *c, int64_t i, int64_t count)
{
  hy_value v = {0};

  switch (c->kind) {
  case COLUMN_LIST:
    return c->values[i];
  case COLUMN_RANDOM:
    return at_sample(c, hy_random_f64(c->key, 0, (uint64_t)i));
  case COLUMN_LATIN:
    return at_sample(c,
                     ((double)c->rank[i] + hy_random_f64(c->key, 0, (uint64_t)i)) / (double)count);
  case COLUMN_RANGE:
    break;
  }
  if (c->param->type == HY_I64 && c->istep) {
    v.i = c->ifrom + i * c->istep;
    return v;
  }
  if (c->param->type == HY_F64 && c->step != 0.0) {
    v.f = c->from + (double)i * c->step;
    return v;
  }
  if (c->param->type == HY_I64 && !c->log) { /* exact, also beyond 2^53 */
    v.i = count > 1 ? c->ifrom + (c->ito - c->ifrom) / (count - 1) * i : c->ifrom;
    return v;
  }
  return at_share(c, count > 1 ? (double)i / (double)(count - 1) : 0.0);
}

hy_value hy_axis_value(const hy_axis *axis, int p, int64_t i)
{
  return column_value(&axis->columns[p], i, axis->count);
}
