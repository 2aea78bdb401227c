/** @file rundir.c
 *  The run directory: whose it is, whether it may be used, what lies in it.
 *
 *      results.h5 run.json job.yaml trace.json    of a finished run
 *      .lock                                      while a run is under way
 *      journal/job.spec                           what decides the results, as text
 *      journal/epoch-000001/rank-00000.log        see journal.h                               */
#include "engine/internal.h"

#include "base/io.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { SPEC_LIMIT = 64 << 20 };

static bool has(const char *dir, const char *name)
{
  char path[4096];

  (void)snprintf(path, sizeof path, "%s/%s", dir, name);
  return hy_io_exists(path);
}

static bool is_empty(const char *dir)
{
  DIR           *d = opendir(dir);
  struct dirent *item;
  bool           empty = true;

  if (!d) return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG; /* mkdir will tell */
  while (empty && (item = readdir(d)))
    empty = strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0 ||
            strcmp(item->d_name, ".lock") == 0 || strcmp(item->d_name, ".probe") == 0 ||
            strcmp(item->d_name, "job.yaml.tmp") == 0; /* of a run that was killed as it began */
  (void)closedir(d);
  return empty;
}

/** Whether DIR/job.yaml is one that we wrote: it comes first, and goes last. */
static bool is_job_of_ours(const char *dir)
{
  static const char first[] = HY_JOB_FIRST_LINE;
  char              path[4096], text[sizeof first] = "";

  (void)snprintf(path, sizeof path, "%s/job.yaml", dir);
  const int fd = hy_io->open(path, O_RDONLY | O_CLOEXEC, 0);

  if (fd < 0) return false;
  const bool same = hy_io_read_all(fd, text, sizeof first - 1, 0) == 0 && strcmp(text, first) == 0;

  (void)hy_io->close(fd);
  return same;
}

hy_dir_state hy_dir_look(const char *dir)
{
  if (is_empty(dir)) return HY_DIR_ABSENT;
  if (has(dir, "run.json") && has(dir, "results.h5") && has(dir, "job.yaml"))
    return HY_DIR_FINISHED;
  if (has(dir, "journal/job.spec")) return HY_DIR_UNFINISHED;
  return is_job_of_ours(dir) ? HY_DIR_ABSENT : HY_DIR_FOREIGN; /* nothing but a job.yaml */
}

static hy_code remove_ours(const engine *e, hy_err *err)
{
  static const char *const names[] = {"results.h5", "run.json", "trace.json", "job.yaml"};
  char                     path[4096];
  hy_code                  rc = hy_io_remove_tree(e->journal_dir, err);

  for (size_t i = 0; !rc && i < sizeof names / sizeof *names; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", e->dir, names[i]);
    if (hy_io->unlink(path) != 0 && errno != ENOENT)
      rc = hy_fail(err, HY_EIO, "cannot remove %s: %s", path, strerror(errno));
  }
  return rc;
}

/** First line in which two texts differ, of each. */
static void first_difference(const char *old, const char *new, char a[100], char b[100])
{
  const char *old_line = old, *new_line = new;

  for (; *old && *old == *new; old++, new ++)
    if (*old == '\n') old_line = old + 1, new_line = new + 1;
  (void)snprintf(a, 100, "%.*s", (int)strcspn(old_line, "\n"), old_line);
  (void)snprintf(b, 100, "%.*s", (int)strcspn(new_line, "\n"), new_line);
}

static hy_code same_job(const engine *e, hy_err *err)
{
  char    path[4096], *spec = NULL, was[100], is[100];
  size_t  n = 0;
  hy_code rc;

  (void)snprintf(path, sizeof path, "%s/job.spec", e->journal_dir);
  rc = hy_io_load(path, SPEC_LIMIT, &spec, &n, err);
  if (!rc && strcmp(spec, hy_job_spec(e->job)) != 0) {
    first_difference(spec, hy_job_spec(e->job), was, is);
    rc = hy_fail(err, HY_EINPUT,
                 "%s holds an unfinished run of another job: \"%s\" there, \"%s\" now; finish that "
                 "one, choose another directory by -o, or drop it by --force",
                 e->dir, was, is);
  }
  free(spec);
  return rc;
}

