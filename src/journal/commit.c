/** @file commit.c
 *  The commit thread: brings what was appended to the file, and syncs it.
 *
 *  It writes when a buffer is full or its oldest byte has waited 10 ms: what is written survives
 *  the death of the process.  It syncs after commit_s, after commit_bytes, or at once when somebody
 *  waits: what is synced survives the machine, and only that is counted as committed.  Each round
 *  takes a snapshot under the mutex, works on the file without it, and then moves the positions up
 *  to the snapshot.
 *
 *  A failed sync is not tried again: after one the kernel may have dropped the pages, marked them
 *  clean, and call the next sync a success.  So the first failure of a write or sync ends the log.
 *  Everything not covered is still in memory: it gets the sums of a second log (format.h) and is
 *  appended there.  When that fails as well, the journal has failed for good. */
#include "journal/internal.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WRITE_AGE_NS = 10 * 1000 * 1000 };

typedef enum demand { NOTHING, WRITE, SYNC, QUIT } demand;

typedef struct snapshot {
  buffer *first, *last;
  size_t  last_filled;
  int64_t appended, done, failed, now_ns;
} snapshot;

/* ---- when: the mutex is held ---- */

/** What is to be done now, else when something will be if nothing else happens. */
static demand find_demand(hy_journal *j, int64_t now, int64_t *next_ns)
{
  *next_ns = INT64_MAX;
  if (j->appended == j->covered) return j->stop ? QUIT : NOTHING;
  if (!j->uncovered_since) j->uncovered_since = now;
  if (j->stop || j->wanted > j->covered || j->appended - j->covered >= j->commit_bytes ||
      now - j->uncovered_since >= j->commit_ns)
    return SYNC;
  *next_ns = j->uncovered_since + j->commit_ns;
  if (j->appended == j->written) return NOTHING;
  if (!j->unwritten_since) j->unwritten_since = now;
  if (j->has_full_buffer || now - j->unwritten_since >= WRITE_AGE_NS) return WRITE;
  if (*next_ns > j->unwritten_since + WRITE_AGE_NS) *next_ns = j->unwritten_since + WRITE_AGE_NS;
  return NOTHING;
}

static void sleep_until(hy_journal *j, int64_t now, int64_t next_ns)
{
  /* the first byte starts the clock of a write; the next need no attention until they are many */
  j->wake_at = j->appended == j->written ? j->appended + 1 : j->covered + j->commit_bytes;
  if (next_ns == INT64_MAX) {
    (void)pthread_cond_wait(&j->work, &j->mutex);
  } else {
    struct timespec at;

    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    const int64_t ns = at.tv_nsec + (next_ns - now);

    at.tv_sec += (time_t)(ns / 1000000000);
    at.tv_nsec = (long)(ns % 1000000000);
    (void)pthread_cond_timedwait(&j->work, &j->mutex, &at);
  }
  j->wake_at = INT64_MAX;
}

static demand wait_for_demand(hy_journal *j)
{
  for (;;) {
    const int64_t now = hy_now_ns();
    int64_t       next_ns;
    const demand  what = find_demand(j, now, &next_ns);

    if (what != NOTHING) return what;
    sleep_until(j, now, next_ns);
  }
}

static snapshot take_snapshot(hy_journal *j)
{
  j->has_full_buffer = false;
  return (snapshot){.first = j->first,
                    .last = j->last,
                    .last_filled = j->last->filled,
                    .appended = j->appended,
                    .done = j->done,
                    .failed = j->failed,
                    .now_ns = hy_now_ns()};
}

/* ---- what ---- */

/** Without the mutex.  0, or an errno. */
static int write_buffers(hy_journal *j, const snapshot *s)
{
  for (buffer *b = s->first;; b = b->next) {
    const size_t end = b == s->last ? s->last_filled : b->filled;

    if (end > b->written && hy_io_write_all(j->fd, b->data + b->written, end - b->written) != 0)
      return errno;
    b->written = end;
    if (b == s->last) return 0;
  }
}

static void note_written(hy_journal *j, const snapshot *s)
{
  j->written = s->appended;
  j->unwritten_since = j->appended > j->written ? s->now_ns : 0;
}

