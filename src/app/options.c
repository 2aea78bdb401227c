/** @file options.c
 *  All that can be typed behind `hybrid`, in two tables, and the parser over them.
 *
 *  The first word is the verb; a first word that is a file or looks like one is a job to run, and
 *  no word at all runs the built-in job.  getopt_long sees only the options of that verb, so an
 *  option of another verb is unknown to it and can be named in the message. */
#include "app/options.h"

#include "app/cmd.h"
#include "base/io.h"
#include "base/str.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 40, LETTERLESS = 256 };

// clang-format off
const verb all_verbs[] = {
    {"run", "[JOB.yaml]", "run a job, or go on with one that was stopped",
     "Runs the tasks of a job on all ranks that mpirun or srun started and writes results.h5 into "
     "the run directory. Without JOB.yaml the built-in quickstart job is run. A job whose run "
     "directory holds an unfinished run goes on where it was; a finished one is refused without "
     "--force. The word run may be left out: hybrid JOB.yaml does the same.",
     "file", true, cmd_run},
    {"check", "[JOB.yaml]", "read and plan a job, run nothing",
     "Finds every mistake in a job file and the data it names, then prints what a run would do: "
     "tasks, sweep, outputs with shapes and units, size of the results, memory, estimated work. "
     "Needs no MPI.",
     "file", false, cmd_check},
    {"kernels", "[NAME]", "list the kernels, or describe one in full",
     "Without NAME one line for each kernel; with it the mathematics, parameters, outputs and an "
     "example job.",
     "kernels", false, cmd_kernels},
    {"info", "", "build, libraries, cores and binding",
     "Says how hybrid was built and with which libraries, draws the cores it may use and how the "
     "ranks of this mpirun would be bound to them.",
     "", true, cmd_info},
    {"show", "DIR", "a finished or unfinished run, as a table",
     "Prints the state of a run directory and, for a finished run, the swept parameters, status "
     "and scalar outputs of its tasks. With --csv all tasks go to stdout as comma-separated values "
     "in full precision, with --png an output becomes a picture.",
     "dir", false, cmd_show},
    {"verify", "DIR", "re-read the results of a run and check them",
     "Recomputes the checksums of results.h5, then lets the kernel judge the outputs of every task "
     "against what theory says.",
     "dir", true, cmd_verify},
    {"help", "[VERB]", "this page, or all about one verb", "", "verbs", false, cmd_help},
    {"man", "", "the manual page, as roff",
     "Read it by: hybrid man | man -l -",
     "", false, cmd_man},
    {"completion", "bash", "completion for the shell",
     "Use it by: source <(hybrid completion bash)",
     "bash", false, cmd_completion},
    {0}};

#define AT(field) offsetof(options, field)

const option_spec all_options[] = {
    {"set", 0, OPT_LIST, AT(sets), "KEY=VALUE", NULL, 0, " run check ",
     "replace a value of the job file, e.g. params.k=7 or sweep.k=[2,3]; may be repeated"},
    {"output", 'o', OPT_TEXT, AT(output), "DIR", NULL, 0, " run check ",
     "run directory, instead of the job's (results/NAME by default)"},
    {"threads", 't', OPT_COUNT, AT(threads), "N", NULL, 4096, " run info verify ",
     "OpenMP threads per rank; default: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, or the rank's share "
     "of the cores"},
    {"bind", 0, OPT_CHOICE, AT(bind), NULL, "auto|none", 0, " run info ",
     "auto: ranks and threads get cores of their own; none: the launcher's binding is left alone"},
    {"force", 'f', OPT_FLAG, AT(force), NULL, NULL, 0, " run ",
     "drop the run which is in the run directory and start anew"},
    {"keep-journal", 0, OPT_FLAG, AT(keep_journal), NULL, NULL, 0, " run ",
     "keep the journal when the results are written"},
    {"trace", 0, OPT_FLAG, AT(trace), NULL, NULL, 0, " run ",
     "write trace.json, a timeline for ui.perfetto.dev or chrome://tracing"},
    {"strict", 0, OPT_FLAG, AT(strict), NULL, NULL, 0, " run ",
     "refuse to run where the placement has warnings, e.g. more threads than cores"},
    {"commit-interval", 0, OPT_TIME, AT(commit_s), "TIME", NULL, 0, " run ",
     "longest time until results are safe on disk, e.g. 50ms or 2s; default 100ms"},
    {"progress", 0, OPT_CHOICE, AT(progress), NULL, "auto|always|never", 0, " run ",
     "the progress line; auto: a bar on a terminal, else a line now and then"},
    {"rows", 'n', OPT_COUNT, AT(rows), "N", NULL, INT64_MAX, " show ",
     "tasks in the table, 0 for all; default 20"},
    {"csv", 0, OPT_FLAG, AT(csv), NULL, NULL, 0, " show ",
     "all tasks as comma-separated values (RFC 4180)"},
    {"png", 0, OPT_TEXT, AT(png), "FILE", NULL, 0, " show ",
     "write an output as a picture; tasks of a sweep over one or two axes are laid side by side"},
    {"output-name", 0, OPT_TEXT, AT(output_name), "NAME", NULL, 0, " show ",
     "the output --png takes; default: the first with two dimensions"},
    {"task", 0, OPT_COUNT, AT(task), "N", NULL, INT64_MAX, " show ",
     "only this task"},
    {"sample", 0, OPT_COUNT, AT(sample), "N", NULL, INT64_MAX, " verify ",
     "verify at most N tasks, evenly spread; default: all"},
    {"quiet", 'q', OPT_FLAG, AT(quiet), NULL, NULL, 0, " run verify ",
     "print errors only"},
    {"help", 'h', OPT_FLAG, AT(help), NULL, NULL, 0, NULL, "help on the verb"},
    {"version", 'V', OPT_FLAG, AT(version), NULL, NULL, 0, NULL, "print the version"},
    {0}};
