/** @file heat2d.c
 *  Heat equation on the unit square: explicit Euler, five points.
 *
 *  Mathematics   u_t = alpha (u_xx + u_yy) on (0, 1)^2, u = 0 on the boundary,
 *                u(x, y, 0) = sin(pi x) sin(pi y).
 *                Grid x_i = (i + 1) hx, hx = 1 / (nx + 1), 0 <= i < nx, the same in y;
 *                rx = alpha dt / hx^2, ry = alpha dt / hy^2, c = 1 - 2 (rx + ry);
 *                v[j][i] = c u[j][i] + rx (u[j][i-1] + u[j][i+1]) + ry (u[j-1][i] + u[j+1][i]).
 *                Stable, and a convex combination, iff c >= 0.
 *  Units         u K; alpha m2 s-1; dt s; lengths m.
 *  Reference     K. W. Morton, D. F. Mayers, Numerical Solution of Partial Differential Equations,
 *                2nd ed., 3.1.
 *  Exact         the initial field is an eigenvector of a step, with
 *                lambda = c + 2 rx cos(pi hx) + 2 ry cos(pi hy): after n steps u is lambda^n u(0),
 *                up to rounding, whatever hx and dt are.  See bound() for the rounding.
 *  Shape         every value is computed from its neighbours in the same order of operations
 *                wherever it lies, so the bits do not depend on ranks, threads or vector width.
 *  Method        rank r has the rows ny r / size to ny (r + 1) / size; ranks beyond ny have none
 *                and stand aside.  A step sends the outer rows, computes the inner ones while they
 *                travel, and ends with the two outer rows:
 *
 *                    row 0          from the rank below    (zero at the boundary)
 *                    row 1          needs row 0            last
 *                    rows 2..n-1    inner                  while messages travel, cut among threads
 *                    row n          needs row n+1          last
 *                    row n+1        from the rank above    (zero at the boundary)
 *
 *                Rows are nx + 2 long, their ends are the boundary.
 *  Model         7 flops per point and step (4 add, 3 multiply); 24 bytes from memory: read u,
 *                fetch and write v; 16 nx bytes per step over each border between ranks. */
#include "kernel/kernel.h"
#include "kernel/team.h"
#include "numeric/simd.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

/* Sizes cannot overflow: (ny + 2) (nx + 2) doubles are less than 2^43 bytes. */
#define MAX_SIDE 1e6

enum { TAG_UP = 1, TAG_DOWN, READ_AT_ONCE = 1 << 17 /* elements */ };

typedef struct params {
  int64_t nx, ny, steps;
  double  alpha, dt;
} params;

static const hy_param param_table[] = {
    HY_PARAM(params, nx, .preset = "64", .min = 1, .max = MAX_SIDE, .unit = "1",
             .doc = "Interior points along x."),
    HY_PARAM(params, ny, .preset = "64", .min = 1, .max = MAX_SIDE, .unit = "1",
             .doc = "Interior points along y."),
    HY_PARAM(params, steps, .preset = "100", .min = 1, .max = 1e9, .unit = "1",
             .doc = "Time steps."),
    HY_PARAM(params, alpha, .preset = "1", .min = 0, .max = 1e6, .unit = "m2 s-1",
             .doc = "Diffusivity."),
    HY_PARAM(params, dt, .preset = "5e-5", .min = 0, .max = 1e6, .unit = "s", .doc = "Time step."),
    {0}};

static const hy_output output_table[] = {
    {.name = "u",
     .shape = "ny,nx",
     .type = HY_F64,
     .unit = "K",
     .doc = "Temperature after the last step"},
    {0}
};

/** Weights of a point and of its neighbours along x and y. */
typedef struct weights {
  double c, rx, ry;
} weights;

/** The rows of this rank, its neighbours, and two fields of rows + 2 by nx + 2. */
typedef struct slab {
  MPI_Comm comm;
  int      below, above; /* ranks, MPI_PROC_NULL at the boundary */
  int      threads;
  int64_t  first, rows, nx, stride;
  double  *u, *v;
} slab;

static weights weights_of(const params *p)
{
  const double nx = (double)(p->nx + 1), ny = (double)(p->ny + 1);
  const double rx = p->alpha * p->dt * (nx * nx), ry = p->alpha * p->dt * (ny * ny);

  return (weights){1.0 - 2.0 * (rx + ry), rx, ry};
}

