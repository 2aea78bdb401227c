/** @file words.h
 *  Facts about the program as a whole that --help and the man page tell: exit codes, files,
 *  environment.  Local. */
#ifndef HY_APP_WORDS_H
#define HY_APP_WORDS_H

typedef struct word {
  const char *name, *doc;
} word;

extern const char words_title[], words_about[];
extern const word words_exit_codes[], words_files[], words_environment[], words_examples[];

#endif
