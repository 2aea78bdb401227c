#!/usr/bin/env bash
# A disk that fills up at the start, while the journal is written, while results.h5 is written: told with
# 74, no results file, and once there is room the same command goes on to the same results.
#   tests/cli/full_disk.sh HYBRID      (77: no small file systems can be mounted here)
set -euo pipefail
if [ "${HY_MOUNTS:-}" != own ]; then # a mount namespace of our own
  [ "$(id -u)" = 0 ] && map= || map=-r
  unshare $map -m true 2>/dev/null || { echo 'skipped: unshare is not allowed here'; exit 77; }
  HY_MOUNTS=own exec unshare $map -m bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
cat >job.yaml <<'Y'
kernel: heat2d
params: {ny: 300, steps: 2, dt: 1e-7}
sweep: {nx: [300, 301, 302, 303, 304, 305, 306, 307]}
Y
mkdir disk
run="$hybrid run -q --threads 1 --progress never job.yaml"
$run -o roomy

full() { # SIZE JUNK STDERR-PATTERN
  mount -t tmpfs -o "size=$1" tmpfs disk
  head -c "$2" /dev/zero >disk/junk
  expect "$run -o disk/out" 74 '' "$3"
  [ -z "$(find disk -name 'results.h5*')" ] || fail "disk of $1: leaves a results file"
  [ ! -d disk/out/journal ] || expect "$hybrid show disk/out" 0 'unfinished' ''
  mount -o remount,size=40m disk
  rm disk/junk
  expect "$run -o disk/out" 0 '' ''
  cmp roomy/results.h5 disk/out/results.h5 || fail "disk of $1: other results after going on"
  umount disk
}
e='hybrid: error:'
full 64k 65000 "$e cannot write into disk/out: No space left on device; make room or choose another directory by -o"
full 2m 0 "~^$e cannot write disk/out/journal/.*: No space left on device; [0-9]+ results are committed, start the job again to go on$"
full 8m 0 "~^$e disk/out/results.h5: not enough space: [0-9.]+ MiB needed, [0-9.]+ MiB free: make room, then start again$"
finish
