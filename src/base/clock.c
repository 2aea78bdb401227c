/** @file clock.c
 *  CLOCK_MONOTONIC: no leap seconds, no adjustments backwards, one origin per machine. */
#include "base/clock.h"

#include <errno.h>
#include <time.h>

int64_t hy_now_ns(void)
{
  struct timespec now;

  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void hy_sleep_s(double seconds)
{
  const double longest = 1e9; /* 31 years; keeps the sum below far from overflow */

  if (!(seconds > 0.0)) return;
  /* until a point in time, so that signals neither shorten nor, by rounding, lengthen the sleep */
  const int64_t   end = hy_now_ns() + (int64_t)(1e9 * (seconds < longest ? seconds : longest));
  struct timespec until = {.tv_sec = (time_t)(end / 1000000000), .tv_nsec = end % 1000000000};

  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
  }
}

void hy_utc_now(char text[24])
{
  const time_t now = time(NULL);
  struct tm    utc;

  text[0] = 0;
  if (gmtime_r(&now, &utc)) (void)strftime(text, 24, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
