/** @file finish.c
 *  From a complete journal to results.h5.  The journal goes only when the results are durable. */
#include "engine/internal.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

typedef struct source {
  engine *e;
  replay  replay;
} source;

static hy_code source_status(void *ctx, int64_t task, bool *failed, hy_err *err)
{
  source       *s = ctx;
  int           state = 0;
  const hy_code rc = replay_state(&s->replay, task, &state, err);

  if (rc) return rc;
  if (state == 0)
    return hy_fail(err, HY_EBUG, "task %lld is not in the journal although the run is complete",
                   (long long)task);
  *failed = state == 2;
  return HY_OK;
}

static hy_code source_read(void *ctx, int64_t task, int output, int64_t offset, size_t n,
                           void *data, hy_err *err)
{
  source *s = ctx;

  return replay_read(&s->replay, task, output, offset, n, data, err);
}

/** The failures of this rank's even share of the tasks, for run.json. */
static hy_code collect_failures(engine *e, replay *r, hy_err *err)
{
  const int64_t n = e->job->ntasks;
  const int64_t first = n * e->rank / e->size, end = n * (e->rank + 1) / e->size;
  int64_t       failed = 0;
  int           state;
  hy_code       rc = replay_load(e, first, end, r, err);

  e->failures = rc ? NULL : calloc(MAX_FAILURES, sizeof *e->failures);
  if (!rc && !e->failures) rc = hy_fail(err, HY_ENOMEM, "no memory for the failures");
  for (int64_t t = first; !rc && t < end; t++) {
    rc = replay_state(r, t, &state, err);
    if (rc || state != 2) continue;
    if (failed < MAX_FAILURES) {
      e->failures[failed].task = t;
      rc = replay_why(r, t, &e->failures[failed].why, err);
    }
    failed++;
  }
  rc = hy_agree(e->world, rc, err);
  if (rc) return rc;
  e->nfailures = (int)(failed < MAX_FAILURES ? failed : MAX_FAILURES);
  HY_MPI(MPI_Allreduce(&failed, &e->failed, 1, MPI_INT64_T, MPI_SUM, e->world));
  e->done = n - e->failed;
  return HY_OK;
}

static hy_code write_results(engine *e, hy_err *err)
{
  const hy_store_source from = {.ctx = &(source){.e = e},
                                .any_failed = e->failed > 0,
                                .status = source_status,
                                .read = source_read};
  source               *s = from.ctx;
  char                  path[4096];
  int64_t               first = 0, end = 0;
  const int64_t         start = hy_now_ns();
  hy_code               rc = hy_store_range(e->job, e->rank, e->size, &first, &end, err);

  rc = hy_agree(e->world, rc, err);
  if (!rc) rc = replay_load(e, first, end, &s->replay, err);
  (void)snprintf(path, sizeof path, "%s/results.h5", e->dir);
  if (!rc) rc = hy_store_write(e->world, path, e->job, &from, err);
  replay_clear(&s->replay);
  e->store_s = 1e-9 * (double)(hy_now_ns() - start);
  return rc;
}

static hy_code drop_journal(const engine *e, hy_err *err)
{
  if (e->rank != 0 || e->options->keep_journal) return HY_OK;
  return hy_io_remove_tree(e->journal_dir, err);
}

hy_code engine_finish(engine *e, hy_err *err)
{
  replay  r = {0};
  hy_code rc = collect_failures(e, &r, err);

  replay_clear(&r);
  if (!rc) rc = write_results(e, err);
  if (!rc && e->options->trace) rc = trace_write(e, err);
  if (!rc) rc = report_write(e, err);
  if (!rc) rc = hy_agree(e->world, drop_journal(e, err), err);
  return rc;
}
