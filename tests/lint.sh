#!/usr/bin/env bash
# clang-format, cppcheck, clang-tidy and shellcheck.   tests/lint.sh BUILD (with compile_commands.json)
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 cpus=$(nproc) bad=0
mapfile -t files < <(find src kernels tests -name '*.[ch]' | sort)
mapfile -t sources < <(find src kernels -name '*.c' | sort)

clang-format --dry-run -Werror "${files[@]}" || bad=1
cppcheck --quiet -j "$cpus" --std=c11 --enable=warning,portability --inline-suppr --suppress=missingIncludeSystem \
  -D_GNU_SOURCE -DH5_HAVE_PARALLEL -DHYBRID_VERSION='""' -Isrc --error-exitcode=1 src kernels || bad=1
# It exits 0 for warnings, and non-zero for files it cannot read; both count.
printf '%s\n' "${sources[@]}" | xargs -P "$cpus" -n 1 clang-tidy --quiet -p "$build" >"$build/tidy.log" 2>"$build/tidy.err" || bad=1
if grep -E '(error|warning): ' "$build/tidy.log"; then bad=1; fi
shellcheck bootstrap .ci/run tests/*.sh || bad=1
exit "$bad"
