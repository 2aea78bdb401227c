/** @file warn.c
 *  What is wrong with this placement, in one line each, and only what surely is: a warning that comes
 *  without need teaches people to overlook the next one.  So few threads given by option are never
 *  called idle cores, and of ranks without room, threads without room, a share that Slurm cut short
 *  and idle cores, the first is the cause of the others and the only one told. */
#include "base/comm.h"
#include "place/internal.h"

#include <stdlib.h>
#include <string.h>

static int count_pus(const hy_core *cores, int n)
{
  int pus = 0;

  for (int i = 0; i < n; i++) pus += cores[i].npus;
  return pus;
}

/** Different cores among the shares of the crowded ranks, or of all others. */
static int count_cores(const hy_place *p, bool crowded)
{
  int n = 0;

  for (int i = 0; i < p->nmachine; i++) {
    bool found = false;

    for (int r = 0; r < p->cut.nranks && !found; r++) {
      const hy_share *s = &p->cut.shares[r];
      const int       used =
          crowded || p->members[r].threads > s->ncores ? s->ncores : p->members[r].threads;

      for (int k = 0; s->crowded == crowded && k < used && !found; k++)
        found = p->cut.cores[s->first + k].index == p->machine[i].index;
    }
    n += found;
  }
  return n;
}

static bool warn_crowded(const hy_place *p, hy_str *out)
{
  int  ranks = 0, threads = 0;
  char a[32], b[32], c[32];

  for (int r = 0; r < p->cut.nranks; r++) {
    if (!p->cut.shares[r].crowded) continue;
    ranks++;
    threads += p->members[r].threads;
  }
  if (!ranks) return false;
  const int cores = count_cores(p, true);

  hy_str_addf(out, "%s%s%s share %s and take turns, so the times say little; ",
              hy_place_plural(a, ranks, "rank"), threads > ranks ? " with " : "",
              threads > ranks ? hy_place_plural(b, threads, "thread") : "",
              hy_place_plural(c, cores, "core"));
  hy_str_addf(out, "at most %s fit here\n", hy_place_plural(a, cores, "rank"));
  return true;
}

static const char *who_asked(hy_source source)
{
  switch (source) {
  case HY_BY_OPTION:
    return "--threads";
  case HY_BY_OMP:
    return "OMP_NUM_THREADS";
  case HY_BY_SLURM:
    return "SLURM_CPUS_PER_TASK";
  case HY_BY_CORES:
    return "the cores";
  case HY_BY_QUOTA:
    return "the CPU quota";
  }
  return "?";
}

static bool warn_threads(const hy_place *p, hy_str *out)
{
  for (int r = 0; r < p->cut.nranks; r++) {
    const hy_share  *s = &p->cut.shares[r];
    const hy_member *m = &p->members[r];
    const int        pus = count_pus(&p->cut.cores[s->first], s->ncores);
    char             a[32], b[32];

    if (s->crowded || s->ncores == 0 || m->threads <= pus) continue;
    hy_str_addf(out, "%s per rank on %s take turns (%s); use at most %d\n",
                hy_place_plural(a, m->threads, "thread"), hy_place_plural(b, s->ncores, "core"),
                who_asked(m->source), pus);
    return true;
  }
  return false;
}

/** All ranks of the node together, for they mostly live in one container or job. */
static void warn_quota(const hy_place *p, hy_str *out)
{
  int    threads = 0;
  double quota = p->members[0].quota;

  for (int r = 0; r < p->cut.nranks; r++) {
    threads += p->members[r].threads;
    if (p->members[r].quota < quota) quota = p->members[r].quota;
  }
  if ((double)threads > quota * 1.01) {
    char a[32];

    hy_str_addf(out,
                "%s, but the cgroup of this container or job gives the time of %.4g CPUs, so they "
                "are stopped again and again; use fewer or raise the limit\n",
                hy_place_plural(a, threads, "thread"), quota);
  }
}

