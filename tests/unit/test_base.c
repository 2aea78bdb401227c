/** @file test_base.c
 *  base without files (test_io.c) and numbers (test_number.c): strings, JSON, checksums, errors,
 *  log, clock. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void suggest(void)
{
  static const char *const names[] = {"alpha", "beta", "n", "threads", "time_limit", "iterations"};
  static const struct {
    const char *word, *meant;
  } rows[] = {
      {"",                                  NULL        },
      {"x",                                 NULL        },
      {"zzzzz",                             NULL        },
      {"ab",                                NULL        },
      {"gamma",                             NULL        },
      {"it",                                NULL        },
      {"alpha",                             "alpha"     },
      {"ALPHA",                             "alpha"     },
      {"aplha",                             "alpha"     },
      {"alhpa",                             "alpha"     },
      {"alpa",                              "alpha"     },
      {"alphaa",                            "alpha"     },
      {"bets",                              "beta"      },
      {"btea",                              "beta"      },
      {"N",                                 "n"         },
      {"nn",                                "n"         },
      {"thread",                            "threads"   },
      {"therads",                           "threads"   },
      {"time-limit",                        "time_limit"},
      {"timelimit",                         "time_limit"},
      {"iter",                              "iterations"},
      {"beta_2_long",                       "beta"      },
      {"tme_lmit",                          "time_limit"},
      {"threads_threads_threads_threads_x", "threads"   },
  };

  for (size_t i = 0; i < COUNT(rows); i++) {
    const char *got = hy_suggest(rows[i].word, names, (int)COUNT(names));

    hy_test_row(rows[i].meant ? got && strcmp(got, rows[i].meant) == 0 : !got, rows[i].word);
  }
  char long_word[200];

  memset(long_word, 'x', sizeof long_word - 1);
  long_word[sizeof long_word - 1] = 0;
  CU_ASSERT_PTR_NULL(hy_suggest(long_word, names, (int)COUNT(names)));
  CU_ASSERT_PTR_NULL(hy_suggest("alpha", names, 0));
}

static void strings_grow(void)
{
  hy_str  s = {0};
  size_t  product = 77;
  int64_t p = 77;

  hy_str_clear(&s);
  hy_str_add(&s, "");
  CU_ASSERT(s.len == 0 && s.text && s.text[0] == 0);
  for (int i = 0; i < 1000; i++) hy_str_addf(&s, "%d,", i);
  hy_str_add_bytes(&s, "a\0b", 3);
  CU_ASSERT(s.len == 3893 && !s.failed && strlen(s.text) == 3891);
  CU_ASSERT(memcmp(s.text + 3886, "999,a\0b", 8) == 0);
  CU_ASSERT(!hy_str_reserve(&s, SIZE_MAX - 10) && s.failed);
  hy_str_add(&s, "more");
  CU_ASSERT(s.len == 3893);
  hy_str_clear(&s);
  CU_ASSERT(!s.text && !s.len && !s.failed);
  for (size_t n = 60; n < 70; n++) {
    hy_str_add_bytes(&s, "0123456789012345678901234567890123456789012345678901234567890123456789",
                     n);
    CU_ASSERT(s.len == n && s.capacity > n && s.text[n] == 0);
    hy_str_clear(&s);
  }

  CU_ASSERT(hy_mul_size(SIZE_MAX, 1, &product) && product == SIZE_MAX);
  CU_ASSERT(!hy_mul_size(SIZE_MAX / 2 + 1, 2, &product) && product == SIZE_MAX);
  CU_ASSERT(hy_mul_i64(INT64_MIN, 1, &p) && p == INT64_MIN);
  CU_ASSERT(!hy_mul_i64(INT64_MIN, -1, &p) && !hy_mul_i64(1LL << 32, 1LL << 31, &p));
}

static void json(void)
{
  static const char wanted[] = "{\n"
                               "  \"a \\\"b\\\"\\\\\": \"x\\n\\t\\u0001\\u007f\xc3\xa9\",\n"
                               "  \"bad\": \"\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\\ufffd\",\n"
                               "  \"none\": {},\n"
                               "  \"list\": [1, -2.5, null, true, \"]\"],\n"
                               "  \"rows\": [\n"
                               "    {\n"
                               "      \"n\": -9223372036854775808\n"
                               "    },\n"
                               "    [],\n"
                               "    [0.1]\n"
                               "  ],\n"
                               "  \"nil\": null\n"
                               "}\n";
  hy_json           j = {0};

  hy_json_open(&j, NULL, '{');
  hy_json_str(&j, "a \"b\"\\", "x\n\t\x01\x7f\xc3\xa9");
  hy_json_str(&j, "bad", "\xff\xc3(\xed\xa0\x80\xc0"); /* a surrogate, an overlong form, cut off */
  hy_json_open(&j, "none", '{');
  hy_json_close(&j, '}');
  hy_json_open(&j, "list", '[');
  hy_json_i64(&j, NULL, 1);
  hy_json_f64(&j, NULL, -2.5);
  hy_json_f64(&j, NULL, NAN);
  hy_json_bool(&j, NULL, true);
  hy_json_str(&j, NULL, "]");
  hy_json_close(&j, ']');
  hy_json_open(&j, "rows", '[');
  hy_json_open(&j, NULL, '{');
  hy_json_i64(&j, "n", INT64_MIN);
  hy_json_close(&j, '}');
  hy_json_open(&j, NULL, '[');
  hy_json_close(&j, ']');
  hy_json_open(&j, NULL, '[');
  hy_json_f64(&j, NULL, 0.1);
  hy_json_close(&j, ']');
  hy_json_close(&j, ']');
  hy_json_f64(&j, "nil", INFINITY);
  hy_json_close(&j, '}');
  CU_ASSERT(!j.out.failed && j.out.text && strcmp(j.out.text, wanted) == 0);
  hy_str_clear(&j.out);

  j = (hy_json){0};
  for (int i = 0; i < 32; i++) hy_json_open(&j, NULL, '[');
  CU_ASSERT(!j.out.failed);
  hy_json_open(&j, NULL, '[');
  CU_ASSERT(j.out.failed);
  hy_str_clear(&j.out);
}

