/** @file internal.h
 *  The state of one run, as the files of engine/ share it.  Filled in order by setup.c; what a phase
 *  adds is in one group. */
#ifndef HY_ENGINE_INTERNAL_H
#define HY_ENGINE_INTERNAL_H

#include "base/comm.h"
#include "engine/engine.h"
#include "engine/pop.h"
#include "engine/probe.h"
#include "journal/journal.h"
#include "kernel/host.h"
#include "place/place.h"
#include "sched/sched.h"
#include "store/store.h"

#include <stdatomic.h>
#include <stdio.h>

/** One record of the journal, as small as it can be: there may be millions. */
typedef struct entry {
  uint32_t task;
  uint32_t log; /**< index in the list of logs, the same on all ranks */
  int64_t  offset;
  uint32_t len;
  uint32_t crc;   /**< of the payload: equal results of one task must be equal */
  uint32_t parts; /**< of a DONE record */
  uint16_t type, attempt;
} entry;

/** What the journal holds about tasks [first, end), sorted by task. */
typedef struct replay {
  const struct engine *e;
  hy_log_name         *logs;
  int                 *fds; /**< of logs, opened when first read, -1 before */
  int                  nlogs;
  entry               *entries;
  int64_t              n, first, end;
  int64_t              cursor; /**< where the last look-up ended: the next one is mostly there  */
  struct slab         *slabs;  /**< PARTs of task `slab_task`, their heads read                 */
  int64_t              nslabs, slab_task;
} replay;

typedef struct span {
  int64_t  start_ns, end_ns;
  uint32_t task;
} span;

/** One worker: a thread, or a whole team. */
typedef struct worker {
  _Alignas(64) int64_t done;
  int64_t  failed, busy_ns, flops_e3; /**< flops_e3: in thousands */
  int64_t  longest_ns;
  uint32_t longest_task;
  hy_probe probe;
  span    *spans; /**< with --trace; a ring is not kept: the first MAX_SPANS */
  int64_t  nspans;
} worker;

enum { MAX_SPANS = 200000, MAX_FAILURES = 20 };

typedef struct failure {
  int64_t task;
  hy_err  why;
} failure;

typedef struct engine {
  const hy_run_options *options;
  MPI_Comm              world;
  int                   rank, size;
  int64_t               start_ns; /**< of the program's run                        */
  char                  start_utc[24];

  hy_place      *place;
  hy_place_facts facts;
  hy_job        *job;
  hy_inputs     *inputs;
  char          *dir, *journal_dir;
  int            lock; /**< on dir, rank 0; -1: none */

  bool       fixed_shape; /**< no output's extent depends on the task   */
  int        noutputs;
  hy_extent *extents;    /**< [noutputs], when fixed_shape             */
  int64_t    task_bytes; /**< of all outputs of a task, when fixed_shape */
  double    *cost;       /**< flops per task, NULL: all alike          */

  uint32_t   *order; /**< position -> task, NULL: identity                        */
  int64_t     npending, ndone_before;
  hy_chunks   chunks;
  hy_sched   *sched;
  MPI_Comm    team;
  int         team_index, nteams, team_rank, team_size, nworkers, task_threads;
  worker     *workers; /**< [nworkers]                                             */
  hy_journal *journal;
  uint32_t    epoch;

  bool       unfit;         /**< warnings under --strict */
  atomic_int stop;          /**< no new tasks: signal, failure policy, journal dead    */
  atomic_int failure_stops; /**< a task failed, and the job says stop */
  atomic_int complaints;    /**< failed tasks told on stderr                          */
  atomic_int broken;        /**< hy_code of the journal                                */
  hy_err     broken_err;
  int64_t    loop_ns, loop_start_ns; /**< this rank's own task loop               */
  double     runtime_s;              /**< of the loop, until the last rank ended  */

  int64_t  done, failed; /**< of the whole job, at the end                      */
  double   store_s;
  failure *failures; /**< [nfailures] of this rank's share of the tasks */
  int      nfailures;
} engine;

/* setup.c: everything before the loop; collective.  prepare: job, placement and inputs only. */
hy_code engine_prepare(engine *e, hy_err *err);
hy_code engine_setup(engine *e, hy_err *err);
void    engine_clear(engine *e);

/* rundir.c: local, on rank 0. */
hy_code rundir_claim(engine *e, hy_err *err);
void    rundir_release(engine *e);

/* replay.c */
hy_code replay_load(engine *e, int64_t first, int64_t end, replay *r,
                    hy_err *err); /**< collective */
void    replay_clear(replay *r);
/** State of a task: 1 done, 2 failed, 0 neither.  HY_ECHECK: two different results.  Local. */
hy_code replay_state(replay *r, int64_t task, int *state, hy_err *err);
hy_code replay_read(replay *r, int64_t task, int output, int64_t offset, size_t n, void *data,
                    hy_err *err);
/** The error of a failed task, as it was recorded. */
hy_code replay_why(replay *r, int64_t task, hy_err *why, hy_err *err);

/* task.c: run one task and journal what it put. */
typedef struct runner runner;
hy_code               runner_new(engine *e, int index, runner **out, hy_err *err);
void                  runner_free(runner *r);
/** Solo: local.  Team: collective over e->team.  A failed task is journaled, not returned. */
hy_code runner_task(runner *r, int64_t task, hy_err *err);

/* loop.c: collective over world. */
hy_code engine_loop(engine *e, hy_err *err);

/* progress.c: one line about the run; called by the service thread of rank 0. */
typedef struct progress {
  bool    on, terminal;
  double  start_s, shown_s;
  int64_t shown_done, total, before;
  int     width;
} progress;
void progress_begin(progress *p, const engine *e);
void progress_show(progress *p, int64_t done, int64_t failed);
void progress_end(progress *p);

/* finish.c: results, run.json, summary; collective. */
hy_code engine_finish(engine *e, hy_err *err);
/* report.c */
hy_code report_write(engine *e,
                     hy_err *err); /**< collective: run.json, and the summary on stdout */
/* answer.c: what came out, as a table over the first axis of the sweep; rank 0. */
void answer_print(const engine *e, hy_str *text);
/* trace.c: collective. */
hy_code trace_write(engine *e, hy_err *err);

/** Bytes of all outputs of a task. */
hy_code engine_extents(const engine *e, const void *params, hy_extent *extents, int64_t *bytes,
                       hy_err *err);

#endif
