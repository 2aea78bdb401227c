/** @file job_kit.h
 *  A kernel with a parameter of each type, and jobs from text. */
#ifndef HY_JOB_KIT_H
#define HY_JOB_KIT_H

#include "job/job.h"
#include "kernel/registry.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct kit_params {
  int64_t     n, m;
  double      a, b;
  bool        flag;
  int         mode;
  const char *label;
  hy_matrix   data;
} kit_params;

static const hy_param kit_table[] = {
    HY_PARAM(kit_params, n, .unit = "1", .doc = "A number that must be given.", .min = 1,
             .max = 1000),
    HY_PARAM(kit_params, m, .preset = "5", .unit = "1", .doc = "A number.", .min = -1e9,
             .max = 1e9),
    HY_PARAM(kit_params, a, .preset = "0.5", .unit = "m", .doc = "A length.", .min = 0, .max = 100),
    HY_PARAM(kit_params, b, .preset = "1", .unit = "s", .doc = "A time."),
    HY_PARAM(kit_params, flag, .preset = "false", .unit = "1", .doc = "A choice of two."),
    HY_PARAM(kit_params, mode, .preset = "fast", .choices = "fast|slow|exact", .unit = "1",
             .doc = "A choice."),
    HY_PARAM(kit_params, label, .preset = "none", .unit = "1", .doc = "A text."),
    HY_PARAM(kit_params, data, .preset = "", .unit = "1", .doc = "A file."),
    {0}};

static const hy_output kit_outputs[] = {
    {.name = "y",  .shape = "", .unit = "1", .doc = "A result.", .type = HY_F64},
    {0}
};

static hy_code kit_check(const void *p, hy_err *err)
{
  const kit_params *k = p;

  return k->a > (double)k->n ? hy_fail(err, HY_EINPUT, "a must not be above n") : HY_OK;
}

static hy_code kit_run(hy_run *run, const void *p, hy_err *err)
{
  (void)run, (void)p;
  return hy_fail(err, HY_EBUG, "not run");
}

static const hy_kernel kit_solo = {.abi = HY_KERNEL_ABI,
                                   .name = "kit",
                                   .version = "1.0",
                                   .doc = "For tests.",
                                   .text = "For tests.",
                                   .params_size = sizeof(kit_params),
                                   .params = kit_table,
                                   .outputs = kit_outputs,
                                   .check = kit_check,
                                   .run = kit_run};
static const hy_kernel kit_team = {.abi = HY_KERNEL_ABI,
                                   .name = "teamkit",
                                   .version = "1.0",
                                   .doc = "For tests.",
                                   .text = "For tests.",
                                   .team = true,
                                   .params_size = sizeof(kit_params),
                                   .params = kit_table,
                                   .outputs = kit_outputs,
                                   .run = kit_run};

const hy_kernel *const hy_kernels[] = {&kit_solo, &kit_team, NULL};

/** The job of a text, or NULL; the report is left in *report, to be cleared. */
static inline hy_job *kit_job(const char *text, const char *const *sets, int nsets, hy_str *report)
{
  hy_job *job = NULL;
  hy_err  err = {0};
  char    path[128];

  (void)snprintf(path, sizeof path, "%s/job.yaml", hy_test_dir());
  if (hy_job_load(path, text, sets, nsets, &job, report, &err)) job = NULL;
  return job;
}

#endif
