/** @file test_place.c
 *  Shares, real masks, teams and texts on however many ranks and cores there are. */
#include "base/comm.h"
#include "place/internal.h"
#include "test.h"

#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RANKS = 64, MAX_THREADS = 16 };

static hy_pus mask(void)
{
  hy_pus pus = {{0}};

  CU_ASSERT_EQUAL(sched_getaffinity(0, sizeof pus, (cpu_set_t *)&pus), 0);
  return pus;
}

static bool equal(const hy_pus *a, const hy_pus *b)
{
  return memcmp(a, b, sizeof *a) == 0;
}

/** No settings from outside but those of the test. */
static void clean_environment(void)
{
  (void)unsetenv("OMP_NUM_THREADS");
  (void)unsetenv("SLURM_CPUS_PER_TASK");
  (void)unsetenv("OMPI_MCA_hwloc_base_binding_policy");
}

static hy_place *place_with(int threads, bool bind)
{
  const hy_place_options options = {.threads = threads, .bind = bind};
  hy_place              *place = NULL;
  hy_err                 err = {0};

  CU_ASSERT_EQUAL(hy_place_new(MPI_COMM_WORLD, &options, &place, &err), HY_OK);
  if (!place) MPI_Abort(MPI_COMM_WORLD, 1);
  return place;
}

static void test_nonsense(void)
{
  static const struct {
    int         option;
    const char *omp;
    hy_code     code;
    int         threads; /**< 0: whatever */
  } cases[] = {
      {-1,      NULL,          HY_EINPUT, 0},
      {1000000, NULL,          HY_EINPUT, 0},
      {0,       "0",           HY_EINPUT, 0},
      {0,       "-2",          HY_EINPUT, 0},
      {0,       "many",        HY_EINPUT, 0},
      {0,       "2x",          HY_EINPUT, 0},
      {0,       ",2",          HY_EINPUT, 0},
      {0,       "1e9",         HY_EINPUT, 0},
      {0,       "99999999999", HY_EINPUT, 0},
      {0,       "",            HY_OK,     0},
      {0,       "3",           HY_OK,     3},
      {0,       " 3 ",         HY_OK,     3},
      {0,       "2,4,8",       HY_OK,     2},
      {5,       "many",        HY_OK,     5},
  };

  clean_environment();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const hy_place_options options = {.threads = cases[i].option, .bind = true};
    hy_place              *place = NULL;
    hy_err                 err = {0};

    if (cases[i].omp) (void)setenv("OMP_NUM_THREADS", cases[i].omp, 1);
    CU_ASSERT_EQUAL(hy_place_new(MPI_COMM_WORLD, &options, &place, &err), cases[i].code);
    CU_ASSERT_EQUAL(place != NULL, cases[i].code == HY_OK);
    if (place && cases[i].threads) CU_ASSERT_EQUAL(hy_place_get(place).threads, cases[i].threads);
    if (cases[i].code && cases[i].omp) CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].omp));
    hy_place_free(place);
    clean_environment();
  }
}

/** A mistake that only one rank can see ends all of them alike. */
static void test_one_bad_rank(void)
{
  const int              rank = hy_comm_rank(MPI_COMM_WORLD), n = hy_comm_size(MPI_COMM_WORLD);
  const hy_place_options options = {.threads = rank == n - 1 ? -7 : 1, .bind = true};
  hy_place              *place = NULL;
  hy_err                 err = {0};

  CU_ASSERT_EQUAL(hy_place_new(MPI_COMM_WORLD, &options, &place, &err), HY_EINPUT);
  CU_ASSERT_EQUAL(err.rank, n - 1);
  CU_ASSERT_PTR_NULL(place);
}

/** As mpirun -n 1 leaves it: bound to one core.  The cores must be found all the same. */
static void test_shares(void)
{
  const int    n = hy_comm_size(MPI_COMM_WORLD);
  const hy_pus before = mask();
  hy_pus       one = {{0}}, masks[MAX_RANKS], seen = {{0}};
  int          disjoint = 1;

  clean_environment();
  for (int i = 0; i < HY_MAX_PUS && !hy_pus_count(&one); i++) {
    if (hy_pus_has(&before, i)) hy_pus_add(&one, i);
  }
  CU_ASSERT_EQUAL(hy_affinity_bind_process(&one), 0);
  hy_place            *place = place_with(0, true);
  const hy_place_facts facts = hy_place_get(place);
  const hy_pus         mine = mask();

  HY_MPI(MPI_Allgather(&mine, (int)sizeof mine, MPI_BYTE, masks, (int)sizeof mine, MPI_BYTE,
                       MPI_COMM_WORLD));
  for (int r = 0; r < n; r++) {
    disjoint &= !hy_pus_meet(&masks[r], &seen);
    hy_pus_join(&seen, &masks[r]);
  }
  CU_ASSERT_TRUE(facts.bound);
  CU_ASSERT_EQUAL(facts.node_ranks, n);
  CU_ASSERT_EQUAL(disjoint, n <= facts.node_cores);
  CU_ASSERT_EQUAL(facts.oversubscribed, n > facts.node_cores);
  CU_ASSERT_EQUAL(facts.threads, facts.cores);
  if (n <= facts.node_cores && place->members && place->members[0].launcher == HY_LAUNCHER_OPEN_MPI)
    CU_ASSERT(equal(&seen, &place->members[0].allowed));
  hy_place_free(place);
  const hy_pus after = mask();

  CU_ASSERT(equal(&after, &one));
  CU_ASSERT_EQUAL(hy_affinity_bind_process(&before), 0);
}

