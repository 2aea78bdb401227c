/** @file verify.c
 *  `hybrid verify`: is what lies in results.h5 what was written, and is it right?  Checksums first,
 *  then each task's own verification, tasks shared out over ranks (solo) or done by all (team). */
#include "engine/internal.h"

#include "base/digest.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct verifier {
  hy_run    run; /* first */
  hy_store *store;
} verifier;

typedef struct outcome {
  int64_t checked, damaged, wrong, failed;
  double  worst; /* error / bound */
  int64_t worst_task;
} outcome;

static hy_code no_put(hy_run *run, int output, int64_t start, int64_t count, const void *data,
                      hy_err *err)
{
  (void)run, (void)output, (void)start, (void)count, (void)data;
  return hy_fail(err, HY_EBUG, "a kernel's verify function puts an output");
}

static hy_code get(hy_run *run, int output, int64_t start, int64_t count, void *data, hy_err *err)
{
  return hy_store_read(((verifier *)run)->store, run->task, output, start, count, data, err);
}

static const hy_run_ops services = {NULL, no_put, get};

static void complain(const engine *e, int64_t task, const char *what)
{
  char text[256];

  (void)printf("  task %lld (%s): %s\n", (long long)task,
               hy_job_describe(e->job, task, text, sizeof text), what);
}

/** One task.  Team: collective over the team. */
static hy_code verify_task(engine *e, verifier *v, void *params, int64_t task, outcome *o,
                           hy_err *err)
{
  const bool speaks = hy_comm_rank(e->team) == 0;
  hy_verdict verdict = {"", NAN, 0.0};
  bool       failed = false, same = false;
  char       text[300];
  hy_code    rc = hy_store_failed(v->store, task, &failed, err);

  if (!rc) rc = hy_store_check(v->store, task, &same, err);
  rc = hy_agree(e->team, rc, err);
  if (rc) return rc;
  int any[2] = {failed, !same}; /* what one rank sees decides for its team */

  HY_MPI(MPI_Allreduce(MPI_IN_PLACE, any, 2, MPI_INT, MPI_MAX, e->team));
  failed = any[0];
  same = !any[1];
  o->checked++;
  o->failed += failed;
  if (!same) {
    o->damaged++;
    if (speaks) complain(e, task, "damaged: its checksum does not match");
  }
  if (failed || !same || !e->job->kernel->verify) return HY_OK;
  hy_job_point(e->job, task, params);
  v->run.params = params;
  v->run.task = task;
  v->run.seed = hy_task_seed(e->job->seed, task);
  rc = hy_agree(e->team, e->job->kernel->verify(&v->run, params, &verdict, err), err);
  if (rc == HY_OK && verdict.error <= verdict.bound) {
    const double share = verdict.bound > 0.0 ? verdict.error / verdict.bound : 0.0;

    if (share > o->worst) {
      o->worst = share;
      o->worst_task = task;
    }
    return HY_OK;
  }
  o->wrong++;
  if (rc)
    (void)snprintf(text, sizeof text, "cannot be verified: %.250s", err->text);
  else
    (void)snprintf(text, sizeof text, "wrong: %s is %.3g, must be at most %.3g", verdict.what,
                   verdict.error, verdict.bound);
  if (speaks) complain(e, task, text);
  return HY_OK;
}

static hy_code verify_tasks(engine *e, const hy_verify_options *o, const char *path, outcome *all,
                            hy_err *err)
{
  const int64_t n = e->job->ntasks, count = o->sample > 0 && o->sample < n ? o->sample : n;
  verifier      v = {
           .run = {.ops = &services, .kernel = e->job->kernel, .comm = e->team}
  };
  void   *params = calloc(1, e->job->kernel->params_size);
  outcome mine = {0};
  hy_code rc = params ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for parameters");

  v.run.threads = e->facts.threads;
  if (!rc) rc = hy_store_open(path, e->job, &v.store, err);
  rc = hy_agree(e->world, rc, err);
  for (int64_t i = 0; !rc && i < count; i++)
    if (e->job->kernel->team || i % e->size == e->rank)
      rc = verify_task(e, &v, params, i * n / count, &mine, err);
  rc = hy_agree(e->world, rc, err);
  if (!rc) {
    struct {
      double worst;
      int    rank;
    } at = {mine.worst, e->rank};

    *all = mine;
    if (e->job->kernel->team)
      HY_MPI(MPI_Bcast(&all->checked, 4, MPI_INT64_T, 0, e->world));
    else
      HY_MPI(MPI_Allreduce(&mine.checked, &all->checked, 4, MPI_INT64_T, MPI_SUM, e->world));
    HY_MPI(MPI_Allreduce(MPI_IN_PLACE, &at, 1, MPI_DOUBLE_INT, MPI_MAXLOC, e->world));
    all->worst = at.worst;
    HY_MPI(MPI_Bcast(&all->worst_task, 1, MPI_INT64_T, at.rank, e->world));
  }
  hy_store_close(v.store);
  free(params);
  return rc;
}

