/** @file table.h
 *  Small text tables: columns as wide as their widest cell, numbers to the right.  Local. */
#ifndef HY_APP_TABLE_H
#define HY_APP_TABLE_H

#include "base/str.h"

typedef struct table table;

/** The first row holds the titles: `heads`, or when that is NULL, the first cells.  NULL when out
 *  of memory, which all functions below take as a table that has failed. */
table *table_new(const char *const *heads, int columns);

/** The next cell, row by row. */
void                                       table_cell(table *t, const char *text);
__attribute__((format(printf, 2, 3))) void table_cellf(table *t, const char *fmt, ...);

/** Print it on stdout, indented; frees it.  "out of memory" on stderr when that happened. */
void table_print_free(table *t, int indent);

#endif
