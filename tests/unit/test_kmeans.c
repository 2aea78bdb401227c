/** @file test_kmeans.c
 *  k-means against scikit-learn from the same start on the digits, against all partitions of small
 *  sets, on degenerate data; threads; falsified outputs.
 *
 *  The known answers are printed by tests/kernel/kmeans_reference.py. */
#include "fake_host.h"
#include "kernel/params.h"
#include "numeric/philox.h"
#include "point.h"
#include "store/store.h"
#include "test.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const hy_kernel hy_kernel_kmeans;

static void *on(const double *data, int64_t rows, int64_t cols, const char *settings)
{
  const hy_matrix m = {data, rows, cols};
  char           *p = point(&hy_kernel_kmeans, settings);

  (void)memcpy(p + hy_kernel_kmeans.params[hy_params_find(&hy_kernel_kmeans, "data")].offset, &m,
               sizeof m);
  return p;
}

/* Sanitized builds without optimisation are a hundred times slower: they take every 8th row. */
#ifdef __OPTIMIZE__
enum { STRIDE = 1 };
#else
enum { STRIDE = 8 };
#endif

/** Run and verify; the caller frees the host. */
static hy_fake *clustered(const void *params, int threads)
{
  hy_fake   *f = hy_fake_new(&hy_kernel_kmeans, params, MPI_COMM_NULL, threads);
  hy_err     err = {0};
  hy_verdict v = {"", NAN, 0.0};

  hy_test_row(hy_fake_run(f, &err) == HY_OK, err.text);
  CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
  CU_ASSERT(v.error <= v.bound);
  return f;
}

static double *digits;

static const double *load_digits(void)
{
  int64_t rows = 0, cols = 0;
  hy_err  err = {0};

  if (digits) return digits;
  if (hy_store_read_matrix(HYBRID_SOURCE_DIR "/data/digits/digits.h5", "x", &digits, &rows, &cols,
                           &err) ||
      rows != 1797 || cols != 64) {
    (void)fprintf(stderr, "digits: %s\n", err.text);
    exit(99);
  }
  return digits;
}

static void digits_are_what_they_were(void)
{
  const double *x = load_digits();
  double        sum = 0.0, weighted = 0.0;

  for (int i = 0; i < 1797 * 64; i++) sum += x[i], weighted += (double)(i % 1009) * x[i];
  CU_ASSERT_EQUAL(sum, 561718.0);
  CU_ASSERT_EQUAL(weighted, 283139404.0);
}

/* Relative: two sums of 115,008 squares, each in its own order: about sqrt(115008) u = 4e-14; seen
   3e-15.  Another local minimum differs by 1e-6 and more. */
#define CLOSE 4e-14

