/** @file place.c
 *  The first rank of each node reads the topology and everybody's mask, cuts the cores (cut.c), and
 *  tells each rank its share: one look at /sys per node, not one per rank, and no two ranks can
 *  disagree.  Then each rank settles its number of threads and binds itself.  The members' answers
 *  go back to the first rank, which keeps them for warn.c and draw.c. */
#include "place/place.h"

#include "base/comm.h"
#include "place/internal.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** What the first rank of a node tells each other one, followed by the cores. */
typedef struct order {
  hy_pus pus;
  int    ncores, node_cores;
  bool   crowded;
  bool   real; /**< false: hwloc was told to show another machine (HWLOC_SYNTHETIC) */
} order;

static hy_code split_nodes(hy_place *p, hy_err *err)
{
  const int rank = hy_comm_rank(p->comm), n = hy_comm_size(p->comm);

  HY_MPI(MPI_Comm_split_type(p->comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &p->node_comm));
  p->facts.node_rank = hy_comm_rank(p->node_comm);
  p->facts.node_ranks = hy_comm_size(p->node_comm);
  p->node_of = calloc((size_t)n, sizeof *p->node_of);
  const hy_code rc = hy_agree(
      p->comm, p->node_of ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for %d ranks", n), err);

  if (rc) return rc;
  int first = rank;

  HY_MPI(MPI_Bcast(&first, 1, MPI_INT, 0, p->node_comm));
  HY_MPI(MPI_Allgather(&first, 1, MPI_INT, p->node_of, 1, MPI_INT, p->comm));
  /* From the first rank of its node to the node's number; smaller ranks are already done. */
  for (int r = 0; r < n; r++)
    p->node_of[r] = p->node_of[r] == r ? p->facts.nnodes++ : p->node_of[p->node_of[r]];
  p->facts.node = p->node_of[rank];
  if (gethostname(p->host, sizeof p->host - 1)) (void)snprintf(p->host, sizeof p->host, "host");
  return HY_OK;
}

/** CPU model and cache size, for the drawing. */
static void describe(hy_place *p, hwloc_topology_t topology)
{
  const hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
  const hwloc_obj_t l3 = hwloc_get_obj_by_type(topology, HWLOC_OBJ_L3CACHE, 0);
  const char       *model = package ? hwloc_obj_get_info_by_name(package, "CPUModel") : NULL;

  (void)snprintf(p->cpu, sizeof p->cpu, "%s", model ? model : "");
  if (l3 && l3->attr) {
    char text[28];

    (void)snprintf(p->l3_size, sizeof p->l3_size, "%s",
                   hy_format_bytes(text, (double)l3->attr->cache.size));
  }
}

/** First rank of a node: read the machine and cut it. */
static hy_code cut_node(hy_place *p, bool *real, hy_err *err)
{
  const int        n = p->facts.node_ranks;
  hwloc_topology_t topology = NULL;
  hy_code          rc = HY_OK;
  hy_pus          *masks = calloc((size_t)n, sizeof *masks);

  if (!masks) return hy_fail(err, HY_ENOMEM, "no memory for %d masks", n);
  if (hwloc_topology_init(&topology) || hwloc_topology_load(topology)) {
    rc = hy_fail(err, HY_EINPUT, "%s: hwloc cannot read the topology", p->host);
    goto out;
  }
  *real = hwloc_topology_is_thissystem(topology) != 0;
  describe(p, topology);
  rc = hy_cores_read(topology, &p->machine, &p->nmachine, err);
  if (rc) goto out;
  for (int r = 0; r < n; r++) {
    for (int i = 0; i < p->nmachine && !*real; i++)
      for (int k = 0; k < p->machine[i].npus; k++)
        hy_pus_add(&p->members[r].mask, p->machine[i].pu[k]);
    masks[r] = p->members[r].mask;
  }
  rc = hy_cut_node(p->machine, p->nmachine, masks, n, &p->cut, err);
out:
  if (topology) hwloc_topology_destroy(topology);
  free(masks);
  return rc;
}

static int count_allowed(const hy_place *p)
{
  hy_pus all = {{0}};
  int    n = 0;

  for (int r = 0; r < p->facts.node_ranks; r++) hy_pus_join(&all, &p->members[r].mask);
  for (int i = 0; i < p->nmachine; i++) {
    bool any = false;

    for (int k = 0; k < p->machine[i].npus; k++) any |= hy_pus_has(&all, p->machine[i].pu[k]);
    n += any;
  }
  return n;
}

/** Hand the shares out.  Collective over comm. */
static hy_code hand_out(hy_place *p, bool real, order *mine, hy_err *err)
{
  const int n = p->members ? p->facts.node_ranks : 0, bytes = (int)sizeof(hy_core);
  const int node_cores = p->members ? count_allowed(p) : 0;
  order    *orders = calloc((size_t)n + 1, sizeof *orders);
  int      *counts = calloc((size_t)n + 1, sizeof *counts);
  int      *starts = calloc((size_t)n + 1, sizeof *starts);
  hy_code rc = orders && counts && starts ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for shares");

  rc = hy_agree(p->comm, rc, err);
  if (rc) goto out;
  for (int r = 0; r < n; r++) {
    const hy_share *s = &p->cut.shares[r];

    orders[r] = (order){s->pus, s->ncores, node_cores, s->crowded, real};
    counts[r] = s->ncores * bytes;
    starts[r] = s->first * bytes;
  }
  HY_MPI(MPI_Scatter(orders, (int)sizeof *orders, MPI_BYTE, mine, (int)sizeof *mine, MPI_BYTE, 0,
                     p->node_comm));
  p->cores = calloc((size_t)mine->ncores + 1, sizeof *p->cores);
  if (!p->cores) rc = hy_fail(err, HY_ENOMEM, "no memory for %d cores", mine->ncores);
  rc = hy_agree(p->comm, rc, err);
  if (rc) goto out;
  HY_MPI(MPI_Scatterv(p->cut.cores, counts, starts, MPI_BYTE, p->cores, mine->ncores * bytes,
                      MPI_BYTE, 0, p->node_comm));
out:
  free(starts);
  free(counts);
  free(orders);
  return rc;
}

static int count_pus(const hy_place *p)
{
  int n = 0;

  for (int i = 0; i < p->facts.cores; i++) n += p->cores[i].npus;
  return n;
}

/** Threads, binding, and what all must know of it.  Collective over comm. */
static hy_code settle(hy_place *p, const hy_place_options *options, const order *o, hy_member *m,
                      hy_err *err)
{
  p->facts.cores = o->ncores;
  p->facts.node_cores = o->node_cores;
  p->pus = o->pus;
  p->crowded = o->crowded;
  const hy_code rc =
      hy_agree(p->comm, hy_threads_choose(options->threads, o->ncores, o->node_cores, m, err), err);

  if (rc) return rc;
  p->facts.threads = m->threads;
  if (options->bind && o->real && o->ncores > 0 && hy_affinity_mask(0, &p->before)) {
    m->bind_errno = hy_affinity_bind_process(&o->pus);
    p->facts.bound = m->bind_errno == 0;
  }
  omp_set_dynamic(0);
  omp_set_max_active_levels(2);
  const int over = o->crowded || m->threads > count_pus(p);
  int       anywhere = 0;

  HY_MPI(MPI_Allreduce(&over, &anywhere, 1, MPI_INT, MPI_MAX, p->comm));
  p->facts.oversubscribed = anywhere != 0;
  return HY_OK;
}

static hy_code build(hy_place *p, const hy_place_options *options, hy_err *err)
{
  hy_member me = {.rank = hy_comm_rank(p->comm)};
  order     mine = {.ncores = 0};
  bool      real = true;
  hy_code   rc = split_nodes(p, err);

  if (rc) return rc;
  hy_affinity_read(&me);
  if (!options->bind) me.mask = me.own;
  me.quota = hy_quota_read("");
  if (p->facts.node_rank == 0) {
    p->members = calloc((size_t)p->facts.node_ranks, sizeof *p->members);
    if (!p->members) rc = hy_fail(err, HY_ENOMEM, "no memory for the ranks of %s", p->host);
  }
  rc = hy_agree(p->comm, rc, err);
  if (rc) return rc;
  HY_MPI(MPI_Gather(&me, (int)sizeof me, MPI_BYTE, p->members, (int)sizeof me, MPI_BYTE, 0,
                    p->node_comm));
  rc = hy_agree(p->comm, p->members ? cut_node(p, &real, err) : HY_OK, err);
  if (!rc) rc = hand_out(p, real, &mine, err);
  if (!rc) rc = settle(p, options, &mine, &me, err);
  if (rc) return rc;
  HY_MPI(MPI_Gather(&me, (int)sizeof me, MPI_BYTE, p->members, (int)sizeof me, MPI_BYTE, 0,
                    p->node_comm));
  return HY_OK;
}

hy_code hy_place_new(MPI_Comm comm, const hy_place_options *options, hy_place **place, hy_err *err)
{
  hy_place *p = calloc(1, sizeof *p);
  hy_code   rc = hy_agree(comm, p ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory"), err);

  if (p) {
    p->comm = comm;
    p->node_comm = MPI_COMM_NULL;
  }
  if (!rc) rc = build(p, options, err);
  if (rc)
    hy_place_free(p);
  else
    *place = p;
  return rc;
}

void hy_place_free(hy_place *place)
{
  if (!place) return;
  if (place->facts.bound) (void)hy_affinity_bind_process(&place->before);
  if (place->node_comm != MPI_COMM_NULL) HY_MPI(MPI_Comm_free(&place->node_comm));
  hy_cut_clear(&place->cut);
  free(place->node_of);
  free(place->cores);
  free(place->machine);
  free(place->members);
  free(place);
}

hy_place_facts hy_place_get(const hy_place *place)
{
  return place->facts;
}

MPI_Comm hy_place_node_comm(const hy_place *place)
{
  return place->node_comm;
}

const char *hy_place_host(const hy_place *place)
{
  return place->host;
}

void hy_place_bind_thread(const hy_place *place, int t, int n)
{
  hy_pus pus;

  if (!place->facts.bound) return;
  if (place->crowded)
    pus = place->pus;
  else
    hy_cut_thread(place->cores, place->facts.cores, t, n, &pus);
  (void)hy_affinity_bind_thread(&pus);
}