static hy_code load(engine *e, const hy_verify_options *o, char *path, size_t size, hy_err *err)
{
  static char          job_path[4096];
  const hy_run_options run = {.path = job_path, .threads = o->threads, .bind = true, .quiet = true};

  hy_code rc = HY_OK;

  if (e->rank == 0 && hy_dir_look(o->dir) != HY_DIR_FINISHED)
    rc = hy_fail(err, HY_EINPUT, "%s holds no finished run: no results.h5, run.json and job.yaml",
                 o->dir);
  rc = hy_agree(e->world, rc, err);
  if (rc) return rc;
  (void)snprintf(path, size, "%s/results.h5", o->dir);
  (void)snprintf(job_path, sizeof job_path, "%s/job.yaml", o->dir);
  e->options = &run;
  rc = engine_prepare(e, err);

  e->options = NULL;
  return rc;
}

/** Whether results.h5 is the file that run.json speaks of: this also covers what belongs to no task,
 *  such as coordinates and attributes.  Rank 0. */
static hy_code check_file(const char *dir, const char *path, bool *same, hy_err *err)
{
  static const char key[] = "\"results_sha256\": \"";
  char              json_path[4096], *json = NULL, sha[65];
  uint8_t           digest[32];
  size_t            n = 0;

  (void)snprintf(json_path, sizeof json_path, "%s/run.json", dir);
  hy_code rc = hy_io_load(json_path, 256 << 20, &json, &n, err);

  if (!rc) rc = hy_io_digest(path, digest, err);
  if (!rc) {
    const char *written = strstr(json, key);

    hy_hex32(digest, sha);
    *same = written && strncmp(written + sizeof key - 1, sha, 64) == 0;
    if (!*same)
      (void)printf("  %s was changed after it was written: its sha256 is %s, %s says %.64s\n", path,
                   sha, json_path, written ? written + sizeof key - 1 : "nothing");
  }
  free(json);
  return rc;
}

static void say(const engine *e, const hy_verify_options *o, const outcome *all)
{
  char checked[28], n[28];

  (void)printf("%s: %s of %s tasks checked: %lld damaged, %lld wrong, %lld had failed\n", o->dir,
               hy_format_count(checked, all->checked), hy_format_count(n, e->job->ntasks),
               (long long)all->damaged, (long long)all->wrong, (long long)all->failed);
  if (e->job->kernel->verify)
    (void)printf("  largest error / bound %.3g, task %lld\n", all->worst,
                 (long long)all->worst_task);
  else
    (void)printf("  kernel %s has no verification of its own\n", e->job->kernel->name);
}

int hy_engine_verify(MPI_Comm world, const hy_verify_options *o)
{
  engine  e = {.world = world, .team = MPI_COMM_NULL, .lock = -1};
  hy_err  err = {0};
  outcome all = {0};
  char    path[4096];

  e.rank = hy_comm_rank(world);
  e.size = hy_comm_size(world);
  hy_log_init(e.size > 1 ? e.rank : -1, HY_LOG_INFO);
  hy_code rc = load(&e, o, path, sizeof path, &err);

  if (!rc) {
    e.team = e.job->kernel->team ? world : MPI_COMM_SELF;
    rc = verify_tasks(&e, o, path, &all, &err);
  }
  bool same = true;

  if (!rc) rc = hy_agree(world, e.rank == 0 ? check_file(o->dir, path, &same, &err) : HY_OK, &err);
  HY_MPI(MPI_Bcast(&same, 1, MPI_C_BOOL, 0, world));
  if (rc && e.rank == 0) (void)fprintf(stderr, "hybrid: error: %s\n", err.text);
  if (rc == HY_EIO && e.rank == 0)
    (void)fprintf(stderr, "hybrid: %s cannot be read; run the job again with --force\n", path);
  if (!rc && e.rank == 0 && !o->quiet) say(&e, o, &all);
  e.team = MPI_COMM_NULL;
  const bool bad = all.damaged || all.wrong || !same;

  engine_clear(&e);
  /* a file that cannot be read is a verdict here, not a mishap */
  return rc && rc != HY_EIO ? hy_exit_code(rc) : rc || bad ? HY_EXIT_FAILED : HY_EXIT_DONE;
}
