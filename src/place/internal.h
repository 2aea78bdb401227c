/** @file internal.h
 *  What the files of place/ share. */
#ifndef HY_PLACE_INTERNAL_H
#define HY_PLACE_INTERNAL_H

#include "place/cut.h"
#include "place/place.h"

enum { HY_HOST_SIZE = 72 };

typedef enum hy_launcher {
  HY_LAUNCHER_OTHER,    /**< or none: the masks mean what they say */
  HY_LAUNCHER_OPEN_MPI, /**< binds unasked: its own mask counts    */
  HY_LAUNCHER_SLURM
} hy_launcher;

/** Who decided the number of threads. */
typedef enum hy_source { HY_BY_OPTION, HY_BY_OMP, HY_BY_SLURM, HY_BY_CORES, HY_BY_QUOTA } hy_source;

/** What the first rank of a node knows about each rank there. */
typedef struct hy_member {
  hy_pus      own;     /**< the mask it was started with                      */
  hy_pus      allowed; /**< all that the launcher could have given           */
  hy_pus      mask;    /**< which of the two is to be cut                     */
  hy_launcher launcher;
  hy_source   source;
  double      quota;      /**< CPUs by cgroup; INFINITY without                 */
  int         slurm_cpus; /**< SLURM_CPUS_PER_TASK or 0                        */
  int         rank, threads;
  int         bind_errno; /**< why it is not bound; 0                          */
} hy_member;

struct hy_place {
  MPI_Comm       comm, node_comm; /* comm is borrowed */
  hy_place_facts facts;
  int           *node_of; /* [ranks of comm] */
  char           host[HY_HOST_SIZE];

  /* This rank's share. */
  hy_core *cores;       /* [facts.cores] */
  hy_pus   pus, before; /* bound to; to be restored in the end */
  bool     crowded;

  /* On the first rank of a node. */
  hy_core   *machine; /* [nmachine], all cores that hwloc shows */
  int        nmachine;
  hy_cut     cut;
  hy_member *members; /* [facts.node_ranks] */
  char       cpu[72], l3_size[28];
};

/* affinity.c */
/** What the launcher let this process use: own masks, or the launcher's.  Local. */
void hy_affinity_read(hy_member *m);
/** The mask of a process, 0 for the calling thread.  Local. */
bool hy_affinity_mask(int pid, hy_pus *pus);
/** All threads of this process; only the calling one.  0, or an errno.  Local. */
int hy_affinity_bind_process(const hy_pus *pus);
int hy_affinity_bind_thread(const hy_pus *pus);

/* threads.c */
/** Fill in threads, source and slurm_cpus, from an option (0: not given), the environment, the cores
 *  of this rank and of its node, and m->quota.  HY_EINPUT.  Local. */
hy_code hy_threads_choose(int option, int share, int node_cores, hy_member *m, hy_err *err);

/* quota.c */
/** CPUs that the cgroups of this process may use together: cpu.max, or cpu.cfs_quota_us of version
 *  1, smallest on the way up.  INFINITY when unlimited.  `root` is "" but in tests.  Local. */
double hy_quota_read(const char *root);
/** The first `n` - 1 bytes of a small file, ended by zero; false when it cannot be read. */
bool hy_place_read(const char *path, char *text, size_t n);

/* draw.c */
/** "1 core", "2 cores". */
const char *hy_place_plural(char text[32], int n, const char *noun);
/** The texts of the first ranks of all nodes, on rank 0 in the order of the nodes, each ended by a
 *  zero byte.  Collective over comm. */
void hy_place_collect(const hy_place *p, const hy_str *mine, hy_str *all);

#endif