// clang-format on

const verb *verb_find(const char *name)
{
  for (const verb *v = all_verbs; v->name; v++)
    if (strcmp(v->name, name) == 0) return v;
  return NULL;
}

bool option_belongs(const option_spec *s, const verb *v)
{
  char word[32];

  (void)snprintf(word, sizeof word, " %s ", v->name);
  return !s->verbs || strstr(s->verbs, word);
}

static hy_code take_choice(const option_spec *s, const char *text, int *index, hy_err *err)
{
  const size_t n = strlen(text);
  int          i = 0;

  for (const char *c = s->choices; c; i++) {
    const size_t len = strcspn(c, "|");

    if (len == n && strncmp(c, text, n) == 0) {
      *index = i;
      return HY_OK;
    }
    c = c[len] ? c + len + 1 : NULL;
  }
  return hy_fail(err, HY_EINPUT, "--%s must be one of %s, not \"%s\"", s->name, s->choices, text);
}

static hy_code take_value(const option_spec *s, const char *text, options *o, hy_err *err)
{
  void   *field = (char *)o + s->offset;
  int64_t n = 0;
  double  x = 0.0;

  switch (s->type) {
  case OPT_FLAG:
    *(bool *)field = true;
    return HY_OK;
  case OPT_TEXT:
    if (!text[0])
      return hy_fail(err, HY_EINPUT, "--%s needs a %s, not an empty text", s->name, s->arg);
    *(const char **)field = text;
    return HY_OK;
  case OPT_LIST:
    if (text[0] == '=' || !strchr(text, '='))
      return hy_fail(err, HY_EINPUT, "--%s needs %s, e.g. params.k=7, not \"%s\"", s->name, s->arg,
                     text);
    o->sets[o->nsets++] = text;
    return HY_OK;
  case OPT_COUNT:
    if (!hy_parse_i64(text, &n) || n < 0 || n > s->max)
      return hy_fail(err, HY_EINPUT, "--%s must be a whole number from 0%s, not \"%s\"", s->name,
                     s->max == 4096 ? " to 4096" : " on", text);
    *(int64_t *)field = n;
    return HY_OK;
  case OPT_TIME:
    if (!hy_parse_seconds(text, &x) || x < 0.0)
      return hy_fail(err, HY_EINPUT, "--%s must be a time such as 50ms or 2s, not \"%s\"", s->name,
                     text);
    *(double *)field = x;
    return HY_OK;
  case OPT_CHOICE:
    return take_choice(s, text, (int *)field, err);
  }
  return hy_fail(err, HY_EBUG, "option --%s has no type", s->name);
}

