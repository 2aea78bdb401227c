/** @file epoch.c
 *  Names: epoch directories, logs in them, and what makes a name survive a power cut.
 *
 *  An epoch is claimed by mkdir, which succeeds for one process only, on every file system.  A
 *  start writes into its own epoch and nowhere else: what is left of an earlier start, even a
 *  process that still runs, cannot get between its records, and no torn log is ever continued.
 *
 *  A file is found after a power cut only if its directory was synced, and that one's, and so on:
 *  hy_journal_create does this once for each log, before any record can be committed in it. */
#include "journal/internal.h"

#include "base/io.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 64 }; /* "/epoch-4294967295/rank-4294967295.log" is shorter */

typedef struct name_form {
  const char *before;
  int         width;
  const char *behind;
} name_form;

static const name_form epoch_form = {"epoch-", 6, ""}, log_form = {"rank-", 5, ".log"};

static void epoch_path(const char *dir, uint32_t epoch, char *path, size_t n)
{
  (void)snprintf(path, n, "%s/%s%0*u", dir, epoch_form.before, epoch_form.width, epoch);
}

void hy_journal_path(const char *dir, hy_log_name log, char *path, size_t n)
{
  (void)snprintf(path, n, "%s/%s%0*u/%s%0*u%s", dir, epoch_form.before, epoch_form.width, log.epoch,
                 log_form.before, log_form.width, log.writer, log_form.behind);
}

/** The number in a name of the first `n` bytes of `name`: written as we write it, else none. */
static bool parse_name(const char *name, size_t n, const name_form *form, uint32_t *number)
{
  const size_t before = strlen(form->before);
  char         again[NAME_BYTES];

  if (n >= sizeof again || n <= before || strncmp(name, form->before, before) != 0 ||
      !isdigit((unsigned char)name[before]))
    return false;
  const unsigned long value = strtoul(name + before, NULL, 10);

  if (value > UINT32_MAX) return false;
  (void)snprintf(again, sizeof again, "%s%0*u%s", form->before, form->width, (uint32_t)value,
                 form->behind);
  if (strlen(again) != n || strncmp(again, name, n) != 0) return false;
  *number = (uint32_t)value;
  return true;
}

bool hy_journal_parse(const char *path, hy_log_name *log, size_t *dir_len)
{
  const char *file = strrchr(path, '/'), *epoch = file;
  hy_log_name name;

  if (!file) return false;
  while (epoch > path && epoch[-1] != '/') epoch--;
  if (epoch == path) return false;
  if (!parse_name(epoch, (size_t)(file - epoch), &epoch_form, &name.epoch) ||
      !parse_name(file + 1, strlen(file + 1), &log_form, &name.writer))
    return false;
  *log = name;
  *dir_len = (size_t)(epoch - path - 1);
  return true;
}

static hy_code check_length(const char *dir, hy_err *err)
{
  if (strlen(dir) + NAME_BYTES >= PATH_MAX)
    return hy_fail(err, HY_EINPUT, "the path %.60s... is too long for a journal", dir);
  return HY_OK;
}

/* ---- making ---- */

/** Sync DIR and the directory that holds it. */
static hy_code sync_up(const char *dir, hy_err *err)
{
  const hy_code rc = hy_io_sync_dir(dir, err);

  return rc ? rc : hy_io_sync_parent(dir, err);
}

hy_code hy_journal_create(const char *dir, const hy_loghead *head, int *fd, hy_err *err)
{
  char    path[PATH_MAX], epoch[PATH_MAX];
  uint8_t page[HY_LOGHEAD_BYTES];
  hy_code rc = check_length(dir, err);

  if (rc) return rc;
  epoch_path(dir, head->epoch, epoch, sizeof epoch);
  hy_journal_path(dir, (hy_log_name){head->epoch, head->writer}, path, sizeof path);
  hy_loghead_encode(head, page);
  const int log = hy_io->open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

  if (log < 0)
    return hy_fail(err, HY_EIO, "cannot create %s: %s", hy_journal_short(path), strerror(errno));
  if (hy_io_write_all(log, page, sizeof page) != 0 || hy_io->fdatasync(log) != 0)
    rc = hy_fail(err, HY_EIO, "cannot write %s: %s", hy_journal_short(path), strerror(errno));
  if (!rc) rc = hy_io_sync_dir(epoch, err);
  if (!rc) rc = sync_up(dir, err);
  if (rc)
    (void)hy_io->close(log);
  else
    *fd = log;
  return rc;
}

