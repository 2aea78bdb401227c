/** @file text.c
 *  Characters and lines of a text which may be anything.  Lines end where libyaml ends them, or a
 *  message would show another line than the one it names. */
#include "job/tree.h"

#include <string.h>

size_t hy_text_char(const char *p, size_t n, uint32_t *c)
{
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char   first = n ? (unsigned char)*p : 0xff;
  const size_t          length = first < 0x80             ? 1
                                 : (first & 0xe0) == 0xc0 ? 2
                                 : (first & 0xf0) == 0xe0 ? 3
                                 : (first & 0xf8) == 0xf0 ? 4
                                                          : 0;

  if (length == 0 || length > n) return 0;
  uint32_t value = length == 1 ? first : first & (0x7fU >> length);

  for (size_t i = 1; i < length; i++) {
    if (((unsigned char)p[i] & 0xc0) != 0x80) return 0;
    value = value << 6 | ((unsigned char)p[i] & 0x3f);
  }
  if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 0;
  *c = value;
  return length;
}

bool hy_text_is_utf8(const char *p, size_t n)
{
  uint32_t c;

  while (n > 0) {
    const size_t length = hy_text_char(p, n, &c);

    if (length == 0) return false;
    p += length;
    n -= length;
  }
  return true;
}

bool hy_text_printable(uint32_t c)
{
  return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x2028 && c != 0x2029 && c != 0xfeff &&
         (c & 0xfffe) != 0xfffe;
}

void hy_text_show(hy_str *out, const char *p, size_t n)
{
  uint32_t c;

  while (n > 0) {
    const size_t length = hy_text_char(p, n, &c), step = length ? length : 1;

    if (length && hy_text_printable(c))
      hy_str_add_bytes(out, p, length);
    else
      hy_str_add(out, "?");
    p += step;
    n -= step;
  }
}

/** Bytes of the line end at p, 0 when there is none.  YAML 1.1 has five of them. */
static size_t line_end(const char *p, size_t n, bool csv)
{
  if (*p == '\n') return 1;
  if (csv) return 0;
  if (*p == '\r') return n > 1 && p[1] == '\n' ? 2 : 1;
  if (n > 1 && memcmp(p, "\xc2\x85", 2) == 0) return 2;
  if (n > 2 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0)) return 3;
  return 0;
}

const char *hy_text_line(const hy_text *from, int line, size_t *n)
{
  const char *p = from->text, *start = p, *const end = p + from->n;
  int at = 1;

  while (p < end) {
    const size_t ending = line_end(p, (size_t)(end - p), from->csv);

    if (ending && at == line) break;
    p += ending ? ending : 1;
    if (ending) at++, start = p;
  }
  if (at < line) start = end;
  *n = (size_t)(p - start);
  if (from->csv && *n && start[*n - 1] == '\r') --*n;
  return start;
}
