/** @file replay.c
 *  What the journal holds.  Each rank scans some of the logs and notes a few words per record; notes
 *  about a task then go to the ranks that want that task, and payloads are read where they lie.
 *
 *  A task is done when a DONE record of it is there and, if that speaks of parts, as many PART records
 *  of the same epoch and attempt.  Several starts may have run the same task: results are functions of the job, so
 *  any of them will do, and where two can be compared and differ, that is an error to be told. */
#include "engine/internal.h"

#include "base/digest.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

typedef struct slab {
  hy_part part;
  entry   at;
} slab;

typedef struct span_of_tasks {
  int64_t first, end;
} span_of_tasks;

typedef struct notes {
  entry   *list;
  int64_t  n, capacity, ntasks;
  uint32_t log;
} notes;

static hy_code note(void *ctx, const hy_found *found, hy_err *err)
{
  notes *all = ctx;

  if (found->type != HY_REC_DONE && found->type != HY_REC_PART && found->type != HY_REC_FAILED)
    return HY_OK;
  if (found->task < 0 || found->task >= all->ntasks) return HY_OK;
  if (all->n == all->capacity) {
    const int64_t capacity = all->capacity ? all->capacity + all->capacity / 2 : 1024;
    entry        *more = realloc(all->list, (size_t)capacity * sizeof *more);

    if (!more) return hy_fail(err, HY_ENOMEM, "no memory for %lld records", (long long)capacity);
    all->list = more;
    all->capacity = capacity;
  }
  all->list[all->n++] =
      (entry){.task = (uint32_t)found->task,
              .log = all->log,
              .offset = found->offset,
              .len = found->len,
              .crc = found->type == HY_REC_DONE ? hy_crc32c(0, found->payload, found->len) : 0,
              .parts = found->parts,
              .type = (uint16_t)found->type,
              .attempt = (uint16_t)found->attempt};
  return HY_OK;
}

static hy_code share_list(const engine *e, replay *r, hy_err *err)
{
  hy_code rc = HY_OK;

  if (e->rank == 0) rc = hy_journal_list(r->e->journal_dir, &r->logs, &r->nlogs, err);
  rc = hy_agree(e->world, rc, err);
  if (rc) return rc;
  HY_MPI(MPI_Bcast(&r->nlogs, 1, MPI_INT, 0, e->world));
  const size_t bytes = (size_t)r->nlogs * sizeof *r->logs;

  if (e->rank > 0) r->logs = malloc(bytes + 1);
  r->fds = malloc((size_t)r->nlogs * sizeof *r->fds + 1);
  if (!r->logs || !r->fds) rc = hy_fail(err, HY_ENOMEM, "no memory for %d logs", r->nlogs);
  for (int i = 0; r->fds && i < r->nlogs; i++) r->fds[i] = -1;
  rc = hy_agree(e->world, rc, err);
  if (!rc) hy_comm_bcast(e->world, 0, r->logs, bytes);
  return rc;
}

static hy_code scan(const engine *e, replay *r, notes *all, hy_err *err)
{
  for (int i = e->rank; i < r->nlogs; i += e->size) {
    char           path[4096];
    hy_scan_report report;

    hy_journal_path(r->e->journal_dir, r->logs[i], path, sizeof path);
    all->log = (uint32_t)i;
    const hy_code rc = hy_journal_scan(path, e->job->digest, note, all, &report, err);

    if (rc) return rc;
    if (report.damaged)
      hy_log(HY_LOG_WARN, "journal",
             "%s is damaged: %lld bytes are no records; what they held is computed again", path,
             (long long)report.damaged);
  }
  return HY_OK;
}

