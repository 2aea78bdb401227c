/** @file test_cut.c
 *  Cutting cores on synthetic machines, numbers of threads, CPU quotas below a fake root. */
#include "place/internal.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MANY = 64 };

static hy_core cores[MANY * 4];
static int     ncores;

static void machine(const char *synthetic)
{
  hwloc_topology_t topology;
  hy_core         *list = NULL;
  hy_err           err = {0};

  if (hwloc_topology_init(&topology) || hwloc_topology_set_synthetic(topology, synthetic) ||
      hwloc_topology_load(topology))
    abort();
  CU_ASSERT_EQUAL_FATAL(hy_cores_read(topology, &list, &ncores, &err), HY_OK);
  CU_ASSERT_FATAL(ncores <= (int)(sizeof cores / sizeof *cores));
  memcpy(cores, list, (size_t)ncores * sizeof *list);
  free(list);
  hwloc_topology_destroy(topology);
}

/** "0-3,8" to a set. */
static hy_pus set(const char *text)
{
  hy_pus pus = {{0}};

  while (*text) {
    char *end;
    long  from = strtol(text, &end, 10), to = from;

    if (*end == '-') to = strtol(end + 1, &end, 10);
    for (; from <= to; from++) hy_pus_add(&pus, (int)from);
    text = *end ? end + 1 : end;
  }
  return pus;
}

static bool is(const hy_pus *pus, const char *expected)
{
  char text[200];

  if (strcmp(hy_pus_format(pus, text, sizeof text), expected) == 0) return true;
  printf("\n    got %s, expected %s ", text, expected);
  return false;
}

static void test_sets(void)
{
  hy_pus a = set(""), b = set("0-3,8,8191");
  char   text[12];

  CU_ASSERT(is(&a, ""));
  hy_pus_add(&a, -1);
  hy_pus_add(&a, HY_MAX_PUS);
  CU_ASSERT(is(&a, ""));
  CU_ASSERT_FALSE(hy_pus_has(&b, -1));
  CU_ASSERT_FALSE(hy_pus_has(&b, HY_MAX_PUS));
  CU_ASSERT_TRUE(hy_pus_has(&b, 8191));
  CU_ASSERT_FALSE(hy_pus_meet(&a, &b));
  CU_ASSERT(is(&b, "0-3,8,8191"));
  CU_ASSERT_STRING_EQUAL(hy_pus_format(&b, text, sizeof text), "0-3,8...");
  hy_pus_join(&a, &b);
  CU_ASSERT_EQUAL(hy_pus_count(&a), 6);
}

typedef struct cut_case {
  const char *machine;
  int         nranks;
  const char *masks[6];  /**< of the ranks */
  const char *shares[6]; /**< hardware threads a rank may use */
  int         ncores[6];
  const char *crowded; /**< a letter per rank */
} cut_case;

