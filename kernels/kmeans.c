/** @file kmeans.c
 *  k-means clustering: Lloyd's iteration from a k-means++ start.
 *
 *  Minimise  W = sum_i min_c |x_i - m_c|^2  over k centres m_c, by turns: each point to its nearest
 *  centre (the first of equals), each centre to the mean of its points.  W never grows.
 *  Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129; Arthur and Vassilvitskii, SODA 2007, 1027.
 *
 *  It stops as scikit-learn does: the same labels twice; or the squared shifts of all centres
 *  together are at most tolerance * mean variance of the columns; or `iterations` steps.  After the
 *  last two the points are assigned once more, so labels, centres and W always belong together.
 *  An empty cluster takes the point farthest from its centre (the first of equals) out of a cluster
 *  of two or more, the next empty one the next farthest: scikit-learn's rule, but that a cluster is
 *  never emptied by it.
 *
 *  Draw c of the start is Philox number c of stream 0 under key `seed`: one uniform choice, then
 *  k - 1 choices by squared distance.  So W is a function of data, k and seed, and the start for
 *  k + 1 extends the start for k.
 *
 *  Memory: 16 points side by side, minus a shift, so that 16 distances are 16 chains of additions
 *  in the order of the columns, whatever the width of the vectors:
 *
 *      tile t:  x[16t..16t+15][0] | x[16t..16t+15][1] | ... | x[16t..16t+15][d-1]
 *
 *  The nearest centre has the least |m|^2 - 2 x.m; W itself is summed from (x - m)^2.  The shift is
 *  the mean of each column, so that the former does not cancel badly, rounded to a multiple of a
 *  power of two well below the spread: so whole numbers stay exact, and points as far from one
 *  centre as from another, of which the digits have plenty at the start, do go to the first.
 *
 *  How well k fits is told by the simplified silhouette, the mean over points of (b - a) / max(a, b)
 *  with a the distance to the own centre and b to the nearest other one: 1 for tight clusters far
 *  apart, 0 for points between clusters; 0 by definition for k = 1.
 *  Hruschka, de Castro and Campello, ICDM 2004; after Rousseeuw, J. Comput. Appl. Math. 20 (1987) 53.
 *
 *  Sums of clusters are formed in at most 64 blocks of points, whose size follows from the number
 *  of points, and added in the order of the blocks: threads only decide who forms which.  Where no
 *  point of a block entered or left a cluster, the block keeps its sum, which is what adding again
 *  would give.
 *
 *  Model: 2 n k d flops for the distances and n d for the sums of a step, 3 n k d for the start. */
#include "kernel/kernel.h"
#include "kernel/run.h"
#include "numeric/philox.h"
#include "numeric/simd.h"
#include "numeric/sum.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  LANES = 16,     /* points in a tile                                          */
  GROUP = 4,      /* centres at a time: 4 x 16 sums are 8 AVX-512 registers    */
  MIN_TILES = 16, /* tiles in a block at least                                 */
  MAX_BLOCKS = 64 /* bounds the memory for partial sums, and the useful threads */
};

typedef struct params {
  hy_matrix data;
  int64_t   k, seed, iterations;
  double    tolerance;
  bool      keep;
} params;

static const hy_param param_table[] = {
    HY_PARAM(params, data, .unit = "1", .doc = "The points, one in a row."),
    HY_PARAM(params, k, .preset = "8", .min = 1, .max = 1e6, .unit = "1",
             .doc = "Number of clusters, at most the number of points."),
    HY_PARAM(params, seed, .preset = "0", .min = 0, .max = 1e15, .unit = "1",
             .doc = "Chooses the random start."),
    HY_PARAM(params, iterations, .preset = "300", .min = 1, .max = 1e9, .unit = "1",
             .doc = "Steps at most."),
    HY_PARAM(params, tolerance, .preset = "1e-4", .min = 0, .max = 1e6, .unit = "1",
             .doc = "Stop when the squared shifts of the centres add up to this part of the mean "
                    "variance of the columns."),
    HY_PARAM(params, keep, .preset = "false", .unit = "1",
             .doc = "Write centroids and labels as well."),
    {0}};

static const hy_output output_table[] = {
    {.name = "inertia",
     .shape = "",
     .type = HY_F64,
     .unit = "1",
     .doc = "Sum of squared distances of the points to their nearest centres."},
    {.name = "silhouette",
     .shape = "",
     .type = HY_F64,
     .unit = "1",
     .doc = "Simplified silhouette: near 1 where clusters are tight and far apart."},
    {.name = "steps",
     .shape = "",
     .type = HY_I64,
     .unit = "1",
     .doc = "Lloyd steps made until it stopped, at most `iterations`."},
    {.name = "centroids",
     .shape = "k,data.cols",
     .type = HY_F64,
     .unit = "1",
     .doc = "Centres of the clusters.",
     .when = "keep"},
    {.name = "labels",
     .shape = "data.rows",
     .type = HY_I64,
     .unit = "1",
     .doc = "Index of the nearest centre of each point.",
     .when = "keep"},
    {0}
};

