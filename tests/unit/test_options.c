/** @file test_options.c
 *  Prices against numbers computed elsewhere and published ones, bounds in the far wings of the
 *  surface, threads, antithetic paths, falsified prices; and the functions of numeric/vmath.h.
 *
 *  Where digits come from.  European: quadrature (scipy.integrate.quad) of the payoff against the
 *  normal density; geometric Asian: the same, with mean and variance of log G summed over the whole
 *  covariance matrix; arithmetic Asian: the recursion X_k = R_k + log(1 + exp X_{k+1}) of
 *  Carverhill and Clewlow (Risk 3, 1990) on 1501 and on 3001 points, which agree to eight digits.
 *  None of them is the method of the kernel. */
#include "fake_host.h"
#include "point.h"
#include "test.h"

#include "numeric/vmath.h"

#include <float.h>
#include <math.h>

extern const hy_kernel hy_kernel_options;

typedef struct result {
  double price, std_error, closed_form, error, bound;
} result;

/** Run and verify. */
static result price(const char *settings, int threads)
{
  void      *p = point(&hy_kernel_options, settings);
  hy_fake   *f = hy_fake_new(&hy_kernel_options, p, MPI_COMM_NULL, threads);
  hy_err     err = {0};
  hy_verdict v = {"", NAN, 0.0};

  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
  CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
  const result r = {hy_fake_f64(f, "price", 0), hy_fake_f64(f, "std_error", 0),
                    hy_fake_f64(f, "closed_form", 0), v.error, v.bound};

  hy_fake_free(f);
  free(p);
  return r;
}

static void the_table_is_sound(void)
{
  hy_err err = {0};

  CU_ASSERT_EQUAL(hy_kernel_check(&hy_kernel_options, &err), HY_OK);
}

static void nonsense_is_refused(void)
{
  static const struct nonsense {
    const char *settings, *word;
  } cases[] = {
      {"paths=1001",                                "paths"     },
      {"paths=2",                                   "paths"     },
      {"volatility=5 maturity=100",                 "volatility"},
      {"volatility=4 maturity=50 antithetic=false", "volatility"}
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    void  *p = point(&hy_kernel_options, cases[i].settings);
    hy_err err = {0};

    CU_ASSERT_EQUAL(hy_kernel_options.check(p, &err), HY_EINPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].word));
    free(p);
  }
}

static void closed_forms_have_the_known_digits(void)
{
  static const struct known {
    double      value;
    const char *settings;
  } known[] = {
      {10.45058357218557,  "side=call"                                                        },
      {51.6487434786849,   "side=put spot=80 strike=120 rate=-0.01 volatility=0.45 maturity=2"},
      {0.8085993729000941, "side=put spot=42 strike=40 rate=0.1 maturity=0.5"                 },
      {5.940200221633488,  "kind=asian steps=12"                                              },
      {10.45058357218557,  "kind=asian steps=1"                                               },
      {18.21572938780946,
       "kind=asian side=put strike=110 rate=0.03 volatility=0.4 maturity=2 steps=24"          }
  };

  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char text[256];

    (void)snprintf(text, sizeof text, "paths=4 %s", known[i].settings);
    CU_ASSERT_DOUBLE_EQUAL(price(text, 1).closed_form, known[i].value, 1e-11);
  }
}

/* The example of Black and Scholes' formula in J. Hull, Options, Futures and Other Derivatives. */
static void published_prices_come_out(void)
{
  const char *const call = "paths=4 side=call spot=42 strike=40 rate=0.1 maturity=0.5";
  const char *const put = "paths=4 side=put spot=42 strike=40 rate=0.1 maturity=0.5";

  CU_ASSERT_DOUBLE_EQUAL(price(call, 1).closed_form, 4.76, 0.005);
  CU_ASSERT_DOUBLE_EQUAL(price(put, 1).closed_form, 0.81, 0.005);
}

