/** @file man.c
 *  `hybrid man` and `hybrid completion bash`, made from the same tables as --help. */
#include "app/cmd.h"
#include "app/words.h"
#include "engine/engine.h"
#include "kernel/registry.h"

#include <stdio.h>
#include <string.h>

/** A text as roff: what would be read as a request or an escape is protected, minus signs stay
 *  ASCII so that options can be copied. */
static void roff(const char *text)
{
  if (*text == '.' || *text == '\'') (void)fputs("\\&", stdout);
  for (; *text; text++) {
    if (*text == '\\')
      (void)fputs("\\e", stdout);
    else if (*text == '-')
      (void)fputs("\\-", stdout);
    else if (*text == '^' || *text == '~' || *text == '\'' || *text == '`')
      (void)printf("\\(%s", *text == '^' ? "ha" : *text == '~' ? "ti" : *text == '`' ? "ga" : "aq");
    else
      (void)putchar(*text);
  }
}

static void tagged(const char *name, const char *doc)
{
  (void)fputs(".TP\n.B ", stdout);
  roff(name);
  (void)putchar('\n');
  roff(doc);
  (void)fputs(".\n", stdout);
}

static void section(const char *title, const word *list)
{
  (void)printf(".SH %s\n", title);
  for (; list->name; list++) tagged(list->name, list->doc);
}

static void option(const option_spec *s)
{
  const char *arg = s->choices ? s->choices : s->arg;

  (void)fputs(".TP\n.BR ", stdout);
  if (s->letter) (void)printf("\\-%c \", \" ", s->letter);
  (void)fputs("\\-\\-", stdout);
  roff(s->name);
  if (arg) {
    (void)fputs(" \" ", stdout);
    roff(arg);
    (void)fputs("\"", stdout);
  }
  (void)putchar('\n');
  roff(s->doc);
  (void)fputs(".\n", stdout);
}

static void verb_section(const verb *v)
{
  (void)printf(".SS hybrid %s %s\n", v->name, v->args);
  roff(v->text[0] ? v->text : v->doc);
  (void)fputs(v->text[0] ? "\n" : ".\n", stdout);
  for (const option_spec *s = all_options; s->name; s++)
    if (s->verbs && option_belongs(s, v)) option(s);
}

int cmd_man(const options *o)
{
  (void)o;
  (void)printf(".TH HYBRID 1 \"\" \"hybrid %s\" \"User Commands\"\n.nh\n", HYBRID_VERSION);
  (void)fputs(".SH NAME\nhybrid \\- ", stdout);
  roff(words_title);
  (void)fputs(
      "\n.SH SYNOPSIS\n.B mpirun \\-n\n.I N\n.B hybrid\n.RI [ JOB.yaml ]\n.RI [ OPTION ]...\n"
      ".br\n.B hybrid\n.I VERB\n.RI [ ARGUMENT ]\n.RI [ OPTION ]...\n.SH DESCRIPTION\n",
      stdout);
  roff(words_about);
  (void)fputs("\n.SH VERBS\n", stdout);
  for (const verb *v = all_verbs; v->name; v++) verb_section(v);
  (void)fputs(".SH OPTIONS\nOf every verb:\n", stdout);
  for (const option_spec *s = all_options; s->name; s++)
    if (!s->verbs) option(s);
  section("EXIT STATUS", words_exit_codes);
  section("FILES", words_files);
  section("ENVIRONMENT", words_environment);
  section("EXAMPLES", words_examples);
  (void)fputs(".SH SEE ALSO\n.BR mpirun (1),\n.BR h5dump (1),\n.BR ncdump (1)\n", stdout);
  return HY_EXIT_DONE;
}

static void complete_options(const verb *v)
{
  for (const option_spec *s = all_options; s->name; s++)
    if (option_belongs(s, v)) (void)printf(" --%s", s->name);
}

/** Words, or a compgen action, for the argument of a verb. */
static void complete_argument(const verb *v)
{
  if (strcmp(v->complete, "file") == 0) {
    (void)printf("      COMPREPLY+=($(compgen -f -- \"$cur\"))\n");
  } else if (strcmp(v->complete, "dir") == 0) {
    (void)printf("      COMPREPLY+=($(compgen -d -- \"$cur\"))\n");
  } else if (v->complete[0]) {
    (void)printf("      COMPREPLY+=($(compgen -W '");
    if (strcmp(v->complete, "kernels") == 0)
      for (int i = 0; hy_kernels[i]; i++) (void)printf("%s ", hy_kernels[i]->name);
    else if (strcmp(v->complete, "verbs") == 0)
      for (const verb *w = all_verbs; w->name; w++) (void)printf("%s ", w->name);
    else
      (void)fputs(v->complete, stdout);
    (void)printf("' -- \"$cur\"))\n");
  }
}

/** The argument of an option: choices, or a path. */
static void complete_values(void)
{
  (void)printf("  case $prev in\n");
  for (const option_spec *s = all_options; s->name; s++) {
    const bool is_path = s->arg && (strcmp(s->arg, "DIR") == 0 || strcmp(s->arg, "FILE") == 0);

    if (s->type == OPT_FLAG) continue;
    (void)printf("  --%s", s->name);
    if (s->letter) (void)printf("|-%c", s->letter);
    (void)fputs(") ", stdout);
    if (s->choices) {
      (void)fputs("COMPREPLY=($(compgen -W '", stdout);
      for (const char *c = s->choices; *c; c++) (void)putchar(*c == '|' ? ' ' : *c);
      (void)fputs("' -- \"$cur\")); ", stdout);
    } else if (is_path) {
      (void)printf("COMPREPLY=($(compgen -%c -- \"$cur\")); ", s->arg[0] == 'D' ? 'd' : 'f');
    }
    (void)fputs("return ;;\n", stdout);
  }
  (void)printf("  esac\n");
}

int cmd_completion(const options *o)
{
  if (strcmp(o->arg, "bash") != 0) {
    app_error("completion is made for bash, not for \"%s\"", o->arg);
    return HY_EXIT_USAGE;
  }
  (void)printf("# bash completion for hybrid %s\n_hybrid() {\n"
               "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=run\n"
               "  COMPREPLY=()\n",
               HYBRID_VERSION);
  complete_values();
  (void)printf("  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W '");
  for (const verb *v = all_verbs; v->name; v++) (void)printf("%s ", v->name);
  (void)printf("' -- \"$cur\"))\n  else\n    verb=${COMP_WORDS[1]}\n  fi\n  case $verb in\n");
  for (const verb *v = all_verbs; v->name; v++) {
    const bool fallback = v == verb_find("run"); /* hybrid JOB.yaml --... */

    if (fallback) continue;
    (void)printf("    %s)\n      COMPREPLY+=($(compgen -W '", v->name);
    complete_options(v);
    (void)printf("' -- \"$cur\"))\n");
    complete_argument(v);
    (void)printf("      ;;\n");
  }
  (void)printf("    *)\n      COMPREPLY+=($(compgen -W '");
  complete_options(verb_find("run"));
  (void)printf("' -- \"$cur\"))\n");
  complete_argument(verb_find("run"));
  (void)printf("      ;;\n  esac\n}\ncomplete -o filenames -F _hybrid hybrid ./hybrid\n");
  return HY_EXIT_DONE;
}
