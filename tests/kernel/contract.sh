#!/usr/bin/env bash
# What every kernel promises, checked on every kernel this program has: the same bytes for each shape,
# its own verification passes, and finds a planted error.   tests/kernel/contract.sh HYBRID
#
# A kernel runs with its defaults, or with the small job tests/kernel/NAME.yaml where there is one.
set -euo pipefail
hybrid=$1 root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

check() { # text command...
  local text=$1
  shift
  if "$@" >"$dir/log" 2>&1; then passed=$((passed + 1)); else
    failed=$((failed + 1)); echo "FAIL $text"; sed 's/^/     /' "$dir/log"; fi
}
run() { mpirun -n "$2" "$hybrid" run "$1" --threads "$3" --quiet --progress never -o "$4"; }
one_result() { [ "$(sha256sum "$dir/$1"-*/results.h5 | cut -c1-64 | sort -u | wc -l)" = 1 ]; }
# Change one byte of an output's data, behind the back of everybody.
plant() { "$root/tests/kernel/plant.sh" "$1"; }

for kernel in $("$hybrid" kernels | awk '/^kernel /{list = 1; next} /^$/{list = 0} list {print $1}'); do
  job=$root/tests/kernel/$kernel.yaml
  if [ ! -e "$job" ]; then
    job=$dir/$kernel.yaml
    echo "kernel: $kernel" >"$job"
  fi
  for shape in 1x1 2x1 1x2 3x1 2x2; do
    check "$kernel runs on $shape" run "$job" "${shape%x*}" "${shape#*x}" "$dir/$kernel-$shape"
  done
  check "$kernel: a shape never changes a result" one_result "$kernel"
  check "$kernel verifies on one rank" "$hybrid" verify "$dir/$kernel-1x1"
  check "$kernel verifies on three ranks" mpirun -n 3 "$hybrid" verify "$dir/$kernel-1x1"
  check "$kernel: plant an error" plant "$dir/$kernel-1x1/results.h5"
  if "$hybrid" verify "$dir/$kernel-1x1" >"$dir/log" 2>&1; then
    failed=$((failed + 1)); echo "FAIL $kernel: a planted error is not found"; else passed=$((passed + 1)); fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
