/** @file number.h
 *  Shared by number.c and format.c: a stretch of code that no setlocale() of a library can disturb,
 *  turning "0.1" into "0,1".  Local, per thread. */
#ifndef HY_BASE_NUMBER_H
#define HY_BASE_NUMBER_H

#include <locale.h>

/** The C locale for this thread until hy_c_locale_leave() of what this returned. */
locale_t hy_c_locale_enter(void);
void     hy_c_locale_leave(locale_t before);

#endif
