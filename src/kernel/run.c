/** @file run.c
 *  run.h and team.h on top of a host's three operations.  Every mistake a kernel can make with an
 *  output is found here, so that hosts need not look.
 *
 *  A task may consist of one hy_put() of a scalar, millions of them a second: for a scalar the
 *  checks are a few comparisons; only arrays have their extents computed. */
#include "kernel/host.h"
#include "kernel/params.h"
#include "kernel/team.h"
#include "numeric/philox.h"

#include <inttypes.h>
#include <string.h>

int hy_threads(const hy_run *run)
{
  return run->threads > 1 ? run->threads : 1;
}

uint64_t hy_seed(const hy_run *run)
{
  return run->seed;
}

MPI_Comm hy_comm(const hy_run *run)
{
  return run->comm;
}

uint64_t hy_task_seed(uint64_t job_seed, int64_t task)
{
  return hy_random_key(job_seed, (uint64_t)task);
}

hy_code hy_step(hy_run *run, hy_err *err)
{
  return run->ops->step ? run->ops->step(run, err) : HY_OK;
}

/** Index of an output.  Compilers merge equal literals, so the pointer is often the table's own. */
static int find(const hy_kernel *k, const char *name)
{
  for (int o = 0; k->outputs[o].name; o++)
    if (k->outputs[o].name == name) return o;
  return hy_outputs_find(k, name);
}

/** Whether rows [start, start+count) of output `name` exist; *output = its index. */
static hy_code locate(const hy_run *run, const char *name, int64_t start, int64_t count,
                      int *output, hy_err *err)
{
  const hy_kernel *k = run->kernel;
  const int        o = find(k, name);
  hy_extent        x = {.present = true, .rows = 1};

  if (o < 0)
    return hy_fail(err, HY_EBUG, "kernel %s has no output \"%.60s\" in its table", k->name, name);
  if (k->outputs[o].when || k->outputs[o].shape[0]) {
    const hy_code rc = hy_output_extent(k, o, run->params, &x, err);

    if (rc) return rc;
  }
  if (!x.present)
    return hy_fail(err, HY_EBUG, "kernel %s: output %s was not asked for, %s is false", k->name,
                   name, k->outputs[o].when);
  if (start < 0 || count < 0 || start > x.rows || count > x.rows - start)
    return hy_fail(err, HY_EBUG,
                   "kernel %s: output %s has rows 0 to %" PRId64 ", not %" PRId64 " from %" PRId64,
                   k->name, name, x.rows - 1, count, start);
  *output = o;
  return HY_OK;
}

hy_code hy_put(hy_run *run, const char *output, int64_t start, int64_t count, const void *data,
               hy_err *err)
{
  int           o = -1;
  const hy_code rc = locate(run, output, start, count, &o, err);

  return rc ? rc : run->ops->put(run, o, start, count, data, err);
}

hy_code hy_get(hy_run *run, const char *output, int64_t start, int64_t count, void *data,
               hy_err *err)
{
  int           o = -1;
  const hy_code rc = locate(run, output, start, count, &o, err);

  return rc ? rc : run->ops->get(run, o, start, count, data, err);
}
