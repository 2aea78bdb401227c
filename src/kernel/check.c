/** @file check.c
 *  What can be wrong with a kernel's descriptor. */
#include "kernel/params.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

static bool is_name(const char *s)
{
  if (!s || !islower((unsigned char)s[0])) return false;
  for (; *s; s++)
    if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '_') return false;
  return true;
}

static bool is_text(const char *s)
{
  return s && s[0];
}

static hy_code check_param(const hy_kernel *k, const hy_param *p, hy_err *err)
{
  static const char *const words[] = {"zip", "points", "csv", "random", "latin"};
  hy_value                 v;
  hy_err                   why;

  if (!is_name(p->name))
    return hy_fail(err, HY_EBUG, "kernel %s: \"%s\" is no name for a parameter", k->name, p->name);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(p->name, words[i]) == 0)
      return hy_fail(err, HY_EBUG, "kernel %s: %s means something else in a sweep", k->name,
                     p->name);
  if (&k->params[hy_params_find(k, p->name)] != p)
    return hy_fail(err, HY_EBUG, "kernel %s has two parameters %s", k->name, p->name);
  if (!is_text(p->unit) || !is_text(p->doc))
    return hy_fail(err, HY_EBUG, "kernel %s: parameter %s lacks a unit or a sentence", k->name,
                   p->name);
  if (p->type == HY_ENUM && !is_text(p->choices))
    return hy_fail(err, HY_EBUG, "kernel %s: parameter %s lacks choices", k->name, p->name);
  if (p->min > p->max)
    return hy_fail(err, HY_EBUG, "kernel %s: parameter %s has an empty range", k->name, p->name);
  if (p->preset && hy_param_parse(p, p->preset, &v, &why))
    return hy_fail(err, HY_EBUG, "kernel %s: default: %s", k->name, why.text);
  return HY_OK;
}

static hy_code check_dim(const hy_kernel *k, const hy_output *o, const char *name, int p,
                         hy_err *err)
{
  const char *dot = strchr(name, '.');
  int64_t     n;
  bool        good = p < 0 && hy_parse_i64(name, &n) && n >= 0;

  if (p >= 0 && k->params[p].type == HY_I64) good = !dot;
  if (p >= 0 && k->params[p].type == HY_MATRIX)
    good = dot && (strcmp(dot, ".rows") == 0 || strcmp(dot, ".cols") == 0);
  return good ? HY_OK
              : hy_fail(err, HY_EBUG, "kernel %s: output %s: \"%s\" in its shape is no size",
                        k->name, o->name, name);
}

static hy_code check_output(const hy_kernel *k, int index, hy_err *err)
{
  static const char *const taken[] = {"status", "crc32c", "tasks", "point"};
  const hy_output         *o = &k->outputs[index];
  char                     name[128];
  int                      p;

  if (!is_name(o->name))
    return hy_fail(err, HY_EBUG, "kernel %s: \"%s\" is no name for an output", k->name, o->name);
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (strcmp(o->name, taken[i]) == 0)
      return hy_fail(err, HY_EBUG, "kernel %s: results have a %s of their own", k->name, o->name);
  if (hy_outputs_find(k, o->name) != index || hy_params_find(k, o->name) >= 0)
    return hy_fail(err, HY_EBUG, "kernel %s: the name %s is used twice", k->name, o->name);
  if (!is_text(o->unit) || !is_text(o->doc) || !o->shape)
    return hy_fail(err, HY_EBUG, "kernel %s: output %s lacks a unit, a sentence or a shape",
                   k->name, o->name);
  if (o->type != HY_I64 && o->type != HY_F64)
    return hy_fail(err, HY_EBUG, "kernel %s: output %s must be HY_I64 or HY_F64", k->name, o->name);
  p = o->when ? hy_params_find(k, o->when) : -1;
  if (o->when && (p < 0 || k->params[p].type != HY_BOOL))
    return hy_fail(err, HY_EBUG, "kernel %s: output %s: `when` names no bool parameter", k->name,
                   o->name);
  for (int d = 0; hy_output_dim(k, index, d, name, sizeof name, &p); d++) {
    if (d == HY_MAX_DIMS)
      return hy_fail(err, HY_EBUG, "kernel %s: output %s has too many dimensions", k->name,
                     o->name);
    const hy_code rc = check_dim(k, o, name, p, err);

    if (rc) return rc;
  }
  return HY_OK;
}

hy_code hy_kernel_check(const hy_kernel *k, hy_err *err)
{
  hy_code rc = HY_OK;

  if (k->abi != HY_KERNEL_ABI)
    return hy_fail(err, HY_EBUG, "a kernel of another hybrid: abi %d", k->abi);
  if (!is_name(k->name)) return hy_fail(err, HY_EBUG, "\"%s\" is no name for a kernel", k->name);
  if (!is_text(k->version) || !is_text(k->doc) || !is_text(k->text))
    return hy_fail(err, HY_EBUG, "kernel %s lacks a version, a doc line or a text", k->name);
  if (!k->run || !k->params_size || hy_outputs_count(k) == 0)
    return hy_fail(err, HY_EBUG, "kernel %s lacks a run function, parameters or outputs", k->name);
  for (int i = 0; !rc && i < hy_params_count(k); i++) rc = check_param(k, &k->params[i], err);
  for (int i = 0; !rc && i < hy_outputs_count(k); i++) rc = check_output(k, i, err);
  return rc;
}
