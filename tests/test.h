/** @file test.h
 *  One CUnit suite per program: `HY_TEST_MAIN("journal", {"name", function}, ...)`.
 *  MPI tests use HY_TEST_MAIN_MPI: every rank runs every test, the exit code is agreed by all.
 *  Around collectives use CU_ASSERT, never CU_ASSERT_FATAL: its longjmp takes one rank out. */
#ifndef HY_TEST_H
#define HY_TEST_H

#include <CUnit/CUnit.h>
#include <stdbool.h>

typedef struct hy_test_case {
  const char *name;
  void (*function)(void);
} hy_test_case;

int hy_test_run(const char *suite, const hy_test_case *cases, int n);
int hy_test_run_mpi(int *argc, char ***argv, const char *suite, const hy_test_case *cases, int n);

/** One row of a table: as CU_ASSERT(good), and names the row that failed, not the line alone. */
void hy_test_row(bool good, const char *row);

/** A fresh empty directory, removed at exit; the same on all ranks when MPI is up (collective). */
const char *hy_test_dir(void);

#define HY_TEST_MAIN(suite, ...)                                                                   \
  int main(void)                                                                                   \
  {                                                                                                \
    static const hy_test_case cases[] = {__VA_ARGS__};                                             \
    return hy_test_run(suite, cases, (int)(sizeof cases / sizeof *cases));                         \
  }

#define HY_TEST_MAIN_MPI(suite, ...)                                                               \
  int main(int argc, char **argv)                                                                  \
  {                                                                                                \
    static const hy_test_case cases[] = {__VA_ARGS__};                                             \
    return hy_test_run_mpi(&argc, &argv, suite, cases, (int)(sizeof cases / sizeof *cases));       \
  }

#endif
