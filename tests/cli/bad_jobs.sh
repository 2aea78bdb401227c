# Job files and data files of bad_input.sh.

# --- files that are no job
job 'an empty file' </dev/null
job 'only a comment' <<<'# nothing yet'
job 'not YAML' <<<'kernel: [spin'
printf 'kernel: spin\nparams:\n\tseconds: 1\n' | job 'tabs'
job 'a list' <<<'- kernel: spin'
job 'a word' <<<'spin'
printf 'kernel: sp\xff\xfein\n' | job 'not UTF-8'
printf 'kernel: spin\0\n' | job 'a zero byte'
head -c 4096 /bin/sh | job 'a program'
{ echo 'kernel: spin'; head -c 100000000 /dev/zero | tr '\0' '#'; } | job '100 MB'
{ printf 'kernel: '; head -c 5000 /dev/zero | tr '\0' '['; } | job 'five thousand brackets'
printf 'kernel: spin\n---\nkernel: spin\n' | job 'two documents'

# --- keys
job 'no kernel' <<<'params: {seconds: 1}'
job 'an unknown kernel' <<<'kernel: spinn'
job 'a kernel far from all' <<<'kernel: quicksort'
spin 'an unknown key' <<<'parms: {seconds: 1}'
spin 'a key twice' <<<$'seed: 1\nseed: 2'
spin 'a parameter twice' <<<$'params:\n  seconds: 1\n  seconds: 2'
spin 'an unknown parameter' <<<'params: {secnds: 1}'
spin 'parameters as a list' <<<'params: [1, 2]'
spin 'anchors' <<<$'params: &p {seconds: 1}\nsweep: *p'
spin 'tags' <<<'params: {seconds: !!float 1}'
spin 'a seed below zero' <<<'seed: -1'
spin 'a seed in words' <<<'seed: lucky'
spin 'an unknown policy' <<<'on_failure: ignore'
spin 'a name with a slash' <<<'name: ../../etc/cron'
spin 'several mistakes at once' <<<$'parms: {}\nseed: x\nsweep: {secons: [1]}\nteam: {ranks: many}'

# --- values
spin 'text for a number' <<<'params: {seconds: soon}'
spin 'below the range' <<<'params: {seconds: -1}'
spin 'above the range' <<<'params: {shape: 1e9}'
spin 'a fraction for a whole number' <<<'params: {index: 2.5}'
spin 'too large for a whole number' <<<'params: {index: 1e30}'
spin 'not a number' <<<'params: {seconds: .nan}'
spin 'infinite' <<<'params: {seconds: .inf}'
spin 'hexadecimal' <<<'params: {index: 0x10}'
spin 'an unknown choice' <<<'params: {law: unifrom}'
spin 'a list for a value' <<<'params: {seconds: [1, 2]}'
spin 'nothing for a value' <<<'params: {seconds: }'
job 'yes for a bool' <<<$'kernel: options\nparams: {antithetic: maybe}'
job 'a required parameter is missing' <<<'kernel: kmeans'
job 'between parameters' <<<$'kernel: heat2d\nparams: {dt: 1}'
job 'between swept parameters' <<<$'kernel: heat2d\nsweep: {dt: [1e-5, 1]}'

# --- sweeps
swept 'sweep: unknown parameter' '{secons: [1, 2]}'
swept 'sweep: an empty list' '{index: []}'
swept 'sweep: a value out of range' '{index: [1, -5]}'
swept 'sweep: a word in a list' '{index: [1, two]}'
swept 'sweep: step 0' '{index: {from: 1, to: 10, step: 0}}'
swept 'sweep: step the wrong way' '{index: {from: 1, to: 10, step: -1}}'
swept 'sweep: step and count' '{index: {from: 1, to: 10, step: 1, count: 10}}'
swept 'sweep: neither step nor count' '{index: {from: 1, to: 10}}'
swept 'sweep: count 0' '{shape: {from: 2, to: 10, count: 0}}'
swept 'sweep: logarithm of 0' '{index: {from: 0, to: 10, count: 3, log: true}}'
swept 'sweep: fractions of a whole number' '{index: {from: 1, to: 2, count: 4}}'
swept 'sweep: unknown word' '{index: {from: 1, until: 10, step: 1}}'
swept 'sweep: fixed and swept' '{seconds: [0, 1]}'
swept 'sweep: 2^60 tasks' '{index: {from: 1, to: 1048576, step: 1}, shape: {from: 2, to: 3, count: 1099511627776}}'
swept 'sweep: too many tasks' '{index: {from: 1, to: 100000, step: 1}, shape: {from: 2, to: 3, count: 100000}}'
swept 'sweep: zip of unequal lists' '{zip: {index: [1, 2, 3], shape: [2, 3]}}'
swept 'sweep: points of unequal keys' '{points: [{index: 1, shape: 2}, {index: 2}]}'
swept 'sweep: a table that is missing' '{csv: points.csv}'
job 'sweep: over a file' <<<$'kernel: kmeans\nsweep: {data: [a.csv, b.csv]}'

# --- teams
spin 'a team of a solo kernel' <<<'team: {ranks: 2}'
job 'a team of no rank' <<<$'kernel: heat2d\nteam: {ranks: -1}'
spin 'threads in words' <<<'team: {threads: all}'

# --- --set
job '--set: unknown key' --set parms.seconds=1 <<<'kernel: spin'
job '--set: unknown parameter' --set params.secnds=1 <<<'kernel: spin'
job '--set: out of range' --set params.seconds=-1 <<<'kernel: spin'
job '--set: not YAML' --set 'params.seconds=[1' <<<'kernel: spin'

# --- data files
data 'data: missing' none.csv
data 'data: a directory' .
: >empty.csv
data 'data: empty' empty.csv
echo 'x,y' >head.csv
data 'data: a header only' head.csv
printf '1,2\n3,4\n5\n' >ragged.csv
data 'data: ragged' ragged.csv
printf '1,2\n3,four\n' >word.csv
data 'data: a word' word.csv
printf '1,2\n3,nan\n' >nan.csv
data 'data: nan' nan.csv
printf '1,2\n3,\n' >hole.csv
data 'data: an empty cell' hole.csv
printf '\x89HDF\r\n\x1a\nnothing more' >broken.h5
data 'data: broken HDF5' broken.h5
head -c 3000 "$root/data/digits/digits.h5" >short.h5
data 'data: cut HDF5' short.h5
data 'data: no such dataset' "$root/data/digits/digits.h5:/nothing"
printf '1,2\n3,4\n' >two.csv
data 'data: fewer points than clusters' two.csv 'sweep: {k: [2, 3]}'
