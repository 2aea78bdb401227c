#!/usr/bin/env bash
# The command line itself: help of every verb, mistakes, streams, man page, completion.
#   tests/cli/usage.sh HYBRID
set -euo pipefail
. "$(dirname "$0")/lib.sh"
e='hybrid: error:'

# what is asked for goes to stdout, with 0
expect '$hybrid --version' 0 '^hybrid [0-9]+\.[0-9]+\.[0-9]+$' ''
expect '$hybrid -V' 0 '^hybrid ' ''
expect '$hybrid --help' 0 '^usage: .*hybrid run' ''
expect '$hybrid -h' 0 '^usage: ' ''
expect '$hybrid help' 0 '^exit codes$' ''
for verb in run check kernels info show verify help man completion; do
  expect "\$hybrid help $verb" 0 "^usage: .*hybrid $verb" ''
  expect "\$hybrid $verb --help" 0 '^options$' ''
done
expect '$hybrid help run' 0 '--commit-interval TIME' ''
expect '$hybrid kernels' 0 '^spin +' ''
for kernel in $("$hybrid" kernels | sed -n '2,/^$/s/ .*//p'); do
  expect "\$hybrid kernels $kernel" 0 "^ *kernel: $kernel$" ''
done
long=$("$hybrid" help | awk 'length > 80') # fits a terminal
[ -z "$long" ] || fail "too wide: $long"

# mistakes: one line on stderr, nothing on stdout, 2
expect '$hybrid kernles' 2 '' "$e \"kernles\" is neither a verb nor a job file; did you mean \`kernels\`?"
expect '$hybrid frobnicate' 2 '' "$e \"frobnicate\" is neither a verb nor a job file; see \`hybrid help\`"
expect '$hybrid ""' 2 '' "$e \"\" is neither a verb nor a job file; see \`hybrid help\`"
expect '$hybrid help rnu' 2 '' "$e \"rnu\" is no verb; see \`hybrid help\`"
expect '$hybrid -q check' 2 '' "$e the verb must be the first word: hybrid check ..."
expect '$hybrid run --treads 2' 2 '' "$e unknown option --treads; did you mean --threads?"
expect '$hybrid --treads=2' 2 '' "$e unknown option --treads; did you mean --threads?"
expect '$hybrid run -z' 2 '' "$e unknown option -z; see \`hybrid help run\`"
expect '$hybrid run --xyzzy' 2 '' "$e unknown option --xyzzy; see \`hybrid help run\`"
expect '$hybrid run --csv' 2 '' "$e \`run\` has no option --csv, but \`show\` has"
expect '$hybrid check --force j.yaml' 2 '' "$e \`check\` has no option --force, but \`run\` has"
expect '$hybrid run a.yaml b.yaml' 2 '' "$e \`run\` takes one argument: \"b.yaml\" is too much"
expect '$hybrid info x' 2 '' "$e \`info\` takes no argument: \"x\" is too much"
expect '$hybrid show' 2 '' "$e \`show\` needs an argument: hybrid show DIR"
expect '$hybrid verify' 2 '' "$e \`verify\` needs an argument: hybrid verify DIR"
expect '$hybrid show ""' 2 '' "$e the argument of \`show\` is empty"
expect '$hybrid run --bind sockets' 2 '' "$e --bind must be one of auto|none, not \"sockets\""
expect '$hybrid run --progress=' 2 '' "$e --progress must be one of auto|always|never, not \"\""
expect '$hybrid run --progress yes' 2 '' "$e --progress must be one of auto|always|never, not \"yes\""
expect '$hybrid run --threads many' 2 '' "$e --threads must be a whole number from 0 to 4096, not \"many\""
expect '$hybrid run -t -1' 2 '' "$e --threads must be a whole number from 0 to 4096, not \"-1\""
expect '$hybrid run -t 70000' 2 '' "$e --threads must be a whole number from 0 to 4096, not \"70000\""
expect '$hybrid run --threads' 2 '' "$e --threads needs an argument: N"
expect '$hybrid run --bind' 2 '' "$e --bind needs an argument: auto|none"
expect '$hybrid run --force=yes' 2 '' "$e --force takes no argument"
expect '$hybrid run --commit-interval soon' 2 '' "$e --commit-interval must be a time such as 50ms or 2s, not \"soon\""
expect '$hybrid run --set k' 2 '' "$e --set needs KEY=VALUE, e.g. params.k=7, not \"k\""
expect '$hybrid run --set =7' 2 '' "$e --set needs KEY=VALUE, e.g. params.k=7, not \"=7\""
expect '$hybrid run -o ""' 2 '' "$e --output needs a DIR, not an empty text"
expect '$hybrid show d --rows ten' 2 '' "$e --rows must be a whole number from 0 on, not \"ten\""
expect '$hybrid verify d --sample -3' 2 '' "$e --sample must be a whole number from 0 on, not \"-3\""
expect '$hybrid kernels heat' 2 '' "$e there is no kernel \"heat\"; did you mean heat2d?"
expect '$hybrid kernels xyzzy' 2 '' "$e there is no kernel \"xyzzy\"; \`hybrid kernels\` lists them"
expect '$hybrid completion' 2 '' "$e \`completion\` needs an argument: hybrid completion bash"
expect '$hybrid completion zsh' 2 '' "$e completion is made for bash, not for \"zsh\""

# under mpirun one process speaks for all
expect 'mpirun -n 3 $hybrid run --treads 2' 2 '' "~^$e unknown option --treads"
[ "$(grep -c "$e" "$work/err")" = 1 ] || fail "told more than once"
expect 'mpirun -n 3 $hybrid kernels' 0 '^spin ' ''
[ "$(grep -c '^spin ' "$work/out")" = 1 ] || fail "listed more than once"

# streams: a full or closed stdout is an error, a closed stdin none
expect '$hybrid kernels >/dev/full' 74 '' "$e cannot write to stdout: No space left on device"
expect '$hybrid kernels >&-' 74 '' "$e cannot write to stdout: Bad file descriptor"
expect '$hybrid man >/dev/full' 74 '' "$e cannot write to stdout: No space left on device"
expect '$hybrid kernels <&- 2>&-' 0 '^spin ' ''

# man page and completion
expect '$hybrid man' 0 '^\.TH HYBRID 1' ''
if command -v groff >/dev/null; then
  expect '$hybrid man | groff -man -Tutf8 -ww -z' 0 '' ''
  expect '$hybrid man | groff -man -Tascii -P-cbou' 0 '--keep-journal' ''
fi
cat >complete.sh <<'S'
. <("$hybrid" completion bash)
COMP_WORDS=(hybrid "$@") COMP_CWORD=$#
_hybrid
printf '%s ' "${COMPREPLY[@]}"
S
expect 'bash complete.sh ver' 0 '^verify $' ''
expect 'bash complete.sh show --r' 0 '^--rows $' ''
expect 'bash complete.sh run --bind n' 0 '^none $' ''
expect 'bash complete.sh kernels sp' 0 '^spin $' ''
expect 'bash complete.sh job.yaml --keep' 0 '^--keep-journal $' ''
finish
