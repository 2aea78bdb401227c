/** @file test_sched.c
 *  Each position goes to exactly one taker: one queue, and several queues fed from one counter.
 *  Several queues on one machine are made by giving each rank, or each pair, a queue of its own. */
#include "base/clock.h"
#include "base/comm.h"
#include "sched/sched.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

static int rank, size;

/** All ranks take everything; afterwards each position was seen once in the world. */
static void take_all(MPI_Comm node, int64_t n, int64_t want, bool slow_rank)
{
  hy_chunks chunks = {0};
  int64_t   first = 0, got;
  int      *seen = calloc((size_t)n + 1, sizeof *seen), queues, leads = hy_comm_rank(node) == 0;
  hy_sched *s = NULL;
  hy_err    err;

  MPI_Allreduce(&leads, &queues, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  CU_ASSERT(hy_sched_chunks(NULL, NULL, n, queues, 1, &chunks, &err) == HY_OK);
  const hy_sched_plan plan = {.n = n, .chunks = chunks, .serve_in_take = hy_comm_size(node) == 1};

  CU_ASSERT(hy_sched_new(MPI_COMM_WORLD, node, &plan, &s, &err) == HY_OK);
  while ((got = hy_sched_take(s, want, &first)) > 0) {
    CU_ASSERT(first >= 0 && got <= want && first + got <= n);
    for (int64_t i = first; i < first + got; i++) seen[i]++;
    if (slow_rank && rank == size - 1) hy_sleep_s(1e-3);
    hy_sched_report(s, got, 0);
  }
  MPI_Request request;
  int         here = 0;

  MPI_Ibarrier(MPI_COMM_WORLD, &request); /* rank 0 answers until all are through */
  while (!here) {
    (void)hy_sched_serve(s);
    MPI_Test(&request, &here, MPI_STATUS_IGNORE);
  }
  CU_ASSERT_EQUAL(hy_sched_take(s, want, &first), 0); /* and stays so */
  MPI_Allreduce(MPI_IN_PLACE, seen, (int)n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  for (int64_t i = 0; i < n; i++) CU_ASSERT_EQUAL(seen[i], 1);
  hy_sched_free(s);
  free(chunks.bounds);
  free(seen);
}

static void one_queue(void)
{
  take_all(MPI_COMM_WORLD, 0, 1, false);
  take_all(MPI_COMM_WORLD, 1, 5, false);
  take_all(MPI_COMM_WORLD, 100000, 1, false);
  take_all(MPI_COMM_WORLD, 100000, 37, true);
}

static void a_queue_for_each(void)
{
  take_all(MPI_COMM_SELF, 0, 1, false);
  take_all(MPI_COMM_SELF, 3, 1, false);
  take_all(MPI_COMM_SELF, 10000, 3, true);
}

static void stop_ends_it(void)
{
  const hy_sched_plan plan = {.n = 1000000};
  hy_sched           *s = NULL;
  int64_t             first = 0, mine = 0, all = 0;
  hy_err              err;

  CU_ASSERT(hy_sched_new(MPI_COMM_WORLD, MPI_COMM_WORLD, &plan, &s, &err) == HY_OK);
  while (hy_sched_take(s, 1, &first) > 0)
    if (++mine == 10) hy_sched_stop(s);
  CU_ASSERT(hy_sched_stopped(s));
  MPI_Allreduce(&mine, &all, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  CU_ASSERT(all >= 10 && all <= 10 * size);
  hy_sched_free(s);
}

static void progress_adds_up(void)
{
  const hy_sched_plan plan = {.n = 0};
  hy_sched           *s = NULL;
  int64_t             done = 0, failed = 0;
  hy_err              err;

  CU_ASSERT(hy_sched_new(MPI_COMM_WORLD, MPI_COMM_WORLD, &plan, &s, &err) == HY_OK);
  hy_sched_report(s, 10 + rank, 1);
  MPI_Barrier(MPI_COMM_WORLD);
  hy_sched_progress(s, &done, &failed);
  CU_ASSERT_EQUAL(done, 10 * size + size * (size - 1) / 2);
  CU_ASSERT_EQUAL(failed, size);
  MPI_Barrier(MPI_COMM_WORLD);
  hy_sched_free(s);
}

static void who_we_are(void)
{
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
}

HY_TEST_MAIN_MPI("sched", {"world", who_we_are}, {"one queue", one_queue},
                 {"a queue for each", a_queue_for_each}, {"stop", stop_ends_it},
                 {"progress", progress_adds_up})
