/** @file csv.c
 *  Text to numbers, in place: cells are cut out of their line by zero bytes.
 *
 *  The separator is found in the first line that is neither empty nor a comment: the first of ; tab
 *  and comma that occurs in it outside quotes, else blanks.  That line is a header when none of its
 *  cells looks like a number; a line where some do is data with a mistake in it.  Every mistake is
 *  told with line and column (in bytes, from 1), so that editors jump there. */
#include "store/csv.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct csv {
  const char *path;
  char       *at, *end;    /* what was not read yet */
  char       *line, *stop; /* the current line, and the zero byte behind it */
  int64_t     number;      /* of the line, from 1 */
  char        separator;   /* ' ': any blanks */
  double     *data;
  int64_t     rows, cols, capacity;
  int64_t     cols_line; /* where cols was learned */
} csv;

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

static hy_code complain(const csv *c, const char *where, const char *what, hy_err *err)
{
  return hy_fail(err, HY_EINPUT, "%s:%lld:%lld: %s", c->path, (long long)c->number,
                 (long long)(where - c->line) + 1, what);
}

/** The next line that is neither empty nor a comment; false at the end. */
static bool next_line(csv *c)
{
  while (c->at < c->end) {
    c->line = c->at;
    c->number++;
    c->stop = memchr(c->at, '\n', (size_t)(c->end - c->at));
    c->at = c->stop ? c->stop + 1 : c->end;
    if (!c->stop) c->stop = c->end;
    while (c->stop > c->line && (is_blank(c->stop[-1]) || c->stop[-1] == '\r')) {
      /* a tab at the end of a line separates an empty cell from the one before */
      if (c->separator == '\t' && c->stop[-1] == '\t') break;
      c->stop--;
    }
    *c->stop = 0;
    const char *first = c->line;

    while (is_blank(*first) && first < c->stop) first++;
    if (first < c->stop && *first != '#') return true;
  }
  return false;
}

static char find_separator(const csv *c)
{
  for (const char *wanted = ";\t,"; *wanted; wanted++) {
    bool quoted = false;

    for (const char *s = c->line; s < c->stop; s++) {
      if (*s == '"') quoted = !quoted;
      if (!quoted && *s == *wanted) return *wanted;
    }
  }
  return ' ';
}

/** Cut the cell that begins at *at out of the line: without blanks and quotes around it.  *at
 *  becomes the begin of the next one, NULL after the last. */
static char *cut_cell(const csv *c, char **at)
{
  char *cell = *at, *end;
  bool  quoted = false;

  while (is_blank(*cell) && *cell != c->separator) cell++;
  if (c->separator == ' ')
    while (is_blank(*cell)) cell++;
  for (end = cell; end < c->stop; end++) {
    if (*end == '"') quoted = !quoted;
    if (!quoted && (*end == c->separator || (c->separator == ' ' && is_blank(*end)))) break;
  }
  *at = end < c->stop ? end + 1 : NULL;
  while (end > cell && is_blank(end[-1])) end--;
  *end = 0;
  if (end - cell >= 2 && *cell == '"' && end[-1] == '"') {
    end[-1] = 0;
    cell++;
  }
  return cell;
}

/** "nan", "-Inf", "1e999": numbers, but not for computing. */
static bool is_unfit_number(const char *cell)
{
  char *end;

  (void)strtod(cell, &end);
  return end != cell && *end == 0 && !strpbrk(cell, "xX");
}

/** Does the line name columns?  Counts them; leaves the line as it was. */
static bool is_header(csv *c, int64_t *cells)
{
  const size_t n = (size_t)(c->stop - c->line);
  char        *copy = malloc(n + 1), *at = c->line;
  bool         header = true;
  double       x;

  *cells = 0;
  if (!copy) return false;
  memcpy(copy, c->line, n + 1);
  while (at) {
    const char *cell = cut_cell(c, &at);

    if (*cell == 0 || hy_parse_f64(cell, &x) || is_unfit_number(cell)) header = false;
    ++*cells;
  }
  memcpy(c->line, copy, n + 1);
  free(copy);
  return header;
}

