/** @file cut.c
 *  Ranks whose masks overlap, directly or through others, form a group; a group cuts the union of
 *  its masks evenly, in the order of the topology.  One rule serves all launchers: where all ranks
 *  may run everywhere there is one group, and it cuts the node; where the launcher gave each rank
 *  its own cores (srun --cpus-per-task) every group has one member, which keeps what it has.
 *
 *      group of 3 on 8 cores:   | 0 0 | 1 1 1 | 2 2 2 |      rank k of m: [C*k/m, C*(k+1)/m)
 *
 *  A group with fewer cores than ranks is crowded: rank k counts as on core k % C, but may run on all
 *  of them, so that no core stays empty while its ranks wait; a fixed cut was measured no faster. */
#include "place/cut.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = HY_MAX_PUS / 64 };

bool hy_pus_has(const hy_pus *pus, int pu)
{
  return pu >= 0 && pu < HY_MAX_PUS && (pus->word[pu / 64] >> (pu % 64) & 1) != 0;
}

void hy_pus_add(hy_pus *pus, int pu)
{
  if (pu >= 0 && pu < HY_MAX_PUS) pus->word[pu / 64] |= UINT64_C(1) << (pu % 64);
}

void hy_pus_join(hy_pus *pus, const hy_pus *others)
{
  for (int i = 0; i < WORDS; i++) pus->word[i] |= others->word[i];
}

bool hy_pus_meet(const hy_pus *a, const hy_pus *b)
{
  for (int i = 0; i < WORDS; i++) {
    if (a->word[i] & b->word[i]) return true;
  }
  return false;
}

int hy_pus_count(const hy_pus *pus)
{
  int n = 0;

  for (int i = 0; i < WORDS; i++) n += __builtin_popcountll(pus->word[i]);
  return n;
}

const char *hy_pus_format(const hy_pus *pus, char *text, size_t n)
{
  size_t len = 0;

  text[0] = 0;
  for (int from = 0, to; from < HY_MAX_PUS; from = to + 1) {
    char item[32];

    to = from;
    if (!hy_pus_has(pus, from)) continue;
    while (hy_pus_has(pus, to + 1)) to++;
    const int written = from == to
                            ? snprintf(item, sizeof item, "%s%d", len ? "," : "", from)
                            : snprintf(item, sizeof item, "%s%d-%d", len ? "," : "", from, to);
    if (len + (size_t)written + 4 >= n) {
      (void)snprintf(text + len, n - len, "...");
      break;
    }
    memcpy(text + len, item, (size_t)written + 1);
    len += (size_t)written;
  }
  return text;
}

static int ancestor(hwloc_topology_t topology, hwloc_obj_t object, hwloc_obj_type_t type)
{
  const hwloc_obj_t above = hwloc_get_ancestor_obj_by_type(topology, type, object);

  return above ? (int)above->logical_index : -1;
}

hy_code hy_cores_read(hwloc_topology_t topology, hy_core **cores, int *ncores, hy_err *err)
{
  /* Where the machine hides its cores (some containers and emulators) a hardware thread is one. */
  const bool             has_cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE) > 0;
  const hwloc_obj_type_t type = has_cores ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
  const int              n = hwloc_get_nbobjs_by_type(topology, type);

  if (n <= 0) return hy_fail(err, HY_EINPUT, "hwloc finds no cores on this machine");
  hy_core *list = calloc((size_t)n, sizeof *list);

  if (!list) return hy_fail(err, HY_ENOMEM, "no memory for %d cores", n);
  for (int i = 0; i < n; i++) {
    const hwloc_obj_t object = hwloc_get_obj_by_type(topology, type, (unsigned)i);
    hy_core          *core = &list[i];

    core->index = i;
    core->package = ancestor(topology, object, HWLOC_OBJ_PACKAGE);
    core->l3 = ancestor(topology, object, HWLOC_OBJ_L3CACHE);
    for (int pu = hwloc_bitmap_first(object->cpuset); pu >= 0 && core->npus < HY_MAX_SMT;
         pu = hwloc_bitmap_next(object->cpuset, pu))
      core->pu[core->npus++] = pu;
  }
  *cores = list;
  *ncores = n;
  return HY_OK;
}

int hy_cores_within(const hy_core *cores, int ncores, const hy_pus *pus, hy_core *out)
{
  int n = 0;

  for (int i = 0; i < ncores; i++) {
    hy_core core = cores[i];

    core.npus = 0;
    for (int k = 0; k < cores[i].npus; k++) {
      if (hy_pus_has(pus, cores[i].pu[k])) core.pu[core.npus++] = cores[i].pu[k];
    }
    if (core.npus > 0) out[n++] = core;
  }
  return n;
}

