/** @file load.c
 *  A job file into a job.  The text becomes a tree, the overrides change the tree, and the tree
 *  is read against the kernel's tables; every reader reports its mistakes and goes on, so all
 *  come out at once, each once.
 *
 *      version: 1              # optional
 *      name: heat              # letters, digits, . _ -; default: the file's name
 *      title: How fast it cools
 *      kernel: heat2d
 *      seed: 1                 # 0 .. 2^63-1, of all random numbers
 *      params:                 # what is not here has the kernel's default
 *        nx: 64
 *        data: ../data/x.h5:/x # a file[:/dataset], relative to the job file
 *      sweep:                  # entries are multiplied, the last changes fastest
 *        k: [1, 2, 3]
 *        n: {from: 1, to: 9, step: 2}              # with both ends
 *        a: {from: 1e-3, to: 1, count: 4, log: true}
 *        zip: {b: [1, 2], c: {from: 0, to: 1, count: 2}}     # change together
 *        points: [{d: 1, e: 2}, {d: 3, e: 4}]
 *        csv: points.csv       # header = names; relative to the job file
 *        random: {count: 100, f: {from: 0, to: 1}, g: [x, y]}
 *        latin: {count: 100, h: {from: 1, to: 9, log: true}} # Latin hypercube
 *      team: {ranks: all, threads: 2}              # a number or all; a number or auto
 *      output: results/heat    # the run directory, relative to the current one
 *      on_failure: continue    # or stop
 *
 *  A sweep may also be a list of such mappings, which allows several of zip, points and so on.
 *  Numbers stand without quotes.  There are no anchors, aliases, tags and further documents. */
#include "job/internal.h"

#include "base/io.h"
#include "kernel/registry.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(loader *l)
{
  hy_job      *job = l->job;
  const size_t n = (size_t)hy_params_count(job->kernel) + 1;

  job->params = hy_arena_get(l->arena, job->kernel->params_size);
  job->files = hy_arena_get(l->arena, n * sizeof(char *));
  job->file_datasets = hy_arena_get(l->arena, n * sizeof(char *));
  job->swept = hy_arena_get(l->arena, n * sizeof *job->swept);
  ((job_memory *)job)->absolute = hy_arena_get(l->arena, n * sizeof(char *));
  l->mistaken = hy_arena_get(l->arena, n * sizeof *l->mistaken);
  return !l->arena->failed;
}

static void read_job(loader *l, const hy_node *root)
{
  hy_job        *job = l->job;
  const hy_node *sweep = hy_map_get(root, "sweep", NULL),
                *kernel = hy_map_get(root, "kernel", NULL);

  job->ntasks = 1;
  if (kernel && kernel->kind == HY_SCALAR) job->kernel = hy_kernel_find(kernel->text);
  if (job->kernel && !make_room(l)) return;
  load_keys(l, root);
  if (!job->kernel) return;
  if (sweep) load_sweep(l, sweep);
  load_params(l, root);
}

static const char *folder_of(hy_arena *arena, const char *path)
{
  const char *slash = strrchr(path, '/');

  return slash ? hy_arena_text(arena, path, (size_t)(slash - path) + 1) : "";
}

static void read_tree(loader *l, hy_node *root)
{
  hy_node       empty = {.kind = HY_MAP, .from = &l->source};
  const hy_node all = {.from = &l->source};

  if (!root) root = &empty;
  if (root->kind != HY_MAP) {
    hy_diag_at(&l->diag, root, NULL, "a job file is a mapping of keys to values, not %s",
               hy_kind_name(root));
    return;
  }
  for (int i = 0; i < l->bundle->nsets; i++) load_set(l, root, l->bundle->sets[i]);
  if (root->n == 0)
    hy_diag_at(&l->diag, &all, NULL, "the job file is empty; it must name a kernel at least");
  else
    read_job(l, root);
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
  l.source = (hy_text){.name = bundle->path, .text = bundle->text, .n = bundle->text_len};
  l.job->path = hy_arena_text(l.arena, bundle->path, strlen(bundle->path));
  if (l.dir && l.job->path &&
      hy_tree_parse(l.arena, &l.source, bundle->text, bundle->text_len, &l.diag, &root))
    read_tree(&l, root);
  hy_diag_end(&l.diag);
  if (l.diag.mistakes || l.arena->failed || !l.job->kernel || l.job->ntasks < 1) {
    const int n = l.diag.mistakes;

    hy_job_free(&memory->job);
    if (n == 0) return hy_fail(err, HY_ENOMEM, "%s: no memory for the job", bundle->path);
    return hy_fail(err, HY_EINPUT, "%s: %d mistake%s, nothing was run", bundle->path, n,
                   n == 1 ? "" : "s");
  }
  const hy_code rc = job_identify(&memory->job, l.bundle, err);

  if (rc) {
    hy_job_free(&memory->job);
    return rc;
  }
  *job = &memory->job;
  return HY_OK;
}

/** The job file into the bundle; when it is missing, the name that may have been meant. */
static hy_code load_file(hy_bundle *b, const char *path, hy_err *err)
{
  static const char *const tries[][2] = {
      {"",      ".yaml"},
      {"",      ".yml" },
      {"jobs/", ""     },
      {"jobs/", ".yaml"}
  };
  hy_err        why;
  const hy_code rc = hy_io_load(path, MAX_JOB_BYTES, &b->text, &b->text_len, &why);
  hy_str        near = {0};

  if (!rc) return HY_OK;
  for (size_t i = 0; !hy_io_exists(path) && i < sizeof tries / sizeof *tries; i++) {
    hy_str_clear(&near);
    hy_str_addf(&near, "%s%s%s", tries[i][0], path, tries[i][1]);
    if (!near.failed && hy_io_exists(near.text)) break;
    hy_str_clear(&near);
  }
  if (near.text)
    (void)hy_fail(err, rc, "%s; did you mean %s?", why.text, near.text);
  else
    (void)hy_fail(err, rc, "%s", why.text);
  hy_str_clear(&near);
  return rc;
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
    rc = load_file(b, path, err);
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