static hy_code reserve(csv *c, int64_t more, hy_err *err)
{
  const int64_t used = c->rows * c->cols;

  if (c->rows >= STORE_MATRIX_SIDE || used + more > INT64_C(1) << 57)
    return hy_fail(err, HY_EINPUT, "%s: more than 2^31 rows or 2^60 bytes", c->path);
  if (used + more <= c->capacity) return HY_OK;
  const int64_t capacity = 2 * c->capacity > used + more ? 2 * c->capacity : used + more + 1024;
  double       *data = realloc(c->data, (size_t)capacity * sizeof *data);

  if (!data) return hy_fail(err, HY_ENOMEM, "%s: no memory for its numbers", c->path);
  c->data = data;
  c->capacity = capacity;
  return HY_OK;
}

static hy_code refuse_cell(const csv *c, const char *cell, hy_err *err)
{
  char text[40], what[96];

  if (*cell == 0) return complain(c, cell, "an empty cell", err);
  (void)snprintf(text, sizeof text, "%s", cell);
  if (strlen(cell) >= sizeof text) memcpy(text + sizeof text - 4, "...", 4);
  for (char *t = text; *t; t++)
    if ((unsigned char)*t < ' ' || (unsigned char)*t > 126) *t = '?';
  (void)snprintf(what, sizeof what, "\"%s\" is %s", text,
                 is_unfit_number(cell) ? "not finite" : "no number");
  return complain(c, cell, what, err);
}

static hy_code parse_row(csv *c, hy_err *err)
{
  char   *at = c->line;
  double *row;
  int64_t n = 0;
  char    what[96];
  hy_code rc = reserve(c, c->cols, err);

  if (rc) return rc;
  row = c->data + c->rows * c->cols;
  while (at) {
    const char *cell = cut_cell(c, &at);

    if (n == c->cols) {
      (void)snprintf(what, sizeof what, "more columns than line %lld, which has %lld",
                     (long long)c->cols_line, (long long)c->cols);
      return complain(c, cell, what, err);
    }
    if (!hy_parse_f64(cell, &row[n])) return refuse_cell(c, cell, err);
    n++;
  }
  if (n < c->cols) {
    (void)snprintf(what, sizeof what, "%lld column%s, but line %lld has %lld", (long long)n,
                   n == 1 ? "" : "s", (long long)c->cols_line, (long long)c->cols);
    return complain(c, c->stop, what, err);
  }
  c->rows++;
  return HY_OK;
}

/** A zero byte would end a cell early: such a file is no text. */
static hy_code check_text(csv *c, hy_err *err)
{
  const char *zero = memchr(c->at, 0, (size_t)(c->end - c->at));

  if (!zero) return HY_OK;
  c->line = c->at;
  c->number = 1;
  for (char *s = c->at; s < zero; s++)
    if (*s == '\n') {
      c->line = s + 1;
      c->number++;
    }
  return complain(c, zero, "a zero byte: this is no text file", err);
}

hy_code store_csv_parse(const char *path, char *text, size_t n, double **data, int64_t *rows,
                        int64_t *cols, hy_err *err)
{
  csv     c = {.path = path, .at = text, .end = text + n};
  hy_code rc = check_text(&c, err);

  if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) c.at += 3; /* a byte order mark */
  if (!rc && next_line(&c)) {
    c.separator = find_separator(&c);
    c.cols_line = c.number;
    const bool header = is_header(&c, &c.cols);

    if (!header) rc = parse_row(&c, err);
  }
  while (!rc && next_line(&c)) rc = parse_row(&c, err);
  if (!rc && c.rows == 0) rc = hy_fail(err, HY_EINPUT, "%s: no rows of numbers", path);
  if (rc) {
    free(c.data);
    return rc;
  }
  *data = c.data;
  *rows = c.rows;
  *cols = c.cols;
  return HY_OK;
}
