#!/usr/bin/env bash
# Flip one bit in the middle of an array of a results.h5: of the largest, or of that of this name.
#   plant.sh FILE [NAME]
set -euo pipefail
file=$1
read -r offset bytes < <(h5dump -p -H "$file" | awk -v wanted="${2:-}" '
  /DATASET "/ {name = $2; gsub(/"/, "", name)}
  /SIZE [0-9]+/ {size = $2}
  /OFFSET [0-9]+/ && (wanted == "" ? size > most : name == wanted) {most = size; at = $2}
  END {print at, most}')
[ "$bytes" -gt 0 ]
at=$((offset + bytes / 2))
byte=$(od -An -tu1 -j "$at" -N 1 "$file")
printf '%b' "\\x$(printf '%02x' $((byte ^ 4)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
