/** @file scan.c
 *  Reading a log.
 *
 *  Records are read one behind the other through a window of the file.  Where the bytes are not the
 *  next record, the search goes on at every 8th byte until one is: a valid sum, begun from this
 *  log's seed, and the position it must have there.  If there is none, the log ends in half a
 *  record, as it does when a process is killed.  If there is one, bytes were damaged later, and
 *  only what lay in them is lost.
 *
 *  A record whose head is valid and whose payload is not is passed over as a whole: nothing within
 *  a payload is ever taken for a record.  A length is compared with what is left of the file before
 *  anything is read or allocated for it.
 *
 *  If even the head of the log is damaged, the seed follows from the job and the file's name. */
#include "journal/format.h"
#include "journal/internal.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 1 << 20 };

typedef struct scanner {
  hy_code (*visit)(void *ctx, const hy_found *found, hy_err *err);
  void       *ctx;
  const char *path;
  int         fd;
  int64_t     size;
  uint8_t    *window; /* bytes [start, start + have) of the file */
  size_t      capacity, have;
  int64_t     start;
  uint32_t    seed;
  uint64_t    first;      /* position of this log's first record */
  bool        any_first;  /* not known: the first record found tells */
  bool        has_second; /* which counts from byte `size` on; `missing` bytes are not there */
  int64_t     missing;
} scanner;

/** Bytes [at, at + n), which are within the file.  NULL: *rc says why. */
static const uint8_t *view(scanner *s, int64_t at, size_t n, hy_code *rc, hy_err *err)
{
  if (at >= s->start && at + (int64_t)n <= s->start + (int64_t)s->have)
    return s->window + (at - s->start);
  if (n > s->capacity) {
    uint8_t *more = realloc(s->window, n);

    if (!more) {
      *rc = hy_fail(err, HY_ENOMEM, "no memory for a record of %zu bytes in %s", n,
                    hy_journal_short(s->path));
      return NULL;
    }
    s->window = more;
    s->capacity = n;
  }
  s->have = 0;
  const int64_t left = s->size - at;
  const size_t  want = left < (int64_t)s->capacity ? (size_t)left : s->capacity;

  if (hy_io_read_all(s->fd, s->window, want, at) != 0) {
    *rc = hy_fail(err, HY_EIO, "cannot read %s: %s", hy_journal_short(s->path), strerror(errno));
    return NULL;
  }
  s->start = at;
  s->have = want;
  return s->window;
}

typedef struct sight {
  bool     is_record;
  int64_t  bytes; /* to the next place to look at */
  hy_found found;
} sight;

static hy_code look(scanner *s, int64_t at, sight *seen, hy_err *err)
{
  hy_code        rc = HY_OK;
  uint64_t       position;
  const uint64_t offset = (uint64_t)(at - HY_LOGHEAD_BYTES);
  const uint8_t *p = view(s, at, HY_RECORD_HEAD, &rc, err);

  *seen = (sight){.bytes = 8};
  if (!p || !hy_record_decode(p, s->seed, &seen->found, &position)) return rc;
  if (!s->any_first && position - s->first != offset) return HY_OK;
  const size_t size = hy_record_size(seen->found.len);

  seen->bytes = (int64_t)size;
  if (at + seen->bytes > s->size) return HY_OK;
  p = view(s, at, size, &rc, err);
  if (!p || !hy_record_is_whole(p, &seen->found)) return rc;
  seen->is_record = true;
  seen->found.offset = at + HY_RECORD_HEAD;
  seen->found.payload = p + HY_RECORD_HEAD;
  s->first = position - offset;
  s->any_first = false;
  return HY_OK;
}

static hy_code read_records(scanner *s, hy_scan_report *report, hy_err *err)
{
  int64_t good_end = HY_LOGHEAD_BYTES;
  sight   seen;

  for (int64_t at = good_end; at + HY_RECORD_HEAD <= s->size; at += seen.bytes) {
    hy_code rc = look(s, at, &seen, err);

    if (rc) return rc;
    if (!seen.is_record) continue;
    report->damaged += at - good_end;
    good_end = at + seen.bytes;
    report->sealed = seen.found.type == HY_REC_SEAL;
    report->records++;
    report->bytes += seen.bytes;
    rc = s->visit(s->ctx, &seen.found, err);
    if (rc) return rc;
  }
  if (s->has_second)
    report->damaged += s->size - good_end; /* all of it was committed */
  else
    report->torn = good_end < s->size;
  report->sealed = report->sealed && !report->torn;
  return HY_OK;
}

