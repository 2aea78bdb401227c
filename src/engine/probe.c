/** @file probe.c
 *  MPI offers every function under a second name, PMPI_*, for this purpose.  libgomp does not, but
 *  gcc compiles a parallel region into a call of GOMP_parallel(body, data, ...): a function of that
 *  name in the program is found first, times each thread's body, and passes the call on to the real
 *  one.  The barrier at a region's end is outside the body, so what a thread waits there is not
 *  counted as work. */
#include "engine/probe.h"

#include "base/clock.h"

#include <dlfcn.h>
#include <mpi.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

static _Thread_local hy_probe *probe_of_thread;

void hy_probe_begin(hy_probe *probe)
{
  probe_of_thread = probe;
}
void hy_probe_end(void)
{
  probe_of_thread = NULL;
}

/* MPI has given its functions their parameters.  NOLINTBEGIN(readability-function-size) */
#define TIMED(name, parameters, arguments)                                                         \
  int MPI_##name parameters                                                                        \
  {                                                                                                \
    if (!probe_of_thread) return PMPI_##name arguments;                                            \
    const int64_t start = hy_now_ns();                                                             \
    const int code = PMPI_##name arguments;                                                        \
                                                                                                   \
    probe_of_thread->mpi_ns += hy_now_ns() - start;                                                \
    return code;                                                                                   \
  }

TIMED(Wait, (MPI_Request * r, MPI_Status *s), (r, s))
TIMED(Waitall, (int n, MPI_Request r[], MPI_Status s[]), (n, r, s))
TIMED(Waitany, (int n, MPI_Request r[], int *i, MPI_Status *s), (n, r, i, s))
TIMED(Test, (MPI_Request * r, int *flag, MPI_Status *s), (r, flag, s))
TIMED(Testall, (int n, MPI_Request r[], int *flag, MPI_Status s[]), (n, r, flag, s))
TIMED(Send, (const void *b, int n, MPI_Datatype t, int to, int tag, MPI_Comm c),
      (b, n, t, to, tag, c))
TIMED(Recv, (void *b, int n, MPI_Datatype t, int from, int tag, MPI_Comm c, MPI_Status *s),
      (b, n, t, from, tag, c, s))
TIMED(Isend, (const void *b, int n, MPI_Datatype t, int to, int tag, MPI_Comm c, MPI_Request *r),
      (b, n, t, to, tag, c, r))
TIMED(Irecv, (void *b, int n, MPI_Datatype t, int from, int tag, MPI_Comm c, MPI_Request *r),
      (b, n, t, from, tag, c, r))
TIMED(Sendrecv,
      (const void *sb, int sn, MPI_Datatype st, int to, int stag, void *rb, int rn, MPI_Datatype rt,
       int from, int rtag, MPI_Comm c, MPI_Status *s),
      (sb, sn, st, to, stag, rb, rn, rt, from, rtag, c, s))
TIMED(Barrier, (MPI_Comm c), (c))
TIMED(Bcast, (void *b, int n, MPI_Datatype t, int root, MPI_Comm c), (b, n, t, root, c))
TIMED(Reduce, (const void *s, void *r, int n, MPI_Datatype t, MPI_Op op, int root, MPI_Comm c),
      (s, r, n, t, op, root, c))
TIMED(Allreduce, (const void *s, void *r, int n, MPI_Datatype t, MPI_Op op, MPI_Comm c),
      (s, r, n, t, op, c))
TIMED(Allgather,
      (const void *s, int sn, MPI_Datatype st, void *r, int rn, MPI_Datatype rt, MPI_Comm c),
      (s, sn, st, r, rn, rt, c))
TIMED(Allgatherv,
      (const void *s, int sn, MPI_Datatype st, void *r, const int rn[], const int at[],
       MPI_Datatype rt, MPI_Comm c),
      (s, sn, st, r, rn, at, rt, c))
