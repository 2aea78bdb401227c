/** @file cmd_kernels.c
 *  `hybrid kernels [NAME]`: all there is to say of a kernel, from its descriptor. */
#include "app/cmd.h"
#include "app/table.h"
#include "engine/engine.h"
#include "kernel/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int list_kernels(void)
{
  static const char *const heads[] = {"kernel", "version", "runs on", "computes"};
  table                   *t = table_new(heads, 4);

  for (int i = 0; hy_kernels[i]; i++) {
    table_cell(t, hy_kernels[i]->name);
    table_cell(t, hy_kernels[i]->version);
    table_cell(t, hy_kernels[i]->team ? "a team" : "one rank");
    table_cell(t, hy_kernels[i]->doc);
  }
  table_print_free(t, 0);
  (void)printf("\n`hybrid kernels NAME` describes one in full.\n");
  return HY_EXIT_DONE;
}

static const char *type_word(const hy_param *p)
{
  switch (p->type) {
  case HY_BOOL:
    return "bool";
  case HY_ENUM:
    return p->choices;
  case HY_I64:
    return "whole number";
  case HY_F64:
    return "number";
  case HY_STR:
    return "text";
  case HY_MATRIX:
    return "file, HDF5 or CSV";
  }
  return "?";
}

static void range_cell(table *t, const hy_param *p)
{
  char low[28], high[28];

  if ((p->type != HY_I64 && p->type != HY_F64) || (p->min == 0.0 && p->max == 0.0))
    table_cell(t, "");
  else
    table_cellf(t, "%s .. %s", hy_format_f64(low, p->min), hy_format_f64(high, p->max));
}

static void print_params(const hy_kernel *k)
{
  static const char *const heads[] = {"parameter", "type", "default", "range", "unit", "meaning"};
  table                   *t = table_new(heads, 6);

  for (const hy_param *p = k->params; p->name; p++) {
    table_cell(t, p->name);
    table_cell(t, type_word(p));
    table_cell(t, !p->preset ? "required" : p->preset[0] ? p->preset : "\"\"");
    range_cell(t, p);
    table_cell(t, strcmp(p->unit, "1") == 0 ? "" : p->unit);
    table_cell(t, p->doc);
  }
  (void)putchar('\n');
  table_print_free(t, 2);
}

static void print_outputs(const hy_kernel *k)
{
  static const char *const heads[] = {"output", "type", "shape", "unit", "when", "meaning"};
  table                   *t = table_new(heads, 6);

  for (const hy_output *o = k->outputs; o->name; o++) {
    table_cell(t, o->name);
    table_cell(t, o->type == HY_I64 ? "int64" : "double");
    if (o->shape[0])
      table_cellf(t, "[%s]", o->shape);
    else
      table_cell(t, "scalar");
    table_cell(t, strcmp(o->unit, "1") == 0 ? "" : o->unit);
    table_cell(t, o->when ? o->when : "always");
    table_cell(t, o->doc);
  }
  (void)putchar('\n');
  table_print_free(t, 2);
}

/** The doc as a YAML comment. */
static void print_example_param(const hy_param *p)
{
  const char *preset = p->preset;

  if (p->type == HY_MATRIX && !preset) preset = "data.csv";
  if (!preset) preset = p->type == HY_STR ? "text" : "1";
  (void)printf("    %s: %s  # %s%s\n", p->name, preset[0] ? preset : "\"\"",
               p->preset ? "" : "required: ", p->doc);
}

/** Every parameter explicit, and a sweep over the first whole number that has a default. */
static void print_example(const hy_kernel *k)
{
  const hy_param *swept = NULL;
  int64_t         from = 0;

  for (const hy_param *p = k->params; p->name && !swept; p++)
    if (p->type == HY_I64 && p->preset && hy_parse_i64(p->preset, &from) &&
        ((p->min == 0.0 && p->max == 0.0) || (double)from + 2.0 <= p->max))
      swept = p;
  (void)printf("\n  a job\n    kernel: %s\n    params:\n", k->name);
  for (const hy_param *p = k->params; p->name; p++)
    if (p != swept) {
      (void)fputs("  ", stdout);
      print_example_param(p);
    }
  if (!swept) return;
  (void)printf("    sweep:\n      %s: {from: %lld, to: %lld, step: 1}\n", swept->name,
               (long long)from, (long long)from + 2);
}

static void print_text(const char *text)
{
  (void)putchar('\n');
  while (text && *text) {
    const int n = (int)strcspn(text, "\n");

    (void)printf(n ? "  %.*s\n" : "%.*s\n", n, text);
    text += n + (text[n] == '\n');
  }
}

int cmd_kernels(const options *o)
{
  const hy_kernel *k = o->arg ? hy_kernel_find(o->arg) : NULL;
  const char      *names[64];
  int              n = 0;

  if (!o->arg) return list_kernels();
  if (!k) {
    while (n < 64 && hy_kernels[n]) {
      names[n] = hy_kernels[n]->name;
      n++;
    }
    const char *near = hy_suggest(o->arg, names, n);

    if (near)
      app_error("there is no kernel \"%s\"; did you mean %s?", o->arg, near);
    else
      app_error("there is no kernel \"%s\"; `hybrid kernels` lists them", o->arg);
    return HY_EXIT_USAGE;
  }
  (void)printf("%s %s: %s\n", k->name, k->version, k->doc);
  (void)printf("  runs on %s\n", k->team
                                     ? "a team: several ranks and threads work on one task together"
                                     : "one rank; many tasks at the same time");
  print_text(k->text);
  print_params(k);
  print_outputs(k);
  print_example(k);
  return HY_EXIT_DONE;
}
