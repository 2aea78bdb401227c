/** @file json.h
 *  A JSON text, written in order into a hy_str: commas, quotes and indents are its business.
 *  Local. */
#ifndef HY_BASE_JSON_H
#define HY_BASE_JSON_H

#include "base/str.h"

typedef struct hy_json {
  hy_str out;       /**< take out.text when done; hy_str_clear() it */
  int    depth;     /**< open objects and arrays, at most 32        */
  bool   has_items; /**< of the innermost one                       */
} hy_json;

/** `key` is NULL inside arrays and at the top.  Strings may hold any bytes: what is not UTF-8
 *  becomes U+FFFD.  A newline follows when the outermost bracket closes. */
void hy_json_open(hy_json *j, const char *key, char bracket);     /**< '{' or '[' */
void hy_json_close(hy_json *j, char bracket);                     /**< '}' or ']' */
void hy_json_str(hy_json *j, const char *key, const char *value); /**< null for NULL */
void hy_json_i64(hy_json *j, const char *key, int64_t value);
void hy_json_f64(hy_json *j, const char *key, double value); /**< null when not finite */
void hy_json_bool(hy_json *j, const char *key, bool value);

#endif
