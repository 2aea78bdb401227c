/** @file make.h
 *  The skeleton of results.h5: everything but the numbers of the outputs.  Private to store/. */
#ifndef HY_STORE_MAKE_H
#define HY_STORE_MAKE_H

#include "store/maker.h"

/** Create `path`, which must not exist, with all groups, datasets, attributes and coordinates; the
 *  outputs get their place in the file, but no values.  failed[ntasks] (only looked at when the
 *  layout varies): such tasks get no group.  any_failed: integer
 *  outputs get a _FillValue, which makes readers turn them into floating point.  HY_EIO, HY_ENOMEM.  Local, serial. */
hy_code store_make(const hy_layout *lay, const char *path, const int8_t *failed, bool any_failed,
                   hy_err *err);

/** The variable of a swept parameter, with its values; left open.  Serial. */
hid_t store_coordinate_set(maker *m, const store_var *var);

/** All of them read back from a finished file, and compared.  HY_EIO.  Local. */
hy_code store_coordinates_check(const hy_layout *lay, const store_file *file, hy_err *err);

#endif