/** The head says who wrote the log; when it is damaged, the path does. */
static hy_code read_head(scanner *s, const uint8_t job[32], hy_loghead_state *state, hy_err *err)
{
  const char    *path = hy_journal_short(s->path);
  hy_loghead     head = {0};
  hy_log_name    name = {0};
  size_t         dir_len;
  hy_code        rc = HY_OK;
  const uint8_t *page = view(s, 0, HY_LOGHEAD_BYTES, &rc, err);

  if (!page) return rc;
  *state = hy_loghead_decode(page, &head);
  if (*state == HY_LOGHEAD_VERSION)
    return hy_fail(err, HY_EINPUT, "%s was written by another version of hybrid", path);
  if (*state == HY_LOGHEAD_ENDIAN)
    return hy_fail(err, HY_EINPUT, "%s was written by a machine of the other byte order", path);
  if (*state == HY_LOGHEAD_GOOD && memcmp(head.job, job, sizeof head.job) != 0)
    return hy_fail(err, HY_EINPUT, "%s belongs to another job", path);
  if (*state != HY_LOGHEAD_GOOD) {
    if (!hy_journal_parse(s->path, &name, &dir_len))
      return hy_fail(err, HY_EINPUT, "%s is no log of hybrid, or its head is damaged", path);
    memcpy(head.job, job, sizeof head.job);
    head.epoch = name.epoch;
    head.writer = name.writer;
    s->any_first = name.writer >= HY_SECOND_WRITER;
  }
  s->seed = hy_loghead_seed(&head);
  s->first = head.first;
  return HY_OK;
}

/** If the writer went on in a second log, what this one had not committed is found there, and is
 *  none of our business: even where it looks whole here. */
static hy_code find_second(scanner *s, const uint8_t job[32], hy_err *err)
{
  char        path[PATH_MAX];
  uint8_t     page[HY_LOGHEAD_BYTES];
  hy_loghead  head;
  hy_log_name name;
  size_t      dir_len;

  if (!hy_journal_parse(s->path, &name, &dir_len) || name.writer >= HY_SECOND_WRITER ||
      dir_len >= sizeof path)
    return HY_OK;
  char *dir = strndup(s->path, dir_len);

  if (!dir) return hy_fail(err, HY_ENOMEM, "no memory for a path");
  const uint32_t second = name.writer + HY_SECOND_WRITER;

  hy_journal_path(dir, (hy_log_name){name.epoch, second}, path, sizeof path);
  free(dir);
  if (hy_io_size(path) < HY_LOGHEAD_BYTES) return HY_OK;
  const int fd = hy_io->open(path, O_RDONLY | O_CLOEXEC, 0);
  int       code = fd < 0 || hy_io_read_all(fd, page, sizeof page, 0) != 0 ? errno : 0;

  if (fd >= 0) (void)hy_io->close(fd);
  if (code)
    return hy_fail(err, HY_EIO, "cannot read %s: %s", hy_journal_short(path), strerror(code));
  if (hy_loghead_decode(page, &head) != HY_LOGHEAD_GOOD || head.epoch != name.epoch ||
      head.writer != second || memcmp(head.job, job, sizeof head.job) != 0 ||
      head.first > INT64_MAX - HY_LOGHEAD_BYTES)
    return HY_OK;
  const int64_t committed = HY_LOGHEAD_BYTES + (int64_t)head.first;

  s->has_second = true;
  if (committed > s->size)
    s->missing = committed - s->size;
  else
    s->size = committed;
  return HY_OK;
}

static hy_code scan(scanner *s, const uint8_t job[32], hy_scan_report *report, hy_err *err)
{
  hy_loghead_state state = HY_LOGHEAD_GOOD;
  hy_code          rc = find_second(s, job, err);

  if (rc) return rc;
  report->damaged = s->missing;
  if (s->size < HY_LOGHEAD_BYTES) { /* killed while it was made */
    report->torn = true;
    return HY_OK;
  }
  s->capacity = WINDOW_BYTES;
  s->window = malloc(s->capacity);
  if (!s->window) return hy_fail(err, HY_ENOMEM, "no memory to read %s", s->path);
  rc = read_head(s, job, &state, err);
  if (!rc) rc = read_records(s, report, err);
  if (rc || state == HY_LOGHEAD_GOOD) return rc;
  if (report->records) {
    report->damaged += HY_LOGHEAD_BYTES;
    return HY_OK;
  }
  if (state == HY_LOGHEAD_FOREIGN)
    return hy_fail(err, HY_EINPUT, "%s is no log of hybrid", hy_journal_short(s->path));
  report->torn = true;
  return HY_OK;
}

hy_code hy_journal_scan(const char *path, const uint8_t job[32],
                        hy_code (*visit)(void *ctx, const hy_found *found, hy_err *err), void *ctx,
                        hy_scan_report *report, hy_err *err)
{
  scanner        s = {.visit = visit, .ctx = ctx, .path = path};
  hy_scan_report result = {0};

  s.fd = hy_io->open(path, O_RDONLY | O_CLOEXEC, 0);
  if (s.fd < 0)
    return hy_fail(err, HY_EIO, "cannot open %s: %s", hy_journal_short(path), strerror(errno));
  s.size = hy_io_size(path);
  hy_code rc = HY_OK;

  if (s.size < 0)
    rc = hy_fail(err, HY_EIO, "cannot read %s: %s", hy_journal_short(path), strerror(errno));
  else
    rc = scan(&s, job, &result, err);
  free(s.window);
  (void)hy_io->close(s.fd);
  if (!rc) *report = result;
  return rc;
}
