/** @file csv.c
 *  Points of a sweep from a CSV file: a header with parameter names, a line per point, commas;
 *  values may be in double quotes, where "" is one quote.  Empty lines and lines that begin with
 *  # do not count. */
#include "job/internal.h"

#include <string.h>

/** A file on the way: the current line, and the cell after which to go on. */
typedef struct csv {
  loader     *l;
  hy_text     from;
  const char *next;      /* line */
  const char *line, *at; /* at: NULL behind the last cell */
  size_t      n;
  int         number;
  hy_str      cell; /* unquoted text of the last cell */
  hy_node     place;
} csv;

/** The next line with something in it. */
static bool next_line(csv *f)
{
  const char *const end = f->from.text + f->from.n;

  while (f->next < end) {
    const char *const stop = memchr(f->next, '\n', (size_t)(end - f->next));

    f->line = f->at = f->next;
    f->n = (size_t)((stop ? stop : end) - f->line);
    if (f->n && f->line[f->n - 1] == '\r') f->n--;
    f->next = stop ? stop + 1 : end;
    f->number++;
    if (f->n && f->line[0] != '#' && strspn(f->line, " \t") < f->n) return true;
  }
  return false;
}

/** Characters of [p, end), as columns are counted. */
static int characters(const char *p, const char *end)
{
  int n = 0;

  for (; p < end; p++) n += ((unsigned char)*p & 0xc0) != 0x80;
  return n;
}

static const char *skip_blanks(const char *p, const char *end)
{
  while (p < end && (*p == ' ' || *p == '\t')) p++;
  return p;
}

/** The text between quotes into f->cell; where it ends, or NULL: it does not. */
static const char *quoted(csv *f, const char *p, const char *end)
{
  for (p++; p < end; p++) {
    if (*p == '"' && (p + 1 == end || p[1] != '"')) return p + 1;
    if (*p == '"') p++;
    hy_str_add_bytes(&f->cell, p, 1);
  }
  return NULL;
}

/** The next cell into f->cell and f->place; false when there is none, or a mistake. */
static bool next_cell(csv *f, bool *bad)
{
  const char *const end = f->line + f->n;

  if (!f->at) return false;
  const char *const start = skip_blanks(f->at, end), *stop;

  f->cell.len = 0;
  hy_str_add(&f->cell, "");
  f->place = (hy_node){
      .from = &f->from, .line = f->number, .column = characters(f->line, start) + 1, .width = 1};
  if (start < end && *start == '"') {
    stop = quoted(f, start, end);
    const char *const behind = stop ? skip_blanks(stop, end) : NULL;

    if (!behind || (behind < end && *behind != ',')) {
      hy_diag_at(&f->l->diag, &f->place, NULL,
                 behind ? "a quoted value is followed by something else than a comma"
                        : "the quote is not closed in this line");
      *bad = true;
      return false;
    }
    f->at = behind < end ? behind + 1 : NULL;
  } else {
    const char *const comma = start < end ? memchr(start, ',', (size_t)(end - start)) : NULL;

    stop = comma ? comma : end;
    f->at = comma ? comma + 1 : NULL;
    while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t')) stop--;
    hy_str_add_bytes(&f->cell, start, (size_t)(stop - start));
  }
  f->place.width = characters(start, stop);
  f->place.text = f->cell.text;
  return !f->cell.failed;
}

static bool take_header(csv *f, hy_axis *axis)
{
  bool bad = false;

  while (next_cell(f, &bad)) {
    const hy_param *p = load_claim(f->l, &f->place);

    if (p)
      axis->columns[axis->ncolumns++] = (column){.param = p};
    else
      bad = true;
  }
  return !bad && axis->ncolumns > 0;
}

/** Values of a line into row axis->count; false: the file is not worth reading on. */
static bool take_row(csv *f, hy_axis *axis)
{
  bool   bad = false;
  int    c = 0;
  hy_err why;

  for (; c < axis->ncolumns && next_cell(f, &bad); c++) {
    const hy_param *p = axis->columns[c].param;
    hy_value       *value = &axis->columns[c].values[axis->count];

    if (hy_param_parse(p, f->cell.text, value, &why)) {
      hy_diag_at(&f->l->diag, &f->place, NULL, "%s", why.text);
      continue;
    }
    if (p->type == HY_STR) value->s = hy_arena_text(f->l->arena, f->cell.text, f->cell.len);
  }
  if (!bad && (c < axis->ncolumns || f->at)) {
    f->place = (hy_node){.from = &f->from, .line = f->number, .column = 1, .width = 1};
    hy_diag_at(&f->l->diag, &f->place, NULL, "this line has %s cells than the header's %d",
               f->at ? "more" : "fewer", axis->ncolumns);
  }
  axis->count++;
  return f->l->diag.mistakes < HY_MAX_MISTAKES;
}

/** Room for the values of `rows` lines. */
static bool make_room(csv *f, hy_axis *axis, int64_t rows)
{
  const hy_node all = {.from = &f->from};

  if (rows == 0 || rows > MAX_CELLS / axis->ncolumns) {
    if (rows == 0)
      hy_diag_at(&f->l->diag, &all, NULL,
                 "no points: a header with parameter names and a line per point are expected");
    else
      hy_diag_at(&f->l->diag, &all, NULL, "%lld points of %d values; %d values are the most",
                 (long long)rows, axis->ncolumns, MAX_CELLS);
    return false;
  }
  for (int c = 0; c < axis->ncolumns; c++) {
    axis->columns[c].values = hy_arena_get(f->l->arena, (size_t)rows * sizeof(hy_value));
    axis->columns[c].nvalues = axis->columns[c].count = rows;
    if (!axis->columns[c].values) return false;
  }
  return true;
}

static bool read_points(csv *f, hy_axis *axis)
{
  const hy_node all = {.from = &f->from};
  csv           ahead;
  int64_t       rows = 0;

  if (!hy_text_is_utf8(f->from.text, f->from.n) || memchr(f->from.text, 0, f->from.n)) {
    hy_diag_at(&f->l->diag, &all, NULL, "this is no CSV file: it is not UTF-8 text");
    return false;
  }
  if (next_line(f) && !take_header(f, axis)) return false;
  if (axis->ncolumns == 0) {
    hy_diag_at(&f->l->diag, &all, NULL,
               "no points: a header with parameter names and a line per point are expected");
    return false;
  }
  for (ahead = *f; next_line(&ahead);) rows++;
  if (!make_room(f, axis, rows)) return false;
  while (next_line(f))
    if (!take_row(f, axis)) return false;
  return true;
}

bool load_csv(loader *l, const hy_node *path, hy_axis *axis)
{
  const bundle_file *file = NULL;
  const char        *name = load_resolve(l, path->text);
  csv                f = {.l = l};
  hy_err             why;

  if (!name) return false;
  if (bundle_text(l->bundle, name, &file, &why)) {
    hy_diag_at(&l->diag, path, NULL, "%s", why.text);
    return false;
  }
  axis->file = hy_arena_text(l->arena, file->absolute, strlen(file->absolute));
  f.from = (hy_text){.name = name, .text = file->bytes, .n = file->n, .csv = true};
  if (file->n >= 3 && memcmp(file->bytes, "\xef\xbb\xbf", 3) == 0) f.from.text += 3, f.from.n -= 3;
  f.next = f.from.text;
  const bool good = read_points(&f, axis);

  if (f.cell.failed) l->arena->failed = true;
  hy_str_clear(&f.cell);
  return good;
}
