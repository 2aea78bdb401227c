#!/usr/bin/env bash
# Bad job files, data, arguments and directories: each is told exactly as bad_input.txt has it, with the
# right exit code, by `check` and `run` alike, and leaves no results behind.
#   tests/cli/bad_input.sh HYBRID [--update]      --update writes bad_input.txt anew: read the diff
set -euo pipefail
. "$(dirname "$0")/lib.sh"
here=$root/tests/cli actual=$work/actual
run="$hybrid run -q --threads 1 --progress never -o out"
: >"$actual"

# told NAME CODE-AND-STDERR-OF 'COMMAND': one entry of the list
told() {
  local code=0
  bash -c "$2" </dev/null >"$work/out" 2>"$work/err" || code=$?
  expected=$((expected + 1))
  { echo "== $1"; sed "s#$work/here#HERE#g; s#$root#ROOT#g" "$work/err"; echo "=> $code"; echo; } >>"$actual"
  [ ! -s "$work/out" ] || { echo "FAIL $1: writes to stdout"; wrong=$((wrong + 1)); }
  if [ -n "$(find . -name 'results.h5*' -newer "$work/mark" -print -quit)" ]; then
    echo "FAIL $1: leaves a results file"; wrong=$((wrong + 1)); fi
}

# job NAME [--set ...] <<JOB: a job which must be refused, the same by check and run
job() {
  local name=$1 code=0
  shift
  [ -t 0 ] || cat >job.yaml
  touch "$work/mark"
  rm -rf out
  told "$name" "$run job.yaml $*"
  cp "$work/err" "$work/run.err"
  "$hybrid" check job.yaml "$@" >/dev/null 2>"$work/err" </dev/null || code=$?
  [ "$code" = 3 ] && cmp -s "$work/err" "$work/run.err" && return
  echo "FAIL $name: check says something else ($code)"; cat "$work/err"; wrong=$((wrong + 1))
}
spin() { # NAME: the lines on stdin go below a good head
  { echo 'kernel: spin'; cat; } | job "$@"
}
swept() { # NAME 'SWEEP'
  printf 'params: {seconds: 0}\nsweep: %s\n' "$2" | spin "$1"
}
data() { # NAME FILE [REST]: a matrix that cannot be used
  printf 'kernel: kmeans\nparams: {data: %s}\n%s\n' "$2" "${3:-}" | job "$1"
}
# command NAME 'COMMAND'
command_() {
  touch "$work/mark"
  told "$1" "$2"
}

. "$here/bad_jobs.sh"
. "$here/bad_places.sh"

if [ "${2:-}" = --update ]; then cp "$actual" "$here/bad_input.txt"; fi
diff -u "$here/bad_input.txt" "$actual" || wrong=$((wrong + 1))
finish
