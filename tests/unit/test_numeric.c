/** @file test_numeric.c
 *  Known answers of Philox; sums against exact ones, and their independence of who adds. */
#include "numeric/philox.h"
#include "numeric/sum.h"
#include "test.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Random123, kat_vectors, philox4x32 with 10 rounds: counter, key, answer; least significant word
   first. */
static const char *const known[] = {
    "00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    "ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd",
    "243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1"};

static void philox_gives_the_known_answers(void)
{
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    uint64_t    w[10];
    const char *rest = known[i];

    for (int j = 0; j < 10; j++) {
      char *end;

      w[j] = strtoull(rest, &end, 16);
      rest = end;
    }
    const hy_philox4 block = hy_philox(w[5] << 32 | w[4], w[3] << 32 | w[2], w[1] << 32 | w[0]);
    bool             same = true;

    for (int j = 0; j < 4; j++) same = same && block.v[j] == w[6 + j];
    hy_test_row(same, known[i]);
  }
}

static void doubles_are_in_the_unit_interval(void)
{
  double least = 1.0, most = 0.0, sum = 0.0;

  CU_ASSERT_EQUAL(hy_unit_f64(0, 0), 0.0);
  CU_ASSERT_EQUAL(hy_unit_f64(UINT32_MAX, UINT32_MAX), 1.0 - 0x1p-53);
  CU_ASSERT_EQUAL(hy_unit_f64(0x80000000, 0), 0.5);
  CU_ASSERT_EQUAL(hy_unit_f64(0, 0x7ff), 0.0); /* bits below 2^-53 are dropped, not rounded */
  for (uint64_t i = 0; i < 100000; i++) {
    const double x = hy_random_f64(7, 3, i);

    least = fmin(least, x);
    most = fmax(most, x);
    sum += x;
  }
  CU_ASSERT(0.0 <= least && least < 1e-3);
  CU_ASSERT(1.0 - 1e-3 < most && most < 1.0);
  CU_ASSERT_DOUBLE_EQUAL(sum / 100000, 0.5, 5 * 0.2887 / 316.2); /* five standard errors */
}

/** The words of a block in pairs, as the header of philox.c lays them out. */
static void doubles_come_from_their_block(void)
{
  const uint64_t   key = UINT64_C(0x123456789abcdef0), stream = UINT64_C(0xfedcba9876543210);
  const hy_philox4 b = hy_philox(key, stream, 21);

  CU_ASSERT_EQUAL(hy_random_f64(key, stream, 42), hy_unit_f64(b.v[0], b.v[1]));
  CU_ASSERT_EQUAL(hy_random_f64(key, stream, 43), hy_unit_f64(b.v[2], b.v[3]));
  CU_ASSERT_NOT_EQUAL(hy_random_f64(key, stream + 1, 42), hy_random_f64(key, stream, 42));
  CU_ASSERT_NOT_EQUAL(hy_random_f64(key ^ 1, stream, 42), hy_random_f64(key, stream, 42));
  CU_ASSERT_NOT_EQUAL(hy_random_f64(key ^ (UINT64_C(1) << 63), stream, 42),
                      hy_random_f64(key, stream, 42));
}

static int by_value(const void *a, const void *b)
{
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

  return x < y ? -1 : x > y;
}

static void keys_differ(void)
{
  enum { KEYS = 300, NUMBERS = 300 };
  uint64_t *all = malloc(sizeof *all * KEYS * NUMBERS);
  int       equal = 0;

  CU_ASSERT_PTR_NOT_NULL_FATAL(all);
  for (uint64_t k = 0; k < KEYS; k++)
    for (uint64_t n = 0; n < NUMBERS; n++) all[k * NUMBERS + n] = hy_random_key(k, n);
  qsort(all, KEYS * NUMBERS, sizeof *all, by_value);
  for (int i = 1; i < KEYS * NUMBERS; i++) equal += all[i] == all[i - 1];
  CU_ASSERT_EQUAL(equal, 0);
  free(all);
}

/** The definition in sum.h, one addition after the other. */
static double sum_by_definition(const double *x, int64_t n)
{
  double partial[64];
  int    blocks = 0;

  for (int64_t at = 0; at < n; at += HY_SUM_BLOCK) {
    const int64_t m = n - at < HY_SUM_BLOCK ? n - at : HY_SUM_BLOCK;
    double        lane[32] = {0};

    for (int64_t i = 0; i < m; i++) lane[i % 32] += x[at + i];
    for (int half = 16; half > 0; half /= 2)
      for (int l = 0; l < half; l++) lane[l] += lane[l + half];
    partial[blocks++] = lane[0];
  }
  for (; blocks > 1; blocks = (blocks + 1) / 2) {
    for (int i = 0; i < blocks / 2; i++) partial[i] = partial[2 * i] + partial[2 * i + 1];
    if (blocks % 2) partial[blocks / 2] = partial[blocks - 1];
  }
  return blocks ? partial[0] : 0.0;
}

enum { MOST = 20 * HY_SUM_BLOCK + 77 };

static double numbers[MOST], falling[MOST];

