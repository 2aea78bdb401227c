/** @file trace.c
 *  trace.json for Perfetto and Chrome: one bar per task, process = rank, thread = worker.  Times are
 *  from each rank's passage of the barrier before the loop, so no clocks are compared. */
#include "engine/internal.h"

#include "base/io.h"
#include "base/str.h"

#include <stdlib.h>

static void write_spans(const engine *e, hy_str *out)
{
  for (int w = 0; w < e->nworkers; w++) {
    const worker *k = &e->workers[w];

    hy_str_addf(
        out,
        "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%d,\"args\":{\"name\":\"rank %d on "
        "%s\"}},\n",
        e->rank, e->rank, hy_place_host(e->place));
    for (int64_t i = 0; k->spans && i < k->nspans; i++)
      hy_str_addf(
          out,
          "{\"ph\":\"X\",\"name\":\"task %u\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f},\n",
          k->spans[i].task, e->rank, w, 1e-3 * (double)(k->spans[i].start_ns - e->loop_start_ns),
          1e-3 * (double)(k->spans[i].end_ns - k->spans[i].start_ns));
  }
}

/** Rank 0 takes the others' text one after the other. */
static hy_code gather(engine *e, hy_str *mine, hy_err *err)
{
  enum { TAG = 1 };
  hy_code rc = HY_OK;

  if (e->rank > 0) {
    int64_t n = (int64_t)mine->len;

    HY_MPI(MPI_Send(&n, 1, MPI_INT64_T, 0, TAG, e->world));
    HY_MPI(MPI_Send(mine->text, hy_mpi_count(n), MPI_CHAR, 0, TAG, e->world));
    return HY_OK;
  }
  for (int from = 1; from < e->size; from++) {
    int64_t n = 0;

    HY_MPI(MPI_Recv(&n, 1, MPI_INT64_T, from, TAG, e->world, MPI_STATUS_IGNORE));
    char *text = malloc((size_t)n + 1);

    if (!text) (void)MPI_Abort(e->world, 1);
    HY_MPI(MPI_Recv(text, hy_mpi_count(n), MPI_CHAR, from, TAG, e->world, MPI_STATUS_IGNORE));
    hy_str_add_bytes(mine, text, (size_t)n);
    free(text);
  }
  if (mine->failed) rc = hy_fail(err, HY_ENOMEM, "no memory for the trace");
  return rc;
}

hy_code trace_write(engine *e, hy_err *err)
{
  hy_str  text = {0};
  char    path[4096];
  hy_code rc;

  hy_str_add(&text, e->rank == 0 ? "{\"traceEvents\":[\n" : "");
  write_spans(e, &text);
  rc = hy_agree(e->world, text.failed ? hy_fail(err, HY_ENOMEM, "no memory for the trace") : HY_OK,
                err);
  if (!rc) rc = gather(e, &text, err);
  if (!rc && e->rank == 0) {
    if (text.len > 2) text.len -= 2; /* the last comma */
    hy_str_add(&text, "\n],\"displayTimeUnit\":\"ms\"}\n");
    (void)snprintf(path, sizeof path, "%s/trace.json", e->dir);
    rc = hy_io_replace(path, text.text, text.len, err);
  }
  hy_str_clear(&text);
  return hy_agree(e->world, rc, err);
}
