/** @file format.c
 *  Numbers for people, and the shortest decimal of a double.
 *
 *  Fifteen digits are kept by any double (DBL_DIG), so if some decimal of at most 15 digits reads
 *  back as x, "%.15g" is it, without its trailing zeros.  Else 16 digits, else 17, which always do.
 *  Two exceptions.  Subnormal numbers hold fewer digits: there the search begins at one.  And at a
 *  power of two the gap below is half the gap above, so the nearest decimal of 16 digits may miss
 *  while its neighbour, one unit farther from zero, reads back: it is tried too. */
#include "base/number.h"
#include "base/str.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *hy_format_count(char text[28], int64_t n)
{
  char      digits[24];
  const int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
  char     *to = text;

  for (int i = 0; i < len; i++) {
    *to++ = digits[i];
    if (digits[i] != '-' && i + 1 < len && (len - 1 - i) % 3 == 0) *to++ = ',';
  }
  *to = 0;
  return text;
}

/* "2 h 05 min" of a whole number of the smaller unit, which 60 or 24 of make a larger one */
static void format_pair(char text[28], double small, double ratio, const char *large_name,
                        const char *small_name)
{
  const double large = floor(small / ratio);

  (void)snprintf(text, 28, "%.0f %s %02.0f %s", large, large_name, small - ratio * large,
                 small_name);
}

const char *hy_format_seconds(char text[28], double seconds)
{
  static const struct {
    double      below, times; /* the first digits that would round up to 1000 are the next unit's */
    const char *name;
  } units[] = {
      {999.5e-9, 1e9, "ns"},
      {999.5e-6, 1e6, "us"},
      {999.5e-3, 1e3, "ms"},
      {59.95,    1,   "s" }
  };
  const locale_t before = hy_c_locale_enter();
  const double   x = fabs(seconds);
  size_t         i = 0;

  while (i < 4 && !(x < units[i].below)) i++;
  if (seconds == 0.0)
    (void)snprintf(text, 28, "0 s");
  else if (!isfinite(seconds))
    (void)snprintf(text, 28, "%f s", seconds);
  else if (seconds < 0.0 || i < 4) {
    /* a negative time is some mistake: show the plain number */
    if (seconds < 0.0)
      (void)snprintf(text, 28, "%.3g s", seconds);
    else
      (void)snprintf(text, 28, "%.3g %s", x * units[i].times, units[i].name);
  } else if (x < 3599.5)
    format_pair(text, rint(x), 60.0, "min", "s");
  else if (x < 86370.0)
    format_pair(text, rint(x / 60.0), 60.0, "h", "min");
  else if (x < 8.64e13)
    format_pair(text, rint(x / 3600.0), 24.0, "d", "h");
  else
    (void)snprintf(text, 28, "%.3g d", x / 86400.0);
  hy_c_locale_leave(before);
  return text;
}

const char *hy_format_bytes(char text[28], double bytes)
{
  static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  const locale_t           before = hy_c_locale_enter();
  size_t                   i = 0;

  while (i + 1 < sizeof names / sizeof *names && fabs(bytes) >= 1023.5) bytes /= 1024.0, i++;
  (void)snprintf(text, 28, fabs(bytes) < 9.95 && i > 0 ? "%.1f %s" : "%.4g %s",
                 i > 0 && fabs(bytes) >= 9.95 ? rint(bytes) : bytes, names[i]);
  hy_c_locale_leave(before);
  return text;
}

static bool reads_back(const char *text, double x)
{
  return strtod(text, NULL) == x;
}

/* The decimal of 16 digits next to x, away from zero.  No carry is needed: with a 0 at the end it
 * would be one of 15 digits, and those were tried.  Where this can matter x is so large or so small
 * that "%g", too, writes an exponent. */
static bool neighbour_reads_back(char text[28], double x)
{
  (void)snprintf(text, 28, "%.15e", x);
  char *last = text + strcspn(text, "e") - 1;

  if (*last == '9') return false;
  ++*last;
  return reads_back(text, x);
}

const char *hy_format_f64(char text[28], double x)
{
  const locale_t before = hy_c_locale_enter();
  const int      saved_errno = errno; /* strtod says ERANGE for subnormal numbers */
  const bool     small = fabs(x) < DBL_MIN;
  int            unused;

  if (!isfinite(x)) {
    (void)snprintf(text, 28, "%s", isnan(x) ? "nan" : x < 0.0 ? "-inf" : "inf");
  } else {
    for (int digits = small ? 1 : DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
      (void)snprintf(text, 28, "%.*g", digits, x);
      if (reads_back(text, x)) break;
      if (digits == 16 && fabs(frexp(x, &unused)) == 0.5 && neighbour_reads_back(text, x)) break;
    }
  }
  errno = saved_errno;
  hy_c_locale_leave(before);
  return text;
}
