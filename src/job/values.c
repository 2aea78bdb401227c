/** @file values.c
 *  Parameters: their names, their values, the files they name, their defaults. */
#include "job/internal.h"

#include <stdio.h>
#include <string.h>

enum { MAX_KNOWN = 256 };

char *load_resolve(loader *l, const char *path)
{
  const size_t size = strlen(l->dir) + strlen(path) + 1;
  char        *whole = hy_arena_get(l->arena, size);

  if (whole) (void)snprintf(whole, size, "%s%s", path[0] == '/' ? "" : l->dir, path);
  return whole;
}

const char *load_unknown(loader *l, const hy_node *key, const char *what, const char *const *known,
                         int n)
{
  const char *near = hy_suggest(key->text, known, n);
  char        hint[512] = "";
  size_t      used = 0;

  if (near) (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", near);
  for (int i = 0; !near && i < n && used < sizeof hint - 80; i++)
    used += (size_t)snprintf(hint + used, sizeof hint - used, "%s%s", i ? ", " : "there are ",
                             known[i]);
  hy_diag_at(&l->diag, key, n ? hint : NULL, "unknown %s \"%.80s\"", what, key->text);
  return near;
}

const hy_param *load_param(loader *l, const hy_node *key)
{
  const hy_kernel *k = l->job->kernel;
  const int        p = hy_params_find(k, key->text), n = hy_params_count(k);
  const char      *known[MAX_KNOWN];
  char             what[160];

  if (p >= 0) return &k->params[p];
  for (int i = 0; i < n && i < MAX_KNOWN; i++) known[i] = k->params[i].name;
  (void)snprintf(what, sizeof what, "parameter of kernel %.64s:", k->name);
  if (load_is_job_key(key->text)) {
    hy_diag_at(&l->diag, key, "it is a key of the job: put it at the start of a line",
               "unknown %s \"%.80s\"", what, key->text);
    return NULL;
  }
  const char *near = load_unknown(l, key, what, known, n < MAX_KNOWN ? n : MAX_KNOWN);

  /* That the one which was meant is missing would be the same mistake again. */
  if (near) l->mistaken[hy_params_find(k, near)] = true;
  return NULL;
}

/** The choice that was meant, as a hint, or NULL. */
static const char *near_choice(loader *l, const hy_param *p, const char *text, char *hint, size_t n)
{
  const char *known[64], *near = NULL;
  int         count = 0;

  if (p->type != HY_ENUM) return NULL;
  for (const char *c = p->choices; c && count < 64; count++) {
    const size_t length = strcspn(c, "|");

    known[count] = hy_arena_text(l->arena, c, length);
    if (!known[count]) return NULL;
    c = c[length] ? c + length + 1 : NULL;
  }
  near = hy_suggest(text, known, count);
  if (near) (void)snprintf(hint, n, "did you mean \"%s\"?", near);
  return near ? hint : NULL;
}

bool load_value(loader *l, const hy_param *p, const hy_node *node, hy_value *value)
{
  hy_err why;
  char   hint[128];

  if (node->kind != HY_SCALAR) {
    hy_diag_at(&l->diag, node, node->kind == HY_LIST ? "several values belong under `sweep`" : NULL,
               "%s must be one value, not %s", p->name, hy_kind_name(node));
    return false;
  }
  if (node->quoted && (p->type == HY_I64 || p->type == HY_F64 || p->type == HY_BOOL)) {
    hy_diag_at(&l->diag, node, "take the quotes away", "%s is given as a text", p->name);
    return false;
  }
  if (hy_param_parse(p, node->text, value, &why)) {
    hy_diag_at(&l->diag, node, near_choice(l, p, node->text, hint, sizeof hint), "%s", why.text);
    return false;
  }
  return true;
}

/** PATH or PATH:/DATASET. */
static void take_file(loader *l, int p, const hy_node *node, const char *text)
{
  const char        *colon = strstr(text, ":/"), *name = l->job->kernel->params[p].name;
  const size_t       n = colon ? (size_t)(colon - text) : strlen(text);
  const bundle_file *file = NULL;
  char              *path = hy_arena_text(l->arena, text, n);
  hy_err             why;

  if (n == 0) {
    hy_diag_at(&l->diag, node, NULL, "%s: there is no path before the dataset", name);
    return;
  }
  for (const char *c = text; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f) {
      hy_diag_at(&l->diag, node, NULL, "%s must be one line without control characters", name);
      return;
    }
  if (path) path = load_resolve(l, path);
  if (!path) return;
  l->job->files[p] = path;
  l->job->file_datasets[p] = colon ? hy_arena_text(l->arena, colon + 1, strlen(colon + 1)) : "";
  if (bundle_digest(l->bundle, path, &file, &why))
    hy_diag_at(&l->diag, node,
               path[0] == '/' ? NULL : "a path is relative to the job file's folder", "%s: %s",
               name, why.text);
  else
    ((job_memory *)l->job)->absolute[p] =
        hy_arena_text(l->arena, file->absolute, strlen(file->absolute));
}

static void read_param(loader *l, const hy_node *key, const hy_node *value)
{
  const hy_param *p = load_param(l, key);
  hy_value        v;

  if (!p || !load_value(l, p, value, &v)) return;
  if (p->type == HY_MATRIX)
    take_file(l, (int)(p - l->job->kernel->params), value, v.s);
  else
    hy_param_set(l->job->params, p, v);
}

void load_params(loader *l, const hy_node *root)
{
  const hy_node   *params = hy_map_get(root, "params", NULL);
  const hy_kernel *k = l->job->kernel;
  hy_value         v;
  hy_err           why;

  for (int i = 0; k->params[i].name; i++)
    if (k->params[i].preset && k->params[i].type != HY_MATRIX &&
        !hy_param_parse(&k->params[i], k->params[i].preset, &v, &why))
      hy_param_set(l->job->params, &k->params[i], v);
  if (params && params->kind != HY_MAP && !(params->kind == HY_SCALAR && !params->text[0])) {
    hy_diag_at(&l->diag, params, NULL, "params must be a mapping of names to values");
    return;
  }
  for (int i = 0; params && i < params->n; i += 2) {
    const int p = hy_params_find(k, params->items[i]->text);

    if (p >= 0 && l->job->swept[p])
      hy_diag_at(&l->diag, params->items[i], "leave it out of one of the two",
                 "%s is both fixed here and swept", params->items[i]->text);
    else
      read_param(l, params->items[i], params->items[i + 1]);
  }
  for (int i = 0; !l->any_swept && k->params[i].name; i++) {
    const hy_param *p = &k->params[i];

    if (p->preset || l->job->swept[i] || l->mistaken[i] || hy_map_get(params, p->name, NULL))
      continue;
    hy_diag_at(&l->diag, hy_map_get(root, "kernel", NULL), "give it under `params`",
               "kernel %s needs %s: %s", k->name, p->name, p->doc);
  }
}
