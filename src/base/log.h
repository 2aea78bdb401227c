/** @file log.h
 *  Log lines on stderr: `12.345 r3 engine: task 17 took 1.25 s`.  Local, thread-safe: one line is
 *  one write(). */
#ifndef HY_BASE_LOG_H
#define HY_BASE_LOG_H

typedef enum hy_level { HY_LOG_ERROR, HY_LOG_WARN, HY_LOG_INFO, HY_LOG_DEBUG } hy_level;

/** Rank named in the lines (-1: none), and the most talkative level printed. */
void hy_log_init(int rank, hy_level level);

/** `module` is the folder the line comes from; the text is lower case, without newline. */
__attribute__((format(printf, 3, 4))) void hy_log(hy_level level, const char *module,
                                                  const char *fmt, ...);

#endif
