/** @file test_policy.c
 *  Issue order and chunks. */
#include "sched/sched.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

static void order_is_longest_first_and_stable(void)
{
  const double cost[] = {1.0, 5.0, NAN, 5.0, 0.0, 7.0};
  uint32_t     order[6];
  hy_err       err;

  CU_ASSERT(hy_sched_order(cost, 6, order, &err) == HY_OK);
  const uint32_t expected[] = {5, 1, 3, 0, 4, 2};

  for (int i = 0; i < 6; i++) CU_ASSERT_EQUAL(order[i], expected[i]);
  CU_ASSERT(hy_sched_order(cost, 0, order, &err) == HY_OK);
}

/** Chunks cover 0..n without gap, hold at least `workers` tasks but for the last one, and none is
 *  worth more than its share of what was left. */
static void check_chunks(const double *cost, int64_t n, int nodes, int workers)
{
  hy_chunks chunks = {NULL, -1};
  double    left = 0.0;
  hy_err    err;

  CU_ASSERT_FATAL(hy_sched_chunks(cost, NULL, n, nodes, workers, &chunks, &err) == HY_OK);
  for (int64_t i = 0; i < n; i++) left += cost ? cost[i] : 1.0;
  CU_ASSERT_EQUAL(chunks.bounds[0], 0);
  CU_ASSERT_EQUAL(chunks.bounds[chunks.n], n);
  for (int64_t c = 0; c < chunks.n; c++) {
    const int64_t size = chunks.bounds[c + 1] - chunks.bounds[c];
    double        sum = 0.0;

    CU_ASSERT(size > 0);
    CU_ASSERT(size >= workers || c == chunks.n - 1);
    for (int64_t i = chunks.bounds[c]; i < chunks.bounds[c + 1]; i++) sum += cost ? cost[i] : 1.0;
    CU_ASSERT(size <= workers || sum <= left / (2.0 * nodes) * (1.0 + 1e-9));
    left -= sum;
  }
  free(chunks.bounds);
}

static void chunks_shrink_with_what_is_left(void)
{
  enum { N = 5000 };
  double *cost = malloc(N * sizeof *cost);

  for (int64_t i = 0; i < N; i++) cost[i] = 1e3 / (double)(i + 1);
  for (int nodes = 1; nodes <= 5; nodes++)
    for (int workers = 1; workers <= 64; workers *= 4) {
      check_chunks(cost, N, nodes, workers);
      check_chunks(NULL, N, nodes, workers);
      check_chunks(NULL, 1, nodes, workers);
      check_chunks(NULL, 0, nodes, workers);
    }
  for (int64_t i = 0; i < N; i++) cost[i] = 0.0; /* nobody knows: still finite, still whole */
  check_chunks(cost, N, 3, 2);
  free(cost);
}

static void batches(void)
{
  CU_ASSERT_EQUAL(hy_sched_batch(1e9, 1000, 4), 1); /* long tasks one by one */
  CU_ASSERT_EQUAL(hy_sched_batch(10.0, 0, 4), 1);   /* the end one by one    */
  CU_ASSERT_EQUAL(hy_sched_batch(10.0, 7, 4), 1);
  CU_ASSERT(hy_sched_batch(10.0, 1000000, 4) > 100); /* empty tasks by many   */
  CU_ASSERT(hy_sched_batch(0.0, 1000000, 0) >= 1);
}

HY_TEST_MAIN("policy", {"longest first, stable", order_is_longest_first_and_stable},
             {"chunks shrink with what is left", chunks_shrink_with_what_is_left},
             {"batches", batches})