/* ---- listing ---- */

typedef struct name_list {
  hy_log_name *names;
  size_t       n, capacity;
} name_list;

static hy_code add_name(name_list *list, hy_log_name name, hy_err *err)
{
  if (list->n == list->capacity) {
    const size_t capacity = list->capacity ? 2 * list->capacity : 64;
    hy_log_name *more = realloc(list->names, capacity * sizeof *more);

    if (!more) return hy_fail(err, HY_ENOMEM, "no memory for the names of %zu logs", capacity);
    list->names = more;
    list->capacity = capacity;
  }
  list->names[list->n++] = name;
  return HY_OK;
}

/** Add what `dir` holds under this form: the number, and the rest of `name`.  A
 *  directory that is not there, or is none, holds nothing. */
static hy_code list_dir(const char *dir, const name_form *form, hy_log_name name, name_list *list,
                        hy_err *err)
{
  DIR    *stream = opendir(dir);
  hy_code rc = HY_OK;
  int     code = 0;

  if (!stream && (errno == ENOENT || errno == ENOTDIR)) return HY_OK;
  if (!stream)
    return hy_fail(err, HY_EIO, "cannot list %s: %s", hy_journal_short(dir), strerror(errno));
  while (!rc && !code) {
    uint32_t number;

    errno = 0;
    const struct dirent *entry = readdir(stream);

    code = errno;
    if (!entry) break;
    if (!parse_name(entry->d_name, strlen(entry->d_name), form, &number)) continue;
    if (form == &epoch_form)
      name.epoch = number;
    else
      name.writer = number;
    rc = add_name(list, name, err);
  }
  (void)closedir(stream);
  if (!rc && code)
    rc = hy_fail(err, HY_EIO, "cannot list %s: %s", hy_journal_short(dir), strerror(code));
  return rc;
}

static int by_name(const void *pa, const void *pb)
{
  const hy_log_name *a = pa, *b = pb;

  if (a->epoch != b->epoch) return a->epoch < b->epoch ? -1 : 1;
  return a->writer < b->writer ? -1 : a->writer > b->writer;
}

hy_code hy_journal_list(const char *dir, hy_log_name **logs, int *n, hy_err *err)
{
  name_list epochs = {0}, found = {0};
  hy_code   rc = check_length(dir, err);

  if (!rc) rc = list_dir(dir, &epoch_form, (hy_log_name){0}, &epochs, err);
  for (size_t i = 0; !rc && i < epochs.n; i++) {
    char path[PATH_MAX];

    epoch_path(dir, epochs.names[i].epoch, path, sizeof path);
    rc = list_dir(path, &log_form, epochs.names[i], &found, err);
  }
  if (!rc && found.n > INT_MAX) rc = hy_fail(err, HY_EINPUT, "%s: too many logs", dir);
  if (!rc && !found.names && !(found.names = malloc(sizeof *found.names)))
    rc = hy_fail(err, HY_ENOMEM, "no memory for the names of logs");
  free(epochs.names);
  if (rc) {
    free(found.names);
    return rc;
  }
  if (found.n > 1) qsort(found.names, found.n, sizeof *found.names, by_name);
  *logs = found.names;
  *n = (int)found.n;
  return HY_OK;
}

/* ---- claiming ---- */

hy_code hy_journal_claim(const char *dir, uint32_t *epoch, hy_err *err)
{
  char      path[PATH_MAX];
  name_list epochs = {0};
  uint32_t  last = 0;
  hy_code   rc = check_length(dir, err);

  if (!rc) rc = hy_io_make_dirs(dir, err);
  if (!rc) rc = list_dir(dir, &epoch_form, (hy_log_name){0}, &epochs, err);
  for (size_t i = 0; i < epochs.n; i++)
    if (epochs.names[i].epoch > last) last = epochs.names[i].epoch;
  free(epochs.names);
  while (!rc) {
    if (last == UINT32_MAX) return hy_fail(err, HY_EINPUT, "%s: no epoch number is left", dir);
    epoch_path(dir, ++last, path, sizeof path);
    if (hy_io->mkdir(path, 0777) == 0) break;
    if (errno != EEXIST)
      rc = hy_fail(err, HY_EIO, "cannot make %s: %s", hy_journal_short(path), strerror(errno));
  }
  if (!rc) rc = sync_up(dir, err);
  if (!rc) *epoch = last;
  return rc;
}