static void digits_end_where_scikit_learn_ends(void)
{
  static const struct {
    int    k, seed;
    double tolerance, inertia;
    int    steps;
  } rows[] = {
      {1,  0,  0.0001, 2159057.291040625,  2 },
      {1,  0,  0.01,   2159057.291040625,  2 },
      {1,  0,  0.1,    2159057.291040625,  2 },
      {2,  2,  0.0001, 1934768.8660003864, 16},
      {2,  2,  0.01,   1934788.5746490294, 12},
      {2,  2,  0.1,    1942747.8896899652, 3 },
      {2,  3,  0.0001, 1922848.9276956823, 13},
      {2,  3,  0.01,   1922917.6279727723, 10},
      {2,  3,  0.1,    1923107.3439439724, 9 },
      {2,  4,  0.0001, 1914619.6175501018, 16},
      {2,  4,  0.01,   1914655.7323308464, 12},
      {2,  4,  0.1,    1915219.3210822537, 10},
      {3,  3,  0.0001, 1766877.881942116,  12},
      {3,  3,  0.01,   1766934.6105987858, 8 },
      {3,  3,  0.1,    1767665.9958154834, 5 },
      {3,  4,  0.0001, 1730198.988244734,  12},
      {3,  4,  0.01,   1730239.5524594146, 8 },
      {3,  4,  0.1,    1730358.8401767712, 7 },
      {3,  5,  0.0001, 1730195.8349433702, 11},
      {3,  5,  0.01,   1730211.920745082,  7 },
      {3,  5,  0.1,    1730558.0203457617, 5 },
      {5,  0,  0.0001, 1520124.0034485387, 22},
      {5,  0,  0.01,   1520150.0701629883, 18},
      {5,  0,  0.1,    1521330.7843812748, 14},
      {5,  2,  0.0001, 1557242.1259764233, 26},
      {5,  2,  0.01,   1557368.938022441,  20},
      {5,  2,  0.1,    1564747.9809684462, 7 },
      {5,  3,  0.0001, 1526791.9435015933, 10},
      {5,  3,  0.01,   1526814.7038594964, 8 },
      {5,  3,  0.1,    1527264.368915909,  5 },
      {10, 9,  0.0001, 1167791.4271668138, 14},
      {10, 9,  0.01,   1167798.2385179305, 12},
      {10, 9,  0.1,    1168097.1236747028, 9 },
      {10, 12, 0.0001, 1169485.1326586897, 26},
      {10, 12, 0.01,   1173510.1037548343, 10},
      {10, 12, 0.1,    1173779.6121634163, 6 },
      {10, 15, 0.0001, 1165109.4601956699, 9 },
      {10, 15, 0.01,   1165109.4601956699, 8 },
      {10, 15, 0.1,    1165127.1606376343, 7 },
      {20, 3,  0.0001, 950068.2423110255,  16},
      {20, 3,  0.01,   950068.2423110255,  16},
      {20, 3,  0.1,    950353.35376100941, 12},
      {20, 5,  0.0001, 966174.12442899961, 15},
      {20, 5,  0.01,   966174.12442899961, 15},
      {20, 5,  0.1,    966174.12442899961, 14},
      {20, 15, 0.0001, 952263.40830465965, 23},
      {20, 15, 0.01,   952350.70967840462, 20},
      {20, 15, 0.1,    952364.75905440084, 19},
  };

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i += STRIDE) {
    char   settings[64], row[120];
    hy_err err = {0};

    (void)snprintf(settings, sizeof settings, "k=%d seed=%d tolerance=%g", rows[i].k, rows[i].seed,
                   rows[i].tolerance);
    void         *p = on(load_digits(), 1797, 64, settings);
    hy_fake      *f = hy_fake_new(&hy_kernel_kmeans, p, MPI_COMM_NULL, 1);
    const hy_code rc = hy_fake_run(f, &err);
    const double  w = hy_fake_f64(f, "inertia", 0);

    (void)snprintf(row, sizeof row, "%s: inertia %.17g, steps %" PRId64, settings, w,
                   hy_fake_i64(f, "steps", 0));
    hy_test_row(!rc && fabs(w - rows[i].inertia) <= CLOSE * rows[i].inertia &&
                    hy_fake_i64(f, "steps", 0) == rows[i].steps,
                row);
    hy_fake_free(f);
    free(p);
  }
}

/** Bytes of every output for 1, 2, 3 and 7 threads. */
static void threads_do_not_matter(void)
{
  static const char *const settings[] = {"k=7 seed=5 keep=true iterations=6",
                                         "k=2 keep=true tolerance=0"};

  for (size_t s = 0; s < sizeof settings / sizeof *settings; s++) {
    void    *p = on(load_digits(), 1797, 64, settings[s]);
    hy_fake *one = clustered(p, 1);

    for (int threads = 2; threads <= 7; threads += threads == 3 ? 4 : 1) {
      hy_fake *many = clustered(p, threads);

      for (const hy_output *o = hy_kernel_kmeans.outputs; o->name; o++) {
        int64_t     n = 0, m = 0;
        const void *a = hy_fake_data(one, o->name, &n), *b = hy_fake_data(many, o->name, &m);

        CU_ASSERT(n > 0 && n == m && memcmp(a, b, (size_t)n) == 0);
      }
      hy_fake_free(many);
    }
    hy_fake_free(one);
    free(p);
  }
}

