/** @file options.h
 *  The one table of verbs and options.  Parsing, --help, the man page and the completion are made
 *  from it.  Local, pure. */
#ifndef HY_APP_OPTIONS_H
#define HY_APP_OPTIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct verb verb;

/** What a command line asks for.  Texts point into argv. */
typedef struct options {
  const verb *verb;
  bool        help, version; /**< --help, --version: nothing else counts                         */
  const char *arg;           /**< the verb's argument: job file, directory, name; NULL: none     */

  const char **sets; /**< owned; options_clear()                                            */
  int          nsets;
  const char  *output; /**< NULL: the job's                                                   */
  int64_t      threads;
  double       commit_s; /**< -1: the default                                                   */
  int          bind, progress; /**< index in the option's choices                              */
  bool         force, keep_journal, trace, strict, quiet;

  int64_t     rows, task, sample; /**< task -1: not given                                         */
  bool        csv;
  const char *png, *output_name;
} options;

struct verb {
  const char *name;
  const char *args; /**< "JOB.yaml", "[NAME]", "" */
  const char *doc;  /**< one line, no full stop   */
  const char *text; /**< paragraphs               */
  const char
      *complete; /**< what its argument is, for the completion: "file", "dir", words, ""     */
  bool mpi;      /**< calls MPI_Init           */
  int (*run)(const options *o);
};

enum option_type { OPT_FLAG, OPT_TEXT, OPT_LIST, OPT_COUNT, OPT_TIME, OPT_CHOICE };

typedef struct option_spec {
  const char      *name;
  char             letter; /**< 0: none                                */
  enum option_type type;
  size_t           offset;  /**< of the field in options                */
  const char      *arg;     /**< name of its argument                   */
  const char      *choices; /**< OPT_CHOICE: "auto|none"                */
  int64_t          max;     /**< OPT_COUNT: 0 .. max                    */
  const char      *verbs;   /**< " run verify ": verbs which know it    */
  const char      *doc;
} option_spec;

extern const verb        all_verbs[];   /**< ends with {0} */
extern const option_spec all_options[]; /**< ends with {0} */

const verb *verb_find(const char *name); /**< NULL: there is none */
bool        option_belongs(const option_spec *s, const verb *v);

/** Read a command line.  Without a verb it is `run`.  HY_EINPUT: a usage error, in one line. */
hy_code options_parse(int argc, char **argv, options *o, hy_err *err);
void    options_clear(options *o);

#endif