static void note_covered(hy_journal *j, const snapshot *s)
{
  for (buffer *b = j->first; b;) {
    const bool is_last = b == s->last;

    b->covered = is_last ? s->last_filled : b->filled;
    if (b->covered < b->filled) break;
    j->first = b->next;
    if (!j->first) j->last = NULL;
    if (b->capacity == HY_BUFFER_BYTES) {
      b->next = j->pool;
      j->pool = b;
    } else {
      free(b);
    }
    if (is_last) break;
    b = j->first;
  }
  j->covered = s->appended;
  j->uncovered_since = j->appended > j->covered ? s->now_ns : 0;
  atomic_store_explicit(&j->committed_done, s->done, memory_order_release);
  atomic_store_explicit(&j->committed_failed, s->failed, memory_order_release);
  (void)pthread_cond_broadcast(&j->progress);
}

/* ---- failure ---- */

const char *hy_journal_short(const char *path)
{
  const size_t n = strlen(path), most = 200;

  return n > most ? path + (n - most) : path;
}

static void describe(const hy_journal *j, int code, hy_err *err)
{
  char path[4200];

  hy_journal_path(j->dir, (hy_log_name){j->head.epoch, j->head.writer}, path, sizeof path);
  (void)hy_fail(err, HY_EIO, "cannot write %s: %s", hy_journal_short(path), strerror(code));
}

/** Everything not covered becomes a part of the new log. */
static void take_over(hy_journal *j, const hy_loghead *head)
{
  j->head = *head;
  j->seed = hy_loghead_seed(head);
  for (buffer *b = j->first; b; b = b->next) {
    for (size_t at = b->covered; at < b->filled;) at += hy_record_reseed(b->data + at, j->seed);
    b->written = b->covered;
  }
  j->written = j->covered;
  j->wanted = j->appended;
}

/** Go on in the second log; HY_EIO if this was the second, or there can be none.  Called and left
 *  without the mutex. */
static hy_code change_log(hy_journal *j, int code, hy_err *err)
{
  hy_loghead head = j->head;

  describe(j, code, err);
  if (j->fd >= 0) (void)hy_io->close(j->fd);
  j->fd = -1;
  if (head.writer >= HY_SECOND_WRITER) return HY_EIO;
  hy_log(HY_LOG_WARN, "journal", "%s; going on in a second log", err->text);
  head.writer += HY_SECOND_WRITER;
  head.first = (uint64_t)j->covered;
  if (hy_journal_create(j->dir, &head, &j->fd, err)) return HY_EIO;
  (void)pthread_mutex_lock(&j->mutex);
  take_over(j, &head);
  (void)pthread_mutex_unlock(&j->mutex);
  return HY_OK;
}

static void give_up(hy_journal *j, const hy_err *why)
{
  (void)pthread_mutex_lock(&j->mutex);
  (void)hy_fail(&j->failure, HY_EIO,
                "%.320s; %lld results are committed, start the job again to go on", why->text,
                (long long)atomic_load(&j->committed_done));
  j->has_failed = true;
  (void)pthread_cond_broadcast(&j->progress);
  (void)pthread_mutex_unlock(&j->mutex);
}

void *hy_journal_commit(void *journal)
{
  hy_journal *j = journal;
  hy_err      why;

  for (;;) {
    (void)pthread_mutex_lock(&j->mutex);
    const demand what = wait_for_demand(j);

    if (what == QUIT) break;
    const snapshot s = take_snapshot(j);

    (void)pthread_mutex_unlock(&j->mutex);
    int code = write_buffers(j, &s);

    if (!code && what == SYNC && hy_io->fdatasync(j->fd) != 0) code = errno;
    if (code && change_log(j, code, &why)) {
      give_up(j, &why);
      return NULL;
    }
    if (code) continue;
    (void)pthread_mutex_lock(&j->mutex);
    note_written(j, &s);
    if (what == SYNC) note_covered(j, &s);
    (void)pthread_mutex_unlock(&j->mutex);
  }
  (void)pthread_mutex_unlock(&j->mutex);
  return NULL;
}
