/** @file override.c
 *  `--set key=value`: changes the tree of the job file before it is read, so that the value is checked
 *  like any other.  Its messages name the option instead of a line. */
#include "job/internal.h"

#include <string.h>

/** The mapping `words` lead to, made where it is missing; the last word is left in *last. */
static hy_node *walk(loader *l, hy_node *root, const hy_node *place, char *words, char **last)
{
  hy_node *map = root;

  for (char *dot; (dot = strchr(words, '.')); words = dot + 1) {
    *dot = 0;
    hy_node *inner = hy_map_get(map, words, NULL);

    if (!inner) {
      hy_node *key = hy_arena_get(l->arena, sizeof *key);

      inner = hy_arena_get(l->arena, sizeof *inner);
      if (!key || !inner) return NULL;
      *key = *inner = *place;
      key->text = hy_arena_text(l->arena, words, strlen(words));
      inner->kind = HY_MAP;
      inner->items = NULL;
      inner->n = 0;
      if (!key->text || !hy_map_set(l->arena, map, key, inner)) return NULL;
    }
    if (inner->kind != HY_MAP) {
      hy_diag_at(&l->diag, place, NULL, "%s is %s in the job file, so nothing can be set in it",
                 words, hy_kind_name(inner));
      return NULL;
    }
    map = inner;
  }
  *last = words;
  return map;
}

/** `k=5`: short for params.k=5, and k is swept no more. */
static void unsweep(hy_node *root, const char *name)
{
  hy_node *sweep = hy_map_get(root, "sweep", NULL);

  if (sweep && sweep->kind == HY_MAP) hy_map_remove(sweep, name);
  for (int i = 0; sweep && sweep->kind == HY_LIST && i < sweep->n; i++)
    if (sweep->items[i]->kind == HY_MAP) hy_map_remove(sweep->items[i], name);
}

void load_set(loader *l, hy_node *root, const char *set)
{
  hy_text    *from = hy_arena_get(l->arena, sizeof *from);
  const char *equals = strchr(set, '=');
  hy_str      name = {0}, key = {0};
  hy_node    *value = NULL, *place;
  char       *last = NULL;

  hy_str_addf(&name, "--set %s", set);
  place = hy_arena_get(l->arena, sizeof *place);
  if (from && place && !name.failed) {
    from->name = hy_arena_text(l->arena, name.text, name.len);
    place->from = from;
    place->text = "";
  }
  hy_str_clear(&name);
  if (!from || !place || !from->name) return;
  if (!equals || equals == set) {
    hy_diag_at(&l->diag, place, NULL, "write it as --set key=value");
    return;
  }
  from->text = equals + 1;
  const bool parsed = hy_tree_parse(l->arena, from, strlen(equals + 1), &l->diag, &value);

  from->text = NULL; /* messages name the option; there is no line to show */
  if (!parsed) return;
  if (!value) value = place;
  hy_str_add_bytes(&key, set, (size_t)(equals - set));
  if (key.failed) return;
  const bool is_short = !strchr(key.text, '.') && !load_is_job_key(key.text);

  if (is_short) {
    unsweep(root, key.text);
    hy_str_clear(&key);
    hy_str_addf(&key, "params.%.*s", (int)(equals - set), set);
  }
  hy_node *map = key.failed ? NULL : walk(l, root, place, key.text, &last);

  if (map) {
    hy_node *word = hy_arena_get(l->arena, sizeof *word);

    if (word) {
      *word = *place;
      word->text = hy_arena_text(l->arena, last, strlen(last));
      if (word->text) (void)hy_map_set(l->arena, map, word, value);
    }
  }
  hy_str_clear(&key);
}