static hy_code check(const void *vp, hy_err *err)
{
  const params *p = vp;
  const weights w = weights_of(p);

  if (!(w.c >= 0.0))
    return hy_fail(
        err, HY_EINPUT,
        "unstable: alpha dt (1/hx^2 + 1/hy^2) is %.4g and must not exceed 0.5; with this "
        "grid and alpha, dt can be %.3g s at most",
        w.rx + w.ry, 0.5 * p->dt / (w.rx + w.ry));
  return HY_OK;
}

static hy_cost cost(const void *vp, int ranks, int threads)
{
  const params *p = vp;
  const double  nx = (double)p->nx, ny = (double)p->ny, n = (double)p->steps;
  const double  active = fmin(ranks, ny);

  (void)threads;
  return (hy_cost){.flops = 7.0 * nx * ny * n,
                   .dram_bytes = 24.0 * nx * ny * n,
                   .net_bytes = 16.0 * (active - 1.0) * nx * n,
                   .memory_bytes = 16.0 * (ceil(ny / active) + 2.0) * (nx + 2.0) + 8.0 * nx};
}

static void my_rows(MPI_Comm comm, const params *p, slab *s)
{
  const int rank = hy_comm_rank(comm), size = hy_comm_size(comm);
  const int active = p->ny < size ? (int)p->ny : size;

  *s = (slab){.comm = comm,
              .below = MPI_PROC_NULL,
              .above = MPI_PROC_NULL,
              .nx = p->nx,
              .stride = p->nx + 2};
  if (rank >= active) return;
  s->first = p->ny * rank / active;
  s->rows = p->ny * (rank + 1) / active - s->first;
  if (rank > 0) s->below = rank - 1;
  if (rank + 1 < active) s->above = rank + 1;
}

/** sin(pi x) at every interior point of a line of n. */
static void sines(int64_t n, double *s)
{
  for (int64_t i = 0; i < n; i++) s[i] = sin(PI * (double)(i + 1) / (double)(n + 1));
}

static double sine(int64_t n, int64_t i)
{
  return sin(PI * (double)(i + 1) / (double)(n + 1));
}

/* Both fields are written here first, row by row in the schedule of sweep(), so that their pages
   lie where they are used. */
static void start(const slab *s, const params *p, const double *sx)
{
  const int64_t rows = s->rows, stride = s->stride, nx = s->nx, ny = p->ny, first = s->first;
  double *const u = s->u, *const v = s->v;

#pragma omp parallel for default(none) shared(rows, stride, nx, ny, first, u, v, sx)               \
    num_threads(s->threads) schedule(static) if (s->threads > 1)
  for (int64_t j = 0; j < rows + 2; j++) {
    const double sy = j >= 1 && j <= rows ? sine(ny, first + j - 1) : 0.0;

    for (int64_t i = 0; i < stride; i++) {
      u[j * stride + i] = i >= 1 && i <= nx ? sy * sx[i - 1] : 0.0;
      v[j * stride + i] = 0.0;
    }
  }
}

HY_SIMD_CLONES
static void sweep_row(int64_t nx, weights w, const double *restrict u, int64_t stride,
                      double *restrict v)
{
  const double *const below = u - stride, *const above = u + stride;

  for (int64_t i = 1; i <= nx; i++)
    v[i] = (w.c * u[i] + w.rx * (u[i - 1] + u[i + 1])) + w.ry * (below[i] + above[i]);
}

/** Rows `from` to `to` of v from u, cut among the threads. */
static void sweep(const slab *s, weights w, int64_t from, int64_t to)
{
  const int64_t       stride = s->stride, nx = s->nx;
  const double *const u = s->u;
  double *const       v = s->v;

#pragma omp parallel for default(none) shared(from, to, stride, nx, w, u, v)                       \
    num_threads(s->threads) schedule(static) if (s->threads > 1)
  for (int64_t j = from; j <= to; j++) sweep_row(nx, w, u + j * stride, stride, v + j * stride);
}

