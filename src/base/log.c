/** @file log.c
 *  A line is put together on the stack and written by one write(2): lines of threads and ranks that
 *  share a terminal or a pipe do not mix.  stdio would split them at its buffer. */
#include "base/log.h"

#include "base/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_int     log_rank = -1;
static atomic_int     log_level = HY_LOG_INFO;
static _Atomic double log_start_s = -1.0; /* of the first line or of hy_log_init */

static double elapsed_s(void)
{
  const double now = hy_now_s();
  double       start = -1.0;

  if (atomic_compare_exchange_strong(&log_start_s, &start, now)) return 0.0;
  return now - start;
}

void hy_log_init(int rank, hy_level level)
{
  atomic_store(&log_rank, rank);
  atomic_store(&log_level, (int)level);
  (void)elapsed_s();
}

static size_t add_prefix(char *line, size_t size, hy_level level, const char *module)
{
  const int   rank = atomic_load(&log_rank);
  const char *mark = level == HY_LOG_ERROR ? "error: " : level == HY_LOG_WARN ? "warning: " : "";
  char        who[16] = "";

  if (rank >= 0) (void)snprintf(who, sizeof who, "r%d ", rank);
  const int n = snprintf(line, size, "%.3f %s%.32s: %s", elapsed_s(), who, module, mark);

  return n > 0 ? (size_t)n : 0;
}

void hy_log(hy_level level, const char *module, const char *fmt, ...)
{
  if ((int)level > atomic_load(&log_level)) return;
  const int saved_errno = errno; /* logging must not disturb who logs an error and then reads it */
  char      line[1024];
  size_t    n = add_prefix(line, sizeof line, level, module);
  va_list   args;

  va_start(args, fmt);
  const int text = vsnprintf(line + n, sizeof line - n, fmt, args);
  va_end(args);
  if (text > 0) n += (size_t)text;
  if (n > sizeof line - 1) n = sizeof line - 1;
  for (size_t i = 0; i < n; i++) {
    if ((unsigned char)line[i] < ' ') line[i] = ' '; /* names from users may hold anything */
  }
  line[n++] = '\n';
  for (size_t at = 0; at < n;) {
    const ssize_t done = write(STDERR_FILENO, line + at, n - at);

    if (done < 0 && errno != EINTR) break;
    if (done > 0) at += (size_t)done;
  }
  errno = saved_errno;
}
