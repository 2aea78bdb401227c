/** @file cmd_check.c
 *  `hybrid check JOB`: everything a run would do before its first task, then what it would do, by
 *  the kernel's own cost model.  No MPI. */
#include "app/cmd.h"
#include "app/plan.h"
#include "app/table.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** "2, 3, 4, .. 20" for one parameter of an axis. */
static void axis_values(const hy_axis *axis, int p, hy_str *text)
{
  const int64_t   n = hy_axis_count(axis);
  const hy_param *param = hy_axis_param(axis, p);
  char            value[128];

  for (int64_t i = 0; i < n; i++) {
    if (i == 3 && n > 5) {
      hy_str_add(text, ", ..");
      i = n - 2;
      continue;
    }
    hy_str_addf(text, "%s%s", i ? ", " : "",
                hy_param_format(param, hy_axis_value(axis, p, i), value, sizeof value));
  }
}

static void print_sweep(const hy_job *job)
{
  static const char *const heads[] = {"axis", "points", "parameter", "unit", "values"};
  table                   *t = table_new(heads, 5);
  char                     count[28], number[16];

  for (int a = 0; a < job->naxes; a++)
    for (int p = 0; p < hy_axis_nparams(job->axes[a]); p++) {
      const hy_param *param = hy_axis_param(job->axes[a], p);
      hy_str          values = {0};

      axis_values(job->axes[a], p, &values);
      (void)snprintf(number, sizeof number, "%d", a + 1);
      table_cell(t, p ? "" : number);
      table_cell(t, p ? "" : hy_format_count(count, hy_axis_count(job->axes[a])));
      table_cell(t, param->name);
      table_cell(t, strcmp(param->unit, "1") == 0 ? "" : param->unit);
      table_cell(t, values.text ? values.text : "");
      hy_str_clear(&values);
    }
  (void)putchar('\n');
  table_print_free(t, 2);
}

static void print_params(const hy_job *job)
{
  static const char *const heads[] = {"parameter", "value", "unit", "meaning"};
  table                   *t;
  int                      n = 0;
  char                     value[512];

  for (int i = 0; job->kernel->params[i].name; i++) n += !job->swept[i];
  if (n == 0) return;
  t = table_new(heads, 4);
  for (int i = 0; job->kernel->params[i].name; i++) {
    const hy_param *p = &job->kernel->params[i];

    if (job->swept[i]) continue;
    table_cell(t, p->name);
    if (p->type == HY_MATRIX) {
      const hy_matrix *m = (const hy_matrix *)((const char *)job->params + p->offset);

      table_cellf(t, "%s (%lld x %lld)", job->files[i] ? job->files[i] : "none", (long long)m->rows,
                  (long long)m->cols);
    } else {
      table_cell(t, hy_param_format(p, hy_param_get(job->params, p), value, sizeof value));
    }
    table_cell(t, strcmp(p->unit, "1") == 0 ? "" : p->unit);
    table_cell(t, p->doc);
  }
  (void)putchar('\n');
  table_print_free(t, 2);
}

static void print_outputs(const hy_job *job)
{
  static const char *const heads[] = {"output", "type",          "per task",
                                      "unit",   "in results.h5", "meaning"};
  table                   *t = table_new(heads, 6);

  for (int o = 0; job->kernel->outputs[o].name; o++) {
    const hy_output *out = &job->kernel->outputs[o];
    hy_str           shape = {0}, dataset = {0};

    if (!plan_output(job, o, &shape, &dataset)) continue;
    table_cell(t, out->name);
    table_cell(t, out->type == HY_I64 ? "int64" : "double");
    table_cell(t, shape.text ? shape.text : "");
    table_cell(t, strcmp(out->unit, "1") == 0 ? "" : out->unit);
    table_cell(t, dataset.text ? dataset.text : "");
    table_cell(t, out->doc);
    hy_str_clear(&shape);
    hy_str_clear(&dataset);
  }
  (void)putchar('\n');
  table_print_free(t, 2);
}

static void print_work(const hy_job *job, const plan *p)
{
  char a[28], text[512];

  (void)printf("\n  results.h5   about %s\n", hy_format_bytes(a, p->result_bytes));
  if (!job->kernel->cost) return;
  (void)printf("  memory       %s per task (largest)\n", hy_format_bytes(a, p->memory_bytes));
  (void)printf("  work         %s%.3g flop in all by the cost model\n", p->sampled ? "about " : "",
               p->flops);
  if (job->ntasks == 1) return;
  (void)printf("  longest      %.3g flop: task %lld (%s)\n", p->most_flops, (long long)p->longest,
               hy_job_describe(job, p->longest, text, sizeof text));
  (void)printf("  shortest     %.3g flop: task %lld (%s)\n", p->least_flops, (long long)p->shortest,
               hy_job_describe(job, p->shortest, text, sizeof text));
  (void)printf("  longest/mean %.3g: the work fills at most about %.4g teams evenly\n",
               p->most_flops / (p->flops / (double)job->ntasks), p->flops / p->most_flops);
}

static void print_team(const hy_job *job)
{
  if (job->kernel->team && job->team_ranks == 0)
    (void)printf("  team         all ranks work on one task at a time");
  else if (job->kernel->team)
    (void)printf("  team         %d rank%s per task", job->team_ranks,
                 job->team_ranks == 1 ? "" : "s");
  else
    (void)printf("  team         one rank per task");
  if (job->team_threads)
    (void)printf(", %d thread%s\n", job->team_threads, job->team_threads == 1 ? "" : "s");
  else
    (void)printf(job->kernel->team ? ", all its threads\n" : ", one thread\n");
}

static void print_plan(const options *o, const hy_job *job, const plan *p)
{
  static const char *const states[] = {
      "does not exist yet", "holds something else: will be refused",
      "holds an unfinished run: it would go on", "holds a finished run: needs --force"};
  const char *dir = o->output ? o->output : job->output;
  char        n[28];

  (void)printf("%s%s%s\n", job->name, job->title[0] ? ": " : "", job->title);
  (void)printf("  kernel       %s %s: %s\n", job->kernel->name, job->kernel->version,
               job->kernel->doc);
  (void)printf("  tasks        %s\n", hy_format_count(n, job->ntasks));
  (void)printf("  seed         %llu\n", (unsigned long long)job->seed);
  print_team(job);
  (void)printf("  directory    %s %s\n", dir, states[hy_dir_look(dir)]);
  if (job->naxes) print_sweep(job);
  print_params(job);
  print_outputs(job);
  print_work(job, p);
}

int cmd_check(const options *o)
{
  const char *path, *text;
  hy_job     *job = NULL;
  hy_inputs  *inputs = NULL;
  hy_str      report = {0};
  hy_err      err = {0};
  plan        p;
  hy_code     rc = app_job_file(o, &path, &text, &err);

  if (!rc) rc = hy_job_load(path, text, o->sets, o->nsets, &job, &report, &err);
  if (!rc) rc = hy_inputs_load(job, &inputs, &err);
  if (!rc) rc = hy_job_check_points(job, &report, &err);
  if (!rc) rc = plan_make(job, &p, &err);
  if (report.text) (void)fputs(report.text, stderr);
  if (!rc) print_plan(o, job, &p);
  hy_str_clear(&report);
  hy_inputs_free(inputs);
  hy_job_free(job);
  return rc ? app_fail(rc, &err) : HY_EXIT_DONE;
}
