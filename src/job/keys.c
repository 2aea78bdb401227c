/** @file keys.c
 *  The keys of a job file but `params` and `sweep`. */
#include "job/internal.h"

#include "kernel/registry.h"

#include <stdio.h>
#include <string.h>

enum { MAX_KNOWN = 256 };

const char *const load_job_keys[NJOB_KEYS] = {"version", "name",  "title", "kernel", "seed",
                                              "params",  "sweep", "team",  "output", "on_failure"};

bool load_is_job_key(const char *word)
{
  for (int k = 0; k < NJOB_KEYS; k++)
    if (strcmp(word, load_job_keys[k]) == 0) return true;
  return false;
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

/** No kernel, or one that there is not. */
static void refuse_kernel(loader *l, const hy_node *root)
{
  const hy_node *at = NULL;
  const char    *name = scalar(l, root, "kernel", &at), *known[MAX_KNOWN];
  int            n = 0;

  while (n < MAX_KNOWN && hy_kernels[n]) {
    known[n] = hy_kernels[n]->name;
    n++;
  }
  if (name) (void)load_unknown(l, at, "kernel", known, n);
  if (!at)
    hy_diag_at(&l->diag, root->n ? root->items[0] : root,
               "add a line `kernel: NAME`; `hybrid kernels` "
               "lists them",
               "the job names no kernel");
}

enum { LONGEST_NAME = 100 };

/** ASCII, whatever the locale says. */
static bool is_letter_or_digit(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_good_name(const char *name)
{
  if (!is_letter_or_digit(name[0]) || strlen(name) > LONGEST_NAME) return false;
  for (; *name; name++)
    if (!is_letter_or_digit(*name) && !strchr("._-", *name)) return false;
  return true;
}

/** The file's name without folder and ending, made a good name. */
static char *default_name(loader *l, const char *path)
{
  const char  *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  const char  *dot = strrchr(base, '.');
  const size_t n = dot && dot > base ? (size_t)(dot - base) : strlen(base);
  char        *name = hy_arena_text(l->arena, base, n < LONGEST_NAME ? n : LONGEST_NAME);

  if (!name || !name[0]) return hy_arena_text(l->arena, "job", 3);
  for (char *c = name; *c; c++)
    if (!is_letter_or_digit(*c) && !strchr("._-", *c)) *c = '_';
  if (!is_letter_or_digit(name[0])) name[0] = 'x';
  return name;
}

/** A text that will stand in one line of a terminal. */
static void one_line(loader *l, const hy_node *root, const char *key, const char *text)
{
  for (; text && *text; text++)
    if ((unsigned char)*text < ' ' || *text == 0x7f) {
      hy_diag_at(&l->diag, hy_map_get(root, key, NULL), NULL,
                 "%s must be one line without control characters", key);
      return;
    }
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
  one_line(l, root, "title", title);
  one_line(l, root, "output", output);
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
      (void)load_unknown(l, team->items[i], "key of team", keys, 2);
  text = scalar(l, team, "ranks", &at);
  if (text && strcmp(text, "all") == 0)
    n = 0;
  else if (text && (at->quoted || !hy_parse_i64(text, &n) || n < 1 || n > 1000000)) {
    hy_diag_at(&l->diag, at, NULL, "ranks of a team must be a whole number from 1, or all");
    text = NULL;
  }
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
    (void)load_unknown(l, at, "policy", known, 2);
}

/** Keys that are none; a parameter among them belongs below `params`. */
static void check_keys(loader *l, const hy_node *root)
{
  const hy_kernel *k = l->job->kernel;

  for (int i = 0; i < root->n; i += 2) {
    const hy_node *key = root->items[i];
    const int      p = k ? hy_params_find(k, key->text) : -1;

    if (load_is_job_key(key->text)) continue;
    if (p < 0) {
      (void)load_unknown(l, key, "key", load_job_keys, NJOB_KEYS);
      continue;
    }
    l->mistaken[p] = true;
    hy_diag_at(&l->diag, key, "it is a parameter: put it below `params`", "unknown key \"%.80s\"",
               key->text);
  }
}

void load_keys(loader *l, const hy_node *root)
{
  check_keys(l, root);
  read_names(l, root);
  read_seed(l, root);
  read_policy(l, root);
  if (l->job->kernel)
    read_team(l, root);
  else
    refuse_kernel(l, root);
}