/** Files can be made and written here, before hours are spent on what they are to hold. */
static hy_code probe(const engine *e, bool fresh, hy_err *err)
{
  char           path[4096], block[4096] = {0};
  struct statvfs fs;
  hy_code        rc = HY_OK;

  (void)snprintf(path, sizeof path, "%s/.probe", e->dir);
  const int fd = hy_io->open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

  if (fd < 0)
    return hy_fail(err, HY_EIO, "cannot write into %s: %s; choose another directory by -o", e->dir,
                   strerror(errno));
  if (hy_io_write_all(fd, block, sizeof block) != 0 || hy_io->fsync(fd) != 0)
    rc = hy_fail(err, HY_EIO,
                 "cannot write into %s: %s; make room or choose another directory by -o", e->dir,
                 strerror(errno));
  (void)hy_io->close(fd);
  (void)hy_io->unlink(path);
  if (!rc && fresh && statvfs(e->dir, &fs) == 0) {
    const double free_bytes = (double)fs.f_bavail * (double)fs.f_frsize;
    const double record = 48.0 + (e->fixed_shape ? (double)e->task_bytes : 8.0 * e->noutputs);

    if (free_bytes < record * (double)e->npending)
      rc = hy_fail(err, HY_EIO,
                   "%s has %.3g bytes free, the journal of %lld tasks needs %.3g; make room or "
                   "choose another directory by -o",
                   e->dir, free_bytes, (long long)e->npending, record * (double)e->npending);
  }
  return rc;
}

/** job.yaml says that the directory is ours, job.spec that there is something to go on with. */
static hy_code write_texts(const engine *e, hy_err *err)
{
  char    path[4096];
  hy_str  yaml = {0};
  hy_code rc = hy_io_remove_tree(e->journal_dir, err); /* of a run that was killed as it began */

  hy_job_write(e->job, &yaml);
  if (!rc && yaml.failed) rc = hy_fail(err, HY_ENOMEM, "no memory for job.yaml");
  (void)snprintf(path, sizeof path, "%s/job.yaml", e->dir);
  if (!rc) rc = hy_io_replace(path, yaml.text ? yaml.text : "", yaml.len, err);
  if (!rc) rc = hy_io_make_dirs(e->journal_dir, err);
  (void)snprintf(path, sizeof path, "%s/job.spec", e->journal_dir);
  if (!rc) rc = hy_io_replace(path, hy_job_spec(e->job), strlen(hy_job_spec(e->job)), err);
  hy_str_clear(&yaml);
  return rc;
}

static hy_code in_use(const char *dir, int fd, hy_err *err)
{
  char          who[128] = "";
  const ssize_t n = hy_io->pread(fd, who, sizeof who - 1, 0);

  (void)hy_io->close(fd);
  who[n > 0 ? strcspn(who, "\n") : 0] = 0;
  return hy_fail(err, HY_EINPUT,
                 "%s is in use by another run (%s); wait for it, or choose another "
                 "directory by -o",
                 dir, who[0] ? who : "just starting");
}

/** One run at a time: a lock that ends with the process, on DIR/.lock, which says whose it is.  The
 *  holder removes the file before it lets go, so a lock on a removed file is none: try again.  Where a
 *  file system knows no locks the journal's epochs still keep the logs of two runs apart. */
