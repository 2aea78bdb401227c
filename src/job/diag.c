/** @file diag.c
 *  Messages as compilers give them: place, what is wrong, the line, a caret, a hint. */
#include "job/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool count(hy_diag *diag)
{
  diag->mistakes++;
  if (diag->mistakes == HY_MAX_MISTAKES + 1) hy_str_add(diag->report, "and more mistakes\n");
  return diag->mistakes <= HY_MAX_MISTAKES;
}

/** The source line and a caret under the node; long lines are cut. */
static void show_line(hy_str *out, const hy_node *node)
{
  enum { WIDEST = 100 };
  const char *line = node->from->text;

  for (int i = 1; line && i < node->line; i++) {
    line = strchr(line, '\n');
    if (line) line++;
  }
  if (!line || node->column > WIDEST) return;
  const size_t n = strcspn(line, "\r\n"), shown = n > WIDEST ? WIDEST : n;

  hy_str_addf(out, "%5d | %.*s\n      | ", node->line, (int)shown, line);
  for (int i = 1; i < node->column; i++)
    hy_str_add(out, (size_t)i <= n && line[i - 1] == '\t' ? "\t" : " ");
  hy_str_add(out, "^");
  for (int i = 1; i < node->width && node->column + i <= (int)shown; i++) hy_str_add(out, "~");
  hy_str_add(out, "\n");
}

void hy_diag_at(hy_diag *diag, const hy_node *node, const char *hint, const char *fmt, ...)
{
  char    text[512];
  va_list args;

  if (!count(diag)) return;
  va_start(args, fmt);
  (void)vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  for (char *c = text; *c; c++)
    if ((unsigned char)*c < ' ') *c = '?'; /* a message is one line, whatever it quotes */
  if (node && node->from->text && node->line > 0)
    hy_str_addf(diag->report, "%s:%d:%d: error: %s\n", node->from->name, node->line, node->column,
                text);
  else
    hy_str_addf(diag->report, "%s: error: %s\n", node ? node->from->name : "job", text);
  if (node && node->from->text && node->line > 0) show_line(diag->report, node);
  if (hint) hy_str_addf(diag->report, "  hint: %s\n", hint);
}

void hy_diag_line(hy_diag *diag, const hy_text *from, int line, const char *fmt, ...)
{
  char    text[512];
  va_list args;

  if (!count(diag)) return;
  va_start(args, fmt);
  (void)vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  if (line > 0)
    hy_str_addf(diag->report, "%s:%d: error: %s\n", from->name, line, text);
  else
    hy_str_addf(diag->report, "%s: error: %s\n", from->name, text);
}
