/** @file comm.c
 *  hy_agree is one maximum over 64-bit words with the code in the upper half and INT32_MAX - rank
 *  in the lower: the worst code wins, and of equal codes the lowest rank.  All HY_OK is 0, and only
 *  otherwise a second message, the winner's text, is sent. */
#include "base/comm.h"

#include <stdio.h>
#include <string.h>

void hy_mpi_check(int mpi_code, const char *call, const char *file, int line)
{
  if (mpi_code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "unknown error";
  int  n = 0;

  (void)MPI_Error_string(mpi_code, text, &n);
  (void)fprintf(stderr, "hybrid: error: MPI failed at %s:%d: %s: %s\n", file, line, call, text);
  (void)MPI_Abort(MPI_COMM_WORLD, 1);
}

int hy_comm_rank(MPI_Comm comm)
{
  int rank = 0;

  HY_MPI(MPI_Comm_rank(comm, &rank));
  return rank;
}

int hy_comm_size(MPI_Comm comm)
{
  int size = 1;

  HY_MPI(MPI_Comm_size(comm, &size));
  return size;
}

int hy_mpi_count(int64_t n)
{
  if (n < 0 || n > INT32_MAX) {
    (void)fprintf(stderr, "hybrid: bug: %lld is no MPI count\n", (long long)n);
    (void)MPI_Abort(MPI_COMM_WORLD, 1);
  }
  return (int)n;
}

void hy_comm_bcast(MPI_Comm comm, int root, void *data, size_t bytes)
{
  const size_t piece = (size_t)1 << 30;

  for (size_t at = 0; at < bytes; at += piece) {
    const size_t n = bytes - at < piece ? bytes - at : piece;

    HY_MPI(MPI_Bcast((char *)data + at, (int)n, MPI_BYTE, root, comm));
  }
}

/* What this rank has to say.  Without an error of this code in *err (HY_STOP is none, or there is
 * no *err), what is left there from earlier must not be told. */
static hy_err spoken(hy_code code, int rank, const hy_err *err)
{
  hy_err said;

  memset(&said, 0, sizeof said);
  if (err && err->code == (int)code) said = *err;
  said.code = (int)code;
  said.rank = rank;
  return said;
}

hy_code hy_agree_raw(MPI_Comm comm, hy_code local, hy_err *err)
{
  const int rank = hy_comm_rank(comm), size = hy_comm_size(comm);

  if (size == 1) {
    if (local != HY_OK && err) *err = spoken(local, rank, err);
    return local;
  }
  int64_t mine = ((int64_t)local << 32) | (int64_t)(INT32_MAX - rank), worst = 0;

  if (local == HY_OK) mine = 0;
  HY_MPI(MPI_Allreduce(&mine, &worst, 1, MPI_INT64_T, MPI_MAX, comm));
  if (worst == 0) return HY_OK;
  const hy_code code = (hy_code)(worst >> 32);
  const int     owner = INT32_MAX - (int)(worst & INT32_MAX);
  hy_err        said = spoken(code, owner, rank == owner ? err : NULL);

  HY_MPI(MPI_Bcast(&said, (int)sizeof said, MPI_BYTE, owner, comm));
  if (err) *err = said;
  return code;
}
