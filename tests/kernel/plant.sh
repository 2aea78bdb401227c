#!/usr/bin/env bash
# Flip one bit in the middle of the largest array of a results.h5.   plant.sh FILE
set -euo pipefail
file=$1
read -r offset bytes < <(h5dump -p -H "$file" | awk '
  /SIZE [0-9]+/ {size = $2}
  /OFFSET [0-9]+/ && size > most {most = size; at = $2}
  END {print at, most}')
[ "$bytes" -gt 0 ]
at=$((offset + bytes / 2))
byte=$(od -An -tu1 -j "$at" -N 1 "$file")
printf '%b' "\\x$(printf '%02x' $((byte ^ 4)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
