/** @file dir.c
 *  Directories: sync, create, remove.
 *
 *  hy_io_remove_tree may be started on a directory whose contents someone else put there, so it
 *  must never leave it: every directory is opened with O_NOFOLLOW, and whatever is not a directory,
 *  a symbolic link above all, is unlinked and not looked into.  One path buffer grows and shrinks
 *  with the depth.  What readdir() returns while entries vanish is left open by POSIX, so one is
 *  read again until a pass finds nothing. */
#include "base/io.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEEPEST = 64 }; /* open directories, and frames of remove_dir; ours are three deep */

hy_code hy_io_sync_dir(const char *dir, hy_err *err)
{
  const int fd = hy_io->open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  int       cause = 0;

  if (fd < 0) return hy_fail(err, HY_EIO, "cannot open directory %s: %s", dir, strerror(errno));
  if (hy_io->fsync(fd) != 0) cause = errno;
  (void)hy_io->close(fd);
  /* some network file systems cannot do this and need not: their renames are durable */
  if (cause == EINVAL || cause == ENOTSUP) cause = 0;
  return cause ? hy_fail(err, HY_EIO, "cannot sync directory %s: %s", dir, strerror(cause)) : HY_OK;
}

hy_code hy_io_sync_parent(const char *path, hy_err *err)
{
  size_t  n = strlen(path);
  hy_str  dir = {0};
  hy_code rc;

  while (n > 1 && path[n - 1] == '/') n--;
  while (n > 0 && path[n - 1] != '/') n--;
  if (n == 0) return hy_io_sync_dir(".", err);
  hy_str_add_bytes(&dir, path, n);
  if (dir.failed)
    rc = hy_fail(err, HY_ENOMEM, "no memory to sync the directory of %s", path);
  else
    rc = hy_io_sync_dir(dir.text, err);
  hy_str_clear(&dir);
  return rc;
}

hy_code hy_io_make_dirs(const char *path, hy_err *err)
{
  struct stat st;
  hy_str      part = {0};
  hy_code     rc = HY_OK;

  hy_str_add(&part, path);
  if (part.failed)
    rc = hy_fail(err, HY_ENOMEM, "no memory to create %s", path);
  else if (!*path)
    rc = hy_fail(err, HY_EIO, "cannot create a directory without a name");
  for (size_t i = 1; !rc && i <= part.len; i++) {
    if (path[i] && (path[i] != '/' || path[i - 1] == '/')) continue;
    part.text[i] = 0;
    if (hy_io->mkdir(part.text, 0777) != 0) {
      /* not only EEXIST: a read-only or automounted parent says so for what is there, too */
      const int cause = errno;

      if (stat(part.text, &st) != 0)
        rc = hy_fail(err, HY_EIO, "cannot create directory %s: %s", part.text, strerror(cause));
      else if (!S_ISDIR(st.st_mode))
        rc = hy_fail(err, HY_EIO, "cannot create directory %s: a file has that name", part.text);
    }
    part.text[i] = path[i];
  }
  hy_str_clear(&part);
  return rc;
}

static hy_code cannot_remove(const char *path, int cause, hy_err *err)
{
  return hy_fail(err, HY_EIO, "cannot remove %s: %s", path, strerror(cause));
}

static hy_code remove_dir(hy_str *path, int depth, hy_err *err);

static hy_code remove_entry(hy_str *path, const char *name, int depth, hy_err *err)
{
  const size_t len = path->len;
  struct stat  st;
  hy_code      rc = HY_OK;

  hy_str_addf(path, "/%s", name);
  if (path->failed)
    rc = hy_fail(err, HY_ENOMEM, "no memory to remove %s", path->text);
  else if (lstat(path->text, &st) == 0 && S_ISDIR(st.st_mode))
    rc = remove_dir(path, depth + 1, err);
  else if (hy_io->unlink(path->text) != 0)
    rc = cannot_remove(path->text, errno, err);
  path->len = len;
  path->text[len] = 0;
  return rc;
}

static hy_code remove_entries(DIR *dir, hy_str *path, int depth, hy_err *err)
{
  for (bool found = true; found;) {
    found = false;
    rewinddir(dir);
    for (const struct dirent *e; (e = readdir(dir));) {
      if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
      const hy_code rc = remove_entry(path, e->d_name, depth, err);

      if (rc) return rc;
      found = true;
    }
  }
  return HY_OK;
}

static hy_code remove_dir(hy_str *path, int depth, hy_err *err)
{
  if (depth >= DEEPEST)
    return hy_fail(err, HY_EIO, "cannot remove %s: more than %d levels of directories", path->text,
                   DEEPEST);
  const int fd = hy_io->open(path->text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

  if (fd < 0) return cannot_remove(path->text, errno, err);
  DIR *dir = fdopendir(fd);

  if (!dir) {
    const int cause = errno;

    (void)hy_io->close(fd);
    return cannot_remove(path->text, cause, err);
  }
  hy_code rc = remove_entries(dir, path, depth, err);

  (void)closedir(dir);
  if (!rc && hy_io->rmdir(path->text) != 0) rc = cannot_remove(path->text, errno, err);
  return rc;
}

hy_code hy_io_remove_tree(const char *path, hy_err *err)
{
  size_t      n = strlen(path);
  struct stat st;
  hy_str      own = {0};
  hy_code     rc;

  while (n > 1 && path[n - 1] == '/') n--; /* "link/" would be the directory behind the link */
  hy_str_add_bytes(&own, path, n);
  if (own.failed)
    rc = hy_fail(err, HY_ENOMEM, "no memory to remove %s", path);
  else if (lstat(own.text, &st) != 0)
    rc = errno == ENOENT ? HY_OK : cannot_remove(path, errno, err);
  else if (S_ISLNK(st.st_mode))
    rc = hy_fail(err, HY_EIO, "cannot remove %s: it is a symbolic link", path);
  else
    rc = remove_dir(&own, 0, err);
  hy_str_clear(&own);
  return rc;
}
