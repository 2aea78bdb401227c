/** @file json.c
 *  The text alone carries most of the state.  A member goes on a line of its own; items of an array
 *  that are plain values share one line, so a list of numbers stays readable.  An array closes on
 *  that line unless its last item was an object or array, which the last byte written tells: it is
 *  '}' or ']' only then, since strings end with a quote.
 *
 *  Strings come from outside (file names, error texts), so bytes that are not UTF-8 become U+FFFD:
 *  the text is valid JSON whatever is put in. */
#include "base/json.h"

#include <math.h>
#include <string.h>

static void new_line(hy_json *j)
{
  hy_str_add_bytes(&j->out, "\n", 1);
  for (int i = 0; i < j->depth; i++) hy_str_add_bytes(&j->out, "  ", 2);
}

/* Bytes of the UTF-8 sequence that begins at s (RFC 3629: no surrogates, no overlong forms), 0 if
 * there is none.  Stops at the zero byte by itself: it is no continuation byte. */
static int utf8_length(const unsigned char *s)
{
  unsigned low = 0x80, high = 0xbf;
  int      n = 0;

  if (s[0] < 0x80) return 1;
  if (s[0] >= 0xc2 && s[0] <= 0xdf) n = 2;
  if (s[0] >= 0xe0 && s[0] <= 0xef) n = 3;
  if (s[0] >= 0xf0 && s[0] <= 0xf4) n = 4;
  if (s[0] == 0xe0) low = 0xa0;
  if (s[0] == 0xed) high = 0x9f;
  if (s[0] == 0xf0) low = 0x90;
  if (s[0] == 0xf4) high = 0x8f;
  for (int i = 1; i < n; i++) {
    if (s[i] < low || s[i] > high) return 0;
    low = 0x80, high = 0xbf;
  }
  return n;
}

static void add_quoted(hy_str *out, const char *text)
{
  const unsigned char *s = (const unsigned char *)text;

  hy_str_add_bytes(out, "\"", 1);
  while (*s) {
    const int n = utf8_length(s);

    if (n == 0)
      hy_str_add(out, "\\ufffd");
    else if (*s == '"' || *s == '\\')
      hy_str_addf(out, "\\%c", *s);
    else if (*s == '\n')
      hy_str_add(out, "\\n");
    else if (*s == '\t')
      hy_str_add(out, "\\t");
    else if (*s < 0x20 || *s == 0x7f)
      hy_str_addf(out, "\\u%04x", *s);
    else
      hy_str_add_bytes(out, s, (size_t)n);
    s += n ? n : 1;
  }
  hy_str_add_bytes(out, "\"", 1);
}

static void begin_item(hy_json *j, const char *key, bool own_line)
{
  if (j->has_items) hy_str_add_bytes(&j->out, ",", 1);
  if (j->depth > 0 && (key || own_line))
    new_line(j);
  else if (j->has_items)
    hy_str_add_bytes(&j->out, " ", 1);
  if (key) {
    add_quoted(&j->out, key);
    hy_str_add_bytes(&j->out, ": ", 2);
  }
  j->has_items = true;
}

void hy_json_open(hy_json *j, const char *key, char bracket)
{
  if (j->depth >= 32) j->out.failed = true;
  begin_item(j, key, true);
  hy_str_add_bytes(&j->out, &bracket, 1);
  j->depth++;
  j->has_items = false;
}

void hy_json_close(hy_json *j, char bracket)
{
  char last = '\0';

  if (j->out.len) last = j->out.text[j->out.len - 1];
  j->depth--;
  if (j->has_items && (bracket == '}' || last == '}' || last == ']')) new_line(j);
  hy_str_add_bytes(&j->out, &bracket, 1);
  j->has_items = true;
  if (j->depth == 0) hy_str_add_bytes(&j->out, "\n", 1);
}

void hy_json_str(hy_json *j, const char *key, const char *value)
{
  begin_item(j, key, false);
  if (value)
    add_quoted(&j->out, value);
  else
    hy_str_add(&j->out, "null");
}

void hy_json_i64(hy_json *j, const char *key, int64_t value)
{
  begin_item(j, key, false);
  hy_str_addf(&j->out, "%lld", (long long)value);
}

void hy_json_f64(hy_json *j, const char *key, double value)
{
  char text[28];

  begin_item(j, key, false);
  hy_str_add(&j->out, isfinite(value) ? hy_format_f64(text, value) : "null");
}

void hy_json_bool(hy_json *j, const char *key, bool value)
{
  begin_item(j, key, false);
  hy_str_add(&j->out, value ? "true" : "false");
}
