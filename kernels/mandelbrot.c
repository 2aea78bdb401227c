/** @file mandelbrot.c
 *  Escape times of the Mandelbrot set, one tile of a picture per task.
 *
 *  Mathematics   z_0 = 0, z_{n+1} = z_n^2 + c.  For a pixel with number c the output is the
 *                smallest n >= 1 with |z_n| > 2, or `max_iter` if no n < max_iter has it.  Once
 *                |z_n| > 2 and |z_n| >= |c| the orbit goes to infinity, so n never depends on what
 *                comes later.
 *  Symbols       W, H pixels of the whole picture = tiles nx, tiles ny; pixel (row, col) counted
 *                from the top left;
 *                c = centre + width ((2 col + 1 - W) + i (H - 1 - 2 row)) / (2 W): pixels are
 *                square, and c does not depend on how the picture is cut into tiles.
 *  Units         none.
 *  Reference     J. Milnor, Dynamics in One Complex Variable, 3rd ed., appendix G; cardioid
 *                q (q + x - 1/4) <= y^2 / 4, q = (x - 1/4)^2 + y^2, disc (x + 1)^2 + y^2 <= 1/16:
 *                the numbers c = x + i y with an attracting cycle of length 1 or 2, which
 *                never escape.
 *  Exact         the counts are those of the recurrence in double arithmetic, in the order written
 *                down in advance() and count_again(), bit for bit on any CPU and any shape.  Near
 *                the boundary they are not those of exact arithmetic.  The cardioid test errs by
 *                some 1e-16; c = 1/4 + e escapes after pi / sqrt(e) steps, 3e8 then: beyond
 *                max_iter.
 *  Method        32 pixels of a row advance together, in lanes; lanes that have escaped idle until
 *                all have.  Threads take rows.
 *  Model         8 flops per pixel and step (3 multiply, 5 add or compare); cost() guesses the
 *                steps from 9 pixels.  Memory: the tile. */
#include "kernel/kernel.h"
#include "kernel/run.h"
#include "numeric/simd.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum {
  WIDE = 8, /* lanes of a vector type: one AVX-512 register, or two or four lesser ones */
  DEEP = 4, /* vectors in flight, to hide the latency of the recurrence                 */
  LANES = WIDE * DEEP,
  STRIDE = 16,        /* steps between two looks at who is still alive                            */
  ROWS_PER_STEP = 64, /* rows between two calls of hy_step()                                      */
  PROBES = 3,         /* cost(): probes in each direction, and steps of each */
  PROBE_STEPS = 500,
  MAX_ITER = 10000000
};

typedef double  reals __attribute__((vector_size(WIDE * sizeof(double))));
typedef int64_t masks __attribute__((vector_size(WIDE * sizeof(int64_t))));

typedef struct params {
  double  centre_x, centre_y, width;
  int64_t nx, ny, tiles, tile_x, tile_y, max_iter;
} params;

static const hy_param param_table[] = {
    HY_PARAM(params, centre_x, .preset = "-0.75", .min = -4, .max = 4, .unit = "1",
             .doc = "Real part of the middle of the picture."),
    HY_PARAM(params, centre_y, .preset = "0", .min = -4, .max = 4, .unit = "1",
             .doc = "Imaginary part of the middle of the picture."),
    HY_PARAM(params, width, .preset = "3", .min = 1e-13, .max = 16, .unit = "1",
             .doc = "Width of the picture in the complex plane."),
    HY_PARAM(params, nx, .preset = "64", .min = 1, .max = 65536, .unit = "1",
             .doc = "Pixels of a tile from left to right."),
    HY_PARAM(params, ny, .preset = "64", .min = 1, .max = 65536, .unit = "1",
             .doc = "Pixels of a tile from top to bottom."),
    HY_PARAM(params, tiles, .preset = "1", .min = 1, .max = 65536, .unit = "1",
             .doc = "Tiles of the picture in each direction."),
    HY_PARAM(params, tile_x, .preset = "0", .min = 0, .max = 65535, .unit = "1",
             .doc = "Number of the tile from the left; sweep it."),
    HY_PARAM(params, tile_y, .preset = "0", .min = 0, .max = 65535, .unit = "1",
             .doc = "Number of the tile from the top; sweep it."),
    HY_PARAM(params, max_iter, .preset = "1000", .min = 1, .max = MAX_ITER, .unit = "1",
             .doc = "Steps after which a pixel counts as inside."),
    {0}};

static const hy_output output_table[] = {
    {.name = "iterations",
     .shape = "ny,nx",
     .type = HY_I64,
     .unit = "1",
     .doc = "Steps until the orbit leaves the disc of radius 2, max_iter if it does not"},
    {0      }
};

static hy_code check(const void *vp, hy_err *err)
{
  const params *p = vp;

  if (p->tile_x >= p->tiles || p->tile_y >= p->tiles)
    return hy_fail(err, HY_EINPUT,
                   "tile_x is %" PRId64 " and tile_y is %" PRId64 ": with tiles: %" PRId64
                   " they go from 0 to %" PRId64,
                   p->tile_x, p->tile_y, p->tiles, p->tiles - 1);
  return HY_OK;
}

