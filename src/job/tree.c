/** @file tree.c
 *  libyaml's events, one after the other, into a tree.  No recursion here, and none in libyaml's
 *  event interface: hostile nesting costs nothing.  Bounds: depth, number of nodes, keys in a
 *  mapping. */
#include "job/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { MAX_DEPTH = 32, MAX_NODES = 2000000, MAX_KEYS = 2048 };

typedef struct hy_block {
  struct hy_block *next;
  size_t           used, size;
  _Alignas(16) char bytes[];
} hy_block;

void *hy_arena_get(hy_arena *arena, size_t bytes)
{
  hy_block *b = arena->blocks;

  bytes = (bytes + 15) & ~(size_t)15;
  if (!b || b->size - b->used < bytes) {
    const size_t size = bytes > 65536 ? bytes : 65536;

    b = malloc(sizeof *b + size);
    if (!b) {
      arena->failed = true;
      return NULL;
    }
    *b = (hy_block){.next = arena->blocks, .size = size};
    arena->blocks = b;
  }
  void *p = b->bytes + b->used;

  b->used += bytes;
  return memset(p, 0, bytes);
}

char *hy_arena_text(hy_arena *arena, const char *text, size_t n)
{
  char *copy = hy_arena_get(arena, n + 1);

  if (copy && n) memcpy(copy, text, n);
  return copy;
}

void hy_arena_clear(hy_arena *arena)
{
  while (arena->blocks) {
    hy_block *next = arena->blocks->next;

    free(arena->blocks);
    arena->blocks = next;
  }
  *arena = (hy_arena){0};
}

const char *hy_kind_name(const hy_node *node)
{
  return node->kind == HY_LIST ? "a list" : node->kind == HY_MAP ? "a mapping" : "a single value";
}

/** What is being built: open lists and maps, innermost last. */
typedef struct builder {
  hy_arena      *arena;
  const hy_text *from;
  hy_diag       *diag;
  hy_node       *open[MAX_DEPTH];
  int            capacity[MAX_DEPTH];
  int            depth;
  hy_node       *root;
  bool           bad;
} builder;

static hy_node *new_node(builder *b, hy_node_kind kind, const yaml_mark_t *start,
                         const yaml_mark_t *end)
{
  hy_node *node = hy_arena_get(b->arena, sizeof *node);

  if (!node) {
    b->bad = true;
    return NULL;
  }
  node->kind = kind;
  node->from = b->from;
  node->line = (int)start->line + 1;
  node->column = (int)start->column + 1;
  node->width = end->line == start->line ? (int)(end->column - start->column) : 1;
  if (++b->arena->nodes > MAX_NODES) {
    hy_diag_at(b->diag, node, "put long lists of points into a CSV file", "more than %d values",
               MAX_NODES);
    b->bad = true;
  }
  return node;
}

static bool grow(builder *b, hy_node *parent, int *capacity)
{
  if (parent->n < *capacity) return true;
  const int wanted = *capacity ? 2 * *capacity : 8;
  hy_node **items = hy_arena_get(b->arena, (size_t)wanted * sizeof(void *));

  if (!items) return false;
  if (parent->n) memcpy(items, parent->items, (size_t)parent->n * sizeof(void *));
  parent->items = items;
  *capacity = wanted;
  return true;
}

/** The key of a mapping that is about to be added. */
static void check_key(builder *b, const hy_node *map, const hy_node *key)
{
  if (key->kind != HY_SCALAR) {
    hy_diag_at(b->diag, key, NULL, "a key must be a single word, not %s", hy_kind_name(key));
    b->bad = true;
  } else if (map->n > 2 * MAX_KEYS) {
    hy_diag_at(b->diag, key, NULL, "more than %d keys in one mapping", MAX_KEYS);
    b->bad = true;
  }
}

static int by_text_and_place(const void *a, const void *b)
{
  const hy_node *const x = *(hy_node *const *)a, *const y = *(hy_node *const *)b;
  const int order = strcmp(x->text, y->text);

  if (order) return order;
  return x->line != y->line ? (x->line > y->line) - (x->line < y->line)
                            : (x->column > y->column) - (x->column < y->column);
}

/** Report the keys which are in a mapping twice, and take them out: a mistake is told once.
 *  Sorted, for a file of nothing but keys must not cost their number squared. */
