/** @file write.c
 *  A job as a job file again, every default written out.  Nothing is asked of the file system:
 *  any rank writes the same text. */
#include "job/internal.h"

#include <string.h>

/** More points than these stay in the CSV file they came from. */
enum { INLINE_POINTS = 1000 };

static void write_params(const hy_job *job, hy_str *out)
{
  const job_memory *memory = (const job_memory *)job;

  hy_str_add(out, "params:\n");
  for (int i = 0; job->kernel->params[i].name; i++) {
    const hy_param *p = &job->kernel->params[i];
    hy_str          path = {0};

    if (job->swept[i] || (p->type == HY_MATRIX && !job->files[i])) continue;
    hy_str_addf(out, "  %s: ", p->name);
    if (p->type == HY_MATRIX) {
      hy_str_addf(&path, "%s%s%s", memory->absolute[i], job->file_datasets[i][0] ? ":" : "",
                  job->file_datasets[i]);
      text_quoted(out, path.text ? path.text : "");
      out->failed |= path.failed;
      hy_str_clear(&path);
    } else {
      text_value(out, p, hy_param_get(job->params, p));
    }
    hy_str_addf(out, " # %s: %s\n", p->unit, p->doc);
  }
}

/** Columns of values side by side, as points. */
static void write_points(const hy_axis *axis, hy_str *out)
{
  hy_str_add(out, "  - points:\n");
  for (int64_t i = 0; i < axis->count; i++) {
    hy_str_add(out, "    - {");
    for (int c = 0; c < axis->ncolumns; c++) {
      hy_str_addf(out, "%s%s: ", c ? ", " : "", axis->columns[c].param->name);
      text_value(out, axis->columns[c].param, axis->columns[c].values[i]);
    }
    hy_str_add(out, "}\n");
  }
}

static void write_axis(const hy_axis *axis, hy_str *out)
{
  const bool samples = strcmp(axis->form, "random") == 0 || strcmp(axis->form, "latin") == 0;

  if (axis->file && axis->count > INLINE_POINTS) {
    hy_str_add(out, "  - csv: ");
    text_quoted(out, axis->file);
    hy_str_add(out, "\n");
    return;
  }
  if (axis->file || strcmp(axis->form, "points") == 0) {
    write_points(axis, out);
    return;
  }
  if (strcmp(axis->form, "range") == 0)
    hy_str_add(out, "  - {");
  else
    hy_str_addf(out, "  - %s: {", axis->form);
  if (samples) hy_str_addf(out, "count: %lld, ", (long long)axis->count);
  for (int c = 0; c < axis->ncolumns; c++) {
    hy_str_addf(out, "%s%s: ", c ? ", " : "", axis->columns[c].param->name);
    text_column(out, &axis->columns[c]);
  }
  hy_str_add(out, "}\n");
}

void hy_job_write(const hy_job *job, hy_str *yaml)
{
  hy_str_add(yaml, HY_JOB_FIRST_LINE "version: 1\n");
  hy_str_addf(yaml, "name: %s\n", job->name);
  if (job->title[0]) {
    hy_str_add(yaml, "title: ");
    text_quoted(yaml, job->title);
    hy_str_add(yaml, "\n");
  }
  hy_str_addf(yaml, "kernel: %s # version %s\nseed: %llu\n", job->kernel->name,
              job->kernel->version, (unsigned long long)job->seed);
  write_params(job, yaml);
  if (job->naxes) hy_str_add(yaml, "sweep:\n");
  for (int a = 0; a < job->naxes; a++) write_axis(job->axes[a], yaml);
  hy_str_add(yaml, "team: {ranks: ");
  if (job->team_ranks)
    hy_str_addf(yaml, "%d", job->team_ranks);
  else
    hy_str_add(yaml, "all");
  if (job->team_threads)
    hy_str_addf(yaml, ", threads: %d}\n", job->team_threads);
  else
    hy_str_add(yaml, ", threads: auto}\n");
  hy_str_add(yaml, "output: ");
  text_quoted(yaml, job->output);
  hy_str_addf(yaml, "\non_failure: %s\n", job->on_failure == HY_STOP_NOW ? "stop" : "continue");
}
