/** @file test_heat2d.c
 *  The same bytes on every shape, also with fewer rows than ranks; the exact discrete solution;
 *      what
 *  is unstable is refused; falsified fields, failing outputs and stops end all ranks alike. */
#include "fake_host.h"
#include "point.h"
#include "test.h"

#include "base/comm.h"

#include <math.h>

extern const hy_kernel hy_kernel_heat2d;

/** Run and verify on a communicator; the outputs are in the host, which the caller frees. */
static hy_fake *solve(const void *params, MPI_Comm comm, int threads)
{
  hy_fake   *f = hy_fake_new(&hy_kernel_heat2d, params, comm, threads);
  hy_err     err = {0};
  hy_verdict v = {"", NAN, 0.0};

  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
  CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
  CU_ASSERT(v.error <= v.bound);
  CU_ASSERT(v.bound < 1e-9);
  return f;
}

static void the_table_is_sound(void)
{
  hy_err err = {0};

  CU_ASSERT_EQUAL(hy_kernel_check(&hy_kernel_heat2d, &err), HY_OK);
  CU_ASSERT(hy_kernel_heat2d.team);
}

static void unstable_steps_are_refused(void)
{
  static const struct stability {
    const char *settings;
    hy_code     rc;
  } cases[] = {
      {"nx=9 ny=9 dt=0.0025",        HY_OK    }, /* exactly 1/2 */
      {"nx=9 ny=9 dt=0.00250000001", HY_EINPUT},
      {"nx=9 ny=9 dt=1 alpha=0",     HY_OK    },
      {"nx=9 ny=9 dt=1e6 alpha=1e6", HY_EINPUT},
      {"nx=1e6 ny=1 dt=1e-12",       HY_EINPUT},
      {"nx=1e6 ny=1e6 dt=2e-13",     HY_OK    }
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    void  *p = point(&hy_kernel_heat2d, cases[i].settings);
    hy_err err = {0};

    CU_ASSERT_EQUAL(hy_kernel_heat2d.check(p, &err), cases[i].rc);
    if (cases[i].rc) CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "dt"));
    free(p);
  }
}

/* One point, a quarter of it kept in each step: 1 - 2 (rx + ry) = 1/4 with rx = ry = 3/16. */
static void one_point_decays_as_by_hand(void)
{
  void    *p = point(&hy_kernel_heat2d, "nx=1 ny=1 steps=3 dt=0.046875");
  hy_fake *f = solve(p, MPI_COMM_WORLD, 1);

  CU_ASSERT_EQUAL(hy_fake_f64(f, "u", 0), 1.0 / 64.0);
  hy_fake_free(f);
  free(p);
}

/* The expected bytes are those of one rank and one thread, which every rank computes for itself. */
static void shapes_change_nothing(void)
{
  static const char *const grids[] = {
      "nx=7 ny=7 steps=20 dt=0.003",  "nx=33 ny=1 steps=9 dt=0.0002",
      "nx=1 ny=2 steps=5 dt=0.02",    "nx=5 ny=3 steps=11 dt=0.004",
      "nx=40 ny=64 steps=50 dt=5e-5", "nx=131 ny=101 steps=30 dt=1e-5",
      "nx=16 ny=8 steps=1 dt=0.001",
  };

  for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
    void    *p = point(&hy_kernel_heat2d, grids[g]);
    hy_fake *one = solve(p, MPI_COMM_SELF, 1);
    int64_t  bytes = 0, n = 0;
    void    *expected = hy_fake_data(one, "u", &bytes);

    for (int threads = 1; threads <= 4; threads *= 2) {
      hy_fake *f = solve(p, MPI_COMM_WORLD, threads);
      void    *got = hy_fake_data(f, "u", &n);

      CU_ASSERT_EQUAL(n, bytes);
      CU_ASSERT_EQUAL(memcmp(got, expected, (size_t)bytes), 0);
      hy_fake_free(f);
    }
    hy_fake_free(one);
    free(p);
  }
}