/** A long option which other verbs have; else the nearest of this one's. */
static hy_code unknown_option(const char *word, const verb *v, hy_err *err)
{
  const char *names[MAX_OPTIONS];
  char        name[64];
  int         n = 0;

  (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
  const char *bare = name[1] == '-' ? name + 2 : NULL;

  for (const option_spec *s = all_options; s->name; s++) {
    if (option_belongs(s, v))
      names[n++] = s->name;
    else if (bare && strcmp(s->name, bare) == 0)
      return hy_fail(err, HY_EINPUT, "`%s` has no option %s, but `%.*s` has", v->name, name,
                     (int)strcspn(s->verbs + 1, " "), s->verbs + 1);
  }
  const char *near = bare ? hy_suggest(bare, names, n) : NULL;

  if (near) return hy_fail(err, HY_EINPUT, "unknown option %s; did you mean --%s?", name, near);
  return hy_fail(err, HY_EINPUT, "unknown option %s; see `hybrid help %s`", name, v->name);
}

/** getopt's view of the options of a verb; option number i has val LETTERLESS + i. */
static void getopt_tables(const verb *v, struct option *longs, char *letters)
{
  int n = 0, l = 0;

  letters[l++] = ':'; /* a missing argument is told from an unknown option */
  for (int i = 0; all_options[i].name; i++) {
    const option_spec *s = &all_options[i];
    const bool         has_arg = s->type != OPT_FLAG;

    if (!option_belongs(s, v)) continue;
    longs[n++] =
        (struct option){s->name, has_arg ? required_argument : no_argument, NULL, LETTERLESS + i};
    if (!s->letter) continue;
    letters[l++] = s->letter;
    if (has_arg) letters[l++] = ':';
  }
  longs[n] = (struct option){0};
  letters[l] = 0;
}

static const option_spec *by_value(int value)
{
  if (value >= LETTERLESS) return &all_options[value - LETTERLESS];
  for (const option_spec *s = all_options; s->name; s++)
    if (s->letter && s->letter == value) return s;
  return NULL;
}

static hy_code complain(int c, char **argv, const verb *v, hy_err *err)
{
  const option_spec *s = by_value(optopt);
  char               letter[3] = {'-', (char)optopt, 0};

  if (c == ':')
    return hy_fail(err, HY_EINPUT, "--%s needs an argument: %s", s ? s->name : "?",
                   s && s->choices ? s->choices
                   : s             ? s->arg
                                   : "?");
  if (optopt >= LETTERLESS) return hy_fail(err, HY_EINPUT, "--%s takes no argument", s->name);
  return unknown_option(optopt ? letter : argv[optind - 1], v, err);
}

/** Options and arguments behind the verb: argv[0] is the verb, or the program. */
static hy_code parse_rest(int argc, char **argv, options *o, hy_err *err)
{
  struct option longs[MAX_OPTIONS];
  char          letters[2 * MAX_OPTIONS];
  hy_code       rc = HY_OK;
  int           c;

  getopt_tables(o->verb, longs, letters);
  opterr = 0;
  optind = 0; /* GNU: forget everything about an earlier argv */
  while (!rc && (c = getopt_long(argc, argv, letters, longs, NULL)) != -1)
    rc = c == '?' || c == ':' ? complain(c, argv, o->verb, err)
                              : take_value(by_value(c), optarg, o, err);
  if (rc || o->help || o->version) return rc;
  const char *args = o->verb->args;

  if (optind < argc && args[0]) o->arg = argv[optind++];
  if (o->arg && verb_find(o->arg) && argv[0][0] && !verb_find(argv[0]))
    return hy_fail(err, HY_EINPUT, "the verb must be the first word: hybrid %s ...", o->arg);
  if (optind < argc)
    return hy_fail(err, HY_EINPUT, "`%s` takes %s: \"%s\" is too much", o->verb->name,
                   args[0] ? "one argument" : "no argument", argv[optind]);
  if (!o->arg && args[0] && args[0] != '[')
    return hy_fail(err, HY_EINPUT, "`%s` needs an argument: hybrid %s %s", o->verb->name,
                   o->verb->name, args);
  if (o->arg && !o->arg[0])
    return hy_fail(err, HY_EINPUT, "the argument of `%s` is empty", o->verb->name);
  return HY_OK;
}

static hy_code unknown_verb(const char *word, hy_err *err)
{
  const char *names[MAX_OPTIONS];
  int         n = 0;

  for (const verb *v = all_verbs; v->name; v++) names[n++] = v->name;
  const char *near = hy_suggest(word, names, n);

  if (near)
    return hy_fail(err, HY_EINPUT, "\"%s\" is neither a verb nor a job file; did you mean `%s`?",
                   word, near);
  return hy_fail(err, HY_EINPUT, "\"%s\" is neither a verb nor a job file; see `hybrid help`",
                 word);
}

/** A word with a dot or a slash is meant as a file, whether it exists or not. */
static bool is_job_file(const char *word)
{
  return strpbrk(word, "./") || hy_io_exists(word);
}

hy_code options_parse(int argc, char **argv, options *o, hy_err *err)
{
  const char *first = argc > 1 ? argv[1] : NULL;
  const verb *v = first ? verb_find(first) : NULL;

  *o = (options){.verb = verb_find("run"), .commit_s = -1.0, .rows = 20, .task = -1};
  if (!v && first && first[0] != '-' && !is_job_file(first)) return unknown_verb(first, err);
  o->sets = calloc((size_t)argc + 1, sizeof *o->sets);
  if (!o->sets) return hy_fail(err, HY_ENOMEM, "no memory for the command line");
  if (!v) return parse_rest(argc, argv, o, err);
  o->verb = v;
  return parse_rest(argc - 1, argv + 1, o, err);
}

void options_clear(options *o)
{
  free(o->sets);
  o->sets = NULL;
}
