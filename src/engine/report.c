/** @file report.c
 *  What happened: run.json for programs, the summary for people.  Everything that differs from run to
 *  run by nature is here and never in results.h5. */
#include "engine/internal.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/json.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/** One rank's account of the loop, as sent to rank 0. */
typedef struct account {
  hy_pop_rank pop;
  double      busy_s, most_busy_s, flops;
  int64_t     done, failed, longest_ns;
  int64_t     longest_task;
  int32_t     workers, nfailures;
  char        host[64];
} account;

typedef struct totals {
  hy_pop  pop;
  double  busy_s, most_busy_s, flops, balance;
  int64_t longest_ns, longest_task, fresh;
  int     workers, threads;
} totals;

static double seconds(int64_t ns)
{
  return 1e-9 * (double)ns;
}

/** Where this rank's core-seconds went; see pop.h.  With several workers the whole loop is one
 *  parallel region, and a worker's tasks are its useful work. */
static hy_pop_rank account_pop(const engine *e, const account *a)
{
  const hy_probe none = {0}, *probe = e->workers ? &e->workers[0].probe : &none;
  const double   loop_s = seconds(e->loop_ns), wait_s = e->runtime_s - loop_s;
  const double   team_size = e->task_threads;
  hy_pop_rank    pop = {.threads = e->nworkers * e->task_threads, .mpi_s = wait_s};

  if (e->team == MPI_COMM_NULL) return pop;
  if (e->nworkers > 1 || e->task_threads == 1) {
    const double mpi_s = e->nworkers == 1 ? seconds(probe->mpi_ns) : 0.0;
    const double busy_s = e->job->kernel->team ? loop_s - mpi_s : a->busy_s;

    pop.mpi_s += mpi_s;
    pop.parallel_s = loop_s - mpi_s;
    pop.useful_s = busy_s * team_size;
    pop.imbalance_s = a->most_busy_s - a->busy_s / e->nworkers;
    return pop;
  }
  if (!hy_probe_sees_threads()) { /* the split between master and threads is not known */
    pop.mpi_s += seconds(probe->mpi_ns);
    pop.parallel_s = loop_s - seconds(probe->mpi_ns);
    pop.useful_s = pop.parallel_s * team_size;
    return pop;
  }
  pop.mpi_s += seconds(probe->mpi_ns);
  pop.parallel_s = seconds(probe->parallel_ns);
  pop.serial_s = loop_s - seconds(probe->mpi_ns) - pop.parallel_s;
  pop.useful_s = seconds(probe->useful_ns);
  pop.imbalance_s = seconds(probe->imbalance_ns);
  return pop;
}

static account account_of(const engine *e)
{
  account a = {.workers = e->nworkers, .nfailures = e->nfailures};

  for (int w = 0; e->workers && w < e->nworkers; w++) {
    const worker *k = &e->workers[w];

    a.busy_s += seconds(k->busy_ns);
    if (seconds(k->busy_ns) > a.most_busy_s) a.most_busy_s = seconds(k->busy_ns);
    a.flops += 1e3 * (double)k->flops_e3;
    a.done += k->done;
    a.failed += k->failed;
    if (k->longest_ns > a.longest_ns) {
      a.longest_ns = k->longest_ns;
      a.longest_task = k->longest_task;
    }
  }
  a.pop = account_pop(e, &a);
  (void)snprintf(a.host, sizeof a.host, "%s", hy_place_host(e->place));
  return a;
}

