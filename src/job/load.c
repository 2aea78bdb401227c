/** @file load.c
 *  A job file into a job.  The text becomes a tree, the overrides change the tree, and the tree is read
 *  against the kernel's tables; every reader reports its mistakes and goes on, so all come out at once.
 *
 *      version: 1            optional
 *      name: NAME            of the run directory; default: the file's name
 *      title: TEXT
 *      kernel: NAME
 *      seed: 1
 *      params: {NAME: value, ...}
 *      sweep: {NAME: [a, b], NAME: {from: 1, to: 9, step: 2}, NAME: {from: 1, to: 9, count: 5, log: true},
 *              zip: {NAME: ..., NAME: ...}, points: [{NAME: value, ...}, ...], csv: FILE,
 *              random: {count: 100, NAME: {from: 0, to: 1}}, latin: {count: 100, NAME: [a, b, c]}}
 *                            or a list of such mappings
 *      team: {ranks: 1 or all, threads: 1 or auto}
 *      output: DIRECTORY     default results/NAME
 *      on_failure: continue  or stop
 */
#include "job/internal.h"

#include "base/digest.h"
#include "base/io.h"
#include "kernel/registry.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_KNOWN = 256 };

static const char *const job_keys[] = {"version", "name",  "title", "kernel", "seed",
                                       "params",  "sweep", "team",  "output", "on_failure"};
enum { NJOB_KEYS = sizeof job_keys / sizeof *job_keys };

bool load_is_job_key(const char *word)
{
  for (int k = 0; k < NJOB_KEYS; k++)
    if (strcmp(word, job_keys[k]) == 0) return true;
  return false;
}

char *load_resolve(loader *l, const char *path)
{
  const size_t size = strlen(l->dir) + strlen(path) + 1;
  char        *whole = hy_arena_get(l->arena, size);

  if (whole) (void)snprintf(whole, size, "%s%s", path[0] == '/' ? "" : l->dir, path);
  return whole;
}

void load_unknown(loader *l, const hy_node *key, const char *what, const char *const *known, int n)
{
  const char *near = hy_suggest(key->text, known, n);
  char        hint[512] = "";
  size_t      used = 0;

  if (near) (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", near);
  for (int i = 0; !near && i < n && used < sizeof hint - 80; i++)
    used += (size_t)snprintf(hint + used, sizeof hint - used, "%s%s", i ? ", " : "there are ",
                             known[i]);
  hy_diag_at(&l->diag, key, n ? hint : NULL, "unknown %s \"%.80s\"", what, key->text);
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
  load_unknown(l, key, what, known, n < MAX_KNOWN ? n : MAX_KNOWN);
  return NULL;
}

bool load_value(loader *l, const hy_param *p, const hy_node *node, hy_value *value)
{
  hy_err why;

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
    hy_diag_at(&l->diag, node, NULL, "%s", why.text);
    return false;
  }
  return true;
}

/** A single value among the job's own keys; NULL when it is absent or, after a mistake, wrong. */
static const char *scalar(loader *l, const hy_node *root, const char *key, const hy_node **at)
{
  const hy_node *node = hy_map_get(root, key, NULL);

  if (at) *at = node;
  if (!node) return NULL;
  if (node->kind == HY_SCALAR && node->text[0]) return node->text;
  hy_diag_at(&l->diag, node, NULL, "%s must be one value%s", key,
             node->kind == HY_SCALAR ? ", it is empty" : "");
  return NULL;
}

static void read_kernel(loader *l, const hy_node *root)
{
  const hy_node *at = NULL;
  const char    *name = scalar(l, root, "kernel", &at), *known[MAX_KNOWN];
  int            n = 0;

  while (n < MAX_KNOWN && hy_kernels[n]) {
    known[n] = hy_kernels[n]->name;
    n++;
  }
  if (name) l->job->kernel = hy_kernel_find(name);
  if (name && !l->job->kernel) load_unknown(l, at, "kernel", known, n);
  if (!at)
    hy_diag_at(&l->diag, root->n ? root->items[0] : root,
               "add a line `kernel: NAME`; `hybrid kernels` "
               "lists them",
               "the job names no kernel");
}

