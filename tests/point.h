/** @file point.h
 *  Parameters of a kernel, written as in a job file: point(k, "nx=7 steps=3").  What is not named
 *             has
 *  its preset.  The caller frees; nonsense ends the test program. */
#ifndef HY_TEST_POINT_H
#define HY_TEST_POINT_H

#include "kernel/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void set_param(const hy_kernel *k, void *params, const char *name, const char *text)
{
  const int i = hy_params_find(k, name);
  hy_value  value;
  hy_err    err = {.text = "no such parameter"};

  if (i < 0 || hy_param_parse(&k->params[i], text, &value, &err)) {
    (void)fprintf(stderr, "%s=%s: %s\n", name, text, err.text);
    exit(99);
  }
  hy_param_set(params, &k->params[i], value);
}

static inline void *point(const hy_kernel *k, const char *settings)
{
  char  text[512], *rest = NULL;
  void *params = calloc(1, k->params_size);

  if (!params) exit(99);
  for (const hy_param *p = k->params; p->name; p++)
    if (p->preset) set_param(k, params, p->name, p->preset);
  (void)snprintf(text, sizeof text, "%s", settings);
  for (char *s = strtok_r(text, " ", &rest); s; s = strtok_r(NULL, " ", &rest)) {
    char *equals = strchr(s, '=');

    if (!equals) exit(99);
    *equals = 0;
    set_param(k, params, s, equals + 1);
  }
  return params;
}

#endif
