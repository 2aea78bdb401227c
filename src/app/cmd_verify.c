/** @file cmd_verify.c
 *  `hybrid verify DIR`. */
#include "app/cmd.h"
#include "engine/engine.h"

static int verify(const options *o)
{
  const hy_verify_options v = {
      .dir = o->arg, .sample = o->sample, .threads = (int)o->threads, .quiet = o->quiet};

  return hy_engine_verify(MPI_COMM_WORLD, &v);
}

int cmd_verify(const options *o)
{
  return app_with_mpi(verify, o);
}
