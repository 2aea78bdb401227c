#!/usr/bin/env bash
# Who may include whom, as CONTRIBUTING.md says, and what no source may contain.
#   tests/layers.sh [TREE]        check the sources below TREE (default: this one)
#   tests/layers.sh --self-test   plant each kind of mistake in a copy and see it found
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)

declare -A may=(
  [base]="base" [numeric]="numeric base" [kernel]="kernel numeric base" [job]="job kernel numeric base"
  [journal]="journal base" [sched]="sched base" [place]="place base" [store]="store job kernel base"
  [engine]="engine sched place journal store job kernel numeric base"
  [app]="app engine sched place journal store job kernel numeric base")
# Where a foreign header may be included, as a pattern on the file's name.
declare -A foreign=(
  [mpi.h]="src/(base/comm|kernel/(team|host)|place/|sched/|engine/|store/|app/)" [hdf5]="src/store/"
  [yaml.h]="src/job/" [omp.h]="src/(place|engine)/|kernels/" [hwloc]="src/place/" [openssl/]="src/base/digest"
  [png.h]="src/app/picture")

complain() { # FILE:LINE:TEXT, what is wrong
  printf '%s   <- %s\n' "$1" "$2"
  bad=1
}

# All lines of our sources as FILE:LINE:TEXT, continued ones joined.
lines() {
  find src kernels -name '*.[ch]' -exec awk '{ text = text $0 }
    /\\$/ { sub(/ *\\$/, " ", text); next }
    { print FILENAME ":" FNR ":" text; text = "" }' {} +
}

ours() { # line, the header between quotes
  local file=${1%%:*} folder
  folder=${file#src/} folder=${folder%%/*}
  case $file in
  kernels/*) [[ $2 =~ ^(kernel/(kernel|run|team)\.h|numeric/.*)$ ]] || complain "$1" "not for kernels" ;;
  src/main.c) [[ $2 == app/* ]] || complain "$1" "main.c calls app only" ;;
  *) [[ " ${may[$folder]-} " == *" ${2%%/*} "* ]] || complain "$1" "not for $folder, or without its folder" ;;
  esac
}

includes() {
  local line name header
  while read -r line; do
    header=${line#*include}
    [[ $header == *\"* ]] && header=${header#*\"} && ours "$line" "${header%%\"*}"
    for name in "${!foreign[@]}"; do
      [[ $header != *"<$name"* || ${line%%:*} =~ ^(${foreign[$name]}) ]] || complain "$line" "$name is not for this folder"
    done
  done < <(grep -E '^[^:]+:[0-9]+: *# *include' <<<"$1")
}

# A sum over threads or ranks is rounded differently on every shape; a sum of integers is not.
sums() {
  local line file name
  while read -r line; do
    file=${line%%:*} name=$(sed -E 's/.*reduction *\( *[-+*] *: *([a-z_0-9]+).*/\1/' <<<"$line")
    grep -qE "\<(int|int64_t|size_t|uint64_t)\>[^;(]*\<$name\>" "$file" || complain "$line" "a sum depends on the shape"
  done < <(grep -E 'reduction *\( *[-+*]|^kernels.*MPI_SUM' <<<"$1")
}

forbid() { # lines, what is wrong with them
  local line
  while read -r line; do [[ -z $line ]] || complain "$line" "$2"; done <<<"$1"
}

check_tree() {
  local all bad=0
  cd "$1"
  all=$(lines)
  includes "$all"
  sums "$all"
  forbid "$(grep '# *pragma omp parallel' <<<"$all" | grep -v 'default(none)')" "default(none) is missing"
  forbid "$(grep -rnE '^[^#]*-(march=native|ffast-math|Ofast)' CMakeLists.txt cmake src kernels)" \
    "results would depend on the machine that built it"
  return $bad
}

self_test() {
  local mistake mistakes=(
    'src/base/err.c|#include "job/job.h"' 'src/job/job.c|#include <hdf5.h>' 'kernels/spin.c|#include "base/io.h"'
    'src/sched/policy.c|#include "journal/journal.h"' 'src/engine/run.c|#include "internal.h"'
    'src/store/read.c|#include <yaml.h>' 'src/main.c|#include "engine/engine.h"' 'src/app/app.c|#include <hwloc.h>'
    'kernels/heat2d.c|MPI_Reduce(a, b, 1, MPI_DOUBLE, MPI_SUM, 0, c);' 'src/CMakeLists.txt|-march=native'
    'src/engine/loop.c|#pragma omp parallel shared(e)' $'kernels/spin.c|#pragma omp parallel \\\n  num_threads(2)'
    $'kernels/spin.c|double energy;\n#pragma omp for reduction(+ : energy)')
  copy=$(mktemp -d) # global: the trap needs it
  trap 'rm -rf "$copy"' EXIT
  for mistake in "${mistakes[@]}"; do
    rm -rf "${copy:?}"/*
    cp -r "$here"/{src,kernels,cmake,CMakeLists.txt} "$copy"
    printf '%s\n' "${mistake#*|}" >>"$copy/${mistake%%|*}"
    if (check_tree "$copy") >/dev/null; then echo "not found in ${mistake%%|*}: ${mistake#*|}"; return 1; fi
  done
  echo "layers: all ${#mistakes[@]} planted mistakes are found"
}

case ${1:-} in
--self-test) self_test ;;
*) check_tree "${1:-$here}" && echo "layers: clean" ;;
esac
