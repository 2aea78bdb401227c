# Directories and runs of bad_input.sh.
printf 'kernel: spin\nparams: {seconds: 0}\nsweep: {index: [1, 2, 3]}\n' >good.yaml
sed 's/3]/4]/' good.yaml >other.yaml
printf 'kernel: mandelbrot\nsweep: {tiles: [1], nx: [8, 9]}\n' >uneven.yaml
printf 'kernel: heat2d\nparams: {nx: 64, ny: 64}\n' >heat.yaml
start="$hybrid run -q --threads 1 --progress never"

told 'a job that is missing' "$start missing.yaml"
mkdir folder
told 'a job that is a directory' "$start folder/"
told 'check: a job that is missing' "$hybrid check missing.yaml"

# --- run directories
mkdir foreign && echo mine >foreign/thesis.tex
told 'directory of somebody else' "$start good.yaml -o foreign"
told 'directory of somebody else, by force' "$start good.yaml -f -o foreign"
[ "$(cat foreign/thesis.tex)" = mine ] || fail 'a file of others is gone'
echo >file
told 'directory that is a file' "$start good.yaml -o file"
told 'directory below a file' "$start good.yaml -o file/out"
told 'directory that cannot be made' "$start good.yaml -o /proc/out"
told 'directory with too long a name' "$start good.yaml -o $(head -c 300 /dev/zero | tr '\0' x)"
told 'directory with too long a path' "$start good.yaml -o $(printf 'x/%.0s' {1..2100})"
$start good.yaml -o finished
told 'finished already' "$start good.yaml -o finished"
told 'another finished job' "$start other.yaml -o finished"
mkdir -p unfinished/journal && printf 'kernel: other\n' >unfinished/journal/job.spec
told 'another unfinished job' "$start good.yaml -o unfinished"
expect "$hybrid run good.yaml --threads 1 --progress never -o kept >/dev/full" 74 '' \
  '~error: cannot write the summary to stdout; the results are in kept/results.h5'
[ -e kept/results.h5 ] || fail 'a full stdout costs the results'

# --- looking at runs
$start good.yaml -f -o finished
told 'show: missing' "$hybrid show nowhere"
told 'show: of somebody else' "$hybrid show foreign"
told 'show: no such task' "$hybrid show finished --task 3"
told 'show: no picture' "$hybrid show finished --png a.png --output-name nothing"
told 'show: no two dimensions' "$hybrid show finished --png a.png"
told 'verify: missing' "$hybrid verify nowhere"
told 'verify: of somebody else' "$hybrid verify foreign"
$start uneven.yaml -o uneven
told 'show: tiles of unequal size' "$hybrid show uneven --png a.png"
told 'show: picture into nowhere' "$hybrid show uneven --task 0 --png nowhere/a.png"
told 'show: picture into a device' "$hybrid show uneven --task 0 --png /dev/null"
cp -r finished cut && head -c 2000 finished/results.h5 >cut/results.h5
told 'show: results cut short' "$hybrid show cut"
told 'verify: results cut short' "$hybrid verify cut"
$start heat.yaml -o heat && cp -r heat flipped
size=$(stat -c %s flipped/results.h5) # mostly the field u: its middle is a number
printf '\377' | dd of=flipped/results.h5 bs=1 seek=$((size / 2)) conv=notrunc status=none
expect "$hybrid verify flipped" 1 'task 0 .*: damaged: its checksum does not match' ''
expect "$hybrid verify heat" 0 '0 damaged, 0 wrong, 0 had failed' ''
cp -r finished swapped && cp uneven/results.h5 swapped/results.h5
told 'show: results of another job' "$hybrid show swapped"
cp -r finished garbled && echo 'kernel: [' >garbled/job.yaml
told 'show: job.yaml garbled' "$hybrid show garbled"
