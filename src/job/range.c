/** @file range.c
 *  {from, to, step or count, log} as a column of values: everything is checked here, so that
 *  computing a value cannot fail. */
#include "job/internal.h"

#include <math.h>
#include <string.h>

bool load_whole(loader *l, const hy_node *node, const char *what, int64_t *n)
{
  if (node->kind == HY_SCALAR && !node->quoted && hy_parse_i64(node->text, n)) return true;
  hy_diag_at(&l->diag, node, NULL, "%s must be a whole number", what);
  return false;
}

bool load_list(loader *l, const hy_node *list, column *c)
{
  bool good = true;

  if (list->n == 0)
    hy_diag_at(&l->diag, list, NULL, "%s has an empty list of values", c->param->name);
  c->nvalues = c->count = list->n;
  c->values = hy_arena_get(l->arena, (size_t)list->n * sizeof *c->values);
  for (int i = 0; c->values && i < list->n && l->diag.mistakes < HY_ENOUGH_MISTAKES; i++)
    good &= load_value(l, c->param, list->items[i], &c->values[i]);
  return good && c->values && list->n > 0;
}

static void incomplete(loader *l, const hy_node *at, const char *what)
{
  hy_diag_at(&l->diag, at, "a range is {from: 0, to: 1, count: 11} or {from: 0, to: 1, step: 0.1}",
             "%s", what);
}

static double as_double(const column *c, hy_value v)
{
  return c->param->type == HY_I64 ? (double)v.i : v.f;
}

/** log: true needs ends above 0; a linear range needs a length that is a number. */
static bool good_ends(loader *l, const hy_node *map, const hy_node *log, column *c)
{
  if (log && (log->kind != HY_SCALAR || log->quoted ||
              (strcmp(log->text, "true") != 0 && strcmp(log->text, "false") != 0))) {
    hy_diag_at(&l->diag, log, NULL, "log must be true or false");
    return false;
  }
  c->log = log && strcmp(log->text, "true") == 0;
  if (c->log && (as_double(c, c->from) <= 0.0 || as_double(c, c->to) <= 0.0)) {
    hy_diag_at(&l->diag, log, NULL, "a logarithmic range needs ends above 0");
    return false;
  }
  if (c->param->type == HY_F64 && !c->log && !isfinite((c->to.f - c->from.f) * (double)MAX_TASKS)) {
    hy_diag_at(&l->diag, map, NULL, "the range from %g to %g is too long to be computed with",
               c->from.f, c->to.f);
    return false;
  }
  return true;
}

/** Ends of a range, checked against the parameter. */
static bool range_ends(loader *l, const hy_node *map, column *c)
{
  const hy_node *from = hy_map_get(map, "from", NULL), *to = hy_map_get(map, "to", NULL);

  if (c->param->type != HY_I64 && c->param->type != HY_F64) {
    hy_diag_at(&l->diag, map, "give a list of its values", "%s is no number, so it has no range",
               c->param->name);
    return false;
  }
  if (!from || !to) {
    incomplete(l, map,
               from ? "this range lacks its end, `to`" : "this range lacks its start, `from`");
    return false;
  }
  const bool good = load_value(l, c->param, from, &c->from);

  if (!load_value(l, c->param, to, &c->to) || !good) return false;
  return good_ends(l, map, hy_map_get(map, "log", NULL), c);
}

static bool too_many(loader *l, const hy_node *at, double count)
{
  if (count <= (double)MAX_TASKS) return false;
  hy_diag_at(&l->diag, at, NULL, "%.4g points; a job can have %lld tasks at most", count,
             (long long)MAX_TASKS);
  return true;
}

/** |b - a|, which needs all 64 bits when the two are far apart. */
static uint64_t distance(int64_t a, int64_t b)
{
  return a < b ? (uint64_t)b - (uint64_t)a : (uint64_t)a - (uint64_t)b;
}

static bool whole_step(loader *l, const hy_node *node, column *c)
{
  if (!load_whole(l, node, "the step of a whole number", &c->step.i)) return false;
  const uint64_t steps = c->step.i == 0 ? 0 : distance(c->from.i, c->to.i) / distance(0, c->step.i);

  if (too_many(l, node, (double)steps + 1.0)) return false;
  c->count = (int64_t)steps + 1;
  return true;
}

