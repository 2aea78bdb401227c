/** @file extent.c
 *  Shapes of outputs: "ny,data.cols,3" read against the parameter table and against the values in a
 *  kernel's struct.  Shapes have a few characters, so they are parsed where they are needed. */
#include "kernel/params.h"

#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_BYTES ((int64_t)1 << 60)

/** Names of this many bytes fit; a longer one is unknown to any table. */
enum { NAME_BYTES = 128 };

/** The d-th part of a shape without blanks around it; false when there is none. */
static bool part(const char *shape, int d, char *name, size_t n)
{
  const char *c = shape;

  if (!*c || n == 0) return false;
  for (; d > 0; d--) {
    c = strchr(c, ',');
    if (!c) return false;
    c++;
  }
  while (*c == ' ') c++;
  size_t length = strcspn(c, ",");

  while (length > 0 && c[length - 1] == ' ') length--;
  if (length > n - 1) length = n - 1;
  (void)memcpy(name, c, length);
  name[length] = 0;
  return true;
}

/** What an extent is made of. */
typedef enum source { LITERAL, NUMBER, ROWS, COLS, UNKNOWN } source;

static source resolve(const hy_kernel *k, const char *name, int *param)
{
  char        matrix[NAME_BYTES];
  const char *dot = strchr(name, '.');

  *param = -1;
  if (name[0] >= '0' && name[0] <= '9') return LITERAL;
  if (!dot) {
    *param = hy_params_find(k, name);
    return *param >= 0 && k->params[*param].type == HY_I64 ? NUMBER : UNKNOWN;
  }
  (void)snprintf(matrix, sizeof matrix, "%.*s", (int)(dot - name), name);
  *param = hy_params_find(k, matrix);
  if (*param < 0 || k->params[*param].type != HY_MATRIX) return UNKNOWN;
  if (strcmp(dot, ".rows") == 0) return ROWS;
  return strcmp(dot, ".cols") == 0 ? COLS : UNKNOWN;
}

bool hy_output_dim(const hy_kernel *k, int output, int d, char *name, size_t n, int *param)
{
  char text[NAME_BYTES];
  int  found;

  if (d < 0 || !part(k->outputs[output].shape, d, text, sizeof text)) return false;
  if (resolve(k, text, &found) == UNKNOWN) found = -1;
  (void)snprintf(name, n, "%s", text);
  *param = found;
  return true;
}

/** One extent by name. */
static hy_code measure(const hy_kernel *k, int output, const char *name, const void *params,
                       int64_t *extent, hy_err *err)
{
  int          p;
  const source from = resolve(k, name, &p);
  int64_t      n = -1;

  switch (from) {
  case LITERAL:
    if (hy_parse_i64(name, &n)) break;
    /* fall through */
  case UNKNOWN:
    return hy_fail(err, HY_EBUG,
                   "kernel %s: output %s: \"%s\" in its shape is no number, no whole-number "
                   "parameter and no .rows or .cols of a matrix parameter",
                   k->name, k->outputs[output].name, name);
  case NUMBER:
    n = hy_param_get(params, &k->params[p]).i;
    break;
  case ROWS:
  case COLS: {
    hy_matrix m;

    (void)memcpy(&m, (const char *)params + k->params[p].offset, sizeof m);
    n = from == ROWS ? m.rows : m.cols;
    break;
  }
  }
  if (n < 0)
    return hy_fail(err, HY_EINPUT, "output %s: its extent %s is %" PRId64 ", less than 0",
                   k->outputs[output].name, name, n);
  *extent = n;
  return HY_OK;
}

hy_code hy_output_extent(const hy_kernel *k, int output, const void *params, hy_extent *x,
                         hy_err *err)
{
  const hy_output *o = &k->outputs[output];
  hy_extent        r = {.present = true, .rows = 1, .row_elements = 1};
  char             name[NAME_BYTES];
  bool             fits = true;

  if (o->when) {
    const int p = hy_params_find(k, o->when);

    if (p < 0 || k->params[p].type != HY_BOOL)
      return hy_fail(err, HY_EBUG, "kernel %s: output %s: when \"%s\" is no bool parameter",
                     k->name, o->name, o->when);
    r.present = hy_param_get(params, &k->params[p]).b;
  }
  for (int d = 0; part(o->shape, d, name, sizeof name); d++) {
    if (d == HY_MAX_DIMS)
      return hy_fail(err, HY_EBUG, "kernel %s: output %s has more than %d dimensions", k->name,
                     o->name, HY_MAX_DIMS);
    const hy_code rc = measure(k, output, name, params, &r.dims[d], err);

    if (rc) return rc;
    r.ndims = d + 1;
    if (d == 0)
      r.rows = r.dims[0];
    else
      fits = fits && hy_mul_i64(r.row_elements, r.dims[d], &r.row_elements);
  }
  int64_t bytes = 0;

  fits = fits && hy_mul_i64(r.rows, r.row_elements, &bytes) && bytes <= MAX_BYTES / 8;
  if (r.present && !fits)
    return hy_fail(err, HY_EINPUT, "output %s has more than 2^60 bytes: choose smaller parameters",
                   o->name);
  r.bytes = r.present ? bytes * 8 : 0;
  *x = r;
  return HY_OK;
}
