/** @file pop.h
 *  The additive hybrid efficiency model of the POP centre of excellence, from what each rank measured.
 *  A parent's loss is the sum of its children's: parent = sum of children - (number - 1).
 *  Source: POP CoE, "Additive hybrid metrics".  Local, pure. */
#ifndef HY_ENGINE_POP_H
#define HY_ENGINE_POP_H

/** One rank; seconds. */
typedef struct hy_pop_rank {
  int    threads;
  double serial_s;    /**< useful work outside OpenMP, by the master                         */
  double mpi_s;       /**< in MPI, or waiting for other ranks, outside OpenMP                */
  double parallel_s;  /**< wall time inside parallel regions                                 */
  double useful_s;    /**< useful work inside regions, summed over threads                   */
  double imbalance_s; /**< over regions: longest thread minus the mean, summed               */
} hy_pop_rank;

typedef struct hy_pop {
  double parallel;                                        /**< PE = process + thread - 1        */
  double process, process_balance, process_communication; /**< ProcE = LBE + CE - 1             */
  double thread, serial_region, openmp;                   /**< ThrE = SRE + OMPE - 1            */
  double openmp_balance;                                  /**< the part of OMPE due to imbalance */
  /* core-seconds; the causes add up to total */
  double total, useful, mpi, idle_in_mpi, idle_in_serial, imbalance, runtime;
} hy_pop;

/** `runtime_s` is the wall time of the measured stretch, the same for all ranks. */
hy_pop hy_pop_compute(const hy_pop_rank *ranks, int n, double runtime_s);

#endif
