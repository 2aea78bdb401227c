/** @file clock.h
 *  Monotonic time.  Local. */
#ifndef HY_BASE_CLOCK_H
#define HY_BASE_CLOCK_H

#include <stdint.h>

/** Nanoseconds since an arbitrary start, the same for all processes of a machine. */
int64_t hy_now_ns(void);

/** Seconds since the same start. */
static inline double hy_now_s(void)
{
  return 1e-9 * (double)hy_now_ns();
}

/** Sleep, whatever signals come. */
void hy_sleep_s(double seconds);

/** "2026-11-20T21:04:08Z" of now, into `text`, which holds 24 bytes. */
void hy_utc_now(char text[24]);

#endif
