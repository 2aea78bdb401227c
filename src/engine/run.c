/** @file run.c
 *  A run from the job file to the summary: set up, loop, finish.  See internal.h for what each phase
 *  adds, DESIGN for the way of the data. */
#include "engine/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

int hy_exit_code(hy_code code)
{
  switch (code) {
  case HY_OK:
    return HY_EXIT_DONE;
  case HY_STOP:
    return HY_EXIT_AGAIN;
  case HY_EINPUT:
    return HY_EXIT_INPUT;
  case HY_EIO:
    return HY_EXIT_IO;
  case HY_ECHECK:
  case HY_ENOMEM:
  case HY_EBUG:
    break;
  }
  return HY_EXIT_FAILED;
}

/** What is safe, and what to do. */
static void say_stopped(const engine *e, hy_code rc)
{
  char n[28], total[28];

  if (rc != HY_STOP && rc != HY_EIO) return;
  (void)fprintf(stderr,
                "hybrid: %s of %s tasks are safe in %s; start the same job again to go on\n",
                hy_format_count(n, e->ndone_before + e->done),
                hy_format_count(total, e->job->ntasks), e->journal_dir);
}

static hy_code run(engine *e, hy_err *err)
{
  hy_code rc = engine_setup(e, err);

  if (!rc && e->npending > 0) {
    if (e->rank == 0 && e->ndone_before && !e->options->quiet) {
      char n[28], total[28];

      (void)fprintf(stderr, "hybrid: going on with %s: %s of %s tasks are done already\n", e->dir,
                    hy_format_count(n, e->ndone_before), hy_format_count(total, e->job->ntasks));
    }
    rc = engine_loop(e, err);
    if (rc && e->rank == 0) say_stopped(e, rc);
  }
  hy_code closed = HY_OK;
  hy_err  ignored;

  if (e->journal) closed = hy_journal_close(e->journal, rc ? &ignored : err);
  e->journal = NULL;
  if (!rc) rc = hy_agree(e->world, closed, err); /* rc itself is the same everywhere */
  return rc ? rc : engine_finish(e, err);
}

int hy_engine_run(MPI_Comm world, const hy_run_options *options)
{
  engine e = {.options = options, .world = world, .team = MPI_COMM_NULL, .lock = -1};
  hy_err err = {0};

  e.rank = hy_comm_rank(world);
  e.size = hy_comm_size(world);
  e.start_ns = hy_now_ns();
  hy_utc_now(e.start_utc);
  hy_log_init(e.size > 1 ? e.rank : -1, HY_LOG_INFO);
  const hy_code rc = run(&e, &err);

  if (rc && rc != HY_STOP && e.rank == 0) {
    const char *rank = e.size > 1 ? "rank " : "";
    char        number[16] = "";

    if (e.size > 1 && err.rank > 0) (void)snprintf(number, sizeof number, "%d: ", err.rank);
    (void)fprintf(stderr, "hybrid: error: %s%s%s\n", number[0] ? rank : "", number, err.text);
  }
  int code = hy_exit_code(rc);

  if (!rc && e.failed) code = HY_EXIT_TASKS;
  if (e.unfit) code = HY_EXIT_UNFIT;
  engine_clear(&e);
  return code;
}