static void drop_twins(builder *b, hy_node *map)
{
  const int n = map->n / 2;
  hy_node **keys = hy_arena_get(b->arena, (size_t)n * sizeof(void *));
  int       kept = 0;

  if (!keys) b->bad = true;
  if (!keys || n < 2) return;
  for (int i = 0; i + 1 < map->n; i += 2) keys[i / 2] = map->items[i];
  qsort(keys, (size_t)n, sizeof(void *), by_text_and_place);
  for (int i = 1; i < n; i++)
    if (strcmp(keys[i]->text, keys[i - 1]->text) == 0)
      keys[i]->first = keys[i - 1]->first ? keys[i - 1]->first : keys[i - 1]->line;
  for (int i = 0; i < map->n; i += 2) {
    hy_node *key = map->items[i];

    if (key->first) {
      hy_diag_at(b->diag, key, NULL, "\"%.80s\" is here twice; it was first given in line %d",
                 key->text, key->first);
      continue;
    }
    map->items[kept++] = key;
    map->items[kept++] = map->items[i + 1];
  }
  map->n = kept;
}

static void add(builder *b, hy_node *node)
{
  if (!node || b->bad) return;
  if (b->depth == 0) {
    b->root = node;
    return;
  }
  hy_node *parent = b->open[b->depth - 1];

  if (parent->kind == HY_MAP && parent->n % 2 == 0) check_key(b, parent, node);
  if (b->bad) return;
  if (!grow(b, parent, &b->capacity[b->depth - 1])) {
    b->bad = true;
    return;
  }
  parent->items[parent->n++] = node;
}

static void push(builder *b, hy_node *node)
{
  add(b, node);
  if (b->bad || !node) return;
  if (b->depth == MAX_DEPTH) {
    hy_diag_at(b->diag, node, NULL, "lists and mappings nested more than %d deep", MAX_DEPTH);
    b->bad = true;
    return;
  }
  b->open[b->depth] = node;
  b->capacity[b->depth++] = 0;
}

static void refuse(builder *b, const yaml_event_t *e, const char *what)
{
  hy_node   *node = new_node(b, HY_SCALAR, &e->start_mark, &e->end_mark);
  const bool document = e->type == YAML_DOCUMENT_START_EVENT;

  if (node)
    hy_diag_at(b->diag, node, document ? "one file is one job" : "write the value out",
               "%s are not read", what);
  b->bad = true;
}

static void take_scalar(builder *b, const yaml_event_t *e)
{
  const yaml_scalar_style_t style = e->data.scalar.style;
  const char               *text = (const char *)e->data.scalar.value;
  hy_node                  *node = new_node(b, HY_SCALAR, &e->start_mark, &e->end_mark);

  if (!node) return;
  node->quoted = style != YAML_PLAIN_SCALAR_STYLE;
  node->text = hy_arena_text(b->arena, text, e->data.scalar.length);
  if (!node->text) {
    b->bad = true;
    return;
  }
  if (strlen(text) != e->data.scalar.length) {
    hy_diag_at(b->diag, node, NULL, "a text with a zero byte");
    b->bad = true;
    return;
  }
  add(b, node);
}

static void take(builder *b, const yaml_event_t *e, int *documents)
{
  switch (e->type) {
  case YAML_DOCUMENT_START_EVENT:
    if (++*documents > 1) refuse(b, e, "further documents");
    break;
  case YAML_ALIAS_EVENT:
    refuse(b, e, "aliases");
    break;
  case YAML_SCALAR_EVENT:
    if (e->data.scalar.anchor)
      refuse(b, e, "anchors");
    else if (e->data.scalar.tag)
      refuse(b, e, "tags");
    else
      take_scalar(b, e);
    break;
  case YAML_SEQUENCE_START_EVENT:
    if (e->data.sequence_start.anchor || e->data.sequence_start.tag)
      refuse(b, e, "anchors and tags");
    else
      push(b, new_node(b, HY_LIST, &e->start_mark, &e->end_mark));
    break;
  case YAML_MAPPING_START_EVENT:
    if (e->data.mapping_start.anchor || e->data.mapping_start.tag)
      refuse(b, e, "anchors and tags");
    else
      push(b, new_node(b, HY_MAP, &e->start_mark, &e->end_mark));
    break;
  case YAML_MAPPING_END_EVENT:
    drop_twins(b, b->open[b->depth - 1]);
    b->depth--;
    break;
  case YAML_SEQUENCE_END_EVENT:
    b->depth--;
    break;
  case YAML_NO_EVENT:
  case YAML_STREAM_START_EVENT:
  case YAML_STREAM_END_EVENT:
  case YAML_DOCUMENT_END_EVENT:
    break;
  }
}

