/** @file sum.c
 *  Reproducible sums.
 *
 *      x: | block 0: 4096 | block 1 | block 2 | ... | last |        by index, never by worker
 *           lane l adds x[l], x[l+32], x[l+64], ...      32 chains: four AVX-512 registers
 *           lanes: 16 + 16, 8 + 8, ... 1 + 1                        a fixed tree
 *      partial sums: (p0+p1)+(p2+p3)...; an odd one at the end goes up unchanged
 *
 *  Whoever computes whole blocks gets the same partial sums, and whoever has all partial sums gets
 *  the same total.  The lanes are an array, so the compiler may use any vector width for them
 *  without changing the order of a single addition. */
#include "numeric/sum.h"

#include "numeric/simd.h"

enum { LANES = 32, MAX_LEVELS = 64 };

HY_SIMD_CLONES static double sum_block(const double *x, int64_t n)
{
  double        lane[LANES] = {0};
  const int64_t whole = n - n % LANES;

  for (int64_t i = 0; i < whole; i += LANES)
    for (int l = 0; l < LANES; l++) lane[l] += x[i + l];
  for (int64_t i = whole; i < n; i++) lane[i - whole] += x[i];
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) lane[l] += lane[l + half];
  return lane[0];
}

double hy_sum_block(const double *x, int64_t n)
{
  return sum_block(x, n);
}

/* The tree without memory for all partial sums: level[j] waits for its sibling of 2^j blocks.  Bit
   j of the number of blocks so far says whether it is there.  The rest is joined smallest first,
   which is where the odd ones of hy_sum_tree() end up. */
double hy_sum(const double *x, int64_t n)
{
  double   level[MAX_LEVELS];
  uint64_t blocks = 0;

  for (int64_t at = 0; at < n; at += HY_SUM_BLOCK, blocks++) {
    double partial = hy_sum_block(x + at, n - at < HY_SUM_BLOCK ? n - at : HY_SUM_BLOCK);
    int    j = 0;

    for (; blocks >> j & 1; j++) partial = level[j] + partial;
    level[j] = partial;
  }
  if (blocks == 0) return 0.0;
  int j = __builtin_ctzll(blocks);

  double total = level[j];

  for (j++; j < MAX_LEVELS; j++)
    if (blocks >> j & 1) total = level[j] + total;
  return total;
}

double hy_sum_tree(double *partial, int64_t n)
{
  if (n <= 0) return 0.0;
  for (; n > 1; n = (n + 1) / 2) {
    for (int64_t i = 0; i < n / 2; i++) partial[i] = partial[2 * i] + partial[2 * i + 1];
    if (n % 2) partial[n / 2] = partial[n - 1];
  }
  return partial[0];
}
