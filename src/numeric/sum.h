/** @file sum.h
 *  Sums whose bits depend on the numbers and their index only, not on ranks, threads or SIMD width:
 *  fixed blocks of the global index, fixed lanes in a block, fixed trees above.  Local. */
#ifndef HY_NUMERIC_SUM_H
#define HY_NUMERIC_SUM_H

#include <stdint.h>

enum { HY_SUM_BLOCK = 4096 }; /**< elements in a block */

/** Sum of one block of n <= HY_SUM_BLOCK numbers. */
double hy_sum_block(const double *x, int64_t n);

/** Sum of n numbers: blocks, then hy_sum_tree() over them. */
double hy_sum(const double *x, int64_t n);

/** Sum of partial sums by index, as a binary tree: (p0+p1)+(p2+p3)...  Overwrites `partial`. */
double hy_sum_tree(double *partial, int64_t n);

#endif
