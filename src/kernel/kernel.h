/** @file kernel.h
 *  What a kernel tells hybrid about itself: one constant `hy_kernel` and the functions it
 *  names.  A kernel owns no globals, opens no files, parses nothing, decides no layout. */
#ifndef HY_KERNEL_H
#define HY_KERNEL_H
#define HY_KERNEL_ABI 1

#include "base/err.h" /* hy_code, hy_err, hy_fail() */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hy_run hy_run; /* one execution on one team; see run.h */

/** Numbers read from a file the job names, HDF5 or CSV; digest and path belong to the job.
 *  data[rows][cols], row-major, shared by all workers of a rank: read only. */
typedef struct hy_matrix {
  const double *data;
  int64_t       rows, cols;
} hy_matrix;

typedef enum hy_type { HY_BOOL, HY_ENUM, HY_I64, HY_F64, HY_STR, HY_MATRIX } hy_type;

/** One parameter = one field of the kernel's parameter struct. */
typedef struct hy_param {
  const char *name, *preset; /**< job-file key; default as a user would write it, NULL = required */
  const char *unit, *doc;    /**< UDUNITS string, "1" if none; one sentence                       */
  const char *choices;       /**< HY_ENUM only: "first|second", stored as 0, 1, ...               */
  double      min, max;      /**< inclusive range of HY_I64 and HY_F64; both 0: no limit          */
  hy_type     type;
  size_t      offset;
} hy_param;

/** Name, type and offset come from the field itself, so they cannot disagree with it. */
#define HY_PARAM(S, f, ...)                                                                        \
  {                                                                                                \
    .name = #f, .offset = offsetof(S, f), .type = HY_TYPE(((S *)0)->f), __VA_ARGS__                \
  }
#define HY_TYPE(x)                                                                                 \
  _Generic((x), bool: HY_BOOL, int: HY_ENUM, int64_t: HY_I64, double: HY_F64, const char *: HY_STR, \
           hy_matrix: HY_MATRIX)

/** One dataset of the result file: a global row-major array of which each rank puts a slab.
 *  `shape` has a comma-separated extent per dimension: an HY_I64 parameter ("ny"), a side of a
 *  matrix parameter ("data.rows", "data.cols"), or a literal ("3"); "" = scalar. */
typedef struct hy_output {
  const char *name, *shape;
  const char *unit, *doc; /**< UDUNITS string; one sentence: the long name in the file          */
  const char *when;       /**< an HY_BOOL parameter which asks for this output; NULL = always   */
  hy_type     type;       /**< HY_I64 or HY_F64                                                 */
} hy_output;

/** Model of one run, summed over the team, except memory_bytes: peak of one rank. */
typedef struct hy_cost {
  double flops, dram_bytes, net_bytes, memory_bytes;
} hy_cost;

/** Outcome of a check; passes iff error <= bound, so a NaN fails. */
typedef struct hy_verdict {
  const char *what;
  double      error, bound;
} hy_verdict;

typedef struct hy_kernel {
  int             abi; /**< HY_KERNEL_ABI */
  const char     *name, *version;
  const char     *doc;  /**< one line                                                      */
  const char     *text; /**< mathematics, method, reference: some lines for `hybrid kernels NAME` */
  bool            team; /**< true: collective over its team, may call MPI (team.h); false: solo,
                              one rank, never calls MPI                                     */
  size_t          params_size;
  const hy_param *params;   /**< ends with {0} */
  const hy_output *outputs; /**< ends with {0} */

  /** Constraints between parameters, e.g. stability.  Local, pure, called for every task before
   *  anything runs; matrices are loaded.  May be NULL. */
  hy_code (*check)(const void *params, hy_err *err);
  /** Local, pure, O(1): used to order, admit and time out tasks, and for rooflines. */
  hy_cost (*cost)(const void *params, int ranks, int threads);
  /** Compute, then hy_put() every output.  Solo: called by many threads at once, on different
   *  tasks.  Team: collective over the team; calls hy_step() once per outer iteration and, if that
   *  is not HY_OK, frees and returns it at once. */
  hy_code (*run)(hy_run *run, const void *params, hy_err *err);
  /** Judge the outputs, read back by hy_get(), on any number of ranks.  Same rules as run. */
  hy_code (*verify)(hy_run *run, const void *params, hy_verdict *out, hy_err *err);
} hy_kernel;

#endif
