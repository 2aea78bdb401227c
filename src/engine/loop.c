/** @file loop.c
 *  The task loop.
 *
 *  Solo kernels: each rank runs `nworkers` OpenMP threads; each takes tasks from the node's queue and
 *  runs them on its own.  Team kernels: the team's first rank takes a task and broadcasts it.  Ranks
 *  are not in step here; the only collective is at the end.
 *
 *  A service thread in each rank, asleep most of the time, reports what is committed, shows progress
 *  on rank 0 and, with several nodes, fetches work ahead of need.  MPI_THREAD_SERIALIZED is enough:
 *  the service thread uses MPI only between the first and the last barrier of a solo loop, where no
 *  worker does, and its calls and those of the final wait exclude each other by a mutex. */
#include "engine/internal.h"

#include "base/clock.h"

#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

typedef struct service {
  engine         *e;
  pthread_t       thread;
  pthread_mutex_t mpi, sleep;
  pthread_cond_t  wake;
  bool            quit, uses_mpi;
  progress        progress;
} service;

/** Set by the signal handler: no new tasks, please.  A second signal of the kind does what it does
 *  by default: it kills. */
static volatile sig_atomic_t drain_asked;

static void on_drain(int signal)
{
  (void)signal;
  drain_asked = 1;
}

/** One round of the service thread; false when it should end. */
static bool serve(service *s, double pause_s)
{
  engine         *e = s->e;
  int64_t         done = 0, failed = 0;
  int             none = 0;
  struct timespec until;

  hy_journal_committed(e->journal, &done, &failed);
  if (e->sched) hy_sched_report(e->sched, done, failed);
  if (e->rank == 0 && e->sched) {
    hy_sched_progress(e->sched, &done, &failed);
    progress_show(&s->progress, done, failed);
  }
  if (drain_asked) (void)atomic_compare_exchange_strong(&e->stop, &none, 1);
  if (atomic_load(&e->stop) && e->sched) hy_sched_stop(e->sched);
  (void)pthread_mutex_lock(&s->mpi);
  if (s->uses_mpi) (void)hy_sched_serve(e->sched);
  (void)pthread_mutex_unlock(&s->mpi);
  (void)clock_gettime(CLOCK_REALTIME, &until);
  const int64_t ns = until.tv_nsec + (int64_t)(1e9 * pause_s);

  until.tv_sec += ns / 1000000000;
  until.tv_nsec = ns % 1000000000;
  (void)pthread_mutex_lock(&s->sleep);
  if (!s->quit) (void)pthread_cond_timedwait(&s->wake, &s->sleep, &until);
  const bool go_on = !s->quit;

  (void)pthread_mutex_unlock(&s->sleep);
  return go_on;
}

/** Whether this rank's service thread fetches work for its node. */
static bool is_refiller(const engine *e)
{
  return !e->job->kernel->team && e->facts.nnodes > 1 && e->facts.node_rank == 0;
}

static void *service_main(void *p)
{
  service     *s = p;
  const double pause_s = is_refiller(s->e) ? 100e-6 : 50e-3;

  while (serve(s, pause_s)) continue;
  return NULL;
}

static hy_code service_start(service *s, engine *e, hy_err *err)
{
  sigset_t all, before;

  s->e = e;
  (void)pthread_mutex_init(&s->mpi, NULL);
  (void)pthread_mutex_init(&s->sleep, NULL);
  (void)pthread_cond_init(&s->wake, NULL);
  progress_begin(&s->progress, e);
  (void)sigfillset(&all); /* signals are the main thread's business */
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  const int code = pthread_create(&s->thread, NULL, service_main, s);

  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return code ? hy_fail(err, HY_ENOMEM, "cannot start a thread: error %d", code) : HY_OK;
}

static void service_end(service *s)
{
  (void)pthread_mutex_lock(&s->sleep);
  s->quit = true;
  (void)pthread_cond_signal(&s->wake);
  (void)pthread_mutex_unlock(&s->sleep);
  (void)pthread_join(s->thread, NULL);
  progress_end(&s->progress);
  (void)pthread_cond_destroy(&s->wake);
  (void)pthread_mutex_destroy(&s->sleep);
  (void)pthread_mutex_destroy(&s->mpi);
}

/** Take and run tasks until there are none.  One thread. */
static hy_code work(engine *e, int index, hy_err *err)
{
  runner   *r = NULL;
  hy_code   rc = runner_new(e, index, &r, err);
  int64_t   first = 0, n = 0, ran = 0, batch = 1;
  const int workers = e->nworkers * e->facts.node_ranks;

  if (e->nworkers == 1) hy_probe_begin(&e->workers[index].probe);
  while (!rc && (n = hy_sched_take(e->sched, batch, &first)) > 0) {
    for (int64_t p = first; !rc && p < first + n; p++) {
      rc = runner_task(r, e->order ? (int64_t)e->order[p] : p, err);
      if (atomic_load_explicit(&e->stop, memory_order_relaxed)) hy_sched_stop(e->sched);
      if (hy_sched_stopped(e->sched)) break;
    }
    ran += n;
    batch = hy_sched_batch((double)e->workers[index].busy_ns / (double)ran, hy_sched_left(e->sched),
                           workers);
  }
  hy_probe_end();
  runner_free(r);
  return rc;
}

static hy_code solo_loop(engine *e, hy_err *err)
{
  const int n = e->nworkers;
  int       worst = HY_OK;

  if (n == 1) return work(e, 0, err);
#pragma omp parallel default(none) shared(e, n, err) num_threads(n) reduction(max : worst)
  {
    hy_err    mine = {0};
    const int t = omp_get_thread_num();

    hy_place_bind_thread(e->place, t, n);
    worst = (int)work(e, t, &mine);
    if (worst != HY_OK)
#pragma omp critical
      *err = mine;
  }
  return (hy_code)worst;
}

