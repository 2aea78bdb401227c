/** @file options.c
 *  European and arithmetic Asian options under Black-Scholes, by Monte Carlo.
 *
 *  Mathematics   dS = r S dt + s S dW, so S(t) = S(0) exp((r - s^2/2) t + s W(t)).  Call: payoff
 *                (X - K)+, put: (K - X)+; the price is exp(-r T) times its mean.
 *                European: X = S(T).  Asian: X = A, the mean of S at t_i = i T / m, i = 1 .. m.
 *                Asian prices have no closed form, but with G, the geometric mean of the same
 *                values, in place of A they have (log G is normal).  A and G nearly agree on every
 *                path, so we simulate the small difference and add the geometric price: a control
 *                variate with the coefficient 1, which keeps the estimate unbiased.
 *  Symbols       r rate, s volatility, T maturity, K strike, m steps; Z standard normal.
 *  Units         money in one currency, "1"; rates and times in years.
 *  Reference     F. Black, M. Scholes, J. Polit. Econ. 81 (1973) 637; A. Kemna, A. Vorst, J.
 *                Banking Finance 14 (1990) 113; P. Glasserman, Monte Carlo Methods in Financial
 *                Engineering, 2004, 4.1 and 4.2; M. J. Wichura, Appl. Statist. 37 (1988) 477 (AS
 *                241); L. Rogers, Z. Shi, J. Appl. Prob. 32 (1995) 1077 (bounds).
 *  Exact         `closed_form`, up to rounding.  The price has a statistical error; its bits
 *                depend on the parameters and the seed alone: the normals of sample n are Philox
 *                numbers (step, n), samples are summed in blocks of 1024 and the blocks in a fixed
 *                tree.
 *  Antithetic    a sample is then the mean of two payoffs, of Z and of -Z, and paths / 2 is the
 *                number of samples.
 *  Model         per path and step 1 Philox number (20 products of integers), 1 inverse normal
 *                distribution (33 flops), 1 exponential (32 flops) and 6 more: 70 flops; nothing
 *                goes to memory. */
#include "kernel/kernel.h"
#include "kernel/run.h"
#include "numeric/philox.h"
#include "numeric/simd.h"
#include "numeric/sum.h"
#include "numeric/vmath.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EUROPEAN, ASIAN };
enum { CALL, PUT };

enum {
  BLOCK = 1024,           /* samples summed together                     */
  STEP_NORMALS = 1 << 20, /* normals between two calls of hy_step()      */
  MAX_STEPS = 10000,
  LOG_RANGE = 300, /* of log(S / S(0)): far from the ends of doubles */
  PAIR = BLOCK / 2 /* Philox blocks, of two normals, in a block   */
};

typedef struct params {
  int     kind, side;
  double  spot, strike, rate, volatility, maturity;
  int64_t steps, paths;
  bool    antithetic;
} params;

static const hy_param param_table[] = {
    HY_PARAM(params, kind, .preset = "european", .choices = "european|asian", .unit = "1",
             .doc = "What is paid for: the price at maturity or the mean until then."),
    HY_PARAM(params, side, .preset = "call", .choices = "call|put", .unit = "1",
             .doc = "The right to buy or the right to sell."),
    HY_PARAM(params, spot, .preset = "100", .min = 1e-6, .max = 1e9, .unit = "1",
             .doc = "Price of the share today."),
    HY_PARAM(params, strike, .preset = "100", .min = 1e-6, .max = 1e9, .unit = "1",
             .doc = "Price agreed on."),
    HY_PARAM(params, rate, .preset = "0.05", .min = -1, .max = 1, .unit = "year-1",
             .doc = "Riskless rate of interest, compounded continuously."),
    HY_PARAM(params, volatility, .preset = "0.2", .min = 1e-4, .max = 5, .unit = "1",
             .doc = "Volatility of the share, per square root of a year."),
    HY_PARAM(params, maturity, .preset = "1", .min = 1e-4, .max = 100, .unit = "year",
             .doc = "Time until the option is due."),
    HY_PARAM(params, steps, .preset = "12", .min = 1, .max = MAX_STEPS, .unit = "1",
             .doc = "Dates of an Asian option, evenly spaced, the last one at maturity."),
    HY_PARAM(params, paths, .preset = "100000", .min = 2, .max = 1e10, .unit = "1",
             .doc = "Simulated paths."),
    HY_PARAM(params, antithetic, .preset = "true", .unit = "1",
             .doc = "Use every path twice, up and down: smaller errors for the same time."),
    {0}};

