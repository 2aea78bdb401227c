/** @file io.h
 *  All file operations of hybrid go through one table, so that tests can record them and make any
 *  one of them fail.  Local, thread-safe.
 *
 *  HDF5 and MPI-IO reach the file system on their own; everything else must come through here. */
#ifndef HY_BASE_IO_H
#define HY_BASE_IO_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** As the system calls of these names: -1 and errno on failure. */
typedef struct hy_io_ops {
  int (*open)(const char *path, int flags, mode_t mode);
  ssize_t (*write)(int fd, const void *bytes, size_t n);
  ssize_t (*pread)(int fd, void *bytes, size_t n, off_t offset);
  int (*fsync)(int fd);
  int (*fdatasync)(int fd);
  int (*close)(int fd);
  int (*rename)(const char *from, const char *to);
  int (*unlink)(const char *path);
  int (*rmdir)(const char *path);
  int (*mkdir)(const char *path, mode_t mode);
} hy_io_ops;

/** The table in force.  Tests swap it before any thread starts. */
extern const hy_io_ops *hy_io;
extern const hy_io_ops  hy_io_system;

/** Write all `n` bytes, going on after short writes and EINTR.  0, or -1 and errno. */
int hy_io_write_all(int fd, const void *bytes, size_t n);

/** Read exactly `n` bytes at `offset`.  0, or -1 and errno (EIO at the end of the file). */
int hy_io_read_all(int fd, void *bytes, size_t n, int64_t offset);

/** The whole of a regular file, at most `limit` bytes, with a zero byte behind it.  The caller
 *  frees *bytes.  HY_EINPUT when it is missing, too large or no regular file; HY_EIO, HY_ENOMEM. */
hy_code hy_io_load(const char *path, size_t limit, char **bytes, size_t *n, hy_err *err);

/** SHA-256 of a file of any size.  HY_EINPUT as above, HY_EIO when reading fails. */
hy_code hy_io_digest(const char *path, uint8_t digest[32], hy_err *err);

/** Replace `path` by these bytes so that a crash leaves the old or the new, never half of it:
 *  write PATH.tmp, fsync, rename, fsync the directory.  One writer of a path at a time.  HY_EIO. */
hy_code hy_io_replace(const char *path, const void *bytes, size_t n, hy_err *err);

/** fsync of a directory; of the directory that holds `path`.  HY_EIO. */
hy_code hy_io_sync_dir(const char *dir, hy_err *err);
hy_code hy_io_sync_parent(const char *path, hy_err *err);

/** mkdir -p.  HY_EIO. */
hy_code hy_io_make_dirs(const char *path, hy_err *err);

/** Remove a directory of ours with everything in it; one that does not exist is fine.  Symbolic
 *  links are removed, never followed; a `path` that is one itself is refused.  HY_EIO. */
hy_code hy_io_remove_tree(const char *path, hy_err *err);

bool    hy_io_exists(const char *path);
int64_t hy_io_size(const char *path); /**< bytes, or -1 */

#endif
