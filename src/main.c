/** @file main.c
 *  hybrid: CPU-bound kernels over a cluster, MPI ranks with OpenMP workers.
 *
 *  main -> hy_app_main -> cmd_run -> hy_engine_run -> kernel->run: five names, each in the file of
 *  that name. */
#include "app/app.h"

int main(int argc, char **argv)
{
  return hy_app_main(argc, argv);
}
