/** @file env.h
 *  The surroundings of the process, before MPI_Init: what the launcher says about us, safe
 *  defaults, open standard streams.  Local. */
#ifndef HY_APP_ENV_H
#define HY_APP_ENV_H

#include <stdint.h>

/** Rank, number of processes, and processes on this node as the launcher tells them; 0, 1, 1 when
 *  there is none. */
int env_rank(void);
int env_size(void);
int env_local_size(void);

/** Descriptors 0 to 2 exist from now on, so that no file of ours can become one of them. */
void env_open_streams(void);

/** Defaults for MPI and HDF5 where the user set nothing; see env.c for each reason. */
void env_set_defaults(void);

/** When this node has more threads than cores, let idle OpenMP threads sleep instead of spin.  The
 *  OpenMP runtime reads that when it is loaded, so the program starts itself anew, once. */
void env_stop_spinning(char **argv, int64_t threads);

#endif