/* One bit a step, straight from the definition. */
static uint32_t crc_by_bits(uint32_t crc, const unsigned char *p, size_t n)
{
  crc = ~crc;
  for (; n > 0; p++, n--) {
    crc ^= *p;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1)));
  }
  return ~crc;
}

static void crc_known_answers(void)
{
  unsigned char       data[4][32];
  const unsigned char pdu[48] = {
      0x01, 0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02};

  for (int i = 0; i < 32; i++) {
    data[0][i] = 0, data[1][i] = 0xff;
    data[2][i] = (unsigned char)i, data[3][i] = (unsigned char)(31 - i);
  }
  CU_ASSERT_EQUAL(hy_crc32c(0, NULL, 0), 0);
  CU_ASSERT_EQUAL(hy_crc32c(0, "123456789", 9), 0xe3069283);
  CU_ASSERT_EQUAL(hy_crc32c_by_table(0, "123456789", 9), 0xe3069283);
  CU_ASSERT_EQUAL(hy_crc32c(0, data[0], 32), 0x8a9136aa); /* RFC 3720 B.4 from here */
  CU_ASSERT_EQUAL(hy_crc32c(0, data[1], 32), 0x62a8ab43);
  CU_ASSERT_EQUAL(hy_crc32c(0, data[2], 32), 0x46dd794e);
  CU_ASSERT_EQUAL(hy_crc32c(0, data[3], 32), 0x113fdb5c);
  CU_ASSERT_EQUAL(hy_crc32c(0, pdu, 48), 0xd9963a56);
}

