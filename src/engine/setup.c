/** @file setup.c
 *  From a job file to ranks that are ready to take tasks.  In step: local work, agree, collective
 *  work. */
#include "engine/internal.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

enum { ORDER_LIMIT = 1 << 26, MAX_OUTPUTS = 64 };

static void print_report(hy_str *report)
{
  if (report->text) (void)fputs(report->text, stderr);
  hy_str_clear(report);
}

/** Rank 0 reads the job and all it names; the others parse what it sends. */
static hy_code load_job(engine *e, hy_err *err)
{
  const hy_run_options *o = e->options;
  hy_bundle            *bundle = NULL;
  hy_str                packed = {0}, report = {0};
  uint64_t              bytes = 0;
  hy_code               rc = HY_OK;

  if (e->rank == 0) {
    rc = hy_job_load(o->path, o->text, o->sets, o->nsets, &e->job, &report, err);
    print_report(&report);
    if (!rc) rc = hy_bundle_pack(e->job->bundle, &packed, err);
    bytes = packed.len;
  }
  rc = hy_agree(e->world, rc, err);
  if (rc || e->size == 1) goto out;
  HY_MPI(MPI_Bcast(&bytes, 1, MPI_UINT64_T, 0, e->world));
  if (e->rank > 0) {
    packed.text = malloc(bytes + 1);
    packed.len = bytes;
  }
  rc = hy_agree(e->world, packed.text ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for the job"),
                err);
  if (rc) goto out;
  hy_comm_bcast(e->world, 0, packed.text, bytes);
  if (e->rank > 0) {
    rc = hy_bundle_unpack(packed.text, bytes, &bundle, err);
    if (!rc) rc = hy_job_from_bundle(bundle, &e->job, &report, err);
    hy_str_clear(&report);
  }
  rc = hy_agree(e->world, rc, err);
out:
  hy_str_clear(&packed);
  hy_bundle_free(bundle);
  return rc;
}

static hy_code check_points(engine *e, hy_err *err)
{
  hy_str  report = {0};
  hy_code rc = HY_OK;

  if (e->rank == 0) {
    rc = hy_job_check_points(e->job, &report, err);
    print_report(&report);
  }
  return hy_agree(e->world, rc, err);
}

static hy_code name_directories(engine *e, hy_err *err)
{
  const char *dir = e->options->output ? e->options->output : e->job->output;
  hy_str      journal = {0};

  hy_str_addf(&journal, "%s/journal", dir);
  e->dir = strdup(dir);
  e->journal_dir = journal.text;
  if (!e->dir || journal.failed) return hy_fail(err, HY_ENOMEM, "no memory for a path");
  return strlen(dir) > 3800 ? hy_fail(err, HY_EINPUT, "the path of the run directory is too long")
                            : HY_OK;
}

/** Whether all tasks have outputs of the same extents; then they are computed here, once. */
static hy_code fix_extents(engine *e, hy_err *err)
{
  const hy_kernel *k = e->job->kernel;
  char             name[128];

  e->noutputs = hy_outputs_count(k);
  if (e->noutputs > MAX_OUTPUTS)
    return hy_fail(err, HY_EBUG, "kernel %s has more than %d outputs", k->name, MAX_OUTPUTS);
  e->extents = calloc((size_t)e->noutputs + 1, sizeof *e->extents);
  if (!e->extents) return hy_fail(err, HY_ENOMEM, "no memory for the outputs");
  e->fixed_shape = true;
  for (int o = 0; o < e->noutputs; o++) {
    const char *when = k->outputs[o].when;
    int         param = -1;

    if (when) {
      const int asks = hy_params_find(k, when);

      if (!e->job->swept[asks] && !hy_param_get(e->job->params, &k->params[asks]).b) continue;
      if (e->job->swept[asks]) e->fixed_shape = false;
    }
    for (int d = 0; hy_output_dim(k, o, d, name, sizeof name, &param); d++)
      if (param >= 0 && e->job->swept[param]) e->fixed_shape = false;
  }
  return e->fixed_shape ? engine_extents(e, e->job->params, e->extents, &e->task_bytes, err)
                        : HY_OK;
}

/** Which tasks are done already, from the journal; done[task], the same on all ranks. */
static hy_code find_done(engine *e, uint8_t *done, hy_err *err)
{
  const int64_t n = e->job->ntasks, first = n * e->rank / e->size,
                end = n * (e->rank + 1) / e->size;
  replay  r = {0};
  hy_code rc = replay_load(e, first, end, &r, err);
  int     state;

  for (int64_t t = first; !rc && t < end; t++) {
    rc = replay_state(&r, t, &state, err);
    if (!rc) done[t] = state == 1; /* what failed is tried again */
  }
  const bool any = r.nlogs > 0;

  replay_clear(&r);
  rc = hy_agree(e->world, rc, err);
  if (rc || !any || e->size == 1) return rc;
  for (int64_t at = 0; at < n; at += 1 << 30)
    HY_MPI(MPI_Allreduce(MPI_IN_PLACE, done + at, (int)(n - at < 1 << 30 ? n - at : 1 << 30),
                         MPI_UINT8_T, MPI_MAX, e->world));
  return HY_OK;
}

