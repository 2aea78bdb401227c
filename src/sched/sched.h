/** @file sched.h
 *  Who runs which task next, without a coordinator: a queue per node in shared memory, refilled in
 *  chunks from one counter of the whole run.
 *
 *  Invariant: each position of the issue order is handed to exactly one caller. */
#ifndef HY_SCHED_SCHED_H
#define HY_SCHED_SCHED_H

#include "base/err.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- pure policy (policy.c) ---- */

/** Issue order: indices 0..n-1 by falling cost, equal costs by index.  Writes `order`. */
hy_code hy_sched_order(const double *cost, int64_t n, uint32_t *order, hy_err *err);

/** Chunk i is positions [bounds[i], bounds[i + 1]). */
typedef struct hy_chunks {
  int64_t *bounds; /**< [n + 1]; free() it */
  int64_t  n;
} hy_chunks;

/** How the issue order is cut into chunks for `nodes` nodes with `workers` workers each: guided,
 *  each chunk 1/(2 nodes) of the cost that is left, at least `workers` tasks.  cost may be NULL
 *  (all equal); order as above or NULL (identity). */
hy_code hy_sched_chunks(const double *cost, const uint32_t *order, int64_t n, int nodes,
                        int workers, hy_chunks *chunks, hy_err *err);

/** Tasks to take at once when a task takes `task_ns` and `left` are in the node's queue: enough for
 *  20 us, at most left/(4 workers), at least 1. */
int64_t hy_sched_batch(double task_ns, int64_t left, int workers);

/* ---- shared counters (sched.c) ---- */

typedef struct hy_sched hy_sched;

typedef struct hy_sched_plan {
  int64_t   n;      /**< positions to hand out, below 2^31                                  */
  hy_chunks chunks; /**< read on the first rank of each queue; borrowed until free */
  bool      serve_in_take; /**< hy_sched_take itself refills: for callers that may use MPI      */
} hy_sched_plan;

/** Collective over `world`; `node` holds the ranks which share a queue (a node's, or fewer), its rank
 *  0 refills.  With one queue in all, all of the work is in it from the start and nobody refills. */
hy_code hy_sched_new(MPI_Comm world, MPI_Comm node, const hy_sched_plan *plan, hy_sched **sched,
                     hy_err *err);
/** Collective. */
void hy_sched_free(hy_sched *sched);

/** Take up to `want` positions [*first, *first + returned).  0: nothing left in the run, or stopped.
 *  Any thread.  When the node's queue is dry and the run is not, waits for the refill; waiting
 *  polls with sleeps. */
int64_t hy_sched_take(hy_sched *sched, int64_t want, int64_t *first);
int64_t hy_sched_left(const hy_sched *sched); /**< in the node's queue, about */

/** Fetch the next chunk ahead of need, pass progress on, and answer other nodes' requests.  Must be
 *  called regularly, by one thread at a time, on rank 0 of each node while anyone in the run takes;
 *  the only one of the local calls which uses MPI.  False: not needed, there is one queue or this is
 *  not rank 0 of a node.  Local. */
bool hy_sched_serve(hy_sched *sched);

/** No more tasks for anyone: seen by all nodes' next take (others at their next refill).  Local. */
void hy_sched_stop(hy_sched *sched);
bool hy_sched_stopped(const hy_sched *sched);

/** Progress counters: each rank stores its own totals; any rank of a node reads its node's sum, rank
 *  0 of world the sum of all (other nodes' as of their last hy_sched_serve). */
void hy_sched_report(hy_sched *sched, int64_t done, int64_t failed);
void hy_sched_progress(hy_sched *sched, int64_t *done, int64_t *failed);

#endif
