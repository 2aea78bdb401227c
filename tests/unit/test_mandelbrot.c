/** @file test_mandelbrot.c
 *  Numbers whose escape time is known, symmetry, tiles against the whole picture, threads, and
 *  falsified counts. */
#include "fake_host.h"
#include "point.h"
#include "test.h"

extern const hy_kernel hy_kernel_mandelbrot;

/** Run and verify with these settings; the outputs are in the host, which the caller frees. */
static hy_fake *picture(void *params, int threads)
{
  hy_fake   *f = hy_fake_new(&hy_kernel_mandelbrot, params, MPI_COMM_NULL, threads);
  hy_err     err = {0};
  hy_verdict v = {"", 1.0, 0.0};

  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_OK);
  CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
  CU_ASSERT_EQUAL(v.error, 0.0);
  return f;
}

static void the_table_is_sound(void)
{
  hy_err err = {0};

  CU_ASSERT_EQUAL(hy_kernel_check(&hy_kernel_mandelbrot, &err), HY_OK);
}

static void tiles_outside_the_picture_are_refused(void)
{
  static const char *const bad[] = {"tile_x=1", "tile_y=1", "tiles=4 tile_x=4 tile_y=0",
                                    "tiles=4 tile_x=0 tile_y=5"};

  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    void  *p = point(&hy_kernel_mandelbrot, bad[i]);
    hy_err err = {0};

    CU_ASSERT_EQUAL(hy_kernel_mandelbrot.check(p, &err), HY_EINPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "tile_x"));
    free(p);
  }
}

/* One pixel, so that c = centre.  By hand: z_1 = c, z_2 = c^2 + c, ...  c = 0.5 goes 0.5, 0.75,
   1.0625, 1.629, 3.153; c = 2 i goes 2 i, -4 + 2 i; c = -2 stays at 2; c = 1 goes 1, 2, 5; c = 0.26
   takes 30 steps (counted with Python's complex numbers), c = -0.75 + 0.01 i 315: 314 is pi / 0.01,
   the well-known approximation. */
static void known_numbers_take_known_steps(void)
{
  static const struct known {
    const char *settings;
    int64_t     steps;
  } known[] = {
      {"centre_x=3 centre_y=0",        1  },
      {"centre_x=0 centre_y=2",        2  },
      {"centre_x=1 centre_y=0",        3  },
      {"centre_x=0.5 centre_y=0",      5  },
      {"centre_x=0.26 centre_y=0",     30 },
      {"centre_x=-0.75 centre_y=0.01", 315},
      {"centre_x=0.25 centre_y=0",     500},
      {"centre_x=-2 centre_y=0",       500},
      {"centre_x=0 centre_y=1",        500},
      {"centre_x=-1 centre_y=0.2",     500},
      {"centre_x=3 max_iter=1",        1  },
      {"centre_x=0.26 max_iter=17",    17 },
      {"centre_x=0.26 max_iter=30",    30 },
      {"centre_x=0.26 max_iter=31",    30 }
  };

  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char text[128];

    (void)snprintf(text, sizeof text, "nx=1 ny=1 width=1e-3 centre_y=0 max_iter=500 %s",
                   known[i].settings);
    void    *p = point(&hy_kernel_mandelbrot, text);
    hy_fake *f = picture(p, 1);

    CU_ASSERT_EQUAL(hy_fake_i64(f, "iterations", 0), known[i].steps);
    hy_fake_free(f);
    free(p);
  }
}

static void the_picture_is_symmetric(void)
{
  void    *p = point(&hy_kernel_mandelbrot, "nx=61 ny=47 max_iter=200");
  hy_fake *f = picture(p, 1);
  int      wrong = 0;

  for (int j = 0; j < 47; j++)
    for (int i = 0; i < 61; i++)
      wrong += hy_fake_i64(f, "iterations", j * 61 + i) !=
               hy_fake_i64(f, "iterations", (46 - j) * 61 + i);
  CU_ASSERT_EQUAL(wrong, 0);
  hy_fake_free(f);
  free(p);
}

