/** @file sweep.c
 *  `sweep:` into axes.  A mapping is the product of its entries, in the order written; a list is the
 *  product of its mappings.  An entry is a parameter, or one of zip, points, csv, random and latin,
 *  which make one axis of several parameters.  Nothing is allocated per point before the number of
 *  tasks is known to be sane. */
#include "job/internal.h"

#include "numeric/philox.h"

#include <math.h>
#include <string.h>

static const char *const range_keys[] = {"from", "to", "step", "count", "log"};

static hy_axis *new_axis(loader *l, const char *form, int ncolumns, const hy_node *at)
{
  hy_job   *job = l->job;
  hy_axis  *axis = hy_arena_get(l->arena, sizeof *axis);
  hy_axis **axes = hy_arena_get(l->arena, ((size_t)job->naxes + 1) * sizeof(void *));
  column   *columns = hy_arena_get(l->arena, ((size_t)ncolumns + 1) * sizeof *columns);

  if (!axis || !axes || !columns) {
    hy_diag_at(&l->diag, at, NULL, "no memory for the sweep");
    return NULL;
  }
  *axis = (hy_axis){.form = form, .columns = columns};
  if (job->naxes) memcpy(axes, job->axes, (size_t)job->naxes * sizeof(void *));
  axes[job->naxes++] = axis;
  job->axes = axes;
  return axis;
}

/** Mark a parameter as swept, once. */
static const hy_param *claim(loader *l, const hy_node *key)
{
  const hy_param *p = load_param(l, key);

  if (!p) return NULL;
  const long index = p - l->job->kernel->params;

  if (!hy_param_sweepable(p)) {
    hy_diag_at(&l->diag, key, NULL, "%s is a data file and cannot be swept", p->name);
    return NULL;
  }
  if (l->job->swept[index]) {
    hy_diag_at(&l->diag, key, NULL, "%s is swept twice", p->name);
    return NULL;
  }
  l->job->swept[index] = true;
  return p;
}

static bool list_column(loader *l, const hy_node *list, column *c)
{
  bool good = true;

  if (list->n == 0)
    hy_diag_at(&l->diag, list, NULL, "%s has an empty list of values", c->param->name);
  c->kind = COLUMN_LIST;
  c->nvalues = list->n;
  c->values = hy_arena_get(l->arena, (size_t)list->n * sizeof *c->values);
  for (int i = 0; c->values && i < list->n; i++)
    good &= load_value(l, c->param, list->items[i], &c->values[i]);
  return good && c->values && list->n > 0;
}

static void missing(loader *l, const hy_node *at, const char *what)
{
  hy_diag_at(&l->diag, at, "a range is {from: 0, to: 1, count: 11} or {from: 0, to: 1, step: 0.1}",
             "%s", what);
}

/** Ends of a range, checked against the parameter. */
static bool range_ends(loader *l, const hy_node *map, column *c)
{
  const hy_node *from = hy_map_get(map, "from", NULL), *to = hy_map_get(map, "to", NULL);
  const hy_node *log = hy_map_get(map, "log", NULL);
  hy_value       a, b;

  if (c->param->type != HY_I64 && c->param->type != HY_F64) {
    hy_diag_at(&l->diag, map, "give a list of its values", "%s is no number, so it has no range",
               c->param->name);
    return false;
  }
  if (!from || !to) {
    missing(l, map, from ? "this range lacks its end, `to`" : "this range lacks its start, `from`");
    return false;
  }
  const bool good = load_value(l, c->param, from, &a);

  if (!load_value(l, c->param, to, &b) || !good) return false;
  if (log && (log->kind != HY_SCALAR ||
              (strcmp(log->text, "true") != 0 && strcmp(log->text, "false") != 0))) {
    hy_diag_at(&l->diag, log, NULL, "log must be true or false");
    return false;
  }
  c->log = log && strcmp(log->text, "true") == 0;
  if (c->param->type == HY_I64) {
    c->ifrom = a.i;
    c->ito = b.i;
    c->from = (double)a.i;
    c->to = (double)b.i;
  } else {
    c->from = a.f;
    c->to = b.f;
  }
  if (c->log && (c->from <= 0.0 || c->to <= 0.0)) {
    hy_diag_at(&l->diag, log, NULL, "a logarithmic range needs ends above 0");
    return false;
  }
  return true;
}

