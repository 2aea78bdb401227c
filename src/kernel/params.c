/** @file params.c
 *  A parameter's value as text, as hy_value and as a field of the kernel's struct. */
#include "kernel/params.h"

#include "base/str.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int hy_params_count(const hy_kernel *k)
{
  int n = 0;

  while (k->params[n].name) n++;
  return n;
}

int hy_params_find(const hy_kernel *k, const char *name)
{
  for (int p = 0; k->params[p].name; p++)
    if (strcmp(k->params[p].name, name) == 0) return p;
  return -1;
}

int hy_outputs_count(const hy_kernel *k)
{
  int n = 0;

  while (k->outputs[n].name) n++;
  return n;
}

int hy_outputs_find(const hy_kernel *k, const char *name)
{
  for (int o = 0; k->outputs[o].name; o++)
    if (strcmp(k->outputs[o].name, name) == 0) return o;
  return -1;
}

bool hy_param_sweepable(const hy_param *p)
{
  return p->type != HY_MATRIX;
}

static bool limited(const hy_param *p)
{
  return (p->type == HY_I64 || p->type == HY_F64) && (p->min != 0.0 || p->max != 0.0);
}

/** "first, second or third" of choices "first|second|third". */
static void list_choices(const char *choices, char *text, size_t n)
{
  size_t at = 0;

  for (const char *c = choices; *c && at + 6 < n; c++) {
    if (*c != '|') {
      text[at++] = *c;
      continue;
    }
    const char *const glue = strchr(c + 1, '|') ? ", " : " or ";

    (void)memcpy(text + at, glue, strlen(glue));
    at += strlen(glue);
  }
  text[at] = 0;
}

/** What a value of `p` has to be: "a whole number from 1 to 1000". */
static void describe(const hy_param *p, char *text, size_t n)
{
  static const char *const kinds[] = {
      [HY_BOOL] = "true or false", [HY_ENUM] = "",
      [HY_I64] = "a whole number", [HY_F64] = "a finite number",
      [HY_STR] = "text",           [HY_MATRIX] = "the path of an HDF5 or CSV file"};
  char min[28], max[28];
  int  at = snprintf(text, n, "%s", kinds[p->type]);

  if (p->type == HY_ENUM) list_choices(p->choices, text, n);
  if (!limited(p) || at < 0 || (size_t)at >= n) return;
  (void)hy_format_f64(min, p->min);
  (void)hy_format_f64(max, p->max);
  if (p->max == INFINITY)
    (void)snprintf(text + at, n - (size_t)at, " of at least %s", min);
  else if (p->min == -INFINITY)
    (void)snprintf(text + at, n - (size_t)at, " of at most %s", max);
  else
    (void)snprintf(text + at, n - (size_t)at, " from %s to %s", min, max);
}

/** Somebody's text made fit for a message: one line, not endless. */
static void quote(const char *text, char *shown, size_t n)
{
  size_t i = 0;

  for (; text[i] && i + 4 < n; i++)
    shown[i] = (char)((unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i]);
  if (text[i]) {
    while (i > 0 && ((unsigned char)text[i] & 0xc0) == 0x80) i--; /* not inside a UTF-8 character */
    (void)memcpy(shown + i, "...", 3);
    i += 3;
  }
  shown[i] = 0;
}

static hy_code refuse(const hy_param *p, const char *text, hy_err *err)
{
  char wanted[200], shown[64];

  describe(p, wanted, sizeof wanted);
  quote(text, shown, sizeof shown);
  return hy_fail(err, HY_EINPUT, "%s must be %s, not \"%s\"", p->name, wanted, shown);
}

/** Index of `text` among "first|second", or -1. */
static int find_choice(const char *choices, const char *text)
{
  const size_t n = strlen(text);
  const char  *c = choices;

  for (int i = 0; c; i++) {
    const size_t length = strcspn(c, "|");

    if (length == n && memcmp(c, text, n) == 0) return i;
    c = c[length] ? c + length + 1 : NULL;
  }
  return -1;
}

static int count_choices(const char *choices)
{
  int n = 1;

  for (const char *c = choices; *c; c++) n += *c == '|';
  return n;
}

