/** @file cmd.h
 *  The verbs, and what they share.  A verb returns the exit code; what it was asked for goes to
 *  stdout, the rest to stderr. */
#ifndef HY_APP_CMD_H
#define HY_APP_CMD_H

#include "app/options.h"
#include "base/str.h"
#include "job/job.h"

int cmd_run(const options *o);
int cmd_check(const options *o);
int cmd_kernels(const options *o);
int cmd_info(const options *o);
int cmd_show(const options *o);
int cmd_verify(const options *o);
int cmd_help(const options *o);
int cmd_man(const options *o);
int cmd_completion(const options *o);

/** "hybrid: error: ..." on stderr, by the first process only. */
__attribute__((format(printf, 1, 2))) void app_error(const char *fmt, ...);

/** The same from a filled hy_err; returns its exit code. */
int app_fail(hy_code code, const hy_err *err);

/** Call `body` between MPI_Init_thread and MPI_Finalize; returns its code, or that of a launcher
 *  which does not fit this MPI.  Collective. */
int app_with_mpi(int (*body)(const options *), const options *o);

/** The job file to read and, for the built-in job, its text; see quickstart.c. */
hy_code app_job_file(const options *o, const char **path, const char **text, hy_err *err);

/** The job of a run directory, by its job.yaml.  Mistakes are printed. */
hy_code app_job_of(const char *dir, hy_job **job, hy_err *err);

#endif
