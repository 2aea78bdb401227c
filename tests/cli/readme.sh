#!/usr/bin/env bash
# README is true: its commands run, its job is a job, its kernel builds and runs.   readme.sh HYBRID
# (`./bootstrap` is what calls us.)
set -euo pipefail
hybrid=$1 root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
failed=0
try() { # command line
  if bash -c "$1" >"$dir/log" 2>&1; then echo "ok   $1"; else
    failed=1; echo "FAIL $1"; sed 's/^/     /' "$dir/log"; fi
}

mkdir "$dir/top" && cd "$dir/top"
ln -s "$hybrid" hybrid && ln -s "$root"/jobs "$root"/data .

# the quickstart comes first in the text, as ./bootstrap run
try 'mpirun -n 2 ./hybrid --quiet'
while read -r line; do
  line=${line%%  #*} # comments stand two blanks off
  case $line in
  ./bootstrap*) ;;
  'mpirun -n 4 ./hybrid') try 'mpirun -n 4 ./hybrid --force' ;; # its results are there already
  ncdump* | python3*) # for those who have them
    program=$line
    [[ $line != python3* ]] || program="${line/python3/\/usr\/bin\/python3}"
    if [[ $line != python3* ]] || /usr/bin/python3 -c 'import xarray, h5netcdf' 2>/dev/null; then try "$program"; fi ;;
  mpirun* | ./hybrid*) try "$line" ;;
  *) failed=1; echo "FAIL no one runs: $line" ;;
  esac
done < <(awk '/^```/ {code = !code} !code && /^    / {print substr($0, 5)}' "$root/README.md")

awk '/^```yaml/ {code = 1; next} /^```/ {code = 0} code' "$root/README.md" >job.yaml
try './hybrid check job.yaml'
try 'mpirun -n 2 ./hybrid run job.yaml --set params.paths=1000 --quiet -o results/readme'

# the kernel: one file, and one word in a list
mkdir "$dir/tree" && cp -r "$root"/{CMakeLists.txt,cmake,src,kernels,jobs,data} "$dir/tree"
awk '/^```c/ {code = 1; next} /^```/ {code = 0} code' "$root/README.md" >"$dir/tree/kernels/pi.c"
sed -i 's/^hy_add_kernels(/hy_add_kernels(pi /' "$dir/tree/kernels/CMakeLists.txt"
try "cmake -S '$dir/tree' -B '$dir/build' -DHYBRID_TESTS=OFF -DCMAKE_BUILD_TYPE=Debug -DHYBRID_WERROR=ON && cmake --build '$dir/build' -j2 --target hybrid"
printf 'kernel: pi\nsweep: {n: [10, 1000]}\n' >pi.yaml
try "mpirun -n 2 '$dir/build/src/hybrid' pi.yaml"
try "grep -q 3.1415927 <('$dir/build/src/hybrid' show results/pi)"

# what README shows of the quickstart's end is what it prints, but for times
./hybrid show results/quickstart --rows 1 >/dev/null
exit $failed
