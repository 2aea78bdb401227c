/** @file pass.c
 *  Tasks which a rank has as a whole, and which are small, are gathered: a batch of consecutive
 *  tasks becomes one write per output.  Tasks which are shared or large go piece by piece.
 *
 *  The checksum of a task is the CRC-32C over the CRC-32Cs of its pieces, so each piece's can be
 *  computed by whoever has the piece.  The last step needs them in order: a rank keeps those of the
 *  task it found begun (head), and continues when the lower rank tells how far that one came.
 *
 *  Every write is noted with the CRC of its bytes, and all of it is read back when the file is
 *  closed: write errors can get lost on the way through MPI-IO. */
#include "store/pass.h"

#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

hy_code store_pass_init(store_pass *p, hy_err *err)
{
  p->buffer = malloc(STORE_BUFFER);
  p->x = calloc((size_t)p->lay->noutputs + 1, sizeof *p->x);
  if (p->buffer && p->x) return HY_OK;
  return hy_fail(err, HY_ENOMEM, "%s: no memory to write it", p->path);
}

void store_pass_clear(store_pass *p)
{
  free(p->buffer);
  free(p->x);
  free(p->written);
  free(p->head);
}

/** Write a span and take note of it. */
static hy_code put(store_pass *p, store_span span, void *data, hy_err *err)
{
  if (span.count == 0) return HY_OK;
  if (p->n == p->capacity) {
    const int64_t  more = p->capacity ? 2 * p->capacity : 64;
    store_written *written = realloc(p->written, (size_t)more * sizeof *written);

    if (!written) return hy_fail(err, HY_ENOMEM, "%s: no memory to write it", p->path);
    p->written = written;
    p->capacity = more;
  }
  const size_t bytes = (size_t)span.count * store_slot_bytes(p->lay, span.slot);

  p->written[p->n++] = (store_written){span, hy_crc32c(0, data, bytes)};
  return store_file_io(p->file, &span, data, true, err);
}

/** What a failed task has instead of numbers. */
static void fill(const store_pass *p, int output, void *data, size_t bytes)
{
  const uint64_t nan = STORE_NAN;
  const int64_t  none = INT64_MIN;
  const void    *value =
      p->lay->job->kernel->outputs[output].type == HY_I64 ? (const void *)&none : &nan;

  for (size_t i = 0; i < bytes; i += 8) memcpy((char *)data + i, value, 8);
}

static uint32_t fold(uint32_t crc, uint32_t piece)
{
  return hy_crc32c(crc, &piece, sizeof piece);
}

/** The checksum goes on over all of one output. */
static uint32_t fold_output(uint32_t crc, const char *data, int64_t bytes)
{
  for (int64_t at = 0; at < bytes; at += STORE_PIECE) {
    const int64_t n = bytes - at < STORE_PIECE ? bytes - at : STORE_PIECE;

    crc = fold(crc, hy_crc32c(0, data + at, (size_t)n));
  }
  return crc;
}

static int64_t task_bytes(const store_pass *p)
{
  int64_t bytes = 5; /* status, crc32c */

  for (int o = 0; o < p->lay->noutputs && bytes <= STORE_BATCH; o++) bytes += p->x[o].bytes;
  return bytes;
}

/** Where the parts of a batch of n tasks lie in the buffer. */
typedef struct batch {
  int64_t first, n;
  char   *crc, *status, *own; /**< own: for datasets of single tasks */
} batch;

