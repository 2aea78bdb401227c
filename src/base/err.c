/** @file err.c */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void hy_fail_at(hy_err *err, hy_code code, const char *file, int line, const char *fmt, ...)
{
  va_list args;

  if (!err) return;
  const char *base = strrchr(file, '/');

  memset(err, 0, sizeof *err); /* it is sent and journaled as bytes: no old ones behind the text */
  err->code = (int)code;
  (void)snprintf(err->where, sizeof err->where, "%.30s:%d", base ? base + 1 : file, line);
  va_start(args, fmt);
  (void)vsnprintf(err->text, sizeof err->text, fmt, args);
  va_end(args);
}