static const hy_output output_table[] = {
    {.name = "price",
     .shape = "",
     .type = HY_F64,
     .unit = "1",
     .doc = "Price of the option by simulation"},
    {.name = "std_error",
     .shape = "",
     .type = HY_F64,
     .unit = "1",
     .doc = "Standard error of the price"},
    {.name = "closed_form",
     .shape = "",
     .type = HY_F64,
     .unit = "1",
     .doc = "Exact price; for Asian options that of the geometric mean"},
    {0                       }
};

/** Largest |log(S(t) / S(0))| when the Brownian motion stays below `z` sqrt(T). */
static double log_range(const params *p, double z)
{
  return fabs(p->rate - 0.5 * p->volatility * p->volatility) * p->maturity +
         z * p->volatility * sqrt(p->maturity);
}

static hy_code check(const void *vp, hy_err *err)
{
  const params *p = vp;

  if (p->antithetic && (p->paths % 2 || p->paths < 4))
    return hy_fail(err, HY_EINPUT,
                   "paths is %" PRId64
                   ": antithetic paths come in pairs, so an even number from 4 on "
                   "is needed",
                   p->paths);
  if (!(log_range(p, 8.3) <= LOG_RANGE))
    return hy_fail(err, HY_EINPUT,
                   "volatility %g, rate %g and maturity %g together let prices leave the range of "
                   "double: make one of them smaller",
                   p->volatility, p->rate, p->maturity);
  return HY_OK;
}

static int64_t dates(const params *p)
{
  return p->kind == ASIAN ? p->steps : 1;
}

static int64_t samples_of(const params *p)
{
  return p->antithetic ? p->paths / 2 : p->paths;
}

static hy_cost cost(const void *vp, int ranks, int threads)
{
  const params *p = vp;
  const double  values = (double)p->paths * (double)dates(p), blocks = (double)p->paths / BLOCK;

  (void)ranks;
  return (hy_cost){.flops = values * (p->antithetic ? 54.0 : 70.0),
                   .dram_bytes = 16.0 * blocks,
                   .memory_bytes = 16.0 * blocks + 80.0 * BLOCK * threads};
}

static double normal_cdf(double x)
{
  return 0.5 * erfc(-x * 0.70710678118654752440);
}

/** Discounted mean of the payoff on X, where X has mean `forward` and log X variance `variance`. */
static double black(int side, double discount, double forward, double strike, double variance)
{
  const double sd = sqrt(variance), d1 = log(forward / strike) / sd + 0.5 * sd, d2 = d1 - sd;

  return side == CALL ? discount * (forward * normal_cdf(d1) - strike * normal_cdf(d2))
                      : discount * (strike * normal_cdf(-d2) - forward * normal_cdf(-d1));
}

static double discount_of(const params *p)
{
  return exp(-p->rate * p->maturity);
}

/** Variance of the mean of the Brownian motion at the dates. */
static double mean_variance(const params *p)
{
  const double m = (double)p->steps;

  return p->maturity * (m + 1.0) * (2.0 * m + 1.0) / (6.0 * m * m);
}

/** Mean of log(G / S(0)). */
static double mean_log(const params *p)
{
  const double m = (double)p->steps;

  return (p->rate - 0.5 * p->volatility * p->volatility) * p->maturity * (m + 1.0) / (2.0 * m);
}

