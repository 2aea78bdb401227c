/** @file axis.c
 *  Values along the axes of a sweep.  Ranges and samples are computed from the index, so a sweep
 *  over a billion values takes no memory.
 *
 *  Of `count` values from a to b the i-th is a + (b - a) i / (count - 1), or a (b / a)^(i /
 *  (count - 1)) for log: true, and the last is b itself.  With a step the i-th is a + i step;
 *  the last, which may be off b by rounding only, is then b.  Whole numbers never pass through
 *  floating point, but for log.
 *
 *  In double the third of {from: 1e-3, to: 1, count: 4, log: true} would be 0.09999999999999998.
 *  Such an axis is computed once, in long double, which takes 0.7 us a value; one of more values
 *  than anybody reads is computed from the index, in double. */
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

/** Not beyond the ends: rounding must not leave a range that was checked. */
static long double inside(long double x, long double a, long double b)
{
  const long double low = a < b ? a : b, high = a < b ? b : a;

  return x < low ? low : x > high ? high : x;
}

/** exp(log a + (log b - log a) u): b / a may be more than a double can hold. */
static double power(double a, double b, double u)
{
  return (double)inside(exp((1.0 - u) * log(a) + u * log(b)), a, b);
}

static double from_of(const column *c)
{
  return c->param->type == HY_I64 ? (double)c->from.i : c->from.f;
}

static double to_of(const column *c)
{
  return c->param->type == HY_I64 ? (double)c->to.i : c->to.f;
}

void column_tabulate(column *c, hy_value *table)
{
  const bool        is_whole = c->param->type == HY_I64;
  const long double a = is_whole ? (long double)c->from.i : (long double)c->from.f;
  const long double b = is_whole ? (long double)c->to.i : (long double)c->to.f;

  for (int64_t i = 1; i < c->count - 1; i++) {
    const long double u = (long double)i / (long double)(c->count - 1);
    const long double x = inside(a * powl(b / a, u), a, b);

    if (is_whole)
      table[i].i = llroundl(x);
    else
      table[i].f = (double)x;
  }
  table[0] = c->from;
  table[c->count - 1] = c->to;
  c->table = table;
}

/** A power between the ends as a whole number; the ends of int64 are no doubles. */
static int64_t whole_power(const column *c, double u)
{
  const double x = power(from_of(c), to_of(c), u);

  return x >= 0x1p63 ? INT64_MAX : llround(x);
}

static hy_value whole(const column *c, int64_t i)
{
  hy_value v = {.i = i == c->count - 1 ? c->to.i : c->from.i};

  if (!c->log) /* unsigned: the distance from `from` may need all 64 bits, the sum is in range */
    v.i = (int64_t)((uint64_t)c->from.i + (uint64_t)i * (uint64_t)c->step.i);
  else if (i > 0 && i < c->count - 1)
    v.i = whole_power(c, (double)i / (double)(c->count - 1));
  return v;
}

static hy_value in_range(const column *c, int64_t i)
{
  if (c->param->type == HY_I64) return whole(c, i);
  const double a = c->from.f, b = c->to.f, gaps = (double)(c->count - 1);
  hy_value     v = {.f = a};

  if (i == 0) return v;
  if (!c->by_count) {
    v.f = a + (double)i * c->step.f;
    if (i == c->count - 1 && fabs(v.f - b) <= 1e-9 * fabs(c->step.f)) v.f = b;
  } else if (i == c->count - 1) {
    v.f = b;
  } else if (c->log) {
    v.f = power(a, b, (double)i / gaps);
  } else {
    v.f = a + (b - a) * (double)i / gaps;
  }
  return v;
}

/** The value of a sample u in [0, 1): every whole number of a range is equally likely. */
static hy_value at_sample(const column *c, double u)
{
  hy_value v = {0};

  if (c->values) return c->values[(int64_t)(u * (double)c->nvalues)];
  if (c->param->type == HY_F64) {
    v.f = c->log ? power(c->from.f, c->to.f, u) : c->from.f + (c->to.f - c->from.f) * u;
    if (v.f > c->to.f) v.f = c->to.f; /* by rounding */
    return v;
  }
  if (c->log) {
    v.i = whole_power(c, u);
    return v;
  }
  /* Unsigned: the distance of two int64 may need all 64 bits; u < 1 keeps it below 2^64. */
  const uint64_t span = (uint64_t)c->to.i - (uint64_t)c->from.i;
  const uint64_t offset = (uint64_t)(u * ((double)span + 1.0));

  v.i = (int64_t)((uint64_t)c->from.i + (offset < span ? offset : span));
  return v;
}

hy_value column_value(const column *c, int64_t i)
{
  const double last = 1.0 - 0x1p-53; /* the largest below 1 */

  if (c->kind == COLUMN_LIST) return c->values[i];
  if (c->table) return c->table[i];
  if (c->kind == COLUMN_RANGE) return in_range(c, i);
  double u = hy_random_f64(c->key, 0, (uint64_t)i);

  /* Slice + u may round up to the next slice, and beyond the last there is none. */
  if (c->kind == COLUMN_LATIN) u = ((double)c->slice[i] + u) / (double)c->count;
  return at_sample(c, u < last ? u : last);
}

hy_value hy_axis_value(const hy_axis *axis, int p, int64_t i)
{
  return column_value(&axis->columns[p], i);
}
