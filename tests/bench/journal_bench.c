/** @file journal_bench.c
 *  How fast the journal takes records: journal_bench [DIR [RECORDS [THREADS]]].
 *
 *  cpu       what one appender computes per record
 *  append    until all are taken, per record: the disk's time, when that is slower
 *  durable   until all are synced
 *  switches  voluntary ones of the process */
#include "base/clock.h"
#include "base/io.h"
#include "journal/journal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

typedef struct job {
  hy_journal *journal;
  int64_t     first, n;
  size_t      payload;
  int64_t     cpu_ns;
} job;

static int64_t cpu_ns(void)
{
  struct timespec now;

  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *append(void *arg)
{
  static const char bytes[4096];
  job              *w = arg;
  hy_err            err = {0};
  const int64_t     start = cpu_ns();

  for (int64_t i = 0; i < w->n; i++) {
    const hy_record r = {
        .type = HY_REC_DONE, .task = w->first + i, .body = bytes, .body_len = w->payload};

    if (hy_journal_append(w->journal, &r, &err)) {
      (void)fprintf(stderr, "%s\n", err.text);
      exit(1);
    }
  }
  w->cpu_ns = cpu_ns() - start;
  return NULL;
}

static hy_code count(void *ctx, const hy_found *found, hy_err *err)
{
  (void)found, (void)err;
  ++*(int64_t *)ctx;
  return HY_OK;
}

static hy_code measure(const char *dir, size_t payload, int64_t n, int threads, hy_err *err)
{
  enum { MOST = 64 };
  static const uint8_t id[32];
  hy_journal          *journal = NULL;
  pthread_t            thread[MOST];
  job                  work[MOST];
  uint32_t             epoch = 0;
  char                 path[4096];
  int64_t              found = 0;
  hy_scan_report       report;
  struct rusage        before, after;
  hy_code              rc = hy_journal_claim(dir, &epoch, err);

  if (!rc) rc = hy_journal_open(dir, id, epoch, 0, NULL, &journal, err);
  if (rc) return rc;
  (void)getrusage(RUSAGE_SELF, &before);
  const int64_t start = hy_now_ns();

  for (int t = 0; t < threads; t++) {
    work[t] = (job){journal, t * n, n / threads, payload, 0};
    if (t > 0 && pthread_create(&thread[t], NULL, append, &work[t])) exit(1);
  }
  (void)append(&work[0]);
  for (int t = 1; t < threads; t++) (void)pthread_join(thread[t], NULL);
  const int64_t appended = hy_now_ns();

  rc = hy_journal_sync(journal, err);
  const int64_t durable = hy_now_ns();

  (void)getrusage(RUSAGE_SELF, &after);
  if (!rc) rc = hy_journal_close(journal, err);
  hy_journal_path(dir, (hy_log_name){epoch, 0}, path, sizeof path);
  const int64_t scan_start = hy_now_ns();

  if (!rc) rc = hy_journal_scan(path, id, count, &found, &report, err);
  const int64_t scanned = hy_now_ns();
  const double  all = (double)(n / threads * threads);

  if (rc) return rc;
  printf("%7zu %7d %10.1f %10.1f %10.1f %10.2f %10.1f %10ld\n", payload + 40, threads,
         (double)work[0].cpu_ns / (double)work[0].n, (double)(appended - start) / all,
         (double)(durable - start) / all, 1e3 * all / (double)(durable - start),
         (double)(scanned - scan_start) / all, after.ru_nvcsw - before.ru_nvcsw);
  return found == n / threads * threads + 1 ? HY_OK : hy_fail(err, HY_EBUG, "records are missing");
}

int main(int argc, char **argv)
{
  static const size_t payloads[] = {0, 8, 48, 88, 1024, 4096};
  const char         *dir = argc > 1 ? argv[1] : "journal_bench.tmp";
  const int64_t       n = argc > 2 ? atoll(argv[2]) : 1000000;
  const int           most = argc > 3 ? atoi(argv[3]) : 2;
  hy_err              err = {0};
  hy_code             rc = HY_OK;

  printf("%7s %7s %10s %10s %10s %10s %10s %10s\n", "bytes", "threads", "cpu ns", "append ns",
         "durable ns", "million/s", "scan ns", "switches");
  for (size_t i = 0; !rc && i < sizeof payloads / sizeof *payloads; i++)
    for (int t = 1; !rc && t <= most && t <= 64; t *= 2) {
      rc = measure(dir, payloads[i], payloads[i] > 512 ? n / 10 : n, t, &err);
      (void)hy_io_remove_tree(dir, NULL);
    }
  if (rc) (void)fprintf(stderr, "%s\n", err.text);
  return rc ? 1 : 0;
}
