/** @file team.h
 *  What a team kernel sees of its team: the communicator, and hy_agree() and HY_MPI of comm.h. */
#ifndef HY_KERNEL_TEAM_H
#define HY_KERNEL_TEAM_H

#include "base/comm.h"
#include "kernel/run.h"

/** The team's communicator, not owned.  Failures that only one rank can see (no memory, bad data)
 *  are made common by hy_agree(hy_comm(run), rc, err) before anyone leaves. */
MPI_Comm hy_comm(const hy_run *run);

#endif
