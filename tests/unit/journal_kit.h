/** @file journal_kit.h
 *  What the tests of the journal share: records whose every byte follows from their task, so that a
 *  scan can tell right from wrong without a list of what was written. */
#ifndef HY_TESTS_JOURNAL_KIT_H
#define HY_TESTS_JOURNAL_KIT_H

#include "journal/format.h"
#include "journal/journal.h"
#include "test.h"

#include "base/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIT_LONGEST = 5 << 20, KIT_TASKS = 1 << 17 };

static const uint8_t kit_job[32] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};

/** A directory of its own for each call. */
static inline const char *kit_dir(void)
{
  static int  n;
  static char dir[200];

  (void)snprintf(dir, sizeof dir, "%s/j%d", hy_test_dir(), n++);
  return dir;
}

static inline uint32_t kit_parts(int64_t task)
{
  return (uint32_t)(task * 3);
}

static inline hy_record_type kit_type(int64_t task)
{
  return task % 7 == 3 ? HY_REC_FAILED : HY_REC_DONE;
}

static inline uint8_t kit_byte(int64_t task, size_t i)
{
  return (uint8_t)((uint64_t)task * 31 + i * 7 + (i >> 8));
}

/** Append a task's record: `len` bytes of payload, the first `head` of them as its head. */
static inline hy_code kit_append(hy_journal *j, int64_t task, size_t head, size_t len, hy_err *err)
{
  uint8_t  small[256];
  uint8_t *bytes = len <= sizeof small ? small : malloc(len);

  if (!bytes) return HY_ENOMEM;
  for (size_t i = 0; i < len; i++) bytes[i] = kit_byte(task, i);
  const hy_record r = {.type = kit_type(task),
                       .attempt = (uint32_t)(task % 5),
                       .task = task,
                       .parts = kit_parts(task),
                       .head = head ? bytes : NULL,
                       .head_len = head,
                       .body = len > head ? bytes + head : NULL,
                       .body_len = len - head};
  const hy_code   rc = hy_journal_append(j, &r, err);

  if (bytes != small) free(bytes);
  return rc;
}

typedef struct kit_seen {
  uint8_t times[KIT_TASKS];
  int64_t records, wrong;
  int     fd; /**< -1, or the log: payloads must lie where found->offset says */
} kit_seen;

static inline hy_code kit_see(void *ctx, const hy_found *f, hy_err *err)
{
  kit_seen *seen = ctx;
  bool      right = f->task >= 0 && f->task < KIT_TASKS;

  (void)err;
  if (f->type == HY_REC_SEAL) return HY_OK;
  right = right && f->type == kit_type(f->task) && f->attempt == (uint32_t)(f->task % 5) &&
          f->parts == kit_parts(f->task);
  for (size_t i = 0; right && i < f->len; i++) right = f->payload[i] == kit_byte(f->task, i);
  if (right && seen->fd >= 0 && f->len) {
    uint8_t *bytes = malloc(f->len);

    right = bytes && hy_io_read_all(seen->fd, bytes, f->len, f->offset) == 0 &&
            memcmp(bytes, f->payload, f->len) == 0;
    free(bytes);
  }
  seen->records++;
  if (right)
    seen->times[f->task]++;
  else
    seen->wrong++;
  return HY_OK;
}

static inline void kit_forget(kit_seen *seen)
{
  memset(seen, 0, sizeof *seen);
  seen->fd = -1;
}

/** Scan every log under `dir`; the number of logs, or -1. */
static inline int kit_scan_all(const char *dir, kit_seen *seen)
{
  hy_log_name *logs = NULL;
  int          n = 0;
  hy_code      rc = hy_journal_list(dir, &logs, &n, NULL);

  kit_forget(seen);
  for (int i = 0; !rc && i < n; i++) {
    char           path[400];
    hy_scan_report report;

    hy_journal_path(dir, logs[i], path, sizeof path);
    rc = hy_journal_scan(path, kit_job, kit_see, seen, &report, NULL);
  }
  free(logs);
  return rc ? -1 : n;
}

/** Whether tasks [0, n) were seen, each once. */
static inline bool kit_has_all(const kit_seen *seen, int64_t n)
{
  for (int64_t i = 0; i < n; i++)
    if (seen->times[i] != 1) return false;
  return true;
}

static inline bool kit_has_doubles(const kit_seen *seen)
{
  for (int64_t i = 0; i < KIT_TASKS; i++)
    if (seen->times[i] > 1) return true;
  return false;
}

/** Claim an epoch under `dir` and open writer 0. */
static inline hy_code kit_open(const char *dir, const hy_journal_options *o, hy_journal **j,
                               hy_log_name *name, hy_err *err)
{
  uint32_t      epoch = 0;
  const hy_code rc = hy_journal_claim(dir, &epoch, err);

  if (rc) return rc;
  *name = (hy_log_name){epoch, 0};
  return hy_journal_open(dir, kit_job, epoch, 0, o, j, err);
}

#endif
