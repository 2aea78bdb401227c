#!/usr/bin/env bash
# Bad job files, data, arguments and directories: each is told exactly as bad_input.txt has it, with the
# right exit code, by `check` and `run` alike, and leaves no results behind.
#   tests/cli/bad_input.sh HYBRID [--update]      --update writes bad_input.txt anew: read the diff
set -euo pipefail
. "$(dirname "$0")/lib.sh"
here=$root/tests/cli actual=$work/actual
run="$hybrid run -q --threads 1 --progress never -o out"
: >"$actual"
# what differs from machine to machine or with the layout of the results
steady="s#$work/here#HERE#g; s#$root#ROOT#g; s/eof = [0-9]+/eof = N/g; s/\b[0-9a-f]{12}\b/HASH/g"

# told NAME 'COMMAND': one entry of the list, its stderr and exit code
told() {
  local code=0
  touch "$work/mark"
  bash -c "$2" </dev/null >"$work/out" 2>"$work/err" || code=$?
  echo >>"$work/commands"
  { echo "== $1"; sed -E "$steady" "$work/err"; echo "=> $code"; echo; } >>"$actual"
  [ ! -s "$work/out" ] || fail "$1: writes to stdout"
  if [ -n "$(find . -name 'results.h5*' -newer "$work/mark" -print -quit)" ]; then
    fail "$1: leaves a results file"; fi
}

# job NAME [--set ...] <<JOB: a job which must be refused, the same by check and run
job() {
  local name=$1 code=0
  shift
  [ -t 0 ] || cat >job.yaml
  rm -rf out
  told "$name" "$run job.yaml $*"
  cp "$work/err" "$work/run.err"
  "$hybrid" check job.yaml "$@" >/dev/null 2>"$work/err" </dev/null || code=$?
  [ "$code" = 3 ] && cmp -s "$work/err" "$work/run.err" && return
  fail "$name: check says something else ($code)"
  cat "$work/err"
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
. "$here/bad_jobs.sh"
. "$here/bad_places.sh"

if [ "${2:-}" = --update ]; then cp "$actual" "$here/bad_input.txt"; fi
diff -u "$here/bad_input.txt" "$actual" || fail 'the list differs'
finish