/** The memory of one task, from one allocation. */
typedef struct work {
  const double *data; /* [n][d] as given                                  */
  int64_t       n, d, k, tiles, blocks, block_tiles;
  int           threads;
  double       *shift;   /* [d] about the means of the columns               */
  double       *tile;    /* [tiles][d][LANES] minus shift, zero behind n     */
  double       *row;     /* [d] for the moment                               */
  double       *centre;  /* [k, to a full group][d] minus shift              */
  double       *norm;    /* [k, to a full group] |centre|^2; infinite from k */
  double       *sum;     /* [blocks][k][d] of the points as given            */
  double       *far;     /* [tiles][LANES] squared distances                 */
  int64_t      *count;   /* [blocks][k] points                               */
  int64_t      *total;   /* [k] points                                       */
  int32_t      *label;   /* [tiles][LANES]                                   */
  int32_t      *before;  /* [tiles][LANES] labels which the sums stand for   */
  bool         *touched; /* [blocks][k] sums which `label` has made wrong    */
  void         *memory;
} work;

static int64_t divide_up(int64_t x, int64_t unit)
{
  return (x + unit - 1) / unit;
}

/** The next `n` elements of the allocation, on a cache line of their own. */
static void *slice(char *base, size_t *at, int64_t n, size_t size)
{
  void *p = base ? base + *at : NULL;

  *at += ((size_t)n * size + 63) / 64 * 64;
  return p;
}

/** Lay the arrays out from `base`; with NULL only their size is found. */
static size_t layout(work *w, char *base)
{
  const int64_t padded = divide_up(w->k, GROUP) * GROUP, points = w->tiles * LANES;
  size_t        at = 0;

  w->shift = slice(base, &at, w->d, sizeof *w->shift);
  w->row = slice(base, &at, w->d, sizeof *w->row);
  w->tile = slice(base, &at, points * w->d, sizeof *w->tile);
  w->centre = slice(base, &at, padded * w->d, sizeof *w->centre);
  w->norm = slice(base, &at, padded, sizeof *w->norm);
  w->sum = slice(base, &at, w->blocks * w->k * w->d, sizeof *w->sum);
  w->far = slice(base, &at, points, sizeof *w->far);
  w->count = slice(base, &at, w->blocks * w->k, sizeof *w->count);
  w->total = slice(base, &at, w->k, sizeof *w->total);
  w->label = slice(base, &at, points, sizeof *w->label);
  w->before = slice(base, &at, points, sizeof *w->before);
  w->touched = slice(base, &at, w->blocks * w->k, sizeof *w->touched);
  return at;
}

static void measure(work *w, const params *p, int threads)
{
  *w = (work){.data = p->data.data, .n = p->data.rows, .d = p->data.cols, .k = p->k};
  w->threads = threads;
  w->tiles = divide_up(w->n, LANES);
  w->block_tiles = divide_up(w->tiles, MAX_BLOCKS);
  if (w->block_tiles < MIN_TILES) w->block_tiles = MIN_TILES;
  w->blocks = divide_up(w->tiles, w->block_tiles);
}

static hy_code allocate(work *w, hy_err *err)
{
  const size_t bytes = layout(w, NULL);

  w->memory = aligned_alloc(64, bytes);
  if (!w->memory)
    return hy_fail(err, HY_ENOMEM, "kmeans: no memory for %zu MiB of work space", bytes >> 20);
  (void)layout(w, w->memory);
  memset(w->memory, 0, bytes);
  for (int64_t c = w->k; c % GROUP; c++) w->norm[c] = INFINITY; /* never the nearest */
  return HY_OK;
}

/** Tiles [*t0, *t1) and points [*i0, *i1) of a block. */
static void block_range(const work *w, int64_t b, int64_t *t0, int64_t *t1, int64_t *i0,
                        int64_t *i1)
{
  *t0 = b * w->block_tiles;
  *t1 = *t0 + w->block_tiles < w->tiles ? *t0 + w->block_tiles : w->tiles;
  *i0 = *t0 * LANES;
  *i1 = *t1 * LANES < w->n ? *t1 * LANES : w->n;
}

