/** @file str.c
 *  Growing strings, products without overflow, and "did you mean".
 *
 *  hy_suggest is the optimal string alignment distance (Damerau-Levenshtein in which no letter is
 *  touched twice): insert, delete, replace, or swap neighbours.  Three rows of the usual table are
 *  enough, as a swap looks two rows back.  Upper and lower case, '-' and '_' count as the same. */
#include "base/str.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool hy_str_reserve(hy_str *s, size_t n)
{
  if (s->failed) return false;
  if (n < s->capacity - s->len) return true;
  size_t wanted = s->capacity ? s->capacity : 64;

  while (wanted - s->len <= n) {
    if (wanted > SIZE_MAX / 2) goto out;
    wanted *= 2;
  }
  char *text = realloc(s->text, wanted);

  if (!text) goto out;
  s->text = text;
  s->capacity = wanted;
  return true;
out:
  s->failed = true;
  return false;
}

void hy_str_add_bytes(hy_str *s, const void *bytes, size_t n)
{
  if (!hy_str_reserve(s, n)) return;
  if (n) memcpy(s->text + s->len, bytes, n);
  s->len += n;
  s->text[s->len] = 0;
}

void hy_str_add(hy_str *s, const char *text)
{
  hy_str_add_bytes(s, text, strlen(text));
}

void hy_str_addf(hy_str *s, const char *fmt, ...)
{
  va_list args, again;

  va_start(args, fmt);
  va_copy(again, args);
  const int n = vsnprintf(NULL, 0, fmt, args);

  if (n < 0) s->failed = true;
  if (n >= 0 && hy_str_reserve(s, (size_t)n)) {
    (void)vsnprintf(s->text + s->len, (size_t)n + 1, fmt, again);
    s->len += (size_t)n;
  }
  va_end(again);
  va_end(args);
}

void hy_str_clear(hy_str *s)
{
  free(s->text);
  *s = (hy_str){0};
}

bool hy_mul_size(size_t a, size_t b, size_t *product)
{
  size_t p;

  if (__builtin_mul_overflow(a, b, &p)) return false;
  *product = p;
  return true;
}

bool hy_mul_i64(int64_t a, int64_t b, int64_t *product)
{
  int64_t p;

  if (__builtin_mul_overflow(a, b, &p)) return false;
  *product = p;
  return true;
}

enum { LONGEST = 64 }; /* longer words are no misspelt names of ours */

static int fold(char c)
{
  return c == '-' ? '_' : tolower((unsigned char)c);
}

static int min3(int a, int b, int c)
{
  const int ab = a < b ? a : b;

  return ab < c ? ab : c;
}

static int distance(const char *a, int na, const char *b, int nb)
{
  int  rows[3][LONGEST + 1];
  int *before = rows[0], *above = rows[1], *row = rows[2];

  for (int j = 0; j <= nb; j++) before[j] = above[j] = j;
  for (int i = 1; i <= na; i++) {
    row[0] = i;
    for (int j = 1; j <= nb; j++) {
      const int other = fold(a[i - 1]) != fold(b[j - 1]);

      row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + other);
      if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]) &&
          before[j - 2] + 1 < row[j])
        row[j] = before[j - 2] + 1;
    }
    int *const oldest = before;

    before = above, above = row, row = oldest;
  }
  return above[nb];
}

/* How far off a word is, or -1 when it cannot be meant: one mistake in short words, two from five
 * letters, three from nine.  A beginning of three letters or more is as good as the worst of these:
 * "iter" for "iterations". */
static int how_far(const char *word, const char *name)
{
  const size_t long_word = strlen(word), long_name = strlen(name);

  if (long_word > LONGEST || long_name > LONGEST) return -1;
  const int nw = (int)long_word, nn = (int)long_name;
  const int longer = nw > nn ? nw : nn, shorter = nw < nn ? nw : nn;
  const int limit = longer < 5 ? 1 : longer < 9 ? 2 : 3;
  const int d = distance(word, nw, name, nn);

  if (d == 0 || (d <= limit && d < longer)) return d;
  return shorter >= 3 && distance(word, shorter, name, shorter) == 0 ? 3 : -1;
}

const char *hy_suggest(const char *word, const char *const *names, int n)
{
  const char *nearest = NULL;
  int         best = -1;

  for (int i = 0; i < n; i++) {
    const int d = how_far(word, names[i]);

    if (d >= 0 && (best < 0 || d < best)) best = d, nearest = names[i];
  }
  return nearest;
}