static void add_cores(hy_pus *pus, const hy_core *cores, int ncores)
{
  for (int i = 0; i < ncores; i++) {
    for (int k = 0; k < cores[i].npus; k++) hy_pus_add(pus, cores[i].pu[k]);
  }
}

/** group[r]: a rank that stands for r's group; unions[that rank]: what the group may use. */
static void form_groups(const hy_pus *masks, int n, int *group, hy_pus *unions)
{
  for (int i = 0; i < n; i++) {
    unions[i] = masks[i];
    group[i] = i;
    for (int g = 0; g < i; g++) {
      if (group[g] != g || !hy_pus_meet(&unions[g], &unions[i])) continue;
      hy_pus_join(&unions[i], &unions[g]);
      for (int r = 0; r < i; r++) {
        if (group[r] == g) group[r] = i;
      }
    }
  }
}

/** Share the group's `nmine` cores `mine` out to its members, appending to the cut. */
static void cut_group(hy_cut *cut, const int *group, int g, const hy_core *mine, int nmine)
{
  int members = 0;

  for (int r = 0; r < cut->nranks; r++) members += group[r] == g;
  for (int r = 0, k = 0; r < cut->nranks; r++) {
    if (group[r] != g) continue;
    hy_share *s = &cut->shares[r];

    s->crowded = nmine < members;
    const int from = s->crowded ? (nmine ? k % nmine : 0) : (int)((int64_t)nmine * k / members);
    const int to = s->crowded ? from + (nmine > 0) : (int)((int64_t)nmine * (k + 1) / members);

    s->first = cut->ncores;
    s->ncores = to - from;
    memcpy(&cut->cores[cut->ncores], &mine[from], (size_t)s->ncores * sizeof *mine);
    cut->ncores += s->ncores;
    add_cores(&s->pus, s->crowded ? mine : &mine[from], s->crowded ? nmine : s->ncores);
    k++;
  }
}

hy_code hy_cut_node(const hy_core *cores, int ncores, const hy_pus *masks, int nranks, hy_cut *cut,
                    hy_err *err)
{
  size_t npus = 0;

  for (int i = 0; i < ncores; i++) npus += (size_t)cores[i].npus;
  /* Groups have no hardware thread in common, so all their cores together are at most npus. */
  hy_cut   made = {.nranks = nranks};
  hy_core *mine = calloc((size_t)ncores + 1, sizeof *mine);
  hy_pus  *unions = calloc((size_t)nranks, sizeof *unions);
  int     *group = calloc((size_t)nranks, sizeof *group);
  hy_code  rc = HY_OK;

  made.cores = calloc(npus + (size_t)nranks, sizeof *made.cores);
  made.shares = calloc((size_t)nranks, sizeof *made.shares);
  if (!mine || !unions || !group || !made.cores || !made.shares) {
    rc = hy_fail(err, HY_ENOMEM, "no memory to cut %d cores among %d ranks", ncores, nranks);
    hy_cut_clear(&made);
    goto out;
  }
  form_groups(masks, nranks, group, unions);
  for (int g = 0; g < nranks; g++) {
    if (group[g] == g)
      cut_group(&made, group, g, mine, hy_cores_within(cores, ncores, &unions[g], mine));
  }
  *cut = made;
out:
  free(group);
  free(unions);
  free(mine);
  return rc;
}

void hy_cut_clear(hy_cut *cut)
{
  free(cut->cores);
  free(cut->shares);
  *cut = (hy_cut){0};
}

void hy_cut_thread(const hy_core *cores, int ncores, int t, int n, hy_pus *pus)
{
  *pus = (hy_pus){{0}};
  if (ncores <= 0 || n <= 0 || t < 0 || t >= n) return;
  const int64_t c = ncores;

  if (n <= ncores) {
    const int from = (int)(c * t / n), to = (int)(c * (t + 1) / n);

    add_cores(pus, &cores[from], to - from);
    return;
  }
  /* Threads [low, high) are those with t*c/n == k: one hardware thread each, if there are enough. */
  const int      k = (int)(c * t / n);
  const hy_core *core = &cores[k];
  const int      low = (int)(((int64_t)k * n + c - 1) / c);
  const int      high = (int)((((int64_t)k + 1) * n + c - 1) / c);

  if (high - low <= core->npus && high - low > 1)
    hy_pus_add(pus, core->pu[t - low]);
  else
    add_cores(pus, core, 1);
}