/* The seed is fixed, so this holds or does not hold for ever; 4.5 standard errors would be exceeded
   by 7 of a million seeds. */
static void simulated_prices_agree_with_other_methods(void)
{
  static const struct known {
    const char *settings;
    double      value;
  } known[] = {
      {"side=call",                                                                   10.45058357},
      {"side=put antithetic=false",                                                   5.57352602 },
      {"kind=asian steps=12",                                                         6.15604077 },
      {"kind=asian steps=12 antithetic=false",                                        6.15604077 },
      {"kind=asian rate=0.09 volatility=0.3 steps=50",                                8.97644975 },
      {"kind=asian side=put strike=110 rate=0.03 volatility=0.4 maturity=2 steps=24", 16.99543654},
  };

  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char text[256];

    (void)snprintf(text, sizeof text, "paths=40000 %s", known[i].settings);
    const result r = price(text, 1);

    CU_ASSERT(r.std_error > 0.0);
    CU_ASSERT(fabs(r.price - known[i].value) <= 4.5 * r.std_error);
    CU_ASSERT(r.std_error < 0.01 * r.price);
    CU_ASSERT(r.error <= r.bound);
    CU_ASSERT(r.bound < 0.1 * r.price);
  }
}

/* Continuous averaging, S = K = 100, r = 0.09, s = 0.3, T = 1: 8.8287588 (J. E. Zhang, J. Comput.
   Finance 5 (2001) 59).  Ours has m dates and an error c / m + O(1 / m^2).  The recursion above
   gives 8.976450 for m = 50 and 8.902610 for m = 100: 2 P(100) - P(50) is right up to 2e-5, and
   leads to 8.828759 when m = 25 is used too. */
static void many_dates_come_near_the_published_price(void)
{
  const char *const few = "kind=asian rate=0.09 volatility=0.3 paths=40000 steps=50";
  const char *const many = "kind=asian rate=0.09 volatility=0.3 paths=40000 steps=100";
  const result      a = price(few, 2), b = price(many, 2);

  CU_ASSERT_DOUBLE_EQUAL(2.0 * b.price - a.price, 8.8287588,
                         2e-5 + 4.5 * hypot(2.0 * b.std_error, a.std_error));
}

/* Calls and puts of one seed share their paths, so parity holds up to the error of the mean of A or
   S(T) alone. */
static void calls_and_puts_are_in_parity(void)
{
  const result c = price("kind=european side=call strike=90 paths=100000", 1);
  const result p = price("kind=european side=put strike=90 paths=100000", 1);
  const double forward = 100.0 - 90.0 * exp(-0.05);

  CU_ASSERT_DOUBLE_EQUAL(c.closed_form - p.closed_form, forward, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(c.price - p.price, forward, 4.5 * (c.std_error + p.std_error));
}

/* Where hardly a path pays anything, or all do, the sample knows little of its own error. */
static void the_wings_raise_no_false_alarm(void)
{
  static const char *const kinds[] = {"kind=european", "kind=asian steps=1", "kind=asian steps=7"};
  static const char *const sides[] = {"call", "put"};
  static const char *const rest[] = {"strike=1",
                                     "strike=60",
                                     "strike=150",
                                     "strike=200",
                                     "strike=1e6",
                                     "volatility=1e-4",
                                     "volatility=1e-4 strike=105.2",
                                     "volatility=3 maturity=4",
                                     "maturity=1e-4",
                                     "rate=-0.5 maturity=10",
                                     "spot=1e-6 strike=1e-6",
                                     "spot=9e8 strike=1e9",
                                     "paths=4",
                                     "paths=2 antithetic=false",
                                     "paths=1023 antithetic=false",
                                     "paths=1025 antithetic=false"};
  int                      wrong = 0;

  for (size_t k = 0; k < 3; k++)
    for (size_t s = 0; s < 2; s++)
      for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        char text[256];

        (void)snprintf(text, sizeof text, "%s side=%s paths=3000 %s", kinds[k], sides[s], rest[i]);
        const result r = price(text, 1);

        if (r.error <= r.bound && r.std_error >= 0.0) continue;
        wrong++;
        (void)printf("\n%s: %g +- %g, closed form %g: error %g, bound %g", text, r.price,
                     r.std_error, r.closed_form, r.error, r.bound);
      }
  CU_ASSERT_EQUAL(wrong, 0);
}

