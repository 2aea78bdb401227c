/** @file pass.h
 *  The numbers of a rank's range: from the source into the file.  Private to store/. */
#ifndef HY_STORE_PASS_H
#define HY_STORE_PASS_H

#include "store/file.h"
#include "store/store.h"

/** What was written, to be compared when it is read back. */
typedef struct store_written {
  store_span span;
  uint32_t   crc;
} store_written;

typedef struct store_pass {
  const hy_layout       *lay;
  const hy_store_source *source;
  const store_file      *file; /**< open for writing */
  const char            *path; /**< for messages: where the results will be */
  store_cut              from, to;
  char                  *buffer;  /**< [STORE_BUFFER] */
  hy_extent             *x;       /**< [noutputs] of the task at hand */
  store_written         *written; /**< [n] */
  int64_t                n, capacity;
  uint32_t              *head; /**< [nhead] CRCs of pieces of a task which a lower rank began */
  int64_t                nhead;
  bool                   head_ends; /**< its seal is ours        */
  uint32_t               crc;       /**< so far, of the task begun last */
} store_pass;

/** Room for two batches: one for outputs over all tasks, one for a task's own dataset, or to read
 *  back into; and for what aligning costs. */
enum { STORE_BUFFER = 2 * STORE_BATCH + 64 };

/** `pass` has lay, source, path, from and to.  clear() copes with a failed init(). */
hy_code store_pass_init(store_pass *pass, hy_err *err);
void    store_pass_clear(store_pass *pass);

/** Read and write everything of the range; of a task begun by a lower rank all but the seal. */
hy_code store_pass_write(store_pass *pass, hy_err *err);

/** After it: the CRC of a shared task goes from rank to rank.  `crc` is what the lower rank has;
 *  returns what the higher one needs. */
uint32_t store_pass_carry(const store_pass *pass, uint32_t crc, uint32_t *head_crc);

/** Write the seal of the task begun by a lower rank, when it is ours. */
hy_code store_pass_seal(store_pass *pass, uint32_t head_crc, hy_err *err);

/** Everything written, read back from `file` and compared. */
hy_code store_pass_check(store_pass *pass, const store_file *file, hy_err *err);

#endif
