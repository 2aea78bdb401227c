#!/usr/bin/env bash
# A shape never changes a result: the same job on several ranks x threads, killed and started again,
# ends in the same bytes.   tests/cli/shapes.sh HYBRID
set -euo pipefail
hybrid=$1 root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
cd "$dir"
failed=0

run() { # ranks threads job args...
  local ranks=$1 threads=$2
  shift 2
  mpirun -n "$ranks" "$hybrid" run "$@" --threads "$threads" --quiet --progress never
}
same() { # name: all results so far are one
  local n
  n=$(sha256sum "$1"-*/results.h5 | cut -c1-64 | sort -u | wc -l)
  if [ "$n" = 1 ]; then echo "ok   $1: $(ls -d "$1"-* | wc -l) runs, one result"; else
    echo "FAIL $1: $n different results"; sha256sum "$1"-*/results.h5; failed=1; fi
}

cat >small.yaml <<Y
kernel: kmeans
params: {data: $root/data/digits/digits.h5}
sweep: {k: [2, 7, 20], seed: {from: 0, to: 4, step: 1}}
Y
for shape in 1x1 2x1 3x1 4x1 1x2 1x4 2x2; do
  run "${shape%x*}" "${shape#*x}" small.yaml -o "solo-$shape"
done
run 2 1 small.yaml -o solo-again
same solo

# team kernels: threads and ranks both work on one task
cat >heat.yaml <<Y
kernel: heat2d
params: {ny: 37, steps: 60}
sweep: {nx: [20, 33]}
team: {ranks: all}
Y
for shape in 1x1 2x1 3x1 4x1 1x2 2x2; do
  run "${shape%x*}" "${shape#*x}" heat.yaml -o "team-$shape"
done
for ranks in 1 2 3; do # teams smaller than the world
  run 4 1 heat.yaml --set team.ranks=$ranks -o "team-of-$ranks"
done
same team

# one big output that several ranks write
for ranks in 1 2 3; do
  run $ranks 1 heat.yaml --set params.ny=700 --set sweep.nx=[600] --set params.steps=3 --set params.dt=1e-7 -o "big-$ranks"
done
same big

# killed in the middle, started again on another shape
cat >spin.yaml <<Y
kernel: spin
params: {law: exponential, seconds: 1e-3}
sweep: {index: {from: 1, to: 4000, step: 1}}
Y
run 2 1 spin.yaml -o kill-none
for round in 1 2 3; do
  mpirun -n 2 "$hybrid" run spin.yaml --quiet --threads 1 -o "kill-$round" & pid=$!
  sleep "1.$round"
  pkill -9 -P "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  if [ -e "kill-$round/results.h5" ]; then echo "note: kill $round came after the end"; else
    run $((round + 1)) 1 spin.yaml -o "kill-$round"; fi
done
same kill

# asked to stop by a signal: code 75, then it goes on
mpirun -n 2 "$hybrid" run spin.yaml --quiet --threads 1 -o kill-drain & pid=$!
sleep 1.2
pkill -USR1 -P "$pid" || true
code=0
wait "$pid" || code=$?
if [ "$code" != 75 ]; then echo "FAIL drain: exit code $code, not 75"; failed=1; fi
run 1 2 spin.yaml -o kill-drain
same kill

# two runs in one directory: the second is refused, and does the first no harm
mpirun -n 2 "$hybrid" run spin.yaml --quiet --threads 1 --set params.seconds=4e-3 -o two & pid=$!
sleep 1
for more in "" --force; do
  code=0
  mpirun -n 1 "$hybrid" run spin.yaml --quiet --set params.seconds=4e-3 -o two $more 2>two.log || code=$?
  if [ "$code" != 3 ] || ! grep -q 'two is in use by another run' two.log; then
    echo "FAIL two runs: exit code $code"; cat two.log; failed=1; fi
done
wait "$pid"
"$hybrid" verify two >/dev/null || { echo "FAIL two runs: the first was harmed"; failed=1; }

# what belongs to no task, such as a coordinate, is covered by the sum of the whole file
"$root/tests/kernel/plant.sh" two/results.h5 index
if "$hybrid" verify two >verify.log; then echo "FAIL a changed coordinate is not found"; failed=1; fi
grep -q 'was changed after it was written' verify.log || { echo "FAIL verify does not say why"; failed=1; }
exit $failed
