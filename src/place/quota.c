/** @file quota.c
 *  A container may show 64 cores and let us use the time of two.  The limit can sit on any cgroup
 *  from our own up to the root of the hierarchy, so all are looked at:
 *
 *      version 2   <mount>/<own path>/cpu.max             "200000 100000" or "max 100000"
 *      version 1   <mount>/<own path>/cpu.cfs_quota_us    200000 or -1,  and cpu.cfs_period_us
 *
 *  A container often sees its own cgroup as the root of the mount, but outer names in
 *  /proc/self/cgroup: directories that are not there are passed over, the root is read last. */
#include "base/io.h"
#include "place/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool hy_place_read(const char *path, char *text, size_t n)
{
  const int fd = hy_io->open(path, O_RDONLY | O_CLOEXEC, 0);
  size_t    len = 0;
  ssize_t   got = 0;

  if (fd < 0) return false;
  while (len + 1 < n && ((got = hy_io->pread(fd, text + len, n - 1 - len, (off_t)len)) > 0 ||
                         (got < 0 && errno == EINTR)))
    len += got > 0 ? (size_t)got : 0;
  (void)hy_io->close(fd);
  text[len] = 0;
  return got >= 0;
}

/** "quota period", in microseconds; anything else ("max", -1) is no limit. */
static double cpus(const char *quota, const char *period)
{
  char        *end;
  const double q = strtod(quota, &end), p = strtod(period, NULL);

  return end != quota && q > 0.0 && p > 0.0 ? q / p : INFINITY;
}

static double limit_at(const char *dir)
{
  char path[1200], quota[64], period[64];

  (void)snprintf(path, sizeof path, "%s/cpu.max", dir);
  if (hy_place_read(path, quota, sizeof quota)) {
    const char *space = strchr(quota, ' ');

    return space ? cpus(quota, space) : INFINITY;
  }
  (void)snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", dir);
  if (!hy_place_read(path, quota, sizeof quota)) return INFINITY;
  (void)snprintf(path, sizeof path, "%s/cpu.cfs_period_us", dir);
  return hy_place_read(path, period, sizeof period) ? cpus(quota, period) : INFINITY;
}

/** The smallest limit from <mount><own> up to <mount>. */
static double limit_above(const char *mount, const char *own)
{
  char   dir[1024];
  double least = INFINITY;

  if (snprintf(dir, sizeof dir, "%s%s", mount, own) >= (int)sizeof dir) return INFINITY;
  while (strlen(dir) > strlen(mount)) {
    least = fmin(least, limit_at(dir));
    *strrchr(dir, '/') = 0;
  }
  return fmin(least, limit_at(mount));
}

/** Whether the comma-separated list holds "cpu". */
static bool has_cpu(const char *list, size_t n)
{
  for (const char *at = list; at < list + n; at++) {
    if ((at == list || at[-1] == ',') && strncmp(at, "cpu", 3) == 0 &&
        (at + 3 == list + n || at[3] == ','))
      return true;
  }
  return false;
}

/** One line of /proc/self/cgroup, "4:cpu,cpuacct:/user" or "0::/user". */
static double limit_of_line(const char *root, const char *line)
{
  const char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
  char        mount[512];
  double      least = INFINITY;

  if (!path || path[1] != '/') return INFINITY;
  const size_t n = (size_t)(path - list - 1);

  if (n == 0) {
    static const char *const unified[] = {"", "/unified"};

    for (int i = 0; i < 2; i++) {
      (void)snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s", root, unified[i]);
      least = fmin(least, limit_above(mount, path + 1));
    }
  } else if (has_cpu(list + 1, n)) {
    (void)snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/cpu", root);
    least = limit_above(mount, path + 1);
    (void)snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/%.*s", root, (int)n, list + 1);
    least = fmin(least, limit_above(mount, path + 1));
  }
  return least;
}

double hy_quota_read(const char *root)
{
  char   path[512], text[8192], *rest = NULL;
  double least = INFINITY;

  (void)snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
  if (!hy_place_read(path, text, sizeof text)) return INFINITY;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
    least = fmin(least, limit_of_line(root, line));
  return least;
}
