/** @file params.h
 *  Parameter tables and output shapes at work: find, parse, store, print, extents.  Local, pure. */
#ifndef HY_KERNEL_PARAMS_H
#define HY_KERNEL_PARAMS_H

#include "kernel/kernel.h"

/** A parameter's value outside its struct.  HY_STR and the path of an HY_MATRIX point to text that
 *  somebody else owns. */
typedef union hy_value {
  bool        b;
  int         e;
  int64_t     i;
  double      f;
  const char *s;
} hy_value;

int  hy_params_count(const hy_kernel *k);
int  hy_params_find(const hy_kernel *k, const char *name); /**< index or -1 */
int  hy_outputs_count(const hy_kernel *k);
int  hy_outputs_find(const hy_kernel *k, const char *name);
bool hy_param_sweepable(const hy_param *p); /**< all but matrices */

/** Text as a user writes it to a value of the parameter's type, range checked.  HY_STR and
 *  HY_MATRIX borrow `text`.  HY_EINPUT; the text says what is expected, e.g. "k must be a whole
 *  number from 1 to 1000, not \"many\"", without file or line. */
hy_code hy_param_parse(const hy_param *p, const char *text, hy_value *value, hy_err *err);

/** Range and choice check of a value that did not come from text.  HY_EINPUT. */
hy_code hy_param_check(const hy_param *p, hy_value value, hy_err *err);

/** A value as a user would write it, into text[n]; returns text. */
const char *hy_param_format(const hy_param *p, hy_value value, char *text, size_t n);

/** Store into / take from the kernel's struct.  HY_MATRIX: set and get do nothing. */
void     hy_param_set(void *params, const hy_param *p, hy_value value);
hy_value hy_param_get(const void *params, const hy_param *p);

enum { HY_MAX_DIMS = 8 };

/** Extents of an output for these parameters. */
typedef struct hy_extent {
  bool    present;            /**< false: `when` is off                        */
  int     ndims;              /**< 0 = scalar                                  */
  int64_t dims[HY_MAX_DIMS];  /**< product fits int64_t                        */
  int64_t rows, row_elements; /**< dims[0] or 1; product of the others         */
  int64_t bytes;              /**< rows * row_elements * 8; 0 when not present */
} hy_extent;

/** HY_EINPUT when an extent is negative or the array has more than 2^60 bytes. */
hy_code hy_output_extent(const hy_kernel *k, int output, const void *params, hy_extent *x,
                         hy_err *err);

/** The name of dimension `d` of an output as written in its shape ("ny", "data.cols", "3"), into
 *  name[n]; and the parameter it depends on, or -1.  False when there is no such dimension. */
bool hy_output_dim(const hy_kernel *k, int output, int d, char *name, size_t n, int *param);

/** A descriptor's own mistakes (missing doc, preset that does not parse, unknown name in a shape,
 *  names used twice).  HY_EBUG.  For tests and `hybrid kernels`. */
hy_code hy_kernel_check(const hy_kernel *k, hy_err *err);

#endif
