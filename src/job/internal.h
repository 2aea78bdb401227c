/** @file internal.h
 *  What the files of job/ share. */
#ifndef HY_JOB_INTERNAL_H
#define HY_JOB_INTERNAL_H

#include "job/job.h"
#include "job/tree.h"

#include <stdbool.h>

enum { MAX_JOB_BYTES = 16 << 20, MAX_CSV_BYTES = 256 << 20, MAX_LATIN = 1 << 24 };

/** Tasks are numbered by 32 bits in memory that there may be much of. */
#define MAX_TASKS INT64_C(2147483647)

typedef enum column_kind { COLUMN_LIST, COLUMN_RANGE, COLUMN_RANDOM, COLUMN_LATIN } column_kind;

/** The values of one parameter along an axis: listed, or computed from the index. */
typedef struct column {
  const hy_param *param;
  column_kind     kind;
  bool            log;
  hy_value       *values; /* LIST; or what RANDOM and LATIN choose from, NULL: the range */
  int64_t         nvalues;
  double          from, to, step; /* of an F64; step 0: by count */
  int64_t         ifrom, ito, istep;
  uint64_t        key;  /* of the random numbers */
  uint32_t       *rank; /* LATIN: which of `count` slices the i-th point is in */
} column;

struct hy_axis {
  int64_t     count;
  const char *form; /* "range", "zip", "points"..., for messages and job.yaml */
  const char *file; /* of a csv */
  int         ncolumns;
  column     *columns;
};

/** One file of a bundle. */
typedef struct bundle_file {
  char   *path;
  char   *bytes; /* NULL: only the digest */
  size_t  n;
  uint8_t digest[32];
} bundle_file;

struct hy_bundle {
  char        *path, *text;
  size_t       text_len;
  char       **sets;
  int          nsets;
  bundle_file *files;
  int          nfiles;
  bool         reads; /* the file system may be asked: only where the bundle is made */
};

/** The content / the digest of a file the job names.  HY_EINPUT. */
hy_code bundle_text(hy_bundle *b, const char *path, const char **text, size_t *n, hy_err *err);
hy_code bundle_digest(hy_bundle *b, const char *path, uint8_t digest[32], hy_err *err);

/** Everything loading needs; memory that the job keeps is in the job's own arena. */
typedef struct loader {
  hy_arena   *arena; /* kept with the job */
  hy_bundle  *bundle;
  hy_diag     diag;
  hy_job     *job;
  hy_text     source;
  const char *dir; /* of the job file, ends with '/' or is "" */
} loader;

/** `path` as the job file means it. */
char *load_resolve(loader *l, const char *path);
/** One value of a parameter from a node; a mistake is reported and false returned. */
bool load_value(loader *l, const hy_param *p, const hy_node *node, hy_value *value);
/** The parameter a key names, or NULL and a mistake; sweeps refuse matrices. */
const hy_param *load_param(loader *l, const hy_node *key);
/** An unknown key, with the nearest known one. */
void load_unknown(loader *l, const hy_node *key, const char *what, const char *const *known, int n);

/** Apply one `--set key=value` to the tree of the job file.  override.c */
void load_set(loader *l, hy_node *root, const char *set);
bool load_is_job_key(const char *word); /**< of the top level */

/** The sweep: fills job->axes, naxes, ntasks, swept. */
void load_sweep(loader *l, const hy_node *sweep);
bool load_csv(loader *l, const hy_node *path, hy_axis *axis);

/** Computes a column's i-th of `count` values. */
hy_value column_value(const column *c, int64_t i, int64_t count);

/** Fill job->spec and job->digest.  identity.c */
hy_code job_identify(hy_job *job, hy_bundle *bundle, hy_err *err);

typedef struct job_memory {
  hy_job   job; /* first */
  hy_arena arena;
} job_memory;

#endif