/** What to do about libyaml's complaint, or NULL. */
static const char *syntax_hint(const hy_text *from, const yaml_parser_t *p, const char *problem,
                               char *text, size_t n)
{
  const bool open = p->context && strstr(p->context, "flow ");

  if (strstr(problem, "cannot start any token") || strstr(problem, "tab character"))
    return "YAML is indented by blanks, not tabs; texts with special characters want quotes";
  if (strstr(problem, "mapping values are not allowed"))
    return "a text with \": \" in it wants quotes; else look at the indentation";
  if (strstr(problem, "expected key")) return "lines of one mapping begin in the same column";
  if (!open && !(p->context && strstr(p->context, "quoted scalar"))) return NULL;
  if (!from->text)
    (void)snprintf(text, n, "the %s is not closed", open ? "bracket" : "quote");
  else
    (void)snprintf(text, n, "the %s of line %zu is not closed", open ? "bracket" : "quote",
                   p->context_mark.line + 1);
  return text;
}

static void syntax_error(builder *b, const yaml_parser_t *p)
{
  const char *problem = p->problem ? p->problem : "it cannot be read";
  char        hint[80];
  hy_node     at = {.from = b->from,
                    .line = (int)p->problem_mark.line + 1,
                    .column = (int)p->problem_mark.column + 1,
                    .width = 1};

  if (p->error == YAML_MEMORY_ERROR) {
    b->arena->failed = true;
    return;
  }
  if (p->error == YAML_READER_ERROR) at.line = 0;
  hy_diag_at(b->diag, &at, at.line ? syntax_hint(b->from, p, problem, hint, sizeof hint) : NULL,
             "this is no YAML: %s%s%s", problem, p->context ? " " : "",
             p->context ? p->context : "");
}

bool hy_tree_parse(hy_arena *arena, const hy_text *from, const char *bytes, size_t n, hy_diag *diag,
                   hy_node **root)
{
  builder       b = {.arena = arena, .from = from, .diag = diag};
  yaml_parser_t parser;
  bool          ended = false;
  int           documents = 0;

  if (!yaml_parser_initialize(&parser)) {
    arena->failed = true;
    return false;
  }
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING); /* or it would take UTF-16 as well */
  yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, n);
  while (!ended && !b.bad) {
    yaml_event_t event;

    if (!yaml_parser_parse(&parser, &event)) {
      syntax_error(&b, &parser);
      b.bad = true;
      break;
    }
    take(&b, &event, &documents);
    ended = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  *root = b.bad ? NULL : b.root;
  return !b.bad;
}

hy_node *hy_map_get(const hy_node *map, const char *key, hy_node **key_node)
{
  for (int i = 0; map && map->kind == HY_MAP && i + 1 < map->n; i += 2)
    if (strcmp(map->items[i]->text, key) == 0) {
      if (key_node) *key_node = map->items[i];
      return map->items[i + 1];
    }
  return NULL;
}

bool hy_map_set(hy_arena *arena, hy_node *map, hy_node *key, hy_node *value)
{
  for (int i = 0; i + 1 < map->n; i += 2)
    if (strcmp(map->items[i]->text, key->text) == 0) {
      map->items[i] = key;
      map->items[i + 1] = value;
      return true;
    }
  hy_node **items = hy_arena_get(arena, ((size_t)map->n + 2) * sizeof(void *));

  if (!items) return false;
  if (map->n) memcpy(items, map->items, (size_t)map->n * sizeof(void *));
  items[map->n] = key;
  items[map->n + 1] = value;
  map->items = items;
  map->n += 2;
  return true;
}

void hy_map_remove(hy_node *map, const char *key)
{
  int kept = 0;

  for (int i = 0; i + 1 < map->n; i += 2) {
    if (strcmp(map->items[i]->text, key) == 0) continue;
    map->items[kept] = map->items[i];
    map->items[kept + 1] = map->items[i + 1];
    kept += 2;
  }
  map->n = kept;
}
