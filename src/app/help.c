/** @file help.c
 *  `hybrid help [VERB]` and --help, made from the tables of options.c and words.c. */
#include "app/cmd.h"
#include "app/words.h"
#include "engine/engine.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 80, COLUMN = 26 };

/** Words of `text` from column `at` on, later lines indented by `indent`. */
static void wrap(const char *text, int at, int indent)
{
  int column = at;

  while (*text) {
    const int len = (int)strcspn(text, " ");

    if (column > indent && column + 1 + len > WIDTH) {
      (void)printf("\n%*s", indent, "");
      column = indent;
    } else if (column > indent) {
      (void)putchar(' ');
      column++;
    }
    (void)printf("%.*s", len, text);
    column += len;
    text += len;
    text += strspn(text, " ");
  }
  (void)putchar('\n');
}

/** "  left      right", right wrapped in its column. */
static void entry(const char *left, int column, const char *doc)
{
  const int n = (int)strlen(left);

  (void)printf("  %s", left);
  if (n + 4 > column)
    (void)printf("\n%*s", column, "");
  else
    (void)printf("%*s", column - n - 2, "");
  wrap(doc, column, column);
}

static void print_words(const char *title, const word *list, int column)
{
  (void)printf("\n%s\n", title);
  for (; list->name; list++) entry(list->name, column, list->doc);
}

static void print_option(const option_spec *s)
{
  const char *arg = s->choices ? s->choices : s->arg;
  char        left[80], letter[8] = "    ";

  if (s->letter) (void)snprintf(letter, sizeof letter, "-%c, ", s->letter);
  (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, s->name, arg ? " " : "", arg ? arg : "");
  entry(left, COLUMN, s->doc);
}

static void overview(void)
{
  (void)printf("hybrid %s: %s\n\n", HYBRID_VERSION, words_title);
  (void)printf("usage: mpirun -n 4 hybrid [run] [JOB.yaml] [OPTION]...\n");
  (void)printf("       hybrid VERB [ARGUMENT] [OPTION]...\n\nverbs\n");
  for (const verb *v = all_verbs; v->name; v++) {
    char left[64];

    (void)snprintf(left, sizeof left, "%s %s", v->name, v->args);
    entry(left, COLUMN, v->doc);
  }
  (void)printf("\nexamples\n");
  for (const word *w = words_examples; w->name; w++) entry(w->name, 48, w->doc);
  print_words("exit codes", words_exit_codes, 8);
  (void)printf("\n`hybrid help VERB` tells a verb's options, `hybrid man | man -l -` all.\n");
}

static void one_verb(const verb *v)
{
  (void)printf("usage: %shybrid %s %s%s[OPTION]...\n\n", v->mpi ? "[mpirun -n N] " : "", v->name,
               v->args, v->args[0] ? " " : "");
  wrap(v->text[0] ? v->text : v->doc, 0, 0);
  (void)printf("\noptions\n");
  for (const option_spec *s = all_options; s->name; s++)
    if (option_belongs(s, v)) print_option(s);
}

int cmd_help(const options *o)
{
  const verb *v = o->arg ? verb_find(o->arg) : NULL;

  if (!o->arg) {
    overview();
    return HY_EXIT_DONE;
  }
  if (!v) {
    app_error("\"%s\" is no verb; see `hybrid help`", o->arg);
    return HY_EXIT_USAGE;
  }
  one_verb(v);
  return HY_EXIT_DONE;
}
