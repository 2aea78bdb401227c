/** @file write.c
 *  A whole results.h5, in stages; after each all ranks agree:
 *
 *    plan    the layout, and each rank's range of it; is there room for it?
 *    make    rank 0 creates PATH.tmp with everything but numbers (make.c), and has the file system
 *            set its blocks aside, so that a full disk shows now
 *    fill    all ranks write their ranges (pass.c), independently, through MPI-IO, or plainly when
 *            there is one rank only; then the checksum of a shared task goes from rank to rank
 *    check   every rank brings its data to the disk, drops them from memory, reads them back
 *    commit  rank 0 renames the file and syncs its directory
 *
 *  What makes the bytes the same for every number of ranks: one process makes the structure, the
 *  place of each number follows from it, and a checksum does not know who computed it. */
#include "base/comm.h"
#include "base/io.h"
#include "store/make.h"
#include "store/pass.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum { TAG_CARRY = 5301 };

typedef struct writer {
  MPI_Comm               comm;
  int                    rank, size;
  const char            *path;
  char                  *temporary;
  hy_layout             *lay;
  const hy_store_source *source;
  int8_t                *failed; /**< on rank 0, [ntasks], when outputs vary */
  store_pass             pass;
} writer;

hy_code hy_store_range(const hy_job *job, int rank, int size, int64_t *first, int64_t *end,
                       hy_err *err)
{
  hy_layout    *lay = NULL;
  const hy_code rc = hy_layout_new(job, NULL, &lay, err);

  if (rc) return rc;
  const store_cut from = hy_layout_cut(lay, rank, size), to = hy_layout_cut(lay, rank + 1, size);

  *first = from.task;
  *end = to.task + (to.piece > 0);
  hy_layout_free(lay);
  return HY_OK;
}