static double real_part(const params *p, int64_t col)
{
  const int64_t all = p->tiles * p->nx, at = p->tile_x * p->nx + col;

  return p->centre_x + p->width * (double)(2 * at + 1 - all) / (double)(2 * all);
}

static double imaginary_part(const params *p, int64_t row)
{
  const int64_t all = p->tiles * p->ny, at = p->tile_y * p->ny + row;

  return p->centre_y + p->width * (double)(all - 1 - 2 * at) / (double)(2 * p->tiles * p->nx);
}

/** Whether x + i y lies in the cardioid or in the disc left of it. */
static inline bool is_inside(double x, double y)
{
  const double y2 = y * y, q = (x - 0.25) * (x - 0.25) + y2;

  return q * (q + (x - 0.25)) <= 0.25 * y2 || (x + 1.0) * (x + 1.0) + y2 <= 0.0625;
}

/* The count of one pixel by another way: one orbit at a time, no cardioid test, and an end when the
   orbit comes back, bit for bit, to a point it has been at (Brent's algorithm): in double
   arithmetic that is a proof that it never escapes. */
static int64_t count_again(double cx, double cy, int64_t max_iter)
{
  double  x = cx, y = cy, seen_x = 0.0, seen_y = 0.0;
  int64_t next = 8;

  for (int64_t n = 1; n < max_iter; n++) {
    if (!(x * x + y * y <= 4.0)) return n;
    const double xy = x * y;

    x = x * x - y * y + cx;
    y = xy + xy + cy;
    if (x == seen_x && y == seen_y) return max_iter;
    if (n == next) {
      seen_x = x;
      seen_y = y;
      next *= 2;
    }
  }
  return max_iter;
}

/* Steps of a pixel, from a look at PROBES x PROBES of them which gives up after PROBE_STEPS: those
   are taken for inside.  Enough to tell tiles of microseconds from tiles of seconds. */
static double expected_steps(const params *p)
{
  const int64_t parts = PROBES;
  const double  all = (double)p->max_iter;
  double        sum = 0.0;

  for (int64_t k = 0; k < parts * parts; k++) {
    const double cx = real_part(p, (2 * (k % parts) + 1) * p->nx / (2 * parts));
    const double cy = imaginary_part(p, (2 * (k / parts) + 1) * p->ny / (2 * parts));

    if (is_inside(cx, cy)) continue;
    const int64_t n = count_again(cx, cy, PROBE_STEPS);

    sum += n < PROBE_STEPS ? fmin((double)n, all) : all;
  }
  return 1.0 + sum / (double)(parts * parts);
}

static hy_cost cost(const void *vp, int ranks, int threads)
{
  const params *p = vp;
  const double  pixels = (double)p->nx * (double)p->ny;

  (void)ranks;
  (void)threads;
  return (hy_cost){.flops = 8.0 * pixels * expected_steps(p),
                   .dram_bytes = 8.0 * pixels,
                   .memory_bytes = 8.0 * pixels};
}

/** The state of LANES pixels. */
typedef struct orbits {
  reals cx[DEEP], x[DEEP], y[DEEP];
  masks alive[DEEP], steps[DEEP]; /* -1 or 0; minus the steps made alive */
} orbits;

/* `steps` steps of all lanes.  x^2 and y^2 serve both the test and the next step, so a step is
   three products; dead lanes run away to infinity and NaN, which costs nothing. */
static inline __attribute__((always_inline)) void advance(orbits *o, double cy, int64_t steps)
{
  for (int64_t n = 0; n < steps; n++)
    for (int d = 0; d < DEEP; d++) {
      const reals x = o->x[d], y = o->y[d], xx = x * x, yy = y * y, xy = x * y;

      o->alive[d] &= xx + yy <= 4.0;
      o->steps[d] += o->alive[d];
      o->x[d] = xx - yy + o->cx[d];
      o->y[d] = xy + xy + cy;
    }
}

/* Counts of `n` <= LANES pixels with the numbers cx[] + i cy; pixels already known to be inside
   start dead, with all their steps made.  Before step s + 1, z is z_{s+1}: a lane which passes the
   test at n = 1, 2, ..., k and fails at k + 1 has made k steps, so its count is k + 1. */
HY_SIMD_CLONES
static void count_lanes(const double *cx, double cy, int n, int64_t max_iter, int64_t *counts)
{
  orbits  o;
  int64_t any = -1;

  for (int l = 0; l < LANES; l++) {
    const bool inside = is_inside(cx[l], cy);

    o.cx[l / WIDE][l % WIDE] = cx[l];
    o.alive[l / WIDE][l % WIDE] = l < n && !inside ? -1 : 0;
    o.steps[l / WIDE][l % WIDE] = inside ? 1 - max_iter : 0;
  }
  for (int d = 0; d < DEEP; d++) {
    o.x[d] = o.cx[d];
    o.y[d] = (reals){0} + cy;
  }
  for (int64_t at = 1; at < max_iter && any; at += STRIDE) {
    advance(&o, cy, max_iter - at < STRIDE ? max_iter - at : STRIDE);
    masks some = o.alive[0];

    for (int d = 1; d < DEEP; d++) some |= o.alive[d];
    any = 0;
    for (int w = 0; w < WIDE; w++) any |= some[w];
  }
  for (int l = 0; l < n; l++) counts[l] = 1 - o.steps[l / WIDE][l % WIDE];
}