/* 5 x 5 tiles of 13 x 9 pixels have the pixels of one tile of 65 x 45. */
static void tiles_make_the_picture(void)
{
  void    *whole = point(&hy_kernel_mandelbrot, "nx=65 ny=45 max_iter=300 centre_y=0.1");
  hy_fake *w = picture(whole, 1);
  int      wrong = 0;

  for (int t = 0; t < 25; t++) {
    char text[128];

    (void)snprintf(text, sizeof text,
                   "nx=13 ny=9 tiles=5 tile_x=%d tile_y=%d max_iter=300 centre_y=0.1", t % 5,
                   t / 5);
    void    *p = point(&hy_kernel_mandelbrot, text);
    hy_fake *f = picture(p, 1);

    for (int j = 0; j < 9; j++)
      for (int i = 0; i < 13; i++)
        wrong += hy_fake_i64(f, "iterations", j * 13 + i) !=
                 hy_fake_i64(w, "iterations", (t / 5 * 9 + j) * 65 + t % 5 * 13 + i);
    hy_fake_free(f);
    free(p);
  }
  CU_ASSERT_EQUAL(wrong, 0);
  hy_fake_free(w);
  free(whole);
}

static void threads_change_nothing(void)
{
  void    *p = point(&hy_kernel_mandelbrot, "nx=70 ny=150 max_iter=300");
  hy_fake *one = picture(p, 1);
  int64_t  bytes = 0;
  void    *expected = hy_fake_data(one, "iterations", &bytes);

  for (int threads = 2; threads <= 4; threads++) {
    hy_fake *f = picture(p, threads);

    CU_ASSERT_EQUAL(memcmp(expected, hy_fake_data(f, "iterations", &bytes), (size_t)bytes), 0);
    CU_ASSERT_EQUAL(bytes, 8 * 70 * 150);
    hy_fake_free(f);
  }
  hy_fake_free(one);
  free(p);
}

static void it_can_be_stopped(void)
{
  void    *p = point(&hy_kernel_mandelbrot, "nx=4 ny=1000");
  hy_fake *f = hy_fake_new(&hy_kernel_mandelbrot, p, MPI_COMM_NULL, 1);
  hy_err   err = {0};

  hy_fake_stop_at(f, 2);
  CU_ASSERT_EQUAL(hy_fake_run(f, &err), HY_STOP);
  hy_fake_free(f);
  free(p);
}

static void falsified_counts_fail(void)
{
  static const int64_t change[] = {1, -1, 1000, INT64_MIN / 2};
  void                *p = point(&hy_kernel_mandelbrot, "nx=20 ny=20 max_iter=100");
  hy_fake             *f = picture(p, 1);
  hy_err               err = {0};
  hy_verdict           v;
  int64_t              bytes = 0;
  int64_t *const       counts = hy_fake_data(f, "iterations", &bytes);

  for (size_t i = 0; i < sizeof change / sizeof *change; i++)
    for (int at = 0; at < 400; at += 57) {
      counts[at] += change[i];
      CU_ASSERT_EQUAL(hy_fake_verify(f, &v, &err), HY_OK);
      CU_ASSERT_EQUAL(v.error, 1.0);
      CU_ASSERT_FALSE(v.error <= v.bound);
      counts[at] -= change[i];
    }
  hy_fake_free(f);
  free(p);
}

HY_TEST_MAIN("mandelbrot", {"the table is sound", the_table_is_sound},
             {"tiles outside the picture are refused", tiles_outside_the_picture_are_refused},
             {"known numbers take known steps", known_numbers_take_known_steps},
             {"the picture is symmetric", the_picture_is_symmetric},
             {"tiles make the picture", tiles_make_the_picture},
             {"threads change nothing", threads_change_nothing},
             {"it can be stopped", it_can_be_stopped},
             {"falsified counts fail", falsified_counts_fail})
