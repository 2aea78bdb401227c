/** @file override.c
 *  `--set key=value` changes the tree before it is read, so an override is checked as if it
 *  stood in the file.  The key is a path, `team.threads`; a word that is no key of a job is a
 *  parameter.  What is set last holds: a parameter that is set is swept no more, one whose sweep
 *  is set is fixed no more. An entry of the sweep that is replaced keeps its place, which
 *  decides the order of the tasks. */
#include "job/internal.h"

#include <string.h>

/** A node which messages find in the option. */
static hy_node *new_node(loader *l, const hy_node *place, hy_node_kind kind, const char *text)
{
  hy_node *node = hy_arena_get(l->arena, sizeof *node);

  if (!node) return NULL;
  *node = *place;
  node->kind = kind;
  node->text = hy_arena_text(l->arena, text, strlen(text));
  return node->text ? node : NULL;
}

/** Take a parameter out of the points of a group; true when nothing is left of it. */
static bool drop_from_group(const char *form, hy_node *group, const char *name)
{
  const bool samples = strcmp(form, "random") == 0 || strcmp(form, "latin") == 0;
  const bool points = strcmp(form, "points") == 0 && group->kind == HY_LIST;

  for (int i = 0; points && i < group->n; i++)
    if (group->items[i]->kind == HY_MAP) hy_map_remove(group->items[i], name);
  if (points) return group->n > 0 && group->items[0]->kind == HY_MAP && group->items[0]->n == 0;
  if ((!samples && strcmp(form, "zip") != 0) || group->kind != HY_MAP) return false;
  const int before = group->n;

  if (strcmp(name, "count") != 0 || !samples) hy_map_remove(group, name);
  return group->n < before && group->n == (hy_map_get(group, "count", NULL) && samples ? 2 : 0);
}

static void drop_from_groups(hy_node *map, const char *name)
{
  for (int i = 0; map->kind == HY_MAP && i < map->n;) {
    const char *form = map->items[i]->text;

    if (drop_from_group(form, map->items[i + 1], name))
      hy_map_remove(map, form);
    else
      i += 2;
  }
}

/** Sweep `name` no more; `keep` leaves entries of its own, which are about to be replaced. */
static void unsweep(hy_node *root, const char *name, bool keep)
{
  hy_node *const sweep = hy_map_get(root, "sweep", NULL);
  const bool     list = sweep && sweep->kind == HY_LIST;

  for (int i = 0; sweep && i < (list ? sweep->n : 1); i++) {
    hy_node *map = list ? sweep->items[i] : sweep;

    drop_from_groups(map, name);
    if (!keep && map->kind == HY_MAP) hy_map_remove(map, name);
  }
}

/** Of a sweep that is a list the mapping with `name`, or a new one at its end. */
static hy_node *in_list(loader *l, hy_node *list, const hy_node *place, const char *name)
{
  for (int i = 0; i < list->n; i++)
    if (hy_map_get(list->items[i], name, NULL)) return list->items[i];
  hy_node **items = hy_arena_get(l->arena, ((size_t)list->n + 1) * sizeof(void *));
  hy_node  *map = new_node(l, place, HY_MAP, "");

  if (!items || !map) return NULL;
  if (list->n) memcpy(items, list->items, (size_t)list->n * sizeof(void *));
  items[list->n++] = map;
  list->items = items;
  return map;
}

/** What `word` holds in `map`, made where it is missing or empty; `next` is the word behind it. */
static hy_node *step_into(loader *l, hy_node *map, const hy_node *place, const char *word,
                          const char *next)
{
  hy_node *inner = hy_map_get(map, word, NULL);

  if (!inner || (inner->kind == HY_SCALAR && !inner->quoted && !inner->text[0])) {
    hy_node *key = new_node(l, place, HY_SCALAR, word);

    inner = new_node(l, place, HY_MAP, "");
    if (!key || !inner || !hy_map_set(l->arena, map, key, inner)) return NULL;
  }
  if (inner->kind == HY_LIST && strcmp(word, "sweep") == 0) return in_list(l, inner, place, next);
  if (inner->kind == HY_MAP) return inner;
  hy_diag_at(&l->diag, place, NULL, "%s is %s in the job file, so nothing can be set in it", word,
             hy_kind_name(inner));
  return NULL;
}

static void store(loader *l, hy_node *root, const hy_node *place, char *path, hy_node *value)
{
  hy_node *map = root;
  char    *dot = NULL;

  for (; map && (dot = strchr(path, '.')); path = dot + 1) {
    *dot = 0;
    map = step_into(l, map, place, path, dot + 1);
  }
  if (!map) return;
  hy_node *key = new_node(l, place, HY_SCALAR, path);

  if (key) (void)hy_map_set(l->arena, map, key, value);
}

/** `path` is params.NAME or sweep.NAME: it must not be in the other one too. */
static void make_way(hy_node *root, const char *path)
{
  static const char params[] = "params.", sweep[] = "sweep.";
  hy_node *const    fixed = hy_map_get(root, "params", NULL);

  if (strncmp(path, params, sizeof params - 1) == 0) {
    unsweep(root, path + sizeof params - 1, false);
  } else if (strncmp(path, sweep, sizeof sweep - 1) == 0) {
    unsweep(root, path + sizeof sweep - 1, true);
    if (fixed && fixed->kind == HY_MAP) hy_map_remove(fixed, path + sizeof sweep - 1);
  }
}

void load_set(loader *l, hy_node *root, const char *set)
{
  hy_text    *from = hy_arena_get(l->arena, sizeof *from);
  const char *equals = strchr(set, '=');
  hy_str      name = {0}, path = {0};
  hy_node     place = {.from = from, .text = ""}, *value = NULL;

  hy_str_addf(&name, "--set %s", set);
  if (from && !name.failed) from->name = hy_arena_text(l->arena, name.text, name.len);
  hy_str_clear(&name);
  if (!from || !from->name) {
    l->arena->failed = true;
    return;
  }
  if (!equals || equals == set) {
    hy_diag_at(&l->diag, &place, NULL, "write it as --set key=value");
    return;
  }
  if (!hy_tree_parse(l->arena, from, equals + 1, strlen(equals + 1), &l->diag, &value)) return;
  if (!value) value = new_node(l, &place, HY_SCALAR, "");
  hy_str_add_bytes(&path, set, (size_t)(equals - set));
  if (!path.failed && !strchr(path.text, '.') && !load_is_job_key(path.text)) {
    hy_str_clear(&path);
    hy_str_addf(&path, "params.%.*s", (int)(equals - set), set);
  }
  if (value && !path.failed) {
    make_way(root, path.text);
    store(l, root, &place, path.text, value);
  }
  l->arena->failed |= path.failed;
  hy_str_clear(&path);
}
