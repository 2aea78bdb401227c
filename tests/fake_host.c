/** @file fake_host.c */
#include "fake_host.h"

#include "base/comm.h"
#include "kernel/params.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct held {
  hy_extent extent;
  int64_t  *data;      /* 8 bytes an element, double or int64_t; NULL when not asked for */
  int64_t  *times_put; /* per row */
} held;

struct hy_fake {
  hy_run run; /* first: hosts get it back by a cast */
  held  *outputs;
  int    noutputs, steps, puts, stop_at, fail_put;
};

static hy_code fake_step(hy_run *run, hy_err *err)
{
  hy_fake *f = (hy_fake *)run;

  f->steps++;
  if (f->stop_at && f->steps >= f->stop_at) return hy_fail(err, HY_STOP, "stopped by the test");
  return HY_OK;
}

static hy_code fake_put(hy_run *run, int output, int64_t start, int64_t count, const void *data,
                        hy_err *err)
{
  hy_fake *f = (hy_fake *)run;
  held    *h = &f->outputs[output];

  if (++f->puts == f->fail_put) return hy_fail(err, HY_EIO, "put failed by the test");
  if (count > 0)
    (void)memcpy(h->data + start * h->extent.row_elements, data,
                 (size_t)(count * h->extent.row_elements) * 8);
  for (int64_t r = start; r < start + count; r++) h->times_put[r]++;
  return HY_OK;
}

static hy_code fake_get(hy_run *run, int output, int64_t start, int64_t count, void *data,
                        hy_err *err)
{
  const held *h = &((hy_fake *)run)->outputs[output];

  (void)err;
  if (count > 0)
    (void)memcpy(data, h->data + start * h->extent.row_elements,
                 (size_t)(count * h->extent.row_elements) * 8);
  return HY_OK;
}

static const hy_run_ops ops = {.step = fake_step, .put = fake_put, .get = fake_get};

static void *must_alloc(int64_t n, size_t size)
{
  void *p = calloc(n > 0 ? (size_t)n : 1, size);

  if (p) return p;
  (void)fprintf(stderr, "fake host: no memory\n");
  abort();
}

hy_fake *hy_fake_new(const hy_kernel *kernel, const void *params, MPI_Comm comm, int threads)
{
  hy_fake *f = must_alloc(1, sizeof *f);
  hy_err   err;

  f->run = (hy_run){&ops, kernel, params, 0, 0, threads, comm};
  hy_fake_set_task(f, 1, 0);
  f->noutputs = hy_outputs_count(kernel);
  f->outputs = must_alloc(f->noutputs, sizeof *f->outputs);
  for (int o = 0; o < f->noutputs; o++) {
    held *h = &f->outputs[o];

    if (hy_output_extent(kernel, o, params, &h->extent, &err)) {
      (void)fprintf(stderr, "fake host: %s\n", err.text);
      abort();
    }
    if (!h->extent.present) continue;
    h->data = must_alloc(h->extent.bytes / 8, 8);
    h->times_put = must_alloc(h->extent.rows, sizeof *h->times_put);
  }
  return f;
}

void hy_fake_free(hy_fake *f)
{
  if (!f) return;
  for (int o = 0; o < f->noutputs; o++) {
    free(f->outputs[o].data);
    free(f->outputs[o].times_put);
  }
  free(f->outputs);
  free(f);
}

void hy_fake_set_task(hy_fake *f, uint64_t job_seed, int64_t task)
{
  f->run.task = task;
  f->run.seed = hy_task_seed(job_seed, task);
}

void hy_fake_stop_at(hy_fake *f, int n)
{
  f->stop_at = n;
}

void hy_fake_fail_put(hy_fake *f, int n)
{
  f->fail_put = n;
}

static bool is_team(const hy_fake *f)
{
  return f->run.kernel->team && f->run.comm != MPI_COMM_NULL;
}

/** Rows a rank did not put are zero bytes there, so "or" brings together what was put. */
static void gather(hy_fake *f)
{
  for (int o = 0; o < f->noutputs; o++) {
    held *h = &f->outputs[o];

    if (!h->extent.present) continue;
    HY_MPI(MPI_Allreduce(MPI_IN_PLACE, h->data, hy_mpi_count(h->extent.bytes / 8), MPI_INT64_T,
                         MPI_BOR, f->run.comm));
    HY_MPI(MPI_Allreduce(MPI_IN_PLACE, h->times_put, hy_mpi_count(h->extent.rows), MPI_INT64_T,
                         MPI_SUM, f->run.comm));
  }
}

static hy_code check_complete(const hy_fake *f, hy_err *err)
{
  for (int o = 0; o < f->noutputs; o++) {
    const held *h = &f->outputs[o];

    for (int64_t r = 0; h->extent.present && r < h->extent.rows; r++)
      if (h->times_put[r] != 1)
        return hy_fail(err, HY_EBUG, "output %s: row %" PRId64 " was put %" PRId64 " times",
                       f->run.kernel->outputs[o].name, r, h->times_put[r]);
  }
  return HY_OK;
}

hy_code hy_fake_run(hy_fake *f, hy_err *err)
{
  const hy_kernel *k = f->run.kernel;
  hy_code          rc = k->check ? k->check(f->run.params, err) : HY_OK;

  if (rc) return rc;
  f->steps = f->puts = 0;
  for (int o = 0; o < f->noutputs; o++) {
    held *h = &f->outputs[o];

    if (!h->extent.present) continue;
    (void)memset(h->data, 0, (size_t)h->extent.bytes);
    (void)memset(h->times_put, 0, (size_t)h->extent.rows * sizeof *h->times_put);
  }
  rc = k->run(&f->run, f->run.params, err);
  if (is_team(f)) {
    rc = hy_agree(f->run.comm, rc, err);
    if (!rc) gather(f);
  }
  return rc ? rc : check_complete(f, err);
}

hy_code hy_fake_verify(hy_fake *f, hy_verdict *v, hy_err *err)
{
  return f->run.kernel->verify(&f->run, f->run.params, v, err);
}

hy_run *hy_fake_handle(hy_fake *f)
{
  return &f->run;
}

int hy_fake_steps(const hy_fake *f)
{
  return f->steps;
}

/** The element's address, or NULL. */
static const int64_t *element(const hy_fake *f, const char *output, int64_t i)
{
  const int o = hy_outputs_find(f->run.kernel, output);

  if (o < 0 || i < 0 || i >= f->outputs[o].extent.bytes / 8) return NULL;
  return f->outputs[o].data + i;
}

double hy_fake_f64(const hy_fake *f, const char *output, int64_t i)
{
  const int64_t *e = element(f, output, i);
  double         x = NAN;

  if (e) (void)memcpy(&x, e, sizeof x);
  return x;
}

int64_t hy_fake_i64(const hy_fake *f, const char *output, int64_t i)
{
  const int64_t *e = element(f, output, i);

  return e ? *e : INT64_MIN;
}

void *hy_fake_data(hy_fake *f, const char *output, int64_t *bytes)
{
  const int o = hy_outputs_find(f->run.kernel, output);

  if (o < 0 || !f->outputs[o].extent.present) return NULL;
  *bytes = f->outputs[o].extent.bytes;
  return f->outputs[o].data;
}
