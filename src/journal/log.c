/** @file log.c
 *  The appenders' half of a writer.  A record is encoded straight into the last buffer of a list,
 *  under the mutex; that is all an append does as a rule.
 *
 *      pool -> [ free ] [ free ]
 *      first -> [ covered | written | appended ] -> [ appended ] -> [ appended |    ] <- last
 *
 *  The commit thread (commit.c) writes the list to the file from the left, syncs, and puts buffers
 *  that are covered back into the pool.  Records do not straddle buffers, so that a buffer can be
 *  appended to another log after a failure; one that is too large for a buffer gets its own.
 *
 *  Appenders wait while more than pending_bytes would not be covered.  They queue by tickets:
 *  otherwise small records would keep a large one waiting for ever.  With nothing pending a record
 *  of any size may pass, so the queue always moves.  internal.h states who may touch what. */
#include "journal/internal.h"

#include "base/io.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

hy_journal_options hy_journal_defaults(void)
{
  return (hy_journal_options){.commit_s = 0.1, .commit_bytes = 4 << 20, .pending_bytes = 32 << 20};
}

/* ---- appending: the mutex is held ---- */

static bool has_room(const hy_journal *j, size_t size)
{
  const int64_t pending = j->appended - j->covered;

  return pending == 0 || pending + (int64_t)size <= j->pending_bytes;
}

static void wait_for_room(hy_journal *j, size_t size)
{
  const uint64_t ticket = j->tickets++;

  while (!j->has_failed && (ticket != j->served || !has_room(j, size))) {
    j->wanted = j->appended;
    (void)pthread_cond_signal(&j->work);
    (void)pthread_cond_wait(&j->progress, &j->mutex);
  }
  j->served++;
  if (j->tickets != j->served) (void)pthread_cond_broadcast(&j->progress);
}

static hy_code add_buffer(hy_journal *j, size_t size, hy_err *err)
{
  buffer *b = NULL;

  if (size <= HY_BUFFER_BYTES && j->pool) {
    b = j->pool;
    j->pool = b->next;
  } else {
    const size_t capacity = size <= HY_BUFFER_BYTES ? HY_BUFFER_BYTES : size;

    b = malloc(sizeof *b + capacity);
    if (!b)
      return hy_fail(err, HY_ENOMEM, "no memory to journal a record of %zu bytes; it was not kept",
                     size);
    b->capacity = capacity;
  }
  b->next = NULL;
  b->filled = b->written = b->covered = 0;
  if (j->last) {
    j->last->next = b;
    j->has_full_buffer = true;
    j->wake_at = 0;
  } else {
    j->first = b;
  }
  j->last = b;
  return HY_OK;
}

static hy_code failed(const hy_journal *j, hy_err *err)
{
  if (err) *err = j->failure;
  return HY_EIO;
}

static hy_code append(hy_journal *j, const hy_record *record, bool *wake, hy_err *err)
{
  const size_t size = hy_record_size(record->head_len + record->body_len);

  if (j->tickets != j->served || !has_room(j, size)) wait_for_room(j, size);
  if (j->has_failed) return failed(j, err);
  if (!j->last || j->last->capacity - j->last->filled < size) {
    const hy_code rc = add_buffer(j, size, err);

    if (rc) return rc;
  }
  hy_record_encode(record, j->seed, (uint64_t)j->appended, j->last->data + j->last->filled);
  j->last->filled += size;
  j->appended += (int64_t)size;
  j->done += record->type == HY_REC_DONE;
  j->failed += record->type == HY_REC_FAILED;
  *wake = j->appended >= j->wake_at;
  if (*wake) j->wake_at = INT64_MAX;
  return HY_OK;
}

/* ---- the calls ---- */

static hy_code put(hy_journal *j, const hy_record *record, hy_err *err)
{
  bool wake = false;

  (void)pthread_mutex_lock(&j->mutex);
  const hy_code rc = append(j, record, &wake, err);

  (void)pthread_mutex_unlock(&j->mutex);
  if (wake) (void)pthread_cond_signal(&j->work);
  return rc;
}

hy_code hy_journal_append(hy_journal *j, const hy_record *record, hy_err *err)
{
  if (record->type < HY_REC_DONE || record->type > HY_REC_START || record->task < 0)
    return hy_fail(err, HY_EBUG, "journal: no such record: type %d, task %lld", (int)record->type,
                   (long long)record->task);
  if (record->head_len > HY_RECORD_MAX || record->body_len > HY_RECORD_MAX - record->head_len)
    return hy_fail(err, HY_EBUG, "journal: a record of task %lld is larger than 1 GiB",
                   (long long)record->task);
  return put(j, record, err);
}

hy_code hy_journal_sync(hy_journal *j, hy_err *err)
{
  hy_code rc = HY_OK;

  (void)pthread_mutex_lock(&j->mutex);
  const int64_t target = j->appended;

  while (!j->has_failed && j->covered < target) {
    if (j->wanted < target) j->wanted = target;
    (void)pthread_cond_signal(&j->work);
    (void)pthread_cond_wait(&j->progress, &j->mutex);
  }
  if (j->covered < target) rc = failed(j, err);
  (void)pthread_mutex_unlock(&j->mutex);
  return rc;
}

