/** @file sched.c
 *  Shared counters.
 *
 *      rank 0 of world          each node, in memory all its ranks share
 *      +-------------+          +------------------------------------------+
 *      | next chunk  | -------> | ahead: [a, b)    cur: [next, end)        | -> takers
 *      +-------------+ fetch    +------------------------------------------+
 *        fetch_and_op  ahead      one 64-bit word each: end << 32 | next
 *
 *  Why each position goes to exactly one taker.  Chunks are disjoint and the counter gives each to
 *  one node.  Within a node a range is in one word, `ahead` or `cur`:  a taker moves `next` up by a
 *  compare-and-swap of the whole word, so two takers cannot get the same positions, and a word that
 *  was seen earlier cannot come back, since no range is ever put in twice.  Only the holder of `lock`
 *  writes `cur` when it is empty, and only rank 0 of the node fills `ahead` when it is empty, so no
 *  range is overwritten.  `drained` is set after the last range was stored in `ahead`; whoever sees
 *  it looks at both words again, under the lock, before it gives up: nothing is left behind. */
#include "sched/sched.h"

#include "base/clock.h"
#include "base/comm.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally {
  _Alignas(64) _Atomic int64_t done;
  _Atomic int64_t failed;
} tally;

typedef struct queue {
  _Alignas(64) _Atomic uint64_t cur;
  _Alignas(64) _Atomic uint64_t ahead;
  _Alignas(64) atomic_int lock;
  atomic_int drained, stopped;
  tally      of_rank[];
} queue;

enum { COUNTER = 0, TOTALS = 1 }; /* cells of the window on rank 0 of world: counter, node totals */

struct hy_sched {
  hy_sched_plan plan;
  queue        *queue;
  MPI_Win       queue_win, counter_win;
  int64_t      *cells; /* of counter_win; on rank 0 of world */
  int           rank, node_rank, node_ranks, node_index, nnodes;
  bool          stop_sent;
  double        told_s; /* when this node's totals were last passed on */
};

static uint64_t pack(int64_t next, int64_t end)
{
  return ((uint64_t)end << 32) | (uint64_t)next;
}

static int64_t next_of(uint64_t range)
{
  return (int64_t)(range & UINT32_MAX);
}
static int64_t end_of(uint64_t range)
{
  return (int64_t)(range >> 32);
}
static bool is_empty(uint64_t range)
{
  return next_of(range) >= end_of(range);
}

/** Index of this queue among all, by the rank of its first member, and how many there are. */
static void number_queues(hy_sched *s, MPI_Comm world, MPI_Comm node)
{
  int leads = s->node_rank == 0, before = 0;

  HY_MPI(MPI_Exscan(&leads, &before, 1, MPI_INT, MPI_SUM, world));
  s->node_index = s->rank == 0 ? 0 : before;
  HY_MPI(MPI_Bcast(&s->node_index, 1, MPI_INT, 0, node));
  HY_MPI(MPI_Allreduce(&leads, &s->nnodes, 1, MPI_INT, MPI_SUM, world));
}

static void first_range(hy_sched *s)
{
  const hy_sched_plan *p = &s->plan;
  int64_t              from = 0, end = p->n;

  if (s->nnodes > 1) { /* queue i starts with chunk i: no communication at the start */
    const bool any = s->node_index < p->chunks.n;

    from = any ? p->chunks.bounds[s->node_index] : 0;
    end = any ? p->chunks.bounds[s->node_index + 1] : 0;
  }
  atomic_store(&s->queue->cur, pack(from, end));
  atomic_store(&s->queue->drained, s->nnodes == 1);
}

hy_code hy_sched_new(MPI_Comm world, MPI_Comm node, const hy_sched_plan *plan, hy_sched **sched,
                     hy_err *err)
{
  hy_sched *s = calloc(1, sizeof *s);
  hy_code   rc = s ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for the scheduler");
  MPI_Aint  bytes = 0;
  int       unit = 0;

  if (!rc && plan->n > INT32_MAX)
    rc = hy_fail(err, HY_EBUG, "%lld tasks are too many for the scheduler", (long long)plan->n);
  rc = hy_agree(world, rc, err);
  if (rc) {
    free(s);
    return rc;
  }
  s->plan = *plan;
  s->rank = hy_comm_rank(world);
  s->node_rank = hy_comm_rank(node);
  s->node_ranks = hy_comm_size(node);
  number_queues(s, world, node);
  if (s->node_rank == 0)
    bytes = (MPI_Aint)(sizeof(queue) + 64 + (size_t)s->node_ranks * sizeof(tally));
  HY_MPI(MPI_Win_allocate_shared(bytes, 1, MPI_INFO_NULL, node, &s->queue, &s->queue_win));
  HY_MPI(MPI_Win_shared_query(s->queue_win, 0, &bytes, &unit, &s->queue));
  /* onto a cache line; pages are mapped whole, so the offset is the same for all ranks */
  s->queue = (void *)((char *)s->queue + (64 - (uintptr_t)s->queue % 64) % 64);
  if (s->node_rank == 0) {
    memset(s->queue, 0, sizeof *s->queue + (size_t)s->node_ranks * sizeof(tally));
    first_range(s);
  }
  if (s->nnodes > 1) {
    bytes = s->rank == 0 ? (MPI_Aint)sizeof(int64_t) * (TOTALS + 2 * s->nnodes) : 0;
    HY_MPI(MPI_Win_allocate(bytes, (int)sizeof(int64_t), MPI_INFO_NULL, world, &s->cells,
                            &s->counter_win));
    if (s->rank == 0) {
      memset(s->cells, 0, (size_t)bytes);
      s->cells[COUNTER] = s->nnodes;
    }
  }
  HY_MPI(MPI_Barrier(world)); /* the memory is set before anyone looks */
  if (s->nnodes > 1) HY_MPI(MPI_Win_lock_all(0, s->counter_win));
  *sched = s;
  return HY_OK;
}

