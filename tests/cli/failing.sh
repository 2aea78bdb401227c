#!/usr/bin/env bash
# Tasks that fail cost themselves only: exit code 4, fill values, a status, the reason in run.json.
#   failing.sh HYBRID_FAULTY
set -euo pipefail
source "$(dirname "$0")/lib.sh"
choices='[good, fails, puts_nothing, puts_twice, puts_outside, puts_unknown]'
for kernel in faulty faulty_team; do
  printf 'kernel: %s\nsweep: {index: [1, 2, 3], fault: %s}\n' "$kernel" "$choices" >$kernel.yaml
done
for shape in 1x1 2x1 1x2 3x1; do
  for kernel in faulty faulty_team; do
    expect "mpirun -n ${shape%x*} \$hybrid $kernel.yaml --threads ${shape#*x} -o $kernel-$shape --progress never" 4 \
      'tasks +3 done, 15 failed' '~failed .index = [123], fault = '
  done
done
expect 'sha256sum faulty-*/results.h5 | cut -c1-64 | sort -u | wc -l' 0 '^1$' ''
expect 'sha256sum faulty_team-*/results.h5 | cut -c1-64 | sort -u | wc -l' 0 '^1$' ''
expect 'h5dump -d status faulty-1x1/results.h5' 0 '0, 1, 1, 1, 1, 1' ''
expect 'h5dump -d y faulty-1x1/results.h5' 0 '2, nan, nan, nan, nan, nan' ''
expect 'h5dump -d z faulty-2x1/results.h5' 0 '-9223372036854775808' ''
for text in 'number 1 does not converge' 'kernel faulty put 0 of 1 rows of its output y' \
  'kernel faulty put 2 of 1 rows of its output y'; do
  expect "grep -c '$text' faulty-1x1/run.json" 0 '^[1-9]' ''
done
expect '$hybrid verify faulty-1x1' 0 '18 of 18 tasks checked: 0 damaged, 0 wrong, 15 had failed' ''
expect '$hybrid show faulty-1x1' 0 'failed' ''

# the job may say that one failure is enough
printf 'kernel: faulty\non_failure: stop\nsweep: {index: {from: 1, to: 100000, step: 1}, fault: [good, fails]}\n' >stop.yaml
expect 'mpirun -n 2 $hybrid stop.yaml -o stop --progress never' 1 '' '~on_failure: stop'
expect 'test ! -e stop/results.h5' 0 '' ''
finish
