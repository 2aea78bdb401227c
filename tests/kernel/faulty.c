/** @file faulty.c
 *  A kernel that does what kernels should not: for tests of what becomes of the run.  The program
 *  `hybrid_faulty` has it and its team form, and no other kernels. */
#include "kernel/registry.h"
#include "kernel/team.h"

#include <string.h>

enum { GOOD, FAILS, PUTS_NOTHING, PUTS_TWICE, PUTS_OUTSIDE, PUTS_UNKNOWN };

typedef struct {
  int64_t index;
  int     fault;
} params;

static const hy_param param_table[] = {
    HY_PARAM(params, index, .preset = "0", .min = 0, .max = 1e9, .unit = "1", .doc = "Number."),
    HY_PARAM(params, fault, .preset = "good", .unit = "1", .doc = "What goes wrong.",
             .choices = "good|fails|puts_nothing|puts_twice|puts_outside|puts_unknown"),
    {0}};

static const hy_output output_table[] = {
    {.name = "y",     .shape = "", .unit = "1", .doc = "The number.", .type = HY_F64},
    {.name = "z",    .shape = "6", .unit = "1", .doc = "The number, 6 times.", .type = HY_I64},
    {0}
};

static hy_code put_all(hy_run *run, const params *p, int64_t first, int64_t count, bool root,
                       hy_err *err)
{
  const double  y = (double)p->index;
  const int64_t z[6] = {p->index, p->index, p->index, p->index, p->index, p->index};
  hy_code       rc = HY_OK;

  if (p->fault == FAILS)
    return hy_fail(err, HY_ECHECK, "number %lld does not converge", (long long)p->index);
  if (p->fault == PUTS_NOTHING) return HY_OK;
  if (root) rc = hy_put(run, p->fault == PUTS_UNKNOWN ? "x" : "y", 0, 1, &y, err);
  if (!rc && root && p->fault == PUTS_TWICE) rc = hy_put(run, "y", 0, 1, &y, err);
  if (!rc) rc = hy_put(run, "z", first, count, z, err);
  if (!rc && root && p->fault == PUTS_OUTSIDE) rc = hy_put(run, "z", 5, 2, z, err);
  return rc;
}

static hy_code run_solo(hy_run *run, const void *vp, hy_err *err)
{
  return put_all(run, vp, 0, 6, true, err);
}

/** The rows of z over the ranks; only the last rank fails. */
static hy_code run_team(hy_run *run, const void *vp, hy_err *err)
{
  params        p = *(const params *)vp;
  const int     rank = hy_comm_rank(hy_comm(run)), size = hy_comm_size(hy_comm(run));
  const int64_t first = 6 * rank / size, end = 6 * (rank + 1) / size;

  if (p.fault == FAILS && rank != size - 1) p.fault = GOOD;
  return put_all(run, &p, first, end - first, rank == 0, err);
}

static const hy_kernel faulty = {.abi = HY_KERNEL_ABI,
                                 .name = "faulty",
                                 .version = "1.0",
                                 .doc = "Tasks that fail.",
                                 .text = "For tests.",
                                 .params_size = sizeof(params),
                                 .params = param_table,
                                 .outputs = output_table,
                                 .run = run_solo};
static const hy_kernel faulty_team = {.abi = HY_KERNEL_ABI,
                                      .name = "faulty_team",
                                      .version = "1.0",
                                      .doc = "Tasks that fail.",
                                      .text = "For tests.",
                                      .team = true,
                                      .params_size = sizeof(params),
                                      .params = param_table,
                                      .outputs = output_table,
                                      .run = run_team};

/* before the library's own list, which the linker then leaves out */
const hy_kernel *const hy_kernels[] = {&faulty, &faulty_team, NULL};
