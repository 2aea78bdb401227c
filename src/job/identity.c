/** @file identity.c
 *  A job as the canonical text which decides the results and nothing else: same text, same
 *  results.h5. Values and columns are written as YAML reads them back, for job.yaml needs the
 *  same. */
#include "job/internal.h"

#include "base/digest.h"

#include <string.h>

/** Longer lists, and longer texts, stand in the specification as their digest. */
enum { LISTED = 64, LONGEST = 2048 };

void text_quoted(hy_str *out, const char *text)
{
  size_t   left = strlen(text);
  uint32_t c = 0;

  hy_str_add(out, "\"");
  while (left > 0) {
    const size_t known = hy_text_char(text, left, &c), length = known ? known : 1;

    if (known == 1 && (c == '"' || c == '\\'))
      hy_str_addf(out, "\\%c", (char)c);
    else if (known && !hy_text_printable(c)) /* read raw, it would end a line or be refused */
      hy_str_addf(out, "\\U%08x", (unsigned)c);
    else
      hy_str_add_bytes(out, text, length);
    text += length;
    left -= length;
  }
  hy_str_add(out, "\"");
}

void text_value(hy_str *out, const hy_param *p, hy_value v)
{
  char text[256];

  if (p->type == HY_STR || p->type == HY_MATRIX)
    text_quoted(out, v.s ? v.s : "");
  else
    hy_str_add(out, hy_param_format(p, v, text, sizeof text));
}

static void add_list(hy_str *out, const column *c)
{
  for (int64_t i = 0; i < c->nvalues; i++) {
    if (i) hy_str_add(out, ", ");
    text_value(out, c->param, c->values[i]);
  }
}

void text_column(hy_str *out, const column *c)
{
  const hy_param *p = c->param;

  if (c->values) {
    hy_str_add(out, "[");
    add_list(out, c);
    hy_str_add(out, "]");
    return;
  }
  hy_str_add(out, "{from: ");
  text_value(out, p, c->from);
  hy_str_add(out, ", to: ");
  text_value(out, p, c->to);
  if (c->kind == COLUMN_RANGE && c->by_count) {
    hy_str_addf(out, ", count: %lld", (long long)c->count);
  } else if (c->kind == COLUMN_RANGE) {
    hy_str_add(out, ", step: ");
    text_value(out, p, c->step);
  }
  if (c->log) hy_str_add(out, ", log: true");
  hy_str_add(out, "}");
}

static void add_digest(hy_str *out, const hy_str *text)
{
  uint8_t digest[32];
  char    hex[65];

  hy_sha256_of(text->text, text->len, digest);
  hy_hex32(digest, hex);
  hy_str_addf(out, "sha256 %s", hex);
}

static void spec_column(hy_str *out, const column *c)
{
  static const char *const kinds[] = {"list", "range", "random", "latin"};
  hy_str                   list = {0};

  hy_str_addf(out, "  %s %s ", c->param->name, kinds[c->kind]);
  if (c->values) add_list(&list, c);
  out->failed |= list.failed;
  if (c->values && !list.failed && (c->nvalues > LISTED || list.len > LONGEST)) {
    hy_str_addf(out, "%lld values ", (long long)c->nvalues);
    add_digest(out, &list);
  } else {
    text_column(out, c);
  }
  hy_str_add(out, "\n");
  hy_str_clear(&list);
}

static void spec_param(hy_str *out, const hy_param *p, hy_value v)
{
  hy_str text = {0};

  text_value(&text, p, v);
  out->failed |= text.failed;
  hy_str_addf(out, "param %s = ", p->name);
  if (!text.failed && text.len > LONGEST)
    add_digest(out, &text);
  else
    hy_str_add(out, text.text ? text.text : "");
  hy_str_add(out, "\n");
  hy_str_clear(&text);
}

static hy_code spec_file(hy_job *job, int p, hy_bundle *bundle, hy_err *err)
{
  const bundle_file *file = NULL;
  char               hex[65];
  const hy_code      rc = bundle_digest(bundle, job->files[p], &file, err);

  if (rc) return rc;
  hy_hex32(file->digest, hex);
  hy_str_addf(&job->spec, "file %s sha256 %s dataset %s\n", job->kernel->params[p].name, hex,
              job->file_datasets[p]);
  return HY_OK;
}

static hy_code spec_params(hy_job *job, hy_bundle *bundle, hy_err *err)
{
  for (int i = 0; job->kernel->params[i].name; i++) {
    const hy_param *p = &job->kernel->params[i];
    hy_code         rc = HY_OK;

    if (job->swept[i]) continue;
    if (p->type != HY_MATRIX)
      spec_param(&job->spec, p, hy_param_get(job->params, p));
    else if (job->files[i])
      rc = spec_file(job, i, bundle, err);
    if (rc) return rc;
  }
  return HY_OK;
}

hy_code job_identify(hy_job *job, hy_bundle *bundle, hy_err *err)
{
  hy_str *out = &job->spec;

  hy_str_addf(out, "kernel %s %s\nseed %llu\n", job->kernel->name, job->kernel->version,
              (unsigned long long)job->seed);
  if (job->title[0]) hy_str_addf(out, "title %s\n", job->title); /* it stands in results.h5 */
  const hy_code rc = spec_params(job, bundle, err);

  if (rc) return rc;
  for (int a = 0; a < job->naxes; a++) {
    hy_str_addf(out, "axis of %lld\n", (long long)job->axes[a]->count);
    for (int c = 0; c < job->axes[a]->ncolumns; c++) spec_column(out, &job->axes[a]->columns[c]);
  }
  if (out->failed) return hy_fail(err, HY_ENOMEM, "no memory for the job");
  hy_sha256_of(out->text, out->len, job->digest);
  return HY_OK;
}

const char *hy_job_spec(const hy_job *job)
{
  return job->spec.text;
}