/** Send every note to each rank whose range holds its task. */
static hy_code exchange(const engine *e, notes *all, replay *r, hy_err *err)
{
  const int           size = e->size;
  const span_of_tasks mine = {r->first, r->end};
  span_of_tasks      *range = calloc((size_t)size, sizeof *range);
  int                *count = calloc((size_t)size * 4, sizeof *count);
  entry              *out = NULL;
  MPI_Datatype        type;
  int64_t             total = 0;
  hy_code             rc = HY_OK;

  if (!range || !count) rc = hy_fail(err, HY_ENOMEM, "no memory to share the journal's records");
  rc = hy_agree(e->world, rc, err);
  if (rc) goto out;
  int *const sends = count, *const send_at = sends + size, *const gets = send_at + size,
             *const get_at = gets + size;

  HY_MPI(MPI_Allgather(&mine, 2, MPI_INT64_T, range, 2, MPI_INT64_T, e->world));
  for (int to = 0; to < size; to++)
    for (int64_t i = 0; i < all->n; i++)
      sends[to] += all->list[i].task >= range[to].first && all->list[i].task < range[to].end;
  HY_MPI(MPI_Alltoall(sends, 1, MPI_INT, gets, 1, MPI_INT, e->world));
  for (int to = 0; to < size; to++) {
    send_at[to] = (int)(total < INT32_MAX ? total : INT32_MAX); /* too many are refused below */
    get_at[to] = (int)(r->n < INT32_MAX ? r->n : INT32_MAX);
    r->n += gets[to];
    total += sends[to];
  }
  out = malloc((size_t)total * sizeof *out + 1);
  r->entries = malloc((size_t)r->n * sizeof *r->entries + 1);
  if (!out || !r->entries || total > INT32_MAX || r->n > INT32_MAX)
    rc = hy_fail(err, HY_ENOMEM, "no memory for %lld records", (long long)r->n);
  rc = hy_agree(e->world, rc, err);
  if (rc) goto out;
  for (int64_t to = 0, at = 0; to < size; to++)
    for (int64_t i = 0; i < all->n; i++)
      if (all->list[i].task >= range[to].first && all->list[i].task < range[to].end)
        out[at++] = all->list[i];
  HY_MPI(MPI_Type_contiguous((int)sizeof(entry), MPI_BYTE, &type));
  HY_MPI(MPI_Type_commit(&type));
  HY_MPI(MPI_Alltoallv(out, sends, send_at, type, r->entries, gets, get_at, type, e->world));
  HY_MPI(MPI_Type_free(&type));
out:
  free(range);
  free(count);
  free(out);
  return rc;
}

static int by_task(const void *pa, const void *pb)
{
  const entry *a = pa, *b = pb;

  if (a->task != b->task) return a->task < b->task ? -1 : 1;
  if (a->log != b->log) return a->log < b->log ? -1 : 1;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static bool is_sorted(const replay *r)
{
  for (int64_t i = 1; i < r->n; i++)
    if (by_task(&r->entries[i - 1], &r->entries[i]) > 0) return false;
  return true;
}

hy_code replay_load(engine *e, int64_t first, int64_t end, replay *r, hy_err *err)
{
  notes   all = {.ntasks = e->job->ntasks};
  hy_code rc;

  *r = (replay){.e = e, .first = first, .end = end, .slab_task = -1};
  rc = share_list(e, r, err);
  if (rc) return rc;
  rc = hy_agree(e->world, scan(e, r, &all, err), err);
  if (!rc && e->size > 1) {
    rc = exchange(e, &all, r, err);
    free(all.list);
  } else {
    r->entries = all.list;
    r->n = all.n;
  }
  if (!rc && !is_sorted(r)) qsort(r->entries, (size_t)r->n, sizeof *r->entries, by_task);
  return rc;
}

void replay_clear(replay *r)
{
  for (int i = 0; r->fds && i < r->nlogs; i++)
    if (r->fds[i] >= 0) (void)hy_io->close(r->fds[i]);
  free(r->fds);
  free(r->logs);
  free(r->entries);
  free(r->slabs);
  memset(r, 0, sizeof *r);
}

/** First entry of a task, or the place where it would be. */
static int64_t find(replay *r, int64_t task)
{
  int64_t low = 0, high = r->n;

  if (r->cursor < r->n && r->entries[r->cursor].task <= task) {
    low = r->cursor;
    for (int near = 0; near < 8 && low < r->n && r->entries[low].task < task; near++) low++;
    if (low == r->n || r->entries[low].task >= task) high = low;
  }
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;

    if (r->entries[middle].task < task)
      low = middle + 1;
    else
      high = middle;
  }
  while (low > 0 && r->entries[low - 1].task >= task) low--;
  r->cursor = low;
  return low;
}

static bool is_whole(const replay *r, int64_t from, const entry *done)
{
  int64_t parts = 0;

  if (done->parts == 0) return true;
  for (int64_t i = from; i < r->n && r->entries[i].task == done->task; i++)
    parts += r->entries[i].type == HY_REC_PART && r->entries[i].attempt == done->attempt &&
             r->logs[r->entries[i].log].epoch == r->logs[done->log].epoch;
  return parts == done->parts;
}

/** The DONE record to take a task's result from, or NULL. */
static const entry *result_of(const replay *r, int64_t from, int64_t task)
{
  for (int64_t i = from; i < r->n && r->entries[i].task == task; i++)
    if (r->entries[i].type == HY_REC_DONE && is_whole(r, from, &r->entries[i]))
      return &r->entries[i];
  return NULL;
}

hy_code replay_state(replay *r, int64_t task, int *state, hy_err *err)
{
  const int64_t from = find(r, task);
  const entry  *done = result_of(r, from, task);
  bool          failed = false;

  for (int64_t i = from; i < r->n && r->entries[i].task == task; i++) {
    const entry *other = &r->entries[i];

    failed |= other->type == HY_REC_FAILED;
    if (!done || other->type != HY_REC_DONE || done->parts || other->parts) continue;
    if (other->len != done->len || other->crc != done->crc)
      return hy_fail(
          err, HY_ECHECK,
          "task %lld was run twice with different results (epochs %u and %u): the kernel "
          "is not deterministic, or the machines differ",
          (long long)task, r->logs[done->log].epoch, r->logs[other->log].epoch);
  }
  *state = done ? 1 : failed ? 2 : 0;
  return HY_OK;
}

