/** @file app.c
 *  What happens around a verb: streams, options, environment, MPI, and the last look at stdout.
 *
 *  Everything that can be wrong with a command line is found before MPI_Init.  Then all processes
 *  of an mpirun see the same mistake; the first one tells it, the others wait for that, because
 *  mpirun kills the rest as soon as one of them ends with an error. */
#include "app/app.h"

#include "app/cmd.h"
#include "app/env.h"
#include "base/clock.h"
#include "base/comm.h"
#include "engine/engine.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void app_error(const char *fmt, ...)
{
  va_list args;

  if (env_rank() > 0) return;
  va_start(args, fmt);
  (void)fputs("hybrid: error: ", stderr);
  (void)vfprintf(stderr, fmt, args);
  (void)fputc('\n', stderr);
  va_end(args);
}

int app_fail(hy_code code, const hy_err *err)
{
  app_error("%s", err->text);
  return hy_exit_code(code);
}

/** Started n times by a launcher of another MPI, n programs would each take themselves for the only
 *  one and write to the same files. */
static int check_world(int size)
{
  const int told = env_size();

  if (told <= 1 || size == told) return HY_EXIT_DONE;
  char library[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int  n = 0;

  (void)MPI_Get_library_version(library, &n);
  library[strcspn(library, ",\n")] = 0;
  app_error("the launcher started %d processes, MPI sees %d: hybrid is built with %s, start it by "
            "the mpirun of that (under Slurm: srun --mpi=pmix)",
            told, size, library);
  return HY_EXIT_UNFIT;
}

static int flush_stdout(int code)
{
  const bool failed = fflush(stdout) != 0 || ferror(stdout);

  if (!failed || code == HY_EXIT_IO) return code;
  app_error("cannot write to stdout: %s", strerror(errno ? errno : EIO));
  return HY_EXIT_IO;
}

int app_with_mpi(int (*body)(const options *), const options *o)
{
  int given = MPI_THREAD_SINGLE;

  HY_MPI(MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &given));
  HY_MPI(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe or socket is an error to report, not the end */
  int code = check_world(hy_comm_size(MPI_COMM_WORLD));

  if (!code && given < MPI_THREAD_SERIALIZED) {
    app_error("this MPI gives no MPI_THREAD_SERIALIZED; hybrid needs it");
    code = HY_EXIT_UNFIT;
  }
  if (!code) code = body(o);
  code = flush_stdout(code);
  HY_MPI(MPI_Finalize());
  return code;
}

static int run_verb(const options *o, char **argv)
{
  if (o->version) {
    (void)printf("hybrid %s\n", HYBRID_VERSION);
    return HY_EXIT_DONE;
  }
  if (o->help) return cmd_help(&(options){.arg = o->verb->name});
  if (o->verb->mpi) env_stop_spinning(argv, o->threads);
  return o->verb->run(o);
}

int hy_app_main(int argc, char **argv)
{
  options o;
  hy_err  err = {0};
  int     code = HY_EXIT_DONE;

  env_open_streams();
  env_set_defaults();
  const hy_code rc = options_parse(argc, argv, &o, &err);
  const bool    with_mpi = !rc && o.verb->mpi && !o.help && !o.version;

  if (rc) {
    app_error("%s", err.text);
    code = HY_EXIT_USAGE;
  } else if (with_mpi || env_rank() == 0) {
    code = flush_stdout(run_verb(&o, argv));
  }
  if (code && env_rank() > 0) hy_sleep_s(0.5);
  options_clear(&o);
  return code;
}