/** One step; afterwards u is the new field. */
static void step(slab *s, weights w)
{
  const int     n = hy_mpi_count(s->nx);
  const int64_t stride = s->stride, last = s->rows;
  double *const u = s->u, *const v = s->v;
  MPI_Request requests[4];

  if (s->below == MPI_PROC_NULL && s->above == MPI_PROC_NULL) {
    sweep(s, w, 1, last);
  } else {
    HY_MPI(MPI_Irecv(u + 1, n, MPI_DOUBLE, s->below, TAG_UP, s->comm, &requests[0]));
    HY_MPI(MPI_Irecv(u + (last + 1) * stride + 1, n, MPI_DOUBLE, s->above, TAG_DOWN, s->comm,
                     &requests[1]));
    HY_MPI(
        MPI_Isend(u + last * stride + 1, n, MPI_DOUBLE, s->above, TAG_UP, s->comm, &requests[2]));
    HY_MPI(MPI_Isend(u + stride + 1, n, MPI_DOUBLE, s->below, TAG_DOWN, s->comm, &requests[3]));
    sweep(s, w, 2, last - 1);
    HY_MPI(MPI_Waitall(4, requests, MPI_STATUSES_IGNORE));
    /* By this thread alone: two rows are done before the others have woken up. */
    sweep_row(s->nx, w, u + stride, stride, v + stride);
    if (last > 1) sweep_row(s->nx, w, u + last * stride, stride, v + last * stride);
  }
  s->u = v;
  s->v = u;
}

/** Store u without its borders; v is scratch. */
static hy_code put_field(hy_run *run, const slab *s, hy_err *err)
{
  if (s->rows == 0) return HY_OK;
  for (int64_t j = 0; j < s->rows; j++)
    for (int64_t i = 0; i < s->nx; i++) s->v[j * s->nx + i] = s->u[(j + 1) * s->stride + i + 1];
  return hy_put(run, "u", s->first, s->rows, s->v, err);
}

static hy_code run(hy_run *run, const void *vp, hy_err *err)
{
  const params *p = vp;
  const weights w = weights_of(p);
  MPI_Comm      comm = hy_comm(run);
  hy_code       rc = HY_OK;
  slab          s;

  my_rows(comm, p, &s);
  s.threads = hy_threads(run);
  const size_t points = s.rows ? (size_t)(s.rows + 2) * (size_t)s.stride : 1;
  double      *sx = malloc((size_t)p->nx * sizeof *sx);

  s.u = malloc(points * sizeof *s.u);
  s.v = malloc(points * sizeof *s.v);
  if (!sx || !s.u || !s.v)
    rc = hy_fail(err, HY_ENOMEM,
                 "no memory for %" PRId64 " of %" PRId64 " rows of %" PRId64
                 " points: use more ranks or a smaller grid",
                 s.rows, p->ny, p->nx);
  rc = hy_agree(comm, rc, err);
  if (rc) goto out;
  if (s.rows) {
    sines(p->nx, sx);
    start(&s, p, sx);
  }
  for (int64_t n = 0; n < p->steps; n++) {
    if (s.rows) step(&s, w);
    rc = hy_step(run, err);
    if (rc) goto out;
  }
  rc = hy_agree(comm, put_field(run, &s, err), err);
out:
  free(sx);
  free(s.u);
  free(s.v);
  return rc;
}

/* lambda^n for the weights as they are in memory, and what u may differ from it by.
 *
 * Let e = 2^-53, so that an operation errs by at most e times its result, and let norms be maxima
 * over the grid.  The computed weights c, rx, ry define the operator exactly; as c is one rounding
 * away from 1 - 2 (rx + ry), its norm is at most 1 + 2 e.
 *   - A step: the term with rx passes four roundings, those with c and ry three; as the weights add
 *     up to 1, a step adds at most 4 e |u_k|, and no later step enlarges it.  With |u_k| = lambda^k
 *     the steps add 4 e S, S = 1 + lambda + ... + lambda^(n-1).
 *   - The initial field: the argument of each sine passes three roundings and is below pi, so the
 *     sine errs by 3 pi e + 2 e (libm: one unit in the last place); the product by 24 e.  It comes
 *     in twice: once in u, kept or shrunk by the steps, once here, times lambda^n.
 *   - lambda: the cosines err by pi/2 times 2 e from the argument and 2 e from libm, the terms add
 *     up to at most 1 and pass four roundings: 10 e; the power by n 10 e lambda^(n-1) and 2 e.
 * Terms in e^2, the underflow of tiny values and lambda > 1 by rounding are paid for by one per
 * cent and DBL_MIN.  In all 52 e + 4 e S + 10 e n lambda^(n-1): 1e-11 for 7000 steps, at worst,
 * and less than 1e-9 up to 600,000 steps. */