static bool whole_number(loader *l, const hy_node *node, const char *what, int64_t *n)
{
  if (node->kind == HY_SCALAR && !node->quoted && hy_parse_i64(node->text, n)) return true;
  hy_diag_at(&l->diag, node, NULL, "%s must be a whole number", what);
  return false;
}

static bool too_many(loader *l, const hy_node *at, double count)
{
  if (count <= (double)MAX_TASKS) return false;
  hy_diag_at(&l->diag, at, NULL, "%.4g points; a job can have %lld tasks at most", count,
             (long long)MAX_TASKS);
  return true;
}

static bool range_by_step(loader *l, const hy_node *step, column *c, int64_t *count)
{
  double x = 0.0;

  if (c->log) {
    hy_diag_at(&l->diag, step, "use `count`", "a logarithmic range has no step");
    return false;
  }
  if (step->kind != HY_SCALAR || step->quoted || !hy_parse_f64(step->text, &x) || x == 0.0) {
    hy_diag_at(&l->diag, step, NULL, "step must be a number other than 0");
    return false;
  }
  if (c->param->type == HY_I64 && !whole_number(l, step, "the step of a whole number", &c->istep))
    return false;
  if ((c->to - c->from) / x < 0.0) {
    hy_diag_at(&l->diag, step, "change its sign", "this step never gets from %g to %g", c->from,
               c->to);
    return false;
  }
  const double n = floor((c->to - c->from) / x + 1e-9) + 1.0;

  if (too_many(l, step, n)) return false;
  c->step = x;
  *count = (int64_t)n;
  return true;
}

static bool range_by_count(loader *l, const hy_node *node, column *c, int64_t *count)
{
  if (!whole_number(l, node, "count", count)) return false;
  if (*count < 1) {
    hy_diag_at(&l->diag, node, NULL, "count must be 1 or more");
    return false;
  }
  if (too_many(l, node, (double)*count)) return false;
  const int64_t gaps = *count - 1;
  int64_t       span;

  if (c->param->type == HY_I64 && __builtin_sub_overflow(c->ito, c->ifrom, &span)) {
    hy_diag_at(&l->diag, node, NULL, "the range of %s is too wide", c->param->name);
    return false;
  }

  if (c->param->type == HY_I64 && !c->log && gaps > 0 && span % gaps != 0) {
    hy_diag_at(&l->diag, node, "use `step`", "%lld values from %lld to %lld are no whole numbers",
               (long long)*count, (long long)c->ifrom, (long long)c->ito);
    return false;
  }
  return true;
}

static bool known_keys(loader *l, const hy_node *map, const char *const *known, int n)
{
  bool good = true;

  for (int i = 0; i < map->n; i += 2) {
    bool found = false;

    for (int k = 0; k < n; k++) found |= strcmp(map->items[i]->text, known[k]) == 0;
    if (!found) load_unknown(l, map->items[i], "key of a range", known, n);
    good &= found;
  }
  return good;
}

static bool range_column(loader *l, const hy_node *map, column *c, int64_t *count)
{
  const hy_node *step = hy_map_get(map, "step", NULL), *number = hy_map_get(map, "count", NULL);

  c->kind = COLUMN_RANGE;
  if (!known_keys(l, map, range_keys, 5) || !range_ends(l, map, c)) return false;
  if (!step == !number) {
    missing(l, map,
            step ? "a range has a step or a count, not both" : "this range lacks a step or count");
    return false;
  }
  return step ? range_by_step(l, step, c, count) : range_by_count(l, number, c, count);
}

/** `name: list or range` as a column. */
static bool value_column(loader *l, const hy_node *node, column *c, int64_t *count)
{
  if (node->kind == HY_LIST) {
    if (!list_column(l, node, c)) return false;
    *count = node->n;
    return true;
  }
  if (node->kind == HY_MAP) return range_column(l, node, c, count);
  hy_diag_at(&l->diag, node, "a fixed value belongs under `params`",
             "%s must be a list of values or a range", c->param->name);
  return false;
}

static bool is_kind(loader *l, const hy_node *node, hy_node_kind kind, const char *form)
{
  if (node->kind == kind) return true;
  hy_diag_at(&l->diag, node, NULL, "%s must be %s, not %s", form,
             kind == HY_MAP ? "a mapping" : "a list", hy_kind_name(node));
  return false;
}

