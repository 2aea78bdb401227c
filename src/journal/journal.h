/** @file journal.h
 *  The append-only, checksummed logs that hold the results of an unfinished run.  No MPI.  Local;
 *  hy_journal_append() is thread-safe.
 *
 *  DIR/epoch-000001/rank-00000.log    one log per rank and start; no later start appends to it
 *  DIR/epoch-000001/rank-1000000.log  the second log of rank 0, if the first could not be written
 *
 *  format.h describes the bytes.
 *  Invariant: hy_journal_committed() counts only records that a successful fdatasync covered. */
#ifndef HY_JOURNAL_JOURNAL_H
#define HY_JOURNAL_JOURNAL_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum hy_record_type {
  HY_REC_DONE = 1,   /**< task finished; payload = all outputs, or none and `parts` PART records  */
  HY_REC_PART = 2,   /**< a slab of one output: hy_part, then the data                            */
  HY_REC_FAILED = 3, /**< payload: hy_err                                                         */
  HY_REC_START = 4,  /**< reserved: attribution of crashes                                        */
  HY_REC_SEAL = 5    /**< clean end of a log                                                      */
} hy_record_type;

/** Head of a PART's payload; the slab's data follow. */
typedef struct hy_part {
  uint32_t output; /**< index in the kernel's table */
  uint32_t zero;
  int64_t  start, count; /**< rows */
} hy_part;

/** What is appended. */
typedef struct hy_record {
  hy_record_type type;
  uint32_t       attempt; /**< 0 for the first                                                  */
  int64_t        task;
  uint32_t       parts;    /**< DONE: PART records of this task and epoch, over all logs         */
  const void    *head;     /**< payload, in two pieces that are stored one behind the other;     */
  size_t         head_len; /**< at most 1 GiB together                                          */
  const void    *body;
  size_t         body_len;
} hy_record;

typedef struct hy_journal hy_journal;

typedef struct hy_journal_options {
  double  commit_s;      /**< longest time between two fdatasync while records wait; 0.1        */
  int64_t commit_bytes;  /**< sync earlier when so much waits; 4 MiB                            */
  int64_t pending_bytes; /**< appenders wait while more than this is not yet synced; 32 MiB     */
} hy_journal_options;
hy_journal_options hy_journal_defaults(void);

/** Claim a new epoch directory under DIR (made if missing); the number is the fence against
 *  processes of an earlier start.  One rank calls this and sends the number to the others. */
hy_code hy_journal_claim(const char *dir, uint32_t *epoch, hy_err *err);

/** Create this writer's log in the epoch directory, sync its name, and start its commit thread.
 *  `writer` is below 1000000; NULL options: the defaults.  HY_EIO; HY_EINPUT: options below 0. */
hy_code hy_journal_open(const char *dir, const uint8_t job[32], uint32_t epoch, uint32_t writer,
                        const hy_journal_options *options, hy_journal **journal, hy_err *err);

/** Copy a record into the log.  Returns before it is durable; waits while too much is pending.
 *  HY_EIO once the second log has failed, too: nothing more is accepted then, what was committed is
 *  safe.  HY_ENOMEM: this record was not kept, the journal goes on.  HY_EBUG: no such record. */
hy_code hy_journal_append(hy_journal *journal, const hy_record *record, hy_err *err);

/** Return when everything appended so far is durable.  HY_EIO. */
hy_code hy_journal_sync(hy_journal *journal, hy_err *err);

/** DONE and FAILED records of this journal that are durable.  Any thread, any time; never waits. */
void hy_journal_committed(const hy_journal *journal, int64_t *done, int64_t *failed);

/** Sync, SEAL, close; frees the journal in any case.  HY_EIO. */
hy_code hy_journal_close(hy_journal *journal, hy_err *err);

/* ---- reading ---- */

typedef struct hy_log_name {
  uint32_t epoch, writer;
} hy_log_name;

/** All logs under DIR, by epoch, then writer.  The caller frees *logs, which is never NULL.  None
 *  is fine, and so is no DIR.  HY_EIO. */
hy_code hy_journal_list(const char *dir, hy_log_name **logs, int *n, hy_err *err);

/** Path of a log into path[n]. */
void hy_journal_path(const char *dir, hy_log_name log, char *path, size_t n);

/** A record where it was found. */
typedef struct hy_found {
  hy_record_type type;
  uint32_t       attempt, parts, crc;
  int64_t        task;
  int64_t        offset;  /**< of the payload in the log */
  uint32_t       len;     /**< of the payload            */
  const uint8_t *payload; /**< for the call only         */
} hy_found;

typedef struct hy_scan_report {
  int64_t records, bytes;
  bool    sealed;  /**< ended cleanly                                                      */
  bool    torn;    /**< ends in half a record: normal after a crash                        */
  int64_t damaged; /**< bytes that are no records although records follow: corruption      */
} hy_scan_report;

/** Call `visit` on each valid record of a log in order; a code other than HY_OK from it ends the
 *  scan and is returned.  HY_EINPUT: the log belongs to another job or format; HY_EIO.  A damaged
 *  stretch is skipped and reported.  What a second log has taken over is visited there only, so
 *  that over all logs of an epoch each record appended is found once.  Memory: one record, at least
 *  1 MiB. */
hy_code hy_journal_scan(const char *path, const uint8_t job[32],
                        hy_code (*visit)(void *ctx, const hy_found *found, hy_err *err), void *ctx,
                        hy_scan_report *report, hy_err *err);

#endif
