/** @file host.h
 *  The other side of run.h: what whoever executes a kernel (engine, verify, tests) provides.
 *  Kernels never include this. */
#ifndef HY_KERNEL_HOST_H
#define HY_KERNEL_HOST_H

#include "kernel/kernel.h"

#include <mpi.h>

typedef struct hy_run_ops {
  hy_code (*step)(hy_run *run, hy_err *err); /**< NULL: always HY_OK */
  /** `output` is the index in the kernel's table; the slab lies inside the shape (checked). */
  hy_code (*put)(hy_run *run, int output, int64_t start, int64_t count, const void *data,
                 hy_err *err);
  hy_code (*get)(hy_run *run, int output, int64_t start, int64_t count, void *data, hy_err *err);
} hy_run_ops;

/** Embedded as the first member of the host's own struct; all fields set before the kernel runs. */
struct hy_run {
  const hy_run_ops *ops;
  const hy_kernel  *kernel;
  const void       *params;
  int64_t           task;
  uint64_t          seed;
  int               threads;
  MPI_Comm          comm; /**< the team; MPI_COMM_SELF or MPI_COMM_NULL for solo kernels */
};

/** hy_seed() of a task: depends on the job's seed and the task's number only. */
uint64_t hy_task_seed(uint64_t job_seed, int64_t task);

#endif
