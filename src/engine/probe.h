/** @file probe.h
 *  Where the time of a kernel goes, without its help: the program puts itself in front of MPI's
 *  functions and of libgomp's entry to parallel regions, and times both.  Local. */
#ifndef HY_ENGINE_PROBE_H
#define HY_ENGINE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/** What the calling thread spent between begin and end. */
typedef struct hy_probe {
  int64_t mpi_ns;       /**< in MPI calls made by this thread                         */
  int64_t parallel_ns;  /**< in parallel regions which it opened                      */
  int64_t useful_ns;    /**< work of all threads in these regions                     */
  int64_t imbalance_ns; /**< longest minus mean, summed over regions                  */
} hy_probe;

/** Measure on the calling thread from now on, into `probe` (zeroed by the caller).  Not nested. */
void hy_probe_begin(hy_probe *probe);
void hy_probe_end(void);

/** Whether parallel regions are seen: with libgomp, not with other OpenMP runtimes. */
bool hy_probe_sees_threads(void);

#endif
