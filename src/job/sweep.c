/** @file sweep.c
 *  `sweep:` into axes.  A mapping is the product of its entries, in the order written; a list is
 *  the product of its mappings.  An entry is a parameter, or one of zip, points, csv, random and
 *  latin, which make one axis of several parameters.  Nothing is allocated per point before the
 *  number of tasks is known to be sane. */
#include "job/internal.h"

#include "numeric/philox.h"

#include <string.h>

static hy_axis *new_axis(loader *l, const char *form, int ncolumns)
{
  hy_job   *job = l->job;
  hy_axis  *axis = hy_arena_get(l->arena, sizeof *axis);
  hy_axis **axes = hy_arena_get(l->arena, ((size_t)job->naxes + 1) * sizeof(void *));
  column   *columns = hy_arena_get(l->arena, ((size_t)ncolumns + 1) * sizeof *columns);

  if (!axis || !axes || !columns) return NULL;
  *axis = (hy_axis){.form = form, .columns = columns};
  if (job->naxes) memcpy(axes, job->axes, (size_t)job->naxes * sizeof(void *));
  axes[job->naxes++] = axis;
  job->axes = axes;
  return axis;
}

const hy_param *load_claim(loader *l, const hy_node *key)
{
  const hy_param *p = load_param(l, key);

  if (!p) return NULL;
  const long index = p - l->job->kernel->params;

  if (!hy_param_sweepable(p)) {
    hy_diag_at(&l->diag, key, NULL, "%s is a data file and cannot be swept", p->name);
    l->mistaken[index] = true;
    return NULL;
  }
  if (l->job->swept[index]) {
    hy_diag_at(&l->diag, key, NULL, "%s is swept twice", p->name);
    return NULL;
  }
  l->job->swept[index] = true;
  return p;
}

/** `name: list or range` as a column. */
static bool value_column(loader *l, const hy_node *node, column *c)
{
  if (node->kind == HY_LIST) return load_list(l, node, c);
  c->kind = COLUMN_RANGE;
  if (node->kind == HY_MAP) return load_range(l, node, c);
  hy_diag_at(&l->diag, node, "a fixed value belongs under `params`",
             "%s must be a list of values or a range", c->param->name);
  return false;
}

static bool is_kind(loader *l, const hy_node *node, hy_node_kind kind, const char *form)
{
  if (node->kind == kind) return true;
  hy_diag_at(&l->diag, node, NULL, "%s must be %s, not %s", form,
             kind == HY_MAP ? "a mapping" : "a list", hy_kind_name(node));
  l->any_swept = true;
  return false;
}

static void sweep_one(loader *l, const hy_node *key, const hy_node *value)
{
  const hy_param *p = load_claim(l, key);
  hy_axis        *axis = p ? new_axis(l, "range", 1) : NULL;

  if (!axis) return;
  axis->ncolumns = 1;
  axis->columns[0].param = p;
  (void)value_column(l, value, &axis->columns[0]);
  axis->count = axis->columns[0].count;
}

