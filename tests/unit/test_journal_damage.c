/** @file test_journal_damage.c
 *  Reading logs that are cut, flipped, mixed up or not ours: what is found is right, what is
 *  missing is said. */
#include "journal_kit.h"

#include "base/digest.h"

#include <fcntl.h>
#include <unistd.h>

static kit_seen seen;

enum { MOST_RECORDS = 32, MOST_BYTES = 1 << 16 };

/** A small sealed log in memory, the path it came from, and where its records are. */
typedef struct sample {
  char    path[400];
  uint8_t bytes[MOST_BYTES];
  size_t  size;
  int     n;                       /* with the seal */
  size_t  start[MOST_RECORDS + 1]; /* and the end   */
} sample;

static bool make_sample(sample *s, int n)
{
  const char *dir = kit_dir();
  hy_journal *j = NULL;
  hy_log_name name = {0};
  bool        good = !kit_open(dir, NULL, &j, &name, NULL);

  s->start[0] = HY_LOGHEAD_BYTES;
  for (int i = 0; good && i < n; i++) {
    const size_t len = (size_t)(i * 13 % 50);

    good = !kit_append(j, i, len / 2, len, NULL);
    s->start[i + 1] = s->start[i] + hy_record_size(len);
  }
  s->n = n + 1;
  s->start[n + 1] = s->start[n] + HY_RECORD_HEAD;
  s->size = s->start[n + 1];
  if (!good || hy_journal_close(j, NULL)) return false;
  hy_journal_path(dir, name, s->path, sizeof s->path);
  const int fd = open(s->path, O_RDONLY);

  good = hy_io_size(s->path) == (int64_t)s->size && hy_io_read_all(fd, s->bytes, s->size, 0) == 0;
  (void)close(fd);
  return good;
}

static bool put_file(const char *path, const void *bytes, size_t n)
{
  const int  fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  const bool good = fd >= 0 && hy_io_write_all(fd, bytes, n) == 0;

  (void)close(fd);
  return good;
}

static hy_code scan_bytes(const sample *s, const void *bytes, size_t n, hy_scan_report *report,
                          hy_err *err)
{
  kit_forget(&seen);
  if (!put_file(s->path, bytes, n)) return HY_EBUG;
  return hy_journal_scan(s->path, kit_job, kit_see, &seen, report, err);
}

static void test_every_byte_flipped(void)
{
  static const uint8_t masks[] = {0x01, 0x80, 0xff};
  static sample        s;

  CU_ASSERT_FATAL(make_sample(&s, 12));
  const int fd = open(s.path, O_RDWR);

  for (size_t at = 0; at < s.size; at++)
    for (size_t m = 0; m < sizeof masks; m++) {
      const uint8_t  flipped = s.bytes[at] ^ masks[m];
      int            hit = -1;
      hy_scan_report r;

      for (int i = 0; i < s.n; i++)
        if (at >= s.start[i] && at < s.start[i + 1]) hit = i;
      CU_ASSERT_EQUAL(pwrite(fd, &flipped, 1, (off_t)at), 1);
      kit_forget(&seen);
      CU_ASSERT_EQUAL(hy_journal_scan(s.path, kit_job, kit_see, &seen, &r, NULL), HY_OK);
      CU_ASSERT_EQUAL(pwrite(fd, &s.bytes[at], 1, (off_t)at), 1);
      CU_ASSERT_EQUAL(seen.wrong, 0);
      for (int i = 0; i < s.n - 1; i++) CU_ASSERT_EQUAL(seen.times[i], i != hit);
      CU_ASSERT_EQUAL(r.records, s.n - (hit >= 0));
      if (hit < 0) {
        CU_ASSERT(r.damaged == HY_LOGHEAD_BYTES && r.sealed && !r.torn);
      } else if (hit < s.n - 1) {
        CU_ASSERT(r.damaged == (int64_t)(s.start[hit + 1] - s.start[hit]) && r.sealed && !r.torn);
      } else {
        CU_ASSERT(r.damaged == 0 && !r.sealed && r.torn);
      }
    }
  (void)close(fd);
}

static void test_cut_anywhere(void)
{
  static sample s;

  CU_ASSERT_FATAL(make_sample(&s, 12));
  for (size_t size = s.size + 1; size-- > 0;) {
    hy_scan_report r;
    int            whole = 0;

    while (whole < s.n && s.start[whole + 1] <= size) whole++;
    CU_ASSERT_EQUAL(truncate(s.path, (off_t)size), 0);
    kit_forget(&seen);
    CU_ASSERT_EQUAL(hy_journal_scan(s.path, kit_job, kit_see, &seen, &r, NULL), HY_OK);
    CU_ASSERT(seen.wrong == 0 && kit_has_all(&seen, whole < s.n ? whole : s.n - 1));
    CU_ASSERT_EQUAL(r.records, whole);
    CU_ASSERT_EQUAL(r.damaged, 0);
    CU_ASSERT_EQUAL(r.sealed, whole == s.n);
    CU_ASSERT_EQUAL(r.torn, size < HY_LOGHEAD_BYTES || size != s.start[whole]);
  }
}

