#!/usr/bin/env bash
# hosts.sh COUNT: so many hosts on one machine. Each is a network namespace with a link to a bridge, which is in another one
# and which this machine has a link to. Answers on standard output, `ready NAME SUBNET` or `failed SENTENCE`. Takes orders on
# standard input, each answered by `ready` or `failed SENTENCE`, and when that ends it ends what runs in the hosts and
# removes everything.
#   on HOST COMMAND...   runs it in the network of a host (1, 2, …; 0 is the bridge's)
#   disk DIRECTORY SIZE  a small disk of its own there
set -u
trap '' INT TERM HUP

count=$1
name='' subnet='' disks=()
said=$(mktemp)

# Subnet n has the addresses from 10.214.n.0 on. The name of this machine's link is the lock.
take_subnet() {
  local n
  for n in {0..31}; do
    ip -4 route show | grep -q "^10\.214\.$n\." && continue
    ip link add "muster-hosts$n" type veth peer name "muster-sw$n" 2>/dev/null || continue
    name=muster-hosts$n subnet=10.214.$n
    return
  done
  echo 'no link could be made'
  return 1
}

make_hosts() {
  local host
  take_subnet || return
  ip netns add "$name-0" &&
    ip link set "muster-sw${name#muster-hosts}" netns "$name-0" name uplink &&
    ip -n "$name-0" link add bridge type bridge &&
    ip -n "$name-0" link set bridge up &&
    ip -n "$name-0" link set uplink master bridge up &&
    ip addr add "$subnet.254/24" dev "$name" &&
    ip link set "$name" up || return
  for ((host = 1; host <= count; host += 1)); do
    ip netns add "$name-$host" &&
      ip link add "host$host" netns "$name-0" type veth peer name eth0 netns "$name-$host" &&
      ip -n "$name-0" link set "host$host" master bridge up &&
      ip -n "$name-$host" addr add "$subnet.$host/24" dev eth0 &&
      ip -n "$name-$host" link set eth0 up &&
      ip -n "$name-$host" link set lo up || return
  done
}

obey() {
  local word=$1 place=${2:-} rest=("${@:3}")
  case $word in
    on) nsenter --net="/run/netns/$name-$place" "${rest[@]}" ;;
    disk) mkdir -p "$place" && mount -t tmpfs -o "size=${rest[0]}" muster-test "$place" && disks+=("$place") ;;
    *) echo "no such order: $word" && return 1 ;;
  esac
}

processes() {
  local host
  for ((host = 0; host <= count; host += 1)); do ip netns pids "$name-$host"; done
}

# Until three looks in a row find nothing: a process may be born behind the eye of the one that looks.
kill_everything() {
  local pid found quiet=0 deadline=$((SECONDS + 10))
  while [ "$quiet" -lt 3 ] && [ "$SECONDS" -lt "$deadline" ]; do
    found=''
    for pid in $(processes); do kill -9 "$pid" && found=1; done
    if [ -n "$found" ]; then quiet=0; else quiet=$((quiet + 1)); fi
    sleep 0.02
  done
}

remove_everything() {
  local host disk
  exec 2>/dev/null
  rm -f "$said"
  [ -n "$name" ] || return
  kill_everything
  for disk in "${disks[@]}"; do umount -l "$disk"; done
  for ((host = 0; host <= count; host += 1)); do ip netns del "$name-$host"; done
  ip link del "$name"
}
trap remove_everything EXIT

if ! make_hosts >"$said" 2>&1; then
  echo "failed Hosts can't be made: $(tail -n 1 "$said")"
  exit 1
fi
echo "ready $name $subnet"
while read -ra order; do
  # Not in a subshell, or a disk would be forgotten.
  if obey "${order[@]}" >"$said" 2>&1; then
    echo ready
  else
    echo "failed ${order[*]}: $(tail -n 1 "$said")"
  fi
done