/* Each machine numbers its hardware threads core by core: core 1 of "core:4 pu:2" has 2 and 3. */
static const cut_case cuts[] = {
    {"core:2 pu:1",        1, {"0-1"},                      {"0-1"},               {2},       "-"  },
    {"core:2 pu:1",        1, {"0"},                        {"0"},                 {1},       "-"  },
    {"core:2 pu:1",        2, {"0-1", "0-1"},               {"0", "1"},            {1, 1},    "--" },
    {"core:2 pu:1",        3, {"0-1", "0-1", "0-1"},        {"0-1", "0-1", "0-1"}, {1, 1, 1}, "ccc"},
    {"core:8 pu:1",        3, {"0-7", "0-7", "0-7"},        {"0-1", "2-4", "5-7"}, {2, 3, 3}, "---"},
    {"core:8 pu:1",        2, {"2-5", "2-5"},               {"2-3", "4-5"},        {2, 2},    "--" },
    {"pack:2 core:4 pu:1",
     4,                       {"0-7", "0-7", "0-7", "0-7"},
     {"0-1", "2-3", "4-5", "6-7"},
     {2, 2, 2, 2},
     "----"                                                                                        },
 /* Disjoint masks are kept, in whatever order. */
    {"core:8 pu:1",        2, {"4-7", "0-3"},               {"4-7", "0-3"},        {4, 4},    "--" },
 /* Sockets by round robin: two groups of two. */
    {"pack:2 core:4 pu:1",
     4,                       {"0-3", "4-7", "0-3", "4-7"},
     {"0-1", "4-5", "2-3", "6-7"},
     {2, 2, 2, 2},
     "----"                                                                                        },
 /* 0 and 1 meet only through 2. */
    {"core:6 pu:1",        3, {"0-1", "3-4", "1-3"},        {"0", "1-2", "3-4"},   {1, 2, 2}, "---"},
 /* One crowded group beside one with room. */
    {"core:4 pu:1",        3, {"0", "0", "1-3"},            {"0", "0", "1-3"},     {1, 1, 3}, "cc-"},
 /* Both hardware threads of a core go with it; where the launcher split a core, so do we. */
    {"core:4 pu:2",        2, {"0-7", "0-7"},               {"0-3", "4-7"},        {2, 2},    "--" },
    {"core:2 pu:2",        2, {"0,2", "1,3"},               {"0,2", "1,3"},        {2, 2},    "--" },
    {"core:2 pu:2",        2, {"0,2", "0,2"},               {"0", "2"},            {1, 1},    "--" },
 /* A mask without any core of the machine. */
    {"core:2 pu:1",        2, {"77", "0-1"},                {"", "0-1"},           {0, 2},    "c-" },
};

static void test_cuts(void)
{
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    const cut_case *c = &cuts[i];
    hy_pus          masks[6];
    hy_cut          cut;
    hy_err          err = {0};

    machine(c->machine);
    for (int r = 0; r < c->nranks; r++) masks[r] = set(c->masks[r]);
    CU_ASSERT_EQUAL_FATAL(hy_cut_node(cores, ncores, masks, c->nranks, &cut, &err), HY_OK);
    for (int r = 0; r < c->nranks; r++) {
      CU_ASSERT(is(&cut.shares[r].pus, c->shares[r]));
      CU_ASSERT_EQUAL(cut.shares[r].ncores, c->ncores[r]);
      CU_ASSERT_EQUAL(cut.shares[r].crowded, c->crowded[r] == 'c');
    }
    hy_cut_clear(&cut);
  }
}

/** Whatever the numbers: every core goes to exactly one rank, and shares differ by one at most. */
static void test_fair(void)
{
  machine("pack:2 l3:4 core:8 pu:2");
  for (int n = 1; n <= ncores; n++) {
    hy_pus masks[MANY] = {{{0}}}, seen = {{0}};
    hy_cut cut;
    int    least = ncores, most = 0;

    for (int r = 0; r < n; r++) masks[r] = set("0-127");
    CU_ASSERT_EQUAL_FATAL(hy_cut_node(cores, ncores, masks, n, &cut, NULL), HY_OK);
    for (int r = 0; r < n; r++) {
      CU_ASSERT_FALSE(hy_pus_meet(&seen, &cut.shares[r].pus));
      hy_pus_join(&seen, &cut.shares[r].pus);
      if (cut.shares[r].ncores < least) least = cut.shares[r].ncores;
      if (cut.shares[r].ncores > most) most = cut.shares[r].ncores;
    }
    CU_ASSERT(is(&seen, "0-127"));
    CU_ASSERT(most - least <= 1);
    hy_cut_clear(&cut);
  }
}

static void test_crowd(void)
{
  hy_pus masks[5];
  hy_cut cut;

  machine("core:2 pu:1");
  for (int r = 0; r < 5; r++) masks[r] = set("0-1");
  CU_ASSERT_EQUAL_FATAL(hy_cut_node(cores, ncores, masks, 5, &cut, NULL), HY_OK);
  for (int r = 0; r < 5; r++) CU_ASSERT_EQUAL(cut.cores[cut.shares[r].first].index, r % 2);
  hy_cut_clear(&cut);
}

