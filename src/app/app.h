/** @file app.h
 *  The command line: `hybrid VERB ...`.  One cmd_*.c per verb; their one table is in options.c. */
#ifndef HY_APP_APP_H
#define HY_APP_APP_H

/** The whole program.  Returns its exit code.  Local for most verbs; `run`, `info` and `verify`
 *  initialise MPI and are collective over all processes that mpirun or srun started. */
int hy_app_main(int argc, char **argv);

#endif