/** The directory of the results, to ask its file system. */
static void directory(const char *path, char *dir, size_t n)
{
  const char *slash = strrchr(path, '/');

  if (!slash)
    (void)snprintf(dir, n, ".");
  else
    (void)snprintf(dir, n, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/** Free bytes where the results will be; negative and errno when there is no such place. */
static double free_bytes(const writer *w)
{
  struct statvfs fs;
  char           dir[4096];

  directory(w->path, dir, sizeof dir);
  return statvfs(dir, &fs) != 0 ? -1 : (double)fs.f_bavail * (double)fs.f_frsize;
}

static hy_code no_room(const writer *w, double bytes, hy_err *err)
{
  char needed[28], have[28];

  return hy_fail(err, HY_EIO, "%s: not enough space: %s needed, %s free: %s", w->path,
                 hy_format_bytes(needed, bytes), hy_format_bytes(have, free_bytes(w)),
                 "make room, then start again");
}

/** Is there room for so many bytes? */
static hy_code need_room(const writer *w, double bytes, hy_err *err)
{
  const double have = free_bytes(w);

  if (have < 0) return hy_fail(err, HY_EIO, "%s: cannot write: %s", w->path, strerror(errno));
  return bytes <= have ? HY_OK : no_room(w, bytes, err);
}

/** What goes wrong on a full file system goes wrong for that reason; MPI-IO does not tell it. */
static hy_code explain(const writer *w, hy_code rc, hy_err *err)
{
  const double have = rc == HY_EIO ? free_bytes(w) : -1;

  return have < 0 || have >= 65536 ? rc : no_room(w, (double)w->lay->bytes, err);
}

/** Have the file system set aside what the file will take; those that cannot are believed. */
static hy_code reserve(const writer *w, hy_err *err)
{
  const int64_t size = hy_io_size(w->temporary);
  const int     fd = hy_io->open(w->temporary, O_RDWR | O_CLOEXEC, 0);
  int           why = 0;

  if (fd < 0 || size < 0 || fallocate(fd, 0, 0, (off_t)size) != 0) why = errno;
  if (why == EOPNOTSUPP || why == ENOSYS) why = 0;
  if (fd >= 0 && hy_io->close(fd) != 0 && !why) why = errno;
  if (why == ENOSPC || why == EDQUOT) return no_room(w, (double)size, err);
  if (why) return hy_fail(err, HY_EIO, "%s: cannot write: %s", w->temporary, strerror(why));
  return HY_OK;
}

/** The first task whose first piece the rank has. */
static int64_t first_begun(const hy_layout *lay, int rank, int size)
{
  const store_cut cut = hy_layout_cut(lay, rank, size);

  return cut.task + (cut.piece > 0);
}

/** Which tasks failed, to rank 0: each rank tells of those whose first piece it has.  Tasks have
 *  groups of their own here, so that there are far fewer than an MPI count can say. */
static hy_code gather_failed(writer *w, hy_err *err)
{
  const int64_t first = first_begun(w->lay, w->rank, w->size);
  const int64_t n = first_begun(w->lay, w->rank + 1, w->size) - first;
  int8_t       *mine = calloc((size_t)n + 1, 1);
  int          *counts = calloc(2 * (size_t)w->size, sizeof *counts);
  hy_code       rc = HY_OK;

  if (w->rank == 0) w->failed = calloc((size_t)w->lay->job->ntasks + 1, 1);
  if (!mine || !counts || (w->rank == 0 && !w->failed))
    rc = hy_fail(err, HY_ENOMEM, "%s: no memory to write it", w->path);
  for (int64_t i = 0; i < n && !rc; i++) {
    bool failed;

    rc = w->source->status(w->source->ctx, first + i, &failed, err);
    if (!rc) mine[i] = failed ? 1 : 0;
  }
  rc = hy_agree(w->comm, rc, err);
  for (int r = 0; r < w->size && !rc; r++) {
    counts[w->size + r] = hy_mpi_count(first_begun(w->lay, r, w->size));
    counts[r] = hy_mpi_count(first_begun(w->lay, r + 1, w->size)) - counts[w->size + r];
  }
  if (!rc)
    HY_MPI(MPI_Gatherv(mine, hy_mpi_count(n), MPI_INT8_T, w->failed, counts, counts + w->size,
                       MPI_INT8_T, 0, w->comm));
  free(mine);
  free(counts);
  return rc;
}

static hy_code plan(writer *w, const hy_job *job, hy_err *err)
{
  const size_t n = strlen(w->path) + sizeof ".tmp";
  hy_code      rc = hy_layout_new(job, NULL, &w->lay, err);

  w->temporary = malloc(n);
  if (!rc && !w->temporary) rc = hy_fail(err, HY_ENOMEM, "%s: no memory to write it", w->path);
  if (w->temporary) (void)snprintf(w->temporary, n, "%s.tmp", w->path);
  if (!rc) {
    w->pass.lay = w->lay;
    w->pass.source = w->source;
    w->pass.path = w->path;
    w->pass.from = hy_layout_cut(w->lay, w->rank, w->size);
    w->pass.to = hy_layout_cut(w->lay, w->rank + 1, w->size);
    rc = store_pass_init(&w->pass, err);
  }
  rc = hy_agree(w->comm, rc, err);
  if (!rc && w->lay->varies) rc = gather_failed(w, err);
  return rc;
}

static hy_code make(writer *w, hy_err *err)
{
  const hy_job *job = w->lay->job;
  hy_code       rc = HY_OK;

  if (w->rank == 0) {
    const double structure = 65536.0 + (double)strlen(hy_job_spec(job));

    rc = need_room(w, (double)w->lay->bytes + 5.0 * (double)job->ntasks + structure, err);
    if (!rc && hy_io->unlink(w->temporary) != 0 && errno != ENOENT)
      rc = hy_fail(err, HY_EIO, "%s: cannot remove it: %s", w->temporary, strerror(errno));
    if (!rc) rc = store_make(w->lay, w->temporary, w->failed, w->source->any_failed, err);
    if (!rc) rc = reserve(w, err);
    rc = explain(w, rc, err);
  }
  return hy_agree(w->comm, rc, err);
}

/** The checksum of a task that several ranks share, along the ranks, in order. */
static uint32_t carry(const writer *w)
{
  const store_pass *p = &w->pass;
  uint32_t          crc = 0, head_crc = 0;

  if (p->from.piece > 0)
    HY_MPI(MPI_Recv(&crc, 1, MPI_UINT32_T, w->rank - 1, TAG_CARRY, w->comm, MPI_STATUS_IGNORE));
  crc = store_pass_carry(p, crc, &head_crc);
  if (p->to.piece > 0) HY_MPI(MPI_Send(&crc, 1, MPI_UINT32_T, w->rank + 1, TAG_CARRY, w->comm));
  return head_crc;
}

static hy_code fill(writer *w, hy_err *err)
{
  store_file file = {.id = -1, .lay = w->lay, .path = w->temporary};
  hy_err     why;
  hy_code    rc = store_file_open(&file, w->size > 1 ? w->comm : MPI_COMM_NULL, true, err);

  w->pass.file = &file;
  if (!rc) rc = store_file_open_sets(&file, err);
  rc = hy_agree(w->comm, rc, err);
  if (!rc) rc = hy_agree(w->comm, explain(w, store_pass_write(&w->pass, err), err), err);
  if (!rc) rc = store_pass_seal(&w->pass, carry(w), err);
  const hy_code closed = store_file_close(&file, &why); /* collective: in any case */

  if (!rc && closed) {
    rc = closed;
    if (err) *err = why;
  }
  w->pass.file = NULL;
  return hy_agree(w->comm, rc, err);
}

/** Bring what this process wrote to the disk, and out of its memory. */
static hy_code flush(const writer *w, hy_err *err)
{
  const int fd = hy_io->open(w->temporary, O_RDONLY | O_CLOEXEC, 0);
  int       why = 0;

  if (fd < 0 || hy_io->fsync(fd) != 0) why = errno;
  if (fd >= 0) (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  if (fd >= 0 && hy_io->close(fd) != 0 && !why) why = errno;
  if (why) return hy_fail(err, HY_EIO, "%s: cannot write: %s", w->temporary, strerror(why));
  return HY_OK;
}

static hy_code check(writer *w, hy_err *err)
{
  store_file file = {.id = -1, .lay = w->lay, .path = w->temporary};
  hy_code    rc = hy_agree(w->comm, flush(w, err), err);

  if (rc) return rc;
  rc = store_file_open(&file, MPI_COMM_NULL, false, err);
  if (!rc) rc = store_file_open_sets(&file, err);
  if (!rc && w->rank == 0) rc = store_coordinates_check(w->lay, &file, err);
  if (!rc) rc = store_pass_check(&w->pass, &file, err);
  (void)store_file_close(&file, NULL);
  return hy_agree(w->comm, rc, err);
}

static hy_code commit(const writer *w, hy_err *err)
{
  hy_code rc = HY_OK;

  if (w->rank == 0) {
    if (hy_io->rename(w->temporary, w->path) != 0)
      rc = hy_fail(err, HY_EIO, "%s: cannot rename %s: %s", w->path, w->temporary, strerror(errno));
    else
      rc = hy_io_sync_parent(w->path, err);
  }
  return hy_agree(w->comm, rc, err);
}

hy_code hy_store_write(MPI_Comm comm, const char *path, const hy_job *job,
                       const hy_store_source *source, hy_err *err)
{
  writer  w = {.comm = comm,
               .rank = hy_comm_rank(comm),
               .size = hy_comm_size(comm),
               .path = path,
               .source = source};
  hy_code rc;

  hy_h5_quiet();
  rc = plan(&w, job, err);
  if (!rc) rc = make(&w, err);
  if (!rc) rc = fill(&w, err);
  if (!rc) rc = check(&w, err);
  if (!rc) rc = commit(&w, err);
  if (rc && w.rank == 0 && w.temporary) (void)hy_io->unlink(w.temporary);
  store_pass_clear(&w.pass);
  hy_layout_free(w.lay);
  free(w.temporary);
  free(w.failed);
  return rc;
}
