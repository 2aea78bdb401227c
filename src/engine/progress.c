/** @file progress.c
 *  The progress line: tasks committed, failed, rate, time left.
 *
 *  Under Open MPI the standard output of every rank is a pseudo-terminal even when mpirun's own goes
 *  to a file; what tells is its width, which is 0 then. */
#include "engine/internal.h"

#include "base/clock.h"
#include "base/str.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int terminal_width(void)
{
  struct winsize size = {0};

  if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

void progress_begin(progress *p, const engine *e)
{
  memset(p, 0, sizeof *p);
  p->width = terminal_width();
  p->terminal = p->width > 0;
  p->on = e->rank == 0 && (e->options->progress == HY_ALWAYS ||
                           (!e->options->quiet && e->options->progress != HY_NEVER));
  p->start_s = p->shown_s = hy_now_s();
  p->total = e->job->ntasks;
  p->before = e->ndone_before;
}

static void bar(char *text, size_t n, double share)
{
  const size_t filled = (size_t)(share * (double)(n - 1));

  for (size_t i = 0; i + 1 < n; i++) text[i] = i < filled ? '#' : '.';
  text[n - 1] = 0;
}

static void line(const progress *p, int64_t done, int64_t failed, double now)
{
  const int64_t ended = p->before + done + failed, fresh = done + failed;
  const double  rate = (double)fresh / (now - p->start_s + 1e-9);
  const double  share = (double)ended / (double)p->total;
  char          n[28], total[28], left[28], bad[40] = "", blocks[25], text[160];

  bar(blocks, sizeof blocks, share);
  if (failed) (void)snprintf(bad, sizeof bad, ", %lld failed", (long long)failed);
  (void)hy_format_seconds(left, fresh ? (double)(p->total - ended) / rate : 0.0);
  (void)snprintf(text, sizeof text, "%3.0f %%  %s of %s tasks%s, %.*f/s, %s%s", 100.0 * share,
                 hy_format_count(n, ended), hy_format_count(total, p->total), bad,
                 rate < 100.0 ? 1 : 0, rate, fresh ? left : "", fresh ? " left" : "starting");
  if (p->terminal) {
    (void)fprintf(stdout, "\r\033[K[%s] %.*s", blocks, p->width > 30 ? p->width - 28 : 0, text);
    (void)fflush(stdout);
  } else {
    (void)fprintf(stderr, "hybrid: %s\n", text);
  }
}

void progress_show(progress *p, int64_t done, int64_t failed)
{
  const double  now = hy_now_s(), gap = p->terminal ? 0.1 : 10.0;
  const int64_t ended = done + failed;

  if (!p->on || now - p->shown_s < gap) return;
  if (p->terminal && ended == p->shown_done && now - p->shown_s < 1.0) return;
  p->shown_s = now;
  p->shown_done = ended;
  line(p, done, failed, now);
}

/** The bar goes: what follows is the summary. */
void progress_end(progress *p)
{
  if (!p->on || !p->terminal) return;
  (void)fprintf(stdout, "\r\033[K");
  (void)fflush(stdout);
}
