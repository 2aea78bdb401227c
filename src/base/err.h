/** @file err.h
 *  Status codes and error text.  Knows nothing of MPI.  Local. */
#ifndef HY_BASE_ERR_H
#define HY_BASE_ERR_H

/** Ordered by severity: hy_agree() of comm.h keeps the largest. */
typedef enum hy_code {
  HY_OK = 0,
  HY_STOP,   /**< not an error: cancelled, or budget spent             */
  HY_EINPUT, /**< the user's job file, data or arguments               */
  HY_ECHECK, /**< the kernel ran, its result failed verification       */
  HY_EIO,    /**< file, HDF5, file system                              */
  HY_ENOMEM,
  HY_EBUG /**< an invariant of ours is broken                       */
} hy_code;

/** Plain bytes, so it can be broadcast and journaled as it is. */
typedef struct hy_err {
  int  code;      /**< hy_code                                          */
  int  rank;      /**< rank that detected it, in the agreeing comm      */
  char where[40]; /**< "file.c:123"                                     */
  char text[464]; /**< one lower-case line, no newline                  */
} hy_err;

/** Record an error once, where it is detected; callers only pass it on.  `err` may be NULL.
 *  Evaluates to `code`, visibly so to an analyser. */
#define hy_fail(err, code, ...) (hy_fail_at((err), (code), __FILE__, __LINE__, __VA_ARGS__), (code))
__attribute__((format(printf, 5, 6))) void hy_fail_at(hy_err *err, hy_code code, const char *file,
                                                      int line, const char *fmt, ...);

#endif
