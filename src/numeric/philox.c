/** @file philox.c
 *  Philox4x32-10: ten rounds of two 32x32 -> 64 bit products, whose halves change places and are
 *  mixed with the other words and with a key that grows by Weyl constants.  Reference: Salmon,
 *  Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 *
 *  A 64-bit half of the counter fills two words, the lower one first.  Doubles take the counter
 *  (stream, index / 2); index % 2 picks the first or the second pair of words.  Keys take the
 *  counter (2^64 - 1, number): a stream of that number is never used for anything else. */
#include "numeric/philox.h"

#define MULTIPLIER_0 UINT64_C(0xd2511f53)
#define MULTIPLIER_1 UINT64_C(0xcd9e8d57)
#define WEYL_0 UINT32_C(0x9e3779b9)
#define WEYL_1 UINT32_C(0xbb67ae85)

enum { ROUNDS = 10 };

hy_philox4 hy_philox(uint64_t key, uint64_t counter_hi, uint64_t counter_lo)
{
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  uint32_t c0 = (uint32_t)counter_lo, c1 = (uint32_t)(counter_lo >> 32);
  uint32_t c2 = (uint32_t)counter_hi, c3 = (uint32_t)(counter_hi >> 32);

  for (int round = 0; round < ROUNDS; round++) {
    const uint64_t a = MULTIPLIER_0 * c0, b = MULTIPLIER_1 * c2;

    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)b;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)a;
    k0 += WEYL_0;
    k1 += WEYL_1;
  }
  return (hy_philox4){
      {c0, c1, c2, c3}
  };
}

double hy_random_f64(uint64_t key, uint64_t stream, uint64_t index)
{
  const hy_philox4 block = hy_philox(key, stream, index / 2);

  return index % 2 ? hy_unit_f64(block.v[2], block.v[3]) : hy_unit_f64(block.v[0], block.v[1]);
}

uint64_t hy_random_key(uint64_t key, uint64_t number)
{
  const hy_philox4 block = hy_philox(key, UINT64_MAX, number);

  return ((uint64_t)block.v[0] << 32) | block.v[1];
}
