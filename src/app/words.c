/** @file words.c */
#include "app/words.h"

const char words_title[] = "CPU-bound kernels over a cluster: MPI ranks with OpenMP workers";

// clang-format off
const char words_about[] =
    "hybrid spreads the tasks of a job over the ranks of an MPI program and the OpenMP threads "
    "within each rank. A job is a YAML file: one kernel, its parameters, a sweep over them. "
    "Finished tasks are kept in a journal at once, so a run that was killed goes on where it was "
    "when the same command is given again; results.h5 is made from it at the end and has the "
    "same bytes for any number of ranks and threads.";

const word words_exit_codes[] = {
    {"0", "done"},
    {"1", "failed"},
    {"2", "usage: an unknown verb, option or argument"},
    {"3", "bad job file or input"},
    {"4", "done, but some tasks failed"},
    {"6", "the environment is unfit: warnings under --strict, or an mpirun of another MPI"},
    {"74", "input/output error, nothing committed is lost"},
    {"75", "stopped early; start it again to go on"},
    {0}};

const word words_files[] = {
    {"results/NAME/results.h5", "the results: HDF5 that is also netCDF-4"},
    {"results/NAME/run.json", "what happened: shape, hosts, times, efficiency, failures"},
    {"results/NAME/job.yaml",
     "the job with every default explicit; running it gives the same results"},
    {"results/NAME/journal/", "finished tasks, while the run is unfinished"},
    {"results/NAME/trace.json", "with --trace: a timeline for ui.perfetto.dev"},
    {0}};

const word words_environment[] = {
    {"OMP_NUM_THREADS", "threads per rank, where --threads does not say"},
    {"SLURM_CPUS_PER_TASK", "the same, where OMP_NUM_THREADS does not say either"},
    {"OMP_WAIT_POLICY",
     "how idle threads wait. hybrid sets it to passive, and starts itself anew for that, when a "
     "node has more threads than cores"},
    {"OMPI_MCA_io, OMPI_MCA_osc, OMPI_MCA_mpi_yield_when_idle",
     "set to romio321, ^rdma,ucx and 1 under Open MPI 4 when not set: its own defaults lose data "
     "on a full disk, crash, and let waiting ranks take the cores of working ones"},
    {"HDF5_USE_FILE_LOCKING", "set to FALSE when not set"},
    {"NO_COLOR", "no colours, when it is set and not empty"},
    {0}};

const word words_examples[] = {
    {"mpirun -n 4 hybrid", "run the built-in job"},
    {"hybrid check job.yaml", "find mistakes and see the plan"},
    {"mpirun -n 4 hybrid job.yaml --set params.k=7", "run with another value"},
    {"hybrid show --csv results/job > job.csv", "the results as a spreadsheet"},
    {"mpirun -n 2 hybrid verify results/job", "check what was written"},
    {0}};
// clang-format on