void hy_sched_free(hy_sched *s)
{
  if (!s) return;
  if (s->nnodes > 1) {
    HY_MPI(MPI_Win_unlock_all(s->counter_win));
    HY_MPI(MPI_Win_free(&s->counter_win));
  }
  HY_MPI(MPI_Win_free(&s->queue_win));
  free(s);
}

/** Bring the range fetched ahead into `cur`; whether there is now something to take. */
static bool promote(queue *q)
{
  int  open = 0;
  bool some;

  while (!atomic_compare_exchange_weak(&q->lock, &open, 1)) {
    open = 0;
    hy_sleep_s(1e-6);
  }
  some = !is_empty(atomic_load(&q->cur));
  if (!some) {
    const uint64_t range = atomic_exchange(&q->ahead, 0);

    some = !is_empty(range);
    if (some) atomic_store(&q->cur, range);
  }
  atomic_store(&q->lock, 0);
  return some;
}

int64_t hy_sched_take(hy_sched *s, int64_t want, int64_t *first)
{
  queue   *q = s->queue;
  uint64_t range = atomic_load(&q->cur);

  while (!atomic_load_explicit(&q->stopped, memory_order_relaxed)) {
    if (!is_empty(range)) {
      const int64_t next = next_of(range), left = end_of(range) - next;
      const int64_t n = want < left ? want : left;

      if (!atomic_compare_exchange_weak(&q->cur, &range, pack(next + n, end_of(range)))) continue;
      *first = next;
      return n;
    }
    const bool drained = atomic_load(&q->drained);

    if (!promote(q)) {
      if (drained) return 0;
      if (!s->plan.serve_in_take || !hy_sched_serve(s)) hy_sleep_s(20e-6);
    }
    range = atomic_load(&q->cur);
  }
  return 0;
}

int64_t hy_sched_left(const hy_sched *s)
{
  const uint64_t cur = atomic_load(&s->queue->cur), ahead = atomic_load(&s->queue->ahead);

  return end_of(cur) - next_of(cur) + end_of(ahead) - next_of(ahead);
}

static int64_t fetch_add(hy_sched *s, int64_t increment)
{
  int64_t before = 0;

  HY_MPI(MPI_Fetch_and_op(&increment, &before, MPI_INT64_T, 0, COUNTER, MPI_SUM, s->counter_win));
  HY_MPI(MPI_Win_flush(0, s->counter_win));
  return before;
}

static void node_totals(const hy_sched *s, int64_t totals[2])
{
  totals[0] = totals[1] = 0;
  for (int r = 0; r < s->node_ranks; r++) {
    totals[0] += atomic_load(&s->queue->of_rank[r].done);
    totals[1] += atomic_load(&s->queue->of_rank[r].failed);
  }
}

bool hy_sched_serve(hy_sched *s)
{
  queue *q = s->queue;
  int    flag;

  if (s->nnodes == 1 || s->node_rank != 0) return false;
  if (atomic_load(&q->stopped) && !s->stop_sent) {
    (void)fetch_add(s, INT32_MAX); /* past the last chunk: the others' next refill finds nothing */
    s->stop_sent = true;
  }
  if (!atomic_load(&q->drained) && is_empty(atomic_load(&q->ahead))) {
    const int64_t chunk = fetch_add(s, 1);

    if (chunk < s->plan.chunks.n)
      atomic_store(&q->ahead, pack(s->plan.chunks.bounds[chunk], s->plan.chunks.bounds[chunk + 1]));
    else
      atomic_store(&q->drained, 1);
  }
  const double now = hy_now_s();

  if (now - s->told_s > 0.2) {
    int64_t totals[2];

    node_totals(s, totals);
    HY_MPI(MPI_Accumulate(totals, 2, MPI_INT64_T, 0, TOTALS + 2 * s->node_index, 2, MPI_INT64_T,
                          MPI_REPLACE, s->counter_win));
    HY_MPI(MPI_Win_flush(0, s->counter_win));
    s->told_s = now;
  }
  /* over TCP a request for the counter is answered only inside an MPI call of rank 0 */
  if (s->rank == 0)
    HY_MPI(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE));
  return true;
}

void hy_sched_stop(hy_sched *s)
{
  atomic_store(&s->queue->stopped, 1);
}
bool hy_sched_stopped(const hy_sched *s)
{
  return atomic_load_explicit(&s->queue->stopped, memory_order_relaxed) != 0;
}

void hy_sched_report(hy_sched *s, int64_t done, int64_t failed)
{
  atomic_store(&s->queue->of_rank[s->node_rank].done, done);
  atomic_store(&s->queue->of_rank[s->node_rank].failed, failed);
}

void hy_sched_progress(hy_sched *s, int64_t *done, int64_t *failed)
{
  int64_t totals[2];

  node_totals(s, totals);
  if (s->nnodes > 1 && s->rank == 0)
    for (int i = 0; i < s->nnodes; i++) {
      if (i == s->node_index) continue;
      totals[0] += ((volatile int64_t *)s->cells)[TOTALS + 2 * i];
      totals[1] += ((volatile int64_t *)s->cells)[TOTALS + 2 * i + 1];
    }
  *done = totals[0];
  *failed = totals[1];
}