static hy_code lock(engine *e, hy_err *err)
{
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  char         path[4096], who[128], host[64] = "";
  struct stat  ours, there;

  (void)snprintf(path, sizeof path, "%s/.lock", e->dir);
  for (;;) {
    const int fd = hy_io->open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

    if (fd < 0)
      return hy_fail(err, HY_EIO, "cannot write into %s: %s; choose another directory by -o",
                     e->dir, strerror(errno));
    if (fcntl(fd, F_OFD_SETLK, &whole) != 0 && (errno == EAGAIN || errno == EACCES))
      return in_use(e->dir, fd, err);
    if (fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_ino == there.st_ino) {
      (void)gethostname(host, sizeof host - 1);
      (void)snprintf(who, sizeof who, "process %ld on %s\n", (long)getpid(), host);
      (void)hy_io_write_all(fd, who, strlen(who)); /* for people: nothing depends on it */
      e->lock = fd;
      return HY_OK;
    }
    (void)hy_io->close(fd);
  }
}

void rundir_release(engine *e)
{
  char path[4096];

  if (e->lock < 0) return;
  (void)snprintf(path, sizeof path, "%s/.lock", e->dir);
  (void)hy_io->unlink(path);
  (void)hy_io->close(e->lock);
  e->lock = -1;
}

hy_code rundir_claim(engine *e, hy_err *err)
{
  hy_dir_state state = hy_dir_look(e->dir);
  hy_code      rc = HY_OK;

  if (state != HY_DIR_FOREIGN) {
    rc = hy_io_make_dirs(e->dir, err);
    if (!rc) rc = lock(e, err);
    if (rc) return rc;
    state = hy_dir_look(e->dir); /* again, now that nobody changes it */
  }
  if (state == HY_DIR_FOREIGN)
    return hy_fail(err, HY_EINPUT,
                   "%s is not empty and holds no run of hybrid; choose another directory by -o",
                   e->dir);
  if (state == HY_DIR_FINISHED && !e->options->force)
    return hy_fail(err, HY_EINPUT,
                   "%s holds a finished run; look at it by `hybrid show %s`, run again by --force, "
                   "or choose another directory by -o",
                   e->dir, e->dir);
  if (e->options->force && state != HY_DIR_ABSENT) {
    rc = remove_ours(e, err);
    state = HY_DIR_ABSENT;
  }
  if (!rc && state == HY_DIR_UNFINISHED) rc = same_job(e, err);
  if (!rc) rc = probe(e, state == HY_DIR_ABSENT, err);
  if (!rc && state == HY_DIR_ABSENT) rc = write_texts(e, err);
  return rc;
}

typedef struct tally {
  uint8_t *seen; /* bit 0 done, bit 1 failed */
  int64_t  n;
} tally;

static hy_code mark(void *ctx, const hy_found *found, hy_err *err)
{
  tally *t = ctx;

  (void)err;
  if (found->task < 0 || found->task >= t->n) return HY_OK;
  if (found->type == HY_REC_DONE) t->seen[found->task] |= 1;
  if (found->type == HY_REC_FAILED) t->seen[found->task] |= 2;
  return HY_OK;
}

hy_code hy_dir_progress(const char *dir, const hy_job *job, int64_t *done, int64_t *failed,
                        hy_err *err)
{
  char           path[4096];
  hy_log_name   *logs = NULL;
  int            n = 0;
  tally          t = {calloc((size_t)job->ntasks, 1), job->ntasks};
  hy_scan_report report;
  hy_code        rc = t.seen ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for the tasks' states");

  (void)snprintf(path, sizeof path, "%s/journal", dir);
  if (!rc) rc = hy_journal_list(path, &logs, &n, err);
  for (int i = 0; !rc && i < n; i++) {
    char log[4200];

    hy_journal_path(path, logs[i], log, sizeof log);
    rc = hy_journal_scan(log, job->digest, mark, &t, &report, err);
  }
  *done = *failed = 0;
  for (int64_t i = 0; !rc && i < t.n; i++) {
    *done += t.seen[i] & 1;
    *failed += t.seen[i] == 2;
  }
  free(logs);
  free(t.seen);
  return rc;
}
