/** @file format.c
 *  Encoding and checking, one record at a time; no files, no state. */
#include "journal/format.h"

#include "base/digest.h"

#include <endian.h>
#include <string.h>

static const char magic[8] = {'H', 'Y', 'J', 'R', 'N', 'L', '\r', '\n'};

enum { VERSION = 1, BYTE_ORDER_MARK = 0x01020304 };

typedef struct disk_head {
  char     magic[8];
  uint32_t version, byte_order;
  uint8_t  job[32];
  uint32_t epoch, writer;
  uint64_t first;
  uint8_t  zero[HY_LOGHEAD_BYTES - 68];
  uint32_t crc;
} disk_head;

typedef struct disk_record {
  uint32_t crc, head_crc;
  uint32_t payload_len;
  uint16_t type, flags;
  uint32_t attempt, parts;
  uint64_t position, task;
} disk_record;

_Static_assert(sizeof(disk_head) == HY_LOGHEAD_BYTES, "the head of a log is one page");
_Static_assert(sizeof(disk_record) == HY_RECORD_HEAD, "the head of a record has no padding");

enum { SUMS = offsetof(disk_record, payload_len) };

void hy_loghead_encode(const hy_loghead *head, uint8_t bytes[HY_LOGHEAD_BYTES])
{
  disk_head disk = {.version = htole32(VERSION),
                    .byte_order = BYTE_ORDER_MARK,
                    .epoch = htole32(head->epoch),
                    .writer = htole32(head->writer),
                    .first = htole64(head->first)};

  memcpy(disk.magic, magic, sizeof magic);
  memcpy(disk.job, head->job, sizeof disk.job);
  disk.crc = htole32(hy_crc32c(0, &disk, offsetof(disk_head, crc)));
  memcpy(bytes, &disk, sizeof disk);
}

hy_loghead_state hy_loghead_decode(const uint8_t bytes[HY_LOGHEAD_BYTES], hy_loghead *head)
{
  disk_head disk;
  bool      is_zero = true;

  memcpy(&disk, bytes, sizeof disk);
  for (size_t i = 0; is_zero && i < HY_LOGHEAD_BYTES; i++) is_zero = bytes[i] == 0;
  if (hy_crc32c(0, &disk, offsetof(disk_head, crc)) != le32toh(disk.crc))
    return is_zero || memcmp(disk.magic, magic, sizeof magic) == 0 ? HY_LOGHEAD_DAMAGED
                                                                   : HY_LOGHEAD_FOREIGN;
  if (memcmp(disk.magic, magic, sizeof magic) != 0) return HY_LOGHEAD_FOREIGN;
  if (le32toh(disk.version) != VERSION) return HY_LOGHEAD_VERSION;
  if (disk.byte_order != BYTE_ORDER_MARK) return HY_LOGHEAD_ENDIAN;
  memcpy(head->job, disk.job, sizeof head->job);
  head->epoch = le32toh(disk.epoch);
  head->writer = le32toh(disk.writer);
  head->first = le64toh(disk.first);
  return HY_LOGHEAD_GOOD;
}

uint32_t hy_loghead_seed(const hy_loghead *head)
{
  const uint32_t name[2] = {htole32(head->epoch), htole32(head->writer)};

  return hy_crc32c(hy_crc32c(0, head->job, sizeof head->job), name, sizeof name);
}

static void put_sums(uint8_t *at, size_t size, uint32_t seed)
{
  const uint32_t head_crc = hy_crc32c(seed, at + SUMS, HY_RECORD_HEAD - SUMS);
  const uint32_t crc = hy_crc32c(head_crc, at + HY_RECORD_HEAD, size - HY_RECORD_HEAD);
  const uint32_t sums[2] = {htole32(crc), htole32(head_crc)};

  memcpy(at, sums, sizeof sums);
}

void hy_record_encode(const hy_record *record, uint32_t seed, uint64_t position, uint8_t *at)
{
  const size_t      len = record->head_len + record->body_len;
  const size_t      size = hy_record_size(len);
  const disk_record disk = {.payload_len = htole32((uint32_t)len),
                            .type = htole16((uint16_t)record->type),
                            .attempt = htole32(record->attempt),
                            .parts = htole32(record->parts),
                            .position = htole64(position),
                            .task = htole64((uint64_t)record->task)};
  uint8_t          *payload = at + HY_RECORD_HEAD;
  const uint64_t    zero = 0;

  if (size > HY_RECORD_HEAD) memcpy(at + size - sizeof zero, &zero, sizeof zero);
  memcpy(at, &disk, sizeof disk);
  if (record->head_len) memcpy(payload, record->head, record->head_len);
  if (record->body_len) memcpy(payload + record->head_len, record->body, record->body_len);
  put_sums(at, size, seed);
}

size_t hy_record_reseed(uint8_t *at, uint32_t seed)
{
  disk_record disk;

  memcpy(&disk, at, sizeof disk);
  const size_t size = hy_record_size(le32toh(disk.payload_len));

  put_sums(at, size, seed);
  return size;
}

bool hy_record_decode(const uint8_t *at, uint32_t seed, hy_found *found, uint64_t *position)
{
  disk_record disk;

  memcpy(&disk, at, sizeof disk);
  const uint32_t len = le32toh(disk.payload_len);
  const unsigned type = le16toh(disk.type);

  /* cheap tests first: a search for the next record asks at every 8th byte */
  if (type < HY_REC_DONE || type > HY_REC_SEAL || disk.flags != 0 || len > HY_RECORD_MAX ||
      le64toh(disk.task) > INT64_MAX)
    return false;
  if (hy_crc32c(seed, at + SUMS, HY_RECORD_HEAD - SUMS) != le32toh(disk.head_crc)) return false;
  found->type = (hy_record_type)type;
  found->attempt = le32toh(disk.attempt);
  found->parts = le32toh(disk.parts);
  found->crc = le32toh(disk.crc);
  found->task = (int64_t)le64toh(disk.task);
  found->len = len;
  *position = le64toh(disk.position);
  return true;
}

bool hy_record_is_whole(const uint8_t *at, const hy_found *found)
{
  disk_record disk;

  memcpy(&disk, at, sizeof disk);
  return hy_crc32c(le32toh(disk.head_crc), at + HY_RECORD_HEAD,
                   hy_record_size(found->len) - HY_RECORD_HEAD) == found->crc;
}