/** All outputs of one task of a batch: regular ones into their places, others into the file. */
static hy_code gather(store_pass *p, const batch *b, int64_t task, hy_err *err)
{
  const int64_t i = task - b->first;
  bool          failed;
  uint32_t      crc = 0;
  char         *place = p->buffer;
  hy_code       rc = hy_layout_task(p->lay, task, p->x, err);

  if (!rc) rc = p->source->status(p->source->ctx, task, &failed, err);
  for (int o = 0; o < p->lay->noutputs && !rc; o++) {
    const bool    varies = p->lay->outputs[o].varies;
    const int64_t bytes = p->x[o].bytes;
    char *const   to = varies ? b->own : place + i * bytes;

    if (!varies) place += b->n * bytes;
    if (bytes == 0 || (failed && varies)) continue;
    if (failed)
      fill(p, o, to, (size_t)bytes);
    else
      rc = p->source->read(p->source->ctx, task, o, 0, (size_t)bytes, to, err);
    if (rc) break;
    crc = fold_output(crc, to, bytes);
    if (varies) rc = put(p, (store_span){o, task, 0, bytes / 8}, to, err);
  }
  if (rc) return rc;
  if (failed) crc = 0;
  memcpy(b->crc + 4 * i, &crc, 4);
  b->status[i] = failed ? 1 : 0;
  return HY_OK;
}

static hy_code write_batch(store_pass *p, int64_t first, int64_t end, int64_t regular, hy_err *err)
{
  batch   b = {.first = first, .n = end - first};
  char   *place = p->buffer;
  hy_code rc = HY_OK;

  b.crc = p->buffer + b.n * regular;
  b.status = b.crc + 4 * b.n;
  b.own = p->buffer + STORE_BATCH + 32;
  for (int64_t t = first; t < end && !rc; t++) rc = gather(p, &b, t, err);
  for (int o = 0; o < p->lay->noutputs && !rc; o++) {
    const store_output *out = &p->lay->outputs[o];

    if (!out->present || out->varies) continue;
    rc = put(p, (store_span){o, -1, first * out->elements, b.n * out->elements}, place, err);
    place += b.n * out->elements * 8;
  }
  if (!rc) rc = put(p, (store_span){store_status_slot(p->lay), -1, first, b.n}, b.status, err);
  if (!rc) rc = put(p, (store_span){store_crc_slot(p->lay), -1, first, b.n}, b.crc, err);
  return rc;
}

static hy_code put_seal(store_pass *p, int64_t task, bool failed, uint32_t crc, hy_err *err)
{
  int8_t  status = failed ? 1 : 0;
  hy_code rc = put(p, (store_span){store_status_slot(p->lay), -1, task, 1}, &status, err);

  if (failed) crc = 0;
  return rc ? rc : put(p, (store_span){store_crc_slot(p->lay), -1, task, 1}, &crc, err);
}

/** Is this the task which a lower rank began? */
static bool is_head(const store_pass *p, int64_t task)
{
  return p->from.piece > 0 && task == p->from.task;
}

/** One piece of an output: read, note its CRC, write. */
static hy_code write_piece(store_pass *p, int64_t task, store_piece piece, bool failed, hy_err *err)
{
  const store_output *out = &p->lay->outputs[piece.output];
  const size_t        bytes = (size_t)piece.bytes;
  hy_code             rc = HY_OK;

  if (failed && out->varies) return HY_OK;
  if (failed)
    fill(p, piece.output, p->buffer, bytes);
  else
    rc = p->source->read(p->source->ctx, task, piece.output, piece.offset, bytes, p->buffer, err);
  if (rc) return rc;
  const uint32_t crc = hy_crc32c(0, p->buffer, bytes);

  if (is_head(p, task))
    p->head[p->nhead++] = crc;
  else
    p->crc = fold(p->crc, crc);
  const int64_t start = (out->varies ? 0 : task * out->elements) + piece.offset / 8;

  return put(p, (store_span){piece.output, out->varies ? task : -1, start, piece.bytes / 8},
             p->buffer, err);
}