static hy_code read_log(replay *r, uint32_t log, int64_t offset, size_t n, void *data, hy_err *err)
{
  char path[4096];

  if (r->fds[log] < 0) {
    hy_journal_path(r->e->journal_dir, r->logs[log], path, sizeof path);
    r->fds[log] = hy_io->open(path, O_RDONLY | O_CLOEXEC, 0);
  }
  if (r->fds[log] >= 0 && hy_io_read_all(r->fds[log], data, n, offset) == 0) return HY_OK;
  const int code = errno;

  hy_journal_path(r->e->journal_dir, r->logs[log], path, sizeof path);
  return hy_fail(err, HY_EIO, "cannot read %s: %s", path, strerror(code));
}

hy_code replay_why(replay *r, int64_t task, hy_err *why, hy_err *err)
{
  const int64_t from = find(r, task);

  memset(why, 0, sizeof *why);
  for (int64_t i = from; i < r->n && r->entries[i].task == task; i++)
    if (r->entries[i].type == HY_REC_FAILED && r->entries[i].len == sizeof *why)
      return read_log(r, r->entries[i].log, r->entries[i].offset, sizeof *why, why, err);
  return HY_OK;
}

/** Read the heads of a task's PART records. */
static hy_code load_slabs(replay *r, int64_t from, const entry *done, hy_err *err)
{
  int64_t n = 0;
  slab   *list = realloc(r->slabs, (size_t)done->parts * sizeof *list);

  if (!list) return hy_fail(err, HY_ENOMEM, "no memory for %u parts", done->parts);
  r->slabs = list;
  r->slab_task = -1;
  for (int64_t i = from; i < r->n && r->entries[i].task == done->task; i++) {
    const entry *at = &r->entries[i];

    if (at->type != HY_REC_PART || at->attempt != done->attempt ||
        r->logs[at->log].epoch != r->logs[done->log].epoch)
      continue;
    const hy_code rc = read_log(r, at->log, at->offset, sizeof list[n].part, &list[n].part, err);

    if (rc) return rc;
    list[n++].at = *at;
  }
  r->nslabs = n;
  r->slab_task = done->task;
  return HY_OK;
}

/** Copy what slabs hold of bytes [offset, offset+n) of an output. */
static hy_code read_slabs(replay *r, int64_t row, int output, int64_t offset, size_t n, char *data,
                          hy_err *err)
{
  int64_t copied = 0;

  for (int64_t i = 0; i < r->nslabs; i++) {
    const slab *s = &r->slabs[i];

    if ((int)s->part.output != output) continue;
    const int64_t at = s->part.start * row, end = at + s->part.count * row;
    const int64_t from = at > offset ? at : offset;
    const int64_t to = end < offset + (int64_t)n ? end : offset + (int64_t)n;

    if (from >= to) continue;
    const hy_code rc = read_log(r, s->at.log, s->at.offset + (int64_t)sizeof s->part + from - at,
                                (size_t)(to - from), data + (from - offset), err);

    if (rc) return rc;
    copied += to - from;
  }
  return copied == (int64_t)n
             ? HY_OK
             : hy_fail(err, HY_EBUG, "parts of output %d overlap or are missing", output);
}

hy_code replay_read(replay *r, int64_t task, int output, int64_t offset, size_t n, void *data,
                    hy_err *err)
{
  const engine *e = r->e;
  const int64_t from = find(r, task);
  const entry  *done = result_of(r, from, task);
  hy_extent     own[64];
  hy_extent    *x = e->fixed_shape ? e->extents : own;
  int64_t       bytes = 0;
  hy_code       rc = HY_OK;

  if (!done) return hy_fail(err, HY_EBUG, "no result of task %lld", (long long)task);
  if (!e->fixed_shape) {
    void *params = malloc(e->job->kernel->params_size);

    if (!params) return hy_fail(err, HY_ENOMEM, "no memory for parameters");
    hy_job_point(e->job, task, params);
    rc = engine_extents(e, params, x, &bytes, err);
    free(params);
  }
  if (rc) return rc;
  if (done->parts) {
    if (r->slab_task != task) rc = load_slabs(r, from, done, err);
    return rc ? rc : read_slabs(r, x[output].row_elements * 8, output, offset, n, data, err);
  }
  for (int o = 0; o < output; o++) offset += x[o].bytes;
  if (offset + (int64_t)n > done->len)
    return hy_fail(err, HY_EBUG, "the result of task %lld has %u bytes, too few", (long long)task,
                   done->len);
  return read_log(r, done->log, done->offset + offset, n, data, err);
}