static totals sum_up(const engine *e, const account *all)
{
  totals       t = {0};
  hy_pop_rank *ranks = calloc((size_t)e->size, sizeof *ranks);

  for (int r = 0; r < e->size; r++) {
    const account *a = &all[r];

    t.busy_s += a->busy_s;
    t.flops += a->flops;
    t.fresh += a->done + a->failed;
    t.workers += a->workers;
    t.threads += a->pop.threads;
    if (a->most_busy_s > t.most_busy_s) t.most_busy_s = a->most_busy_s;
    if (a->longest_ns > t.longest_ns) {
      t.longest_ns = a->longest_ns;
      t.longest_task = a->longest_task;
    }
    if (ranks) ranks[r] = a->pop;
  }
  const int takers = e->job->kernel->team ? e->nteams : t.workers;

  t.balance = t.most_busy_s > 0.0 ? t.busy_s / (takers * t.most_busy_s) : 1.0;
  if (ranks && e->runtime_s > 0.0) t.pop = hy_pop_compute(ranks, e->size, e->runtime_s);
  free(ranks);
  return t;
}

static void json_pop(hy_json *j, const hy_pop *p)
{
  hy_json_open(j, "efficiency_pop_additive", '{');
  hy_json_f64(j, "parallel_efficiency", p->parallel);
  hy_json_f64(j, "process_efficiency", p->process);
  hy_json_f64(j, "process_load_balance", p->process_balance);
  hy_json_f64(j, "process_communication", p->process_communication);
  hy_json_f64(j, "thread_efficiency", p->thread);
  hy_json_f64(j, "serial_region_efficiency", p->serial_region);
  hy_json_f64(j, "openmp_efficiency", p->openmp);
  hy_json_f64(j, "openmp_load_balance", p->openmp_balance);
  hy_json_close(j, '}');
  hy_json_open(j, "core_seconds", '{');
  hy_json_f64(j, "total", p->total);
  hy_json_f64(j, "useful", p->useful);
  hy_json_f64(j, "mpi", p->mpi);
  hy_json_f64(j, "idle_while_mpi", p->idle_in_mpi);
  hy_json_f64(j, "idle_while_serial", p->idle_in_serial);
  hy_json_f64(j, "imbalance", p->imbalance);
  hy_json_f64(j, "runtime_system", p->runtime);
  hy_json_close(j, '}');
}

static void json_ranks(hy_json *j, const engine *e, const account *all)
{
  hy_json_open(j, "ranks", '[');
  for (int r = 0; r < e->size; r++) {
    hy_json_open(j, NULL, '{');
    hy_json_i64(j, "rank", r);
    hy_json_str(j, "host", all[r].host);
    hy_json_i64(j, "threads", all[r].pop.threads);
    hy_json_i64(j, "tasks", all[r].done + all[r].failed);
    hy_json_f64(j, "busy_s", all[r].busy_s);
    hy_json_close(j, '}');
  }
  hy_json_close(j, ']');
}

static void json_failures(hy_json *j, const engine *e, const account *all, const failure *list)
{
  char text[512];

  hy_json_open(j, "failures", '[');
  for (int r = 0, told = 0; r < e->size; r++)
    for (int i = 0; i < all[r].nfailures && told < MAX_FAILURES; i++, told++) {
      const failure *f = &list[(size_t)r * MAX_FAILURES + (size_t)i];

      hy_json_open(j, NULL, '{');
      hy_json_i64(j, "task", f->task);
      hy_json_str(j, "parameters", hy_job_describe(e->job, f->task, text, sizeof text));
      hy_json_str(j, "error", f->why.text);
      hy_json_str(j, "where", f->why.where);
      hy_json_close(j, '}');
    }
  hy_json_close(j, ']');
}

