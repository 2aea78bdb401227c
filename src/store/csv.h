/** @file csv.h
 *  Numbers from a text file.  Private to store/.  Local. */
#ifndef HY_STORE_CSV_H
#define HY_STORE_CSV_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/** Most rows, and most columns, of a matrix. */
#define STORE_MATRIX_SIDE INT64_C(2147483647)

/** Read a matrix from `text` of `n` bytes, which has a zero byte behind it and gets changed; `path`
 *  is for messages.  HY_EINPUT with line and column; HY_ENOMEM.  The caller frees *data. */
hy_code store_csv_parse(const char *path, char *text, size_t n, double **data, int64_t *rows,
                        int64_t *cols, hy_err *err);

#endif
