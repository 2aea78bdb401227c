/** @file identity.c
 *  A job as text: the canonical one which decides the results and nothing else, and the one for people,
 *  with every default. */
#include "job/internal.h"

#include "base/digest.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
  LISTED = 64,
  INLINE_POINTS = 10000
}; /* longer lists of values stand in the specification as their digest */

/** A text in double quotes, as YAML reads it back. */
static void add_quoted(hy_str *out, const char *text)
{
  hy_str_add(out, "\"");
  for (; *text; text++) {
    const unsigned char c = (unsigned char)*text;

    if (c == '"' || c == '\\')
      hy_str_addf(out, "\\%c", c);
    else if (c < 0x20 || c == 0x7f)
      hy_str_addf(out, "\\x%02x", c);
    else
      hy_str_add_bytes(out, text, 1);
  }
  hy_str_add(out, "\"");
}

static void add_value(hy_str *out, const hy_param *p, hy_value v)
{
  char text[256];

  if (p->type == HY_STR || p->type == HY_MATRIX)
    add_quoted(out, v.s ? v.s : "");
  else
    hy_str_add(out, hy_param_format(p, v, text, sizeof text));
}

static void add_list(hy_str *out, const column *c)
{
  for (int64_t i = 0; i < c->nvalues; i++) {
    if (i) hy_str_add(out, ", ");
    add_value(out, c->param, c->values[i]);
  }
}

static void add_ends(hy_str *out, const column *c)
{
  char a[28], b[28];

  if (c->param->type == HY_I64)
    hy_str_addf(out, "from: %lld, to: %lld", (long long)c->ifrom, (long long)c->ito);
  else
    hy_str_addf(out, "from: %s, to: %s", hy_format_f64(a, c->from), hy_format_f64(b, c->to));
}

/** `[a, b]` or `{from: ...}` as in a job file. */
static void add_column(hy_str *out, const column *c, int64_t count)
{
  char text[28];

  if (c->values) {
    hy_str_add(out, "[");
    add_list(out, c);
    hy_str_add(out, "]");
    return;
  }
  hy_str_add(out, "{");
  add_ends(out, c);
  if (c->kind == COLUMN_RANGE && c->param->type == HY_I64 && c->istep)
    hy_str_addf(out, ", step: %lld", (long long)c->istep);
  else if (c->kind == COLUMN_RANGE && c->step != 0.0)
    hy_str_addf(out, ", step: %s", hy_format_f64(text, c->step));
  else if (c->kind == COLUMN_RANGE)
    hy_str_addf(out, ", count: %lld", (long long)count);
  if (c->log) hy_str_add(out, ", log: true");
  hy_str_add(out, "}");
}

static void spec_column(hy_str *out, const column *c, int64_t count)
{
  static const char *const kinds[] = {"list", "range", "random", "latin"};

  hy_str_addf(out, "  %s %s ", c->param->name, kinds[c->kind]);
  if (c->values && c->nvalues > LISTED) {
    hy_str  list = {0};
    uint8_t digest[32];
    char    hex[65];

    add_list(&list, c);
    out->failed |= list.failed;
    hy_sha256_of(list.text, list.len, digest);
    hy_hex32(digest, hex);
    hy_str_addf(out, "%lld values sha256 %s\n", (long long)c->nvalues, hex);
    hy_str_clear(&list);
    return;
  }
  add_column(out, c, count);
  hy_str_add(out, "\n");
}

static hy_code spec_params(hy_job *job, hy_bundle *bundle, hy_err *err)
{
  hy_str *out = &job->spec;
  uint8_t digest[32];
  char    hex[65];

  for (int i = 0; job->kernel->params[i].name; i++) {
    const hy_param *p = &job->kernel->params[i];

    if (job->swept[i]) continue;
    if (p->type == HY_MATRIX) {
      if (!job->files[i]) continue;
      const hy_code rc = bundle_digest(bundle, job->files[i], digest, err);

      if (rc) return rc;
      hy_hex32(digest, hex);
      hy_str_addf(out, "file %s sha256 %s dataset %s\n", p->name, hex, job->file_datasets[i]);
    } else {
      hy_str_addf(out, "param %s = ", p->name);
      add_value(out, p, hy_param_get(job->params, p));
      hy_str_add(out, "\n");
    }
  }
  return HY_OK;
}

hy_code job_identify(hy_job *job, hy_bundle *bundle, hy_err *err)
{
  hy_str *out = &job->spec;
  hy_code rc;

  hy_str_addf(out, "kernel %s %s\nseed %llu\n", job->kernel->name, job->kernel->version,
              (unsigned long long)job->seed);
  if (job->title[0]) hy_str_addf(out, "title %s\n", job->title); /* it stands in results.h5 */
  rc = spec_params(job, bundle, err);
  if (rc) return rc;
  for (int a = 0; a < job->naxes; a++) {
    hy_str_addf(out, "axis of %lld\n", (long long)job->axes[a]->count);
    for (int c = 0; c < job->axes[a]->ncolumns; c++)
      spec_column(out, &job->axes[a]->columns[c], job->axes[a]->count);
  }
  if (out->failed) return hy_fail(err, HY_ENOMEM, "no memory for the job");
  hy_sha256_of(out->text, out->len, job->digest);
  return HY_OK;
}

const char *hy_job_spec(const hy_job *job)
{
  return job->spec.text;
}

static void write_params(const hy_job *job, hy_str *out)
{
  hy_str_add(out, "params:\n");
  for (int i = 0; job->kernel->params[i].name; i++) {
    const hy_param *p = &job->kernel->params[i];
    char            absolute[PATH_MAX], *whole;
    hy_str          path = {0};

    if (job->swept[i] || (p->type == HY_MATRIX && !job->files[i])) continue;
    hy_str_addf(out, "  %s: ", p->name);
    if (p->type == HY_MATRIX) {
      whole = realpath(job->files[i], absolute);
      hy_str_addf(&path, "%s%s%s", whole ? whole : job->files[i],
                  job->file_datasets[i][0] ? ":" : "", job->file_datasets[i]);
      add_quoted(out, path.text ? path.text : "");
      out->failed |= path.failed;
      hy_str_clear(&path);
    } else {
      add_value(out, p, hy_param_get(job->params, p));
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
      add_value(out, axis->columns[c].param, axis->columns[c].values[i]);
    }
    hy_str_add(out, "}\n");
  }
}

/** Too many points to repeat: the file they came from. */
static void write_csv(const hy_axis *axis, hy_str *out)
{
  char        absolute[PATH_MAX];
  const char *whole = realpath(axis->file, absolute);

  hy_str_add(out, "  - csv: ");
  add_quoted(out, whole ? whole : axis->file);
  hy_str_add(out, "\n");
}

static void write_axis(const hy_axis *axis, hy_str *out)
{
  const bool samples = strcmp(axis->form, "random") == 0 || strcmp(axis->form, "latin") == 0;

  if (axis->file && axis->count > INLINE_POINTS) {
    write_csv(axis, out);
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
    add_column(out, &axis->columns[c], axis->count);
  }
  hy_str_add(out, "}\n");
}

void hy_job_write(const hy_job *job, hy_str *yaml)
{
  hy_str_add(yaml, HY_JOB_FIRST_LINE "version: 1\n");
  hy_str_addf(yaml, "name: %s\n", job->name);
  if (job->title[0]) {
    hy_str_add(yaml, "title: ");
    add_quoted(yaml, job->title);
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
  add_quoted(yaml, job->output);
  hy_str_addf(yaml, "\non_failure: %s\n", job->on_failure == HY_STOP_NOW ? "stop" : "continue");
}
