#!/usr/bin/env bash
# Runs over two hosts and TCP end in the same bytes as a run on one.   two_hosts.sh HYBRID
# Skipped (exit 77) without the right to make network namespaces.
set -euo pipefail
hybrid=$(readlink -f "$1") here=$(cd "$(dirname "$0")" && pwd) root=$(cd "$(dirname "$0")/../.." && pwd)
[[ $(id -u) == 0 ]] && unshare --net --uts --ipc --mount true 2>/dev/null || { echo "skipped: needs root and namespaces"; exit 77; }
mpirun --version 2>/dev/null | grep -qE 'Open ?(MPI|RTE)' || { echo "skipped: written for Open MPI"; exit 77; }
work=$(mktemp -d)
trap '"$here/hosts.sh" down "$work/hosts"; rm -rf "$work"' EXIT
"$here/hosts.sh" up "$work/hosts" 2
cd "$work"

# the remote shell: skips options, then HOST COMMAND
cat >agent <<A
#!/usr/bin/env bash
while [[ \$1 == -* ]]; do shift; done
exec "$here/hosts.sh" rsh "$work/hosts" "\$@"
A
chmod +x agent

over() { # HOSTS RANKS args...
  local hosts=$1 ranks=$2
  shift 2
  "$here/hosts.sh" exec "$work/hosts" n1 env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
    OMP_WAIT_POLICY=passive timeout 100 mpirun --mca plm rsh --mca plm_rsh_agent "$work/agent" \
    --mca btl_tcp_if_include eth0 --mca oob_tcp_if_include eth0 --oversubscribe --bind-to none \
    -H "$hosts" -n "$ranks" --wdir "$work" "$hybrid" run "$@" --quiet --progress never --threads 1
}

cat >spin.yaml <<Y
kernel: spin
params: {law: exponential, seconds: 2e-4}
sweep: {index: {from: 1, to: 5000, step: 1}}
Y
cat >heat.yaml <<Y
kernel: heat2d
params: {nx: 60, ny: 41, steps: 50}
team: {ranks: all}
Y
cp "$root/tests/kernel/kmeans.yaml" kmeans.yaml
sed -i "s#../../data#$root/data#" kmeans.yaml

failed=0
for job in spin heat kmeans; do
  over n1:1 1 $job.yaml -o $job-1
  over n1:2,n2:2 4 $job.yaml -o $job-4
  over n1:1,n2:2 3 $job.yaml -o $job-3
  if [[ $(sha256sum $job-*/results.h5 | cut -c1-64 | sort -u | wc -l) == 1 ]]; then echo "ok   $job"; else
    echo "FAIL $job: results differ"; failed=1; fi
  grep -q '"nnodes": 2' $job-4/run.json || { echo "FAIL $job: not on two nodes"; failed=1; }
done
exit $failed
