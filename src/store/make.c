/** @file make.c
 *  The skeleton of results.h5.
 *
 *  One process makes it, with HDF5's serial driver, in one fixed order; the ranks fill it in later
 *  without changing any of HDF5's own structures.  So the bytes cannot depend on how many ranks
 *  there are.  What else could change them is fixed here: no times, V18 format, contiguous arrays
 *  whose place is allocated when they are made (a dataset written later would come to lie
 *  elsewhere), never a fill by HDF5 (every byte is written), little-endian types.
 *
 *  Dimensions of outputs have no values.  As netCDF does it they are datasets nobody writes, so
 *  they take no space; only a serial driver leaves them without, MPI-IO would allocate them. */
#include "store/make.h"

#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

/** Properties with what all objects have in common. */
static hid_t object_properties(hid_t class)
{
  const hid_t    p = H5Pcreate(class);
  const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

  if (p >= 0 && H5Pset_obj_track_times(p, false) >= 0 && H5Pset_attr_creation_order(p, order) >= 0)
    return p;
  return -1;
}

static void begin(maker *m)
{
  const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  const hid_t    file = object_properties(H5P_FILE_CREATE), access = hy_h5_access(MPI_COMM_NULL);

  m->group = object_properties(H5P_GROUP_CREATE);
  m->array = object_properties(H5P_DATASET_CREATE);
  m->mark = object_properties(H5P_DATASET_CREATE);
  m->scalar = H5Screate(H5S_SCALAR);
  if (file < 0 || access < 0 || m->group < 0 || m->array < 0 || m->mark < 0 || m->scalar < 0 ||
      H5Pset_link_creation_order(file, order) < 0 ||
      H5Pset_link_creation_order(m->group, order) < 0 ||
      H5Pset_layout(m->array, H5D_CONTIGUOUS) < 0 ||
      H5Pset_alloc_time(m->array, H5D_ALLOC_TIME_EARLY) < 0 ||
      H5Pset_fill_time(m->array, H5D_FILL_TIME_NEVER) < 0 ||
      H5Pset_layout(m->mark, H5D_CONTIGUOUS) < 0 ||
      H5Pset_alloc_time(m->mark, H5D_ALLOC_TIME_LATE) < 0)
    (void)maker_got(m, -1, "cannot prepare HDF5");
  if (!m->rc)
    m->file = maker_got(m, H5Fcreate(m->path, H5F_ACC_EXCL, file, access), "cannot create");
  if (file >= 0) (void)H5Pclose(file);
  if (access >= 0) (void)H5Pclose(access);
}

static void end(maker *m)
{
  const hid_t lists[] = {m->group, m->array, m->mark};

  for (int i = 0; i < 3; i++)
    if (lists[i] >= 0) (void)H5Pclose(lists[i]);
  if (m->scalar >= 0) (void)H5Sclose(m->scalar);
  if (m->file >= 0) (void)maker_got(m, H5Fclose(m->file), "cannot close");
}

static void root_attributes(maker *m)
{
  const hy_job    *job = m->lay->job;
  const hy_kernel *k = job->kernel;
  char             hex[65], name[STORE_NAME];

  hy_hex32(job->digest, hex);
  maker_text(m, m->file, "Conventions", "CF-1.8");
  maker_text(m, m->file, "title", job->title && job->title[0] ? job->title : k->doc);
  maker_text(m, m->file, "kernel", k->name);
  maker_text(m, m->file, "kernel_version", k->version);
  maker_text(m, m->file, "hybrid_version", HYBRID_VERSION);
  maker_text(m, m->file, "job", hy_job_spec(job));
  maker_text(m, m->file, "job_sha256", hex);
  maker_numbers(m, m->file, "seed", H5T_STD_U64LE, 0, &job->seed);
  for (int p = 0; k->params[p].name; p++) {
    if (job->swept[p]) continue;
    (void)snprintf(name, sizeof name, "param_%s", k->params[p].name);
    if (k->params[p].type == HY_MATRIX) {
      const hy_matrix *x =
          (const hy_matrix *)(const void *)((const char *)job->params + k->params[p].offset);
      const int64_t size[2] = {x->rows, x->cols};

      maker_numbers(m, m->file, name, H5T_STD_I64LE, 2, size);
    } else {
      maker_value(m, m->file, name, &k->params[p], hy_param_get(job->params, &k->params[p]));
    }
  }
}