static void threads_change_nothing(void)
{
  const char *const settings = "kind=asian steps=3 paths=30000";
  const result      one = price(settings, 1);

  for (int threads = 2; threads <= 4; threads++) {
    const result r = price(settings, threads);

    CU_ASSERT_EQUAL(r.price, one.price);
    CU_ASSERT_EQUAL(r.std_error, one.std_error);
  }
}

static void tasks_have_paths_of_their_own(void)
{
  void    *p = point(&hy_kernel_options, "paths=1000");
  hy_fake *f = hy_fake_new(&hy_kernel_options, p, MPI_COMM_NULL, 1);
  double   prices[2];
  hy_err   err = {0};

  for (int t = 0; t < 2; t++) {
    hy_fake_set_task(f, 1, t);
    CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
    prices[t] = hy_fake_f64(f, "price", 0);
  }
  CU_ASSERT_NOT_EQUAL(prices[0], prices[1]);
  hy_fake_free(f);
  free(p);
}

/* 300 tasks: the errors in units of the standard error must have the mean 0 and the variance 1, up
   to 4 / sqrt(300) and 4 sqrt(2 / 300).  A standard error that is off by a third shows. */
static void standard_errors_are_right(void)
{
  static const char *const settings[] = {"paths=4000", "paths=4000 antithetic=false"};
  enum { TASKS = 300 };

  for (int k = 0; k < 2; k++) {
    void    *p = point(&hy_kernel_options, settings[k]);
    hy_fake *f = hy_fake_new(&hy_kernel_options, p, MPI_COMM_NULL, 1);
    double   sum = 0.0, squares = 0.0;
    hy_err   err = {0};

    for (int t = 0; t < TASKS; t++) {
      hy_fake_set_task(f, 2, t);
      CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
      const double z = (hy_fake_f64(f, "price", 0) - hy_fake_f64(f, "closed_form", 0)) /
                       hy_fake_f64(f, "std_error", 0);

      sum += z;
      squares += z * z;
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / TASKS, 0.0, 4.0 / sqrt(TASKS));
    CU_ASSERT_DOUBLE_EQUAL(squares / TASKS, 1.0, 4.0 * sqrt(2.0 / TASKS));
    hy_fake_free(f);
    free(p);
  }
}

/* A call that is sure to be exercised pays exp(s Z), nearly linear in Z: Z and -Z cancel down to
   s^2 (Z^2 - 1) / 2, so the standard error falls by about s / 2^(1/2) times 2^(1/2) = 0.2. */
static void antithetic_paths_cancel(void)
{
  const result pairs = price("strike=1 paths=20000", 1);
  const result plain = price("strike=1 paths=20000 antithetic=false", 1);

  CU_ASSERT_DOUBLE_EQUAL(pairs.std_error / plain.std_error, 0.2, 0.03);
}

static void it_can_be_stopped(void)
{
  void    *p = point(&hy_kernel_options, "paths=1e10 kind=asian");
  hy_fake *f = hy_fake_new(&hy_kernel_options, p, MPI_COMM_NULL, 1);
  hy_err   err = {0};

  hy_fake_stop_at(f, 1);
  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_STOP);
  hy_fake_free(f);
  free(p);
}