static void keeping_changes_nothing(void)
{
  void    *with = on(load_digits(), 1797, 64, "k=3 seed=3 keep=true iterations=9");
  void    *without = on(load_digits(), 1797, 64, "k=3 seed=3 iterations=9");
  hy_fake *a = clustered(with, 1), *b = clustered(without, 1);

  CU_ASSERT_EQUAL(hy_fake_f64(a, "inertia", 0), hy_fake_f64(b, "inertia", 0));
  CU_ASSERT_EQUAL(hy_fake_i64(a, "steps", 0), hy_fake_i64(b, "steps", 0));
  hy_fake_free(a);
  hy_fake_free(b);
  free(with);
  free(without);
}

/** Least inertia over all 2^(n-1) ways to cut n points in two. */
static double best_cut(const double *x, int n, int d)
{
  double best = INFINITY;

  for (unsigned cut = 0; cut < 1u << (n - 1); cut++) {
    double w = 0.0;

    for (unsigned side = 0; side < 2; side++)
      for (int j = 0; j < d; j++) {
        double count = 0.0, sum = 0.0, squares = 0.0;

        for (int i = 0; i < n; i++)
          if ((cut >> i & 1) == side)
            count += 1.0, sum += x[i * d + j], squares += x[i * d + j] * x[i * d + j];
        if (count > 0.0) w += squares - sum * sum / count;
      }
    best = fmin(best, w);
  }
  return best;
}

/** No start does better than the best of all partitions, and the best of 40 starts finds it. */
static void small_sets_reach_their_optimum(void)
{
  for (uint64_t set = 0; set < 5; set++) {
    enum { N = 11, D = 3 };
    double x[N * D], best = INFINITY;

    for (int i = 0; i < N * D; i++)
      x[i] = hy_random_f64(11, set, (uint64_t)i) + (i / D % 2 ? 0.7 : 0.0);
    const double optimum = best_cut(x, N, D);

    for (int seed = 0; seed < 40; seed++) {
      char settings[64];

      (void)snprintf(settings, sizeof settings, "k=2 seed=%d tolerance=0 keep=true", seed);
      void    *p = on(x, N, D, settings);
      hy_fake *f = clustered(p, 1);

      CU_ASSERT(hy_fake_f64(f, "inertia", 0) >= optimum * (1.0 - 1e-13));
      best = fmin(best, hy_fake_f64(f, "inertia", 0));
      hy_fake_free(f);
      free(p);
    }
    CU_ASSERT_DOUBLE_EQUAL(best, optimum, 1e-13 * optimum);
  }
}

/** Sizes around tiles, groups and blocks; as many clusters as points. */
static void odd_sizes_verify(void)
{
  static const struct {
    int64_t     n, d;
    const char *settings;
  } rows[] = {
      {1,     1, "k=1 keep=true"             },
      {2,     1, "k=2 keep=true"             },
      {15,    2, "k=3 keep=true tolerance=0" },
      {16,    2, "k=4 keep=true"             },
      {17,    5, "k=5 keep=true"             },
      {17,    5, "k=17 keep=true"            },
      {256,   3, "k=6 keep=true tolerance=0" },
      {257,   3, "k=7"                       },
      {5000,  2, "k=9 keep=true iterations=1"},
      {20000, 1, "k=11 seed=4 iterations=5"  }
  };

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const int64_t n = rows[i].n, d = rows[i].d;
    double       *x = malloc((size_t)(n * d) * sizeof *x);

    if (!x) exit(99);
    for (int64_t e = 0; e < n * d; e++) x[e] = 1e6 + hy_random_f64(12, i, (uint64_t)e);
    void    *p = on(x, n, d, rows[i].settings);
    hy_fake *one = clustered(p, 1), *three = clustered(p, 3);

    hy_test_row(hy_fake_f64(one, "inertia", 0) == hy_fake_f64(three, "inertia", 0),
                rows[i].settings);
    if (strstr(rows[i].settings, "k=17")) CU_ASSERT_EQUAL(hy_fake_f64(one, "inertia", 0), 0.0);
    hy_fake_free(one);
    hy_fake_free(three);
    free(p);
    free(x);
  }
}