static void sweep_zip(loader *l, const hy_node *map)
{
  if (!is_kind(l, map, HY_MAP, "zip")) return;
  hy_axis *axis = new_axis(l, "zip", map->n / 2);

  for (int i = 0; axis && i < map->n; i += 2) {
    column *c = &axis->columns[axis->ncolumns];

    *c = (column){.param = load_claim(l, map->items[i])};
    if (!c->param || !value_column(l, map->items[i + 1], c)) continue;
    if (axis->ncolumns++ == 0)
      axis->count = c->count;
    else if (c->count != axis->count)
      hy_diag_at(&l->diag, map->items[i], NULL,
                 "%s has %lld values, %s has %lld; in a zip all have as many", c->param->name,
                 (long long)c->count, axis->columns[0].param->name, (long long)axis->count);
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
  for (int i = 0; point->n / 2 > axis->ncolumns && i < point->n; i += 2) {
    bool found = false;

    for (int c = 0; c < axis->ncolumns; c++)
      found |= strcmp(point->items[i]->text, axis->columns[c].param->name) == 0;
    if (!found)
      hy_diag_at(&l->diag, point->items[i], NULL, "the first point has no \"%.80s\"",
                 point->items[i]->text);
  }
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
  if (first->n == 0) {
    hy_diag_at(&l->diag, first, NULL, "a point names no parameter");
    return;
  }
  hy_axis *axis = new_axis(l, "points", first->n / 2);

  for (int i = 0; axis && i < first->n; i += 2) {
    const hy_param *p = load_claim(l, first->items[i]);
    hy_value       *values = hy_arena_get(l->arena, (size_t)list->n * sizeof *values);

    if (p && values)
      axis->columns[axis->ncolumns++] =
          (column){.param = p, .values = values, .nvalues = list->n, .count = list->n};
  }
  if (!axis || axis->ncolumns != first->n / 2) return;
  axis->count = list->n;
  for (int i = 0; i < list->n && l->diag.mistakes < HY_ENOUGH_MISTAKES; i++)
    take_point(l, list->items[i], axis, i);
}

/** A random order of 0..count-1, by Fisher and Yates with numbers that depend on the key alone. */
static void shuffle(loader *l, column *c)
{
  c->slice = hy_arena_get(l->arena, (size_t)c->count * sizeof *c->slice);
  if (!c->slice) return;
  for (int64_t i = 0; i < c->count; i++) c->slice[i] = (uint32_t)i;
  for (int64_t i = c->count - 1; i > 0; i--) {
    const int64_t  j = (int64_t)(hy_random_f64(c->key, 1, (uint64_t)i) * (double)(i + 1));
    const uint32_t t = c->slice[i];

    c->slice[i] = c->slice[j];
    c->slice[j] = t;
  }
}

/** What of a column is stored, now that it is known to be bounded. */
static void prepare(loader *l, column *c)
{
  if (c->kind == COLUMN_LATIN) shuffle(l, c);
  if (c->kind != COLUMN_RANGE || !c->log || c->count > MAX_TABLE) return;
  hy_value *table = hy_arena_get(l->arena, (size_t)c->count * sizeof *table);

  if (table) column_tabulate(c, table);
}

static void sample_column(loader *l, const hy_node *node, column *c)
{
  const int64_t count = c->count;

  if (node->kind == HY_LIST)
    (void)load_list(l, node, c);
  else if (node->kind == HY_MAP)
    (void)load_sample_range(l, node, c);
  else
    hy_diag_at(&l->diag, node, NULL, "%s must be a list to choose from or a range {from, to}",
               c->param->name);
  c->count = count;
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
  if (!load_whole(l, number, "count", &count)) return;
  if (count < 1 || count > (latin ? MAX_LATIN : MAX_TASKS)) {
    hy_diag_at(&l->diag, number, NULL, "count must be from 1 to %lld",
               (long long)(latin ? MAX_LATIN : MAX_TASKS));
    return;
  }
  hy_axis *axis = new_axis(l, form, map->n / 2);

  if (!axis) return;
  const uint64_t key = hy_random_key(l->job->seed, (uint64_t)l->job->naxes);

  axis->count = count;
  for (int i = 0; i < map->n; i += 2) {
    if (strcmp(map->items[i]->text, "count") == 0) continue;
    const hy_param *p = load_claim(l, map->items[i]);
    column         *c = &axis->columns[axis->ncolumns];

    if (!p) continue;
    *c = (column){.param = p,
                  .kind = latin ? COLUMN_LATIN : COLUMN_RANDOM,
                  .count = count,
                  .key = hy_random_key(key, (uint64_t)axis->ncolumns)};
    axis->ncolumns++;
    sample_column(l, map->items[i + 1], c);
  }
}

static void sweep_csv(loader *l, const hy_node *path)
{
  if (path->kind != HY_SCALAR) {
    hy_diag_at(&l->diag, path, NULL, "csv must be the path of a file");
    return;
  }
  hy_axis *axis = new_axis(l, "csv", hy_params_count(l->job->kernel));

  if (axis && !load_csv(l, path, axis)) l->any_swept = true;
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

/** The product of the axes' counts, and whether it and what the Latin hypercubes store is sane. */
static bool count_tasks(loader *l, const hy_node *at)
{
  hy_job *job = l->job;
  double  tasks = 1.0, slices = 0.0;

  for (int a = 0; a < job->naxes; a++) {
    tasks *= (double)job->axes[a]->count;
    if (job->axes[a]->columns[0].kind == COLUMN_LATIN)
      slices += (double)job->axes[a]->count * (double)job->axes[a]->ncolumns;
  }
  if (tasks > (double)MAX_TASKS)
    hy_diag_at(&l->diag, at, NULL, "the sweep has %.4g tasks; a job can have %lld at most", tasks,
               (long long)MAX_TASKS);
  else if (slices > (double)MAX_LATIN)
    hy_diag_at(&l->diag, at, "use `random`, or fewer points",
               "Latin hypercubes of %.4g values together; a job can have %d at most", slices,
               MAX_LATIN);
  else
    return true;
  return false;
}

void load_sweep(loader *l, const hy_node *sweep)
{
  const int before = l->diag.mistakes;
  hy_job   *job = l->job;

  if (sweep->kind == HY_LIST)
    for (int i = 0; i < sweep->n; i++) sweep_map(l, sweep->items[i]);
  else if (sweep->kind != HY_SCALAR || sweep->quoted || sweep->text[0])
    sweep_map(l, sweep);
  if (l->diag.mistakes != before || l->arena->failed || !count_tasks(l, sweep)) return;
  for (int a = 0; a < job->naxes; a++) {
    job->ntasks *= job->axes[a]->count; /* exact: the product was below 2^31 in double */
    for (int c = 0; c < job->axes[a]->ncolumns; c++) prepare(l, &job->axes[a]->columns[c]);
  }
}