/** Cost per task; NULL when all cost the same, or nobody knows. */
static hy_code estimate(engine *e, hy_err *err)
{
  const hy_job *job = e->job;
  const int     ranks = job->team_ranks ? job->team_ranks : e->size;
  bool          differ = false;

  if (!job->kernel->cost || job->ntasks > ORDER_LIMIT || job->ntasks == 1) return HY_OK;
  double *cost = malloc((size_t)job->ntasks * sizeof *cost);
  void   *params = malloc(job->kernel->params_size);

  if (!cost || !params) {
    free(cost);
    free(params);
    return hy_fail(err, HY_ENOMEM, "no memory for the costs of %lld tasks", (long long)job->ntasks);
  }
  for (int64_t t = 0; t < job->ntasks; t++) {
    hy_job_point(job, t, params);
    cost[t] = job->kernel->cost(params, ranks, e->task_threads).flops;
    differ |= cost[t] != cost[0];
  }
  free(params);
  if (differ)
    e->cost = cost;
  else
    free(cost);
  return HY_OK;
}

/** The pending tasks in the order of issue, and how nodes share them. */
static hy_code plan(engine *e, const uint8_t *done, int queues, hy_err *err)
{
  const int64_t n = e->job->ntasks;
  int64_t       kept = 0;
  hy_code       rc = HY_OK;

  for (int64_t t = 0; t < n; t++) e->ndone_before += done[t];
  e->npending = n - e->ndone_before;
  if (e->cost || e->ndone_before) {
    e->order = malloc((size_t)n * sizeof *e->order);
    if (!e->order) return hy_fail(err, HY_ENOMEM, "no memory to order %lld tasks", (long long)n);
    for (int64_t t = 0; t < n; t++) e->order[t] = (uint32_t)t;
    if (e->cost) rc = hy_sched_order(e->cost, n, e->order, err);
    for (int64_t i = 0; i < n; i++)
      if (!done[e->order[i]]) e->order[kept++] = e->order[i];
  }
  if (!rc && queues > 1)
    rc = hy_sched_chunks(e->cost, e->order, e->npending, queues, e->nworkers, &e->chunks, err);
  return rc;
}

static hy_code make_teams(engine *e, hy_err *err)
{
  const hy_job *job = e->job;
  const int     threads = e->facts.threads;
  const int     ranks = job->kernel->team ? job->team_ranks : 1;

  if (ranks > e->size && e->rank == 0)
    hy_log(HY_LOG_WARN, "engine", "teams of %d ranks are asked for, there are %d: one team of all",
           ranks, e->size);
  e->task_threads = job->team_threads ? job->team_threads : job->kernel->team ? threads : 1;
  if (e->task_threads > threads) {
    if (e->rank == 0)
      hy_log(HY_LOG_WARN, "engine", "teams of %d threads are asked for, a rank has %d",
             e->task_threads, threads);
    e->task_threads = threads;
  }
  e->nworkers = job->kernel->team ? 1 : threads / e->task_threads;
  e->workers = aligned_alloc(64, (size_t)e->nworkers * sizeof *e->workers);
  if (e->workers) memset(e->workers, 0, (size_t)e->nworkers * sizeof *e->workers);
  hy_code rc = e->workers ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for workers");

  for (int w = 0; !rc && e->options->trace && w < e->nworkers; w++) {
    e->workers[w].spans = malloc(MAX_SPANS * sizeof(span));
    if (!e->workers[w].spans) rc = hy_fail(err, HY_ENOMEM, "no memory for the trace");
  }
  rc = hy_agree(e->world, rc, err);
  if (!rc) rc = hy_place_teams(e->place, ranks, &e->team, &e->team_index, &e->nteams, err);
  if (rc || e->team == MPI_COMM_NULL) return rc;
  e->team_rank = hy_comm_rank(e->team);
  e->team_size = hy_comm_size(e->team);
  return HY_OK;
}

