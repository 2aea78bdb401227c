/** @file maker.c
 *  Dimension scales are written here as their specification has them (attributes CLASS, NAME,
 *  DIMENSION_LIST, REFERENCE_LIST), not through the HDF5 high-level library: that one rewrites the
 *  whole REFERENCE_LIST at each use, quadratic in the number of tasks, and its records have padding
 *  which nobody sets: bytes of the file that might differ from run to run. */
#include "store/maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

hid_t maker_got(maker *m, hid_t id, const char *what)
{
  if (id < 0 && !m->rc) m->rc = hy_h5_fail(m->err, HY_EIO, m->path, what);
  return id;
}

hid_t maker_text_type(maker *m, size_t n)
{
  const hid_t type = H5Tcopy(H5T_C_S1);

  if (type < 0 || H5Tset_size(type, n > 0 ? n : 1) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
      (n != H5T_VARIABLE && H5Tset_strpad(type, H5T_STR_NULLPAD) < 0))
    return maker_got(m, -1, "cannot make a text type");
  return type;
}

/** An attribute of a type that is the same in memory. */
static void attribute(maker *m, hid_t object, const char *name, hid_t type, hid_t space,
                      const void *data)
{
  char what[160];

  if (m->rc) return;
  const hid_t a = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);

  (void)snprintf(what, sizeof what, "cannot write attribute %.96s", name);
  if (a < 0 || H5Awrite(a, type, data) < 0 || H5Aclose(a) < 0) (void)maker_got(m, -1, what);
}

void maker_text(maker *m, hid_t object, const char *name, const char *text)
{
  if (m->rc) return;
  const hid_t type = maker_text_type(m, strlen(text));

  attribute(m, object, name, type, m->scalar, text);
  if (type >= 0) (void)H5Tclose(type);
}

void maker_numbers(maker *m, hid_t object, const char *name, hid_t type, int n, const void *data)
{
  const hsize_t length = (hsize_t)n;

  if (m->rc) return;
  const hid_t space =
      n == 0 ? m->scalar : maker_got(m, H5Screate_simple(1, &length, NULL), "cannot make a list");

  attribute(m, object, name, type, space, data);
  if (n > 0 && space >= 0) (void)H5Sclose(space);
}

void maker_value(maker *m, hid_t object, const char *name, const hy_param *p, hy_value value)
{
  char text[128];

  if (p->type == HY_I64)
    maker_numbers(m, object, name, H5T_STD_I64LE, 0, &value.i);
  else if (p->type == HY_F64)
    maker_numbers(m, object, name, H5T_IEEE_F64LE, 0, &value.f);
  else if (p->type == HY_STR)
    maker_text(m, object, name, value.s ? value.s : "");
  else
    maker_text(m, object, name, hy_param_format(p, value, text, sizeof text));
}

/** A new dataset with these creation properties. */
static hid_t new_set(maker *m, hid_t where, const char *name, hid_t type, hid_t space, hid_t how)
{
  char what[160];

  if (m->rc) return -1;
  (void)snprintf(what, sizeof what, "cannot make %.96s", name);
  return maker_got(m, H5Dcreate2(where, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT), what);
}

hid_t maker_set_as(maker *m, hid_t where, const char *name, hid_t type, int rank,
                   const int64_t *extent, hid_t how)
{
  hsize_t dims[STORE_RANK] = {0};

  if (m->rc) return -1;
  for (int d = 0; d < rank; d++) dims[d] = (hsize_t)extent[d];
  const hid_t space =
      rank == 0 ? m->scalar
                : maker_got(m, H5Screate_simple(rank, dims, NULL), "cannot make a dataspace");
  const hid_t set = new_set(m, where, name, type, space, how);

  if (rank > 0 && space >= 0) (void)H5Sclose(space);
  return set;
}

hid_t maker_set(maker *m, hid_t where, const char *name, hid_t type, int rank,
                const int64_t *extent)
{
  return maker_set_as(m, where, name, type, rank, extent, m->array);
}

void maker_close(maker *m, hid_t set)
{
  if (set >= 0) (void)maker_got(m, H5Dclose(set), "cannot close a dataset");
}

void maker_describe(maker *m, hid_t set, const char *unit, const char *doc)
{
  maker_text(m, set, "units", unit && unit[0] ? unit : "1");
  maker_text(m, set, "long_name", doc ? doc : "");
}

