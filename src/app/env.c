/** @file env.c
 *  Measured, on Open MPI 4.1:
 *
 *  - its own MPI-IO (ompio) loses data without an error when the disk is full; ROMIO reports it;
 *  - its one-sided component `rdma` crashes on compare-and-swap within a node and fails over TCP,
 *    and `ucx` ends with time-outs over TCP; the counter is asked for a few hundred times in a run,
 *    so the slowest component, which sends messages, is good enough;
 *  - ranks that wait spin on their core, and take it from those that work when cores are shared;
 *  - OpenMP threads that wait spin too: with more threads than cores a run takes seven times as
 *    long.
 *
 *  What the user or the launcher set is never changed. */
#include "app/env.h"

#include "base/comm.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static int env_int(const char *name, int absent)
{
  const char *text = getenv(name);
  int64_t     value = 0;

  return text && hy_parse_i64(text, &value) && value >= 0 && value <= INT32_MAX ? (int)value
                                                                                : absent;
}

/** Inside a batch script SLURM_PROCID is set too, although nothing was launched; srun's own tasks
 *  know where srun listens. */
static bool under_srun(void)
{
  return getenv("SLURM_SRUN_COMM_HOST") && env_int("SLURM_STEP_NUM_TASKS", 1) > 1;
}

static int told_rank(void)
{
  static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};

  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (getenv(names[i])) return env_int(names[i], 0);
  return under_srun() ? env_int("SLURM_PROCID", 0) : 0;
}

static int told_size(void)
{
  if (getenv("OMPI_COMM_WORLD_SIZE")) return env_int("OMPI_COMM_WORLD_SIZE", 1);
  if (getenv("PMI_SIZE")) return env_int("PMI_SIZE", 1);
  return under_srun() ? env_int("SLURM_STEP_NUM_TASKS", 1) : 1;
}

/* Asked for the first time before MPI_Init: Open MPI started alone sets these variables itself. */
int env_rank(void)
{
  static int rank = -1;

  if (rank < 0) rank = told_rank();
  return rank;
}

int env_size(void)
{
  static int size = -1;

  if (size < 0) size = told_size();
  return size;
}

int env_local_size(void)
{
  return env_int("OMPI_COMM_WORLD_LOCAL_SIZE", env_int("MPI_LOCALNRANKS", 1));
}

void env_open_streams(void)
{
  /* Opened the wrong way round, so that using one still fails as it does when it is closed. */
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
      (void)hy_io->open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY, 0);
}

void env_set_defaults(void)
{
  (void)env_rank();
  (void)env_size();
#if defined(OMPI_MAJOR_VERSION) && OMPI_MAJOR_VERSION == 4
  if (!getenv("OMPI_MCA_fcoll")) (void)setenv("OMPI_MCA_io", "romio321", 0);
  (void)setenv("OMPI_MCA_osc", "^rdma,ucx", 0);
#endif
#if defined(OMPI_MAJOR_VERSION)
  (void)setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
#endif
  /* HDF5's locks fail on many parallel file systems; who writes is settled by our own rules. */
  (void)setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
}

/** Cores of this node that all ranks on it may use together.  The launcher may have bound this
 *  process to its part of them: then all of the node are counted. */
static int64_t node_cores(void)
{
  cpu_set_t  mine;
  const bool bound = env_int("OMPI_MCA_orte_bound_at_launch", 0) != 0;
  const bool others = env_local_size() > 1 && !getenv("OMPI_COMM_WORLD_LOCAL_SIZE");

  if (bound || others || sched_getaffinity(0, sizeof mine, &mine) != 0)
    return sysconf(_SC_NPROCESSORS_ONLN);
  return CPU_COUNT(&mine);
}

void env_stop_spinning(char **argv, int64_t threads)
{
  static const char guard[] = "HYBRID_RESTARTED";

  if (threads == 0) threads = env_int("OMP_NUM_THREADS", 1);
  if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT") || getenv(guard)) return;
  if (env_local_size() * threads <= node_cores()) return;
  (void)setenv("OMP_WAIT_POLICY", "passive", 1);
  (void)setenv("GOMP_SPINCOUNT", "0", 1);
  (void)setenv(guard, "1", 1);
  (void)execv("/proc/self/exe", argv); /* returns only on failure: then it is slow, not wrong */
}