static bool is_good_name(const char *name)
{
  if (!isalnum((unsigned char)name[0]) || strlen(name) > 100) return false;
  for (; *name; name++)
    if (!isalnum((unsigned char)*name) && !strchr("._-", *name)) return false;
  return true;
}

/** The file's name without folder and ending. */
static char *default_name(loader *l, const char *path)
{
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path,
             *dot = strrchr(base, '.');
  char *name =
      hy_arena_text(l->arena, base, dot && dot > base ? (size_t)(dot - base) : strlen(base));

  if (!name) return NULL;
  if (strlen(name) > 100) name[100] = 0;
  for (char *c = name; *c; c++)
    if (!isalnum((unsigned char)*c) && !strchr("._-", *c)) *c = '_';
  if (!isalnum((unsigned char)name[0]) && name[0]) name[0] = 'x'; /* as is_good_name() wants it */
  return name[0] ? name : hy_arena_text(l->arena, "job", 3);
}

static void read_names(loader *l, const hy_node *root)
{
  const hy_node *at = NULL;
  hy_job        *job = l->job;
  const char    *name = scalar(l, root, "name", &at), *title = scalar(l, root, "title", NULL);
  const char    *output = scalar(l, root, "output", NULL);
  const char    *version = scalar(l, root, "version", NULL);
  hy_str         dir = {0};

  if (version && strcmp(version, "1") != 0)
    hy_diag_at(&l->diag, hy_map_get(root, "version", NULL), NULL,
               "this hybrid reads job files of version 1, not \"%.40s\"", version);
  if (name && !is_good_name(name))
    hy_diag_at(&l->diag, at, NULL,
               "a name is made of letters, digits, and . _ - inside, at most 100");
  job->name = name ? hy_arena_text(l->arena, name, strlen(name)) : default_name(l, job->path);
  job->title = hy_arena_text(l->arena, title ? title : "", title ? strlen(title) : 0);
  if (output)
    hy_str_add(&dir, output);
  else
    hy_str_addf(&dir, "results/%s", job->name ? job->name : "");
  job->output = dir.failed ? NULL : hy_arena_text(l->arena, dir.text, dir.len);
  hy_str_clear(&dir);
}

static void read_seed(loader *l, const hy_node *root)
{
  const hy_node *at = NULL;
  const char    *text = scalar(l, root, "seed", &at);
  int64_t        n = 0;

  l->job->seed = 1;
  if (!text) return;
  if (at->quoted || !hy_parse_i64(text, &n) || n < 0)
    hy_diag_at(&l->diag, at, NULL, "seed must be a whole number from 0 to 9223372036854775807");
  else
    l->job->seed = (uint64_t)n;
}

static void read_team(loader *l, const hy_node *root)
{
  static const char *const keys[] = {"ranks", "threads"};
  const hy_node           *team = hy_map_get(root, "team", NULL), *at = NULL;
  hy_job                  *job = l->job;
  int64_t                  n = 0;
  const char              *text;

  job->team_ranks = job->kernel->team ? 0 : 1;
  if (!team) return;
  if (team->kind != HY_MAP) {
    hy_diag_at(&l->diag, team, NULL, "team must be a mapping, e.g. {ranks: 2, threads: 4}");
    return;
  }
  for (int i = 0; i < team->n; i += 2)
    if (strcmp(team->items[i]->text, keys[0]) != 0 && strcmp(team->items[i]->text, keys[1]) != 0)
      load_unknown(l, team->items[i], "key of team", keys, 2);
  text = scalar(l, team, "ranks", &at);
  if (text && strcmp(text, "all") == 0)
    n = 0;
  else if (text && (at->quoted || !hy_parse_i64(text, &n) || n < 1 || n > 1000000))
    hy_diag_at(&l->diag, at, NULL, "ranks of a team must be a whole number from 1, or all");
  if (text && !job->kernel->team && n != 1)
    hy_diag_at(&l->diag, at, "leave `ranks` out: each rank runs tasks of its own",
               "kernel %s is solo: its teams have one rank", job->kernel->name);
  else if (text)
    job->team_ranks = (int)n;
  text = scalar(l, team, "threads", &at);
  if (!text || strcmp(text, "auto") == 0) return;
  if (at->quoted || !hy_parse_i64(text, &n) || n < 1 || n > 4096)
    hy_diag_at(&l->diag, at, NULL,
               "threads of a team must be a whole number from 1 to 4096, or auto");
  else
    job->team_threads = (int)n;
}

