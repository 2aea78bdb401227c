/** @file csv.c
 *  Points of a sweep from a CSV file: a header with parameter names, a line per point, commas. */
#include "job/internal.h"

#include <string.h>

/** The next line into [*line, *line + *n), without line end; false at the end of the text. */
static bool next_line(const char **at, const char *end, const char **line, size_t *n, int *number)
{
  if (*at >= end) return false;
  const char *stop = memchr(*at, '\n', (size_t)(end - *at));

  *line = *at;
  *n = (size_t)((stop ? stop : end) - *at);
  if (*n && (*line)[*n - 1] == '\r') --*n;
  *at = stop ? stop + 1 : end;
  ++*number;
  return true;
}

/** The next cell of a line, blanks and one pair of quotes off; NULL when there is none. */
static char *next_cell(loader *l, const char **at, const char *end)
{
  if (!*at) return NULL;
  const char *start = *at, *comma = memchr(start, ',', (size_t)(end - start));
  const char *stop = comma ? comma : end;

  *at = comma ? comma + 1 : NULL;
  while (start < stop && (*start == ' ' || *start == '\t')) start++;
  while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t')) stop--;
  if (stop - start >= 2 && *start == '"' && stop[-1] == '"') start++, stop--;
  return hy_arena_text(l->arena, start, (size_t)(stop - start));
}

static bool is_blank(const char *line, size_t n)
{
  return n == 0 || line[0] == '#' || strspn(line, " \t") >= n;
}

static bool take_header(loader *l, const hy_text *from, int number, const char *line, size_t n,
                        hy_axis *axis)
{
  const char *at = line;
  char       *cell;

  while ((cell = next_cell(l, &at, line + n))) {
    const int p = hy_params_find(l->job->kernel, cell);

    if (p < 0 || !hy_param_sweepable(&l->job->kernel->params[p])) {
      hy_diag_line(&l->diag, from, number, "\"%s\" is no parameter of kernel %s that can be swept",
                   cell, l->job->kernel->name);
      return false;
    }
    for (int c = 0; c < axis->ncolumns; c++)
      if (axis->columns[c].param == &l->job->kernel->params[p]) {
        hy_diag_line(&l->diag, from, number, "two columns are called %s", cell);
        return false;
      }
    axis->columns[axis->ncolumns++] =
        (column){.param = &l->job->kernel->params[p], .kind = COLUMN_LIST};
  }
  return axis->ncolumns > 0;
}

static bool take_row(loader *l, const hy_text *from, int number, const char *line, size_t n,
                     hy_axis *axis)
{
  const char *at = line;
  char       *cell = NULL;
  int         c = 0;
  hy_err      why;

  for (; c < axis->ncolumns && (cell = next_cell(l, &at, line + n)); c++)
    if (hy_param_parse(axis->columns[c].param, cell, &axis->columns[c].values[axis->count], &why)) {
      hy_diag_line(&l->diag, from, number, "%s", why.text);
      return l->diag.mistakes < HY_MAX_MISTAKES;
    }
  if (c < axis->ncolumns || at) {
    hy_diag_line(&l->diag, from, number, "this line has %s cells than the header's %d",
                 at ? "more" : "fewer", axis->ncolumns);
    return l->diag.mistakes < HY_MAX_MISTAKES;
  }
  axis->count++;
  return true;
}

bool load_csv(loader *l, const hy_node *path, hy_axis *axis)
{
  const char *text = NULL, *at, *line = NULL, *file = load_resolve(l, path->text);
  size_t      n = 0, len = 0;
  int64_t     lines = 1;
  int         number = 0;
  hy_err      why;

  if (!file || bundle_text(l->bundle, file, &text, &n, &why)) {
    hy_diag_at(&l->diag, path, NULL, "%s", file ? why.text : "no memory");
    return false;
  }
  const hy_text from = {.name = file};

  axis->file = file;

  for (size_t i = 0; i < n; i++) lines += text[i] == '\n';
  for (at = text; next_line(&at, text + n, &line, &len, &number);) {
    if (is_blank(line, len)) continue;
    if (axis->ncolumns) {
      if (!take_row(l, &from, number, line, len, axis)) return false;
      continue;
    }
    if (!take_header(l, &from, number, line, len, axis)) return false;
    for (int c = 0; c < axis->ncolumns; c++) {
      axis->columns[c].values = hy_arena_get(l->arena, (size_t)lines * sizeof(hy_value));
      if (!axis->columns[c].values) return false;
    }
  }
  if (axis->count == 0) {
    hy_diag_line(&l->diag, &from, 0,
                 "no points: a header with parameter names and a line per point are "
                 "expected");
    return false;
  }
  for (int c = 0; c < axis->ncolumns; c++) axis->columns[c].nvalues = axis->count;
  return true;
}
