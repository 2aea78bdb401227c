/** @file plan.c
 *  Cost and extents are asked for every task, or for an even sample of a sweep that is too long. */
#include "app/plan.h"

#include <stdlib.h>

enum { SAMPLE = 1 << 20 };

/** Bytes of results.h5 beside the outputs: superblock, attributes, the two datasets per task. */
static const double fixed_bytes = 16384.0, task_bytes = 5.0, dataset_bytes = 1024.0;

bool plan_varies(const hy_job *job, int output)
{
  const char *when = job->kernel->outputs[output].when;
  char        name[128];
  int         param;

  if (when && job->swept[hy_params_find(job->kernel, when)]) return true;
  for (int d = 0; hy_output_dim(job->kernel, output, d, name, sizeof name, &param); d++)
    if (param >= 0 && job->swept[param]) return true;
  return false;
}

bool plan_output(const hy_job *job, int output, hy_str *shape, hy_str *dataset)
{
  const hy_output *out = &job->kernel->outputs[output];
  const bool       varies = plan_varies(job, output);
  void            *params = malloc(job->kernel->params_size);
  char             name[128];
  int              param;
  hy_extent        x = {0};
  hy_err           ignored;

  if (params) hy_job_point(job, 0, params);
  const bool known = params && hy_output_extent(job->kernel, output, params, &x, &ignored) == HY_OK;
  const bool depends = out->when && job->swept[hy_params_find(job->kernel, out->when)];

  free(params);
  if (!known || (!x.present && !depends)) return false;
  hy_str_add(shape, out->shape[0] ? "" : "scalar");
  for (int d = 0; hy_output_dim(job->kernel, output, d, name, sizeof name, &param); d++) {
    if (param >= 0 && job->swept[param])
      hy_str_addf(shape, "[%s]", name);
    else
      hy_str_addf(shape, "[%lld]", (long long)x.dims[d]);
  }
  hy_str_addf(dataset, varies ? "tasks/NUMBER/%s" : "%s", out->name);
  for (int a = 0; !varies && a < job->naxes; a++)
    hy_str_addf(dataset, "[%lld]", (long long)hy_axis_count(job->axes[a]));
  if (out->shape[0] && shape->text) hy_str_add(dataset, shape->text);
  return true;
}

static void add_cost(const hy_job *job, int64_t task, const void *params, plan *p)
{
  const int     ranks = job->team_ranks ? job->team_ranks : 1;
  const int     threads = job->team_threads ? job->team_threads : 1;
  const hy_cost c = job->kernel->cost(params, ranks, threads);

  p->flops += c.flops;
  if (c.memory_bytes > p->memory_bytes) p->memory_bytes = c.memory_bytes;
  if (task == 0 || c.flops > p->most_flops) {
    p->most_flops = c.flops;
    p->longest = task;
  }
  if (task == 0 || c.flops < p->least_flops) {
    p->least_flops = c.flops;
    p->shortest = task;
  }
}

static hy_code add_outputs(const hy_job *job, const void *params, plan *p, hy_err *err)
{
  const int noutputs = hy_outputs_count(job->kernel);

  for (int o = 0; o < noutputs; o++) {
    hy_extent     x;
    const hy_code rc = hy_output_extent(job->kernel, o, params, &x, err);

    if (rc) return rc;
    p->result_bytes += (double)x.bytes;
    if (x.present && plan_varies(job, o)) p->result_bytes += dataset_bytes;
  }
  return HY_OK;
}

hy_code plan_make(const hy_job *job, plan *p, hy_err *err)
{
  const int64_t count = job->ntasks < SAMPLE ? job->ntasks : SAMPLE;
  const double  each = (double)job->ntasks / (double)count;
  void         *params = malloc(job->kernel->params_size);
  hy_code       rc = params ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for parameters");

  *p = (plan){.sampled = count < job->ntasks};
  for (int64_t i = 0; !rc && i < count; i++) {
    const int64_t task = (int64_t)((double)i * each);

    hy_job_point(job, task, params);
    if (job->kernel->cost) add_cost(job, task, params, p);
    rc = add_outputs(job, params, p, err);
  }
  free(params);
  p->flops *= each;
  p->result_bytes = fixed_bytes + p->result_bytes * each + task_bytes * (double)job->ntasks;
  return rc;
}
