/** @file task.c
 *  One task: its parameters, the kernel, what it puts, and the records of it.
 *
 *  A small result of one rank travels inside the DONE record, so a task costs one record.  A large
 *  one, or one of a team, goes out as PART records while the kernel runs, each rank to its own log;
 *  DONE, by the team's first rank, says how many there must be.  Logs become durable in any order:
 *  replay takes a task as done only if DONE and all its PARTs are there, so no order is needed. */
#include "engine/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

enum { INLINE_BYTES = 64 * 1024, PIECE_BYTES = 1024 * 1024 };

struct runner {
  hy_run     run; /* first: kernels see this */
  engine    *e;
  worker    *w;
  void      *params;
  hy_extent *extents; /* of the task; the engine's when they are the same for all */
  int64_t   *put;     /* [noutputs] rows put by this rank; [noutputs] PART records */
  int64_t   *offsets; /* [noutputs] in `data` */
  char      *data;    /* of an inline result */
  int64_t    bytes;
  bool       in_parts, is_team, is_root;
  int64_t    steps, next_agree, gap; /* of hy_step: gap = steps between two agreements */
  int64_t    last_agree_ns;
};

hy_code engine_extents(const engine *e, const void *params, hy_extent *extents, int64_t *bytes,
                       hy_err *err)
{
  int64_t sum = 0;

  for (int o = 0; o < e->noutputs; o++) {
    const hy_code rc = hy_output_extent(e->job->kernel, o, params, &extents[o], err);

    if (rc) return rc;
    sum += extents[o].bytes;
  }
  *bytes = sum;
  return HY_OK;
}

/** The journal takes nothing more: end everything.  The first cause is kept. */
static hy_code journal_broke(engine *e, hy_code code, const hy_err *err)
{
  int none = HY_OK;

  if (atomic_compare_exchange_strong(&e->broken, &none, (int)code)) e->broken_err = *err;
  atomic_store(&e->stop, 2);
  return code;
}

static hy_code append(runner *r, const hy_record *record, hy_err *err)
{
  const hy_code rc = hy_journal_append(r->e->journal, record, err);

  return rc ? journal_broke(r->e, HY_EIO, err) : HY_OK; /* whatever it lacks: nothing is kept */
}

static hy_code put_parts(runner *r, int output, int64_t start, int64_t count, const char *data,
                         hy_err *err)
{
  const int64_t row = r->extents[output].row_elements * 8;
  const int64_t rows = row > 0 && row < PIECE_BYTES ? PIECE_BYTES / row : 1;

  for (int64_t at = 0; at < count; at += rows) {
    const int64_t   n = count - at < rows ? count - at : rows;
    const hy_part   part = {.output = (uint32_t)output, .start = start + at, .count = n};
    const hy_record record = {.type = HY_REC_PART,
                              .task = r->run.task,
                              .head = &part,
                              .head_len = sizeof part,
                              .body = data + at * row,
                              .body_len = (size_t)(n * row)};
    const hy_code   rc = append(r, &record, err);

    if (rc) return rc;
    r->put[r->e->noutputs]++;
  }
  return HY_OK;
}

static hy_code service_put(hy_run *run, int output, int64_t start, int64_t count, const void *data,
                           hy_err *err)
{
  runner *r = (runner *)run;

  r->put[output] += count;
  if (count == 0 || r->extents[output].row_elements == 0) return HY_OK;
  if (r->in_parts) return put_parts(r, output, start, count, data, err);
  const int64_t row = r->extents[output].row_elements * 8;

  memcpy(r->data + r->offsets[output] + start * row, data, (size_t)(count * row));
  return HY_OK;
}

static hy_code service_get(hy_run *run, int output, int64_t start, int64_t count, void *data,
                           hy_err *err)
{
  (void)run, (void)output, (void)start, (void)count, (void)data;
  return hy_fail(err, HY_EBUG, "a kernel's run function reads an output back");
}

/** Cancellation.  A team agrees only every 20 ms or so, at a step all its ranks compute alike: the
 *  next one follows from the slowest rank's time per step, which the agreement itself brings. */
static hy_code service_step(hy_run *run, hy_err *err)
{
  runner *r = (runner *)run;
  int     stop = atomic_load_explicit(&r->e->stop, memory_order_relaxed) >= 2;

  if (r->is_team) {
    if (++r->steps < r->next_agree) return HY_OK;
    const int64_t now = hy_now_ns();
    double        mine[2] = {stop, (double)(now - r->last_agree_ns)}, all[2];

    HY_MPI(MPI_Allreduce(mine, all, 2, MPI_DOUBLE, MPI_MAX, run->comm));
    const double  per_step = all[1] / (double)r->gap;
    const int64_t fit = per_step > 0.0 ? (int64_t)(20e6 / per_step) : 1, most = 2 * r->gap;

    r->gap = fit < 1 ? 1 : fit > most ? most : fit; /* grows slowly: steps may get dearer */
    r->next_agree = r->steps + r->gap;
    r->last_agree_ns = now;
    stop = all[0] > 0.0;
  }
  return stop ? hy_fail(err, HY_STOP, "cancelled") : HY_OK;
}

static const hy_run_ops services = {service_step, service_put, service_get};