static void write_json(const engine *e, const account *all, const failure *failures,
                       const totals *t, const char *sha, const char *placement, hy_json *j)
{
  char version[MPI_MAX_LIBRARY_VERSION_STRING] = "", now[24], job_sha[65];
  int  n = 0;

  (void)MPI_Get_library_version(version, &n);
  version[strcspn(version, "\n")] = 0;
  hy_utc_now(now);
  hy_hex32(e->job->digest, job_sha);
  hy_json_open(j, NULL, '{');
  hy_json_str(j, "hybrid", HYBRID_VERSION);
  hy_json_str(j, "job", e->job->name);
  hy_json_str(j, "kernel", e->job->kernel->name);
  hy_json_str(j, "kernel_version", e->job->kernel->version);
  hy_json_str(j, "job_sha256", job_sha);
  hy_json_str(j, "results_sha256", sha);
  hy_json_str(j, "started", e->start_utc);
  hy_json_str(j, "ended", now);
  hy_json_str(j, "mpi", version);
  hy_json_i64(j, "epoch", e->epoch);
  hy_json_i64(j, "tasks", e->job->ntasks);
  hy_json_i64(j, "done", e->done);
  hy_json_i64(j, "failed", e->failed);
  hy_json_i64(j, "done_by_earlier_starts", e->ndone_before);
  hy_json_i64(j, "nranks", e->size);
  hy_json_i64(j, "nnodes", e->facts.nnodes);
  hy_json_i64(j, "threads", t->threads);
  hy_json_i64(j, "teams", e->job->kernel->team ? e->nteams : t->workers);
  hy_json_bool(j, "oversubscribed", e->facts.oversubscribed);
  hy_json_f64(j, "wall_s", seconds(hy_now_ns() - e->start_ns));
  hy_json_f64(j, "loop_s", e->runtime_s);
  hy_json_f64(j, "store_s", e->store_s);
  hy_json_f64(j, "tasks_per_s", e->runtime_s > 0.0 ? (double)t->fresh / e->runtime_s : 0.0);
  hy_json_f64(j, "model_flop_per_s", e->runtime_s > 0.0 ? t->flops / e->runtime_s : 0.0);
  hy_json_f64(j, "balance", t->balance);
  hy_json_i64(j, "longest_task", t->longest_task);
  hy_json_f64(j, "longest_task_s", seconds(t->longest_ns));
  json_pop(j, &t->pop);
  json_ranks(j, e, all);
  json_failures(j, e, all, failures);
  hy_json_str(j, "placement", placement);
  hy_json_close(j, '}');
}

static void summary_work(const engine *e, const totals *t, hy_str *s)
{
  char a[28], b[28], c[28], text[256];

  hy_str_addf(s, "%s%s%s\n", e->job->name, e->job->title[0] ? ": " : "", e->job->title);
  hy_str_addf(s, "  tasks        %s done, %s failed", hy_format_count(a, e->done),
              hy_format_count(b, e->failed));
  if (e->ndone_before)
    hy_str_addf(s, " (%s of them by earlier starts)", hy_format_count(a, e->ndone_before));
  hy_str_addf(s, "\n  shape        %d rank%s on %d node%s, %d thread%s in all", e->size,
              e->size == 1 ? "" : "s", e->facts.nnodes, e->facts.nnodes == 1 ? "" : "s", t->threads,
              t->threads == 1 ? "" : "s");
  if (e->job->kernel->team) hy_str_addf(s, ", %d team%s", e->nteams, e->nteams == 1 ? "" : "s");
  hy_str_addf(s, "\n  time         %s, of it tasks %s, results %s\n",
              hy_format_seconds(a, seconds(hy_now_ns() - e->start_ns)),
              hy_format_seconds(b, e->runtime_s), hy_format_seconds(c, e->store_s));
  if (t->fresh == 0 || e->runtime_s <= 0.0) return;
  hy_str_addf(s, "  speed        %.4g tasks/s", (double)t->fresh / e->runtime_s);
  if (t->flops > 0.0)
    hy_str_addf(s, ", %.3g GFLOP/s by the cost model", 1e-9 * t->flops / e->runtime_s);
  hy_str_addf(s, "\n  balance      %.3f (mean / busiest worker)\n", t->balance);
  hy_str_addf(s, "  longest      %s: task %lld", hy_format_seconds(a, seconds(t->longest_ns)),
              (long long)t->longest_task);
  (void)hy_job_describe(e->job, t->longest_task, text, sizeof text);
  hy_str_addf(s, text[0] ? " (%s)\n" : "%s\n", text);
}

