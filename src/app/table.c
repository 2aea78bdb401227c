/** @file table.c
 *  Cells are kept as offsets into one text; the layout is found when all are there. */
#include "app/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2 };

struct table {
  int     columns;
  bool    failed;
  hy_str  text;  /* cells, each ended by a zero byte */
  size_t *cells; /* offset of each */
  size_t  n, room;
};

table *table_new(const char *const *heads, int columns)
{
  table *t = calloc(1, sizeof *t);

  if (!t) return NULL;
  t->columns = columns;
  for (int c = 0; heads && c < columns; c++) table_cell(t, heads[c]);
  return t;
}

void table_cell(table *t, const char *text)
{
  if (!t || t->failed) return;
  if (t->n == t->room) {
    const size_t room = 2 * t->room + 64;
    size_t      *cells = realloc(t->cells, room * sizeof *cells);

    t->failed = !cells;
    if (!cells) return;
    t->cells = cells;
    t->room = room;
  }
  t->cells[t->n++] = t->text.len;
  hy_str_add_bytes(&t->text, text, strlen(text) + 1);
  t->failed = t->text.failed;
}

void table_cellf(table *t, const char *fmt, ...)
{
  char    text[1024];
  va_list args;

  va_start(args, fmt);
  (void)vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  table_cell(t, text);
}

/** Columns on the screen: bytes that begin a character of UTF-8. */
static int width(const char *text)
{
  int n = 0;

  for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
  return n;
}

static const char *cell(const table *t, size_t i)
{
  return t->text.text + t->cells[i];
}

static bool is_number(const char *text)
{
  const size_t n = strspn(text, "+-0123456789.,e");

  return (n > 0 && text[n] == 0) || !*text || strcmp(text, "nan") == 0 ||
         strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0;
}

static void measure(const table *t, int c, int *widest, bool *right)
{
  const size_t columns = (size_t)t->columns;

  *widest = 0;
  *right = true;
  for (size_t i = (size_t)c; i < t->n; i += columns) {
    const int w = width(cell(t, i));

    if (w > *widest) *widest = w;
    if (i >= columns && !is_number(cell(t, i))) *right = false;
  }
}

static void print(const table *t, int indent, const int *widest, const bool *right)
{
  for (size_t i = 0; i < t->n; i++) {
    const int  c = (int)(i % (size_t)t->columns);
    const bool last = c == t->columns - 1;
    const int  pad = widest[c] - width(cell(t, i));

    (void)printf("%*s", c == 0 ? indent : GAP, "");
    if (right[c]) (void)printf("%*s", pad, "");
    (void)fputs(cell(t, i), stdout);
    if (!right[c] && !last) (void)printf("%*s", pad, "");
    if (last) (void)putchar('\n');
  }
}

void table_print_free(table *t, int indent)
{
  int  *widest = t ? calloc((size_t)t->columns, sizeof *widest) : NULL;
  bool *right = t ? calloc((size_t)t->columns, sizeof *right) : NULL;

  if (!t || t->failed || !widest || !right) {
    (void)fputs("hybrid: error: no memory for a table\n", stderr);
  } else {
    for (int c = 0; c < t->columns; c++) measure(t, c, &widest[c], &right[c]);
    print(t, indent, widest, right);
  }
  free(widest);
  free(right);
  if (t) {
    hy_str_clear(&t->text);
    free(t->cells);
  }
  free(t);
}
