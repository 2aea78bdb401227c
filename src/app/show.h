/** @file show.h
 *  Ways to look at results.h5.  Local. */
#ifndef HY_APP_SHOW_H
#define HY_APP_SHOW_H

#include "app/options.h"
#include "job/job.h"
#include "store/store.h"

/** Swept parameters, status and scalar outputs: the first rows as a table, or all as CSV.
 *  --task is one of the job's, or -1.  HY_EIO. */
hy_code show_table(const options *o, const hy_job *job, hy_store *store, hy_err *err);
hy_code show_csv(const options *o, const hy_job *job, hy_store *store, hy_err *err);

/** Write an output as a PNG: --png FILE, --output-name NAME, --task N. */
hy_code show_picture(const options *o, const hy_job *job, hy_store *store, hy_err *err);

#endif