/** Who shares a queue: the ranks of a node; for teams, the first ranks of teams. */
static hy_code open_queue(engine *e, const uint8_t *done, hy_err *err)
{
  const bool is_team = e->job->kernel->team, one_node = e->facts.nnodes == 1;
  const bool takes = e->team != MPI_COMM_NULL && e->team_rank == 0;
  MPI_Comm   world = e->world, node = hy_place_node_comm(e->place);
  hy_code    rc = hy_agree(
         e->world, plan(e, done, is_team ? (one_node ? 1 : e->nteams) : e->facts.nnodes, err), err);

  if (rc) return rc;
  if (is_team) {
    HY_MPI(MPI_Comm_split(e->world, takes ? 0 : MPI_UNDEFINED, 0, &world));
    node = one_node ? world : MPI_COMM_SELF;
  }
  if (world != MPI_COMM_NULL) {
    const hy_sched_plan sched = {.n = e->npending, .chunks = e->chunks, .serve_in_take = is_team};

    rc = hy_sched_new(world, node, &sched, &e->sched, err);
    if (is_team) HY_MPI(MPI_Comm_free(&world));
  }
  return hy_agree(e->world, rc, err);
}

static hy_code open_journal(engine *e, hy_err *err)
{
  hy_journal_options o = hy_journal_defaults();
  hy_code            rc = HY_OK;

  if (e->options->commit_s >= 0.0) o.commit_s = e->options->commit_s;
  if (e->rank == 0) rc = hy_journal_claim(e->journal_dir, &e->epoch, err);
  rc = hy_agree(e->world, rc, err);
  if (rc) return rc;
  HY_MPI(MPI_Bcast(&e->epoch, 1, MPI_UINT32_T, 0, e->world));
  rc = hy_journal_open(e->journal_dir, e->job->digest, e->epoch, (uint32_t)e->rank, &o, &e->journal,
                       err);
  return hy_agree(e->world, rc, err);
}

static hy_code look_around(engine *e, hy_err *err)
{
  const hy_place_options o = {.threads = e->options->threads, .bind = e->options->bind};
  hy_str                 warnings = {0};
  hy_code                rc = hy_place_new(e->world, &o, &e->place, err);

  if (rc) return rc;
  e->facts = hy_place_get(e->place);
  hy_place_warnings(e->place, &warnings);
  if (e->rank == 0 && warnings.len) {
    if (!e->options->quiet) (void)fprintf(stderr, "%s", warnings.text);
    if (e->options->strict)
      rc = hy_fail(err, HY_EINPUT, "the placement has warnings, and --strict is set");
  }
  hy_str_clear(&warnings);
  rc = hy_agree(e->world, rc, err);
  e->unfit = rc != HY_OK;
  return rc;
}

static hy_code find_work(engine *e, hy_err *err)
{
  uint8_t *done = calloc((size_t)e->job->ntasks, 1);
  hy_code  rc = done ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for the tasks' states");

  if (!rc) rc = estimate(e, err);
  rc = hy_agree(e->world, rc, err);
  if (!rc) rc = find_done(e, done, err);
  if (!rc) rc = open_queue(e, done, err);
  free(done);
  return rc;
}

hy_code engine_prepare(engine *e, hy_err *err)
{
  hy_code rc = load_job(e, err);

  if (!rc) rc = look_around(e, err);
  if (!rc) rc = hy_inputs_share(e->world, hy_place_node_comm(e->place), e->job, &e->inputs, err);
  if (!rc) rc = check_points(e, err);
  if (!rc) rc = hy_agree(e->world, fix_extents(e, err), err);
  return rc;
}

hy_code engine_setup(engine *e, hy_err *err)
{
  hy_code rc = engine_prepare(e, err);

  if (!rc) rc = hy_agree(e->world, name_directories(e, err), err);
  if (!rc) rc = make_teams(e, err);
  if (rc) return rc;
  e->npending = e->job->ntasks;
  rc = hy_agree(e->world, e->rank == 0 ? rundir_claim(e, err) : HY_OK, err);
  if (!rc) rc = find_work(e, err);
  if (!rc && e->npending > 0) rc = open_journal(e, err);
  return rc;
}

void engine_clear(engine *e)
{
  hy_err ignored;

  if (e->journal) (void)hy_journal_close(e->journal, &ignored);
  hy_sched_free(e->sched);
  if (e->team != MPI_COMM_NULL && e->team != MPI_COMM_SELF) HY_MPI(MPI_Comm_free(&e->team));
  for (int w = 0; e->workers && w < e->nworkers; w++) free(e->workers[w].spans);
  free(e->workers);
  free(e->failures);
  free(e->chunks.bounds);
  free(e->order);
  free(e->cost);
  free(e->extents);
  rundir_release(e);
  free(e->dir);
  free(e->journal_dir);
  hy_inputs_free(e->inputs);
  hy_place_free(e->place);
  hy_job_free(e->job);
}