static double closed_form(const params *p)
{
  const double s2 = p->volatility * p->volatility;

  if (p->kind == EUROPEAN)
    return black(p->side, discount_of(p), p->spot * exp(p->rate * p->maturity), p->strike,
                 s2 * p->maturity);
  const double v = s2 * mean_variance(p);

  return black(p->side, discount_of(p), p->spot * exp(mean_log(p) + 0.5 * v), p->strike, v);
}

/* q + 1/2 -> its quantile, in place.  All are treated as middle; those that are not (15 of 100) are
   gathered, treated as tail, and put back; beyond r = 5 (3 of 1e11) one at a time. */
HY_SIMD_CLONES
static void quantiles(double *restrict q)
{
  double z[BLOCK], r[BLOCK], x[BLOCK];
  int    at[BLOCK], n = 0;

  for (int i = 0; i < BLOCK; i++) z[i] = hy_normal_middle(q[i]);
  for (int i = 0; i < BLOCK; i++) {
    at[n] = i;
    r[n] = 0.5 - fabs(q[i]);
    n += fabs(q[i]) > 0.425;
  }
  for (int t = 0; t < n; t++) r[t] = sqrt(-hy_vlog(r[t]));
  for (int t = 0; t < n; t++) x[t] = hy_normal_tail(r[t]);
  for (int t = 0; t < n; t++)
    z[at[t]] = copysign(r[t] <= 5.0 ? x[t] : hy_normal_far_tail(r[t]), q[at[t]]);
  (void)memcpy(q, z, sizeof z);
}

/** A task made ready: a step of log S is drift + sd Z. */
typedef struct model {
  uint64_t key;
  int64_t  steps;
  double   drift, sd, spot, strike, discount, sign, control;
  int      paths; /* of a sample: 1, or 2 for antithetic ones */
  bool     asian;
} model;

static model model_of(const params *p, uint64_t key)
{
  const int64_t m = dates(p);
  const double  dt = p->maturity / (double)m;

  return (model){.key = key,
                 .steps = m,
                 .drift = (p->rate - 0.5 * p->volatility * p->volatility) * dt,
                 .sd = p->volatility * sqrt(dt),
                 .spot = p->spot,
                 .strike = p->strike,
                 .discount = discount_of(p),
                 .sign = p->side == CALL ? 1.0 : -1.0,
                 .control = p->kind == ASIAN ? 0.0 : closed_form(p),
                 .paths = p->antithetic ? 2 : 1,
                 .asian = p->kind == ASIAN};
}

/* Normals of a block of samples at a step.  52 bits and a half: symmetric about 1/2, and neither 0
   nor 1. */
static void normals(const model *m, int64_t step, int64_t block, double *z)
{
  for (int64_t i = 0; i < PAIR; i++) {
    const hy_philox4 w = hy_philox(m->key, (uint64_t)step, (uint64_t)(block * PAIR + i));

    for (int64_t h = 0; h < 2; h++) {
      const uint64_t bits = ((uint64_t)w.v[2 * h] << 32 | w.v[2 * h + 1]) >> 12;

      z[2 * i + h] = ((double)bits + 0.5) * 0x1p-52 - 0.5;
    }
  }
  quantiles(z);
}

/** State of one path of every sample of a block, S(0) = 1: log S, sum of log S, sum of S. */
typedef struct paths {
  double x[BLOCK], logs[BLOCK], values[BLOCK];
} paths;

HY_SIMD_CLONES
static void advance(paths *restrict s, double drift, double sd, const double *restrict z)
{
  for (int i = 0; i < BLOCK; i++) {
    s->x[i] += drift + sd * z[i];
    s->logs[i] += s->x[i];
    s->values[i] += hy_vexp(s->x[i]);
  }
}