static void sweep_one(loader *l, const hy_node *key, const hy_node *value)
{
  const hy_param *p = claim(l, key);
  hy_axis        *axis = p ? new_axis(l, "range", 1, key) : NULL;

  if (!axis) return;
  axis->ncolumns = 1;
  axis->columns[0].param = p;
  (void)value_column(l, value, &axis->columns[0], &axis->count);
}

static void sweep_zip(loader *l, const hy_node *map)
{
  if (!is_kind(l, map, HY_MAP, "zip")) return;
  hy_axis *axis = new_axis(l, "zip", map->n / 2, map);

  for (int i = 0; axis && i < map->n; i += 2) {
    column *c = &axis->columns[axis->ncolumns];
    int64_t count = 0;

    c->param = claim(l, map->items[i]);
    if (!c->param || !value_column(l, map->items[i + 1], c, &count)) continue;
    if (axis->ncolumns++ == 0)
      axis->count = count;
    else if (count != axis->count)
      hy_diag_at(&l->diag, map->items[i], NULL,
                 "%s has %lld values, %s has %lld; in a zip all have as many", c->param->name,
                 (long long)count, axis->columns[0].param->name, (long long)axis->count);
  }
  if (axis && map->n == 0) hy_diag_at(&l->diag, map, NULL, "zip is empty");
}

/** One point of `points`: the same parameters as the first. */
static void take_point(loader *l, const hy_node *point, hy_axis *axis, int64_t row)
{
  if (!is_kind(l, point, HY_MAP, "a point")) return;
  for (int c = 0; c < axis->ncolumns; c++) {
    const hy_node *value = hy_map_get(point, axis->columns[c].param->name, NULL);

    if (value)
      (void)load_value(l, axis->columns[c].param, value, &axis->columns[c].values[row]);
    else
      hy_diag_at(&l->diag, point, NULL, "this point lacks %s", axis->columns[c].param->name);
  }
  if (point->n / 2 > axis->ncolumns)
    hy_diag_at(&l->diag, point, NULL, "this point has other parameters than the first one");
}

static void sweep_points(loader *l, const hy_node *list)
{
  if (!is_kind(l, list, HY_LIST, "points")) return;
  if (list->n == 0) {
    hy_diag_at(&l->diag, list, NULL, "points is empty");
    return;
  }
  const hy_node *first = list->items[0];

  if (!is_kind(l, first, HY_MAP, "a point")) return;
  hy_axis *axis = new_axis(l, "points", first->n / 2, list);

  for (int i = 0; axis && i < first->n; i += 2) {
    const hy_param *p = claim(l, first->items[i]);
    hy_value       *values = hy_arena_get(l->arena, (size_t)list->n * sizeof *values);

    if (p && values)
      axis->columns[axis->ncolumns++] =
          (column){.param = p, .kind = COLUMN_LIST, .values = values, .nvalues = list->n};
  }
  if (!axis || axis->ncolumns != first->n / 2) return;
  axis->count = list->n;
  for (int i = 0; i < list->n; i++) take_point(l, list->items[i], axis, i);
}

/** A random order of 0..count-1, by Fisher and Yates with numbers that depend on the key alone. */
static bool shuffle(loader *l, column *c, int64_t count)
{
  c->rank = hy_arena_get(l->arena, (size_t)count * sizeof *c->rank);
  if (!c->rank) return false;
  for (int64_t i = 0; i < count; i++) c->rank[i] = (uint32_t)i;
  for (int64_t i = count - 1; i > 0; i--) {
    const int64_t  j = (int64_t)(hy_random_f64(c->key, 1, (uint64_t)i) * (double)(i + 1));
    const uint32_t t = c->rank[i];

    c->rank[i] = c->rank[j];
    c->rank[j] = t;
  }
  return true;
}

static void sample_column(loader *l, const hy_node *node, column *c)
{
  static const char *const keys[] = {"from", "to", "log"};
  const column_kind        kind = c->kind;

  if (node->kind == HY_LIST) {
    (void)list_column(l, node, c);
  } else if (node->kind == HY_MAP) {
    if (known_keys(l, node, keys, 3) && range_ends(l, node, c) && c->from > c->to)
      hy_diag_at(&l->diag, node, NULL, "the range of %s ends before it starts", c->param->name);
  } else {
    hy_diag_at(&l->diag, node, NULL, "%s must be a list to choose from or a range {from, to}",
               c->param->name);
  }
  c->kind = kind;
}

