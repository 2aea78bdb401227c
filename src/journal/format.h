/** @file format.h
 *  The bytes of a log.  This file is the authority; format.c encodes and checks them.  Local.
 *
 *  A log is a head of 4096 bytes and records.  Numbers are little endian, except the byte order
 *  mark: payloads are stored as the machine has them, and the mark says how that was.
 *
 *      head    0  magic "HYJRNL\r\n"          record   0  u32 crc        of head and payload
 *              8  u32 version = 1                      4  u32 head_crc   of bytes 8..39
 *             12  u32 0x01020304, native               8  u32 payload_len
 *             16  job digest, 32 bytes                12  u16 type, u16 flags = 0
 *             48  u32 epoch, u32 writer               16  u32 attempt, u32 parts
 *             56  u64 first: position of record 0     24  u64 position
 *             64  zeros                               32  u64 task
 *           4092  u32 crc of bytes 0..4091            40  payload, zeros up to a multiple of 8
 *
 *  Every version keeps magic, version and crc of the head where they are.
 *
 *  All sums are CRC-32C.  Those of records start from a seed made of job, epoch and writer, so that
 *  neither zeros nor a record of another log can pass for one of this log.  head_crc is the sum's
 *  value between head and payload: it costs nothing, and a length is believed before the payload is
 *  read.  A record's position counts the bytes of its writer's records before it; as the file shows
 *  the same number, a block that ended up in the wrong place is not believed either.
 *
 *  A writer whose log fails goes on in one second log, writer + 1000000, whose `first` is the
 *  position up to which the first log is committed: from there on the second log counts, and
 *  nothing is found twice. */
#ifndef HY_JOURNAL_FORMAT_H
#define HY_JOURNAL_FORMAT_H

#include "journal/journal.h"

enum { HY_LOGHEAD_BYTES = 4096, HY_RECORD_HEAD = 40, HY_RECORD_MAX = 1 << 30 };
enum { HY_SECOND_WRITER = 1000000 };

/** Head of a log. */
typedef struct hy_loghead {
  uint8_t  job[32];
  uint32_t epoch, writer;
  uint64_t first;
} hy_loghead;

typedef enum hy_loghead_state {
  HY_LOGHEAD_GOOD,
  HY_LOGHEAD_FOREIGN, /**< no log                                   */
  HY_LOGHEAD_DAMAGED, /**< the magic is there or all is zero, but the sum is wrong */
  HY_LOGHEAD_VERSION, /**< of another version of hybrid             */
  HY_LOGHEAD_ENDIAN   /**< of a machine of the other byte order     */
} hy_loghead_state;

void             hy_loghead_encode(const hy_loghead *head, uint8_t bytes[HY_LOGHEAD_BYTES]);
hy_loghead_state hy_loghead_decode(const uint8_t bytes[HY_LOGHEAD_BYTES], hy_loghead *head);

/** What the sums of this log's records start from. */
uint32_t hy_loghead_seed(const hy_loghead *head);

/** Bytes a record takes up in a log. */
static inline size_t hy_record_size(size_t payload_len)
{
  return HY_RECORD_HEAD + ((payload_len + 7) & ~(size_t)7);
}

/** Write hy_record_size() bytes to `at`. */
void hy_record_encode(const hy_record *record, uint32_t seed, uint64_t position, uint8_t *at);

/** Give an encoded record another log's sums; returns its size. */
size_t hy_record_reseed(uint8_t *at, uint32_t seed);

/** The head of a record at `at` (40 bytes), its sum checked.  found->crc is still to be compared,
 *  found->offset and found->payload are left alone. */
bool hy_record_decode(const uint8_t *at, uint32_t seed, hy_found *found, uint64_t *position);

/** Whether the payload behind a decoded head is the one that was written. */
bool hy_record_is_whole(const uint8_t *at, const hy_found *found);

/** Epoch and writer from the path of a log, and the length of DIR in it. */
bool hy_journal_parse(const char *path, hy_log_name *log, size_t *dir_len);

#endif
