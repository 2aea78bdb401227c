/** @file plan.h
 *  What a job amounts to: size of the results, memory, work.  Local, pure. */
#ifndef HY_APP_PLAN_H
#define HY_APP_PLAN_H

#include "base/str.h"
#include "job/job.h"

typedef struct plan {
  bool    sampled;                        /**< too many tasks to ask each: sums are estimates    */
  double  result_bytes;                   /**< of results.h5                                     */
  double  memory_bytes;                   /**< of the hungriest task                             */
  double  flops, most_flops, least_flops; /**< 0 without a cost model                            */
  int64_t longest, shortest;              /**< tasks                                             */
} plan;

hy_code plan_make(const hy_job *job, plan *p, hy_err *err);

/** Shape of an output for one task, "[64][64]", or "[k][64]" when k is swept, and the dataset it
 *  goes to, "u[19][50][64][64]" or "tasks/NUMBER/centers[k][64]".  False when no task has it.
 *  Appends. */
bool plan_output(const hy_job *job, int output, hy_str *shape, hy_str *dataset);

/** Whether the extents of an output depend on the task. */
bool plan_varies(const hy_job *job, int output);

#endif
