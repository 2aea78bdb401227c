/** @file io.c
 *  Files: whole writes, whole reads, replacement.
 *
 *  hy_io_replace writes PATH.tmp, syncs it, renames it over PATH and syncs the directory.  rename()
 *  is atomic, and the bytes are on disk before the name moves: whenever the machine stops, PATH is
 *  the old file or the new one.  A PATH.tmp left by a crash is overwritten the next time. */
#include "base/io.h"

#include "base/digest.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_open(const char *path, int flags, mode_t mode)
{
  return open(path, flags, mode);
}

const hy_io_ops  hy_io_system = {.open = system_open,
                                 .write = write,
                                 .pread = pread,
                                 .fsync = fsync,
                                 .fdatasync = fdatasync,
                                 .close = close,
                                 .rename = rename,
                                 .unlink = unlink,
                                 .rmdir = rmdir,
                                 .mkdir = mkdir};
const hy_io_ops *hy_io = &hy_io_system;

int hy_io_write_all(int fd, const void *bytes, size_t n)
{
  const char *at = bytes;

  while (n > 0) {
    const ssize_t done = hy_io->write(fd, at, n);

    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return -1;
    if (done == 0) { /* no progress and no error: do not wait for a disk to become larger */
      errno = ENOSPC;
      return -1;
    }
    at += done;
    n -= (size_t)done;
  }
  return 0;
}

/* Up to n bytes, fewer only at the end of the file; -1 and errno. */
static int64_t read_some(int fd, char *bytes, size_t n, int64_t offset)
{
  size_t have = 0;

  while (have < n) {
    const ssize_t got = hy_io->pread(fd, bytes + have, n - have, (off_t)(offset + (int64_t)have));

    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    have += (size_t)got;
  }
  return (int64_t)have;
}

int hy_io_read_all(int fd, void *bytes, size_t n, int64_t offset)
{
  const int64_t got = read_some(fd, bytes, n, offset);

  if (got >= 0 && (size_t)got < n) errno = EIO;
  return got >= 0 && (size_t)got == n ? 0 : -1;
}

/* Open a regular file to read it.  Without O_NONBLOCK a pipe would make us wait for a writer. */
static hy_code open_regular(const char *path, int *opened, int64_t *size, hy_err *err)
{
  struct stat st;
  const int   fd = hy_io->open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0);
  const char *what = "neither file nor directory";

  if (fd < 0) return hy_fail(err, HY_EINPUT, "cannot open %s: %s", path, strerror(errno));
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
    *opened = fd;
    *size = st.st_size;
    return HY_OK;
  }
  if (S_ISDIR(st.st_mode)) what = "a directory";
  if (S_ISFIFO(st.st_mode)) what = "a pipe";
  if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) what = "a device";
  (void)hy_io->close(fd);
  return hy_fail(err, HY_EINPUT, "cannot read %s: it is %s, not a file", path, what);
}

/* The sizes of files below /proc and /sys are not true, and others grow while they are read: the
 * size is where to begin, the end of the file decides. */
static hy_code load_open(int fd, const char *path, int64_t size, size_t limit, hy_str *text,
                         hy_err *err)
{
  size_t want = size > 0 ? (size_t)size + 1 : 4096; /* one more: sees the end in the first read */

  for (;;) {
    if (want - 1 > limit - text->len) want = limit - text->len + 1;
    if (!hy_str_reserve(text, want)) return hy_fail(err, HY_ENOMEM, "no memory to read %s", path);
    const int64_t got = read_some(fd, text->text + text->len, want, (int64_t)text->len);

    if (got < 0) return hy_fail(err, HY_EIO, "cannot read %s: %s", path, strerror(errno));
    text->len += (size_t)got;
    text->text[text->len] = 0;
    if (text->len > limit) break;
    if ((size_t)got < want) return HY_OK;
    want = text->len;
  }
  return hy_fail(err, HY_EINPUT, "%s is too large: more than the %zu bytes allowed here", path,
                 limit);
}

hy_code hy_io_load(const char *path, size_t limit, char **bytes, size_t *n, hy_err *err)
{
  hy_str  text = {0};
  int     fd = -1;
  int64_t size = 0;
  hy_code rc = open_regular(path, &fd, &size, err);

  if (rc) return rc;
  if (size > 0 && (uint64_t)size > limit)
    rc = hy_fail(err, HY_EINPUT, "%s is too large: %lld bytes, at most %zu are allowed here", path,
                 (long long)size, limit);
  if (!rc) rc = load_open(fd, path, size, limit, &text, err);
  (void)hy_io->close(fd);
  if (rc) {
    hy_str_clear(&text);
    return rc;
  }
  *bytes = text.text;
  *n = text.len;
  return HY_OK;
}

hy_code hy_io_digest(const char *path, uint8_t digest[32], hy_err *err)
{
  enum { PIECE = 256 * 1024 }; /* fits a second-level cache: read, then digested from there */
  int        fd = -1;
  int64_t    size = 0, at = 0, got = 0;
  char      *piece = NULL;
  hy_sha256 *sha = NULL;
  hy_code    rc = open_regular(path, &fd, &size, err);

  if (rc) return rc;
  piece = malloc(PIECE);
  sha = hy_sha256_new();
  if (!piece || !sha) {
    rc = hy_fail(err, HY_ENOMEM, "no memory to read %s", path);
    goto out;
  }
  do {
    got = read_some(fd, piece, PIECE, at);
    if (got < 0) {
      rc = hy_fail(err, HY_EIO, "cannot read %s: %s", path, strerror(errno));
      goto out;
    }
    hy_sha256_add(sha, piece, (size_t)got);
    at += got;
  } while (got == PIECE);
  hy_sha256_end(sha, digest);
out:
  hy_sha256_free(sha);
  free(piece);
  (void)hy_io->close(fd);
  return rc;
}

/* A complete file of these bytes, on the disk; 0 or an errno. */
static int write_file(const char *path, const void *bytes, size_t n)
{
  const int fd = hy_io->open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
  int       cause = 0;

  if (fd < 0) return errno;
  if (hy_io_write_all(fd, bytes, n) != 0 || hy_io->fsync(fd) != 0) cause = errno;
  if (hy_io->close(fd) != 0 && !cause) cause = errno;
  return cause;
}

hy_code hy_io_replace(const char *path, const void *bytes, size_t n, hy_err *err)
{
  hy_str temporary = {0};

  hy_str_addf(&temporary, "%s.tmp", path);
  if (temporary.failed) {
    hy_str_clear(&temporary);
    return hy_fail(err, HY_ENOMEM, "no memory to write %s", path);
  }
  int cause = write_file(temporary.text, bytes, n);

  if (!cause && hy_io->rename(temporary.text, path) != 0) cause = errno;
  if (cause) (void)hy_io->unlink(temporary.text);
  hy_str_clear(&temporary);
  if (cause) return hy_fail(err, HY_EIO, "cannot write %s: %s", path, strerror(cause));
  return hy_io_sync_parent(path, err);
}

bool hy_io_exists(const char *path)
{
  struct stat st;

  return stat(path, &st) == 0;
}

int64_t hy_io_size(const char *path)
{
  struct stat st;

  return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}