/** The team's next task, or -1; the same on all its ranks. */
static int64_t team_next(engine *e)
{
  int64_t first = -1, task = -1;

  if (e->sched) {
    if (atomic_load(&e->stop)) hy_sched_stop(e->sched);
    if (hy_sched_take(e->sched, 1, &first) > 0) task = e->order ? (int64_t)e->order[first] : first;
  }
  if (e->team_size > 1) HY_MPI(MPI_Bcast(&task, 1, MPI_INT64_T, 0, e->team));
  return task;
}

static hy_code team_loop(engine *e, hy_err *err)
{
  runner   *r = NULL;
  hy_code   rc = hy_agree(e->team, runner_new(e, 0, &r, err), err);
  int64_t   task = -1;
  const int threads = e->task_threads;

#pragma omp parallel default(none) shared(e, threads) num_threads(threads)
  hy_place_bind_thread(e->place, omp_get_thread_num(), threads);
  hy_probe_begin(&e->workers[0].probe);
  while (!rc && (task = team_next(e)) >= 0) rc = hy_agree(e->team, runner_task(r, task, err), err);
  hy_probe_end();
  runner_free(r);
  return rc;
}

/** Wait for all ranks without taking cores from those who still work. */
static void wait_for_all(engine *e, service *s)
{
  MPI_Request request;
  int         here = 0;
  double      pause_s = 20e-6;

  (void)pthread_mutex_lock(&s->mpi);
  HY_MPI(MPI_Ibarrier(e->world, &request));
  (void)pthread_mutex_unlock(&s->mpi);
  while (!here) {
    (void)pthread_mutex_lock(&s->mpi);
    HY_MPI(MPI_Test(&request, &here, MPI_STATUS_IGNORE));
    if (!here && e->sched && !s->uses_mpi) (void)hy_sched_serve(e->sched);
    (void)pthread_mutex_unlock(&s->mpi);
    if (!here) hy_sleep_s(pause_s);
    if (pause_s < 1e-3) pause_s *= 1.5;
  }
  (void)pthread_mutex_lock(&s->mpi);
  s->uses_mpi = false;
  (void)pthread_mutex_unlock(&s->mpi);
}

/** Collective. */
static bool all_ran(const engine *e)
{
  int64_t ran = 0;

  for (int w = 0; w < e->nworkers; w++) ran += e->workers[w].done + e->workers[w].failed;
  HY_MPI(MPI_Allreduce(MPI_IN_PLACE, &ran, 1, MPI_INT64_T, MPI_SUM, e->world));
  return ran == e->npending;
}

hy_code engine_loop(engine *e, hy_err *err)
{
  static const int signals[] = {SIGUSR1, SIGTERM, SIGINT};
  enum { NSIGNALS = sizeof signals / sizeof *signals };
  struct sigaction drain = {.sa_handler = on_drain, .sa_flags = (int)SA_RESETHAND};
  struct sigaction before[NSIGNALS];
  service          s = {0};
  hy_code          rc = HY_OK;

  for (int i = 0; i < NSIGNALS; i++) (void)sigaction(signals[i], &drain, &before[i]);
  const hy_code started = service_start(&s, e, err);

  rc = hy_agree(e->world, started, err);
  if (rc) {
    if (!started) service_end(&s);
    for (int i = 0; i < NSIGNALS; i++) (void)sigaction(signals[i], &before[i], NULL);
    return rc;
  }
  HY_MPI(MPI_Barrier(e->world));
  (void)pthread_mutex_lock(&s.mpi); /* from here to the end of wait_for_all() */
  s.uses_mpi = is_refiller(e);
  (void)pthread_mutex_unlock(&s.mpi);
  e->loop_start_ns = hy_now_ns();
  if (e->team != MPI_COMM_NULL) rc = e->job->kernel->team ? team_loop(e, err) : solo_loop(e, err);
  e->loop_ns = hy_now_ns() - e->loop_start_ns;
  wait_for_all(e, &s);
  e->runtime_s = 1e-9 * (double)(hy_now_ns() - e->loop_start_ns);
  HY_MPI(MPI_Allreduce(MPI_IN_PLACE, &e->runtime_s, 1, MPI_DOUBLE, MPI_MAX, e->world));

  hy_err  sync_err;
  hy_code sync = hy_journal_sync(e->journal, &sync_err);

  if (sync && !atomic_load(&e->broken)) {
    e->broken_err = sync_err;
    atomic_store(&e->broken, (int)sync);
  }
  hy_journal_committed(e->journal, &e->done, &e->failed);
  int64_t safe[2] = {e->done, e->failed};

  HY_MPI(MPI_Allreduce(MPI_IN_PLACE, safe, 2, MPI_INT64_T, MPI_SUM, e->world));
  e->done = safe[0]; /* collect_failures() counts again when the run is complete */
  e->failed = safe[1];
  service_end(&s);
  for (int i = 0; i < NSIGNALS; i++) (void)sigaction(signals[i], &before[i], NULL);
  const bool complete = all_ran(e);

  if (atomic_load(&e->broken)) {
    *err = e->broken_err;
    rc = (hy_code)atomic_load(&e->broken);
  } else if (complete) {
    rc = HY_OK; /* whatever asked to stop came too late */
  } else if (atomic_load(&e->failure_stops)) {
    rc = hy_fail(err, HY_ECHECK, "a task failed, and the job says on_failure: stop");
  } else if (rc == HY_OK || rc == HY_STOP) {
    rc = hy_fail(err, HY_STOP, "stopped before all tasks were run");
  }
  return hy_agree(e->world, rc, err);
}
