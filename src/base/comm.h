/** @file comm.h
 *  How the ranks of a communicator agree on an error, and how MPI is called. */
#ifndef HY_BASE_COMM_H
#define HY_BASE_COMM_H

#include "base/err.h"

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

/** Make a local status global.  Collective over `comm`; costs one 8-byte reduction
 *  on success.  On return code and *err are the same on every rank: those of the
 *  worst code, lowest rank first. */
hy_code hy_agree_raw(MPI_Comm comm, hy_code local, hy_err *err);

static inline hy_code hy_agree(MPI_Comm comm, hy_code local, hy_err *err)
{
  const hy_code agreed = hy_agree_raw(comm, local, err);

  /* Tells compilers and analysers: agreed HY_OK implies local HY_OK. */
  if (agreed < local) __builtin_unreachable();
  return agreed;
}

/** Rank and size of a communicator.  Local. */
int hy_comm_rank(MPI_Comm comm);
int hy_comm_size(MPI_Comm comm);

/** Broadcast any number of bytes from `root`, in pieces MPI's int counts can carry.  Collective. */
void hy_comm_bcast(MPI_Comm comm, int root, void *data, size_t bytes);

/** An MPI count from a size: aborts the program if it does not fit an int.  Local. */
int hy_mpi_count(int64_t n);

/** Call MPI.  An MPI failure leaves the communicator undefined, so no agreement
 *  is possible: print, then abort every rank. */
#define HY_MPI(call) hy_mpi_check((call), #call, __FILE__, __LINE__)
void hy_mpi_check(int mpi_code, const char *call, const char *file, int line);

#endif
