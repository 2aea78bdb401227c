/** @file draw.c
 *  A table of the ranks of each node and a drawing of its cores.  Nodes which are cut alike, that is
 *  with equal machines, shares and threads, are shown once: each first rank sends
 *
 *      host \n ranks \n a signature of the cut \n table and drawing \0
 *
 *  and rank 0 compares signatures.  80 columns, ASCII. */
#include "base/comm.h"
#include "place/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 80, CELL = 24 };

const char *hy_place_plural(char text[32], int n, const char *noun)
{
  (void)snprintf(text, 32, "%d %s%s", n, noun, n == 1 ? "" : "s");
  return text;
}

void hy_place_collect(const hy_place *p, const hy_str *mine, hy_str *all)
{
  const int n = hy_comm_rank(p->comm) == 0 ? hy_comm_size(p->comm) : 0;
  const int bytes = mine->len ? hy_mpi_count((int64_t)mine->len + 1) : 0;
  int      *counts = calloc((size_t)n + 1, sizeof *counts);
  int      *starts = calloc((size_t)n + 1, sizeof *starts);
  char     *received = NULL;
  int       total = 0;
  hy_err    ignored;
  hy_code   rc = counts && starts ? HY_OK : HY_ENOMEM;

  if (hy_agree(p->comm, rc, &ignored)) goto out;
  HY_MPI(MPI_Gather(&bytes, 1, MPI_INT, counts, 1, MPI_INT, 0, p->comm));
  for (int r = 0; r < n; r++) {
    starts[r] = total;
    total = hy_mpi_count((int64_t)total + counts[r]);
  }
  received = malloc((size_t)total + 1);
  if (hy_agree(p->comm, received ? HY_OK : HY_ENOMEM, &ignored)) goto out;
  HY_MPI(MPI_Gatherv(mine->text, bytes, MPI_CHAR, received, counts, starts, MPI_CHAR, 0, p->comm));
  hy_str_add_bytes(all, received, (size_t)total);
out:
  free(received);
  free(starts);
  free(counts);
}

/** Ranks are by node rank up to here; the table speaks of ranks of the run. */
static void add_ranks(const hy_place *p, hy_str *out)
{
  hy_pus ranks = {{0}}; /* a set of small numbers like any other */
  char   text[200];

  for (int r = 0; r < p->cut.nranks; r++) hy_pus_add(&ranks, p->members[r].rank);
  hy_str_addf(out, "%s\n", hy_pus_format(&ranks, text, sizeof text));
}

static void add_signature(const hy_place *p, hy_str *out)
{
  hy_str_addf(out, "%s %s %d", p->cpu, p->l3_size, p->nmachine);
  for (int r = 0; r < p->cut.nranks; r++) {
    char text[200];

    hy_str_addf(out, " %s/%d/%d/%d", hy_pus_format(&p->cut.shares[r].pus, text, sizeof text),
                p->cut.shares[r].first, p->members[r].threads, p->members[r].bind_errno);
  }
  hy_str_add(out, "\n");
}

static void add_table(const hy_place *p, hy_str *out)
{
  enum { SHOWN = 128 };
  const int n = p->cut.nranks;

  hy_str_add(out, "  rank  threads  cores              hardware threads\n");
  for (int r = 0; r < n && r < SHOWN; r++) {
    const hy_share *s = &p->cut.shares[r];
    hy_pus          cores = {{0}};
    char            a[18], b[40];

    for (int k = 0; k < s->ncores; k++) hy_pus_add(&cores, p->cut.cores[s->first + k].index);
    hy_str_addf(out, "%6d  %7d  %-17s  %s%s\n", p->members[r].rank, p->members[r].threads,
                hy_pus_format(&cores, a, sizeof a), hy_pus_format(&s->pus, b, sizeof b),
                s->crowded ? ", shared" : "");
  }
  if (n > SHOWN) hy_str_addf(out, "   ...  and %d more ranks\n", n - SHOWN);
}

/** What stands in a core's cell: its rank, "0,2", "0+3" for rank 0 and three more, "-" for a core
 *  that is ours and idle, "x" for one that is not ours. */
static void label(const hy_place *p, const hy_core *core, char cell[CELL])
{
  int  first = -1, second = -1, n = 0;
  bool ours = false;

  for (int r = 0; r < p->cut.nranks; r++) {
    const hy_share *s = &p->cut.shares[r];
    bool            has = false;

    for (int k = 0; k < core->npus; k++) ours |= hy_pus_has(&p->members[r].allowed, core->pu[k]);
    for (int k = 0; k < s->ncores; k++) has |= p->cut.cores[s->first + k].index == core->index;
    if (!has) continue;
    if (n == 0) first = p->members[r].rank;
    if (n == 1) second = p->members[r].rank;
    n++;
  }
  if (n == 0)
    (void)snprintf(cell, CELL, "%s", ours ? "-" : "x");
  else if (n == 1)
    (void)snprintf(cell, CELL, "%d", first);
  else if (n == 2 && second < 1000)
    (void)snprintf(cell, CELL, "%d,%d", first, second);
  else
    (void)snprintf(cell, CELL, "%d+%d", first, n - 1);
}

/** How the boxes are laid out: text columns of a cell, cells in a line, columns between the walls. */
typedef struct layout {
  int cell, per_line, inner;
} layout;