hy_code hy_param_check(const hy_param *p, hy_value value, hy_err *err)
{
  bool ok = true;
  char text[28];

  if (p->type == HY_ENUM) ok = value.e >= 0 && value.e < count_choices(p->choices);
  if (p->type == HY_F64) ok = isfinite(value.f);
  if (p->type == HY_STR || p->type == HY_MATRIX) ok = value.s != NULL;
  if (p->type == HY_MATRIX && ok) ok = value.s[0] != 0;
  if (limited(p)) {
    const double x = p->type == HY_I64 ? (double)value.i : value.f;

    ok = ok && p->min <= x && x <= p->max;
  }
  if (ok) return HY_OK;
  if (p->type == HY_ENUM) {
    (void)snprintf(text, sizeof text, "%d", value.e);
    return refuse(p, text, err);
  }
  if (p->type == HY_STR || p->type == HY_MATRIX) return refuse(p, "", err);
  return refuse(p, hy_param_format(p, value, text, sizeof text), err);
}

hy_code hy_param_parse(const hy_param *p, const char *text, hy_value *value, hy_err *err)
{
  hy_value v = {0};
  bool     ok = true;

  switch (p->type) {
  case HY_BOOL:
    v.b = strcmp(text, "true") == 0;
    ok = v.b || strcmp(text, "false") == 0;
    break;
  case HY_ENUM:
    v.e = find_choice(p->choices, text);
    ok = v.e >= 0;
    break;
  case HY_I64:
    ok = hy_parse_i64(text, &v.i);
    break;
  case HY_F64:
    ok = hy_parse_f64(text, &v.f);
    break;
  case HY_STR:
  case HY_MATRIX:
    v.s = text;
    break;
  }
  if (!ok || hy_param_check(p, v, NULL) != HY_OK) return refuse(p, text, err);
  *value = v;
  return HY_OK;
}

const char *hy_param_format(const hy_param *p, hy_value value, char *text, size_t n)
{
  char number[28];

  switch (p->type) {
  case HY_BOOL:
    (void)snprintf(text, n, "%s", value.b ? "true" : "false");
    break;
  case HY_ENUM: {
    const char *c = p->choices;

    for (int i = 0; i < value.e && c[strcspn(c, "|")]; i++) c += strcspn(c, "|") + 1;
    (void)snprintf(text, n, "%.*s", (int)strcspn(c, "|"), c);
    break;
  }
  case HY_I64:
    (void)snprintf(text, n, "%" PRId64, value.i);
    break;
  case HY_F64:
    (void)snprintf(text, n, "%s", hy_format_f64(number, value.f));
    break;
  case HY_STR:
  case HY_MATRIX:
    (void)snprintf(text, n, "%s", value.s ? value.s : "");
    break;
  }
  return text;
}

void hy_param_set(void *params, const hy_param *p, hy_value value)
{
  char *const field = (char *)params + p->offset;

  switch (p->type) {
  case HY_BOOL:
    (void)memcpy(field, &value.b, sizeof value.b);
    break;
  case HY_ENUM:
    (void)memcpy(field, &value.e, sizeof value.e);
    break;
  case HY_I64:
    (void)memcpy(field, &value.i, sizeof value.i);
    break;
  case HY_F64:
    (void)memcpy(field, &value.f, sizeof value.f);
    break;
  case HY_STR:
    (void)memcpy(field, &value.s, sizeof value.s);
    break;
  case HY_MATRIX:
    break;
  }
}

hy_value hy_param_get(const void *params, const hy_param *p)
{
  const char *const field = (const char *)params + p->offset;
  hy_value          value = {0};

  switch (p->type) {
  case HY_BOOL:
    (void)memcpy(&value.b, field, sizeof value.b);
    break;
  case HY_ENUM:
    (void)memcpy(&value.e, field, sizeof value.e);
    break;
  case HY_I64:
    (void)memcpy(&value.i, field, sizeof value.i);
    break;
  case HY_F64:
    (void)memcpy(&value.f, field, sizeof value.f);
    break;
  case HY_STR:
    (void)memcpy(&value.s, field, sizeof value.s);
    break;
  case HY_MATRIX:
    break;
  }
  return value;
}
