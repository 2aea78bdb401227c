/** @file test_pop.c
 *  The additive efficiency model: a worked example, and its identities on random data. */
#include "engine/pop.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

static int close_to(double a, double b)
{
  return fabs(a - b) <= 1e-12 * (1.0 + fabs(b));
}

/** Two ranks of two threads, ten seconds; figures worked out by hand from the definitions. */
static void worked_example(void)
{
  const hy_pop_rank ranks[2] = {
      {.threads = 2,
       .serial_s = 1,
       .mpi_s = 2,
       .parallel_s = 7,
       .useful_s = 12,
       .imbalance_s = 1.0},
      {.threads = 2,
       .serial_s = 2,
       .mpi_s = 3,
       .parallel_s = 5,
       .useful_s = 9,
       .imbalance_s = 0.5}
  };
  const hy_pop p = hy_pop_compute(ranks, 2, 10.0);

  CU_ASSERT(close_to(p.parallel, 0.60));
  CU_ASSERT(close_to(p.process, 0.75));
  CU_ASSERT(close_to(p.process_balance, 0.95));
  CU_ASSERT(close_to(p.process_communication, 0.80));
  CU_ASSERT(close_to(p.thread, 0.85));
  CU_ASSERT(close_to(p.serial_region, 0.925));
  CU_ASSERT(close_to(p.openmp, 0.925));
  CU_ASSERT(close_to(p.openmp_balance, 0.925));
  CU_ASSERT(close_to(p.total, 40.0));
  CU_ASSERT(close_to(p.useful, 24.0));
  CU_ASSERT(close_to(p.mpi, 5.0));
  CU_ASSERT(close_to(p.idle_in_mpi, 5.0));
  CU_ASSERT(close_to(p.idle_in_serial, 3.0));
  CU_ASSERT(close_to(p.imbalance, 3.0));
  CU_ASSERT(close_to(p.runtime, 0.0));
}

static double uniform(void)
{
  return (double)rand() / RAND_MAX;
}

/** Parents are sums of children, and every core-second has one cause. */
static void identities(void)
{
  srand(1);
  for (int trial = 0; trial < 1000; trial++) {
    hy_pop_rank  ranks[7];
    const int    n = 1 + rand() % 7;
    const double r = 1.0 + uniform();

    for (int p = 0; p < n; p++) {
      const double a = uniform(), b = uniform(), c = uniform(), sum = a + b + c;
      const int    threads = 1 + rand() % 8;

      ranks[p] = (hy_pop_rank){.threads = threads,
                               .serial_s = r * a / sum,
                               .mpi_s = r * b / sum,
                               .parallel_s = r * c / sum,
                               .useful_s = r * c / sum * threads * uniform()};
    }
    const hy_pop p = hy_pop_compute(ranks, n, r);

    CU_ASSERT(close_to(p.parallel, p.process + p.thread - 1.0));
    CU_ASSERT(close_to(p.process, p.process_balance + p.process_communication - 1.0));
    CU_ASSERT(close_to(p.thread, p.serial_region + p.openmp - 1.0));
    CU_ASSERT(close_to(p.total, p.useful + p.mpi + p.idle_in_mpi + p.idle_in_serial + p.imbalance +
                                    p.runtime));
  }
}

static void nothing_measured(void)
{
  const hy_pop p = hy_pop_compute(NULL, 0, 0.0);

  CU_ASSERT(p.total == 0.0 && p.parallel == 0.0);
}

HY_TEST_MAIN("pop", {"worked example", worked_example}, {"identities", identities},
             {"nothing measured", nothing_measured})