/** Pieces [first, end) of a task. */
static hy_code write_pieces(store_pass *p, int64_t task, int64_t first, int64_t end, hy_err *err)
{
  bool    failed;
  hy_code rc = p->source->status(p->source->ctx, task, &failed, err);

  if (!rc && is_head(p, task)) {
    p->head = malloc((size_t)(end - first) * sizeof *p->head);
    if (!p->head) rc = hy_fail(err, HY_ENOMEM, "%s: no memory to write it", p->path);
  }
  p->crc = 0;
  for (int64_t k = first; k < end && !rc; k++) {
    const store_piece piece = hy_layout_piece(p->x, p->lay->noutputs, k);

    if (piece.output >= 0)
      rc = write_piece(p, task, piece, failed, err);
    else if (is_head(p, task))
      p->head_ends = true;
    else
      rc = put_seal(p, task, failed, p->crc, err);
  }
  return rc;
}

/** Bytes of a task in the part of a batch which all tasks share. */
static int64_t regular_bytes(const hy_layout *lay)
{
  int64_t bytes = 0;

  for (int o = 0; o < lay->noutputs; o++) bytes += lay->outputs[o].elements * 8;
  return bytes;
}

/** The end of the batch that begins at `first`: as many whole tasks as fit.  0 when not even the
 *  first does.  Leaves the extents of some task in p->x. */
static hy_code batch_end(store_pass *p, int64_t first, int64_t *end, hy_err *err)
{
  const int64_t each = regular_bytes(p->lay) + 5;
  int64_t       t = first;

  for (; t < p->to.task; t++) {
    if (each > STORE_BATCH || (t + 1 - first) * each > STORE_BATCH) break;
    const hy_code rc = p->lay->varies || t == first ? hy_layout_task(p->lay, t, p->x, err) : HY_OK;

    if (rc) return rc;
    if (task_bytes(p) > STORE_BATCH) break;
  }
  *end = t;
  return HY_OK;
}

hy_code store_pass_write(store_pass *p, hy_err *err)
{
  const int64_t regular = regular_bytes(p->lay);
  store_cut     at = p->from;
  hy_code       rc = HY_OK;

  while (!rc && (at.task < p->to.task || (at.task == p->to.task && at.piece < p->to.piece))) {
    int64_t end = at.task;

    if (at.piece == 0) rc = batch_end(p, at.task, &end, err);
    if (!rc && end > at.task) {
      rc = write_batch(p, at.task, end, regular, err);
      at.task = end;
      continue;
    }
    if (!rc) rc = hy_layout_task(p->lay, at.task, p->x, err);
    if (rc) break;
    end = at.task < p->to.task ? hy_layout_pieces(p->x, p->lay->noutputs) : p->to.piece;
    rc = write_pieces(p, at.task, at.piece, end, err);
    at = (store_cut){at.task + 1, 0};
  }
  return rc;
}

uint32_t store_pass_carry(const store_pass *p, uint32_t crc, uint32_t *head_crc)
{
  for (int64_t i = 0; i < p->nhead; i++) crc = fold(crc, p->head[i]);
  *head_crc = crc;
  return is_head(p, p->to.task) ? crc : p->crc;
}

hy_code store_pass_seal(store_pass *p, uint32_t head_crc, hy_err *err)
{
  bool failed;

  if (!p->head_ends) return HY_OK;
  const hy_code rc = p->source->status(p->source->ctx, p->from.task, &failed, err);

  return rc ? rc : put_seal(p, p->from.task, failed, head_crc, err);
}

hy_code store_pass_check(store_pass *p, const store_file *file, hy_err *err)
{
  for (int64_t i = 0; i < p->n; i++) {
    const store_span *s = &p->written[i].span;
    const size_t      bytes = (size_t)s->count * store_slot_bytes(p->lay, s->slot);
    const hy_code     rc = store_file_io(file, s, p->buffer, false, err);

    if (rc) return rc;
    if (hy_crc32c(0, p->buffer, bytes) != p->written[i].crc)
      return hy_fail(err, HY_EIO, "%s: %s reads back other than it was written: %s", p->path,
                     store_slot_name(p->lay, s->slot),
                     "the disk is full or the file system lost data");
  }
  return HY_OK;
}