static void summary_pop(const engine *e, const totals *t, hy_str *s)
{
  const hy_pop *p = &t->pop;

  if (p->total <= 0.0) return;
  hy_str_addf(s, "\n  efficiency (POP, additive model)\n");
  hy_str_addf(s, "    parallel %.3f = process %.3f + thread %.3f - 1\n", p->parallel, p->process,
              p->thread);
  hy_str_addf(s, "    process  %.3f = balance %.3f + communication %.3f - 1\n", p->process,
              p->process_balance, p->process_communication);
  hy_str_addf(s, "    thread   %.3f = serial regions %.3f + openmp %.3f - 1\n", p->thread,
              p->serial_region, p->openmp);
  hy_str_addf(s,
              "  core-seconds %.4g: useful %.1f %%, mpi and waiting %.1f %%, imbalance %.1f %%, "
              "serial %.1f %%, runtime %.1f %%\n",
              p->total, 100.0 * p->useful / p->total, 100.0 * (p->mpi + p->idle_in_mpi) / p->total,
              100.0 * p->imbalance / p->total, 100.0 * p->idle_in_serial / p->total,
              100.0 * p->runtime / p->total);
  if (e->facts.oversubscribed)
    hy_str_addf(s, "  (threads share cores: these are efficiencies of threads, not of cores)\n");
}

static hy_code tell(engine *e, const account *all, const failure *failures, const char *placement,
                    hy_err *err)
{
  const totals t = sum_up(e, all);
  char         path[4096], results[4096], sha[65];
  uint8_t      digest[32];
  hy_json      json = {0};
  hy_str       text = {0};
  hy_code      rc;

  (void)snprintf(results, sizeof results, "%s/results.h5", e->dir);
  rc = hy_io_digest(results, digest, err);
  if (rc) return rc;
  hy_hex32(digest, sha);
  write_json(e, all, failures, &t, sha, placement, &json);
  hy_str_add(&json.out, "\n");
  (void)snprintf(path, sizeof path, "%s/run.json", e->dir);
  if (json.out.failed)
    rc = hy_fail(err, HY_ENOMEM, "no memory for run.json");
  else
    rc = hy_io_replace(path, json.out.text, json.out.len, err);
  hy_str_clear(&json.out);
  if (rc || e->options->quiet) return rc;
  summary_work(e, &t, &text);
  summary_pop(e, &t, &text);
  answer_print(e, &text);
  hy_str_addf(&text, "\n  %s\n  sha256 %s\n", results, sha);
  if (text.text) (void)fputs(text.text, stdout);
  hy_str_clear(&text);
  if (fflush(stdout) != 0 || ferror(stdout))
    rc = hy_fail(err, HY_EIO, "cannot write the summary to stdout; the results are in %s", results);
  return rc;
}

hy_code report_write(engine *e, hy_err *err)
{
  const account mine = account_of(e);
  account      *all = NULL;
  failure      *failures = NULL;
  hy_str        placement = {0};
  hy_code       rc = HY_OK;

  if (e->rank == 0) {
    all = calloc((size_t)e->size, sizeof *all);
    failures = calloc((size_t)e->size, MAX_FAILURES * sizeof *failures);
    if (!all || !failures) rc = hy_fail(err, HY_ENOMEM, "no memory for the report");
  }
  rc = hy_agree(e->world, rc, err);
  if (rc) goto out;
  HY_MPI(
      MPI_Gather(&mine, (int)sizeof mine, MPI_BYTE, all, (int)sizeof mine, MPI_BYTE, 0, e->world));
  HY_MPI(MPI_Gather(e->failures, (int)(MAX_FAILURES * sizeof(failure)), MPI_BYTE, failures,
                    (int)(MAX_FAILURES * sizeof(failure)), MPI_BYTE, 0, e->world));
  hy_place_draw(e->place, &placement);
  if (e->rank == 0) rc = tell(e, all, failures, placement.text ? placement.text : "", err);
  rc = hy_agree(e->world, rc, err);
out:
  hy_str_clear(&placement);
  free(all);
  free(failures);
  return rc;
}
