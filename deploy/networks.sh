# shellcheck shell=bash
# Sourced by setup after engine.sh: has this machine the programs that a node's data path is made with?

# As Debian's package names.
packages_missing_for_networks() {
  command -v ip >/dev/null || printf 'iproute2 '
  command -v nft >/dev/null || printf 'nftables '
  command -v conntrack >/dev/null || printf 'conntrack '
}

# Debian's nftables brings a service that would load rules of its own at the next start; it comes disabled.
find_or_install_network_programs() {
  local packages
  packages=$(packages_missing_for_networks)
  [ -n "$packages" ] || return 0
  if [ "$(uname -s)" != Linux ]; then
    return 0
  elif [ "$(id -u)" != 0 ] || ! is_debian; then
    say "networks need ${packages% }: going on without (root on Debian would get them installed)"
    return 0
  fi
  say "installing ${packages% }, for networks"
  install_quietly $packages || say "installing ${packages% } failed: going on without networks"
}