/** Fewer different points than clusters: centres coincide, clusters run empty, nothing breaks. */
static void coinciding_points_are_fine(void)
{
  static const double sets[][8] = {
      {3, 3, 3, 3, 3, 3, 3, 3},
      {0, 0, 0, 0, 1, 1, 1, 1}
  };

  for (int run = 0; run < 40; run++) {
    const double *x = sets[run % 2];
    char          settings[64];

    (void)snprintf(settings, sizeof settings, "k=4 seed=%d keep=true", run / 2);
    void    *p = on(x, 8, 1, settings);
    hy_fake *f = clustered(p, 1);

    CU_ASSERT_EQUAL(hy_fake_f64(f, "inertia", 0), 0.0);
    for (int c = 0; c < 4; c++) {
      const double m = hy_fake_f64(f, "centroids", c);

      CU_ASSERT(m == x[0] || m == x[7]);
    }
    hy_fake_free(f);
    free(p);
  }
}

enum { SMALL_N = 30, SMALL_D = 2, SMALL_K = 10 };

/** The method as the top of kmeans.c describes it, without any of its arrangements. */
typedef struct plain {
  double x[SMALL_N][SMALL_D], m[SMALL_K][SMALL_D], far[SMALL_N];
  int    label[SMALL_N], steps, emptied;
} plain;

static double squared(const double *a, const double *b)
{
  return (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]);
}

static void plain_start(plain *t, uint64_t seed)
{
  for (int i = 0; i < SMALL_N; i++) t->far[i] = INFINITY;
  for (int c = 0; c < SMALL_K; c++) {
    const double u = hy_random_f64(seed, 0, (uint64_t)c);
    double       all = 0.0, left;
    int          pick = (int)(u * SMALL_N);

    for (int i = 0; c > 0 && i < SMALL_N; i++) all += t->far[i];
    left = u * all;
    for (int i = 0; all > 0.0 && i < SMALL_N; i++) {
      pick = t->far[i] > 0.0 ? i : pick;
      if (left < t->far[i]) break;
      left -= t->far[i];
    }
    (void)memcpy(t->m[c], t->x[pick], sizeof t->m[c]);
    for (int i = 0; i < SMALL_N; i++) t->far[i] = fmin(t->far[i], squared(t->x[i], t->m[c]));
  }
}

static double plain_assign(plain *t)
{
  double w = 0.0;

  for (int i = 0; i < SMALL_N; i++) {
    t->far[i] = INFINITY;
    for (int c = 0; c < SMALL_K; c++)
      if (squared(t->x[i], t->m[c]) < t->far[i]) {
        t->far[i] = squared(t->x[i], t->m[c]);
        t->label[i] = c;
      }
    w += t->far[i];
  }
  return w;
}

/** Empty clusters filled, centres moved; the sum of squared shifts. */
static double plain_move(plain *t)
{
  int    count[SMALL_K] = {0};
  double shift = 0.0;

  for (int i = 0; i < SMALL_N; i++) count[t->label[i]]++;
  for (int c = 0; c < SMALL_K; c++) {
    int pick = -1;

    for (int i = 0; count[c] == 0 && i < SMALL_N; i++)
      if (count[t->label[i]] > 1 && (pick < 0 || t->far[i] > t->far[pick])) pick = i;
    if (pick < 0) continue;
    t->emptied++;
    count[t->label[pick]]--;
    count[c]++;
    t->label[pick] = c;
  }
  for (int c = 0; c < SMALL_K; c++) {
    double m[SMALL_D] = {0};

    for (int i = 0; i < SMALL_N; i++)
      for (int j = 0; j < SMALL_D; j++) m[j] += t->label[i] == c ? t->x[i][j] / count[c] : 0.0;
    shift += squared(m, t->m[c]);
    (void)memcpy(t->m[c], m, sizeof m);
  }
  return shift;
}

static double plain_inertia(plain *t, uint64_t seed, int iterations)
{
  int before[SMALL_N] = {0};

  plain_start(t, seed);
  for (t->steps = 0; t->steps < iterations;) {
    (void)plain_assign(t);
    const double shift = plain_move(t);
    const bool   same = memcmp(before, t->label, sizeof before) == 0 && t->steps > 0;

    t->steps++;
    (void)memcpy(before, t->label, sizeof before);
    if (same || shift <= 0.0) break;
  }
  return plain_assign(t);
}