/** Adds to d what each path is worth beyond its control. */
HY_SIMD_CLONES
static void pay(const model *m, const paths *restrict s, double *restrict d)
{
  const double scale = 1.0 / (double)m->steps, weight = m->discount / m->paths;

  for (int i = 0; i < BLOCK; i++) {
    const double a = m->sign * (m->spot * (scale * s->values[i]) - m->strike);
    const double g = m->sign * (m->spot * hy_vexp(scale * s->logs[i]) - m->strike);
    const double control = m->asian && g > 0.0 ? g : 0.0;

    d[i] += weight * ((a > 0.0 ? a : 0.0) - control);
  }
}

/** Sums over the first n samples of a block of d and d^2, d = sample - control. */
static void sum_block(const model *m, int64_t block, int64_t n, double *sum, double *squares)
{
  double z[BLOCK], d[BLOCK];
  paths  s[2];

  (void)memset(s, 0, sizeof s);
  for (int64_t j = 0; j < m->steps; j++) {
    normals(m, j, block, z);
    advance(&s[0], m->drift, m->sd, z);
    if (m->paths == 2) advance(&s[1], m->drift, -m->sd, z);
  }
  for (int i = 0; i < BLOCK; i++) d[i] = -m->control;
  for (int k = 0; k < m->paths; k++) pay(m, &s[k], d);
  *sum = hy_sum_block(d, n);
  for (int i = 0; i < BLOCK; i++) d[i] *= d[i];
  *squares = hy_sum_block(d, n);
}

/** All blocks; every now and then hy_step(), which changes nothing in the numbers. */
static hy_code sum_blocks(hy_run *run, const model *m, int64_t samples, double *sums,
                          double *squares, hy_err *err)
{
  const int     threads = hy_threads(run);
  const int64_t blocks = (samples + BLOCK - 1) / BLOCK;
  const int64_t at_once = STEP_NORMALS / BLOCK / m->steps + 4 * (int64_t)threads;

  for (int64_t first = 0; first < blocks; first += at_once) {
    const int64_t end = blocks - first < at_once ? blocks : first + at_once;

#pragma omp parallel for default(none) shared(m, samples, sums, squares, first, end)               \
    num_threads(threads) schedule(static) if (threads > 1)
    for (int64_t b = first; b < end; b++) {
      const int64_t left = samples - b * BLOCK;

      sum_block(m, b, left < BLOCK ? left : BLOCK, &sums[b], &squares[b]);
    }
    const hy_code rc = hy_step(run, err);

    if (rc) return rc;
  }
  return HY_OK;
}

static hy_code run(hy_run *run, const void *vp, hy_err *err)
{
  const params *p = vp;
  const model   m = model_of(p, hy_seed(run));
  const int64_t samples = samples_of(p), blocks = (samples + BLOCK - 1) / BLOCK;
  const double  n = (double)samples, exact = closed_form(p);
  double       *sums = malloc((size_t)blocks * sizeof *sums);
  double       *squares = malloc((size_t)blocks * sizeof *squares);
  hy_code       rc;

  if (!sums || !squares) {
    rc = hy_fail(err, HY_ENOMEM, "no memory for the sums of %" PRId64 " paths", p->paths);
    goto out;
  }
  rc = sum_blocks(run, &m, samples, sums, squares, err);
  if (rc) goto out;
  const double mean = hy_sum_tree(sums, blocks) / n;
  const double spread = hy_sum_tree(squares, blocks) / n - mean * mean;
  const double price = exact + mean, std_error = sqrt(fmax(spread, 0.0) / (n - 1.0));

  rc = hy_put(run, "price", 0, 1, &price, err);
  if (!rc) rc = hy_put(run, "std_error", 0, 1, &std_error, err);
  if (!rc) rc = hy_put(run, "closed_form", 0, 1, &exact, err);
out:
  free(sums);
  free(squares);
  return rc;
}

/** What Rogers and Shi's bounds are made of. */
typedef struct conditional {
  int64_t steps;
  double *mean; /* [steps]: mean of S(t_i)                                                */
  double
      *loading; /* [steps]: covariance of log S(t_i) and Y, the mean W(t_i) scaled to variance 1 */
} conditional;

