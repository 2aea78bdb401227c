/** @file spin.c
 *  A task of known length: computes for a time drawn from a law, to measure schedulers with.
 *
 *  Mathematics   u uniform in [0, 1), from Philox under the task's seed; m = `seconds`, a =
 *                `shape`:
 *                  constant     t = m
 *                  uniform      t = 2 m u                        on [0, 2m)
 *                  exponential  t = -m log(1 - u)                on [0, 53 log(2) m]
 *                  pareto       t = x (1 - u)^(-1/a), x = m (a-1)/a, on [x, x 2^(53/a)]
 *                All have the mean m; pareto has no variance for a <= 2: a few tasks then take most
 *                of the time, which is what makes a bad schedule show.
 *  Units         seconds.
 *  Reference     L. Devroye, Non-Uniform Random Variate Generation, 1986, II.2 (inversion).
 *  Exact         `value` is a function of the parameters and the seed alone.  The time really spent
 *                is at least t by the clock on the wall, and longer by at most one look at the
 *                clock (some 30 ns) unless the core is taken away.
 *  Model         no arithmetic and no memory worth a name.  So that hybrid can order and time
 *                tasks, cost() counts the expected time as 1e9 operations a second: it sees the
 *                parameters, not the seed, and cannot know what will be drawn. */
#include "kernel/kernel.h"
#include "kernel/run.h"
#include "numeric/philox.h"

#include <math.h>
#include <time.h>

enum { CONSTANT, UNIFORM, EXPONENTIAL, PARETO };

/** The largest -log2(1 - u): u is a multiple of 2^-53 below 1. */
#define BITS 53.0
#define LOG_2 0.69314718055994530942

typedef struct params {
  int     law;
  double  seconds, shape;
  int64_t index;
} params;

static const hy_param param_table[] = {
    HY_PARAM(params, law, .preset = "constant", .choices = "constant|uniform|exponential|pareto",
             .unit = "1", .doc = "Law of the time a task takes."),
    HY_PARAM(params, seconds, .preset = "0.001", .min = 0, .max = 1e6, .unit = "s",
             .doc = "Mean time of a task; 0 returns at once."),
    HY_PARAM(params, shape, .preset = "1.5", .min = 1.01, .max = 100, .unit = "1",
             .doc = "Exponent of the Pareto law; the smaller, the heavier the tail."),
    HY_PARAM(params, index, .preset = "0", .min = 0, .max = 0x1p53, .unit = "1",
             .doc = "Number of the task; does nothing, sweep it to get many tasks."),
    {0}};

static const hy_output output_table[] = {
    {.name = "value", .shape = "", .type = HY_F64, .unit = "s", .doc = "Time drawn for this task"},
    {0}
};

/** The time of the task with this seed. */
static double draw(const params *p, uint64_t seed)
{
  if (p->law == CONSTANT || !(p->seconds > 0.0)) return p->seconds;
  const double u = hy_random_f64(seed, 0, 0);

  if (p->law == UNIFORM) return 2.0 * p->seconds * u;
  if (p->law == EXPONENTIAL) return -p->seconds * log1p(-u);
  return p->seconds * (p->shape - 1.0) / p->shape * pow(1.0 - u, -1.0 / p->shape);
}

/** The ends of the law's support. */
static void support(const params *p, double *low, double *high)
{
  *low = 0.0;
  *high = p->seconds;
  if (p->law == CONSTANT) *low = p->seconds;
  if (p->law == UNIFORM) *high = 2.0 * p->seconds;
  if (p->law == EXPONENTIAL) *high = BITS * LOG_2 * p->seconds;
  if (p->law == PARETO) {
    *low = p->seconds * (p->shape - 1.0) / p->shape;
    *high = *low * exp2(BITS / p->shape);
  }
}

static int64_t now_ns(void)
{
  struct timespec t;

  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/** Keep the core busy until `seconds` after `start`; every millisecond ask whether to stop. */
static hy_code spin(hy_run *run, int64_t start, double seconds, hy_err *err)
{
  const double  ns = ceil(1e9 * seconds); /* up to 6e15 x 2^52.5 for pareto: more than an int64 */
  const int64_t end = ns < 0x1p62 ? start + (int64_t)ns : INT64_MAX;
  int64_t       ask = start + 1000000, now = start;

  while (now < end) {
    now = now_ns();
    if (now >= ask) {
      const hy_code rc = hy_step(run, err);

      if (rc) return rc;
      ask = now + 1000000;
    }
  }
  return HY_OK;
}

static hy_cost cost(const void *vp, int ranks, int threads)
{
  const params *p = vp;

  (void)ranks;
  (void)threads;
  return (hy_cost){.flops = 1e9 * p->seconds, .memory_bytes = sizeof *p};
}

static hy_code run(hy_run *run, const void *vp, hy_err *err)
{
  const params *p = vp;
  double        value = 0.0;

  if (p->seconds > 0.0) { /* an empty task shall cost nothing, not even a look at the clock */
    const int64_t start = now_ns();

    value = draw(p, hy_seed(run));
    const hy_code rc = spin(run, start, value, err);

    if (rc) return rc;
  }
  return hy_put(run, "value", 0, 1, &value, err);
}

/* Drawn again, the value must have the same bits; and it must lie where the law allows.  The ends
   of the support are rounded, by less than 8 units of 2^-52 in all (four operations and exp2 or
   pow); what lies outside by more counts as an infinite error. */
static hy_code verify(hy_run *run, const void *vp, hy_verdict *out, hy_err *err)
{
  const params *p = vp;
  double        value = NAN, low, high;
  const hy_code rc = hy_get(run, "value", 0, 1, &value, err);

  if (rc) return rc;
  support(p, &low, &high);
  const double slack = 0x1p-49;
  const bool   inside = value >= low * (1.0 - slack) && value <= high * (1.0 + slack);

  *out = (hy_verdict){"|value - value drawn again|, infinite outside the law's support",
                      inside ? fabs(value - draw(p, hy_seed(run))) : INFINITY, 0.0};
  return HY_OK;
}

const hy_kernel hy_kernel_spin = {
    .abi = HY_KERNEL_ABI,
    .name = "spin",
    .version = "1.0",
    .doc = "Compute for a time drawn from a law: a load for measuring schedulers.",
    .text =
        "The task keeps its core busy until a time t has passed, then returns t.  With u uniform\n"
        "in [0, 1), keyed by the task's seed, m = seconds and a = shape:\n"
        "  constant     t = m\n"
        "  uniform      t = 2 m u\n"
        "  exponential  t = -m log(1 - u)\n"
        "  pareto       t = m (a-1)/a (1 - u)^(-1/a);  no variance for a <= 2\n"
        "All have the mean m.  Sweep `index` to get many tasks; seconds: 0 gives empty tasks,\n"
        "which show what the scheduler itself costs.\n"
        "Verified by drawing again: the same bits, inside the support of the law.",
    .team = false,
    .params_size = sizeof(params),
    .params = param_table,
    .outputs = output_table,
    .cost = cost,
    .run = run,
    .verify = verify};
