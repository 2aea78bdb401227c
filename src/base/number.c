/** @file number.c
 *  Numbers as users write them, and back.
 *
 *  Whole numbers are never read through a double: "9007199254740993" must not lose its last digit.
 *  A decimal is kept as digits * 10^exponent with 64-bit digits; the unit multiplies it, and only
 *  then is the power of ten applied, with every product checked: "1.5k" is 1500, "1.5" is refused.
 *
 *  Conversions run under the C locale of their own, so that a library which calls setlocale cannot
 *  turn "0.1" into "0,1". */
#include "base/number.h"
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static locale_t       c_locale;

static void make_c_locale(void)
{
  c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t hy_c_locale_enter(void)
{
  (void)pthread_once(&c_locale_once, make_c_locale);
  return uselocale(c_locale); /* (locale_t)0, no memory: changes nothing */
}

void hy_c_locale_leave(locale_t before)
{
  (void)uselocale(before);
}

/* An unsigned decimal as written: digits * 10^exponent, or too long for that. */
typedef struct decimal {
  uint64_t digits;
  int      exponent;
  bool     exact;
} decimal;

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static void add_digit(decimal *d, char c, bool fraction)
{
  uint64_t next;

  if (__builtin_mul_overflow(d->digits, (uint64_t)10, &next) ||
      __builtin_add_overflow(next, (uint64_t)(c - '0'), &next))
    d->exact = false;
  else
    d->digits = next;
  d->exponent -= fraction;
}

/* Reads digits[.digits][e[+-]digits] and returns where it ends, NULL when there is no number. */
static const char *scan_decimal(const char *p, decimal *d)
{
  bool any = false;

  *d = (decimal){.exact = true};
  for (; is_digit(*p); p++, any = true) add_digit(d, *p, false);
  if (*p == '.') {
    for (p++; is_digit(*p); p++, any = true) add_digit(d, *p, true);
  }
  if (!any) return NULL;
  if (*p == 'e' || *p == 'E') {
    const char *q = p + 1;
    const bool  minus = *q == '-';
    int         e = 0;

    if (*q == '-' || *q == '+') q++;
    if (!is_digit(*q)) return NULL;
    for (; is_digit(*q); q++) {
      if (e < 100000) e = 10 * e + (*q - '0');
    }
    d->exponent += minus ? -e : e;
    p = q;
  }
  return p;
}

/* digits * unit * 10^exponent, if that is a whole number below 2^64 */
static bool to_whole(decimal d, uint64_t unit, uint64_t *value)
{
  uint64_t v = d.digits;

  if (!d.exact) return false;
  for (; d.exponent < 0 && v % 10 == 0; d.exponent++) v /= 10;
  if (__builtin_mul_overflow(v, unit, &v)) return false;
  for (; d.exponent < 0; d.exponent++, v /= 10) {
    if (v % 10) return false;
  }
  for (; d.exponent > 0; d.exponent--) {
    if (__builtin_mul_overflow(v, (uint64_t)10, &v)) return false;
  }
  *value = v;
  return true;
}

/* "", k, M, G, T, Ki, Mi, Gi, Ti at p; where it ends */
static const char *scan_prefix(const char *p, uint64_t *unit)
{
  static const char letters[] = "kMGT";
  const char       *at = *p ? strchr(letters, *p == 'K' ? 'k' : *p) : NULL;

  *unit = 1;
  if (!at) return p;
  const bool binary = p[1] == 'i';

  for (long i = 0; i <= at - letters; i++) *unit *= binary ? 1024 : 1000;
  return p + (binary ? 2 : 1);
}

bool hy_parse_i64(const char *text, int64_t *value)
{
  const bool  minus = *text == '-';
  const char *p = text + (*text == '-' || *text == '+');
  decimal     d;
  uint64_t    unit, v;

  p = scan_decimal(p, &d);
  if (!p) return false;
  p = scan_prefix(p, &unit);
  if (*p || !to_whole(d, unit, &v)) return false;
  if (v > (uint64_t)INT64_MAX + minus) return false;
  *value = minus ? (int64_t)(0 - v) : (int64_t)v;
  return true;
}

/* The double in the bytes text..end, which scan_decimal accepted. */
static bool to_f64(const char *text, const char *end, double *value)
{
  const locale_t before = hy_c_locale_enter();
  const int      saved_errno = errno;
  char          *stop = NULL;
  const double   x = strtod(text, &stop);

  errno = saved_errno;
  hy_c_locale_leave(before);
  if (stop != end || !isfinite(x)) return false;
  *value = x;
  return true;
}

bool hy_parse_f64(const char *text, double *value)
{
  decimal     d;
  const char *end = scan_decimal(text + (*text == '-' || *text == '+'), &d);

  return end && !*end && to_f64(text, end, value);
}

/* One or two (`wide`: one to six) digits at p, two at least when not wide. */
static const char *scan_clock_field(const char *p, bool wide, int *value)
{
  const char *start = p;

  for (*value = 0; is_digit(*p) && p - start < 6; p++) *value = 10 * *value + (*p - '0');
  return (wide ? p > start : p == start + 2 && *value < 60) ? p : NULL;
}

/* hours:minutes:seconds */
static bool parse_clock(const char *text, double *value)
{
  int         h, m, s;
  const char *p = scan_clock_field(text, true, &h);

  if (!p || *p != ':') return false;
  p = scan_clock_field(p + 1, false, &m);
  if (!p || *p != ':') return false;
  p = scan_clock_field(p + 1, false, &s);
  if (!p || *p) return false;
  *value = 3600.0 * h + 60.0 * m + s;
  return true;
}

bool hy_parse_seconds(const char *text, double *value)
{
  /* small units divide: 10 ms is the double next to 0.01, which 10 * 1e-3 need not be */
  static const struct {
    const char *name;
    double      times, over;
  } units[] = {
      {"",    1,     1  },
      {"s",   1,     1  },
      {"ms",  1,     1e3},
      {"us",  1,     1e6},
      {"ns",  1,     1e9},
      {"min", 60,    1  },
      {"h",   3600,  1  },
      {"d",   86400, 1  },
  };
  decimal     d;
  double      x;
  const char *end = scan_decimal(text, &d);

  if (!end) return false;
  if (*end == ':') return parse_clock(text, value);
  if (!to_f64(text, end, &x)) return false;
  const char *unit = *end == ' ' && end[1] ? end + 1 : end;

  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcmp(unit, units[i].name) != 0) continue;
    x = x * units[i].times / units[i].over;
    if (!isfinite(x)) return false;
    *value = x;
    return true;
  }
  return false;
}

bool hy_parse_bytes(const char *text, int64_t *value)
{
  decimal     d;
  uint64_t    unit, v;
  double      x;
  const char *end = scan_decimal(text, &d);

  if (!end) return false;
  const char *p = *end == ' ' && end[1] ? end + 1 : end;

  p = scan_prefix(p, &unit);
  if (*p == 'B') p++;
  if (*p) return false;
  if (!to_whole(d, unit, &v)) {
    /* 1.1 GiB is no whole number of bytes, but what is meant is clear; 1.5 bytes is not */
    if (unit == 1 || !to_f64(text, end, &x)) return false;
    x = floor(x * (double)unit);
    if (!(x < 0x1p63)) return false;
    v = (uint64_t)x;
  }
  if (v > INT64_MAX) return false;
  *value = (int64_t)v;
  return true;
}
