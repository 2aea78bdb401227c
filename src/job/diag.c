/** @file diag.c
 *  Messages as compilers give them: place, what is wrong, the line, a caret, a hint.  Whatever a
 *  message quotes comes from a file that may be hostile: only printable characters get through. */
#include "job/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/** The source line and a caret under the node, both in characters; of a long line the part around
 *  the node. */
static void show_line(hy_str *out, const hy_node *node)
{
  enum { WIDEST = 100, BEFORE = 60 };
  size_t      n = 0;
  const char *p = hy_text_line(node->from, node->line, &n);
  const int   first = node->column >= WIDEST ? node->column - BEFORE : 1;
  hy_str      marks = {0};
  uint32_t    c = 0;

  hy_str_addf(out, "%5d | %s", node->line, first > 1 ? "... " : "");
  hy_str_addf(&marks, "      | %s", first > 1 ? "    " : "");
  for (int column = 1; column < first + WIDEST; column++) {
    const size_t known = hy_text_char(p, n, &c), length = n && !known ? 1 : known;
    const bool   tab = length && *p == '\t', under = column >= node->column;

    if (column >= first && tab) hy_str_add(out, "\t");
    if (column >= first && !tab) hy_text_show(out, p, length);
    if (column >= first && !under) hy_str_add(&marks, tab ? "\t" : " ");
    if (column == node->column) hy_str_add(&marks, "^");
    if (column > node->column && n && column < node->column + node->width) hy_str_add(&marks, "~");
    if (n == 0 && under) break;
    p += length;
    n -= length;
  }
  hy_str_addf(out, "\n%s\n", marks.text ? marks.text : "");
  out->failed |= marks.failed;
  hy_str_clear(&marks);
}

void hy_diag_at(hy_diag *diag, const hy_node *node, const char *hint, const char *fmt, ...)
{
  char       text[512];
  va_list    args;
  hy_str    *out = diag->report;
  const bool placed = node->from->text && node->line > 0;

  if (++diag->mistakes > HY_MAX_MISTAKES) return;
  va_start(args, fmt);
  (void)vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  hy_text_show(out, node->from->name, strlen(node->from->name));
  if (placed) hy_str_addf(out, ":%d:%d", node->line, node->column);
  hy_str_add(out, ": error: ");
  hy_text_show(out, text, strlen(text));
  hy_str_add(out, "\n");
  if (placed) show_line(out, node);
  if (!hint) return;
  hy_str_add(out, "  hint: ");
  hy_text_show(out, hint, strlen(hint));
  hy_str_add(out, "\n");
}

void hy_diag_end(hy_diag *diag)
{
  const int more = diag->mistakes - HY_MAX_MISTAKES;

  if (more > 0)
    hy_str_addf(diag->report, "and %s%d more mistake%s\n",
                diag->mistakes < HY_ENOUGH_MISTAKES ? "" : "at least ", more, more == 1 ? "" : "s");
}
