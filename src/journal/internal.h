/** @file internal.h
 *  What the two halves of a writer share: log.c, called by appenders, and commit.c, its thread. */
#ifndef HY_JOURNAL_INTERNAL_H
#define HY_JOURNAL_INTERNAL_H

#include "journal/format.h"

#include <pthread.h>
#include <stdatomic.h>

/** Whole records, one behind the other; kept until a sync has covered all of them. */
typedef struct buffer {
  struct buffer *next;
  size_t         capacity, filled;
  size_t         written; /**< to the file; the commit thread's own */
  size_t         covered; /**< by a successful fdatasync            */
  uint8_t        data[];
} buffer;

enum { HY_BUFFER_BYTES = 256 * 1024 };

/** Positions count the bytes of records since the journal was opened, over both its logs:
 *  covered <= written <= appended.
 *
 *  Locking.  `mutex` guards everything from `work` on, up to the commit thread's own; all
 *  conditions anyone waits for are functions of what it guards, and are tested under it before each
 *  wait.  No file operation happens under it.  Appenders change appended, buffers behind the
 *  snapshot and the demands; only the commit thread advances written and covered, takes buffers off
 *  the list, and changes the log.  It reads buffers without the mutex up to the snapshot it took
 *  under it, which appenders do not touch again.
 *
 *  Whoever waits on `progress` has first set `wanted` or sees it set; the commit thread sleeps only
 *  when wanted <= covered, and ends only after `stop` or with `has_failed` set, each followed by a
 *  broadcast: nobody waits for a thread that is gone. */
struct hy_journal {
  char   *dir;
  int64_t commit_ns, commit_bytes, pending_bytes;

  pthread_t       thread;
  pthread_mutex_t mutex;
  pthread_cond_t  work;     /**< the commit thread waits; CLOCK_MONOTONIC */
  pthread_cond_t  progress; /**< appenders and syncs wait                 */

  hy_loghead head;
  uint32_t   seed;
  buffer    *first, *last, *pool;
  int64_t    appended, written, covered;
  int64_t    done, failed;    /**< records appended                         */
  int64_t    wanted;          /**< somebody waits until this is covered     */
  int64_t    wake_at;         /**< appending up to here wakes the thread    */
  uint64_t   tickets, served; /**< appenders that wait for room, in order   */
  bool       has_full_buffer; /**< one was closed since the last snapshot   */
  bool       stop, has_failed;
  hy_err     failure;

  /* the commit thread's own, once it runs */
  int     fd;
  int64_t unwritten_since, uncovered_since; /**< 0: nothing waits */

  _Atomic int64_t committed_done, committed_failed;
};

/** The commit thread: `journal` is a hy_journal. */
void *hy_journal_commit(void *journal);

/** A new log with its head, durable under its name: the file, the epoch's directory and the two
 *  above it are synced.  HY_EIO. */
hy_code hy_journal_create(const char *dir, const hy_loghead *head, int *fd, hy_err *err);

/** The end of a path: what fits a message beside the reason. */
const char *hy_journal_short(const char *path);

#endif