/* Values of the differential equation: the scheme is of second order in h with dt = h^2 / 4. */
static void it_solves_the_heat_equation(void)
{
  double error[2];

  for (int k = 0; k < 2; k++) {
    const int n = k ? 39 : 19, steps = k ? 640 : 160; /* until t = 0.1 */
    char      text[128];

    (void)snprintf(text, sizeof text, "nx=%d ny=%d steps=%d dt=%.17g", n, n, steps, 0.1 / steps);
    void        *p = point(&hy_kernel_heat2d, text);
    hy_fake     *f = solve(p, MPI_COMM_WORLD, 1);
    const double pi = 3.14159265358979323846;

    error[k] = fabs(hy_fake_f64(f, "u", (int64_t)(n / 2) * n + n / 2) - exp(-0.2 * pi * pi));
    hy_fake_free(f);
    free(p);
  }
  CU_ASSERT(error[1] < 1e-3);
  CU_ASSERT_DOUBLE_EQUAL(error[0] / error[1], 4.0, 0.2);
}

/** Verify with u[at] replaced on all ranks. */
static void expect_failure(hy_fake *f, int64_t at, double value)
{
  int64_t       bytes = 0;
  double *const u = hy_fake_data(f, "u", &bytes);
  const double  right = u[at];
  hy_err        err = {0};
  hy_verdict    v = {"", 0.0, 0.0};

  u[at] = value;
  CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
  CU_ASSERT_FALSE(v.error <= v.bound);
  u[at] = right;
  CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
  CU_ASSERT(v.error <= v.bound);
}

static void falsified_fields_fail(void)
{
  static const char *const grids[] = {"nx=11 ny=7 steps=100 dt=0.001",
                                      "nx=6 ny=9 steps=20000 dt=1e-8"};

  for (int g = 0; g < 2; g++) {
    void    *p = point(&hy_kernel_heat2d, grids[g]);
    hy_fake *f = solve(p, MPI_COMM_WORLD, 1);

    for (int64_t at = 0; at < 54; at += 13) {
      expect_failure(f, at, hy_fake_f64(f, "u", at) + 1e-9);
      expect_failure(f, at, hy_fake_f64(f, "u", at) - 1e-9);
      expect_failure(f, at, NAN);
      expect_failure(f, at, -INFINITY);
    }
    hy_fake_free(f);
    free(p);
  }
}

/* A put that fails on one rank only: every rank gets the same code, and goes on to the next test.
   */
static void failures_are_common(void)
{
  void    *p = point(&hy_kernel_heat2d, "nx=8 ny=8 steps=3 dt=0.001");
  hy_fake *f = hy_fake_new(&hy_kernel_heat2d, p, MPI_COMM_WORLD, 1);
  hy_err   err = {0};

  if (hy_comm_rank(MPI_COMM_WORLD) == hy_comm_size(MPI_COMM_WORLD) - 1) hy_fake_fail_put(f, 1);
  CU_ASSERT_EQUAL(hy_kernel_heat2d.run(hy_fake_handle(f), p, &err), HY_EIO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "put failed"));
  hy_fake_free(f);
  f = hy_fake_new(&hy_kernel_heat2d, p, MPI_COMM_WORLD, 1);
  hy_fake_stop_at(f, 2);
  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_STOP);
  CU_ASSERT_EQUAL(hy_fake_steps(f), 2);
  hy_fake_free(f);
  free(p);
}

HY_TEST_MAIN_MPI("heat2d", {"the table is sound", the_table_is_sound},
                 {"unstable steps are refused", unstable_steps_are_refused},
                 {"one point decays as by hand", one_point_decays_as_by_hand},
                 {"shapes change nothing", shapes_change_nothing},
                 {"it solves the heat equation", it_solves_the_heat_equation},
                 {"falsified fields fail", falsified_fields_fail},
                 {"failures are common", failures_are_common})
