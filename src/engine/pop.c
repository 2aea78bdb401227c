/** @file pop.c
 *  T = threads of all ranks, R = run time, D_p = R - MPI_p = time of rank p outside MPI. */
#include "engine/pop.h"

static double larger(double a, double b)
{
  return a > b ? a : b;
}

hy_pop hy_pop_compute(const hy_pop_rank *ranks, int n, double r)
{
  hy_pop pop = {0};
  double t = 0.0, outside = 0.0, most_outside = 0.0, parallel = 0.0, serial_idle = 0.0;

  for (int p = 0; p < n; p++) {
    const hy_pop_rank *k = &ranks[p];
    const double       threads = k->threads, d = k->serial_s + k->parallel_s;

    t += threads;
    pop.useful += k->serial_s + k->useful_s;
    pop.mpi += k->mpi_s;
    pop.idle_in_mpi += (threads - 1.0) * k->mpi_s;
    pop.imbalance += threads * k->imbalance_s;
    serial_idle += (threads - 1.0) * k->serial_s;
    parallel += threads * k->parallel_s - k->useful_s;
    outside += threads * d;
    most_outside = larger(most_outside, d);
  }
  if (t <= 0.0 || r <= 0.0) return pop;
  pop.total = t * r;
  pop.idle_in_serial = serial_idle;
  pop.runtime = pop.total - pop.useful - pop.mpi - pop.idle_in_mpi - serial_idle - pop.imbalance;

  pop.parallel = pop.useful / pop.total;
  pop.process_balance = 1.0 - (most_outside - outside / t) / r;
  pop.process_communication = most_outside / r;
  pop.process = outside / pop.total;
  pop.serial_region = 1.0 - serial_idle / pop.total;
  pop.openmp = 1.0 - parallel / pop.total;
  pop.thread = pop.serial_region + pop.openmp - 1.0;
  pop.openmp_balance = 1.0 - pop.imbalance / pop.total;
  return pop;
}
