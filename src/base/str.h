/** @file str.h
 *  Growing strings, numbers as users write them, and "did you mean".  Local. */
#ifndef HY_BASE_STR_H
#define HY_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A growing byte string, always ended by a zero byte once anything was added.  Start with {0}.
 *  When memory runs out `failed` is set, later additions do nothing: test it once at the end. */
typedef struct hy_str {
  char  *text; /**< owned; NULL while empty */
  size_t len, capacity;
  bool   failed;
} hy_str;

void                                       hy_str_add(hy_str *s, const char *text);
void                                       hy_str_add_bytes(hy_str *s, const void *bytes, size_t n);
__attribute__((format(printf, 2, 3))) void hy_str_addf(hy_str *s, const char *fmt, ...);
void                                       hy_str_clear(hy_str *s);

/** Room for `n` more bytes and the zero byte; for who writes behind s->len himself. */
bool hy_str_reserve(hy_str *s, size_t n);

/** "1,797,000": a count with separators, into `text` (at least 28 bytes), which is returned. */
const char *hy_format_count(char text[28], int64_t n);

/** "1.25 s", "350 us", "2 h 05 min": a time for people.  Returns `text`. */
const char *hy_format_seconds(char text[28], double seconds);

/** "1.4 GiB": an amount of memory for people.  Returns `text`. */
const char *hy_format_bytes(char text[28], double bytes);

/** The shortest decimal that reads back as `x`: 0.1, 1e-05, nan, inf.  Returns `text`. */
const char *hy_format_f64(char text[28], double x);

/** Whole-string conversions: true and *value on success; leading or trailing characters, overflow
 *  and the empty string are refused.  No locale.
 *  hy_parse_i64: "12", "-3", "1e6", "64Ki", "2M" (k M G T, Ki Mi Gi Ti), whole numbers only.
 *  hy_parse_f64: as strtod in the C locale without hexadecimal; "nan" and "inf" are refused.
 *  hy_parse_seconds: "90", "1.5 s", "10ms", "5us", "10min", "2h", "1d", "01:30:00"; not negative.
 *  hy_parse_bytes: "4096", "64 MiB", "1.5GB", with the units of hy_parse_i64 and a B at will;
 *  parts of a byte are cut off ("1.1 GiB"), not negative. */
bool hy_parse_i64(const char *text, int64_t *value);
bool hy_parse_f64(const char *text, double *value);
bool hy_parse_seconds(const char *text, double *value);
bool hy_parse_bytes(const char *text, int64_t *value);

/** The name nearest to `word` among the `n` names, or NULL when none is near enough to be meant. */
const char *hy_suggest(const char *word, const char *const *names, int n);

/** `a*b` for sizes; false when it overflows. */
bool hy_mul_size(size_t a, size_t b, size_t *product);
bool hy_mul_i64(int64_t a, int64_t b, int64_t *product);

#endif