static void read_policy(loader *l, const hy_node *root)
{
  static const char *const known[] = {"continue", "stop"};
  const hy_node           *at = NULL;
  const char              *text = scalar(l, root, "on_failure", &at);

  if (!text || strcmp(text, "continue") == 0) return;
  if (strcmp(text, "stop") == 0)
    l->job->on_failure = HY_STOP_NOW;
  else
    load_unknown(l, at, "policy", known, 2);
}

/** PATH or PATH:/DATASET. */
static void take_file(loader *l, int p, const hy_node *node, const char *text)
{
  const char *colon = strstr(text, ":/");
  char       *path = hy_arena_text(l->arena, text, colon ? (size_t)(colon - text) : strlen(text));
  uint8_t     digest[32];
  hy_err      why;

  if (path) path = load_resolve(l, path);
  if (!path) return;
  l->job->files[p] = path;
  l->job->file_datasets[p] = colon ? hy_arena_text(l->arena, colon + 1, strlen(colon + 1)) : "";
  if (bundle_digest(l->bundle, path, digest, &why))
    hy_diag_at(&l->diag, node,
               path[0] == '/' ? NULL : "a path is relative to the job file's folder", "%s: %s",
               l->job->kernel->params[p].name, why.text);
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

/** Fixed parameters: those given, then defaults; what is neither given nor swept is missing. */
static void read_params(loader *l, const hy_node *root)
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
  for (int i = 0; k->params[i].name; i++) {
    const hy_param *p = &k->params[i];

    if (p->preset || l->job->swept[i] || hy_map_get(params, p->name, NULL)) continue;
    hy_diag_at(&l->diag, hy_map_get(root, "kernel", NULL), "give it under `params`",
               "kernel %s needs %s: %s", k->name, p->name, p->doc);
  }
}

static void read_job(loader *l, const hy_node *root)
{
  hy_job *job = l->job;

  for (int i = 0; i < root->n; i += 2) {
    bool found = false;

    for (int k = 0; k < NJOB_KEYS; k++) found |= strcmp(root->items[i]->text, job_keys[k]) == 0;
    if (!found) load_unknown(l, root->items[i], "key", job_keys, NJOB_KEYS);
  }
  read_names(l, root);
  read_seed(l, root);
  read_policy(l, root);
  read_kernel(l, root);
  job->ntasks = 1;
  if (!job->kernel) return;
  const size_t n = (size_t)hy_params_count(job->kernel) + 1;

  job->params = hy_arena_get(l->arena, job->kernel->params_size);
  job->files = hy_arena_get(l->arena, n * sizeof(char *));
  job->file_datasets = hy_arena_get(l->arena, n * sizeof(char *));
  job->swept = hy_arena_get(l->arena, n * sizeof *job->swept);
  if (!job->params || !job->files || !job->file_datasets || !job->swept) {
    hy_diag_at(&l->diag, NULL, NULL, "no memory for the job");
    return;
  }
  read_team(l, root);
  const hy_node *sweep = hy_map_get(root, "sweep", NULL);

  if (sweep) load_sweep(l, sweep);
  read_params(l, root);
}

