/** @file job.h
 *  A job: one kernel, its parameters, a sweep, a team shape, policies.  Read from YAML, strictly;
 *  every mistake is found here, before any compute.  Local.
 *
 *  The ranks of a run must see the same job although their file systems may not show the same
 *  files: rank 0 loads a bundle (the job file and every file it names), the bundle is broadcast,
 *  and every rank parses it, with the same outcome. */
#ifndef HY_JOB_JOB_H
#define HY_JOB_JOB_H

#include "base/err.h"
#include "base/str.h"
#include "kernel/params.h"

/** The texts a job is made of, and the digests of its data files.  Plain lists, so that they can be
 *  sent: hy_bundle_pack / hy_bundle_unpack. */
typedef struct hy_bundle hy_bundle;

/** One sampled or listed dimension of the sweep: `count` points of `nparams` parameters which change
 *  together.  Tasks are numbered row-major over the axes, the last one fastest. */
typedef struct hy_axis hy_axis;

typedef enum hy_on_failure { HY_CONTINUE, HY_STOP_NOW } hy_on_failure;

typedef struct hy_job {
  char            *name;   /**< job file's `name`, or its file name without ending  */
  char            *title;  /**< one line for people; "" if none                     */
  char            *output; /**< run directory as written; results/NAME by default   */
  char            *path;   /**< job file, for messages                              */
  const hy_kernel *kernel;
  void            *params;        /**< the kernel's struct with every fixed value set   */
  const char     **files;         /**< [param]: resolved path of an HY_MATRIX, or NULL  */
  const char     **file_datasets; /**< [param]: HDF5 dataset in it; NULL or "" = first */
  bool            *swept;         /**< [param]                                          */
  hy_axis        **axes;
  int              naxes;
  int64_t          ntasks; /**< product of the axes' counts, 1 .. 2^31-1         */
  uint64_t         seed;
  int              team_ranks;   /**< 0 = all ranks; solo kernels: 1                   */
  int              team_threads; /**< threads of a team per rank; 0 = the default     */
  hy_on_failure    on_failure;
  uint8_t          digest[32]; /**< identity: SHA-256 of hy_job_spec()                */
  hy_str           spec;       /**< what hy_job_spec() returns                        */
  hy_bundle       *bundle;     /**< of hy_job_load(); NULL from hy_job_from_bundle() */
} hy_job;

/** Read a job file, `--set key=value` overrides (path.to.key=value), and all files it names.
 *  `text` may give the job file's content instead of reading `path` (built-in job); relative paths
 *  in the job are relative to the directory of `path`.
 *  Each mistake is appended to `report` as "path:12:7: error: ..." with the line, a caret and a
 *  hint, at most 20; HY_EINPUT with a one-line summary in err if there were any. */
hy_code hy_job_load(const char *path, const char *text, const char *const *sets, int nsets,
                    hy_job **job, hy_str *report, hy_err *err);

/** The same from a bundle that was sent. */
hy_code hy_job_from_bundle(hy_bundle *bundle, hy_job **job, hy_str *report, hy_err *err);
void    hy_job_free(hy_job *job);

hy_code hy_bundle_pack(const hy_bundle *bundle, hy_str *bytes, hy_err *err);
hy_code hy_bundle_unpack(const void *bytes, size_t n, hy_bundle **bundle, hy_err *err);
void    hy_bundle_free(hy_bundle *bundle);

/** The parameters of task `task`: copies job->params into `params` (kernel->params_size bytes) and
 *  sets the swept ones.  Fast: called once a task. */
void hy_job_point(const hy_job *job, int64_t task, void *params);

/** "k = 7, seed = 12" of a task, for messages; into text[n]; returns text. */
const char *hy_job_describe(const hy_job *job, int64_t task, char *text, size_t n);

/** kernel->check on every task, after matrices were stored in job->params.  Appends the first five
 *  mistakes to `report`.  HY_EINPUT. */
hy_code hy_job_check_points(const hy_job *job, hy_str *report, hy_err *err);

/** Canonical text of what decides the results: kernel and version, every parameter, the sweep, the
 *  seed, digests of the data files; no team, policy or path.  Same text <=> same results.h5. */
const char *hy_job_spec(const hy_job *job);

/** The job as resolved, every default explicit, as a job file: running it gives the same results.
 *  Appends to `yaml`, which starts with HY_JOB_FIRST_LINE; data files are named by absolute paths. */
#define HY_JOB_FIRST_LINE "# A job of hybrid as it was run, every default written out.\n"
void hy_job_write(const hy_job *job, hy_str *yaml);

/** Axes, for whoever lays results out. */
int64_t         hy_axis_count(const hy_axis *axis);
int             hy_axis_nparams(const hy_axis *axis);
const hy_param *hy_axis_param(const hy_axis *axis, int p);
hy_value        hy_axis_value(const hy_axis *axis, int p, int64_t i);

#endif
