# Assertions for tests of the command line; source it with the program in $1.
#
#   expect 'COMMAND' CODE STDOUT STDERR
#
# runs the command in an empty directory of its own, where $hybrid is the program.  STDOUT is an
# extended regular expression ("" for nothing at all), STDERR the exact text ("~REGEX": a pattern).
hybrid=$(realpath "$1") root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
mkdir "$work/here" && cd "$work/here"
export hybrid root LC_ALL=C
export OMPI_MCA_ess_singleton_isolated=1 # one process alone needs no daemon
: >"$work/commands" >"$work/failures" # files, for some assertions run in a pipe

matches() { # text pattern
  if [ -z "$2" ]; then [ -z "$1" ]; else grep -qE -- "$2" <<<"$1"; fi
}

expect() { # command code stdout stderr
  local code=0 out err bad=
  echo >>"$work/commands"
  bash -c "$1" </dev/null >"$work/out" 2>"$work/err" || code=$?
  out=$(cat "$work/out") err=$(cat "$work/err")
  [ "$code" = "$2" ] || bad="exit code $code, not $2"
  matches "$out" "$3" || bad+="; stdout does not match /$3/"
  if [[ $4 == "~"* ]]; then
    matches "$err" "${4#"~"}" || bad+="; stderr does not match /${4#"~"}/"
  elif [ "$err" != "$4" ]; then
    bad+="; stderr is not: $4"
  fi
  [ -n "$bad" ] || return 0
  fail "$1"
  printf '  %s\n' "${bad#; }"
  printf '  stdout: %s\n' "$(head -c 600 "$work/out")"
  printf '  stderr: %s\n' "$(head -c 1200 "$work/err")"
}

fail() { # what
  echo "FAIL $1"
  echo >>"$work/failures"
}

finish() {
  echo "$(wc -l <"$work/commands") commands, $(wc -l <"$work/failures") wrong"
  [ ! -s "$work/failures" ]
}
