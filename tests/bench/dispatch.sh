#!/usr/bin/env bash
# How much the farm itself costs: empty tasks per second, and the efficiency with tasks of 10 us,
# 100 us and 1 ms, journal on.  Prints figures, asserts nothing.
#   tests/bench/dispatch.sh [RANKS [ROUNDS]]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
ranks=${1:-2} rounds=${2:-5}
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1

# one run; prints a figure of its run.json
figure() { sed -n "s/^ *\"$1\": *\([-0-9.e+]*\),\{0,1\}$/\1/p" "$dir/out/run.json" | head -n 1; }
job() { # seconds tasks
  printf 'kernel: spin\nparams: {law: constant, seconds: %s}\nsweep: {index: {from: 1, to: %s, step: 1}}\n' "$1" "$2" >"$dir/job.yaml"
  mpirun -n "$ranks" "$root/hybrid" "$dir/job.yaml" -o "$dir/out" --force --quiet --threads 1
}
median() { sort -g | awk '{v[NR] = $1} END {printf "%.4g (%.4g .. %.4g)", v[int((NR + 1) / 2)], v[1], v[NR]}'; }

printf 'ranks %s, %s rounds: median (least .. most)\n' "$ranks" "$rounds"
printf 'empty tasks/s    %s\n' "$(for _ in $(seq "$rounds"); do job 0 4000000; figure tasks_per_s; done | median)"
for task in 10e-6:400000 100e-6:40000 1e-3:4000; do
  seconds=${task%:*} tasks=${task#*:}
  printf 'efficiency %-6s %s\n' "$seconds" "$(for _ in $(seq "$rounds"); do
    job "$seconds" "$tasks"
    awk -v s="$seconds" -v n="$tasks" -v r="$ranks" -v t="$(figure loop_s)" 'BEGIN {print s * n / r / t}'
  done | median)"
done