static double bound(const params *p, double *decay)
{
  const weights w = weights_of(p);
  const double  n = (double)p->steps, e = 0.5 * DBL_EPSILON;
  const double  lambda =
      w.c + 2.0 * w.rx * cos(PI / (double)(p->nx + 1)) + 2.0 * w.ry * cos(PI / (double)(p->ny + 1));
  const double before = pow(lambda, n - 1.0);
  const double sum = lambda < 1.0 ? fmin(n, 1.0 / (1.0 - lambda)) : n;

  *decay = pow(lambda, n);
  return 1.01 * e * (52.0 + 4.0 * sum + 10.0 * n * fabs(before)) + DBL_MIN;
}

/** The largest error in rows [first, first+rows) of u; infinite when there is a NaN. */
static double worst_of(const params *p, const double *sx, double decay, int64_t first, int64_t rows,
                       const double *u)
{
  double worst = 0.0;

  for (int64_t j = 0; j < rows; j++) {
    const double scale = decay * sine(p->ny, first + j);

    for (int64_t i = 0; i < p->nx; i++) {
      const double d = fabs(u[j * p->nx + i] - scale * sx[i]);

      if (!(d <= worst)) worst = d >= 0.0 ? d : INFINITY;
    }
  }
  return worst;
}

/** Read and judge the rows of this rank, some at a time.  Local. */
static hy_code judge(hy_run *run, const params *p, double decay, double *worst, hy_err *err)
{
  const int64_t at_once = p->nx < READ_AT_ONCE ? READ_AT_ONCE / p->nx : 1;
  hy_code       rc = HY_OK;
  slab          s;

  my_rows(hy_comm(run), p, &s);
  double *sx = malloc((size_t)p->nx * sizeof *sx);
  double *u = malloc((size_t)(at_once * p->nx) * sizeof *u);

  if (!sx || !u) {
    rc = hy_fail(err, HY_ENOMEM, "no memory for %" PRId64 " rows", at_once);
    goto out;
  }
  sines(p->nx, sx);
  for (int64_t j = 0; j < s.rows; j += at_once) {
    const int64_t rows = s.rows - j < at_once ? s.rows - j : at_once;

    rc = hy_get(run, "u", s.first + j, rows, u, err);
    if (rc) goto out;
    *worst = fmax(*worst, worst_of(p, sx, decay, s.first + j, rows, u));
  }
out:
  free(sx);
  free(u);
  return rc;
}

static hy_code verify(hy_run *run, const void *vp, hy_verdict *out, hy_err *err)
{
  const params *p = vp;
  double        decay, worst = 0.0;
  const double  allowed = bound(p, &decay);
  const hy_code rc = hy_agree(hy_comm(run), judge(run, p, decay, &worst, err), err);

  if (rc) return rc;
  HY_MPI(MPI_Allreduce(MPI_IN_PLACE, &worst, 1, MPI_DOUBLE, MPI_MAX, hy_comm(run)));
  *out = (hy_verdict){"max |u - lambda^n u(0)|", worst, allowed};
  return HY_OK;
}

const hy_kernel hy_kernel_heat2d = {
    .abi = HY_KERNEL_ABI,
    .name = "heat2d",
    .version = "1.0",
    .doc = "Heat equation on the unit square, explicit Euler, five points.",
    .text =
        "u_t = alpha (u_xx + u_yy) on the unit square, u = 0 on the boundary,\n"
        "u(x, y, 0) = sin(pi x) sin(pi y), on nx x ny interior points.  A step is\n"
        "  v = c u + rx (west + east) + ry (south + north)\n"
        "with rx = alpha dt (nx+1)^2, ry = alpha dt (ny+1)^2, c = 1 - 2 (rx + ry) >= 0.\n"
        "Rows are cut among the ranks of a team, halo rows travel while inner rows are computed,\n"
        "inner rows are cut among the threads.  The bits do not depend on the shape.\n"
        "Reference: Morton and Mayers, Numerical Solution of Partial Differential Equations, 3.1.\n"
        "Verified against the exact solution of the discrete problem, lambda^n u(0) with\n"
        "lambda = c + 2 rx cos(pi hx) + 2 ry cos(pi hy), up to rounding.",
    .team = true,
    .params_size = sizeof(params),
    .params = param_table,
    .outputs = output_table,
    .check = check,
    .cost = cost,
    .run = run,
    .verify = verify};
