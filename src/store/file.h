/** @file file.h
 *  results.h5 as an open HDF5 file: its datasets, ranges of elements in them, HDF5's errors in one
 *  line.  Private to store/.  Local, but where MPI-IO is behind it. */
#ifndef HY_STORE_FILE_H
#define HY_STORE_FILE_H

#include "store/layout.h"

#include <hdf5.h>
#include <mpi.h>

#ifndef H5_HAVE_PARALLEL
#error "hybrid needs a parallel HDF5, on Debian libhdf5-openmpi-dev or libhdf5-mpich-dev"
#endif

/** The regular datasets have slots: output o is slot o, then status, then crc32c. */
typedef struct store_file {
  hid_t            id;
  hid_t           *sets; /**< [noutputs + 2]; -1: absent, or one per task */
  const hy_layout *lay;
  const char      *path; /**< for messages; borrowed */
} store_file;

/** Elements [start, start+count) of a dataset, row-major; of the one in the group of `task`, or, if
 *  that is negative, of the regular one. */
typedef struct store_span {
  int     slot;
  int64_t task, start, count;
} store_span;

static inline int store_status_slot(const hy_layout *lay)
{
  return lay->noutputs;
}

static inline int store_crc_slot(const hy_layout *lay)
{
  return lay->noutputs + 1;
}

/** Name, type in memory, bytes of an element of a slot. */
const char *store_slot_name(const hy_layout *lay, int slot);
hid_t       store_slot_type(const hy_layout *lay, int slot);
size_t      store_slot_bytes(const hy_layout *lay, int slot);

/** Path of a task's group: "/tasks/000123". */
void store_task_path(const hy_layout *lay, int64_t task, char path[STORE_NAME + 32]);

/** Keep HDF5 from printing its errors.  First thing in every function others call. */
void hy_h5_quiet(void);

void hy_h5_fail_because(hy_err *err, hy_code code, const char *path, const char *what);

/** Record "path: what: reason" with the reason of HDF5's last error.  Call it before any other call
 *  of HDF5: that would forget it.  Evaluates to `code`, as hy_fail(). */
static inline hy_code hy_h5_fail(hy_err *err, hy_code code, const char *path, const char *what)
{
  hy_h5_fail_because(err, code, path, what);
  return code;
}

/** The access properties all results are written and read with, over MPI-IO unless `comm` is
 *  MPI_COMM_NULL.  Negative on failure. */
hid_t hy_h5_access(MPI_Comm comm);

/** Open the file; `lay` is not looked at.  HY_EIO.  It must be closed on failure, too. */
hy_code store_file_open(store_file *f, MPI_Comm comm, bool write, hy_err *err);

/** Open its regular datasets, and compare their extents with the layout.  HY_EIO, HY_EINPUT. */
hy_code store_file_open_sets(store_file *f, hy_err *err);

/** HY_EIO; closes everything in any case.  For MPI-IO collective. */
hy_code store_file_close(store_file *f, hy_err *err);

/** Read or write a span.  Local, also when the file was opened through MPI-IO. */
hy_code store_file_io(const store_file *f, const store_span *span, void *data, bool write,
                      hy_err *err);

#endif
