/** @file policy.c
 *  In which order tasks are issued, and in pieces of what size.  Pure.
 *
 *  Longest first: with costs known, list scheduling by falling cost ends within 4/3 of the optimum
 *  (Graham 1969).  Chunks for nodes shrink with the cost that is left ("guided", Polychronopoulos and
 *  Kuck 1987), so the last ones are small; they are a function of the job and the number of nodes
 *  alone, hence every node computes the same ones and one counter of chunks is all they share. */
#include "sched/sched.h"

#include <math.h>
#include <stdlib.h>

typedef struct item {
  double   cost;
  uint32_t index;
} item;

static int by_falling_cost(const void *pa, const void *pb)
{
  const item *a = pa, *b = pb;

  if (a->cost != b->cost) return a->cost > b->cost ? -1 : 1;
  return a->index < b->index ? -1 : a->index > b->index;
}

hy_code hy_sched_order(const double *cost, int64_t n, uint32_t *order, hy_err *err)
{
  item *items = malloc((size_t)(n ? n : 1) * sizeof *items);

  if (!items) return hy_fail(err, HY_ENOMEM, "no memory to order %lld tasks", (long long)n);
  for (int64_t i = 0; i < n; i++) /* a cost that is no number must not break the order: last */
    items[i] = (item){isnan(cost[i]) ? -1.0 : cost[i], (uint32_t)i};
  qsort(items, (size_t)n, sizeof *items, by_falling_cost);
  for (int64_t i = 0; i < n; i++) order[i] = items[i].index;
  free(items);
  return HY_OK;
}

static double cost_at(const double *cost, const uint32_t *order, int64_t position)
{
  const double c = cost ? cost[order ? order[position] : position] : 1.0;

  return c > 0.0 && isfinite(c) ? c : 0.0;
}

/** End of the chunk that starts at `from`: a fair share of the cost that is left. */
static int64_t chunk_end(const double *cost, const uint32_t *order, int64_t from, int64_t n,
                         double share, int64_t least)
{
  double  sum = 0.0;
  int64_t end = from;

  while (end < n && (end - from < least || sum < share)) {
    const double c = cost_at(cost, order, end);

    if (end - from >= least && sum + c > share) break;
    sum += c;
    end++;
  }
  return end;
}

/** Room for one more bound. */
static bool grow(hy_chunks *chunks, int64_t *capacity)
{
  if (chunks->n + 2 <= *capacity) return true;
  int64_t *more = realloc(chunks->bounds, (size_t)(*capacity * 2) * sizeof *more);

  if (!more) return false;
  chunks->bounds = more;
  *capacity *= 2;
  return true;
}

hy_code hy_sched_chunks(const double *cost, const uint32_t *order, int64_t n, int nodes,
                        int workers, hy_chunks *chunks, hy_err *err)
{
  const int64_t least = workers > 1 ? workers : 1;
  int64_t       capacity = 64, from = 0;
  hy_chunks     list = {.bounds = malloc((size_t)capacity * sizeof *list.bounds)};
  double        left = 0.0;

  if (!list.bounds) return hy_fail(err, HY_ENOMEM, "no memory for the chunks of the tasks");
  for (int64_t i = 0; i < n; i++) left += cost_at(cost, order, i);
  for (list.bounds[0] = 0; from < n; from = list.bounds[list.n]) {
    if (!grow(&list, &capacity)) {
      free(list.bounds);
      return hy_fail(err, HY_ENOMEM, "no memory for the chunks of the tasks");
    }
    const int64_t end = chunk_end(cost, order, from, n, left / (2.0 * nodes), least);

    for (int64_t i = from; i < end; i++) left -= cost_at(cost, order, i);
    list.bounds[++list.n] = end;
  }
  *chunks = list;
  return HY_OK;
}

int64_t hy_sched_batch(double task_ns, int64_t left, int workers)
{
  const double  enough_ns = 20e3; /* a take costs 10 to 100 ns: below 1 % of this */
  int64_t       batch = task_ns > 0.0 ? (int64_t)(enough_ns / task_ns) : 256;
  const int64_t fair = left / (4 * (int64_t)(workers > 0 ? workers : 1));

  if (batch > 4096) batch = 4096;
  if (batch > fair) batch = fair;
  return batch > 0 ? batch : 1;
}