static void test_thread_masks(void)
{
  clean_environment();
  for (int n = 1; n <= 3; n++) {
    hy_place            *place = place_with(n, true);
    const hy_place_facts facts = hy_place_get(place);
    hy_pus               masks[MAX_THREADS], expected, seen = {{0}};

    CU_ASSERT_EQUAL(facts.threads, n);
#pragma omp parallel default(none) shared(place, masks, n) num_threads(n)
    {
      hy_place_bind_thread(place, omp_get_thread_num(), n);
      masks[omp_get_thread_num()] = mask();
    }
    for (int t = 0; t < n; t++) {
      if (place->crowded)
        expected = place->pus;
      else
        hy_cut_thread(place->cores, facts.cores, t, n, &expected);
      CU_ASSERT(equal(&masks[t], &expected));
      if (!place->crowded && n <= facts.cores) CU_ASSERT_FALSE(hy_pus_meet(&masks[t], &seen));
      hy_pus_join(&seen, &masks[t]);
    }
    CU_ASSERT(equal(&seen, &place->pus));
    hy_place_free(place);
  }
}

static void test_unbound(void)
{
  const hy_pus before = mask();
  hy_place    *place = place_with(2, false);

  hy_place_bind_thread(place, 0, 1);
  const hy_pus after = mask();

  CU_ASSERT(equal(&before, &after));
  CU_ASSERT_FALSE(hy_place_get(place).bound);
  hy_place_free(place);
}

