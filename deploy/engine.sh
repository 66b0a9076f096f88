# shellcheck shell=bash
# Sourced by setup, with-engine and private-engine: is there a Docker engine, and if not, can this machine have one of
# its own? Only find_or_install_engine changes anything.

engine_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Administrators' programs, for shells whose PATH leaves them out.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# Prints the address of the engine that answers, at DOCKER_HOST or at the default socket.
answering_engine() {
  local host
  for host in ${DOCKER_HOST:+"$DOCKER_HOST"} unix:///var/run/docker.sock; do
    if node "$engine_here/ping-engine.mjs" "$host" 2>/dev/null; then
      echo "$host"
      return
    fi
  done
  return 1
}

is_debian() {
  command -v apt-get >/dev/null && grep -qsE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release
}

# What a private engine needs and this machine hasn't got, as Debian's package names.
packages_missing_for_engine() {
  command -v dockerd >/dev/null || printf 'docker.io '
  command -v ip >/dev/null || printf 'iproute2 '
  command -v iptables >/dev/null || printf 'iptables '
}

# Why there can't be a private engine, in a sentence; nothing when there can.
why_no_private_engine() {
  local none="No Docker engine answers at ${DOCKER_HOST:-/var/run/docker.sock}"
  if [ "$(uname -s)" != Linux ]; then
    echo "$none: start Docker, or set DOCKER_HOST."
  elif [ "$(id -u)" != 0 ]; then
    echo "$none, and only root can start a private one: start Docker, set DOCKER_HOST, or run this as root."
  elif [ -n "$(packages_missing_for_engine)" ] && ! is_debian; then
    echo "$none, and dockerd isn't installed: install Docker, or set DOCKER_HOST."
  fi
}

# For setup: what a private engine needs, where there is no other engine and this machine can have one.
find_or_install_engine() {
  local reason packages
  answering_engine >/dev/null && return
  reason=$(why_no_private_engine)
  if [ -n "$reason" ]; then
    say "$reason"
    return
  fi
  packages=$(packages_missing_for_engine)
  [ -n "$packages" ] || return 0
  say "installing ${packages% }, for a private Docker engine"
  install_quietly $packages || say "installing ${packages% } failed: going on without a Docker engine"
}

install_quietly() {
  local log
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  if ! { install "$@" || { apt-get -q update && install "$@"; }; } </dev/null >"$log" 2>&1; then
    tail -n 5 "$log"
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

install() {
  apt-get -q install -y --no-install-recommends "$@"
}