static void crc_every_length(void)
{
  static unsigned char data[8192];
  bool                 good = true;

  for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * i * 7 + i / 251);
  for (size_t at = 0; at < 16; at++) {
    uint32_t crc = 0x12345678;
    size_t   done = 0;

    /* every length to 200, then every 37th: passes 1, 2 and 5 rounds of three blocks */
    for (size_t n = 0; at + n <= sizeof data; n += n < 200 ? 1 : 37) {
      crc = crc_by_bits(crc, data + at + done, n - done);
      done = n;
      good = good && hy_crc32c(0x12345678, data + at, n) == crc &&
             hy_crc32c_by_table(0x12345678, data + at, n) == crc;
    }
  }
  CU_ASSERT(good);
  const uint32_t whole = hy_crc32c(0, data, sizeof data);

  for (size_t cut = 0; cut <= sizeof data; cut += 113)
    good = good && hy_crc32c(hy_crc32c(0, data, cut), data + cut, sizeof data - cut) == whole;
  CU_ASSERT(good);
}

static void sha256(void)
{
  static const struct {
    const char *text;
    int         times;
    const char *hex;
  } rows[] = {
  /* FIPS 180-4 examples */
      {"",                                                         1,
       "e3b0c44298fc1c149afbf4c8996fb924"
       "27ae41e4649b934ca495991b7852b855"},
      {"abc",                                                      1,
       "ba7816bf8f01cfea414140de5dae2223"
       "b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
       "248d6a61d20638b8e5c026930c3e6039"
       "a33ce45964ff2167f6ecedd419db06c1"},
      {"aaaaaaaaaa",                                               100000,
       "cdc76e5c9914fb9281a1c7e284d73e67"
       "f1809a48a497200e046d39ccc7112cd0"},
  };
  uint8_t    digest[32];
  char       hex[65];
  hy_sha256 *sha = hy_sha256_new();

  for (size_t i = 0; i < COUNT(rows); i++) { /* one object after the other: _end begins anew */
    for (int k = 0; k < rows[i].times; k++) hy_sha256_add(sha, rows[i].text, strlen(rows[i].text));
    hy_sha256_end(sha, digest);
    hy_hex32(digest, hex);
    CU_ASSERT_STRING_EQUAL(hex, rows[i].hex);
    if (rows[i].times > 1) continue;
    hy_sha256_of(rows[i].text, strlen(rows[i].text), digest);
    hy_hex32(digest, hex);
    CU_ASSERT_STRING_EQUAL(hex, rows[i].hex);
  }
  hy_sha256_free(sha);
  hy_sha256_free(NULL);
}

static void errors(void)
{
  hy_err err;
  char   text[1000];

  memset(&err, 0x55, sizeof err);
  CU_ASSERT_EQUAL(hy_fail(NULL, HY_EIO, "nobody listens"), HY_EIO);
  CU_ASSERT_EQUAL(hy_fail(&err, HY_EINPUT, "%s: %d", "row", 7), HY_EINPUT);
  CU_ASSERT(err.code == HY_EINPUT && err.rank == 0 && strcmp(err.text, "row: 7") == 0);
  CU_ASSERT(strncmp(err.where, "test_base.c:", 12) == 0);
  CU_ASSERT_EQUAL(err.text[sizeof err.text - 1], 0); /* it travels as bytes: nothing left behind */
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  (void)hy_fail(&err, HY_EIO, "%s", text);
  CU_ASSERT_EQUAL(strlen(err.text), sizeof err.text - 1);
}

enum { THREADS = 4, LINES = 100 };

static void *log_much(void *which)
{
  for (int i = 0; i < LINES; i++) hy_log(HY_LOG_INFO, "base", "thread %d", *(int *)which);
  return NULL;
}

/* What `act` writes to stderr; less than a pipe holds (64 KiB). */
static void capture(void (*act)(void), char *text, size_t size)
{
  int       fd[2];
  const int old = dup(STDERR_FILENO);
  size_t    n = 0;

  CU_ASSERT_EQUAL_FATAL(pipe(fd), 0);
  (void)dup2(fd[1], STDERR_FILENO);
  (void)close(fd[1]);
  act();
  (void)dup2(old, STDERR_FILENO);
  (void)close(old);
  for (ssize_t got; (got = read(fd[0], text + n, size - 1 - n)) > 0;) n += (size_t)got;
  text[n] = 0;
  (void)close(fd[0]);
}

