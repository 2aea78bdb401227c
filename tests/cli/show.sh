#!/usr/bin/env bash
# What `show`, `check` and `info` print of a run that went well.   tests/cli/show.sh HYBRID
set -euo pipefail
. "$(dirname "$0")/lib.sh"
run="$hybrid run -q --threads 1 --progress never"

# a table and CSV over a sweep with words, whole numbers and real numbers in it
cat >spin.yaml <<'Y'
title: A load
kernel: spin
params: {seconds: 0}
sweep: {law: [constant, uniform], index: {from: 1, to: 30, step: 1}, shape: [1.5, 2.25]}
Y
expect "$hybrid check spin.yaml -o out" 0 'directory +out does not exist yet' ''
expect "$hybrid check spin.yaml" 0 '^  tasks +120$' ''
expect "$hybrid check spin.yaml" 0 '^ +2 +30 +index +1, 2, 3, \.\., 30$' ''
expect "$hybrid check spin.yaml --set 'sweep={shape: [3]}'" 0 '^  tasks +1$' ''
expect "$run spin.yaml -o out" 0 '' ''
expect "$hybrid check spin.yaml -o out" 0 'directory +out holds a finished run: needs --force' ''
expect "$hybrid show out" 0 '^out: finished: spin: A load, kernel spin$' ''
expect "$hybrid show out" 0 '^ +task  law +index  shape  status +value$' ''
expect "$hybrid show out" 0 '^ +19  constant +10 +2\.25  done ' ''
expect "$hybrid show out" 0 '^  \.\. 100 more; --rows 0 shows all, --csv writes them$' ''
[ "$("$hybrid" show out --rows 0 | grep -c ' done ')" = 120 ] || fail 'not all rows'
expect "$hybrid show out --task 119" 0 '^ +119  uniform +30 +2\.25  done ' ''
expect "$hybrid show out --csv" 0 $'^task,law,index,shape,status,value\r$' ''
expect "$hybrid show out --csv" 0 $'^119,uniform,30,2\\.25,done,[0-9.e+-]+\r$' ''
[ "$("$hybrid" show out --csv | wc -l)" = 121 ] || fail 'CSV has not a line for each task'
expect "$hybrid show out --csv >/dev/full" 74 '' 'hybrid: error: cannot write to stdout: No space left on device'

# tiles side by side in a picture: the size is in bytes 16 to 23 of a PNG
png_size() { od -An -tu1 -j16 -N8 "$1" | awk '{print $3 * 256 + $4, $7 * 256 + $8}'; }
cat >tiles.yaml <<'Y'
kernel: mandelbrot
params: {tiles: 3, nx: 20, ny: 30}
sweep: {tile_y: [0, 1, 2], tile_x: [0, 1, 2]}
Y
expect "$run tiles.yaml -o tiles" 0 '' ''
nx=$("$hybrid" check tiles.yaml | sed -n 's/^ *iterations .*\[3\]\[3\]\[\([0-9]*\)\]\[\([0-9]*\)\].*/\2 \1/p')
expect "$hybrid show tiles --png all.png" 0 '^all.png: iterations of tiles, [0-9]+ x [0-9]+ pixels$' ''
[ "$(png_size all.png)" = "$(awk '{print 3 * $1, 3 * $2}' <<<"$nx")" ] || fail "picture of all tiles: $(png_size all.png)"
expect "$hybrid show tiles --task 4 --png one.png" 0 '^one.png: ' ''
[ "$(png_size one.png)" = "$nx" ] || fail "picture of one tile: $(png_size one.png)"
expect "$hybrid show tiles" 0 '^  arrays in results.h5: iterations\[3\]\[3\]' ''

expect "$hybrid info --threads 1" 0 '^  HDF5 +[0-9.]+, parallel$' '~'
expect "$hybrid info --bind none" 0 '^  hwloc +[0-9.]+' '~'
finish
