/** @file file.c
 *  A range of elements of a row-major array is a stack of boxes: from its begin, the largest slab
 *  of full rows that is aligned and still inside, then the next.  An array of n dimensions needs at
 *  most 2n-1 of them, each contiguous in memory and in the file, so each is one plain write. */
#include "store/file.h"

#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hy_h5_quiet(void)
{
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/** Keeps the innermost error which says something. */
static herr_t take_reason(unsigned n, const H5E_error2_t *e, void *reason)
{
  char *text = reason;

  (void)n;
  if (!text[0] && e->desc && e->desc[0]) (void)snprintf(text, 256, "%s", e->desc);
  return 0;
}

void hy_h5_fail_because(hy_err *err, hy_code code, const char *path, const char *what)
{
  static const char mark[] = "error message = '";
  char              reason[256] = "";

  (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_reason, reason);
  char *text = strstr(reason, mark);

  if (text) {
    text += sizeof mark - 1;
    text[strcspn(text, "'")] = 0;
  } else {
    text = reason[0] ? reason : strcpy(reason, "HDF5 gives no reason");
  }
  for (char *c = text; *c; c++)
    if ((unsigned char)*c < ' ') *c = ' ';
  (void)hy_fail(err, code, "%s: %s: %s", path, what, text);
}

const char *store_slot_name(const hy_layout *lay, int slot)
{
  if (slot == store_status_slot(lay)) return lay->status;
  return slot == store_crc_slot(lay) ? lay->crc : lay->outputs[slot].name;
}

hid_t store_slot_type(const hy_layout *lay, int slot)
{
  if (slot == store_status_slot(lay)) return H5T_NATIVE_INT8;
  if (slot == store_crc_slot(lay)) return H5T_NATIVE_UINT32;
  return lay->job->kernel->outputs[slot].type == HY_I64 ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE;
}

size_t store_slot_bytes(const hy_layout *lay, int slot)
{
  if (slot == store_status_slot(lay)) return 1;
  return slot == store_crc_slot(lay) ? 4 : 8;
}

void store_task_path(const hy_layout *lay, int64_t task, char path[STORE_NAME + 32])
{
  (void)snprintf(path, STORE_NAME + 32, "/%s/%06lld", lay->tasks, (long long)task);
}

hid_t hy_h5_access(MPI_Comm comm)
{
  const hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);

  if (fapl < 0) return fapl;
  /* V18: small groups, checksums over metadata, and readable by every HDF5 since 2008.  Large
   * arrays begin on pages.  No locks: a temporary file is ours alone, a finished one never changes,
   * and not every parallel file system has them.  What was left open after an error is closed with
   * the file. */
  if (H5Pset_libver_bounds(fapl, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0 ||
      H5Pset_fclose_degree(fapl, H5F_CLOSE_STRONG) < 0 || H5Pset_alignment(fapl, 65536, 4096) < 0 ||
      H5Pset_meta_block_size(fapl, 2048) < 0 || H5Pset_file_locking(fapl, false, true) < 0 ||
      (comm != MPI_COMM_NULL && H5Pset_fapl_mpio(fapl, comm, MPI_INFO_NULL) < 0)) {
    (void)H5Pclose(fapl);
    return -1;
  }
  return fapl;
}

/** The largest box at the begin of elements [start, end): select it in `space`; its elements, or
 *  negative. */
static int64_t select_box(hid_t space, int rank, const hsize_t *dims, int64_t start, int64_t end)
{
  hsize_t at[STORE_RANK] = {0}, count[STORE_RANK];
  int64_t stride = 1, left = start;
  int     k = rank - 1;

  while (k > 0 && start % (stride * (int64_t)dims[k]) == 0 &&
         stride * (int64_t)dims[k] <= end - start)
    stride *= (int64_t)dims[k--];
  for (int d = rank - 1; d >= 0; d--) {
    at[d] = (hsize_t)left % dims[d];
    left /= (int64_t)dims[d];
    count[d] = d > k ? dims[d] : 1;
  }
  const int64_t rows = (end - start) / stride, below = (int64_t)(dims[k] - at[k]);

  count[k] = (hsize_t)(rows < below ? rows : below);
  if (H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, count, NULL) < 0) return -1;
  return (int64_t)count[k] * stride;
}