static void log_some(void)
{
  char long_text[3000];

  memset(long_text, 'y', sizeof long_text - 1);
  long_text[sizeof long_text - 1] = 0;
  hy_log_init(3, HY_LOG_INFO);
  hy_log(HY_LOG_DEBUG, "base", "not to be seen");
  hy_log(HY_LOG_INFO, "engine", "task %d took %s", 17, "1.25 s");
  hy_log(HY_LOG_WARN, "place", "two\nlines");
  hy_log_init(-1, HY_LOG_ERROR);
  hy_log(HY_LOG_WARN, "base", "not to be seen");
  hy_log(HY_LOG_ERROR, "base", "%s", long_text);
}

static void log_threads(void)
{
  pthread_t thread[THREADS];
  int       which[THREADS];

  hy_log_init(0, HY_LOG_INFO);
  for (int i = 0; i < THREADS; i++) {
    which[i] = i;
    CU_ASSERT_EQUAL(pthread_create(&thread[i], NULL, log_much, &which[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) (void)pthread_join(thread[i], NULL);
}

static void log_lines(void)
{
  static char text[60000];
  char        a[8] = "", b[8] = "", y[8] = "";
  double      t[3] = {-1, -1, -1};
  int         end = 0, of[THREADS] = {0}, total = 0;

  capture(log_some, text, sizeof text);
  const int n = sscanf(text,
                       "%lf r3 engine: task 17 took 1.25 %7s %lf r3 place: warning: two %7s "
                       "%lf base: error: %4[y]%n",
                       &t[0], a, &t[1], b, &t[2], y, &end);

  CU_ASSERT(n == 6 && strcmp(a, "s") == 0 && strcmp(b, "lines") == 0 && strcmp(y, "yyyy") == 0);
  CU_ASSERT(t[0] >= 0.0 && t[1] >= t[0] && t[2] >= t[1]);
  CU_ASSERT(n == 6 &&
            !memchr(strchr(text, '\n') + 1, '\n', strlen("0.000 r3 place: warning: two ")));
  CU_ASSERT(strlen(text) > 1000 && strlen(text) < 1200 && text[strlen(text) - 1] == '\n');

  capture(log_threads, text, sizeof text);
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), total++) {
    int who = -1;

    end = 0;
    (void)sscanf(line, "%lf r0 base: thread %1d%n", &t[0], &who, &end);
    hy_test_row(who >= 0 && who < THREADS && line[end] == 0, line);
    if (who >= 0 && who < THREADS) of[who]++;
  }
  CU_ASSERT_EQUAL(total, THREADS * LINES);
  for (int i = 0; i < THREADS; i++) CU_ASSERT_EQUAL(of[i], LINES);
}

static void on_alarm(int number)
{
  (void)number;
}

static void clock_and_sleep(void)
{
  const struct sigaction act = {.sa_handler = on_alarm}; /* no SA_RESTART: calls are interrupted */
  struct itimerval       every =
                       {
                           {0, 2000},
                           {0, 2000}
  },
                   never = {{0, 0}, {0, 0}};
  char          text[24];
  int           field[6];
  const int64_t begin = hy_now_ns();

  hy_sleep_s(0.0);
  hy_sleep_s(-1.0);
  hy_sleep_s(NAN);
  CU_ASSERT(hy_now_ns() - begin < 1000000000);
  (void)sigaction(SIGALRM, &act, NULL);
  (void)setitimer(ITIMER_REAL, &every, NULL);
  const double from = hy_now_s();

  hy_sleep_s(0.02);
  CU_ASSERT(hy_now_s() - from >= 0.02);
  (void)setitimer(ITIMER_REAL, &never, NULL);
  hy_utc_now(text);
  CU_ASSERT_EQUAL(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &field[0], &field[1], &field[2],
                         &field[3], &field[4], &field[5]),
                  6);
  CU_ASSERT(strlen(text) == 20 && text[19] == 'Z' && field[0] >= 2024);
}

HY_TEST_MAIN("base", {"suggest", suggest}, {"strings grow", strings_grow}, {"json", json},
             {"crc32c: known answers", crc_known_answers},
             {"crc32c: every length", crc_every_length}, {"sha256", sha256}, {"errors", errors},
             {"log lines", log_lines}, {"clock and sleep", clock_and_sleep})
