/** @file layout.h
 *  Which datasets results.h5 has, and which rank writes what.  Pure: knows neither HDF5 nor MPI.
 *  Private to store/. */
#ifndef HY_STORE_LAYOUT_H
#define HY_STORE_LAYOUT_H

#include "job/job.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "results are checksummed as they lie in memory, which must be little-endian"
#endif

/** Fill of an HY_F64 output: a NaN, always of the same bits.  HY_I64 has INT64_MIN. */
#define STORE_NAN UINT64_C(0x7ff8000000000000)

enum {
  STORE_PIECE = 1 << 20, /**< bytes of an output that are read and checksummed together */
  STORE_BATCH = 4 << 20, /**< bytes gathered before they are written                    */
  STORE_NAME = 96,       /**< longest name of a dataset, with its zero byte             */
  STORE_RANK = 32,       /**< dimensions of a dataset; HDF5's own limit                 */
};

/** A dimension of the root group: the axes come first, in their order. */
typedef struct store_dim {
  char    name[STORE_NAME];
  int64_t size;
} store_dim;

/** One swept parameter: a variable over its axis. */
typedef struct store_var {
  char name[STORE_NAME];
  int  axis, p;
  bool scale; /**< the only parameter of the axis: it is the dimension's own coordinate */
} store_var;

typedef struct store_output {
  char    name[STORE_NAME];
  bool    present;          /**< false: switched off for every task                              */
  bool    varies;           /**< one dataset per task, in the task's group                       */
  int     rank;             /**< of the dataset: axes and own dimensions, or, if it varies, own  */
  int     dims[STORE_RANK]; /**< indices of root dimensions; not if it varies */
  int64_t extent[STORE_RANK];             /**< of the dataset; not if it varies             */
  int64_t elements;                       /**< of one task; not if it varies                */
  char    local[HY_MAX_DIMS][STORE_NAME]; /**< names of own dimensions in a task's group */
} store_output;

typedef struct hy_layout {
  const hy_job *job;
  int           noutputs, ndims, nvars, naxes;
  store_output *outputs; /**< [noutputs], in the kernel's order */
  store_dim    *dims;
  store_var    *vars;
  char          status[STORE_NAME], crc[STORE_NAME], tasks[STORE_NAME];
  int64_t       bytes;  /**< of all outputs of all tasks                          */
  bool          varies; /**< some output does                                     */
  bool          split;  /**< a task may be shared by several ranks                */
  int64_t       group;  /**< tasks which stay together when not split             */
  int64_t       pieces; /**< of each task when none varies                        */
  int64_t      *prefix; /**< [ntasks + 1] pieces before a task, when some varies   */
  hy_extent    *fixed;  /**< [noutputs] extents of those that do not vary         */
  void         *point;  /**< scratch: parameters of a task                        */
  hy_matrix    *sizes;  /**< [param] extents of matrices that are not loaded, or NULL */
} hy_layout;

/** Where the range of a rank begins: before this piece of this task. */
typedef struct store_cut {
  int64_t task, piece;
} store_cut;

/** A task is the sequence of the pieces of its outputs, in table order, and the seal at its end:
 *  the task's entries in `status` and `crc32c`. */
typedef struct store_piece {
  int     output; /**< -1: the seal */
  int64_t offset, bytes;
} store_piece;

/** HY_EINPUT when the results cannot be laid out (too many dimensions, too many bytes); HY_ENOMEM.
 *  The job is borrowed as long as the layout lives.  `sizes` (taken, may be NULL) has rows and cols
 *  of its matrices by parameter, when they are not loaded. */
hy_code hy_layout_new(const hy_job *job, hy_matrix *sizes, hy_layout **layout, hy_err *err);
void    hy_layout_free(hy_layout *layout);

/** Extents of all outputs of a task into x[noutputs].  Uses the layout's scratch memory. */
hy_code hy_layout_task(const hy_layout *layout, int64_t task, hy_extent *x, hy_err *err);

/** Pieces of a task with these extents, the seal included; the k-th of them. */
int64_t     hy_layout_pieces(const hy_extent *x, int noutputs);
store_piece hy_layout_piece(const hy_extent *x, int noutputs, int64_t k);

/** The range of `rank` is from its cut to the next rank's. */
store_cut hy_layout_cut(const hy_layout *layout, int rank, int size);

#endif