TIMED(Alltoall,
      (const void *s, int sn, MPI_Datatype st, void *r, int rn, MPI_Datatype rt, MPI_Comm c),
      (s, sn, st, r, rn, rt, c))
TIMED(Alltoallv,
      (const void *s, const int sn[], const int sat[], MPI_Datatype st, void *r, const int rn[],
       const int rat[], MPI_Datatype rt, MPI_Comm c),
      (s, sn, sat, st, r, rn, rat, rt, c))

/* NOLINTEND(readability-function-size) */

#if defined(__GNUC__) && !defined(__clang__)

#include <omp.h>

bool hy_probe_sees_threads(void)
{
  return true;
}

typedef struct region {
  void (*body)(void *);
  void           *data;
  _Atomic int64_t sum_ns, longest_ns;
  atomic_int      threads;
} region;

static void timed_body(void *p)
{
  region       *r = p;
  const int64_t start = hy_now_ns();

  r->body(r->data);
  const int64_t spent = hy_now_ns() - start;
  int64_t       longest = atomic_load(&r->longest_ns);

  while (spent > longest && !atomic_compare_exchange_weak(&r->longest_ns, &longest, spent))
    continue;
  atomic_fetch_add(&r->sum_ns, spent);
  atomic_fetch_add(&r->threads, 1);
}

static void account(hy_probe *probe, const region *r, int64_t start)
{
  const int64_t n = r->threads > 0 ? r->threads : 1;

  probe->parallel_ns += hy_now_ns() - start;
  probe->useful_ns += r->sum_ns;
  probe->imbalance_ns += r->longest_ns - r->sum_ns / n;
}

/** The function of this name behind ours; cast through memcpy, as dlsym() returns no function. */
static void find_real(const char *name, void *function, size_t size)
{
  void *symbol = dlsym(RTLD_NEXT, name);

  memcpy(function, &symbol, size);
}

typedef void parallel_fn(void (*)(void *), void *, unsigned, unsigned);
void         GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
void         GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags)
{
  static parallel_fn *real; /* the same value whoever writes it */
  hy_probe *const     probe = probe_of_thread;

  if (!real) find_real("GOMP_parallel", &real, sizeof real);
  if (!probe) {
    real(body, data, threads, flags);
    return;
  }
  region        r = {.body = body, .data = data};
  const int64_t start = hy_now_ns();

  real(timed_body, &r, threads, flags);
  account(probe, &r, start);
}

typedef void loop_fn(void (*)(void *), void *, unsigned, long, long, long, long, unsigned);

#define TIMED_LOOP(name)                                                                           \
  void name(void (*body)(void *), void *data, unsigned threads, long from, long end, long step,    \
            long chunk, unsigned flags);                                                           \
  void name(void (*body)(void *), void *data, unsigned threads, long from, long end, long step,    \
            long chunk, unsigned flags)                                                            \
  {                                                                                                \
    static loop_fn *real;                                                                          \
    hy_probe *const probe = probe_of_thread;                                                       \
                                                                                                   \
    if (!real) find_real(#name, &real, sizeof real);                                               \
    if (!probe) {                                                                                  \
      real(body, data, threads, from, end, step, chunk, flags);                                    \
      return;                                                                                      \
    }                                                                                              \
    region        r = {.body = body, .data = data};                                                \
    const int64_t start = hy_now_ns();                                                             \
                                                                                                   \
    real(timed_body, &r, threads, from, end, step, chunk, flags);                                  \
    account(probe, &r, start);                                                                     \
  }

TIMED_LOOP(GOMP_parallel_loop_dynamic)
TIMED_LOOP(GOMP_parallel_loop_guided)
TIMED_LOOP(GOMP_parallel_loop_nonmonotonic_dynamic)
TIMED_LOOP(GOMP_parallel_loop_nonmonotonic_guided)

#else

bool hy_probe_sees_threads(void)
{
  return false;
}

#endif
