/** @file team.c
 *  Teams of `size` ranks.  Each node is filled with whole teams first; what is left over on the
 *  nodes is put together in the order of the nodes, so that only these teams cross the network:
 *
 *      size 2    node 0: a b c    node 1: d e f    ->    (a b) (d e) (c f)
 *
 *  Sorting the ranks by (in a whole team or not, node, rank) and cutting every `size` does this. */
#include "base/comm.h"
#include "place/internal.h"

#include <stdlib.h>

/** Where this rank stands in that order. */
static int position(const hy_place *p, int size)
{
  const int n = hy_comm_size(p->comm), me = p->facts.node;
  int       whole_before = 0, rest_before = 0, whole = 0;
  int      *on = calloc((size_t)p->facts.nnodes, sizeof *on);

  if (!on) return -1;
  for (int r = 0; r < n; r++) on[p->node_of[r]]++;
  for (int k = 0; k < p->facts.nnodes; k++) {
    const int in_whole = on[k] / size * size;

    whole += in_whole;
    whole_before += k < me ? in_whole : 0;
    rest_before += k < me ? on[k] - in_whole : 0;
  }
  const int here = p->facts.node_rank, in_whole = on[me] / size * size;

  free(on);
  return here < in_whole ? whole_before + here : whole + rest_before + here - in_whole;
}

hy_code hy_place_teams(const hy_place *place, int ranks, MPI_Comm *team, int *index, int *nteams,
                       hy_err *err)
{
  const int n = hy_comm_size(place->comm);
  const int size = ranks <= 0 || ranks > n ? n : ranks, count = n / size;
  const int at = position(place, size);
  hy_code   rc = at >= 0 ? HY_OK : hy_fail(err, HY_ENOMEM, "no memory for the list of nodes");

  rc = hy_agree(place->comm, rc, err);
  if (rc) return rc;
  const int mine = at / size;
  MPI_Comm  made = MPI_COMM_NULL;

  HY_MPI(MPI_Comm_split(place->comm, mine < count ? mine : MPI_UNDEFINED, at, &made));
  *team = made;
  *index = mine < count ? mine : -1;
  *nteams = count;
  return HY_OK;
}