static const char *folder_of(hy_arena *arena, const char *path)
{
  const char *slash = strrchr(path, '/');

  return slash ? hy_arena_text(arena, path, (size_t)(slash - path) + 1) : "";
}

hy_code hy_job_from_bundle(hy_bundle *bundle, hy_job **job, hy_str *report, hy_err *err)
{
  job_memory *memory = calloc(1, sizeof *memory);
  loader      l = {.bundle = bundle, .diag = {.report = report}};
  hy_node    *root = NULL;

  if (!memory) return hy_fail(err, HY_ENOMEM, "no memory for the job");
  l.arena = &memory->arena;
  l.job = &memory->job;
  l.dir = folder_of(l.arena, bundle->path);
  l.source = (hy_text){.name = bundle->path, .text = bundle->text};
  l.job->path = hy_arena_text(l.arena, bundle->path, strlen(bundle->path));
  if (l.dir && l.job->path && hy_tree_parse(l.arena, &l.source, bundle->text_len, &l.diag, &root)) {
    hy_node empty = {.kind = HY_MAP, .from = &l.source};

    if (!root) root = &empty;
    if (root->kind != HY_MAP)
      hy_diag_at(&l.diag, root, NULL, "a job file is a mapping of keys to values, not %s",
                 hy_kind_name(root));
    for (int i = 0; root->kind == HY_MAP && i < bundle->nsets; i++)
      load_set(&l, root, bundle->sets[i]);
    if (root->kind == HY_MAP && root->n == 0)
      hy_diag_line(&l.diag, &l.source, 0, "the job file is empty; it must name a kernel at least");
    else if (root->kind == HY_MAP)
      read_job(&l, root);
  }
  if (!l.diag.mistakes && (memory->arena.failed || !l.job->kernel || l.job->ntasks < 1)) {
    hy_job_free(&memory->job);
    return hy_fail(err, HY_ENOMEM, "no memory for the job");
  }
  if (l.diag.mistakes) {
    hy_job_free(&memory->job);
    return hy_fail(err, HY_EINPUT, "%s: %d mistake%s, nothing was run", bundle->path,
                   l.diag.mistakes, l.diag.mistakes == 1 ? "" : "s");
  }
  const hy_code rc = job_identify(&memory->job, l.bundle, err);

  if (rc) {
    hy_job_free(&memory->job);
    return rc;
  }
  *job = &memory->job;
  return HY_OK;
}

hy_code hy_job_load(const char *path, const char *text, const char *const *sets, int nsets,
                    hy_job **job, hy_str *report, hy_err *err)
{
  hy_bundle *b = calloc(1, sizeof *b);
  hy_code    rc = HY_OK;

  if (!b) return hy_fail(err, HY_ENOMEM, "no memory for the job");
  b->reads = true;
  b->path = strdup(path);
  b->sets = calloc((size_t)nsets + 1, sizeof *b->sets);
  if (text) {
    b->text = strdup(text);
    b->text_len = strlen(text);
  } else {
    rc = hy_io_load(path, MAX_JOB_BYTES, &b->text, &b->text_len, err);
  }
  for (int i = 0; b->sets && i < nsets; i++)
    if ((b->sets[i] = strdup(sets[i]))) b->nsets++;
  if (!rc && (!b->path || !b->text || b->nsets != nsets))
    rc = hy_fail(err, HY_ENOMEM, "no memory for the job");
  if (!rc) rc = hy_job_from_bundle(b, job, report, err);
  b->reads = false;
  if (rc)
    hy_bundle_free(b);
  else
    (*job)->bundle = b;
  return rc;
}

void hy_job_free(hy_job *job)
{
  job_memory *memory = (job_memory *)job;

  if (!job) return;
  hy_bundle_free(job->bundle);
  hy_str_clear(&job->spec);
  hy_arena_clear(&memory->arena);
  free(memory);
}