/** The index of a sweep's points, as the coordinate of an axis of several parameters. */
static hid_t index_set(maker *m, const store_dim *dim)
{
  const hid_t set = maker_set(m, m->file, dim->name, H5T_STD_I64LE, 1, &dim->size);
  int64_t    *index = calloc((size_t)dim->size + 1, sizeof *index);

  if (!index && !m->rc) m->rc = hy_fail(m->err, HY_ENOMEM, "%s: no memory for an axis", m->path);
  for (int64_t i = 0; index && i < dim->size; i++) index[i] = i;
  if (!m->rc)
    (void)maker_got(m, H5Dwrite(set, H5T_STD_I64LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, index),
                    "cannot write coordinates");
  maker_describe(m, set, "1", "Number of the point in the sweep.");
  free(index);
  return set;
}

static const store_var *scale_var(const hy_layout *lay, int dim)
{
  for (int v = 0; v < lay->nvars; v++)
    if (lay->vars[v].axis == dim && lay->vars[v].scale) return &lay->vars[v];
  return NULL;
}

/** Root dimensions, axes first, and the variables over axes of several parameters. */
static void root_scales(maker *m, scale *scales)
{
  const hy_layout *lay = m->lay;

  for (int d = 0; d < lay->ndims; d++) {
    const store_dim *dim = &lay->dims[d];
    const store_var *var = d < lay->naxes ? scale_var(lay, d) : NULL;
    hid_t            set = -1;

    if (var) set = store_coordinate_set(m, var);
    if (!var && d < lay->naxes) set = index_set(m, dim);
    maker_scale(m, m->file, dim->name, dim->size, set, &scales[d]);
  }
  for (int v = 0; v < lay->nvars; v++) {
    scale *over = &scales[lay->vars[v].axis];

    if (lay->vars[v].scale) continue;
    const hid_t set = store_coordinate_set(m, &lay->vars[v]);

    maker_attach(m, set, 1, &over);
    maker_close(m, set);
  }
}

static hid_t output_type(const hy_output *o)
{
  return o->type == HY_I64 ? H5T_STD_I64LE : H5T_IEEE_F64LE;
}

static void describe_output(maker *m, hid_t set, const hy_output *o)
{
  const int64_t  fill_i = INT64_MIN;
  const uint64_t fill_f = STORE_NAN;

  maker_describe(m, set, o->unit, o->doc);
  if (o->type == HY_I64 && !m->any_failed) return; /* xarray would make floats of the numbers */
  maker_numbers(m, set, "_FillValue", output_type(o), 0,
                o->type == HY_I64 ? (const void *)&fill_i : &fill_f);
}

static void root_sets(maker *m, scale *scales)
{
  const hy_layout *lay = m->lay;
  const int8_t     flags[2] = {0, 1};
  scale           *over[STORE_RANK];
  int64_t          extent[STORE_RANK];

  for (int a = 0; a < lay->naxes; a++) {
    over[a] = &scales[a];
    extent[a] = lay->dims[a].size;
  }
  hid_t set = maker_set(m, m->file, lay->status, H5T_STD_I8LE, lay->naxes, extent);

  maker_text(m, set, "long_name", "Whether the task has a result.");
  maker_numbers(m, set, "flag_values", H5T_STD_I8LE, 2, flags);
  maker_text(m, set, "flag_meanings", "done failed");
  maker_attach(m, set, lay->naxes, over);
  maker_close(m, set);
  set = maker_set(m, m->file, lay->crc, H5T_STD_U32LE, lay->naxes, extent);
  maker_text(m, set, "long_name",
             "CRC-32C over the CRC-32C of each MiB of each output of the task; 0 if it failed.");
  maker_attach(m, set, lay->naxes, over);
  maker_close(m, set);
  for (int o = 0; o < lay->noutputs; o++) {
    const store_output *out = &lay->outputs[o];

    if (!out->present || out->varies) continue;
    for (int d = 0; d < out->rank; d++) over[d] = &scales[out->dims[d]];
    set = maker_set(m, m->file, out->name, output_type(&lay->job->kernel->outputs[o]), out->rank,
                    out->extent);
    describe_output(m, set, &lay->job->kernel->outputs[o]);
    maker_attach(m, set, out->rank, over);
    maker_close(m, set);
  }
}