/** dot[q][s] = x_s . c_q for all four of a group of centres, or for its first two: the other sums
 *  are 0 then.  Arrays by name, and `omp simd`, keep them in registers with gcc as with clang. */
static inline __attribute__((always_inline)) void dots(const double *restrict x,
                                                       const double *restrict c, int64_t d,
                                                       bool two, double dot[GROUP][LANES])
{
  double a0[LANES] = {0}, a1[LANES] = {0}, a2[LANES] = {0}, a3[LANES] = {0};

  for (int64_t j = 0; two && j < d; j++) {
#pragma omp simd
    for (int s = 0; s < LANES; s++) {
      a0[s] += c[j] * x[j * LANES + s];
      a1[s] += c[d + j] * x[j * LANES + s];
    }
  }
  for (int64_t j = 0; !two && j < d; j++) {
#pragma omp simd
    for (int s = 0; s < LANES; s++) {
      a0[s] += c[j] * x[j * LANES + s];
      a1[s] += c[d + j] * x[j * LANES + s];
      a2[s] += c[2 * d + j] * x[j * LANES + s];
      a3[s] += c[3 * d + j] * x[j * LANES + s];
    }
  }
  memcpy(dot[0], a0, sizeof a0);
  memcpy(dot[1], a1, sizeof a1);
  memcpy(dot[2], a2, sizeof a2);
  memcpy(dot[3], a3, sizeof a3);
}

/** Nearest centre of each point of a tile. */
HY_SIMD_CLONES static void assign_tile(const work *w, const double *restrict tile,
                                       int32_t *restrict label)
{
  double dot[GROUP][LANES], best[LANES], who[LANES] = {0};

  for (int s = 0; s < LANES; s++) best[s] = INFINITY;
  for (int64_t c = 0; c < w->k; c += GROUP) {
    const double *const norm = w->norm + c;

    if (w->k - c <= 2)
      dots(tile, w->centre + c * w->d, w->d, true, dot);
    else
      dots(tile, w->centre + c * w->d, w->d, false, dot);
#pragma omp simd
    for (int s = 0; s < LANES; s++)
      for (int q = 0; q < GROUP; q++) {
        const double score = norm[q] - 2.0 * dot[q][s];

        who[s] = score < best[s] ? (double)(c + q) : who[s];
        best[s] = score < best[s] ? score : best[s];
      }
  }
  for (int s = 0; s < LANES; s++) label[s] = (int32_t)who[s];
}

/** far[s] = min(far[s], |x_s - c|^2). */
HY_SIMD_CLONES static void approach_tile(const double *restrict tile, const double *restrict c,
                                         int64_t d, double *restrict far)
{
  double a[LANES] = {0};

  for (int64_t j = 0; j < d; j++) {
#pragma omp simd
    for (int s = 0; s < LANES; s++) {
      const double e = tile[j * LANES + s] - c[j];

      a[s] += e * e;
    }
  }
  for (int s = 0; s < LANES; s++) far[s] = a[s] < far[s] ? a[s] : far[s];
}

/** far[s] = |x_s - centre of its label|^2. */
HY_SIMD_CLONES static void distance_tile(const work *w, const double *restrict tile,
                                         const int32_t *restrict label, double *restrict far)
{
  double a[LANES] = {0};

  for (int64_t j = 0; j < w->d; j++) {
#pragma omp simd
    for (int s = 0; s < LANES; s++) {
      const double e = tile[j * LANES + s] - w->centre[label[s] * w->d + j];

      a[s] += e * e;
    }
  }
  memcpy(far, a, sizeof a);
}

/** Add the points of the touched clusters of block b again. */
HY_SIMD_CLONES static void add_touched(work *w, int64_t b)
{
  double *const  sum = w->sum + b * w->k * w->d;
  int64_t *const count = w->count + b * w->k;
  bool *const    touched = w->touched + b * w->k;
  const int64_t  d = w->d;
  int64_t        t0, t1, i0, i1;

  block_range(w, b, &t0, &t1, &i0, &i1);
  for (int64_t c = 0; c < w->k; c++)
    if (touched[c]) {
      count[c] = 0;
      memset(sum + c * d, 0, (size_t)d * sizeof *sum);
    }
  for (int64_t i = i0; i < i1; i++) {
    const int32_t c = w->label[i];
    const double *restrict const x = w->data + i * d;
    double *restrict const s = sum + c * d;

    if (!touched[c]) continue;
    count[c]++;
    for (int64_t j = 0; j < d; j++) s[j] += x[j];
  }
  memset(touched, 0, (size_t)w->k * sizeof *touched);
}

static void touch(work *w, int64_t b, int32_t from, int32_t to)
{
  w->touched[b * w->k + from] = true;
  w->touched[b * w->k + to] = true;
}

