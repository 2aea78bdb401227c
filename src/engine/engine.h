/** @file engine.h
 *  The run loop: the only place where sched, place, journal and store meet. */
#ifndef HY_ENGINE_ENGINE_H
#define HY_ENGINE_ENGINE_H

#include "base/err.h"
#include "job/job.h"

#include <mpi.h>
#include <stdbool.h>

/** Exit codes of the program; the table in the man page and README. */
enum {
  HY_EXIT_DONE = 0,
  HY_EXIT_FAILED = 1,
  HY_EXIT_USAGE = 2,
  HY_EXIT_INPUT = 3,      /**< bad job file or input                          */
  HY_EXIT_TASKS = 4,      /**< done, but some tasks failed                    */
  HY_EXIT_REGRESSION = 5, /**< `compare` found one                            */
  HY_EXIT_UNFIT = 6,      /**< environment unfit under --strict               */
  HY_EXIT_IO = 74,        /**< I/O error, nothing committed is lost           */
  HY_EXIT_AGAIN = 75      /**< stopped early, start it again to go on         */
};
int hy_exit_code(hy_code code);

typedef enum hy_when { HY_AUTO, HY_ALWAYS, HY_NEVER } hy_when;

typedef struct hy_run_options {
  const char        *path; /**< job file; relative paths in the job start from its folder    */
  const char        *text; /**< its content, when it is built in; NULL: read `path`          */
  const char *const *sets; /**< --set key=value                                              */
  int                nsets;
  const char        *output;   /**< -o DIR; NULL: the job's                                      */
  int                threads;  /**< --threads; 0: the default                                    */
  double             commit_s; /**< --commit-interval                                           */
  bool               bind;     /**< --bind auto|none                                             */
  bool               force, keep_journal, trace, strict, quiet;
  hy_when            progress;
} hy_run_options;

/** Run or resume a job: everything from the job file to results.h5, run.json and the summary on
 *  stdout of rank 0.  Problems are printed on stderr, once.  Returns the exit code, the same on all
 *  ranks.  Collective over `world`; needs MPI_THREAD_SERIALIZED. */
int hy_engine_run(MPI_Comm world, const hy_run_options *options);

typedef struct hy_verify_options {
  const char *dir;    /**< run directory                                    */
  int64_t     sample; /**< verify at most so many tasks, evenly spread; 0 = all */
  int         threads;
  bool        quiet;
} hy_verify_options;

/** `hybrid verify DIR`: checksums of results.h5, then the kernel's own verification of every task.
 *  Prints a table on stdout of rank 0, names what is wrong.  Returns the exit code.  Collective. */
int hy_engine_verify(MPI_Comm world, const hy_verify_options *options);

/** Load the matrices a job names into its parameters.  Local.  They live until hy_inputs_free(). */
typedef struct hy_inputs hy_inputs;
hy_code                  hy_inputs_load(hy_job *job, hy_inputs **inputs, hy_err *err);
/** The same, read by rank 0 only and shared by the ranks of a node.  Collective over `world`. */
hy_code hy_inputs_share(MPI_Comm world, MPI_Comm node, hy_job *job, hy_inputs **inputs,
                        hy_err *err);
void    hy_inputs_free(hy_inputs *inputs); /**< collective if shared */

/** What is in a run directory. */
typedef enum hy_dir_state {
  HY_DIR_ABSENT,     /**< does not exist, or is empty       */
  HY_DIR_FOREIGN,    /**< something that is not ours        */
  HY_DIR_UNFINISHED, /**< job.yaml and a journal            */
  HY_DIR_FINISHED    /**< results.h5 and run.json           */
} hy_dir_state;
hy_dir_state hy_dir_look(const char *dir);

/** Tasks committed in the journal of an unfinished run directory, for `show`.  Local. */
hy_code hy_dir_progress(const char *dir, const hy_job *job, int64_t *done, int64_t *failed,
                        hy_err *err);

#endif
