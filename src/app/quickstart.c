/** @file quickstart.c
 *  Where jobs come from: a file that was named, the built-in one, a run directory.
 *
 *  The built-in job names its data relative to jobs/, as the file does.  That folder is looked for
 *  where an installed, then where a built program has it. */
#include "app/quickstart.h"

#include "app/cmd.h"
#include "base/io.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static hy_code find_home(char *path, size_t n, hy_err *err)
{
  static const char *const places[] = {"/../share/hybrid", "/..", "/../..", "/../../.."};
  static const char        job[] = "jobs/quickstart.yaml";
  char                     exe[PATH_MAX];
  const ssize_t            len = readlink("/proc/self/exe", exe, sizeof exe - 1);

  exe[len > 0 ? len : 0] = 0;
  char *slash = strrchr(exe, '/');

  if (slash) *slash = 0;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    (void)snprintf(path, n, "%s%s/%s", exe, places[i], job);
    if (hy_io_exists(path)) return HY_OK;
  }
  (void)snprintf(path, n, "%s/%s", HYBRID_SOURCE_DIR, job);
  if (hy_io_exists(path)) return HY_OK;
  return hy_fail(
      err, HY_EINPUT,
      "the data of the built-in job are neither beside %s nor in ../share/hybrid; name a "
      "job file: hybrid JOB.yaml",
      exe);
}

hy_code app_job_file(const options *o, const char **path, const char **text, hy_err *err)
{
  static char builtin[PATH_MAX + 64];

  *path = o->arg;
  *text = NULL;
  if (o->arg) return HY_OK;
  const hy_code rc = find_home(builtin, sizeof builtin, err);

  *path = builtin;
  *text = (const char *)hy_quickstart_yaml;
  return rc;
}

hy_code app_job_of(const char *dir, hy_job **job, hy_err *err)
{
  char   path[PATH_MAX + 16];
  hy_str report = {0};

  (void)snprintf(path, sizeof path, "%s/job.yaml", dir);
  const hy_code rc = hy_job_load(path, NULL, NULL, 0, job, &report, err);

  if (report.text) (void)fputs(report.text, stderr);
  hy_str_clear(&report);
  return rc;
}
