/** @file place.h
 *  Which cores this rank and its threads use.  The ranks of one node share its allowed cores out
 *  into disjoint sets; hybrid binds, not the launcher. */
#ifndef HY_PLACE_PLACE_H
#define HY_PLACE_PLACE_H

#include "base/err.h"
#include "base/str.h"

#include <mpi.h>
#include <stdbool.h>

typedef struct hy_place hy_place;

typedef struct hy_place_options {
  int  threads; /**< per rank; 0: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, or the rank's cores      */
  bool bind;    /**< false: leave the launcher's binding alone                                   */
} hy_place_options;

/** Facts about this rank, and about the run. */
typedef struct hy_place_facts {
  int  threads;               /**< of this rank                                      */
  int  node, nnodes;          /**< this rank's node (by lowest rank), how many       */
  int  node_rank, node_ranks; /**< rank within the node, ranks on the node           */
  int  cores;                 /**< cores in this rank's share                        */
  int  node_cores;            /**< allowed cores of the node                         */
  bool oversubscribed;        /**< somewhere: ranks share cores, or more threads than
                                   hardware threads                                  */
  bool bound;
} hy_place_facts;

/** Read the topology, cut, bind this process and (by hy_place_bind_thread) its threads.
 *  Collective over `comm`, which is kept by reference.  HY_EINPUT: OMP_NUM_THREADS or
 *  options->threads is no number of threads, or hwloc cannot read the machine. */
hy_code hy_place_new(MPI_Comm comm, const hy_place_options *options, hy_place **place, hy_err *err);
void    hy_place_free(hy_place *place); /**< the process gets its old mask back; collective */

hy_place_facts hy_place_get(const hy_place *place);
MPI_Comm       hy_place_node_comm(const hy_place *place); /**< ranks of this node; owned by place */

/** Bind thread `t` of `n` worker threads (the caller) to its part of the rank's cores; where ranks
 *  have to share cores, to all cores they share.  Local; called inside the first parallel region by
 *  each thread.  No-op when not binding. */
void hy_place_bind_thread(const hy_place *place, int t, int n);

/** Warnings for people, one a line: oversubscription, two ranks on one core, a cgroup CPU quota
 *  below the threads, cores left idle, each as "hybrid: warning: ...".  What several nodes have in
 *  common is said once.  Text on rank 0, empty elsewhere.  Collective. */
void hy_place_warnings(const hy_place *place, hy_str *text);

/** The table of `hybrid info` and of run.json: "rank 0 @ host: cores 0-1, threads 2", and the
 *  drawing of the topology.  Text valid on rank 0.  Collective. */
void hy_place_draw(const hy_place *place, hy_str *text);

/** Name of this rank's host; valid as long as place. */
const char *hy_place_host(const hy_place *place);

/** Cut the world into teams of `ranks` (0 or more than there are: all).  *team is this rank's team
 *  communicator (the caller frees it), MPI_COMM_NULL for ranks left over; *nteams how many.
 *  Ranks of one node stay together.  Collective over place's comm. */
hy_code hy_place_teams(const hy_place *place, int ranks, MPI_Comm *team, int *index, int *nteams,
                       hy_err *err);

/** Version of hwloc, for `hybrid info`.  Local. */
const char *hy_place_version(void);

#endif
