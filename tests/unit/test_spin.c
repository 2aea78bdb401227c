/** @file test_spin.c
 *  The laws: support, mean, and the numbers of a reference; the time spent; stopping; falsified
 *  values.  Samples are fixed by the seed, so nothing here can fail by chance. */
#include "fake_host.h"
#include "point.h"
#include "test.h"

#include <math.h>
#include <time.h>

extern const hy_kernel hy_kernel_spin;

static double now_s(void)
{
  struct timespec t;

  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void the_table_is_sound(void)
{
  hy_err err = {0};

  CU_ASSERT_EQUAL(hy_kernel_check(&hy_kernel_spin, &err), HY_OK);
  CU_ASSERT_FALSE(hy_kernel_spin.team);
}

static void laws_have_their_mean_and_support(void)
{
  /* mean of n = 4000 draws: within 5 standard deviations / sqrt(n) of 1; pareto with shape 5 has
     the deviation 1 / sqrt(15); limits: the ends of the support */
  static const struct law {
    const char *settings;
    double      low, high, deviation;
  } laws[] = {
      {"law=constant seconds=1e-6",       1.0, 1.0,    0.0 },
      {"law=uniform seconds=1e-6",        0.0, 2.0,    0.58},
      {"law=exponential seconds=1e-6",    0.0, 36.74,  1.0 },
      {"law=pareto shape=5 seconds=1e-6", 0.8, 1242.0, 0.26},
  };
  enum { DRAWS = 4000 };

  for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
    void    *p = point(&hy_kernel_spin, laws[i].settings);
    hy_fake *f = hy_fake_new(&hy_kernel_spin, p, MPI_COMM_NULL, 1);
    double   sum = 0.0;
    int      outside = 0, wrong = 0;
    hy_err   err = {0};

    for (int t = 0; t < DRAWS; t++) {
      hy_verdict v = {"", NAN, 0.0};

      hy_fake_set_task(f, 7, t);
      wrong += hy_fake_run(f, &err) != HY_OK || hy_fake_verify(f, &v, &err) != HY_OK ||
               !(v.error <= v.bound);
      const double x = 1e6 * hy_fake_f64(f, "value", 0);

      outside += !(x >= laws[i].low - 1e-9 && x <= laws[i].high + 1e-9);
      sum += x;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(outside, 0);
    CU_ASSERT_DOUBLE_EQUAL(sum / DRAWS, 1.0, 5.0 * laws[i].deviation / sqrt(DRAWS) + 1e-12);
    hy_fake_free(f);
    free(p);
  }
}

static void the_same_seed_gives_the_same_value(void)
{
  void    *p = point(&hy_kernel_spin, "law=exponential seconds=1e-6");
  hy_fake *f = hy_fake_new(&hy_kernel_spin, p, MPI_COMM_NULL, 1);
  double   value[3];
  hy_err   err = {0};

  for (int i = 0; i < 3; i++) {
    hy_fake_set_task(f, 11, i == 2 ? 5 : 4);
    CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
    value[i] = hy_fake_f64(f, "value", 0);
  }
  CU_ASSERT_EQUAL(value[0], value[1]);
  CU_ASSERT_NOT_EQUAL(value[0], value[2]);
  hy_fake_free(f);
  free(p);
}

static void the_time_is_spent(void)
{
  void        *p = point(&hy_kernel_spin, "law=constant seconds=0.02");
  hy_fake     *f = hy_fake_new(&hy_kernel_spin, p, MPI_COMM_NULL, 1);
  hy_err       err = {0};
  const double start = now_s();

  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
  CU_ASSERT(now_s() - start >= 0.02);
  CU_ASSERT(hy_fake_steps(f) >= 1);
  CU_ASSERT_EQUAL(hy_fake_f64(f, "value", 0), 0.02);
  hy_fake_free(f);
  free(p);
}

static void zero_seconds_do_nothing(void)
{
  void    *p = point(&hy_kernel_spin, "law=pareto seconds=0");
  hy_fake *f = hy_fake_new(&hy_kernel_spin, p, MPI_COMM_NULL, 1);
  hy_err   err = {0};

  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
  CU_ASSERT_EQUAL(hy_fake_f64(f, "value", 0), 0.0);
  CU_ASSERT_EQUAL(hy_fake_steps(f), 0);
  hy_fake_free(f);
  free(p);
}

static void it_can_be_stopped(void)
{
  void    *p = point(&hy_kernel_spin, "law=constant seconds=1000");
  hy_fake *f = hy_fake_new(&hy_kernel_spin, p, MPI_COMM_NULL, 1);
  hy_err   err = {0};

  hy_fake_stop_at(f, 2);
  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_STOP);
  hy_fake_free(f);
  free(p);
}

static void falsified_values_fail(void)
{
  static const double wrong[] = {0.0, -1.0, NAN, INFINITY, 1.0};
  void               *p = point(&hy_kernel_spin, "law=exponential seconds=1e-6");
  hy_fake            *f = hy_fake_new(&hy_kernel_spin, p, MPI_COMM_NULL, 1);
  hy_err              err = {0};
  hy_verdict          v;
  int64_t             bytes = 0;

  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
  double *const value = hy_fake_data(f, "value", &bytes);
  const double  right = *value;

  for (size_t i = 0; i <= sizeof wrong / sizeof *wrong; i++) {
    *value = i < sizeof wrong / sizeof *wrong ? wrong[i] : nextafter(right, 1.0);
    CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
    CU_ASSERT_FALSE(v.error <= v.bound);
  }
  *value = right;
  CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
  CU_ASSERT(v.error <= v.bound);
  hy_fake_free(f);
  free(p);
}

HY_TEST_MAIN("spin", {"the table is sound", the_table_is_sound},
             {"laws have their mean and support", laws_have_their_mean_and_support},
             {"the same seed gives the same value", the_same_seed_gives_the_same_value},
             {"the time is spent", the_time_is_spent},
             {"zero seconds do nothing", zero_seconds_do_nothing},
             {"it can be stopped", it_can_be_stopped},
             {"falsified values fail", falsified_values_fail})