static void falsified_prices_fail(void)
{
  static const struct change {
    const char *output;
    double      factor;
  } changes[] = {
      {"price",       1.1              },
      {"price",       0.9              },
      {"price",       -1.0             },
      {"price",       NAN              },
      {"price",       INFINITY         },
      {"std_error",   NAN              },
      {"std_error",   -1.0             },
      {"std_error",   1e4              },
      {"closed_form", 1.0 + DBL_EPSILON},
      {"closed_form", NAN              }
  };
  static const char *const kinds[] = {"kind=european paths=100000",
                                      "kind=asian steps=4 paths=100000"};

  for (int k = 0; k < 2; k++) {
    void      *p = point(&hy_kernel_options, kinds[k]);
    hy_fake   *f = hy_fake_new(&hy_kernel_options, p, MPI_COMM_NULL, 1);
    hy_err     err = {0};
    hy_verdict v;

    CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
      int64_t       bytes = 0;
      double *const value = hy_fake_data(f, changes[i].output, &bytes);
      const double  right = *value;

      *value *= changes[i].factor;
      CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
      CU_ASSERT_FALSE(v.error <= v.bound);
      *value = right;
    }
    CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
    CU_ASSERT(v.error <= v.bound);
    hy_fake_free(f);
    free(p);
  }
}

static void vector_functions_are_accurate(void)
{
  double worst_exp = 0.0, worst_log = 0.0;

  for (int i = -70000; i <= 70000; i++) {
    const double x = 0.00999 * i;

    worst_exp = fmax(worst_exp, fabs(hy_vexp(x) / exp(x) - 1.0));
  }
  for (int i = 1; i < 100000; i++) {
    const double x = exp(-0.0005 * i - 0.1);

    worst_log = fmax(worst_log, fabs(hy_vlog(x) / log(x) - 1.0));
  }
  CU_ASSERT(worst_exp <= 2.0 * DBL_EPSILON);
  CU_ASSERT(worst_log <= 4.0 * DBL_EPSILON);
}

/* From scipy.special.ndtri. */
static void quantiles_have_the_known_digits(void)
{
  static const struct known {
    double p, quantile;
  } known[] = {
      {0.6,   0.2533471031357997 },
      {0.925, 1.4395314709384563 },
      {0.075, -1.4395314709384563},
      {0.05,  -1.6448536269514729},
      {0.01,  -2.3263478740408408},
      {1e-06, -4.753424308822899 },
      {1e-11, -6.706023155495137 },
      {1e-12, -7.034483825301131 },
      {1e-16, -8.222082216130435 }
  };

  CU_ASSERT_EQUAL(hy_normal_middle(0.0), 0.0);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const double p = known[i].p, r = sqrt(-hy_vlog(p));
    const double q = p >= 0.075 ? hy_normal_middle(p - 0.5)
                     : r <= 5.0 ? -hy_normal_tail(r)
                                : -hy_normal_far_tail(r);

    CU_ASSERT_DOUBLE_EQUAL(q / known[i].quantile, 1.0, 4.0 * DBL_EPSILON);
  }
}

HY_TEST_MAIN("options", {"the table is sound", the_table_is_sound},
             {"nonsense is refused", nonsense_is_refused},
             {"closed forms have the known digits", closed_forms_have_the_known_digits},
             {"published prices come out", published_prices_come_out},
             {"simulated prices agree with other methods",
              simulated_prices_agree_with_other_methods},
             {"many dates come near the published price", many_dates_come_near_the_published_price},
             {"calls and puts are in parity", calls_and_puts_are_in_parity},
             {"the wings raise no false alarm", the_wings_raise_no_false_alarm},
             {"threads change nothing", threads_change_nothing},
             {"tasks have paths of their own", tasks_have_paths_of_their_own},
             {"standard errors are right", standard_errors_are_right},
             {"antithetic paths cancel", antithetic_paths_cancel},
             {"it can be stopped", it_can_be_stopped},
             {"falsified prices fail", falsified_prices_fail},
             {"vector functions are accurate", vector_functions_are_accurate},
             {"quantiles have the known digits", quantiles_have_the_known_digits})
