/** @file test_agree.c
 *  Ranks which fail differently come back alike: the worst code, the lowest rank that has it, its
 *  text.  Every rank computes what must come out from the same table of codes. */
#include "base/comm.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODES = HY_EBUG + 1 };

/* The ranks' codes of round i: all combinations for few ranks, then it goes round. */
static hy_code code_of(int round, int rank)
{
  for (; rank > 0; rank--) round /= CODES;
  return (hy_code)(round % CODES);
}

static void worst_code_wins(void)
{
  const int rank = hy_comm_rank(MPI_COMM_WORLD), size = hy_comm_size(MPI_COMM_WORLD);

  for (int round = 0; round < CODES * CODES * CODES * CODES; round++) {
    hy_code worst = HY_OK;
    int     owner = -1;
    char    said[64], row[64];
    hy_err  err;

    for (int r = 0; r < size; r++) {
      if (code_of(round, r) > worst) worst = code_of(round, r), owner = r;
    }
    (void)snprintf(row, sizeof row, "round %d, rank %d", round, rank);
    memset(&err, 0x5a, sizeof err); /* whatever was there before */
    const hy_code mine = code_of(round, rank);

    if (mine) (void)hy_fail(&err, mine, "rank %d says %d", rank, round);
    const hy_code got = hy_agree(MPI_COMM_WORLD, mine, &err);

    hy_test_row(got == worst, row);
    if (got == HY_OK) continue;
    (void)snprintf(said, sizeof said, "rank %d says %d", owner, round);
    hy_test_row(err.code == (int)worst && err.rank == owner && strcmp(err.text, said) == 0, row);
    hy_test_row(strncmp(err.where, "test_agree.c:", 13) == 0, row);
  }
}

/* A caller who wants no text must not keep the others from theirs, nor send rubbish. */
static void text_may_be_missing(void)
{
  const int rank = hy_comm_rank(MPI_COMM_WORLD), size = hy_comm_size(MPI_COMM_WORLD);

  for (int owner = 0; owner < size; owner++) {
    for (int deaf = 0; deaf < size; deaf++) {
      hy_err  err = {.text = "of an earlier failure", .code = HY_EIO};
      hy_err *mine = rank == deaf ? NULL : &err;
      hy_code rc = HY_OK;
      char    wanted[32];

      if (rank == owner) rc = hy_fail(mine, HY_ECHECK, "from %d", owner);
      rc = hy_agree(MPI_COMM_WORLD, rc, mine);
      CU_ASSERT_EQUAL(rc, HY_ECHECK);
      if (!mine) continue;
      CU_ASSERT(err.code == HY_ECHECK && err.rank == owner);
      (void)snprintf(wanted, sizeof wanted, "from %d", owner);
      CU_ASSERT_STRING_EQUAL(err.text, owner == deaf ? "" : wanted);
    }
    /* a code without a text of its own: HY_STOP is no error, nobody fills in one */
    hy_err stale = {.text = "of an earlier failure", .code = HY_EIO, .rank = 5};

    CU_ASSERT_EQUAL(hy_agree(MPI_COMM_WORLD, rank == owner ? HY_STOP : HY_OK, &stale), HY_STOP);
    CU_ASSERT(stale.code == HY_STOP && stale.rank == owner && stale.text[0] == 0);
  }
  hy_err untouched = {.text = "as it was"};

  CU_ASSERT_EQUAL(hy_agree(MPI_COMM_WORLD, HY_OK, &untouched), HY_OK);
  CU_ASSERT_STRING_EQUAL(untouched.text, "as it was");
  CU_ASSERT_EQUAL(hy_agree(MPI_COMM_SELF, HY_EIO, NULL), HY_EIO);
}

static void longest_text_arrives(void)
{
  const int size = hy_comm_size(MPI_COMM_WORLD);
  char      text[sizeof((hy_err *)0)->text];
  hy_err    err = {0};
  hy_code   rc = HY_OK;

  memset(text, 'q', sizeof text - 1);
  text[sizeof text - 1] = 0;
  if (hy_comm_rank(MPI_COMM_WORLD) == size - 1) rc = hy_fail(&err, HY_EIO, "%s", text);
  CU_ASSERT_EQUAL(hy_agree(MPI_COMM_WORLD, rc, &err), HY_EIO);
  CU_ASSERT_STRING_EQUAL(err.text, text);
}

/* Inside a part of the world the ranks are those of the part. */
static void parts_agree_alone(void)
{
  const int rank = hy_comm_rank(MPI_COMM_WORLD), size = hy_comm_size(MPI_COMM_WORLD);
  MPI_Comm  part;
  hy_err    err = {0};
  hy_code   rc = HY_OK;

  HY_MPI(MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &part));
  if (rank == 1) rc = hy_fail(&err, HY_EINPUT, "odd");
  rc = hy_agree(part, rc, &err);
  CU_ASSERT_EQUAL(rc, rank % 2 ? HY_EINPUT : HY_OK);
  CU_ASSERT_STRING_EQUAL(err.text, rank % 2 ? "odd" : "");
  if (rank % 2) CU_ASSERT_EQUAL(err.rank, 0);
  CU_ASSERT_EQUAL(hy_comm_size(part), (size + 1 - rank % 2) / 2);
  CU_ASSERT_EQUAL(hy_comm_rank(part), rank / 2);
  HY_MPI(MPI_Comm_free(&part));
}

static void broadcast_of_bytes(void)
{
  static const size_t sizes[] = {0, 1, 7, 4096, 300001};
  const int           rank = hy_comm_rank(MPI_COMM_WORLD), size = hy_comm_size(MPI_COMM_WORLD);
  unsigned char      *data = malloc(300002);

  CU_ASSERT_PTR_NOT_NULL(data);
  for (int root = 0; data && root < size; root++) {
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      bool good = true;

      for (size_t i = 0; i <= sizes[s]; i++)
        data[i] = (unsigned char)(rank == root ? i * 13 + (size_t)root : 0xee);
      hy_comm_bcast(MPI_COMM_WORLD, root, data, sizes[s]);
      for (size_t i = 0; i < sizes[s]; i++)
        good = good && data[i] == (unsigned char)(i * 13 + (size_t)root);
      CU_ASSERT(good && (rank == root || data[sizes[s]] == 0xee));
    }
  }
  free(data);
  CU_ASSERT(hy_mpi_count(0) == 0 && hy_mpi_count(2147483647) == 2147483647);
}

/* All ranks get the same directory, and it is there. */
static void one_test_directory(void)
{
  char mine[64] = "", roots[64] = "";

  (void)snprintf(mine, sizeof mine, "%s", hy_test_dir());
  memcpy(roots, mine, sizeof mine);
  hy_comm_bcast(MPI_COMM_WORLD, 0, roots, sizeof roots);
  CU_ASSERT_STRING_EQUAL(mine, roots);
  CU_ASSERT_STRING_EQUAL(hy_test_dir(), roots);
}

HY_TEST_MAIN_MPI("agree", {"worst code wins", worst_code_wins},
                 {"text may be missing", text_may_be_missing},
                 {"longest text arrives", longest_text_arrives},
                 {"parts agree alone", parts_agree_alone},
                 {"broadcast of bytes", broadcast_of_bytes},
                 {"one test directory", one_test_directory})