/** Labels for the centres as they are; with `sums`, those of the clusters follow. */
static void assign(work *w, bool sums)
{
#pragma omp parallel for default(none) shared(w, sums) num_threads(w->threads) if (w->threads > 1) \
    schedule(static)
  for (int64_t b = 0; b < w->blocks; b++) {
    int64_t t0, t1, i0, i1;

    block_range(w, b, &t0, &t1, &i0, &i1);
    for (int64_t t = t0; t < t1; t++)
      assign_tile(w, w->tile + t * LANES * w->d, w->label + t * LANES);
    if (!sums) continue;
    for (int64_t i = i0; i < i1; i++)
      if (w->label[i] != w->before[i]) touch(w, b, w->before[i], w->label[i]);
    add_touched(w, b);
  }
}

/** far[i] of all points, to their own centres. */
static void measure_distances(work *w)
{
#pragma omp parallel for default(none) shared(w) num_threads(w->threads) if (w->threads > 1)       \
    schedule(static)
  for (int64_t t = 0; t < w->tiles; t++)
    distance_tile(w, w->tile + t * LANES * w->d, w->label + t * LANES, w->far + t * LANES);
}

/** far[l], the squared distance to the own centre, becomes the point's silhouette. */
HY_SIMD_CLONES static void silhouette_tile(const work *w, const double *restrict tile,
                                           const int32_t *restrict label, double *restrict far)
{
  double nearest[LANES], sum[LANES];

  for (int l = 0; l < LANES; l++) nearest[l] = INFINITY;
  for (int64_t c = 0; c < w->k; c++) {
    for (int l = 0; l < LANES; l++) sum[l] = 0.0;
    for (int64_t j = 0; j < w->d; j++)
      for (int l = 0; l < LANES; l++) {
        const double delta = tile[j * LANES + l] - w->centre[c * w->d + j];

        sum[l] += delta * delta;
      }
    for (int l = 0; l < LANES; l++)
      if (label[l] != c && sum[l] < nearest[l]) nearest[l] = sum[l];
  }
  for (int l = 0; l < LANES; l++) {
    const double a = sqrt(far[l]), b = sqrt(nearest[l]), most = a > b ? a : b;

    far[l] = most > 0.0 ? (b - a) / most : 0.0;
  }
}

/** Mean silhouette, from the distances of measure_distances(), which it overwrites. */
static double silhouette(work *w)
{
  if (w->k == 1) return 0.0;
#pragma omp parallel for default(none) shared(w) num_threads(w->threads) if (w->threads > 1)       \
    schedule(static)
  for (int64_t t = 0; t < w->tiles; t++)
    silhouette_tile(w, w->tile + t * LANES * w->d, w->label + t * LANES, w->far + t * LANES);
  return hy_sum(w->far, w->n) / (double)w->n;
}

static void add_counts(work *w)
{
  memset(w->total, 0, (size_t)w->k * sizeof *w->total);
  for (int64_t b = 0; b < w->blocks; b++)
    for (int64_t c = 0; c < w->k; c++) w->total[c] += w->count[b * w->k + c];
}

/** Give each empty cluster a point; the top of the file says which. */
static void fill_empty(work *w)
{
  bool measured = false;

  for (int32_t c = 0; c < w->k; c++) {
    int64_t pick = -1;

    if (w->total[c] > 0) continue;
    if (!measured) measure_distances(w);
    measured = true;
    for (int64_t i = 0; i < w->n; i++)
      if (w->total[w->label[i]] > 1 && (pick < 0 || w->far[i] > w->far[pick])) pick = i;
    w->total[w->label[pick]]--;
    w->total[c]++;
    touch(w, pick / (w->block_tiles * LANES), w->label[pick], c);
    w->label[pick] = c;
  }
  for (int64_t b = 0; measured && b < w->blocks; b++) add_touched(w, b);
}

/** Put centre c at m[d]; returns the squared shift. */
static double place_centre(work *w, int64_t c, const double *m)
{
  double *const centre = w->centre + c * w->d;
  double        norm = 0.0, shift = 0.0;

  for (int64_t j = 0; j < w->d; j++) {
    const double e = m[j] - centre[j];

    shift += e * e;
    norm += m[j] * m[j];
    centre[j] = m[j];
  }
  w->norm[c] = norm;
  return shift;
}