static hy_code conditional_init(conditional *c, const params *p, hy_err *err)
{
  const double m = (double)p->steps, sd = sqrt(mean_variance(p));

  c->steps = p->steps;
  c->mean = malloc((size_t)p->steps * sizeof *c->mean);
  c->loading = malloc((size_t)p->steps * sizeof *c->loading);
  if (!c->mean || !c->loading) return hy_fail(err, HY_ENOMEM, "no memory for %g dates", m);
  for (int64_t i = 0; i < p->steps; i++) {
    const double k = (double)(i + 1);

    c->mean[i] = p->spot * exp(p->rate * p->maturity * k / m);
    c->loading[i] =
        p->volatility * p->maturity * (0.5 * k * (k + 1.0) + k * (m - k)) / (m * m * sd);
  }
  return HY_OK;
}

/** E[A | Y = y]: increasing in y. */
static double mean_given(const conditional *c, double y)
{
  double sum = 0.0;

  for (int64_t i = 0; i < c->steps; i++)
    sum += c->mean[i] * exp(c->loading[i] * (y - 0.5 * c->loading[i]));
  return sum / (double)c->steps;
}

/** The y with E[A | Y = y] = strike, as far as |y| <= 40: beyond, the normal distribution is 0 or
 *  1. */
static double exercise_point(const conditional *c, double strike)
{
  double low = -40.0, high = 40.0;

  for (int i = 0; i < 64; i++) {
    const double y = 0.5 * (low + high);

    if (mean_given(c, y) < strike)
      low = y;
    else
      high = y;
  }
  return 0.5 * (low + high);
}

/** E[Var(A | Y)]; `variance` is that of log S at maturity. */
static double mean_conditional_variance(const conditional *c, double variance)
{
  const double m = (double)c->steps;
  double       sum = 0.0;

  for (int64_t i = 0; i < c->steps; i++)
    for (int64_t j = 0; j <= i; j++) {
      const double both = c->loading[i] * c->loading[j];
      const double rest = variance * (double)(j + 1) / m - both;

      sum += (i == j ? 1.0 : 2.0) * c->mean[i] * c->mean[j] * exp(both) * expm1(rest);
    }
  return fmax(sum, 0.0) / (m * m);
}

/* Rogers and Shi: for a call, E[(A - K)+] is at least E[(E[A|Y] - K)+], by Jensen, and exceeds it
   by at most half the mean of the standard deviation of A given Y, taken where A can be below K;
   there G < K, as A >= G and G is a function of Y.  Puts follow by parity: the two differ by A -
   K. */
static hy_code asian_bounds(const params *p, double *low, double *high, hy_err *err)
{
  conditional   c = {0};
  const hy_code rc = conditional_init(&c, p, err);

  if (!rc) {
    const double m = (double)p->steps, y = exercise_point(&c, p->strike);
    const double sd = p->volatility * sqrt(mean_variance(p));
    const double below = normal_cdf((log(p->strike / p->spot) - mean_log(p)) / sd);
    const double variance = p->volatility * p->volatility * p->maturity;
    double       forward = 0.0, value = -p->strike * normal_cdf(-y);

    for (int64_t i = 0; i < c.steps; i++) {
      forward += c.mean[i] / m;
      value += c.mean[i] / m * normal_cdf(c.loading[i] - y);
    }
    if (p->side == PUT) value += p->strike - forward;
    *low = discount_of(p) * value;
    *high = *low + 0.5 * discount_of(p) * sqrt(below * mean_conditional_variance(&c, variance));
  }
  free(c.mean);
  free(c.loading);
  return rc;
}

/* What a sample is worth when the path rises straight to W(T) = 7 sqrt(T), which one path in 10^12
   passes: about the largest value a sample can have.  For Asian options, where curved paths can
   have a larger difference of A and G, twice that.  Puts and their differences do not exceed the
   strike. */
