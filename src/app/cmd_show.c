/** @file cmd_show.c
 *  `hybrid show DIR`: what a run directory holds.  No MPI: it works beside a running job. */
#include "app/cmd.h"
#include "app/show.h"
#include "base/io.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUN_JSON_LIMIT = 64 << 20 };

/** The value of a top-level key of run.json, which the engine writes with one key a line, as text
 *  without quotes; "?" when it is not there. */
static const char *look_up(const char *json, const char *key, char *value, size_t n)
{
  char pattern[64];

  (void)snprintf(pattern, sizeof pattern, "\n  \"%s\": ", key);
  const char *at = strstr(json, pattern);

  (void)snprintf(value, n, "?");
  if (!at) return value;
  at += strlen(pattern);
  at += *at == '"';
  (void)snprintf(value, n, "%.*s", (int)strcspn(at, "\",\n"), at);
  return value;
}

static double number(const char *json, const char *key)
{
  char   value[64];
  double x = 0.0;

  return hy_parse_f64(look_up(json, key, value, sizeof value), &x) ? x : 0.0;
}

static void print_count(const char *json, const char *key, const char *word)
{
  const double n = number(json, key);

  (void)printf("%.0f %s%s", n, word, n == 1.0 ? "" : "s");
}

static void print_run(const char *json)
{
  char a[80], b[28];

  (void)printf("  tasks        %s done, ", hy_format_count(b, (int64_t)number(json, "done")));
  (void)printf("%s failed\n", hy_format_count(b, (int64_t)number(json, "failed")));
  (void)printf("  ran          %s, ", look_up(json, "started", a, sizeof a));
  print_count(json, "nranks", "rank");
  (void)fputs(" on ", stdout);
  print_count(json, "nnodes", "node");
  (void)fputs(", ", stdout);
  print_count(json, "threads", "thread");
  (void)printf(" in all\n  time         %s, ", hy_format_seconds(b, number(json, "wall_s")));
  (void)printf("of it tasks %s\n", hy_format_seconds(b, number(json, "loop_s")));
  const double rate = number(json, "tasks_per_s");

  (void)printf("  speed        %.*f tasks/s, ", rate < 100.0 ? 3 : 0, rate);
  (void)printf("balance %.3f\n", number(json, "balance"));
  (void)printf("  sha256       %s\n", look_up(json, "results_sha256", a, sizeof a));
}

static int show_finished(const options *o, const hy_job *job, hy_err *err)
{
  char      path[4096], *json = NULL;
  size_t    n = 0;
  hy_store *store = NULL;
  hy_code   rc = HY_OK;

  (void)snprintf(path, sizeof path, "%s/results.h5", o->arg);
  rc = hy_store_open(path, job, &store, err);
  if (rc) goto out;
  if (o->png) {
    rc = show_picture(o, job, store, err);
  } else if (o->csv) {
    rc = show_csv(o, job, store, err);
  } else {
    (void)snprintf(path, sizeof path, "%s/run.json", o->arg);
    rc = hy_io_load(path, RUN_JSON_LIMIT, &json, &n, err);
    if (rc) goto out;
    (void)printf("%s: finished: %s%s%s, kernel %s\n", o->arg, job->name, job->title[0] ? ": " : "",
                 job->title, job->kernel->name);
    print_run(json);
    rc = show_table(o, job, store, err);
  }
out:
  free(json);
  hy_store_close(store);
  return rc ? app_fail(rc, err) : HY_EXIT_DONE;
}

static int show_unfinished(const options *o, const hy_job *job, hy_err *err)
{
  int64_t done = 0, failed = 0;
  char    a[28], b[28], c[28];

  if (o->csv || o->png) {
    app_error("%s holds an unfinished run: results.h5 is made at its end; start the job again",
              o->arg);
    return HY_EXIT_INPUT;
  }
  const hy_code rc = hy_dir_progress(o->arg, job, &done, &failed, err);

  if (rc) return app_fail(rc, err);
  (void)printf("%s: unfinished: %s%s%s, kernel %s\n", o->arg, job->name, job->title[0] ? ": " : "",
               job->title, job->kernel->name);
  (void)printf("  tasks        %s of %s done, %s failed\n", hy_format_count(a, done),
               hy_format_count(b, job->ntasks), hy_format_count(c, failed));
  (void)printf("  running still, or stopped: then start the same job again to go on\n");
  return HY_EXIT_DONE;
}

int cmd_show(const options *o)
{
  const hy_dir_state state = hy_dir_look(o->arg);
  hy_job            *job = NULL;
  hy_err             err = {0};

  if (state == HY_DIR_ABSENT || state == HY_DIR_FOREIGN) {
    app_error(state == HY_DIR_ABSENT ? "%s does not exist or is empty; `hybrid show` needs the run "
                                       "directory, results/NAME by default"
                                     : "%s holds no run of hybrid",
              o->arg);
    return HY_EXIT_INPUT;
  }
  hy_code rc = app_job_of(o->arg, &job, &err);

  if (!rc && o->task >= job->ntasks)
    rc = hy_fail(&err, HY_EINPUT, "there is no task %lld: the job has tasks 0 to %lld",
                 (long long)o->task, (long long)job->ntasks - 1);
  if (rc) {
    hy_job_free(job);
    return app_fail(rc, &err);
  }
  const int code =
      state == HY_DIR_FINISHED ? show_finished(o, job, &err) : show_unfinished(o, job, &err);

  hy_job_free(job);
  return code;
}