/** w->row = mean of the points of cluster c, as given. */
static void average(work *w, int64_t c)
{
  double *restrict const row = w->row;

  memset(row, 0, (size_t)w->d * sizeof *row);
  for (int64_t b = 0; b < w->blocks; b++) {
    const double *restrict const sum = w->sum + (b * w->k + c) * w->d;

    for (int64_t j = 0; j < w->d; j++) row[j] += sum[j];
  }
  for (int64_t j = 0; j < w->d; j++) row[j] /= (double)w->total[c];
}

/** All centres to the means of their points; returns the sum of the squared shifts. */
static double move_centres(work *w)
{
  double shift = 0.0;

  for (int64_t c = 0; c < w->k; c++) {
    average(w, c);
    for (int64_t j = 0; j < w->d; j++) w->row[j] -= w->shift[j];
    shift += place_centre(w, c, w->row);
  }
  return shift;
}

/** Points of tile t minus shift; lanes behind the last point stay 0. */
HY_SIMD_CLONES static void load_tile(work *w, int64_t t)
{
  const double *restrict const x = w->data + t * LANES * w->d;
  double *restrict const to = w->tile + t * LANES * w->d;
  const double *restrict const shift = w->shift;
  const int64_t d = w->d, m = w->n - t * LANES;

  for (int64_t j = 0; m >= LANES && j < d; j++) {
#pragma omp simd
    for (int64_t s = 0; s < LANES; s++) to[j * LANES + s] = x[s * d + j] - shift[j];
  }
  for (int64_t j = 0; m < LANES && j < d; j++)
    for (int64_t s = 0; s < m; s++) to[j * LANES + s] = x[s * d + j] - shift[j];
}

/** A power of two well below the spread of a column around mean[d], from at most 64 points; 0 when
 *  they are all the same. */
static double find_grid(const work *w, const double *mean)
{
  const int64_t stride = divide_up(w->n, 64);
  double        sum = 0.0, terms = 0.0;

  for (int64_t i = 0; i < w->n; i += stride)
    for (int64_t j = 0; j < w->d; j++) {
      const double e = w->data[i * w->d + j] - mean[j];

      sum += e * e;
      terms += 1.0;
    }
  return sum > 0.0 ? scalbn(1.0, ilogb(sqrt(sum / terms)) - 4) : 0.0;
}

/** Shift and tiles; centre 0 at the mean of all points.  While all labels are 0, cluster 0 is the
 *  whole of the data, and these sums serve the first step too. */
static void load(work *w)
{
#pragma omp parallel for default(none) shared(w) num_threads(w->threads) if (w->threads > 1)       \
    schedule(static)
  for (int64_t b = 0; b < w->blocks; b++) {
    touch(w, b, 0, 0);
    add_touched(w, b);
  }
  add_counts(w);
  average(w, 0);
  const double grid = find_grid(w, w->row);

  for (int64_t j = 0; j < w->d; j++) {
    w->shift[j] = grid > 0.0 ? rint(w->row[j] / grid) * grid : w->row[j];
    w->row[j] -= w->shift[j];
  }
  (void)place_centre(w, 0, w->row);
#pragma omp parallel for default(none) shared(w) num_threads(w->threads) if (w->threads > 1)       \
    schedule(static)
  for (int64_t t = 0; t < w->tiles; t++) load_tile(w, t);
}

/** Let far[] know of centre c; partial[b] = sum of far over block b. */
static void approach(work *w, int64_t c, double partial[MAX_BLOCKS])
{
#pragma omp parallel for default(none) shared(w, c, partial)                                       \
    num_threads(w->threads) if (w->threads > 1) schedule(static)
  for (int64_t b = 0; b < w->blocks; b++) {
    int64_t t0, t1, i0, i1;

    block_range(w, b, &t0, &t1, &i0, &i1);
    for (int64_t t = t0; t < t1; t++)
      approach_tile(w->tile + t * LANES * w->d, w->centre + c * w->d, w->d, w->far + t * LANES);
    partial[b] = hy_sum(w->far + i0, i1 - i0);
  }
}

/** far[] = no centre yet. */
static void forget(work *w)
{
  for (int64_t i = 0; i < w->n; i++) w->far[i] = INFINITY;
}

static double total(const work *w, const double partial[MAX_BLOCKS])
{
  double sum = 0.0;

  for (int64_t b = 0; b < w->blocks; b++) sum += partial[b];
  return sum;
}

/** The point at part `u` of the way through far[]; any point when all of it is 0.  Rounding may
 *  lead past the end: then the last point with far > 0. */