static void sweep_samples(loader *l, const hy_node *map, const char *form)
{
  const bool     latin = strcmp(form, "latin") == 0;
  const hy_node *number = map->kind == HY_MAP ? hy_map_get(map, "count", NULL) : NULL;
  int64_t        count = 0;

  if (!is_kind(l, map, HY_MAP, form)) return;
  if (!number || map->n < 4) {
    hy_diag_at(&l->diag, map, NULL, "%s needs a `count` and at least one parameter", form);
    return;
  }
  if (!whole_number(l, number, "count", &count)) return;
  if (count < 1 || count > (latin ? MAX_LATIN : MAX_TASKS)) {
    hy_diag_at(&l->diag, number, NULL, "count must be from 1 to %lld",
               (long long)(latin ? MAX_LATIN : MAX_TASKS));
    return;
  }
  hy_axis *axis = new_axis(l, form, map->n / 2, map);

  if (!axis) return;
  const uint64_t key = hy_random_key(l->job->seed, (uint64_t)l->job->naxes);

  axis->count = count;
  for (int i = 0; i < map->n; i += 2) {
    if (strcmp(map->items[i]->text, "count") == 0) continue;
    const hy_param *p = claim(l, map->items[i]);
    column         *c = &axis->columns[axis->ncolumns];

    if (!p) continue;
    *c = (column){.param = p,
                  .kind = latin ? COLUMN_LATIN : COLUMN_RANDOM,
                  .key = hy_random_key(key, (uint64_t)axis->ncolumns)};
    axis->ncolumns++;
    sample_column(l, map->items[i + 1], c);
    if (latin && !shuffle(l, c, count)) hy_diag_at(&l->diag, map, NULL, "no memory for the sweep");
  }
}

static void sweep_csv(loader *l, const hy_node *path)
{
  hy_axis *axis = NULL;

  if (path->kind != HY_SCALAR)
    hy_diag_at(&l->diag, path, NULL, "csv must be the path of a file");
  else if ((axis = new_axis(l, "csv", hy_params_count(l->job->kernel), path)) &&
           load_csv(l, path, axis))
    for (int c = 0; c < axis->ncolumns; c++) {
      const hy_node key = {.kind = HY_SCALAR,
                           .text = axis->columns[c].param->name,
                           .from = path->from,
                           .line = path->line,
                           .column = path->column,
                           .width = path->width};

      (void)claim(l, &key);
    }
}

static void sweep_map(loader *l, const hy_node *map)
{
  if (!is_kind(l, map, HY_MAP, "sweep")) return;
  for (int i = 0; i < map->n; i += 2) {
    const hy_node *key = map->items[i], *value = map->items[i + 1];

    if (strcmp(key->text, "zip") == 0)
      sweep_zip(l, value);
    else if (strcmp(key->text, "points") == 0)
      sweep_points(l, value);
    else if (strcmp(key->text, "csv") == 0)
      sweep_csv(l, value);
    else if (strcmp(key->text, "random") == 0 || strcmp(key->text, "latin") == 0)
      sweep_samples(l, value, key->text);
    else
      sweep_one(l, key, value);
  }
}

void load_sweep(loader *l, const hy_node *sweep)
{
  const int before = l->diag.mistakes;
  double    estimate = 1.0;
  int64_t   tasks = 1;

  if (sweep->kind == HY_LIST)
    for (int i = 0; i < sweep->n; i++) sweep_map(l, sweep->items[i]);
  else if (sweep->kind != HY_SCALAR || sweep->quoted || sweep->text[0])
    sweep_map(l, sweep);
  if (l->diag.mistakes != before) return;
  for (int a = 0; a < l->job->naxes; a++) estimate *= (double)l->job->axes[a]->count;
  if (estimate > (double)MAX_TASKS) {
    hy_diag_at(&l->diag, sweep, NULL, "the sweep has %.4g tasks; a job can have %lld at most",
               estimate, (long long)MAX_TASKS);
    return;
  }
  for (int a = 0; a < l->job->naxes; a++) tasks *= l->job->axes[a]->count;
  l->job->ntasks = tasks;
}
