/** @file picture.h
 *  A field of numbers as a picture, for `hybrid show DIR --png FILE`.  Local. */
#ifndef HY_APP_PICTURE_H
#define HY_APP_PICTURE_H

#include "base/err.h"

#include <stdint.h>

/** Write values[height][width], the first row at the top, as a PNG with 256 colours: the larger a
 *  value, the brighter.  Numbers which are not finite are grey.  Counts, that is whole numbers >= 1
 *  only, get a scale that shows small and large ones, and their largest is black: iterations that
 *  did not end.  `path` is replaced as a whole or not at all.
 *  HY_EINPUT for an empty or too large picture, HY_EIO, HY_ENOMEM. */
hy_code hy_picture_write(const char *path, const double *values, int64_t height, int64_t width,
                         hy_err *err);

#endif