static int64_t draw(const work *w, const double partial[MAX_BLOCKS], double u)
{
  const double all = total(w, partial);
  double       left = u * all;
  int64_t      block = 0, point = 0, t0, t1, i0, i1;

  if (!(all > 0.0)) return (int64_t)(u * (double)w->n);
  for (int64_t b = 0; b < w->blocks; b++) {
    if (!(partial[b] > 0.0)) continue;
    block = b;
    if (left < partial[b]) break;
    left -= partial[b];
  }
  block_range(w, block, &t0, &t1, &i0, &i1);
  for (int64_t i = i0; i < i1; i++) {
    if (!(w->far[i] > 0.0)) continue;
    point = i;
    if (left < w->far[i]) break;
    left -= w->far[i];
  }
  return point;
}

/** k-means++.  Returns the mean variance of the columns, which comes with it. */
static double start(work *w, uint64_t seed)
{
  double partial[MAX_BLOCKS];

  forget(w);
  approach(w, 0, partial); /* centre 0 is the mean of all points yet */
  const double variance = total(w, partial) / ((double)w->n * (double)w->d);

  forget(w);
  for (int64_t c = 0; c < w->k; c++) {
    const double  u = hy_random_f64(seed, 0, (uint64_t)c);
    const int64_t i = c == 0 ? (int64_t)(u * (double)w->n) : draw(w, partial, u);
    const double *x = w->tile + i / LANES * LANES * w->d + i % LANES;

    for (int64_t j = 0; j < w->d; j++) w->row[j] = x[j * LANES];
    (void)place_centre(w, c, w->row);
    if (c + 1 < w->k) approach(w, c, partial);
  }
  return variance;
}

/** Lloyd's steps from the start to the end; *inertia = W. */
static hy_code cluster(hy_run *run, work *w, const params *p, double *inertia, int64_t *steps,
                       hy_err *err)
{
  const size_t bytes = (size_t)w->n * sizeof *w->label;
  bool         settled = false;
  int64_t      made = 0;

  load(w);
  const double enough = p->tolerance * start(w, (uint64_t)p->seed);

  while (made < p->iterations) {
    const hy_code rc = hy_step(run, err);

    if (rc) return rc;
    assign(w, true);
    add_counts(w);
    fill_empty(w);
    const double shift = move_centres(w);

    /* the first labels are compared with the zeros of load(), which say nothing */
    settled = made++ > 0 && memcmp(w->label, w->before, bytes) == 0;
    memcpy(w->before, w->label, bytes);
    if (settled || shift <= enough) break;
  }
  if (!settled) assign(w, false);
  measure_distances(w);
  *inertia = hy_sum(w->far, w->n);
  *steps = made;
  if (!isfinite(*inertia))
    return hy_fail(err, HY_EINPUT, "kmeans: squared distances overflow: scale the data down");
  return HY_OK;
}

/** w->row = centre c as the user knows it. */
static void unshift(work *w, int64_t c)
{
  for (int64_t j = 0; j < w->d; j++) w->row[j] = w->centre[c * w->d + j] + w->shift[j];
}

static hy_code put_kept(hy_run *run, work *w, hy_err *err)
{
  enum { SLAB = 512 };
  int64_t slab[SLAB];

  for (int64_t c = 0; c < w->k; c++) {
    unshift(w, c);
    const hy_code rc = hy_put(run, "centroids", c, 1, w->row, err);

    if (rc) return rc;
  }
  for (int64_t i = 0; i < w->n; i += SLAB) {
    const int64_t m = w->n - i < SLAB ? w->n - i : SLAB;

    for (int64_t s = 0; s < m; s++) slab[s] = w->label[i + s];
    const hy_code rc = hy_put(run, "labels", i, m, slab, err);

    if (rc) return rc;
  }
  return HY_OK;
}

static hy_code run(hy_run *run, const void *vp, hy_err *err)
{
  const params *p = vp;
  work          w;
  double        inertia = 0.0, fit = 0.0;
  int64_t       steps = 0;

  measure(&w, p, hy_threads(run));
  hy_code rc = allocate(&w, err);

  if (!rc) rc = cluster(run, &w, p, &inertia, &steps, err);
  if (!rc) rc = hy_put(run, "inertia", 0, 1, &inertia, err);
  if (!rc) fit = silhouette(&w);
  if (!rc) rc = hy_put(run, "silhouette", 0, 1, &fit, err);
  if (!rc) rc = hy_put(run, "steps", 0, 1, &steps, err);
  if (!rc && p->keep) rc = put_kept(run, &w, err);
  free(w.memory);
  return rc;
}

static hy_code check(const void *vp, hy_err *err)
{
  const params *p = vp;

  if (p->k > p->data.rows)
    return hy_fail(err, HY_EINPUT,
                   "k = %" PRId64 " clusters need as many points, data has %" PRId64, p->k,
                   p->data.rows);
  return HY_OK;
}