/** Text as the specification of dimension scales wants it: ASCII, with its zero byte. */
static void plain_text(maker *m, hid_t object, const char *name, const char *text)
{
  if (m->rc) return;
  const hid_t type = H5Tcopy(H5T_C_S1);

  if (type < 0 || H5Tset_size(type, strlen(text) + 1) < 0)
    (void)maker_got(m, -1, "cannot make a text type");
  attribute(m, object, name, type, m->scalar, text);
  if (type >= 0) (void)H5Tclose(type);
}

void maker_scale(maker *m, hid_t where, const char *name, int64_t size, hid_t set, scale *s)
{
  const hsize_t length = (hsize_t)size;
  char          text[96];

  *s = (scale){.set = set};
  if (m->rc) return;
  (void)snprintf(text, sizeof text, "%.90s", name);
  if (set < 0) {
    const hid_t space = maker_got(m, H5Screate_simple(1, &length, NULL), "cannot make a dimension");

    s->set = new_set(m, where, name, H5T_IEEE_F32BE, space, m->mark);
    if (space >= 0) (void)H5Sclose(space);
    (void)snprintf(text, sizeof text, "This is a netCDF dimension but not a netCDF variable.%10lld",
                   (long long)size);
  }
  plain_text(m, s->set, "CLASS", "DIMENSION_SCALE");
  plain_text(m, s->set, "NAME", text);
  if (!m->rc)
    (void)maker_got(m, H5Rcreate(&s->ref, s->set, ".", H5R_OBJECT, -1), "cannot refer to a scale");
}

static void add_use(maker *m, scale *s, hobj_ref_t set, int dim)
{
  if (s->n == s->capacity) {
    const int64_t more = s->capacity ? 2 * s->capacity : 16;
    scale_use    *uses = realloc(s->uses, (size_t)more * sizeof *uses);

    if (!uses) {
      m->rc = hy_fail(m->err, HY_ENOMEM, "%s: no memory for dimensions", m->path);
      return;
    }
    s->uses = uses;
    s->capacity = more;
  }
  s->uses[s->n++] = (scale_use){.set = set, .dim = dim};
}

void maker_attach(maker *m, hid_t set, int rank, scale *const *scales)
{
  const hsize_t length = (hsize_t)rank;
  hvl_t         list[STORE_RANK];
  hobj_ref_t    self;

  if (m->rc || rank == 0) return;
  if (H5Rcreate(&self, set, ".", H5R_OBJECT, -1) < 0)
    (void)maker_got(m, -1, "cannot refer to a dataset");
  for (int d = 0; d < rank && !m->rc; d++) {
    list[d] = (hvl_t){1, &scales[d]->ref};
    add_use(m, scales[d], self, d);
  }
  if (m->rc) return;
  const hid_t space = H5Screate_simple(1, &length, NULL);
  const hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ);

  if (space < 0 || type < 0)
    (void)maker_got(m, -1, "cannot list dimensions");
  else
    attribute(m, set, "DIMENSION_LIST", type, space, list);
  if (space >= 0) (void)H5Sclose(space);
  if (type >= 0) (void)H5Tclose(type);
}

static void write_uses(maker *m, const scale *s)
{
  const hsize_t length = (hsize_t)s->n;
  const hid_t   space = H5Screate_simple(1, &length, NULL);
  const hid_t   type = H5Tcreate(H5T_COMPOUND, sizeof(scale_use));

  if (space < 0 || type < 0 ||
      H5Tinsert(type, "dataset", offsetof(scale_use, set), H5T_STD_REF_OBJ) < 0 ||
      H5Tinsert(type, "dimension", offsetof(scale_use, dim), H5T_STD_I32LE) < 0)
    (void)maker_got(m, -1, "cannot list the users of a dimension");
  else
    attribute(m, s->set, "REFERENCE_LIST", type, space, s->uses);
  if (space >= 0) (void)H5Sclose(space);
  if (type >= 0) (void)H5Tclose(type);
}

void maker_scale_end(maker *m, scale *s)
{
  if (!m->rc && s->n > 0) write_uses(m, s);
  if (s->set > 0) maker_close(m, s->set);
  free(s->uses);
  *s = (scale){.set = -1};
}
