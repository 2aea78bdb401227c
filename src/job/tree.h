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
  size_t      n;
  bool        csv; /**< only \n ends a line           */
} hy_text;

/** Length of the UTF-8 character at p, which is left in *c; 0 when there is none in these n
 *  bytes. */
size_t hy_text_char(const char *p, size_t n, uint32_t *c);
bool   hy_text_is_utf8(const char *p, size_t n);
/** Neither a control, nor what ends a line, nor what libyaml refuses to read. */
bool hy_text_printable(uint32_t c);
/** Append what a terminal can show safely; all else as '?'. */
void hy_text_show(hy_str *out, const char *p, size_t n);
/** The line (from 1), without its end; empty behind the last. */
const char *hy_text_line(const hy_text *from, int line, size_t *n);

typedef struct hy_node {
  hy_node_kind     kind;
  bool             quoted;              /**< scalar in quotes                    */
  int              line, column, width; /**< from 1, in characters; what to underline */
  int              first;               /**< a key which is here twice: where before  */
  const hy_text   *from;
  const char      *text;  /**< scalar                                         */
  struct hy_node **items; /**< list: items; map: key, value, key, value, ...  */
  int              n;     /**< of items                                       */
} hy_node;

/** Memory of one job's loading: everything here ends together. */
typedef struct hy_arena {
  struct hy_block *blocks;
  int64_t          nodes;  /**< made so far                                   */
  bool             failed; /**< a get returned NULL: what was built has holes */
} hy_arena;

void *hy_arena_get(hy_arena *arena, size_t bytes); /**< zeroed; NULL when out of memory */
char *hy_arena_text(hy_arena *arena, const char *text, size_t n);
void  hy_arena_clear(hy_arena *arena);

/** Those told; and after how many nobody counts on: a file of nothing else must not take its
 *  time. */
enum { HY_MAX_MISTAKES = 20, HY_ENOUGH_MISTAKES = 1000 };

/** Collects mistakes. */
typedef struct hy_diag {
  hy_str *report;
  int     mistakes;
} hy_diag;

/** One mistake at a node, with a hint or NULL.  A node with line 0 means all of its text. */
__attribute__((format(printf, 4, 5))) void hy_diag_at(hy_diag *diag, const hy_node *node,
                                                      const char *hint, const char *fmt, ...);

/** The last line: how many there were beyond those told. */
void hy_diag_end(hy_diag *diag);

/** Parse the one document of `bytes`, which messages say is `from`.  False after a mistake was
 *  reported; *root is NULL for an empty text. */
bool hy_tree_parse(hy_arena *arena, const hy_text *from, const char *bytes, size_t n, hy_diag *diag,
                   hy_node **root);

/** The value of a key, or NULL; `key_node` may be NULL. */
hy_node *hy_map_get(const hy_node *map, const char *key, hy_node **key_node);
/** Set (replace in its place, or add at the end) and remove.  False when out of memory. */
bool hy_map_set(hy_arena *arena, hy_node *map, hy_node *key, hy_node *value);
void hy_map_remove(hy_node *map, const char *key);

const char *hy_kind_name(const hy_node *node); /**< "a list", "a mapping", "a text" */

#endif
