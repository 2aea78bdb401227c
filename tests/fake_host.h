/** @file fake_host.h
 *  Runs a kernel without an engine: outputs stay in memory, and every element must be put once.
 *
 *      params    p = {.k = 2, ...};
 *      hy_fake  *f = hy_fake_new(&hy_kernel_x, &p, MPI_COMM_NULL, 1);   solo, one thread
 *      hy_code   rc = hy_fake_run(f, &err);
 *      double    y = hy_fake_f64(f, "y", 0);
 *      hy_verdict v;
 *      rc = hy_fake_verify(f, &v, &err);
 *      hy_fake_free(f);
 *
 *  A team kernel gets a communicator: hy_fake_run() is collective then, and every rank holds the
 *  whole of every output after it.  Parameters and the communicator are borrowed. */
#ifndef HY_FAKE_HOST_H
#define HY_FAKE_HOST_H

#include "kernel/host.h"

typedef struct hy_fake hy_fake;

/** Aborts the test program when memory runs out or a shape is refused. */
hy_fake *hy_fake_new(const hy_kernel *kernel, const void *params, MPI_Comm comm, int threads);
void     hy_fake_free(hy_fake *f);

/** Default: number 0 of job seed 1.  hy_seed() follows hy_task_seed(). */
void hy_fake_set_task(hy_fake *f, uint64_t job_seed, int64_t task);

/** The n-th hy_step() and all later ones return HY_STOP; 0 = never. */
void hy_fake_stop_at(hy_fake *f, int n);

/** The n-th hy_put() of this rank fails with HY_EIO; 0 = never. */
void hy_fake_fail_put(hy_fake *f, int n);

/** kernel->check (when there is one), kernel->run, and then that every element of every output that
 *  was asked for was put exactly once: HY_EBUG if not.  May be called again. */
hy_code hy_fake_run(hy_fake *f, hy_err *err);

/** kernel->verify on the outputs of the last run. */
hy_code hy_fake_verify(hy_fake *f, hy_verdict *v, hy_err *err);

hy_run *hy_fake_handle(hy_fake *f);      /**< for hy_put() and hy_get() from a test   */
int     hy_fake_steps(const hy_fake *f); /**< calls of hy_step() in the last run */

/** Element i of an output, row-major; NaN or INT64_MIN when there is no such thing. */
double  hy_fake_f64(const hy_fake *f, const char *output, int64_t i);
int64_t hy_fake_i64(const hy_fake *f, const char *output, int64_t i);

/** All bytes of an output, to compare and to falsify; NULL when it was not asked for. */
void *hy_fake_data(hy_fake *f, const char *output, int64_t *bytes);

#endif