static bool same_group(const hy_core *a, const hy_core *b)
{
  return a->package == b->package && a->l3 == b->l3;
}

static layout measure(const hy_place *p)
{
  layout l = {.cell = 1};
  int    longest = 0, run = 0;

  for (int i = 0; i < p->nmachine; i++) {
    char      cell[CELL];
    const int len = (label(p, &p->machine[i], cell), (int)strlen(cell));

    if (len > l.cell) l.cell = len;
    run = i > 0 && same_group(&p->machine[i - 1], &p->machine[i]) ? run + 1 : 1;
    if (run > longest) longest = run;
  }
  const int fit = (WIDTH - 2 - 4) / (l.cell + 2);

  /* Lines of 8 or 16 are read more easily than lines of 19. */
  l.per_line = longest <= fit ? longest : fit >= 16 ? 16 : fit >= 8 ? 8 : fit;
  l.inner = l.per_line * (l.cell + 2) + 2;
  if (l.inner < 24) l.inner = 24;
  return l;
}

static void add_rule(hy_str *out, int inner, const char *title)
{
  char      line[WIDTH + 1];
  const int len = (int)strlen(title);

  memset(line, '-', sizeof line);
  hy_str_addf(out, "  +%s%.*s+\n", title, inner - len, line);
}

static void add_line(hy_str *out, int inner, const char *text)
{
  hy_str_addf(out, "  |%-*s|\n", inner, text);
}

/** The cores [from, to), which share a cache. */
static void add_group(const hy_place *p, const layout *l, int from, int to, hy_str *out)
{
  char line[WIDTH + CELL + 4];

  if (p->machine[from].l3 >= 0) {
    (void)snprintf(line, sizeof line, " L3 cache %d, %s", p->machine[from].l3, p->l3_size);
    add_line(out, l->inner, line);
  }
  for (int i = from; i < to; i += l->per_line) {
    int at = snprintf(line, sizeof line, " ");

    for (int k = i; k < to && k < i + l->per_line; k++) {
      char cell[CELL];

      label(p, &p->machine[k], cell);
      at += snprintf(line + at, sizeof line - (size_t)at, "[%*s]", l->cell, cell);
    }
    add_line(out, l->inner, line);
  }
}

static void add_drawing(const hy_place *p, hy_str *out)
{
  const layout l = measure(p);

  for (int i = 0, j; i < p->nmachine; i = j) {
    const int package = p->machine[i].package;

    for (j = i + 1; j < p->nmachine && same_group(&p->machine[i], &p->machine[j]);) j++;
    if (i == 0 || p->machine[i - 1].package != package) {
      char title[40];

      if (package < 0)
        (void)snprintf(title, sizeof title, "- machine ");
      else
        (void)snprintf(title, sizeof title, "- package %d ", package);
      add_rule(out, l.inner, title);
    }
    add_group(p, &l, i, j, out);
    if (j == p->nmachine || p->machine[j].package != package) add_rule(out, l.inner, "");
  }
  hy_str_add(out, "  [0] a core and its rank   [-] no rank   [x] not ours\n");
}

static void describe_node(const hy_place *p, hy_str *out)
{
  int  pus = 0;
  char a[32], b[32];

  for (int i = 0; i < p->nmachine; i++) pus += p->machine[i].npus;
  hy_str_addf(out, "%s\n", p->host);
  add_ranks(p, out);
  add_signature(p, out);
  hy_str_addf(out, "%s%s%s, %s, %s\n", p->cpu, p->cpu[0] ? ", " : "",
              hy_place_plural(a, p->nmachine, "core"), hy_place_plural(b, pus, "hardware thread"),
              p->facts.bound ? "bound by hybrid" : "binding left alone");
  add_table(p, out);
  add_drawing(p, out);
}

/** One node's text, cut at its first three newlines. */
typedef struct node_text {
  char *host, *ranks, *signature, *body;
} node_text;

static char *take(char **at)
{
  char *const from = *at;
  char *const end = strchr(from, '\n');

  if (end) *end = 0;
  *at = end ? end + 1 : from + strlen(from);
  return from;
}

void hy_place_draw(const hy_place *place, hy_str *text)
{
  hy_str     mine = {0}, all = {0};
  const int  nnodes = place->facts.nnodes;
  node_text *node = NULL;
  int        n = 0;

  if (place->members) describe_node(place, &mine);
  hy_place_collect(place, &mine, &all);
  node = calloc((size_t)nnodes, sizeof *node);
  for (char *at = all.text; node && all.len && n < nnodes && at < all.text + all.len; n++) {
    char *const next = at + strlen(at) + 1;

    node[n].host = take(&at);
    node[n].ranks = take(&at);
    node[n].signature = take(&at);
    node[n].body = at;
    at = next;
  }
  for (int i = 0; i < n; i++) {
    if (!node[i].body) continue;
    hy_str_addf(text, "%s: %s", node[i].host, node[i].body);
    for (int k = i + 1; k < n; k++) {
      if (!node[k].body || strcmp(node[k].signature, node[i].signature) != 0) continue;
      hy_str_addf(text, "  the same on %s with ranks %s\n", node[k].host, node[k].ranks);
      node[k].body = NULL;
    }
  }
  free(node);
  hy_str_clear(&mine);
  hy_str_clear(&all);
}