static bool same_bits(double a, double b)
{
  return memcmp(&a, &b, sizeof a) == 0;
}

/** Whoever computes whole blocks, in whatever order, gets the bits of hy_sum(). */
static void a_sum_does_not_depend_on_who_adds(void)
{
  const int64_t sizes[] = {0,    1,    31,    32,    33,    4095,  4096,
                           4097, 8192, 12288, 20481, 28672, 53248, MOST};

  for (int64_t i = 0; i < MOST; i++)
    numbers[i] = (hy_random_f64(1, 0, (uint64_t)i) - 0.5) * exp2((double)(i % 61) - 30);
  for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
    const int64_t n = sizes[c], blocks = (n + HY_SUM_BLOCK - 1) / HY_SUM_BLOCK;
    double        partial[64];
    char          row[40];

    for (int64_t b = blocks - 1; b >= 0; b--) {
      const int64_t left = n - b * HY_SUM_BLOCK;

      partial[b] =
          hy_sum_block(numbers + b * HY_SUM_BLOCK, left < HY_SUM_BLOCK ? left : HY_SUM_BLOCK);
    }
    (void)snprintf(row, sizeof row, "%" PRId64 " numbers", n);
    hy_test_row(same_bits(hy_sum(numbers, n), sum_by_definition(numbers, n)), row);
    hy_test_row(same_bits(hy_sum(numbers, n), hy_sum_tree(partial, blocks)), row);
  }
}

static void trees_of_any_size(void)
{
  for (int64_t n = 0; n <= 64; n++) {
    double partial[64];

    for (int64_t i = 0; i < n; i++) partial[i] = (double)(i + 1);
    CU_ASSERT_EQUAL(hy_sum_tree(partial, n), (double)(n * (n + 1) / 2));
  }
  double order[3] = {0x1p53, 1.0, 1.0}; /* (2^53 + 1) + 1 = 2^53, but 2^53 + (1 + 1) = 2^53 + 2 */

  CU_ASSERT_EQUAL(hy_sum_tree(order, 3), 0x1p53);
}

/** What must come out exactly: whole numbers, sums that are representable at each step, and what is
 *  not finite. */
static void sums_that_must_be_exact(void)
{
  double whole = 0.0;

  for (int64_t i = 0; i < MOST; i++) {
    numbers[i] = floor(0x1p30 * (hy_random_f64(2, 0, (uint64_t)i) - 0.5));
    whole += numbers[i];
    falling[i] = i < HY_SUM_BLOCK ? 0x1p-1074 : 0.0;
  }
  CU_ASSERT_EQUAL(hy_sum(numbers, MOST), whole);
  CU_ASSERT_EQUAL(hy_sum(falling, MOST), 4096 * 0x1p-1074); /* no flush to zero */
  for (int64_t i = 0; i < MOST / 2; i++)
    falling[2 * i] = numbers[i], falling[2 * i + 1] = -numbers[i];
  CU_ASSERT_EQUAL(hy_sum(falling, MOST / 2 * 2), 0.0);
  falling[4321] = INFINITY;
  CU_ASSERT_EQUAL(hy_sum(falling, MOST), INFINITY);
  falling[70000] = -INFINITY;
  CU_ASSERT(isnan(hy_sum(falling, MOST)));
  falling[70000] = NAN;
  CU_ASSERT(isnan(hy_sum(falling, MOST)));
}

/** Cancelling numbers of very different size: the exact sum is 0, so the error bound of the chain
 *  alone limits what comes out.  Depth: 128 in a lane, 5 of lanes, 5 of blocks. */
static void errors_stay_within_their_bound(void)
{
  for (uint64_t set = 0; set < 20; set++) {
    double size = 0.0;

    for (int64_t i = 0; i < MOST; i++) {
      const double x = hy_random_f64(3, set, (uint64_t)(i / 2));

      numbers[i] = (i % 2 ? -1.0 : 1.0) * exp2(80.0 * x - 40.0);
    }
    for (int64_t i = MOST - MOST % 2 - 1; i > 0; i--) { /* shuffle, so that pairs do not meet */
      const int64_t j = (int64_t)(hy_random_f64(4, set, (uint64_t)i) * (double)(i + 1));
      const double  t = numbers[i];

      numbers[i] = numbers[j];
      numbers[j] = t;
    }
    for (int64_t i = 0; i < MOST - MOST % 2; i++) size += fabs(numbers[i]);
    CU_ASSERT(fabs(hy_sum(numbers, MOST - MOST % 2)) <= 138 * 0x1p-53 * size);
  }
}

HY_TEST_MAIN("numeric", {"philox_gives_the_known_answers", philox_gives_the_known_answers},
             {"doubles_are_in_the_unit_interval", doubles_are_in_the_unit_interval},
             {"doubles_come_from_their_block", doubles_come_from_their_block},
             {"keys_differ", keys_differ},
             {"a_sum_does_not_depend_on_who_adds", a_sum_does_not_depend_on_who_adds},
             {"trees_of_any_size", trees_of_any_size},
             {"sums_that_must_be_exact", sums_that_must_be_exact},
             {"errors_stay_within_their_bound", errors_stay_within_their_bound})
