/** @file affinity.c
 *  What may this process use, and how is it bound.
 *
 *  The mask of a rank cannot always be believed.  Open MPI binds, unasked, each rank of `-n 1` and
 *  `-n 2` to one core and those of larger runs to a package, whatever the number of threads; and an
 *  OpenMP runtime under OMP_PROC_BIND has bound the initial thread to its first place before main
 *  begins.  So below Open MPI's launcher the launcher's own mask counts, unless the user asked it to
 *  bind; elsewhere the rank's mask and all OpenMP places together. */
#include "place/internal.h"

#include <dirent.h>
#include <errno.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool hy_affinity_mask(int pid, hy_pus *pus)
{
  *pus = (hy_pus){{0}};
  return sched_getaffinity((pid_t)pid, sizeof *pus, (cpu_set_t *)pus) == 0;
}

static void add_places(hy_pus *pus)
{
  if (omp_get_proc_bind() == omp_proc_bind_false) return;
  for (int i = 0; i < omp_get_num_places(); i++) {
    const int n = omp_get_place_num_procs(i);
    int      *ids = n > 0 ? malloc((size_t)n * sizeof *ids) : NULL;

    if (!ids) continue;
    omp_get_place_proc_ids(i, ids);
    for (int k = 0; k < n; k++) hy_pus_add(pus, ids[k]);
    free(ids);
  }
}

/** Name and parent of a process, from "17 (name) S 16 ...".  The name may hold parentheses. */
static bool process(pid_t pid, char name[64], pid_t *parent)
{
  char path[40], text[512];

  (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  if (!hy_place_read(path, text, sizeof text)) return false;
  const char *from = strchr(text, '('), *to = strrchr(text, ')');

  if (!from || !to || to < from || strlen(to) < 5) return false;
  (void)snprintf(name, 64, "%.*s", (int)(to - from - 1), from + 1);
  *parent = (pid_t)strtol(to + 4, NULL, 10);
  return true;
}

static bool begins_with_one_of(const char *name, const char *const *prefixes)
{
  for (; *prefixes; prefixes++) {
    if (strncmp(name, *prefixes, strlen(*prefixes)) == 0) return true;
  }
  return false;
}

/** The nearest launcher above us; there may be shells, debuggers or containers between. */
static hy_launcher find_launcher(pid_t *pid)
{
  static const char *const open_mpi[] = {"mpirun",  "mpiexec", "orterun", "orted",
                                         "prterun", "prted",   NULL};
  static const char *const binds_only_when_asked[] = {"hydra_", NULL};
  static const char *const slurm[] = {"slurmstepd", NULL};
  pid_t                    at = getppid(), parent;
  char                     name[64];

  for (int depth = 0; depth < 8 && at > 1 && process(at, name, &parent); depth++, at = parent) {
    *pid = at;
    if (begins_with_one_of(name, binds_only_when_asked)) break;
    if (begins_with_one_of(name, slurm)) return HY_LAUNCHER_SLURM;
    if (begins_with_one_of(name, open_mpi)) return HY_LAUNCHER_OPEN_MPI;
  }
  return HY_LAUNCHER_OTHER;
}

/** mpirun hands its options on as environment variables: --bind-to, --map-by ...:PE=n, -rf. */
static bool binding_was_asked_for(void)
{
  static const char *const sets[] = {"OMPI_MCA_hwloc_base_cpu_list", "OMPI_MCA_hwloc_base_cpu_set",
                                     "OMPI_MCA_orte_rankfile", "OMPI_MCA_rmaps_rank_file_path"};
  const char              *bind = getenv("OMPI_MCA_hwloc_base_binding_policy");
  const char              *map = getenv("OMPI_MCA_rmaps_base_mapping_policy");

  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    if (getenv(sets[i])) return true;
  }
  return (bind && strcmp(bind, "none") != 0) || (map && strcasestr(map, "PE=") != NULL);
}

void hy_affinity_read(hy_member *m)
{
  hy_pus above;
  pid_t  pid = 0;

  if (!hy_affinity_mask(0, &m->own)) hy_pus_add(&m->own, 0);
  add_places(&m->own);
  m->allowed = m->mask = m->own;
  m->launcher = find_launcher(&pid);
  if (m->launcher == HY_LAUNCHER_OPEN_MPI && hy_affinity_mask(pid, &above)) {
    hy_pus_join(&m->allowed, &above);
    if (!binding_was_asked_for()) m->mask = m->allowed;
  }
}

int hy_affinity_bind_thread(const hy_pus *pus)
{
  return sched_setaffinity(0, sizeof *pus, (const cpu_set_t *)pus) == 0 ? 0 : errno;
}

int hy_affinity_bind_process(const hy_pus *pus)
{
  /* MPI's helper threads as well: they sit on the core that the launcher had chosen. */
  const int rc = hy_affinity_bind_thread(pus);
  DIR      *tasks = rc ? NULL : opendir("/proc/self/task");

  for (const struct dirent *e; tasks && (e = readdir(tasks));) {
    const long tid = strtol(e->d_name, NULL, 10);

    if (tid > 0) (void)sched_setaffinity((pid_t)tid, sizeof *pus, (const cpu_set_t *)pus);
  }
  if (tasks) (void)closedir(tasks);
  return rc;
}
