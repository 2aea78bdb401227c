/** @file run.h
 *  What hybrid offers a kernel while it runs.  Team kernels include team.h instead, which adds the
 *  communicator. */
#ifndef HY_KERNEL_RUN_H
#define HY_KERNEL_RUN_H

#include "kernel/kernel.h"

int      hy_threads(const hy_run *run); /**< OpenMP threads for this task, per rank, >= 1  */
uint64_t hy_seed(const hy_run *run);    /**< same on all ranks, unique to job seed and task */

/** Once per outer iteration: delivers cancellation (HY_STOP), feeds the watchdog.  Team:
 *  collective, same result on all ranks at the same iteration; cheap, for it agrees only every few
 *  milliseconds.  A local failure is not its business: see hy_agree() in team.h. */
hy_code hy_step(hy_run *run, hy_err *err);

/** Store / fetch rows [start, start+count) of a declared output; a row is everything behind the
 *  first dimension, a scalar is one row.  `data` is double or int64_t as declared, row-major.
 *  Every element of every output must be put exactly once, by any rank of the team.
 *  Local: ranks may put different numbers of slabs, also none. */
hy_code hy_put(hy_run *run, const char *output, int64_t start, int64_t count, const void *data,
               hy_err *err);
hy_code hy_get(hy_run *run, const char *output, int64_t start, int64_t count, void *data,
               hy_err *err);

#endif
