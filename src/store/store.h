/** @file store.h
 *  results.h5: HDF5 that is also netCDF-4, the same bytes for every number of ranks.
 *
 *  A job with axes of a, b points and an output of shape "ny,nx" becomes u[a][b][ny][nx] with
 *  dimension scales; an output whose shape depends on a swept parameter becomes one dataset per
 *  task, /tasks/000123/u, in a group with the swept parameters as attributes.  A failed task has no
 *  group, and NaN or INT64_MIN in the common arrays.  The root has the job as attributes.
 *
 *  Beside the outputs: `status` (0 done, 1 failed) and `crc32c` per task: the CRC-32C over the
 *  little-endian CRC-32Cs of each MiB, begun anew for each output, in the kernel's order; 0 for a
 *  failed task.
 *
 *  Which datasets there are: layout.c.  Why the bytes are the same: make.c.  How they are written:
 *  write.c and pass.c. */
#ifndef HY_STORE_STORE_H
#define HY_STORE_STORE_H

#include "base/err.h"
#include "job/job.h" /* for hy_job's shape: axes, kernel, spec */

#include <mpi.h>

/** Where hy_store_write() takes the results from.  Local; called for tasks of this rank's range, in
 *  ascending order within a stage; `status` more than once per task. */
typedef struct hy_store_source {
  void *ctx;
  bool  any_failed; /**< some task of the job did; the same on all ranks */
  /** *failed = whether the task has no result: its outputs get fill values. */
  hy_code (*status)(void *ctx, int64_t task, bool *failed, hy_err *err);
  /** Bytes [offset, offset+n) of the row-major data of one output of a task that did not fail. */
  hy_code (*read)(void *ctx, int64_t task, int output, int64_t offset, size_t n, void *data,
                  hy_err *err);
} hy_store_source;

/** The tasks [*first, *end) which this rank will ask its source for; large ones can be in the
 *  ranges of several ranks.  Local, pure. */
hy_code hy_store_range(const hy_job *job, int rank, int size, int64_t *first, int64_t *end,
                       hy_err *err);

/** Write the results of a whole job to `path`: beside it, read back and compared, fsynced, renamed.
 *  On failure `path` is as before and nothing is left beside it.  Collective over `comm`.  HY_EIO,
 *  with the space needed when the disk is full. */
hy_code hy_store_write(MPI_Comm comm, const char *path, const hy_job *job,
                       const hy_store_source *source, hy_err *err);

/** Reading, serial: each caller opens for itself.  Local.  The job is borrowed while the store is
 *  open; its matrices need not be loaded.  HY_EIO; HY_EINPUT when the results are another job's. */
typedef struct hy_store hy_store;
hy_code hy_store_open(const char *path, const hy_job *job, hy_store **store, hy_err *err);
void    hy_store_close(hy_store *store);
hy_code hy_store_failed(hy_store *store, int64_t task, bool *failed, hy_err *err);
/** Rows [start, start+count) of an output, as hy_get().  HY_EINPUT when there are none such. */
hy_code hy_store_read(hy_store *store, int64_t task, int output, int64_t start, int64_t count,
                      void *data, hy_err *err);
/** Recompute the checksum of a task and compare: *same.  What cannot be read is not the same. */
hy_code hy_store_check(hy_store *store, int64_t task, bool *same, hy_err *err);

/** Read a numeric matrix: an HDF5 dataset (`dataset` NULL or "": the only or first 2-D, else 1-D,
 *  numeric one, by name, at any depth, that is no dimension scale) or CSV (by the ending .csv, .tsv
 *  or .txt, or when it is no HDF5 file): separators , ; tab or blanks, an optional header line,
 *  # comments.  1-D data is one column.  Refuses NaN and infinity, ragged rows, no rows, text in
 *  cells: HY_EINPUT with path, line and column; and HDF5 data that lie in another file.
 *  The caller frees *data.  Local. */
hy_code hy_store_read_matrix(const char *path, const char *dataset, double **data, int64_t *rows,
                             int64_t *cols, hy_err *err);

/** Version of the HDF5 library, for `hybrid info`.  Local. */
const char *hy_store_version(void);

#endif
