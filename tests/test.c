/** @file test.c */
#include "test.h"

#include "base/io.h"

#include <CUnit/Basic.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the leak sanitizer, where one is linked. */
__attribute__((weak)) void __lsan_do_leak_check(void);

static char  test_dir[64];
static pid_t test_dir_owner; /* a child that leaves by exit() must not remove it */

static void remove_dir(void)
{
  if (test_dir[0] && getpid() == test_dir_owner) (void)hy_io_remove_tree(test_dir, NULL);
}

void hy_test_row(bool good, const char *row)
{
  if (!good) (void)fprintf(stderr, "  failed for <%s>\n", row);
  CU_ASSERT(good);
}

static bool mpi_is_up(void)
{
  int up = 0, down = 0;

  return MPI_Initialized(&up) == MPI_SUCCESS && up && MPI_Finalized(&down) == MPI_SUCCESS && !down;
}

const char *hy_test_dir(void)
{
  static int made;
  int        rank = 0;

  if (mpi_is_up()) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (!made && rank == 0) {
    (void)snprintf(test_dir, sizeof test_dir, "/tmp/hybrid-test-XXXXXX");
    if (!mkdtemp(test_dir)) abort();
    test_dir_owner = getpid();
    (void)atexit(remove_dir);
  }
  if (!made && mpi_is_up()) {
    char name[sizeof test_dir];

    (void)memcpy(name, test_dir, sizeof name);
    MPI_Bcast(name, (int)sizeof name, MPI_CHAR, 0, MPI_COMM_WORLD);
    (void)memcpy(test_dir, name, sizeof name);
  }
  made = 1;
  return test_dir;
}

int hy_test_run(const char *suite_name, const hy_test_case *cases, int n)
{
  if (CU_initialize_registry() != CUE_SUCCESS) return 99;
  CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);

  for (int i = 0; suite && i < n; i++) (void)CU_add_test(suite, cases[i].name, cases[i].function);
  CU_basic_set_mode(CU_BRM_VERBOSE);
  (void)CU_basic_run_tests();
  const unsigned failures = CU_get_number_of_failures(), ran = CU_get_number_of_tests_run();

  CU_cleanup_registry();
  return failures == 0 && ran == (unsigned)n ? 0 : 1;
}

int hy_test_run_mpi(int *argc, char ***argv, const char *suite, const hy_test_case *cases, int n)
{
  int provided, rank, verdict;

  MPI_Init_thread(argc, argv, MPI_THREAD_SERIALIZED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank > 0 && !freopen("/dev/null", "w", stdout)) return 99;
  (void)hy_test_dir(); /* collective the first time, and a test may ask for it on one rank only */
  const int mine = hy_test_run(suite, cases, n);

  if (mine) fprintf(stderr, "rank %d: suite %s failed\n", rank, suite);
  MPI_Allreduce(&mine, &verdict, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  /* now, not at exit: MPI_Finalize unloads its plugins, and what they leak loses its name, by which
   * lsan.supp knows it */
  if (__lsan_do_leak_check) __lsan_do_leak_check();
  MPI_Finalize();
  return verdict;
}
