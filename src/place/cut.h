/** @file cut.h
 *  Which cores for which rank of a node: arithmetic on lists of cores and masks.  Local, pure. */
#ifndef HY_PLACE_CUT_H
#define HY_PLACE_CUT_H

#include "base/err.h"

#include <hwloc.h>
#include <stdbool.h>
#include <stdint.h>

enum { HY_MAX_PUS = 8192, HY_MAX_SMT = 8 }; /* the kernel's limit; POWER has 8 */

/** Hardware threads, by the kernel's numbers.  Plain bytes: it travels by MPI and goes straight
 *  into sched_setaffinity. */
typedef struct hy_pus {
  uint64_t word[HY_MAX_PUS / 64];
} hy_pus;

bool hy_pus_has(const hy_pus *pus, int pu);
void hy_pus_add(hy_pus *pus, int pu);
void hy_pus_join(hy_pus *pus, const hy_pus *others);
bool hy_pus_meet(const hy_pus *a, const hy_pus *b); /**< have something in common */
int  hy_pus_count(const hy_pus *pus);

/** "0-3,8" into `text`, with "..." at the end when it does not fit.  Returns `text`. */
const char *hy_pus_format(const hy_pus *pus, char *text, size_t n);

/** A core, with those of its hardware threads that may be used. */
typedef struct hy_core {
  int index;       /**< hwloc's logical number in the machine     */
  int package, l3; /**< logical numbers; -1 where there is none   */
  int npus, pu[HY_MAX_SMT];
} hy_core;

/** All cores of a topology, in its order: neighbours are near each other.  The caller frees
 *  *cores.  HY_ENOMEM; HY_EINPUT when there are none. */
hy_code hy_cores_read(hwloc_topology_t topology, hy_core **cores, int *ncores, hy_err *err);

/** Those cores which have threads in `pus`, reduced to these, into `out[ncores]`; how many. */
int hy_cores_within(const hy_core *cores, int ncores, const hy_pus *pus, hy_core *out);

/** What one rank gets: cores [first, first + ncores) of the cut. */
typedef struct hy_share {
  int    first, ncores;
  bool   crowded; /**< fewer cores than ranks: others have this core, too         */
  hy_pus pus;     /**< where it may run: its cores; crowded: all those of its group */
} hy_share;

typedef struct hy_cut {
  hy_core  *cores;
  hy_share *shares; /**< [nranks] */
  int       ncores, nranks;
} hy_cut;

/** Cut the cores among ranks which the launcher allowed `masks[nranks]`.  HY_ENOMEM. */
hy_code hy_cut_node(const hy_core *cores, int ncores, const hy_pus *masks, int nranks, hy_cut *cut,
                    hy_err *err);
void    hy_cut_clear(hy_cut *cut);

/** The hardware threads for thread `t` of `n` on these cores. */
void hy_cut_thread(const hy_core *cores, int ncores, int t, int n, hy_pus *pus);

#endif
