#!/usr/bin/env bash
# Several hosts on one machine: each is a set of namespaces with a network address, a host name and a
# /dev/shm of its own, joined by a bridge that reaches nothing else.  Needs root; Linux only.
#   hosts.sh up DIR N          make hosts n1..nN, state in DIR
#   hosts.sh exec DIR HOST COMMAND...
#   hosts.sh rsh DIR HOST COMMAND...   as a remote shell would: the words are one line for sh
#   hosts.sh down DIR          end all processes on them, and them
set -euo pipefail
verb=$1 dir=$2
shift 2

keeper() { cat "$dir/$1.pid"; }
inside() { nsenter -t "$(keeper "$1")" -n -u -i -m -- "${@:2}"; }

make_host() { # NAME
  local name=$1 pid i
  setsid unshare --net --uts --ipc --mount --propagation private bash -c "
    hostname $name && mount -t tmpfs -o size=1g,mode=1777 tmpfs /dev/shm &&
    mount --bind '$dir/hosts' /etc/hosts && ip link set lo up && touch '$dir/$name.up' && exec sleep 3600" \
    </dev/null >"$dir/$name.log" 2>&1 &
  pid=$!
  echo "$pid" >"$dir/$name.pid"
  for ((i = 0; i < 500; i++)); do [[ -e $dir/$name.up ]] && return; sleep 0.01; done
  echo "host $name did not come up:" >&2
  cat "$dir/$name.log" >&2
  return 1
}

up() { # N
  local n=$1 i hub
  mkdir -p "$dir"
  { echo "127.0.0.1 localhost"; for ((i = 1; i <= n; i++)); do echo "10.79.0.$((10 + i)) n$i"; done; } >"$dir/hosts"
  make_host hub
  hub=$(keeper hub)
  inside hub ip link add br0 type bridge
  inside hub ip link set br0 up
  for ((i = 1; i <= n; i++)); do
    make_host "n$i"
    inside hub ip link add "v$i" type veth peer name eth0 netns "$(keeper "n$i")"
    inside hub ip link set "v$i" master br0 up
    inside "n$i" ip addr add "10.79.0.$((10 + i))/24" dev eth0
    inside "n$i" ip link set eth0 up
  done
  [[ -n $hub ]]
}

down() {
  local pidfile ns proc
  for pidfile in "$dir"/*.pid; do
    ns=$(readlink "/proc/$(cat "$pidfile")/ns/net") || continue
    [[ $ns != "$(readlink /proc/self/ns/net)" ]] || continue
    for proc in /proc/[0-9]*; do
      [[ $(readlink "$proc/ns/net" 2>/dev/null) != "$ns" ]] || kill -9 "${proc#/proc/}" 2>/dev/null || true
    done
  done
}

case $verb in
up) up "$@" ;;
exec) inside "$@" ;;
rsh) host=$1; shift; inside "$host" sh -c "$*" ;;
down) down ;;
*) echo "hosts.sh: unknown verb $verb" >&2; exit 2 ;;
esac