static void test_threads(void)
{
  static const struct {
    const char *machine;
    int         n;
    const char *threads[9];
  } cases[] = {
      {"core:4 pu:1", 1, {"0-3"}                                            },
      {"core:4 pu:1", 2, {"0-1", "2-3"}                                     },
      {"core:4 pu:1", 3, {"0", "1", "2-3"}                                  },
      {"core:4 pu:1", 4, {"0", "1", "2", "3"}                               },
      {"core:4 pu:1", 5, {"0", "0", "1", "2", "3"}                          },
      {"core:4 pu:2", 4, {"0-1", "2-3", "4-5", "6-7"}                       },
      {"core:4 pu:2", 6, {"0", "1", "2-3", "4", "5", "6-7"}                 },
      {"core:4 pu:2", 8, {"0", "1", "2", "3", "4", "5", "6", "7"}           },
      {"core:4 pu:2", 9, {"0-1", "0-1", "0-1", "2", "3", "4", "5", "6", "7"}},
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    machine(cases[i].machine);
    for (int t = 0; t < cases[i].n; t++) {
      hy_pus pus;

      hy_cut_thread(cores, ncores, t, cases[i].n, &pus);
      CU_ASSERT(is(&pus, cases[i].threads[t]));
    }
  }
}

static void test_thread_nonsense(void)
{
  static const int nonsense[][3] = {
      {0, 0,  1 },
      {4, 0,  0 },
      {4, 1,  1 },
      {4, -1, 2 },
      {4, 0,  -1}
  };

  machine("core:4 pu:1");
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
    hy_pus pus = set("5");

    hy_cut_thread(cores, nonsense[i][0], nonsense[i][1], nonsense[i][2], &pus);
    CU_ASSERT(is(&pus, ""));
  }
}

/** Write root/path, making its directories. */
static void put(const char *root, const char *path, const char *text)
{
  char full[512];

  (void)snprintf(full, sizeof full, "%s%s", root, path);
  for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); at++) {
    *at = 0;
    (void)mkdir(full, 0777);
    *at = '/';
  }
  FILE *f = fopen(full, "w");

  if (!f || fputs(text, f) < 0 || fclose(f)) abort();
}

typedef struct quota_case {
  const char *cgroup;
  const char *files[9]; /**< path and text, path and text, ... */
  double      cpus;
} quota_case;

#define CG "/sys/fs/cgroup"

static const quota_case quotas[] = {
    {"",                                {NULL},                                                                INFINITY},
    {"nonsense\n0:\n0::relative\n::\n", {CG "/cpu.max", "100000 100000"},                                      INFINITY},
    {"0::/\n",                          {CG "/cpu.max", "max 100000\n"},                                       INFINITY},
    {"0::/\n",                          {CG "/cpu.max", "garbage\n"},                                          INFINITY},
    {"0::/\n",                          {CG "/cpu.max", "200000 0\n"},                                         INFINITY},
    {"0::/\n",                          {CG "/cpu.max", "200000 100000\n"},                                    2.0     },
    {"0::/a/b\n",                       {CG "/a/b/cpu.max", "max 100000", CG "/a/cpu.max", "150000 100000"},   1.5     },
    {"0::/a/b\n",                       {CG "/a/b/cpu.max", "50000 100000", CG "/a/cpu.max", "150000 100000"}, 0.5     },
 /* The container's own cgroup is the root here; the outer name does not exist. */
    {"0::/kubepods/pod1\n",             {CG "/cpu.max", "300000 100000"},                                      3.0     },
    {"0::/../..\n",                     {CG "/cpu.max", "300000 100000"},                                      3.0     },
    {"4:cpu,cpuacct:/docker/1\n0::/\n",
     {CG "/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "250000\n",
      CG "/cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000\n"},
     2.5                                                                                                               },
    {"9:cpuset:/x\n4:cpu:/x\n",
     {CG "/cpu/cpu.cfs_quota_us", "400000\n", CG "/cpu/cpu.cfs_period_us", "100000\n",
      CG "/cpuset/x/cpu.cfs_quota_us", "100000\n", CG "/cpuset/x/cpu.cfs_period_us", "100000\n"},
     4.0                                                                                                               },
    {"4:cpu:/\n",
     {CG "/cpu/cpu.cfs_quota_us", "-1\n", CG "/cpu/cpu.cfs_period_us", "100000\n"},
     INFINITY                                                                                                          },
    {"0::/u\n",                         {CG "/unified/u/cpu.max", "100000 100000"},                            1.0     },
};

