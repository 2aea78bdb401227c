# Directories and runs of bad_input.sh.
printf 'kernel: spin\nparams: {seconds: 0}\nsweep: {index: [1, 2, 3]}\n' >good.yaml
sed 's/3]/4]/' good.yaml >other.yaml
printf 'kernel: mandelbrot\nsweep: {tiles: [1], nx: [8, 9]}\n' >uneven.yaml
start="$hybrid run -q --threads 1 --progress never"

command_ 'a job that is missing' "$start missing.yaml"
mkdir folder
command_ 'a job that is a directory' "$start folder/"
command_ 'check: a job that is missing' "$hybrid check missing.yaml"

# --- run directories
mkdir foreign && echo mine >foreign/thesis.tex
command_ 'directory of somebody else' "$start good.yaml -o foreign"
command_ 'directory of somebody else, by force' "$start good.yaml -f -o foreign"
[ "$(cat foreign/thesis.tex)" = mine ] || { echo 'FAIL a file of others is gone'; wrong=$((wrong + 1)); }
echo >file
command_ 'directory that is a file' "$start good.yaml -o file"
command_ 'directory below a file' "$start good.yaml -o file/out"
command_ 'directory that cannot be made' "$start good.yaml -o /proc/out"
command_ 'directory with too long a name' "$start good.yaml -o $(head -c 300 /dev/zero | tr '\0' x)"
command_ 'directory with too long a path' "$start good.yaml -o $(printf 'x/%.0s' {1..2100})"
$start good.yaml -o finished
command_ 'finished already' "$start good.yaml -o finished"
command_ 'another finished job' "$start other.yaml -o finished"
mkdir -p unfinished/journal && printf 'kernel: other\n' >unfinished/journal/job.spec
command_ 'another unfinished job' "$start good.yaml -o unfinished"
expect "$hybrid run good.yaml --threads 1 --progress never -o kept >/dev/full" 74 '' \
  '~error: cannot write the summary to stdout; the results are in kept/results.h5'
[ -e kept/results.h5 ] || { echo 'FAIL a full stdout costs the results'; wrong=$((wrong + 1)); }

# --- looking at runs
$start good.yaml -f -o finished
command_ 'show: missing' "$hybrid show nowhere"
command_ 'show: of somebody else' "$hybrid show foreign"
command_ 'show: no such task' "$hybrid show finished --task 3"
command_ 'show: no picture' "$hybrid show finished --png a.png --output-name nothing"
command_ 'show: no two dimensions' "$hybrid show finished --png a.png"
command_ 'verify: missing' "$hybrid verify nowhere"
command_ 'verify: of somebody else' "$hybrid verify foreign"
$start uneven.yaml -o uneven
command_ 'show: tiles of unequal size' "$hybrid show uneven --png a.png"
command_ 'show: picture into nowhere' "$hybrid show uneven --task 0 --png nowhere/a.png"
command_ 'show: picture onto a full disk' "$hybrid show uneven --task 0 --png /dev/full"
cp -r finished cut && head -c 2000 finished/results.h5 >cut/results.h5
command_ 'show: results cut short' "$hybrid show cut"
command_ 'verify: results cut short' "$hybrid verify cut"
cp -r finished swapped && cp uneven/results.h5 swapped/results.h5
command_ 'show: results of another job' "$hybrid show swapped"
cp -r finished garbled && echo 'kernel: [' >garbled/job.yaml
command_ 'show: job.yaml garbled' "$hybrid show garbled"
