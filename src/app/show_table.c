/** @file show_table.c
 *  One row a task: its number, the swept parameters, whether it failed, the scalar outputs. */
#include "app/plan.h"
#include "app/show.h"
#include "app/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Where the rows go: cells of a table, or fields of a CSV file. */
typedef struct sheet {
  const hy_job *job;
  hy_store     *store;
  void         *params;
  int          *swept; /* parameters, as the axes have them: the last one changes fastest */
  int           nswept;
  int          *columns; /* outputs shown */
  int           ncolumns;
  table        *table; /* NULL: CSV */
  bool          begun; /* the row of the CSV file */
} sheet;

/** RFC 4180: quotes around a field with a comma, quote or line end; quotes in it twice. */
static void csv_field(sheet *s, const char *text)
{
  if (s->begun) (void)putchar(',');
  s->begun = true;
  if (!strpbrk(text, ",\"\r\n")) {
    (void)fputs(text, stdout);
    return;
  }
  (void)putchar('"');
  for (; *text; text++) {
    if (*text == '"') (void)putchar('"');
    (void)putchar(*text);
  }
  (void)putchar('"');
}

static void put(sheet *s, const char *text)
{
  if (s->table)
    table_cell(s->table, text);
  else
    csv_field(s, text);
}

static void end_row(sheet *s)
{
  if (!s->table) (void)fputs("\r\n", stdout);
  s->begun = false;
}

static void put_heads(sheet *s)
{
  put(s, "task");
  for (int p = 0; p < s->nswept; p++) put(s, s->job->kernel->params[s->swept[p]].name);
  put(s, "status");
  for (int c = 0; c < s->ncolumns; c++) put(s, s->job->kernel->outputs[s->columns[c]].name);
  end_row(s);
}

/** A scalar output of a task as text; empty when the task has none. */
static hy_code scalar(const sheet *s, int64_t task, int output, char *text, size_t n, hy_err *err)
{
  union {
    double  f;
    int64_t i;
  } value;
  hy_extent x;
  char      number[28];
  hy_code   rc = hy_output_extent(s->job->kernel, output, s->params, &x, err);

  text[0] = 0;
  if (rc || !x.present) return rc;
  rc = hy_store_read(s->store, task, output, 0, 1, &value, err);
  if (rc) return rc;
  if (s->job->kernel->outputs[output].type == HY_I64)
    (void)snprintf(text, n, "%lld", (long long)value.i);
  else if (s->table)
    (void)snprintf(text, n, "%.10g", value.f);
  else
    (void)snprintf(text, n, "%s", hy_format_f64(number, value.f));
  return HY_OK;
}

static hy_code put_task(sheet *s, int64_t task, hy_err *err)
{
  char    text[512];
  bool    failed = false;
  hy_code rc = hy_store_failed(s->store, task, &failed, err);

  if (rc) return rc;
  hy_job_point(s->job, task, s->params);
  (void)snprintf(text, sizeof text, "%lld", (long long)task);
  put(s, text);
  for (int p = 0; p < s->nswept; p++) {
    const hy_param *swept = &s->job->kernel->params[s->swept[p]];

    put(s, hy_param_format(swept, hy_param_get(s->params, swept), text, sizeof text));
  }
  put(s, failed ? "failed" : "done");
  for (int c = 0; !rc && c < s->ncolumns; c++) {
    text[0] = 0;
    if (!failed) rc = scalar(s, task, s->columns[c], text, sizeof text, err);
    put(s, text);
  }
  end_row(s);
  return rc;
}

static hy_code begin(sheet *s, const hy_job *job, hy_store *store, hy_err *err)
{
  const int n = hy_outputs_count(job->kernel), nparams = hy_params_count(job->kernel);

  s->job = job;
  s->store = store;
  s->params = malloc(job->kernel->params_size);
  s->swept = calloc((size_t)nparams + 1, sizeof *s->swept);
  s->columns = calloc((size_t)n + 1, sizeof *s->columns);
  if (!s->params || !s->swept || !s->columns)
    return hy_fail(err, HY_ENOMEM, "no memory for the table");
  for (int a = 0; a < job->naxes; a++)
    for (int p = 0; p < hy_axis_nparams(job->axes[a]); p++)
      s->swept[s->nswept++] = hy_params_find(job->kernel, hy_axis_param(job->axes[a], p)->name);
  for (int o = 0; o < n; o++)
    if (!job->kernel->outputs[o].shape[0]) s->columns[s->ncolumns++] = o;
  return HY_OK;
}

static void clear(sheet *s)
{
  free(s->params);
  free(s->swept);
  free(s->columns);
}

/** Tasks [*first, *end) that were asked for, at most so many; 0: all. */
static void range(const options *o, const hy_job *job, int64_t most, int64_t *first, int64_t *end)
{
  *first = o->task >= 0 ? o->task : 0;
  *end = o->task >= 0 ? o->task + 1 : most > 0 && most < job->ntasks ? most : job->ntasks;
}

/** Outputs which do not fit a table. */
static void print_arrays(const hy_job *job)
{
  const char *before = "\n  arrays in results.h5: ";

  for (int o = 0; job->kernel->outputs[o].name; o++) {
    hy_str shape = {0}, dataset = {0};

    if (job->kernel->outputs[o].shape[0] && plan_output(job, o, &shape, &dataset)) {
      (void)printf("%s%s", before, dataset.text ? dataset.text : "");
      before = ", ";
    }
    hy_str_clear(&shape);
    hy_str_clear(&dataset);
  }
  if (before[0] == ',') (void)putchar('\n');
}

hy_code show_table(const options *o, const hy_job *job, hy_store *store, hy_err *err)
{
  sheet   s = {0};
  int64_t first = 0, end = 0;
  char    text[28];
  hy_code rc = begin(&s, job, store, err);

  if (rc) goto out;
  range(o, job, o->rows, &first, &end);
  s.table = table_new(NULL, s.nswept + 2 + s.ncolumns);
  if (!s.table) rc = hy_fail(err, HY_ENOMEM, "no memory for the table");
  if (rc) goto out;
  put_heads(&s);
  for (int64_t t = first; !rc && t < end; t++) rc = put_task(&s, t, err);
  (void)putchar('\n');
  table_print_free(s.table, 2);
  if (!rc && o->task < 0 && end < job->ntasks)
    (void)printf("  .. %s more; --rows 0 shows all, --csv writes them\n",
                 hy_format_count(text, job->ntasks - end));
  print_arrays(job);
out:
  clear(&s);
  return rc;
}

hy_code show_csv(const options *o, const hy_job *job, hy_store *store, hy_err *err)
{
  sheet   s = {0};
  int64_t first = 0, end = 0;
  hy_code rc = begin(&s, job, store, err);

  if (rc) goto out;
  range(o, job, 0, &first, &end);
  put_heads(&s);
  for (int64_t t = first; !rc && t < end && !ferror(stdout); t++) rc = put_task(&s, t, err);
out:
  clear(&s);
  return rc;
}