static double largest_sample(const params *p)
{
  const double discount = discount_of(p), m = (double)dates(p);
  const double top = (p->rate - 0.5 * p->volatility * p->volatility) * p->maturity +
                     7.0 * p->volatility * sqrt(p->maturity);
  double value = discount * p->spot * exp(top);

  if (p->kind == ASIAN) {
    double sum = 0.0;

    for (int64_t i = 1; i <= p->steps; i++) sum += exp(top * (double)i / m);
    value = 2.0 * discount * p->spot * fmax(sum / m - exp(0.5 * top * (m + 1.0) / m), 0.0);
  }
  return p->side == PUT ? fmin(value, discount * p->strike) : value;
}

/* The price must lie near to the exact one, or to the interval of Rogers and Shi: within five
   standard errors and 12 M / n, M the largest sample.  The second term is for samples so rare that
   n of them do not show their spread: if k samples of M are seen where l were to be expected, the
   error is |k - l| M / n and five standard errors are 5 sqrt(k) M / n; a Poisson variable is off by
   more than 5 sqrt(k) + 12 with a probability of 6.1e-6 at most (none where 12 were due).  So about
   that is the probability of a false alarm at worst, and 6e-7 where samples are many and the error
   is normal.
     `closed_form` must come out again bit for bit, and the standard error cannot exceed
   M / sqrt(n - 1), as samples lie between 0 and M; if not, or if anything is a NaN, the error is
   infinite. */
static hy_code verify(hy_run *run, const void *vp, hy_verdict *out, hy_err *err)
{
  const params *p = vp;
  const double  exact = closed_form(p), n = (double)samples_of(p), most = largest_sample(p);
  const double  rounding = 1e-13 * (p->spot + p->strike) * (discount_of(p) + 1.0);
  double        price = NAN, std_error = NAN, stored = NAN, low = exact, high = exact;
  hy_code       rc = hy_get(run, "price", 0, 1, &price, err);

  if (!rc) rc = hy_get(run, "std_error", 0, 1, &std_error, err);
  if (!rc) rc = hy_get(run, "closed_form", 0, 1, &stored, err);
  if (!rc && p->kind == ASIAN) rc = asian_bounds(p, &low, &high, err);
  if (rc) return rc;
  const bool sane = std_error >= 0.0 && std_error <= most / sqrt(n - 1.0) + rounding;
  double     error = fmax(fmax(low - price, price - high), 0.0);

  if (!sane || !(stored == exact) || !isfinite(price)) error = INFINITY;
  *out = (hy_verdict){p->kind == ASIAN ? "distance of the price from the bounds of Rogers and Shi"
                                       : "|price - exact price|",
                      error, 5.0 * std_error + 12.0 * most / n + rounding};
  return HY_OK;
}

const hy_kernel hy_kernel_options = {
    .abi = HY_KERNEL_ABI,
    .name = "options",
    .version = "1.0",
    .doc = "European and Asian options under Black-Scholes, by Monte Carlo.",
    .text =
        "S(t) = spot exp((rate - volatility^2/2) t + volatility W(t)); a call pays (X - strike)+ "
        "at\n"
        "maturity, a put (strike - X)+.  European: X = S(maturity).  Asian: X is the arithmetic\n"
        "mean of S at `steps` evenly spaced dates, simulated as its difference from the geometric\n"
        "mean, whose price is known (Kemna and Vorst 1990).\n"
        "Normals are Philox numbers through the inverse distribution function (AS 241).  Every\n"
        "task has random numbers of its own: their errors are independent.\n"
        "std_error falls with 1 / sqrt(paths).  closed_form is the exact price of an European\n"
        "option, and that of the geometric mean for an Asian one.\n"
        "Verified against Black and Scholes (1973), and for Asian options against the bounds of\n"
        "Rogers and Shi (1995), up to five standard errors.",
    .team = false,
    .params_size = sizeof(params),
    .params = param_table,
    .outputs = output_table,
    .check = check,
    .cost = cost,
    .run = run,
    .verify = verify};