static bool range_by_step(loader *l, const hy_node *node, column *c)
{
  const double from = as_double(c, c->from), to = as_double(c, c->to);
  double       step = 0.0;
  int64_t      whole = 0;

  if (c->log) {
    hy_diag_at(&l->diag, node, "use `count`", "a logarithmic range has no step");
    return false;
  }
  const bool text = node->kind != HY_SCALAR || node->quoted;

  if (!text && c->param->type == HY_I64 && hy_parse_i64(node->text, &whole)) step = (double)whole;
  if (text || (step == 0.0 && !hy_parse_f64(node->text, &step)) || step == 0.0) {
    hy_diag_at(&l->diag, node, NULL, "step must be a number other than 0");
    return false;
  }
  if ((from < to && step < 0.0) || (from > to && step > 0.0)) {
    hy_diag_at(&l->diag, node, "change its sign", "this step never gets from %g to %g", from, to);
    return false;
  }
  if (c->param->type == HY_I64) return whole_step(l, node, c);
  const double n = floor((to - from) / step + 1e-9) + 1.0;

  if (too_many(l, node, n)) return false;
  c->step.f = step;
  c->count = (int64_t)n;
  return true;
}

static bool range_by_count(loader *l, const hy_node *node, column *c)
{
  const bool equal = as_double(c, c->from) == as_double(c, c->to) &&
                     (c->param->type != HY_I64 || c->from.i == c->to.i);
  int64_t count = 0;

  if (!load_whole(l, node, "count", &count)) return false;
  if (count < 1) {
    hy_diag_at(&l->diag, node, NULL, "count must be 1 or more");
    return false;
  }
  if (too_many(l, node, (double)count)) return false;
  if ((count == 1) != equal) {
    hy_diag_at(&l->diag, node, NULL,
               equal ? "a range from a value to itself has a count of 1"
                     : "a range has both its ends, so its count must be 2 or more");
    return false;
  }
  const int64_t gaps = count - 1;

  c->by_count = true;
  c->count = count;
  if (c->param->type != HY_I64 || c->log || gaps == 0) return true;
  const uint64_t length = distance(c->from.i, c->to.i), step = length / (uint64_t)gaps;

  if (length % (uint64_t)gaps != 0) {
    hy_diag_at(&l->diag, node, "use `step`", "%lld values from %lld to %lld are no whole numbers",
               (long long)count, (long long)c->from.i, (long long)c->to.i);
    return false;
  }
  /* Wraps to the right sum even where one gap is longer than an int64. */
  c->step.i = (int64_t)(c->from.i < c->to.i ? step : UINT64_C(0) - step);
  return true;
}

static bool known_keys(loader *l, const hy_node *map, const char *const *known, int n)
{
  bool good = true;

  for (int i = 0; i < map->n; i += 2) {
    bool found = false;

    for (int k = 0; k < n; k++) found |= strcmp(map->items[i]->text, known[k]) == 0;
    if (!found) (void)load_unknown(l, map->items[i], "key of a range", known, n);
    good &= found;
  }
  return good;
}

bool load_range(loader *l, const hy_node *map, column *c)
{
  static const char *const keys[] = {"from", "to", "step", "count", "log"};
  const hy_node *step = hy_map_get(map, "step", NULL), *number = hy_map_get(map, "count", NULL);

  if (!known_keys(l, map, keys, 5) || !range_ends(l, map, c)) return false;
  if (!step == !number) {
    incomplete(l, map,
               step ? "a range has a step or a count, not both"
                    : "this range lacks a step or count");
    return false;
  }
  return step ? range_by_step(l, step, c) : range_by_count(l, number, c);
}

bool load_sample_range(loader *l, const hy_node *map, column *c)
{
  static const char *const keys[] = {"from", "to", "log"};

  if (!known_keys(l, map, keys, 3) || !range_ends(l, map, c)) return false;
  if (as_double(c, c->from) <= as_double(c, c->to)) return true;
  hy_diag_at(&l->diag, map, NULL, "the range of %s ends before it starts", c->param->name);
  return false;
}