static hy_cost cost(const void *vp, int ranks, int threads)
{
  const params *p = vp;
  const double  n = (double)p->data.rows, d = (double)p->data.cols, k = (double)p->k;
  /* the digits: 15 steps for k = 2, 21 for k = 20, on the average */
  const double steps = fmin((double)p->iterations, fmin(15.0 + 0.3 * k, 50.0));
  work         w;

  (void)ranks;
  measure(&w, p, threads);
  return (hy_cost){.flops = n * d * (6.0 + 3.0 * k + steps * (2.0 * k + 1.0)),
                   .dram_bytes = 8.0 * n * d * (4.0 + k + 2.0 * steps),
                   .memory_bytes = (double)layout(&w, NULL)};
}

/** What verify() judges, whoever it came from. */
typedef struct outcome {
  double   inertia, silhouette;
  int64_t  steps;
  double  *centroids; /* [k][d] */
  int64_t *labels;    /* [n]    */
} outcome;

/** The worst of several errors, each as a part of its bound; a NaN sticks. */
static void blame(double *worst, double error, double bound)
{
  const double part = error <= 0.0 ? 0.0 : error / bound;

  if (isnan(part) || part > *worst) *worst = part;
}

static double squared_distance(const double *a, const double *b, int64_t d)
{
  double sum = 0.0;

  for (int64_t j = 0; j < d; j++) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

/** Column means, largest |x| and largest squared distance from the mean. */
static void extremes(const params *p, double *mean, double *largest, double *radius2, double *all)
{
  const int64_t n = p->data.rows, d = p->data.cols;

  *largest = *radius2 = *all = 0.0;
  memset(mean, 0, (size_t)d * sizeof *mean);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < d; j++) mean[j] += p->data.data[i * d + j] / (double)n;
  for (int64_t i = 0; i < n; i++) {
    const double r2 = squared_distance(p->data.data + i * d, mean, d);

    for (int64_t j = 0; j < d; j++) *largest = fmax(*largest, fabs(p->data.data[i * d + j]));
    *radius2 = fmax(*radius2, r2);
    *all += r2;
  }
}

/** Each centre is the mean of its points, as when nothing stopped the iteration early. */
static void judge_means(const params *p, const outcome *o, double *sums, double bound,
                        double *worst)
{
  const int64_t n = p->data.rows, d = p->data.cols;

  for (int64_t c = 0; c < p->k; c++) {
    double points = 0.0;

    memset(sums, 0, (size_t)d * sizeof *sums);
    for (int64_t i = 0; i < n; i++) {
      if (o->labels[i] != c) continue;
      points += 1.0;
      for (int64_t j = 0; j < d; j++) sums[j] += p->data.data[i * d + j];
    }
    for (int64_t j = 0; points > 0.0 && j < d; j++)
      blame(worst, fabs(o->centroids[c * d + j] - sums[j] / points), bound);
  }
}

/** Everything an outcome must satisfy.  With u = 2^-53, M the largest |x| and R the largest
 *  distance from the mean, a squared distance is good to (d + 8) u (2R)^2 from the arithmetic, and
 *  to 4R sqrt(d) (8 u M) + d (8 u M)^2 from the shift: `slack` has twice that and more. */
static double judge(const params *p, const outcome *o, double *scratch)
{
  const int64_t n = p->data.rows, d = p->data.cols;
  const double  u = 0x1p-53;
  double        largest, radius2, all, worst = 0.0, inertia = 0.0, fit = 0.0, fit_slack = 0.0;

  extremes(p, scratch, &largest, &radius2, &all);
  const double shift = 8.0 * u * largest;
  const double slack = 8.0 * (double)(d + 8) * u * radius2 +
                       8.0 * sqrt((double)d * radius2) * shift + 4.0 * (double)d * shift * shift;

  for (int64_t i = 0; i < n; i++) {
    const double *x = p->data.data + i * d;

    if (o->labels[i] < 0 || o->labels[i] >= p->k) return INFINITY;
    const double own = squared_distance(x, o->centroids + o->labels[i] * d, d);

    double nearest = INFINITY;

    inertia += own;
    for (int64_t c = 0; c < p->k; c++) {
      const double r2 = squared_distance(x, o->centroids + c * d, d);

      blame(&worst, own - r2, slack);
      if (c != o->labels[i] && r2 < nearest) nearest = r2;
    }
    const double most = sqrt(fmax(own, nearest));

    if (p->k == 1 || most == 0.0) continue;
    fit += (sqrt(nearest) - sqrt(own)) / most / (double)n;
    fit_slack += fmin(2.0, 4.0 * sqrt(slack) / most) / (double)n; /* |d sqrt(r2)| <= sqrt(|d r2|) */
  }
  blame(&worst, fabs(o->silhouette - fit), fit_slack + 1e-15);
  const double total_slack = (double)n * (slack + u * all);

  blame(&worst, fabs(o->inertia - inertia), total_slack);
  blame(&worst, o->inertia - all, total_slack);
  blame(&worst, (double)o->steps - (double)p->iterations, 0.0);
  blame(&worst, 1.0 - (double)o->steps, 0.0);
  if (p->tolerance == 0.0 && o->steps < p->iterations)
    judge_means(p, o, scratch, 4.0 * (double)(n + 8) * u * largest, &worst);
  return worst;
}

