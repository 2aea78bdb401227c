/** @file philox.h
 *  Counter-based random numbers: Philox4x32-10 (Salmon et al., SC 2011).  A number is a function of
 *  (key, counter), so it does not depend on who computes it, or when.  Local, no state. */
#ifndef HY_NUMERIC_PHILOX_H
#define HY_NUMERIC_PHILOX_H

#include <stdint.h>

typedef struct hy_philox4 {
  uint32_t v[4];
} hy_philox4;

/** One block: four words of 32 random bits. */
hy_philox4 hy_philox(uint64_t key, uint64_t counter_hi, uint64_t counter_lo);

/** A double in [0, 1), a multiple of 2^-53, from two words. */
static inline double hy_unit_f64(uint32_t hi, uint32_t lo)
{
  return (double)((((uint64_t)hi << 32) | lo) >> 11) * 0x1p-53;
}

/** The `index`-th double in [0, 1) of stream `stream` under `key`.  index >= 0. */
double hy_random_f64(uint64_t key, uint64_t stream, uint64_t index);

/** A key made from a key and a number: seeds of tasks, streams of streams. */
uint64_t hy_random_key(uint64_t key, uint64_t number);

#endif