/** Dimensions made so far in the group of a task; and those of the root group. */
typedef struct locals {
  hid_t        group;
  scale       *roots;
  int          n;
  const char **names; /**< [noutputs * HY_MAX_DIMS] */
  scale       *scales;
} locals;

static scale *local_scale(maker *m, locals *l, const char *name, int64_t size)
{
  for (int i = 0; i < l->n; i++)
    if (strcmp(l->names[i], name) == 0) return &l->scales[i];
  l->names[l->n] = name;
  maker_scale(m, l->group, name, size, -1, &l->scales[l->n]);
  return &l->scales[l->n++];
}

static void task_set(maker *m, locals *l, int o, const hy_extent *x)
{
  const store_output *out = &m->lay->outputs[o];
  const hy_output    *output = &m->lay->job->kernel->outputs[o];
  scale              *over[HY_MAX_DIMS];

  for (int d = 0; d < x->ndims; d++)
    over[d] =
        out->dims[d] >= 0 ? &l->roots[out->dims[d]] : local_scale(m, l, out->local[d], x->dims[d]);
  const hid_t set = maker_set(m, l->group, out->name, output_type(output), x->ndims, x->dims);

  describe_output(m, set, output);
  maker_attach(m, set, x->ndims, over);
  maker_close(m, set);
}

/** The group of one task: the swept parameters as attributes, the outputs which vary. */
static void task_group(maker *m, locals *l, int64_t task, hy_extent *x)
{
  const hy_layout *lay = m->lay;
  const hy_param  *params = lay->job->kernel->params;
  char             path[STORE_NAME + 32];

  if (m->rc) return;
  const hy_code rc = hy_layout_task(lay, task, x, m->err);

  if (rc) {
    m->rc = rc;
    return;
  }
  store_task_path(lay, task, path);
  l->n = 0;
  l->group = maker_got(m, H5Gcreate2(m->file, path, H5P_DEFAULT, m->group, H5P_DEFAULT),
                       "cannot make a group");
  for (int p = 0; params[p].name; p++)
    if (lay->job->swept[p])
      maker_value(m, l->group, params[p].name, &params[p], hy_param_get(lay->point, &params[p]));
  for (int o = 0; o < lay->noutputs && !m->rc; o++)
    if (lay->outputs[o].varies && x[o].present) task_set(m, l, o, &x[o]);
  for (int i = 0; i < l->n; i++) maker_scale_end(m, &l->scales[i]);
  if (l->group >= 0) (void)maker_got(m, H5Gclose(l->group), "cannot close a group");
}

static void task_groups(maker *m, const int8_t *failed, scale *roots)
{
  const hy_layout *lay = m->lay;
  const size_t     n = (size_t)lay->noutputs * HY_MAX_DIMS + 1;
  locals           l = {.roots = roots};
  hy_extent       *x = calloc((size_t)lay->noutputs + 1, sizeof *x);

  l.names = calloc(n, sizeof *l.names);
  l.scales = calloc(n, sizeof *l.scales);
  if (!l.names || !l.scales || !x)
    m->rc = hy_fail(m->err, HY_ENOMEM, "%s: no memory for its groups", m->path);
  if (!m->rc) {
    const hid_t all =
        maker_got(m, H5Gcreate2(m->file, lay->tasks, H5P_DEFAULT, m->group, H5P_DEFAULT),
                  "cannot make a group");

    if (all >= 0) (void)H5Gclose(all);
  }
  for (int64_t t = 0; t < lay->job->ntasks && !m->rc; t++)
    if (!failed[t]) task_group(m, &l, t, x);
  free(l.names);
  free(l.scales);
  free(x);
}

hy_code store_make(const hy_layout *lay, const char *path, const int8_t *failed, bool any_failed,
                   hy_err *err)
{
  maker  m = {.lay = lay, .path = path, .file = -1, .any_failed = any_failed, .err = err};
  scale *scales = calloc((size_t)lay->ndims + 1, sizeof *scales);

  if (!scales) return hy_fail(err, HY_ENOMEM, "%s: no memory for dimensions", path);
  begin(&m);
  root_attributes(&m);
  root_scales(&m, scales);
  root_sets(&m, scales);
  if (!m.rc && lay->varies) task_groups(&m, failed, scales);
  for (int d = 0; d < lay->ndims; d++) maker_scale_end(&m, &scales[d]);
  end(&m);
  free(scales);
  return m.rc;
}
