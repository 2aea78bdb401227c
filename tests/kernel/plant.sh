#!/usr/bin/env bash
# Flip one bit in the middle of the first output's data of a results.h5.   plant.sh FILE
set -euo pipefail
file=$1
# h5ls -v tells where a contiguous dataset lies; outputs come behind the axes, status and crc32c do not count
read -r offset bytes < <(h5dump -p -H "$file" | awk '
  /DATASET "/ {name = $2; gsub(/"/, "", name)}
  /ATTRIBUTE "_FillValue"/ {output = name}
  /SIZE [0-9]+/ {size = $2}
  /OFFSET [0-9]+/ {offset[name] = $2; length_of[name] = size}
  END {for (n in offset) if (n == output) print offset[n], length_of[n]}')
[ -n "$offset" ] && [ "$bytes" -gt 0 ]
at=$((offset + bytes / 2))
byte=$(od -An -tu1 -j "$at" -N 1 "$file")
printf "$(printf '\\x%02x' $((byte ^ 4)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