static void count_row(const params *p, const double *cx, int64_t row, int64_t *counts)
{
  const double cy = imaginary_part(p, row);

  for (int64_t i = 0; i < p->nx; i += LANES)
    count_lanes(cx + i, cy, (int)(p->nx - i < LANES ? p->nx - i : LANES), p->max_iter, counts + i);
}

/** Real parts of a row, and of as many pixels behind it as fill the last LANES. */
static double *new_columns(const params *p)
{
  const int64_t n = (p->nx + LANES - 1) / LANES * LANES;
  double       *cx = calloc((size_t)n, sizeof *cx);

  for (int64_t i = 0; cx && i < n; i++) cx[i] = real_part(p, i < p->nx ? i : p->nx - 1);
  return cx;
}

static hy_code run(hy_run *run, const void *vp, hy_err *err)
{
  const params *p = vp;
  const int     threads = hy_threads(run);
  hy_code       rc = HY_OK;
  double       *cx = new_columns(p);
  int64_t      *counts = malloc((size_t)(p->ny * p->nx) * sizeof *counts);

  if (!cx || !counts) {
    rc = hy_fail(err, HY_ENOMEM, "no memory for a tile of %" PRId64 " x %" PRId64 " pixels", p->nx,
                 p->ny);
    goto out;
  }
  for (int64_t first = 0; first < p->ny; first += ROWS_PER_STEP) {
    const int64_t end = p->ny - first < ROWS_PER_STEP ? p->ny : first + ROWS_PER_STEP;

#pragma omp parallel for default(none) shared(p, cx, counts, first, end) num_threads(threads)      \
    schedule(dynamic, 1) if (threads > 1)
    for (int64_t j = first; j < end; j++) count_row(p, cx, j, counts + j * p->nx);
    rc = hy_step(run, err);
    if (rc) goto out;
  }
  rc = hy_put(run, "iterations", 0, p->ny, counts, err);
out:
  free(cx);
  free(counts);
  return rc;
}

/** Pixels of row `row` whose count is not what count_again() says. */
static int64_t wrong_pixels(const params *p, int64_t row, const int64_t *counts)
{
  const double cy = imaginary_part(p, row);
  int64_t      wrong = 0;

  for (int64_t i = 0; i < p->nx; i++)
    wrong += counts[i] != count_again(real_part(p, i), cy, p->max_iter);
  return wrong;
}

/* All pixels are counted again, by the other way; both use the same order of operations, so not one
   may differ. */
static hy_code verify(hy_run *run, const void *vp, hy_verdict *out, hy_err *err)
{
  const params *p = vp;
  const int     threads = hy_threads(run);
  int64_t       wrong = 0;
  int64_t      *counts = malloc((size_t)(p->ny * p->nx) * sizeof *counts);
  hy_code       rc = counts ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for a tile");

  if (!rc) rc = hy_get(run, "iterations", 0, p->ny, counts, err);
  if (rc) goto out;
#pragma omp parallel for default(none) shared(p, counts) num_threads(threads) schedule(dynamic, 1) \
    reduction(+ : wrong) if (threads > 1)
  for (int64_t j = 0; j < p->ny; j++) wrong += wrong_pixels(p, j, counts + j * p->nx);
  *out = (hy_verdict){"pixels that differ when counted one by one", (double)wrong, 0.0};
out:
  free(counts);
  return rc;
}

const hy_kernel hy_kernel_mandelbrot = {
    .abi = HY_KERNEL_ABI,
    .name = "mandelbrot",
    .version = "1.0",
    .doc = "Escape times of the Mandelbrot set, one tile of a picture per task.",
    .text =
        "z_0 = 0, z_{n+1} = z_n^2 + c.  The output of a pixel with number c is the smallest n >= "
        "1\n"
        "with |z_n| > 2, or max_iter if there is none below it.\n"
        "The picture has tiles x tiles tiles of ny x nx pixels around centre_x + i centre_y; tile\n"
        "(0, 0) is at the top left.  Sweep tile_y and tile_x, in this order, from 0 to tiles - 1:\n"
        "hybrid show DIR --png FILE joins the tiles.  Tiles differ in cost by a factor of\n"
        "thousands, which makes this a test of load balance.\n"
        "Method: 32 pixels at a time in vector lanes; the cardioid and the disc of period 2 are\n"
        "recognised (J. Milnor, Dynamics in One Complex Variable, appendix G).\n"
        "Verified pixel by pixel, exactly: one orbit at a time, and inside is what comes back to\n"
        "a point it has been at.",
    .team = false,
    .params_size = sizeof(params),
    .params = param_table,
    .outputs = output_table,
    .check = check,
    .cost = cost,
    .run = run,
    .verify = verify};
