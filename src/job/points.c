/** @file points.c
 *  Tasks: which parameters each has, and whether the kernel takes them. */
#include "job/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hy_job_point(const hy_job *job, int64_t task, void *params)
{
  uint32_t left = (uint32_t)task; /* below 2^31; a 32-bit division is several times faster */

  memcpy(params, job->params, job->kernel->params_size);
  for (int a = job->naxes - 1; a >= 0; a--) {
    const hy_axis *axis = job->axes[a];
    const uint32_t count = (uint32_t)axis->count, i = left % count;

    left /= count;
    for (int c = 0; c < axis->ncolumns; c++)
      hy_param_set(params, axis->columns[c].param, column_value(&axis->columns[c], i));
  }
}

const char *hy_job_describe(const hy_job *job, int64_t task, char *text, size_t n)
{
  size_t  used = 0;
  int64_t below = job->ntasks;
  char    value[128];

  if (n) text[0] = 0;
  for (int a = 0; a < job->naxes; a++) {
    const hy_axis *axis = job->axes[a];

    below /= axis->count;
    for (int c = 0; c < axis->ncolumns && used + 1 < n; c++) {
      const hy_value v = column_value(&axis->columns[c], task / below % axis->count);
      const char    *shown = hy_param_format(axis->columns[c].param, v, value, sizeof value);
      const int      wrote = snprintf(text + used, n - used, "%s%s = %s", used ? ", " : "",
                                      axis->columns[c].param->name, shown);

      used += wrote > 0 ? (size_t)wrote : 0;
    }
  }
  return text;
}

hy_code hy_job_check_points(const hy_job *job, hy_str *report, hy_err *err)
{
  enum { SHOWN = 5 };
  void   *params = malloc(job->kernel->params_size);
  int64_t bad = 0;
  char    text[256];
  hy_err  why;

  if (!params) return hy_fail(err, HY_ENOMEM, "no memory for parameters");
  for (int64_t t = 0; job->kernel->check && t < job->ntasks; t++) {
    hy_job_point(job, t, params);
    if (!job->kernel->check(params, &why)) continue;
    if (bad++ >= SHOWN) continue;
    if (job->naxes)
      hy_str_addf(report, "%s: error: task %lld (%s): %s\n", job->path, (long long)t,
                  hy_job_describe(job, t, text, sizeof text), why.text);
    else
      hy_str_addf(report, "%s: error: %s\n", job->path, why.text);
  }
  free(params);
  if (!bad) return HY_OK;
  return hy_fail(err, HY_EINPUT,
                 "%s: %lld of %lld tasks have parameters that kernel %s does not take", job->path,
                 (long long)bad, (long long)job->ntasks, job->kernel->name);
}
