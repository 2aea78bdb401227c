/** @file cmd_info.c
 *  `hybrid info`: what this program is made of, and what it finds to run on. */
#include "app/cmd.h"
#include "base/comm.h"
#include "engine/engine.h"
#include "kernel/registry.h"
#include "place/place.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_build(void)
{
  char library[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int  n = 0, version = 0, subversion = 0;

  HY_MPI(MPI_Get_library_version(library, &n));
  HY_MPI(MPI_Get_version(&version, &subversion));
  library[strcspn(library, "\n")] = 0;
  (void)printf("hybrid %s\n", HYBRID_VERSION);
#ifdef __clang__
  (void)printf("  compiler     %s\n", __VERSION__);
#else
  (void)printf("  compiler     gcc %s\n", __VERSION__);
#endif
  (void)printf("  flags        %s\n", HYBRID_FLAGS);
  (void)printf("  MPI          %d.%d, %s\n", version, subversion, library);
#ifdef _OPENMP
  (void)printf("  OpenMP       %d\n", _OPENMP);
#endif
  (void)printf("  HDF5         %s\n", hy_store_version());
  (void)printf("  hwloc        %s\n", hy_place_version());
  (void)printf("  kernels     ");
  for (int i = 0; hy_kernels[i]; i++) (void)printf(" %s", hy_kernels[i]->name);
  (void)putchar('\n');
}

/** The value of the first "model name" line of /proc/cpuinfo, which exists on x86 only. */
static void print_model(void)
{
  FILE *f = fopen("/proc/cpuinfo", "re");
  char  line[256];

  while (f && fgets(line, sizeof line, f)) {
    const char *colon = strchr(line, ':');

    if (strncmp(line, "model name", 10) != 0 || !colon) continue;
    (void)printf("  CPU         %s", colon + 1);
    break;
  }
  if (f) (void)fclose(f);
}

static void print_cpu(void)
{
  print_model();
#if defined(__x86_64__)
  (void)printf("  vectors     ");
  if (__builtin_cpu_supports("sse4.2")) (void)printf(" sse4.2");
  if (__builtin_cpu_supports("avx")) (void)printf(" avx");
  if (__builtin_cpu_supports("avx2")) (void)printf(" avx2");
  if (__builtin_cpu_supports("fma")) (void)printf(" fma");
  if (__builtin_cpu_supports("avx512f")) (void)printf(" avx512f");
  (void)putchar('\n');
#endif
  const double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
  char         text[28];

  (void)printf("  memory       %s\n", hy_format_bytes(text, bytes));
}

static int info(const options *o)
{
  const hy_place_options wanted = {.threads = (int)o->threads, .bind = o->bind == 0};
  const int              rank = hy_comm_rank(MPI_COMM_WORLD);
  hy_place              *place = NULL;
  hy_str                 drawing = {0}, warnings = {0};
  hy_err                 err = {0};
  const hy_code          rc = hy_place_new(MPI_COMM_WORLD, &wanted, &place, &err);

  if (rc) return app_fail(rc, &err);
  hy_place_draw(place, &drawing);
  hy_place_warnings(place, &warnings);
  if (rank == 0) {
    print_build();
    print_cpu();
    (void)printf("\n%s", drawing.text ? drawing.text : "");
    (void)fflush(stdout);
    if (warnings.text) (void)fputs(warnings.text, stderr);
  }
  hy_str_clear(&drawing);
  hy_str_clear(&warnings);
  hy_place_free(place);
  return HY_EXIT_DONE;
}

int cmd_info(const options *o)
{
  return app_with_mpi(info, o);
}