/** Centres and labels by clustering again.  *same = whether it led to the same numbers. */
static hy_code repeat(hy_run *run, const params *p, const outcome *o, bool *same, hy_err *err)
{
  work    w;
  double  inertia = 0.0;
  int64_t steps = 0;

  measure(&w, p, hy_threads(run));
  hy_code rc = allocate(&w, err);

  if (!rc) rc = cluster(run, &w, p, &inertia, &steps, err);
  if (!rc) {
    for (int64_t c = 0; c < w.k; c++) {
      unshift(&w, c);
      memcpy(o->centroids + c * w.d, w.row, (size_t)w.d * sizeof *w.row);
    }
    for (int64_t i = 0; i < w.n; i++) o->labels[i] = w.label[i];
    *same = inertia == o->inertia && steps == o->steps && silhouette(&w) == o->silhouette;
  }
  free(w.memory);
  return rc;
}

static hy_code verify(hy_run *run, const void *vp, hy_verdict *out, hy_err *err)
{
  const params *p = vp;
  const int64_t n = p->data.rows, d = p->data.cols;
  bool          same = true;
  outcome       o = {.centroids = malloc((size_t)(p->k * d) * sizeof *o.centroids),
                     .labels = malloc((size_t)n * sizeof *o.labels)};
  double       *scratch = malloc((size_t)d * sizeof *scratch);
  hy_code       rc = HY_OK;

  if (!o.centroids || !o.labels || !scratch)
    rc = hy_fail(err, HY_ENOMEM, "kmeans: no memory to verify %" PRId64 " points", n);
  if (!rc) rc = hy_get(run, "inertia", 0, 1, &o.inertia, err);
  if (!rc) rc = hy_get(run, "silhouette", 0, 1, &o.silhouette, err);
  if (!rc) rc = hy_get(run, "steps", 0, 1, &o.steps, err);
  if (!rc && p->keep) rc = hy_get(run, "centroids", 0, p->k, o.centroids, err);
  if (!rc && p->keep) rc = hy_get(run, "labels", 0, n, o.labels, err);
  if (!rc && !p->keep) rc = repeat(run, p, &o, &same, err);
  if (!rc)
    *out = (hy_verdict){"labels, centres and inertia, worst error over its rounding bound",
                        same ? judge(p, &o, scratch) : INFINITY, 1.0};
  free(o.centroids);
  free(o.labels);
  free(scratch);
  return rc;
}

const hy_kernel hy_kernel_kmeans = {
    .abi = HY_KERNEL_ABI,
    .name = "kmeans",
    .version = "1.0",
    .doc = "k-means clustering: Lloyd's iteration from a k-means++ start.",
    .text =
        "Finds k centres m_c with a small inertia\n"
        "\n"
        "    W = sum_i min_c |x_i - m_c|^2,    x_i the rows of `data`,\n"
        "\n"
        "by turns: each point goes to its nearest centre (the first of equals), each centre to\n"
        "the mean of its points.  W never grows; where it ends depends on the start, so try\n"
        "several seeds.  The start is k-means++: a point at random, then k - 1 more with\n"
        "probability in proportion to the squared distance from those chosen before.  For the\n"
        "same seed the start with k + 1 centres extends the one with k.\n"
        "\n"
        "Stops when no label changes, when the squared shifts of all centres add up to at most\n"
        "tolerance * mean variance of the columns (as scikit-learn), or after `iterations`\n"
        "steps.  A cluster without points takes the one farthest from its centre among the\n"
        "clusters of two or more.\n"
        "\n"
        "W is a function of data, k, seed and the two limits, to the last bit, whatever the\n"
        "number of threads.  Costs 2 n k d flops a step.\n"
        "\n"
        "S. P. Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129.  D. Arthur and S. Vassilvitskii,\n"
        "SODA 2007, 1027.",
    .params_size = sizeof(params),
    .params = param_table,
    .outputs = output_table,
    .check = check,
    .cost = cost,
    .run = run,
    .verify = verify};