static void test_teams(void)
{
  const int n = hy_comm_size(MPI_COMM_WORLD), rank = hy_comm_rank(MPI_COMM_WORLD);
  hy_place *place = place_with(1, true);

  for (int size = -1; size <= n + 1; size++) {
    const int wanted = size <= 0 || size > n ? n : size;
    MPI_Comm  team = MPI_COMM_SELF;
    int       index = -9, nteams = -9, in, together;
    hy_err    err = {0};

    CU_ASSERT_EQUAL(hy_place_teams(place, size, &team, &index, &nteams, &err), HY_OK);
    CU_ASSERT_EQUAL(nteams, n / wanted);
    in = team != MPI_COMM_NULL;
    HY_MPI(MPI_Allreduce(&in, &together, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    CU_ASSERT_EQUAL(together, n / wanted * wanted);
    CU_ASSERT_EQUAL(index, rank < n / wanted * wanted ? rank / wanted : -1);
    if (!in) continue;
    CU_ASSERT_EQUAL(hy_comm_size(team), wanted);
    CU_ASSERT_EQUAL(hy_comm_rank(team), rank % wanted);
    HY_MPI(MPI_Comm_free(&team));
  }
  hy_place_free(place);
}

/** Two nodes made up by hand: whole teams inside, one from what is left of both. */
static void test_teams_of_two_nodes(void)
{
  const int n = hy_comm_size(MPI_COMM_WORLD), rank = hy_comm_rank(MPI_COMM_WORLD);
  hy_place *place = place_with(1, true);
  MPI_Comm  team = MPI_COMM_NULL;
  int       index = -9, nteams = -9;
  hy_err    err = {0};

  if (n == 4) { /* node 0: ranks 0 2 3; node 1: rank 1 */
    static const int node_of[] = {0, 1, 0, 0}, node_rank[] = {0, 0, 1, 2}, team_of[] = {0, 1, 0, 1};
    static const int place_in[] = {0, 1, 1, 0};

    memcpy(place->node_of, node_of, sizeof node_of);
    place->facts.nnodes = 2;
    place->facts.node = node_of[rank];
    place->facts.node_rank = node_rank[rank];
    CU_ASSERT_EQUAL(hy_place_teams(place, 2, &team, &index, &nteams, &err), HY_OK);
    CU_ASSERT_EQUAL(index, team_of[rank]);
    CU_ASSERT_EQUAL(hy_comm_rank(team), place_in[rank]);
    if (team != MPI_COMM_NULL) HY_MPI(MPI_Comm_free(&team));
  }
  hy_place_free(place);
}

static int lines(const hy_str *s)
{
  int n = 0;

  for (size_t i = 0; i < s->len; i++) n += s->text[i] == '\n';
  return n;
}

static void test_texts(void)
{
  const int n = hy_comm_size(MPI_COMM_WORLD), rank = hy_comm_rank(MPI_COMM_WORLD);

  clean_environment();
  for (int threads = 0; threads <= 64; threads += 64) {
    hy_place            *place = place_with(threads, true);
    const hy_place_facts facts = hy_place_get(place);
    hy_str               warnings = {0}, drawing = {0};
    const bool           wrong = n > facts.node_cores || threads > facts.node_cores;

    hy_place_warnings(place, &warnings);
    hy_place_draw(place, &drawing);
    CU_ASSERT_EQUAL(warnings.failed || drawing.failed, 0);
    CU_ASSERT_EQUAL(lines(&warnings), rank == 0 && wrong ? 1 : 0);
    CU_ASSERT_EQUAL(lines(&drawing) > n, rank == 0);
    if (rank == 0) {
      CU_ASSERT_PTR_NOT_NULL(strstr(drawing.text, hy_place_host(place)));
      if (wrong) CU_ASSERT_PTR_NOT_NULL(strstr(warnings.text, "take turns"));
      printf("\n%s%s", warnings.text ? warnings.text : "", drawing.text);
    }
    hy_str_clear(&warnings);
    hy_str_clear(&drawing);
    hy_place_free(place);
  }
}

/** The warnings of one placement: exactly this one, or none at all. */
static void expect(const hy_place *place, const char *expected)
{
  hy_str text = {0};

  hy_place_warnings(place, &text);
  if (hy_comm_rank(MPI_COMM_WORLD) == 0) {
    CU_ASSERT_EQUAL(lines(&text), expected ? 1 : 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text.len ? text.text : "", expected ? expected : ""));
  }
  hy_str_clear(&text);
}

static void expect_warning(int threads, const char *expected)
{
  hy_place *place = place_with(threads, true);

  expect(place, expected);
  hy_place_free(place);
}

/** Facts that this machine may not have are put in by hand. */
static void test_facts_by_hand(void)
{
  clean_environment();
  hy_place            *place = place_with(1, true);
  const hy_place_facts facts = hy_place_get(place);
  hy_member            saved = {.rank = 0};

  if (facts.node_ranks > facts.node_cores) goto out; /* that would be told first */
  if (place->members) saved = place->members[0];
  if (place->members) place->members[0].quota = 0.5;
  expect(place, "gives the time of 0.5 CPUs");
  if (place->members) place->members[0] = saved;
  if (place->members) place->members[0].bind_errno = 1;
  expect(place, "threads cannot be bound to cores: ");
  if (place->members) place->members[0] = saved;
  if (place->members) place->members[0].slurm_cpus = 64;
  expect(place, NULL);
  if (place->members) place->members[0].launcher = HY_LAUNCHER_SLURM;
  expect(place, "srun --cpus-per-task=64");
out:
  hy_place_free(place);
}

static void test_idle(void)
{
  const hy_pus before = mask();
  hy_pus       one = {{0}};

  clean_environment();
  hy_place            *place = place_with(1, true);
  const hy_place_facts facts = hy_place_get(place);
  int open_mpi = place->members && place->members[0].launcher == HY_LAUNCHER_OPEN_MPI;

  HY_MPI(MPI_Bcast(&open_mpi, 1, MPI_INT, 0, MPI_COMM_WORLD));
  hy_place_free(place);
  if (facts.node_ranks >= facts.node_cores) return;
  expect_warning(1, NULL); /* asked for by option: nothing to complain about */
  (void)setenv("OMP_NUM_THREADS", "1", 1);
  expect_warning(0, "idle: OMP_NUM_THREADS asks for 1 thread");
  (void)unsetenv("OMP_NUM_THREADS");
  for (int i = 0, k = 0; i < HY_MAX_PUS && !hy_pus_count(&one); i++) {
    if (hy_pus_has(&before, i) && k++ == facts.node_rank) hy_pus_add(&one, i);
  }
  CU_ASSERT_EQUAL(hy_affinity_bind_process(&one), 0);
  expect_warning(0, NULL);
  (void)setenv("OMPI_MCA_hwloc_base_binding_policy", "core", 1);
  expect_warning(0, open_mpi ? "the launcher's binding leaves them out" : NULL);
  clean_environment();
  CU_ASSERT_EQUAL(hy_affinity_bind_process(&before), 0);
}

HY_TEST_MAIN_MPI("place", {"nonsense", test_nonsense}, {"one bad rank", test_one_bad_rank},
                 {"shares", test_shares}, {"thread masks", test_thread_masks},
                 {"unbound", test_unbound}, {"teams", test_teams},
                 {"teams of two nodes", test_teams_of_two_nodes}, {"texts", test_texts},
                 {"idle", test_idle}, {"facts by hand", test_facts_by_hand})
