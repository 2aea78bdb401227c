/** @file internal.h
 *  What the files of job/ share. */
#ifndef HY_JOB_INTERNAL_H
#define HY_JOB_INTERNAL_H

#include "job/job.h"
#include "job/tree.h"

#include <stdbool.h>

/** MAX_LATIN: points times parameters of all Latin hypercubes of a job, 4 bytes each.  MAX_CELLS:
 *  values of a CSV file, 8 bytes each. */
enum {
  MAX_JOB_BYTES = 16 << 20,
  MAX_CSV_BYTES = 64 << 20,
  MAX_LATIN = 1 << 24,
  MAX_CELLS = 1 << 24,
  MAX_TABLE = 4096
};

/** Tasks are numbered by 32 bits in memory that there may be much of. */
#define MAX_TASKS INT64_C(2147483647)

typedef enum column_kind { COLUMN_LIST, COLUMN_RANGE, COLUMN_RANDOM, COLUMN_LATIN } column_kind;

/** The values of one parameter along an axis: listed, or computed from the index. */
typedef struct column {
  const hy_param *param;
  column_kind     kind;
  bool            log, by_count; /* as the job file has it */
  hy_value       *values;        /* LIST; or what RANDOM and LATIN choose from, NULL: the range */
  int64_t         nvalues, count;
  hy_value  from, to, step; /* of the parameter's type; step of a whole number also by count */
  hy_value *table;          /* of a RANGE with log: true, unless it is long */
  uint64_t  key;            /* of the random numbers */
  uint32_t *slice;          /* LATIN: which of `count` slices the i-th point is in */
} column;

struct hy_axis {
  int64_t     count;
  const char *form; /* "range", "zip", "points"..., for messages and job.yaml */
  const char *file; /* of a csv, absolute */
  int         ncolumns;
  column     *columns;
};

/** One file of a bundle. */
typedef struct bundle_file {
  char   *path;     /* as the job means it, seen from where the job was started */
  char   *absolute; /* the same from the root */
  char   *bytes;    /* NULL: only the digest */
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

/** The content / the digest of a file the job names.  *file is good until the next call, the
 *  texts in it as long as the bundle.  HY_EINPUT. */
hy_code bundle_text(hy_bundle *b, const char *path, const bundle_file **file, hy_err *err);
hy_code bundle_digest(hy_bundle *b, const char *path, const bundle_file **file, hy_err *err);

/** Everything loading needs; memory that the job keeps is in the job's own arena. */
typedef struct loader {
  hy_arena   *arena; /* kept with the job */
  hy_bundle  *bundle;
  hy_diag     diag;
  hy_job     *job;
  hy_text     source;
  const char *dir;       /* of the job file, ends with '/' or is "" */
  bool       *mistaken;  /* [param]: a mistake about it was told already */
  bool        any_swept; /* a part of the sweep could not be read: who knows what it sweeps */
} loader;

/** `path` as the job file means it. */
char *load_resolve(loader *l, const char *path);
/** One value of a parameter from a node; a mistake is reported and false returned. */
bool load_value(loader *l, const hy_param *p, const hy_node *node, hy_value *value);
/** The parameter a key names, or NULL and a mistake; sweeps refuse matrices. */
const hy_param *load_param(loader *l, const hy_node *key);
/** Mark the parameter of a key as swept, once, or NULL and a mistake. */
const hy_param *load_claim(loader *l, const hy_node *key);
/** An unknown key, with the nearest known one, which is returned, or NULL. */
const char *load_unknown(loader *l, const hy_node *key, const char *what, const char *const *known,
                         int n);
/** The keys of a job file, and whether a word is one. */
enum { NJOB_KEYS = 10 };
extern const char *const load_job_keys[NJOB_KEYS];
bool                     load_is_job_key(const char *word);

/** All keys but params and sweep.  keys.c */
void load_keys(loader *l, const hy_node *root);
/** Fixed parameters: those given, then defaults; what is neither given nor swept is missing. */
void load_params(loader *l, const hy_node *root);

/** Change the tree as `--set key=value` says.  override.c */
void load_set(loader *l, hy_node *root, const char *set);

/** The sweep: fills job->axes, naxes, ntasks, swept.  sweep.c */
void load_sweep(loader *l, const hy_node *sweep);
/** {from, to, step or count, log} into c, with its count; {from, to, log} to sample from.
 *  range.c */
bool load_range(loader *l, const hy_node *map, column *c);
bool load_sample_range(loader *l, const hy_node *map, column *c);
bool load_list(loader *l, const hy_node *list, column *c);
bool load_whole(loader *l, const hy_node *node, const char *what, int64_t *n);
/** The header and the lines of a CSV file.  csv.c */
bool load_csv(loader *l, const hy_node *path, hy_axis *axis);

/** Computes a column's i-th value. */
hy_value column_value(const column *c, int64_t i);
/** Computes all values of a logarithmic range into table[count], which the column keeps. */
void column_tabulate(column *c, hy_value *table);

/** Fill job->spec and job->digest.  identity.c */
hy_code job_identify(hy_job *job, hy_bundle *bundle, hy_err *err);
/** Text in double quotes, a value, a column, as YAML reads them back. */
void text_quoted(hy_str *out, const char *text);
void text_value(hy_str *out, const hy_param *p, hy_value v);
void text_column(hy_str *out, const column *c);

typedef struct job_memory {
  hy_job       job; /* first */
  hy_arena     arena;
  const char **absolute; /* [param]: of files[param] */
} job_memory;

#endif