static void test_quota(void)
{
  CU_ASSERT_EQUAL(hy_quota_read("/no/such/root"), INFINITY);
  for (size_t i = 0; i < sizeof quotas / sizeof *quotas; i++) {
    char root[200];

    (void)snprintf(root, sizeof root, "%s/%zu", hy_test_dir(), i);
    (void)mkdir(root, 0777);
    put(root, "/proc/self/cgroup", quotas[i].cgroup);
    for (int k = 0; quotas[i].files[k]; k += 2)
      put(root, quotas[i].files[k], quotas[i].files[k + 1]);
    const double cpus = hy_quota_read(root);

    CU_ASSERT_EQUAL(cpus, quotas[i].cpus);
    if (cpus != quotas[i].cpus) printf("\n    case %zu: %g, expected %g ", i, cpus, quotas[i].cpus);
  }
}

static void test_thread_numbers(void)
{
  static const struct {
    int         option;
    const char *omp, *slurm;
    double      quota;
    int         share, node_cores;
    int         threads; /**< -1: refused */
    hy_source   source;
  } cases[] = {
      {-1, NULL,   NULL,   INFINITY, 4, 4, -1, HY_BY_OPTION},
      {0,  "none", NULL,   INFINITY, 4, 4, -1, HY_BY_OMP   },
      {2,  "none", NULL,   INFINITY, 4, 4, 2,  HY_BY_OPTION},
      {6,  "3",    "2",    1.0,      4, 4, 6,  HY_BY_OPTION},
      {0,  "3,2",  "2",    1.0,      4, 4, 3,  HY_BY_OMP   },
      {0,  "",     "2",    INFINITY, 4, 4, 2,  HY_BY_SLURM },
      {0,  NULL,   "none", INFINITY, 4, 4, 4,  HY_BY_CORES },
      {0,  NULL,   "8",    INFINITY, 4, 4, 4,  HY_BY_CORES },
      {0,  NULL,   NULL,   INFINITY, 4, 4, 4,  HY_BY_CORES },
      {0,  NULL,   NULL,   INFINITY, 0, 0, 1,  HY_BY_CORES },
      {0,  NULL,   NULL,   2.5,      4, 4, 2,  HY_BY_QUOTA },
      {0,  NULL,   NULL,   2.5,      4, 8, 1,  HY_BY_QUOTA },
      {0,  NULL,   NULL,   0.2,      4, 4, 1,  HY_BY_QUOTA },
      {0,  NULL,   NULL,   4.0,      4, 4, 4,  HY_BY_CORES },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hy_member m = {.quota = cases[i].quota};

    (void)unsetenv("OMP_NUM_THREADS");
    (void)unsetenv("SLURM_CPUS_PER_TASK");
    if (cases[i].omp) (void)setenv("OMP_NUM_THREADS", cases[i].omp, 1);
    if (cases[i].slurm) (void)setenv("SLURM_CPUS_PER_TASK", cases[i].slurm, 1);
    const hy_code rc =
        hy_threads_choose(cases[i].option, cases[i].share, cases[i].node_cores, &m, NULL);

    CU_ASSERT_EQUAL(rc, cases[i].threads < 0 ? HY_EINPUT : HY_OK);
    CU_ASSERT_EQUAL(m.threads, cases[i].threads < 0 ? 0 : cases[i].threads);
    if (!rc) CU_ASSERT_EQUAL(m.source, cases[i].source);
  }
}

HY_TEST_MAIN("cut", {"sets", test_sets}, {"cuts", test_cuts}, {"fair", test_fair},
             {"crowd", test_crowd}, {"threads", test_threads},
             {"thread nonsense", test_thread_nonsense}, {"thread numbers", test_thread_numbers},
             {"quota", test_quota})