/** Since Slurm 22.05 srun no longer inherits the number that sbatch was given. */
static bool warn_slurm(const hy_place *p, hy_str *out)
{
  const hy_member *m = &p->members[0];
  const hy_share  *s = &p->cut.shares[0];
  const int        pus = count_pus(&p->cut.cores[s->first], s->ncores);

  if (m->launcher != HY_LAUNCHER_SLURM || m->slurm_cpus <= pus || s->crowded) return false;
  hy_str_addf(out,
              "slurm gave %d CPUs per task, but a rank may use only %d; say srun "
              "--cpus-per-task=%d\n",
              m->slurm_cpus, pus, m->slurm_cpus);
  return true;
}

static void warn_idle(const hy_place *p, hy_str *out)
{
  hy_pus          all = {{0}};
  int             allowed = 0;
  const hy_source source = p->members[0].source;
  char            a[32];

  for (int r = 0; r < p->cut.nranks; r++) {
    if (p->members[r].source == HY_BY_OPTION || p->members[r].source == HY_BY_QUOTA) return;
    hy_pus_join(&all, &p->members[r].allowed);
  }
  for (int i = 0; i < p->nmachine; i++) {
    hy_core ignored;

    allowed += hy_cores_within(&p->machine[i], 1, &all, &ignored);
  }
  const int idle = allowed - count_cores(p, true) - count_cores(p, false);

  if (idle <= 0) return;
  hy_str_addf(out, "%d of %s idle: ", idle, hy_place_plural(a, allowed, "core"));
  if (source == HY_BY_CORES)
    hy_str_add(out, "the launcher's binding leaves them out; start it with --bind-to none\n");
  else
    hy_str_addf(out, "%s asks for %s per rank; more would fit\n", who_asked(source),
                hy_place_plural(a, p->members[0].threads, "thread"));
}

static void warn_binding(const hy_place *p, hy_str *out)
{
  for (int r = 0; r < p->cut.nranks; r++) {
    if (!p->members[r].bind_errno) continue;
    hy_str_addf(out, "threads cannot be bound to cores: %s\n", strerror(p->members[r].bind_errno));
    return;
  }
}

/** One distinct line, and where it holds. */
typedef struct warning {
  const char *line, *host;
  int         nodes;
} warning;

/** `all` is "host\nline\nline\n\0" per node; it is cut into strings on the way. */
static void merge(hy_str *all, hy_str *text)
{
  size_t   lines = 0, n = 0;
  warning *list;

  for (size_t i = 0; i < all->len; i++) lines += all->text[i] == '\n';
  list = calloc(lines + 1, sizeof *list);
  if (!list) return;
  for (char *node = all->text, *next; node < all->text + all->len; node = next) {
    char *rest = NULL;

    next = node + strlen(node) + 1;
    const char *host = strtok_r(node, "\n", &rest);

    for (const char *line; (line = strtok_r(NULL, "\n", &rest));) {
      size_t k = 0;

      while (k < n && strcmp(list[k].line, line) != 0) k++;
      if (k == n) list[n++] = (warning){line, host, 0};
      list[k].nodes++;
    }
  }
  for (size_t k = 0; k < n; k++) {
    hy_str_addf(text, "hybrid: warning: %s", list[k].host);
    if (list[k].nodes > 1) hy_str_addf(text, " and %d more", list[k].nodes - 1);
    hy_str_addf(text, ": %s\n", list[k].line);
  }
  free(list);
}

void hy_place_warnings(const hy_place *place, hy_str *text)
{
  hy_str mine = {0}, all = {0};

  if (place->members) {
    hy_str_addf(&mine, "%s\n", place->host);
    if (!warn_crowded(place, &mine) && !warn_threads(place, &mine) && !warn_slurm(place, &mine))
      warn_idle(place, &mine);
    warn_quota(place, &mine);
    warn_binding(place, &mine);
  }
  hy_place_collect(place, &mine, &all);
  merge(&all, text);
  hy_str_clear(&mine);
  hy_str_clear(&all);
}
