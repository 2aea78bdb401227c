/** @file cmd_run.c
 *  `hybrid run`: the options of the command line become those of the engine. */
#include "app/cmd.h"
#include "engine/engine.h"

#include <stdlib.h>

static hy_when when(int choice)
{
  return choice == 1 ? HY_ALWAYS : choice == 2 ? HY_NEVER : HY_AUTO;
}

static const char *job_path, *job_text;

static int run(const options *o)
{
  const hy_run_options r = {.path = job_path,
                            .text = job_text,
                            .sets = o->sets,
                            .nsets = o->nsets,
                            .output = o->output,
                            .threads = (int)o->threads,
                            .commit_s = o->commit_s,
                            .bind = o->bind == 0,
                            .force = o->force,
                            .keep_journal = o->keep_journal,
                            .trace = o->trace,
                            .strict = o->strict,
                            .quiet = o->quiet,
                            .progress = when(o->progress)};

  return hy_engine_run(MPI_COMM_WORLD, &r);
}

int cmd_run(const options *o)
{
  hy_err        err = {0};
  const hy_code rc = app_job_file(o, &job_path, &job_text, &err);

  return rc ? app_fail(rc, &err) : app_with_mpi(run, o);
}