static herr_t transfer(const store_file *f, hid_t set, int slot, const hid_t spaces[2], void *data,
                       bool write)
{
  const hid_t type = store_slot_type(f->lay, slot);

  return write ? H5Dwrite(set, type, spaces[0], spaces[1], H5P_DEFAULT, data)
               : H5Dread(set, type, spaces[0], spaces[1], H5P_DEFAULT, data);
}

/** All boxes of a span of dataset `set`, whose dataspace is `space`. */
static hy_code transfer_boxes(const store_file *f, hid_t set, hid_t space, const store_span *s,
                              void *data, bool write)
{
  const int64_t end = s->start + s->count;
  const size_t  element = store_slot_bytes(f->lay, s->slot);
  const int     rank = H5Sget_simple_extent_ndims(space);
  hsize_t       dims[STORE_RANK];
  const hid_t   whole[2] = {H5S_ALL, H5S_ALL};

  if (rank < 0 || rank > STORE_RANK || H5Sget_simple_extent_dims(space, dims, NULL) < 0)
    return HY_EIO;
  if (rank == 0) return transfer(f, set, s->slot, whole, data, write) < 0 ? HY_EIO : HY_OK;
  for (int64_t at = s->start; at < end;) {
    const int64_t n = select_box(space, rank, dims, at, end);
    const hsize_t flat = (hsize_t)n;
    const hid_t   memory = n < 0 ? -1 : H5Screate_simple(1, &flat, NULL);
    const hid_t   spaces[2] = {memory, space};
    char         *from = (char *)data + (size_t)(at - s->start) * element;

    if (memory < 0 || transfer(f, set, s->slot, spaces, from, write) < 0) return HY_EIO;
    if (H5Sclose(memory) < 0) return HY_EIO;
    at += n;
  }
  return HY_OK;
}

hy_code store_file_io(const store_file *f, const store_span *s, void *data, bool write, hy_err *err)
{
  char  path[2 * STORE_NAME + 64], what[2 * STORE_NAME + 80];
  hid_t set = f->sets[s->slot];

  if (s->count == 0) return HY_OK;
  store_task_path(f->lay, s->task, path);
  (void)snprintf(path + strlen(path), STORE_NAME + 1, "/%s", store_slot_name(f->lay, s->slot));
  (void)snprintf(what, sizeof what, "cannot %s %s", write ? "write" : "read",
                 s->task < 0 ? store_slot_name(f->lay, s->slot) : path);
  if (s->task >= 0) set = H5Dopen2(f->id, path, H5P_DEFAULT);
  const hid_t space = set < 0 ? -1 : H5Dget_space(set);

  if (space < 0 || transfer_boxes(f, set, space, s, data, write) != HY_OK)
    return hy_h5_fail(err, HY_EIO, f->path, what);
  if (H5Sclose(space) < 0 || (s->task >= 0 && H5Dclose(set) < 0))
    return hy_h5_fail(err, HY_EIO, f->path, what);
  return HY_OK;
}

/** Does the dataset have these extents? */
static bool same_extent(hid_t set, int rank, const int64_t *extent)
{
  const hid_t space = H5Dget_space(set);
  hsize_t     dims[STORE_RANK];
  bool        same = space >= 0 && H5Sget_simple_extent_ndims(space) == rank;

  same = same && H5Sget_simple_extent_dims(space, dims, NULL) == rank;
  for (int d = 0; same && d < rank; d++) same = dims[d] == (hsize_t)extent[d];
  if (space >= 0) (void)H5Sclose(space);
  return same;
}