/** Against `plain` on one set. */
static bool agrees(plain *t, uint64_t seed, int iterations)
{
  char settings[96];

  (void)snprintf(settings, sizeof settings, "k=%d seed=%d tolerance=0 iterations=%d keep=true",
                 SMALL_K, (int)seed, iterations);
  const double w = plain_inertia(t, seed, iterations);
  void        *p = on(t->x[0], SMALL_N, SMALL_D, settings);
  hy_fake     *f = clustered(p, 1);
  bool         good = fabs(hy_fake_f64(f, "inertia", 0) - w) <= 1e-13 * (1.0 + w);

  good = good && hy_fake_i64(f, "steps", 0) == t->steps;
  for (int e = 0; e < SMALL_K * SMALL_D; e++)
    good = good && fabs(hy_fake_f64(f, "centroids", e) - t->m[e / SMALL_D][e % SMALL_D]) <= 1e-13;
  hy_fake_free(f);
  free(p);
  return good;
}

/** Points in general position, so no ties; sets where a cluster runs empty, found among 60,000, and
 *  ordinary ones. */
static void steps_are_as_described(void)
{
  static const uint64_t special[] = {4225, 4307, 17209, 17338, 37777, 43947, 44063, 45820, 55270};
  const int             specials = (int)(sizeof special / sizeof *special);

  for (int s = 0; s < specials + 300 / STRIDE; s++) {
    const uint64_t set = s < specials ? special[s] : (uint64_t)s;
    plain          t = {.steps = 0};
    char           row[32];

    for (int i = 0; i < SMALL_N; i++)
      for (int j = 0; j < SMALL_D; j++)
        t.x[i][j] = (j ? 0.2 : 1.0) * hy_random_f64(21, set, (uint64_t)(i * SMALL_D + j));
    (void)snprintf(row, sizeof row, "set %d", (int)set);
    hy_test_row(agrees(&t, set, 300), row);
    CU_ASSERT(t.emptied > 0 || s >= specials);
  }
}

/** Points of a small grid have ties everywhere; in the first step they are exact, wherever the grid
 *  lies: the shift must not blur them. */
static void ties_go_to_the_first(void)
{
  int wrong = 0;

  for (uint64_t set = 0; set < 600 / STRIDE; set++) {
    plain t = {.steps = 0};

    for (int i = 0; i < SMALL_N; i++)
      for (int j = 0; j < SMALL_D; j++)
        t.x[i][j] = floor(4.0 * hy_random_f64(22, set, (uint64_t)(i * SMALL_D + j)));
    wrong += !agrees(&t, set, 1);
  }
  CU_ASSERT_EQUAL(wrong, 0);
}

static void bad_points_are_refused(void)
{
  const double three[3] = {1, 2, 3}, huge[3] = {-1e300, 1e300, 0};
  void        *many = on(three, 3, 1, "k=4"), *far = on(huge, 3, 1, "k=2");
  hy_fake     *f = hy_fake_new(&hy_kernel_kmeans, far, MPI_COMM_NULL, 1);
  hy_err       err = {0};

  CU_ASSERT_EQUAL(hy_kernel_kmeans.check(many, &err), HY_EINPUT);
  CU_ASSERT_STRING_EQUAL(err.text, "k = 4 clusters need as many points, data has 3");
  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_EINPUT);
  CU_ASSERT_STRING_EQUAL(err.text, "kmeans: squared distances overflow: scale the data down");
  hy_fake_free(f);
  free(many);
  free(far);
}

/** HY_STOP and failing puts come through; nothing leaks (the sanitizer sees to that). */
static void stops_and_failures_come_through(void)
{
  void    *p = on(load_digits(), 1797, 64, "k=5 seed=1 keep=true");
  hy_fake *f = hy_fake_new(&hy_kernel_kmeans, p, MPI_COMM_NULL, 2);
  hy_err   err = {0};

  hy_fake_stop_at(f, 3);
  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_STOP);
  CU_ASSERT_EQUAL(hy_fake_steps(f), 3);
  hy_fake_stop_at(f, 0);
  for (int n = 1; n <= 12; n++) { /* inertia, silhouette, steps, 5 centroids, 4 slabs of labels */
    hy_fake_fail_put(f, n);
    CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_EIO);
  }
  hy_fake_fail_put(f, 13);
  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
  hy_fake_free(f);
  free(p);
}