/** A tail of zeros or rubbish is what a power cut leaves where pages were not yet written. */
static void test_tails(void)
{
  static sample  s;
  static uint8_t bytes[MOST_BYTES];

  CU_ASSERT_FATAL(make_sample(&s, 12));
  for (int kind = 0; kind < 3; kind++)
    for (int keep = 0; keep < s.n; keep++) {
      hy_scan_report r;
      const size_t   tail = (size_t)keep * 97 + 1;

      memset(bytes, kind == 0 ? 0 : 0xff, sizeof bytes);
      for (size_t i = 0; kind == 2 && i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(hy_crc32c((uint32_t)keep, &i, sizeof i) >> 8);
      memcpy(bytes, s.bytes, s.start[keep]);
      CU_ASSERT_EQUAL(scan_bytes(&s, bytes, s.start[keep] + tail, &r, NULL), HY_OK);
      CU_ASSERT(seen.wrong == 0 && r.records == keep && kit_has_all(&seen, keep));
      CU_ASSERT(r.torn && !r.sealed && r.damaged == 0);
    }
}

/** Rubbish, zeros and shuffled blocks over any stretch: never a wrong record, never one twice. */
static void test_random_damage(void)
{
  static sample  s;
  static uint8_t bytes[MOST_BYTES];
  uint64_t       state = 1;

  CU_ASSERT_FATAL(make_sample(&s, 30));
  for (int round = 0; round < 2000; round++) {
    hy_scan_report r;

    memcpy(bytes, s.bytes, s.size);
    for (int hits = 0; hits <= round % 3; hits++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      size_t at = (size_t)(state >> 33) % s.size, n = 1 + (size_t)(state >> 20) % 300;

      if (state >> 63) at = HY_LOGHEAD_BYTES + at % (s.size - HY_LOGHEAD_BYTES);
      if (n > s.size - at) n = s.size - at;
      const size_t from = (size_t)(state >> 7) % (s.size - n);

      for (size_t i = 0; i < n; i++) {
        const uint8_t kinds[] = {0, (uint8_t)(state >> i % 56), s.bytes[from + i],
                                 s.bytes[from / 8 * 8 + i]};

        bytes[at + i] = kinds[round % 4];
      }
    }
    const hy_code rc = scan_bytes(&s, bytes, s.size, &r, NULL);

    CU_ASSERT(rc == HY_OK || rc == HY_EINPUT);
    CU_ASSERT(seen.wrong == 0 && !kit_has_doubles(&seen));
    int64_t found = 0;

    for (int i = 0; i < s.n - 1; i++)
      if (memcmp(bytes + s.start[i], s.bytes + s.start[i], s.start[i + 1] - s.start[i]) == 0) {
        CU_ASSERT(rc != HY_OK || seen.times[i] == 1);
        found++;
      }
    CU_ASSERT(rc != HY_OK || found == seen.records);
    CU_ASSERT(rc != HY_OK || found == s.n - 1 || r.damaged > 0 || r.torn);
  }
}

/** Valid records in the wrong place are no records: old blocks, a repeated one, another log's. */
static void test_misplaced(void)
{
  static sample  s, other;
  static uint8_t bytes[MOST_BYTES];
  hy_scan_report r;

  CU_ASSERT_FATAL(make_sample(&s, 12));
  CU_ASSERT_FATAL(make_sample(&other, 12));
  memcpy(bytes, s.bytes, s.size); /* records 2..5 again behind the end */
  memcpy(bytes + s.size, s.bytes + s.start[2], s.start[6] - s.start[2]);
  CU_ASSERT_EQUAL(scan_bytes(&s, bytes, s.size + s.start[6] - s.start[2], &r, NULL), HY_OK);
  CU_ASSERT(seen.wrong == 0 && seen.records == 12 && kit_has_all(&seen, 12) && r.torn && !r.sealed);

  memcpy(bytes, s.bytes, s.size); /* record 7 swapped for another log's record 7 */
  hy_loghead head = {.epoch = 99, .writer = 0};

  memcpy(head.job, kit_job, sizeof head.job);
  memcpy(bytes + s.start[7], other.bytes + other.start[7], s.start[8] - s.start[7]);
  (void)hy_record_reseed(bytes + s.start[7], hy_loghead_seed(&head));
  CU_ASSERT_EQUAL(scan_bytes(&s, bytes, s.size, &r, NULL), HY_OK);
  CU_ASSERT(seen.wrong == 0 && seen.records == 11 && seen.times[7] == 0 && r.sealed);
  CU_ASSERT_EQUAL(r.damaged, (int64_t)(s.start[8] - s.start[7]));
}

/** A record within a payload is data, even when the payload around it is damaged. */
static void test_record_in_payload(void)
{
  static uint8_t bytes[MOST_BYTES];
  sample         s = {.size = 0};
  uint8_t        inner[256];
  hy_loghead     head = {.epoch = 1};
  hy_scan_report r;

  memcpy(head.job, kit_job, sizeof head.job);
  const uint32_t  seed = hy_loghead_seed(&head);
  const hy_record small = {.type = HY_REC_DONE, .task = 666};
  const hy_record big = {.type = HY_REC_DONE, .task = 1, .head = inner, .head_len = sizeof inner};
  const char     *dir = kit_dir();

  memset(inner, 5, sizeof inner);
  hy_record_encode(&small, seed, 2, inner + 80);
  hy_loghead_encode(&head, bytes);
  hy_record_encode(&big, seed, 0, bytes + HY_LOGHEAD_BYTES);
  bytes[HY_LOGHEAD_BYTES + HY_RECORD_HEAD + 3] ^= 1;
  CU_ASSERT_EQUAL(hy_io_make_dirs(dir, NULL), HY_OK);
  (void)snprintf(s.path, sizeof s.path, "%s/log", dir);
  CU_ASSERT_EQUAL(scan_bytes(&s, bytes, HY_LOGHEAD_BYTES + hy_record_size(sizeof inner), &r, NULL),
                  HY_OK);
  CU_ASSERT(seen.records == 0 && r.torn);
}

/** Lengths that promise more than there is cost nothing. */
static void test_length_bombs(void)
{
  static uint8_t bytes[MOST_BYTES];
  static sample  s;
  hy_scan_report r;

  CU_ASSERT_FATAL(make_sample(&s, 12));
  for (uint64_t len = 1; len <= UINT32_MAX; len *= 2) {
    const uint32_t claimed = (uint32_t)(len + len / 3 + 200);

    memcpy(bytes, s.bytes, s.size);
    memcpy(bytes + s.start[4] + 8, &claimed, sizeof claimed);
    CU_ASSERT_EQUAL(scan_bytes(&s, bytes, s.size, &r, NULL), HY_OK);
    CU_ASSERT(seen.wrong == 0 && seen.records == 11 && r.sealed && r.damaged > 0);
    /* the same with a head whose sum is right: the record reaches beyond the end of the file */
    hy_loghead head = {.epoch = 1};

    memcpy(head.job, kit_job, sizeof head.job);
    const uint32_t sum = hy_crc32c(hy_loghead_seed(&head), bytes + s.start[4] + 8, 32);

    memcpy(bytes + s.start[4] + 4, &sum, sizeof sum);
    CU_ASSERT_EQUAL(scan_bytes(&s, bytes, s.size, &r, NULL), HY_OK);
    CU_ASSERT(seen.wrong == 0 && kit_has_all(&seen, 4));
  }
}

static void seal_head(uint8_t *bytes)
{
  const uint32_t sum = hy_crc32c(0, bytes, HY_LOGHEAD_BYTES - 4);

  memcpy(bytes + HY_LOGHEAD_BYTES - 4, &sum, sizeof sum);
}

static void test_not_ours(void)
{
  static const struct {
    int         at;
    const char *says;
  } rows[] = {
      {8,  "another version"},
      {12, "byte order"     },
      {16, "another job"    },
      {0,  "no log"         }
  };
  static uint8_t bytes[MOST_BYTES];
  static sample  s;
  hy_scan_report r = {.records = -3};
  hy_err         err;

  CU_ASSERT_FATAL(make_sample(&s, 3));
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    memcpy(bytes, s.bytes, s.size);
    bytes[rows[i].at] ^= 0x10;
    seal_head(bytes);
    /* a head that is no log's, in front of our records, is damage: leave them out */
    const size_t size = i == 3 ? HY_LOGHEAD_BYTES : s.size;

    memset(&err, 0, sizeof err);
    CU_ASSERT_EQUAL(scan_bytes(&s, bytes, size, &r, &err), HY_EINPUT);
    CU_ASSERT(strstr(err.text, rows[i].says) && strstr(err.text, "rank-00000.log"));
    CU_ASSERT(seen.records == 0 && r.records == -3);
  }
  memset(bytes, 'a', sizeof bytes);
  CU_ASSERT_EQUAL(scan_bytes(&s, bytes, sizeof bytes, &r, &err), HY_EINPUT);
  memset(bytes, 0, sizeof bytes);
  CU_ASSERT_EQUAL(scan_bytes(&s, bytes, sizeof bytes, &r, &err), HY_OK);
  CU_ASSERT(r.torn && r.records == 0 && r.damaged == 0);
}

HY_TEST_MAIN("journal damage", {"every byte flipped", test_every_byte_flipped},
             {"cut anywhere", test_cut_anywhere}, {"tails", test_tails},
             {"random damage", test_random_damage}, {"misplaced", test_misplaced},
             {"record in a payload", test_record_in_payload}, {"length bombs", test_length_bombs},
             {"not ours", test_not_ours})