void hy_journal_committed(const hy_journal *j, int64_t *done, int64_t *failed_count)
{
  *done = atomic_load_explicit(&j->committed_done, memory_order_acquire);
  *failed_count = atomic_load_explicit(&j->committed_failed, memory_order_acquire);
}

static void free_buffers(buffer *b)
{
  while (b) {
    buffer *next = b->next;

    free(b);
    b = next;
  }
}

static void destroy(hy_journal *j)
{
  free_buffers(j->first);
  free_buffers(j->pool);
  (void)pthread_cond_destroy(&j->work);
  (void)pthread_cond_destroy(&j->progress);
  (void)pthread_mutex_destroy(&j->mutex);
  free(j->dir);
  free(j);
}

hy_code hy_journal_close(hy_journal *j, hy_err *err)
{
  const hy_record seal = {.type = HY_REC_SEAL};

  if (!j) return HY_OK;
  hy_code rc = hy_journal_sync(j, err);

  /* not in one go with the rest: a power cut must not leave a seal behind records that are lost */
  if (!rc) rc = put(j, &seal, err);
  if (!rc) rc = hy_journal_sync(j, err);
  (void)pthread_mutex_lock(&j->mutex);
  j->stop = true;
  (void)pthread_mutex_unlock(&j->mutex);
  (void)pthread_cond_signal(&j->work);
  (void)pthread_join(j->thread, NULL);
  if (j->fd >= 0 && hy_io->close(j->fd) != 0 && !rc)
    rc = hy_fail(err, HY_EIO, "cannot close a log in %s: %s; its %lld results are committed",
                 hy_journal_short(j->dir), strerror(errno), (long long)j->done);
  destroy(j);
  return rc;
}

/* ---- opening ---- */

static hy_code check_options(const hy_journal_options *o, hy_err *err)
{
  if (!(o->commit_s >= 0.0) || o->commit_bytes < 0 || o->pending_bytes < 0)
    return hy_fail(err, HY_EINPUT,
                   "journal: commit after %g s or %lld bytes, at most %lld: none "
                   "may be negative",
                   o->commit_s, (long long)o->commit_bytes, (long long)o->pending_bytes);
  return HY_OK;
}

static hy_journal *make(const char *dir, const hy_loghead *head, const hy_journal_options *o)
{
  const int64_t      most = (int64_t)1 << 48; /* sums of positions and limits cannot overflow */
  hy_journal        *j = calloc(1, sizeof *j);
  pthread_condattr_t monotonic;

  if (!j || !(j->dir = strdup(dir))) {
    free(j);
    return NULL;
  }
  j->head = *head;
  j->seed = hy_loghead_seed(head);
  j->commit_ns = (int64_t)(1e9 * (o->commit_s < 1e5 ? o->commit_s : 1e5));
  j->commit_bytes = o->commit_bytes < most ? o->commit_bytes : most;
  j->pending_bytes = o->pending_bytes < most ? o->pending_bytes : most;
  j->wake_at = INT64_MAX;
  j->fd = -1;
  (void)pthread_condattr_init(&monotonic);
  (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  (void)pthread_mutex_init(&j->mutex, NULL);
  (void)pthread_cond_init(&j->work, &monotonic);
  (void)pthread_cond_init(&j->progress, NULL);
  (void)pthread_condattr_destroy(&monotonic);
  return j;
}

/** Signals are for the program's other threads: none may interrupt a sync or run a handler here. */
static int start_thread(hy_journal *j)
{
  sigset_t all, before;

  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, &before);
  const int code = pthread_create(&j->thread, NULL, hy_journal_commit, j);

  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return code;
}

hy_code hy_journal_open(const char *dir, const uint8_t job[32], uint32_t epoch, uint32_t writer,
                        const hy_journal_options *options, hy_journal **journal, hy_err *err)
{
  const hy_journal_options defaults = hy_journal_defaults(), *o = options ? options : &defaults;
  hy_loghead               head = {.epoch = epoch, .writer = writer};
  hy_code                  rc = check_options(o, err);

  if (rc) return rc;
  if (writer >= HY_SECOND_WRITER)
    return hy_fail(err, HY_EBUG, "journal: writer %u: at most %d are possible", writer,
                   HY_SECOND_WRITER);
  memcpy(head.job, job, sizeof head.job);
  hy_journal *j = make(dir, &head, o);

  if (!j) return hy_fail(err, HY_ENOMEM, "no memory for a journal");
  rc = hy_journal_create(dir, &head, &j->fd, err);
  if (rc) goto out;
  const int code = start_thread(j);

  if (code) {
    rc = hy_fail(err, HY_EIO, "cannot start the journal's thread: %s", strerror(code));
    (void)hy_io->close(j->fd);
    goto out;
  }
  *journal = j;
  return HY_OK;
out:
  destroy(j);
  return rc;
}