static bool passes(hy_fake *f)
{
  hy_verdict v = {"", NAN, 0.0};
  hy_err     err = {0};

  return hy_fake_verify(f, &v, &err) == HY_OK && v.error <= v.bound;
}

/** Change one element of an output, see verify() fail, and put it back. */
static void falsify(hy_fake *f, const char *output, int64_t element, double f64, int64_t i64)
{
  int64_t  bytes = 0, old = 0;
  int64_t *data = hy_fake_data(f, output, &bytes);

  CU_ASSERT_FATAL(data && element < bytes / 8);
  old = data[element];
  if (isnan(f64))
    data[element] = i64;
  else {
    double x;

    (void)memcpy(&x, &data[element], sizeof x);
    x += f64;
    (void)memcpy(&data[element], &x, sizeof x);
  }
  hy_test_row(!passes(f), output);
  data[element] = old;
}

static void falsified_outputs_are_found(void)
{
  static const char *const settings[] = {"k=2 seed=7 tolerance=0 keep=true",
                                         "k=2 seed=7 tolerance=0"};

  for (int s = 0; s < 2; s++) {
    void    *p = on(load_digits(), 1797, 64, settings[s]);
    hy_fake *f = clustered(p, 1);

    falsify(f, "inertia", 0, s ? 1e-9 : 1e-3, 0);
    falsify(f, "inertia", 0, NAN, INT64_C(0x7ff8000000000000));
    falsify(f, "silhouette", 0, s ? 1e-12 : 1e-4, 0);
    falsify(f, "steps", 0, NAN, 0);
    falsify(f, "steps", 0, NAN, 301);
    if (s == 0) {
      falsify(f, "centroids", 100, 1e-9, 0);
      falsify(f, "labels", 1000, NAN, 1 - hy_fake_i64(f, "labels", 1000));
      falsify(f, "labels", 1000, NAN, 2);
      falsify(f, "labels", 1000, NAN, -1);
    }
    CU_ASSERT(passes(f));
    hy_fake_free(f);
    free(p);
  }
  free(digits);
  digits = NULL;
}

/** Longest first needs costs that grow with k, and memory that is not too small. */
static void costs_grow_with_the_work(void)
{
  double before = 0.0;

  for (int k = 1; k <= 40; k++) {
    char settings[32];

    (void)snprintf(settings, sizeof settings, "k=%d", k);
    void         *p = on(load_digits(), 1797, 64, settings);
    const hy_cost c = hy_kernel_kmeans.cost(p, 1, 1);

    CU_ASSERT(c.flops > before && c.dram_bytes > 0.0 && c.net_bytes == 0.0);
    CU_ASSERT(c.memory_bytes > 8.0 * 1797 * 64);
    before = c.flops;
    free(p);
  }
}

HY_TEST_MAIN("kmeans", {"digits_are_what_they_were", digits_are_what_they_were},
             {"digits_end_where_scikit_learn_ends", digits_end_where_scikit_learn_ends},
             {"threads_do_not_matter", threads_do_not_matter},
             {"keeping_changes_nothing", keeping_changes_nothing},
             {"small_sets_reach_their_optimum", small_sets_reach_their_optimum},
             {"odd_sizes_verify", odd_sizes_verify},
             {"coinciding_points_are_fine", coinciding_points_are_fine},
             {"steps_are_as_described", steps_are_as_described},
             {"ties_go_to_the_first", ties_go_to_the_first},
             {"bad_points_are_refused", bad_points_are_refused},
             {"stops_and_failures_come_through", stops_and_failures_come_through},
             {"costs_grow_with_the_work", costs_grow_with_the_work},
             {"falsified_outputs_are_found", falsified_outputs_are_found})
