/** @file maker.h
 *  Attributes, datasets and dimension scales, with one error state: after the first failure every
 *  function does nothing, so that a file is described in straight lines.  Private to store/. */
#ifndef HY_STORE_MAKER_H
#define HY_STORE_MAKER_H

#include "store/file.h"

typedef struct maker {
  const hy_layout *lay;
  const char      *path;
  hid_t            file, scalar; /**< scalar: a dataspace */
  hid_t            array, mark; /**< creation properties: of arrays; of dimensions without values */
  hid_t            group;       /**< creation properties of groups */
  bool             any_failed;
  hy_code          rc;
  hy_err          *err;
} maker;

/** One use of a dimension, as HDF5's dimension scales store it. */
typedef struct scale_use {
  hobj_ref_t set;
  int32_t    dim;
  int32_t    zero; /**< would be padding: bytes of the file */
} scale_use;

typedef struct scale {
  hid_t      set;
  hobj_ref_t ref;
  scale_use *uses;
  int64_t    n, capacity;
} scale;

/** Note a failed call of HDF5: `id` is what it returned.  Returns id. */
hid_t maker_got(maker *m, hid_t id, const char *what);

void maker_text(maker *m, hid_t object, const char *name, const char *text);
/** `n` numbers of one type, the same in the file and in memory; n = 0: a scalar. */
void maker_numbers(maker *m, hid_t object, const char *name, hid_t type, int n, const void *data);
/** A parameter's value: a number stays one, the others become text. */
void maker_value(maker *m, hid_t object, const char *name, const hy_param *p, hy_value value);

/** A new dataset; -1 after a failure. */
hid_t maker_set(maker *m, hid_t where, const char *name, hid_t type, int rank,
                const int64_t *extent);
/** The same with other creation properties. */
hid_t maker_set_as(maker *m, hid_t where, const char *name, hid_t type, int rank,
                   const int64_t *extent, hid_t how);
void  maker_close(maker *m, hid_t set);
/** Attributes `units` and `long_name`. */
void maker_describe(maker *m, hid_t set, const char *unit, const char *doc);

/** Make `set` the scale of a dimension; -1: make one that has a name only. */
void maker_scale(maker *m, hid_t where, const char *name, int64_t size, hid_t set, scale *s);
/** Say that dimension d of `set` is *scales[d]. */
void maker_attach(maker *m, hid_t set, int rank, scale *const *scales);
/** Write who uses the scale, close and free it; also after a failure. */
void maker_scale_end(maker *m, scale *s);

/** A UTF-8 text type of `n` bytes (at least one), filled up with zero bytes; or H5T_VARIABLE. */
hid_t maker_text_type(maker *m, size_t n);

#endif