static hy_code open_set(store_file *f, int slot, hy_err *err)
{
  const hy_layout *lay = f->lay;
  const char      *name = store_slot_name(lay, slot);
  int64_t          extent[STORE_RANK];
  char             what[STORE_NAME + 32];
  int              rank = lay->naxes;

  for (int d = 0; d < rank; d++) extent[d] = lay->dims[d].size;
  if (slot < lay->noutputs) {
    rank = lay->outputs[slot].rank;
    memcpy(extent, lay->outputs[slot].extent, sizeof extent);
  }
  f->sets[slot] = H5Dopen2(f->id, name, H5P_DEFAULT);
  if (f->sets[slot] < 0) {
    (void)snprintf(what, sizeof what, "cannot open %s", name);
    return hy_h5_fail(err, HY_EIO, f->path, what);
  }
  if (!same_extent(f->sets[slot], rank, extent))
    return hy_fail(err, HY_EINPUT, "%s: the extent of %s does not belong to this job", f->path,
                   name);
  return HY_OK;
}

/** MPI-IO takes what is before a colon in a path for the name of a file system.  So a directory with
 *  a colon is opened, and the file named through it: into name[], with the directory's descriptor,
 *  which is to be closed when the file is open; -1 if there is none. */
__attribute__((nonnull)) static int name_without_colon(const char *path, char *name, size_t n)
{
  const char *slash = strrchr(path, '/');
  char        dir[4096];

  (void)snprintf(name, n, "%s", path);
  if (!slash || !memchr(path, ':', (size_t)(slash - path))) return -1;
  (void)snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
  const int fd = hy_io->open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

  if (fd >= 0) (void)snprintf(name, n, "/proc/self/fd/%d%s", fd, slash);
  return fd;
}

hy_code store_file_open(store_file *f, MPI_Comm comm, bool write, hy_err *err)
{
  const hid_t fapl = hy_h5_access(comm);
  char        name[4096];
  int         dir = -1;
  hy_code     rc = HY_OK;

  if (comm != MPI_COMM_NULL) dir = name_without_colon(f->path, name, sizeof name);
  f->id = fapl < 0 ? -1
                   : H5Fopen(comm != MPI_COMM_NULL ? name : f->path,
                             write ? H5F_ACC_RDWR : H5F_ACC_RDONLY, fapl);
  if (f->id < 0) rc = hy_h5_fail(err, HY_EIO, f->path, "cannot open");
  if (fapl >= 0) (void)H5Pclose(fapl);
  if (dir >= 0) (void)hy_io->close(dir);
  return rc;
}

hy_code store_file_open_sets(store_file *f, hy_err *err)
{
  const int slots = f->lay->noutputs + 2;
  hy_code   rc = HY_OK;

  f->sets = malloc((size_t)slots * sizeof *f->sets);
  if (!f->sets) return hy_fail(err, HY_ENOMEM, "%s: no memory to open it", f->path);
  for (int s = 0; s < slots; s++) f->sets[s] = -1;
  for (int s = 0; !rc && s < slots; s++) {
    const store_output *out = s < f->lay->noutputs ? &f->lay->outputs[s] : NULL;

    if (!out || (out->present && !out->varies)) rc = open_set(f, s, err);
  }
  return rc;
}

hy_code store_file_close(store_file *f, hy_err *err)
{
  hy_code rc = HY_OK;

  for (int s = 0; f->sets && s < f->lay->noutputs + 2; s++)
    if (f->sets[s] >= 0 && H5Dclose(f->sets[s]) < 0 && !rc)
      rc = hy_h5_fail(err, HY_EIO, f->path, "cannot close a dataset");
  if (f->id >= 0 && H5Fclose(f->id) < 0 && !rc)
    rc = hy_h5_fail(err, HY_EIO, f->path, "cannot close");
  free(f->sets);
  f->sets = NULL;
  f->id = -1;
  return rc;
}
