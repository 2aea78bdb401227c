/** @file threads.c
 *  How many threads a rank has: as the user says, else as Slurm gave and cores are there, else as
 *  cores.  What nobody asked for is never more than the cores and the cgroup's quota. */
#include "place/internal.h"

#include <ctype.h>
#include <stdlib.h>

enum { MAX_THREADS = 4096 };

/** The first number of OMP_NUM_THREADS ("4,2" is 4 threads, each with 2 of their own); 0: not set. */
static hy_code omp_num_threads(int *threads, hy_err *err)
{
  const char *text = getenv("OMP_NUM_THREADS");
  char       *end;

  *threads = 0;
  while (text && isspace((unsigned char)*text)) text++;
  if (!text || !*text) return HY_OK;
  const long n = strtol(text, &end, 10);

  while (isspace((unsigned char)*end)) end++;
  if (end == text || (*end && *end != ',') || n < 1 || n > MAX_THREADS)
    return hy_fail(err, HY_EINPUT,
                   "OMP_NUM_THREADS must be a whole number from 1 to %d, not \"%.40s\"; "
                   "correct or unset it",
                   MAX_THREADS, text);
  *threads = (int)n;
  return HY_OK;
}

static int slurm_cpus(void)
{
  int64_t     n = 0;
  const char *text = getenv("SLURM_CPUS_PER_TASK");

  return text && hy_parse_i64(text, &n) && n > 0 && n <= MAX_THREADS ? (int)n : 0;
}

hy_code hy_threads_choose(int option, int share, int node_cores, hy_member *m, hy_err *err)
{
  int omp = 0;

  if (option < 0 || option > MAX_THREADS)
    return hy_fail(err, HY_EINPUT, "the number of threads must be from 1 to %d, not %d",
                   MAX_THREADS, option);
  const hy_code rc = option > 0 ? HY_OK : omp_num_threads(&omp, err);

  if (rc) return rc;
  m->slurm_cpus = slurm_cpus();
  if (option > 0 || omp > 0) {
    m->threads = option > 0 ? option : omp;
    m->source = option > 0 ? HY_BY_OPTION : HY_BY_OMP;
    return HY_OK;
  }
  m->threads = share > 0 ? share : 1;
  m->source = HY_BY_CORES;
  if (m->slurm_cpus > 0 && m->slurm_cpus < m->threads) {
    m->threads = m->slurm_cpus;
    m->source = HY_BY_SLURM;
  }
  const double part = m->quota * share / (node_cores > 0 ? node_cores : 1);

  if (part < (double)m->threads) {
    m->threads = part < 1.0 ? 1 : (int)part;
    m->source = HY_BY_QUOTA;
  }
  return HY_OK;
}
