/** @file coordinates.c
 *  Variables of swept parameters.  Numbers stay numbers; all else becomes text of variable length,
 *  which tools show as text, not as bytes: xarray selects by mode="fast". */
#include "store/make.h"

#include <stdlib.h>
#include <string.h>

/** Values of a swept parameter along its axis, as HDF5 takes them: numbers or pointers to texts. */
typedef struct coordinates {
  int64_t n;
  size_t  bytes; /**< of a value */
  void   *values;
  char   *texts;
  hid_t   type;
} coordinates;

static bool is_number(const hy_param *p)
{
  return p->type == HY_I64 || p->type == HY_F64;
}

/** The texts of values that are no numbers, in cells of the same width. */
static bool make_texts(const hy_axis *axis, int p, coordinates *c)
{
  const hy_param *param = hy_axis_param(axis, p);
  char            text[128];
  size_t          width = 1;

  for (int pass = 0; pass < 2; pass++) {
    for (int64_t i = 0; i < c->n; i++) {
      const hy_value v = hy_axis_value(axis, p, i);
      const char    *s = v.s;

      if (param->type != HY_STR) s = hy_param_format(param, v, text, sizeof text);
      const size_t length = s ? strlen(s) + 1 : 1;

      if (length > width) width = length;
      if (pass == 1) ((char **)c->values)[i] = c->texts + (size_t)i * width;
      if (pass == 1 && s) memcpy(c->texts + (size_t)i * width, s, length);
    }
    if (pass == 0) c->texts = calloc((size_t)c->n + 1, width);
    if (!c->texts) return false;
  }
  return true;
}

/** Fills *c in, which is to be cleared in any case. */
static void coordinates_make(maker *m, const hy_axis *axis, int p, coordinates *c)
{
  const hy_param *param = hy_axis_param(axis, p);

  *c = (coordinates){.n = hy_axis_count(axis), .bytes = 8, .type = -1};
  if (m->rc) return;
  c->values = calloc((size_t)c->n + 1, c->bytes);
  if (!c->values || (!is_number(param) && !make_texts(axis, p, c))) {
    m->rc = hy_fail(m->err, HY_ENOMEM, "%s: no memory for coordinates", m->path);
    return;
  }
  for (int64_t i = 0; is_number(param) && i < c->n; i++) {
    const hy_value v = hy_axis_value(axis, p, i);

    memcpy((char *)c->values + 8 * i, param->type == HY_I64 ? (const void *)&v.i : &v.f, 8);
  }
  if (param->type == HY_I64)
    c->type = H5Tcopy(H5T_STD_I64LE);
  else if (param->type == HY_F64)
    c->type = H5Tcopy(H5T_IEEE_F64LE);
  else
    c->type = maker_text_type(m, H5T_VARIABLE);
}

static void coordinates_clear(coordinates *c)
{
  free(c->values);
  free(c->texts);
  if (c->type >= 0) (void)H5Tclose(c->type);
}

hid_t store_coordinate_set(maker *m, const store_var *var)
{
  const hy_axis  *axis = m->lay->job->axes[var->axis];
  const hy_param *p = hy_axis_param(axis, var->p);
  coordinates     c;

  coordinates_make(m, axis, var->p, &c);
  /* texts lie elsewhere in the file, and HDF5 wants to be able to fill in that there are none */
  const hid_t set =
      maker_set_as(m, m->file, var->name, c.type, 1, &c.n, is_number(p) ? m->array : m->mark);

  if (!m->rc)
    (void)maker_got(m, H5Dwrite(set, c.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, c.values),
                    "cannot write coordinates");
  maker_describe(m, set, p->unit, p->doc);
  coordinates_clear(&c);
  return set;
}

static bool same_values(const coordinates *a, const coordinates *b)
{
  if (!a->texts) return memcmp(a->values, b->values, (size_t)a->n * a->bytes) == 0;
  for (int64_t i = 0; i < a->n; i++) {
    const char *s = ((char **)a->values)[i], *t = ((char **)b->values)[i];

    if (!t || strcmp(s, t) != 0) return false;
  }
  return true;
}

/** One variable read back: HY_OK when it has the values it was given. */
static hy_code check_variable(const hy_layout *lay, const store_file *f, const store_var *var,
                              hy_err *err)
{
  maker       m = {.lay = lay, .path = f->path, .err = err};
  coordinates wanted;

  coordinates_make(&m, lay->job->axes[var->axis], var->p, &wanted);
  coordinates found = wanted;
  const hid_t set =
      m.rc ? -1 : maker_got(&m, H5Dopen2(f->id, var->name, H5P_DEFAULT), "cannot open");
  const hid_t space = m.rc ? -1 : maker_got(&m, H5Dget_space(set), "cannot open");

  found.values = calloc((size_t)wanted.n + 1, wanted.bytes);
  if (!m.rc && !found.values)
    m.rc = hy_fail(err, HY_ENOMEM, "%s: no memory for coordinates", f->path);
  if (!m.rc)
    (void)maker_got(&m, H5Dread(set, found.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, found.values),
                    "cannot read");
  if (!m.rc && !same_values(&wanted, &found))
    m.rc = hy_fail(err, HY_EIO, "%s: %s reads back other than it was written: %s", f->path,
                   var->name, "the file system lost data");
  if (!m.rc && wanted.texts) (void)H5Dvlen_reclaim(found.type, space, H5P_DEFAULT, found.values);
  if (space >= 0) (void)H5Sclose(space);
  if (set >= 0) (void)H5Dclose(set);
  free(found.values);
  coordinates_clear(&wanted);
  return m.rc;
}

hy_code store_coordinates_check(const hy_layout *lay, const store_file *f, hy_err *err)
{
  hy_code rc = HY_OK;

  for (int v = 0; v < lay->nvars && !rc; v++) rc = check_variable(lay, f, &lay->vars[v], err);
  return rc;
}
