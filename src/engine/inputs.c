/** @file inputs.c
 *  Matrices of a job: read once, kept once per node.  Rank 0 reads; the first rank of each node gets
 *  the numbers into memory which all ranks of the node map. */
#include "base/comm.h"
#include "engine/engine.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

struct hy_inputs {
  int      n;
  double **data; /* [n] read by this process alone, or NULL */
  MPI_Win *wins; /* [n] shared with the node, or MPI_WIN_NULL */
};

static hy_matrix *matrix_of(hy_job *job, int p)
{
  return (hy_matrix *)((char *)job->params + job->kernel->params[p].offset);
}

static hy_code inputs_new(const hy_job *job, hy_inputs **out, hy_err *err)
{
  const int  n = hy_params_count(job->kernel);
  hy_inputs *in = calloc(1, sizeof *in);

  if (in) {
    in->n = n;
    in->data = calloc((size_t)n + 1, sizeof *in->data);
    in->wins = calloc((size_t)n + 1, sizeof(MPI_Win));
  }
  if (!in || !in->data || !in->wins) {
    if (in) {
      free(in->data);
      free(in->wins);
    }
    free(in);
    return hy_fail(err, HY_ENOMEM, "no memory for inputs");
  }
  for (int p = 0; p < n; p++) in->wins[p] = MPI_WIN_NULL;
  *out = in;
  return HY_OK;
}

void hy_inputs_free(hy_inputs *in)
{
  if (!in) return;
  for (int p = 0; p < in->n; p++) {
    free(in->data[p]);
    if (in->wins[p] != MPI_WIN_NULL) HY_MPI(MPI_Win_free(&in->wins[p]));
  }
  free(in->data);
  free(in->wins);
  free(in);
}

static hy_code load_one(hy_inputs *in, const hy_job *job, int p, hy_matrix *m, hy_err *err)
{
  const hy_code rc = hy_store_read_matrix(job->files[p], job->file_datasets[p], &in->data[p],
                                          &m->rows, &m->cols, err);

  if (!rc) m->data = in->data[p];
  return rc;
}

hy_code hy_inputs_load(hy_job *job, hy_inputs **inputs, hy_err *err)
{
  hy_inputs *in = NULL;
  hy_code    rc = inputs_new(job, &in, err);

  for (int p = 0; !rc && p < in->n; p++)
    if (job->files[p]) rc = load_one(in, job, p, matrix_of(job, p), err);
  if (rc) {
    hy_inputs_free(in);
    return rc;
  }
  *inputs = in;
  return HY_OK;
}

/** Bring one matrix, known to rank 0 of world, into shared memory of each node. */
static void spread(MPI_Comm world, MPI_Comm node, hy_inputs *in, int p, hy_matrix *m)
{
  const int node_rank = hy_comm_rank(node);
  int64_t   size[2] = {m->rows, m->cols};
  MPI_Comm  firsts;
  MPI_Aint  bytes = 0;
  int       unit = 0;
  double   *shared = NULL;

  HY_MPI(MPI_Bcast(size, 2, MPI_INT64_T, 0, world));
  const size_t n = (size_t)(size[0] * size[1]) * sizeof(double);

  HY_MPI(MPI_Win_allocate_shared(node_rank == 0 ? (MPI_Aint)n : 0, (int)sizeof(double),
                                 MPI_INFO_NULL, node, &shared, &in->wins[p]));
  HY_MPI(MPI_Win_shared_query(in->wins[p], 0, &bytes, &unit, &shared));
  HY_MPI(MPI_Comm_split(world, node_rank == 0 ? 0 : MPI_UNDEFINED, 0, &firsts));
  if (firsts != MPI_COMM_NULL) {
    if (in->data[p]) memcpy(shared, in->data[p], n);
    hy_comm_bcast(firsts, 0, shared, n);
    HY_MPI(MPI_Comm_free(&firsts));
  }
  HY_MPI(MPI_Barrier(node));
  free(in->data[p]);
  in->data[p] = NULL;
  *m = (hy_matrix){shared, size[0], size[1]};
}

hy_code hy_inputs_share(MPI_Comm world, MPI_Comm node, hy_job *job, hy_inputs **inputs, hy_err *err)
{
  hy_inputs *in = NULL;
  hy_code    rc = hy_agree(world, inputs_new(job, &in, err), err);

  for (int p = 0; !rc && p < in->n; p++) {
    if (!job->files[p]) continue;
    hy_matrix *m = matrix_of(job, p);

    if (hy_comm_rank(world) == 0) rc = load_one(in, job, p, m, err);
    rc = hy_agree(world, rc, err);
    if (!rc) spread(world, node, in, p, m);
  }
  if (rc) {
    hy_inputs_free(in);
    return rc;
  }
  *inputs = in;
  return HY_OK;
}