hy_code runner_new(engine *e, int index, runner **out, hy_err *err)
{
  const size_t n = (size_t)e->noutputs + 1;
  runner      *r = calloc(1, sizeof *r);

  if (!r) return hy_fail(err, HY_ENOMEM, "no memory for a worker");
  r->e = e;
  r->w = &e->workers[index];
  r->is_team = e->team_size > 1;
  r->is_root = e->team_rank == 0;
  r->bytes = e->task_bytes;
  r->params = calloc(1, e->job->kernel->params_size);
  r->extents = e->fixed_shape ? e->extents : calloc(n, sizeof *r->extents);
  r->put = calloc(n, sizeof *r->put);
  r->offsets = calloc(n, sizeof *r->offsets);
  r->data = calloc(1, INLINE_BYTES);
  r->run = (hy_run){.ops = &services,
                    .kernel = e->job->kernel,
                    .params = r->params,
                    .threads = e->task_threads,
                    .comm = e->team};
  if (!r->params || !r->extents || !r->put || !r->offsets || !r->data) {
    runner_free(r);
    return hy_fail(err, HY_ENOMEM, "no memory for a worker");
  }
  *out = r;
  return HY_OK;
}

void runner_free(runner *r)
{
  if (!r) return;
  if (!r->e->fixed_shape) free(r->extents);
  free(r->params);
  free(r->put);
  free(r->offsets);
  free(r->data);
  free(r);
}

static hy_code prepare(runner *r, int64_t task, hy_err *err)
{
  engine *e = r->e;
  hy_code rc = HY_OK;

  hy_job_point(e->job, task, r->params);
  r->run.task = task;
  r->run.seed = hy_task_seed(e->job->seed, task);
  r->steps = 0;
  r->next_agree = r->gap = 1;
  if (!e->fixed_shape) rc = engine_extents(e, r->params, r->extents, &r->bytes, err);
  if (rc) return rc;
  r->in_parts = r->is_team || r->bytes > INLINE_BYTES;
  int64_t at = 0;

  for (int o = 0; o < e->noutputs; o++) {
    r->put[o] = 0;
    r->offsets[o] = at;
    at += r->extents[o].bytes;
  }
  r->put[e->noutputs] = 0;
  if (!r->in_parts) memset(r->data, 0, (size_t)r->bytes); /* nothing of the task before */
  return HY_OK;
}

/** Every row of every output was put, by whichever rank. */
static hy_code complete(runner *r, hy_err *err)
{
  engine *e = r->e;

  if (r->is_team)
    HY_MPI(MPI_Allreduce(MPI_IN_PLACE, r->put, e->noutputs + 1, MPI_INT64_T, MPI_SUM, e->team));
  for (int o = 0; o < e->noutputs; o++) {
    const hy_extent *x = &r->extents[o];

    if (x->present && r->put[o] != x->rows)
      return hy_fail(err, HY_EBUG, "kernel %s put %lld of %lld rows of its output %s",
                     e->job->kernel->name, (long long)r->put[o], (long long)x->rows,
                     e->job->kernel->outputs[o].name);
  }
  return HY_OK;
}

static void complain(engine *e, int64_t task, const hy_err *err)
{
  enum { LOUD = 5 };
  char      text[256];
  const int before = atomic_fetch_add(&e->complaints, 1);

  if (before < LOUD)
    hy_log(HY_LOG_WARN, "engine", "task %lld failed (%s): %s", (long long)task,
           hy_job_describe(e->job, task, text, sizeof text), err->text);
  else if (before == LOUD)
    hy_log(HY_LOG_WARN, "engine", "more tasks failed; run.json and `hybrid show` name them");
}

/** Journal the outcome, on the team's first rank. */
static hy_code record(runner *r, hy_code outcome, hy_err *why, hy_err *err)
{
  hy_record rec = {.type = HY_REC_DONE, .task = r->run.task};

  if (outcome) {
    rec.type = HY_REC_FAILED;
    rec.head = why;
    rec.head_len = sizeof *why;
    complain(r->e, r->run.task, why);
    if (r->e->job->on_failure == HY_STOP_NOW) {
      atomic_store(&r->e->failure_stops, 1);
      atomic_store(&r->e->stop, 2);
    }
  } else if (r->in_parts) {
    rec.parts = (uint32_t)r->put[r->e->noutputs];
  } else {
    rec.head = r->data;
    rec.head_len = (size_t)r->bytes;
  }
  return append(r, &rec, err);
}

static void account(runner *r, hy_code outcome, int64_t start)
{
  worker       *w = r->w;
  const int64_t end = hy_now_ns(), spent = end - start;

  w->busy_ns += spent;
  w->done += outcome == HY_OK;
  w->failed += outcome != HY_OK;
  if (spent > w->longest_ns) {
    w->longest_ns = spent;
    w->longest_task = (uint32_t)r->run.task;
  }
  if (r->e->job->kernel->cost && outcome == HY_OK)
    w->flops_e3 +=
        (int64_t)(1e-3 * r->e->job->kernel->cost(r->params, r->e->team_size, r->run.threads).flops);
  if (w->spans && w->nspans < MAX_SPANS)
    w->spans[w->nspans++] = (span){start, end, (uint32_t)r->run.task};
}

hy_code runner_task(runner *r, int64_t task, hy_err *err)
{
  engine       *e = r->e;
  const int64_t start = hy_now_ns();
  hy_err        why;
  hy_code       rc = prepare(r, task, &why);

  r->last_agree_ns = start;
  if (!rc) rc = e->job->kernel->run(&r->run, r->params, &why);
  if (r->is_team) rc = hy_agree(e->team, rc, &why);
  if (!rc) rc = complete(r, &why);
  if (rc == HY_STOP || rc == HY_EIO) { /* kernels touch no files: HY_EIO is the journal's */
    *err = why;                        /* neither done nor failed: the next start runs it again */
    return rc;
  }
  const hy_code outcome = rc;

  rc = r->is_root ? record(r, outcome, &why, err) : HY_OK;
  if (r->is_root) account(r, outcome, start);
  return rc;
}
