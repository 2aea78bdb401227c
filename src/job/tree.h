/** @file tree.h
 *  A YAML text as a bounded tree in which every node knows its place, and messages about places.
 *  Private to job/.  Local. */
#ifndef HY_JOB_TREE_H
#define HY_JOB_TREE_H

#include "base/err.h"
#include "base/str.h"

typedef enum hy_node_kind { HY_SCALAR, HY_LIST, HY_MAP } hy_node_kind;

/** Where a text comes from. */
typedef struct hy_text {
  const char *name; /**< "job.yaml", or "--set k=five" */
  const char *text; /**< NULL: messages show no line   */
} hy_text;

typedef struct hy_node {
  hy_node_kind     kind;
  bool             quoted;              /**< scalar in quotes                              */
  int              line, column, width; /**< from 1; width of what to underline */
  const hy_text   *from;
  const char      *text;  /**< scalar                                         */
  struct hy_node **items; /**< list: items; map: key, value, key, value, ...  */
  int              n;     /**< of items                                       */
} hy_node;

/** Memory of one job's loading: everything here ends together. */
typedef struct hy_arena {
  struct hy_block *blocks;
  int64_t          nodes;  /**< made so far             */
  bool             failed; /**< memory ran out somewhere */
} hy_arena;

void *hy_arena_get(hy_arena *arena, size_t bytes); /**< zeroed; NULL when out of memory */
char *hy_arena_text(hy_arena *arena, const char *text, size_t n);
void  hy_arena_clear(hy_arena *arena);

enum { HY_MAX_MISTAKES = 20 };

/** Collects mistakes. */
typedef struct hy_diag {
  hy_str *report;
  int     mistakes;
} hy_diag;

/** One mistake at a node (NULL: about the whole of `from`), with a hint or NULL. */
__attribute__((format(printf, 4, 5))) void hy_diag_at(hy_diag *diag, const hy_node *node,
                                                      const char *hint, const char *fmt, ...);
__attribute__((format(printf, 4, 5))) void hy_diag_line(hy_diag *diag, const hy_text *from,
                                                        int line, const char *fmt, ...);

/** Parse one document.  NULL after a mistake was reported; *out may be NULL for an empty text. */
bool hy_tree_parse(hy_arena *arena, const hy_text *from, size_t n, hy_diag *diag, hy_node **root);

/** The value of a key, or NULL; `key_node` may be NULL. */
hy_node *hy_map_get(const hy_node *map, const char *key, hy_node **key_node);
/** Set (replace or add) and remove.  False when out of memory. */
bool hy_map_set(hy_arena *arena, hy_node *map, hy_node *key, hy_node *value);
void hy_map_remove(hy_node *map, const char *key);

const char *hy_kind_name(const hy_node *node); /**< "a list", "a mapping", "a text" */

#endif
