# shellcheck shell=bash
# Sourced by setup: a nats-server that is new enough, from this machine, or fetched into the user's cache, where
# shared/runtime/nats/nats-server.ts looks for it too. Pinned and checksummed; nothing is installed.

nats_cache=${XDG_CACHE_HOME:-$HOME/.cache}/muster
github_version=2.15.0
debian_version=2.15.1

# The sums are those of the official image's recipe (github.com/nats-io/nats-docker) and of Debian's signed index.
nats_server_for_this_machine() {
  case $(uname -sm) in
    'Linux x86_64')
      arch=amd64
      github_sha256=5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92
      debian_sha256=31ef4ceaa84e8248d449e508472e3770c17c3695cb5cb0ee96e03912724ea884
      ;;
    'Linux aarch64')
      arch=arm64
      github_sha256=cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112
      debian_sha256=68923b614b6b5594bbd63ffdce7258c2155ec448fb4cb7efd099bf9273eca128
      ;;
    *) return 1 ;;
  esac
}

nats_server_version() {
  "$1" --version 2>/dev/null | sed -n 's/^nats-server: v\([0-9.]*\).*/\1/p'
}

is_new_enough() {
  local version
  version=$(nats_server_version "$1") || return 1
  [ -n "$version" ] && [ "$(printf '%s\n' 2.12 "$version" | sort -V | head -n 1)" = 2.12 ]
}

find_or_fetch_nats_server() {
  local candidate
  if [ -n "${MUSTER_NATS_SERVER:-}" ]; then
    is_new_enough "$MUSTER_NATS_SERVER" && return
    give_up "MUSTER_NATS_SERVER is $MUSTER_NATS_SERVER, which is no nats-server 2.12 or newer."
  fi
  for candidate in "$(command -v nats-server || true)" "$nats_cache"/nats-server-*/nats-server; do
    [ -x "$candidate" ] && is_new_enough "$candidate" && return
  done
  nats_server_for_this_machine ||
    give_up "there is no nats-server to fetch for $(uname -sm): install 2.12 or newer, or name one in MUSTER_NATS_SERVER."
  mkdir -p "$nats_cache"
  work=$(mktemp -d "$nats_cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  fetch_from_github || fetch_from_debian ||
    give_up "no nats-server could be fetched: install 2.12 or newer, or name one in MUSTER_NATS_SERVER."
}

fetch_from_github() {
  local name=nats-server-v$github_version-linux-$arch
  download "https://github.com/nats-io/nats-server/releases/download/v$github_version/$name.tar.gz" "$github_sha256" &&
    tar -xzf "$work/download" -C "$work" &&
    keep "$work/$name/nats-server" "$github_version" GitHub
}

# Debian stable's is too old, but testing's package runs on stable: this one file, from the mirror the machine uses.
fetch_from_debian() {
  local mirror
  for mirror in $(debian_mirrors | awk '!seen[$0]++'); do
    download "$mirror/pool/main/n/nats-server/nats-server_$debian_version-1_$arch.deb" "$debian_sha256" &&
      unpack_deb "$work/download" "$work/unpacked" &&
      keep "$work/unpacked/usr/sbin/nats-server" "$debian_version" "$mirror" && return
  done
  return 1
}

# Both styles of sources, one line each and deb822; archives of other things than Debian don't end in /debian. The
# last has every file that Debian ever had, for when testing has moved on.
debian_mirrors() {
  {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb[[:space:]]\+\(\[[^]]*\][[:space:]]*\)\?//p'
    sed -n 's/^URIs:[[:space:]]*//p' /etc/apt/sources.list.d/*.sources 2>/dev/null
  } | tr -s '[:space:]' '\n' | grep -E '^https?://.*/debian/?$' | sed 's|/$||' || true
  echo http://deb.debian.org/debian
  echo http://snapshot.debian.org/archive/debian/20261101T000000Z
}

# Gives up soon where a site can't be reached, and at once where it says no.
download() {
  local url=$1 sha256=$2
  rm -f "$work/download"
  if command -v curl >/dev/null; then
    curl -fsSL --retry 1 --connect-timeout 4 --speed-limit 10000 --speed-time 8 -o "$work/download" "$url" 2>/dev/null
  else
    node -e '
      const [url, file] = process.argv.slice(1);
      const response = await fetch(url, { signal: AbortSignal.timeout(60000) });
      if (!response.ok) process.exit(1);
      await (await import("node:fs/promises")).writeFile(file, response.body);
    ' --input-type=module "$url" "$work/download" 2>/dev/null
  fi || return 1
  if ! echo "$sha256  $work/download" | sha256sum --check --status; then
    say "$url isn't what it was when this was written: not used"
    return 1
  fi
}

unpack_deb() {
  mkdir -p "$2"
  if command -v dpkg-deb >/dev/null; then
    dpkg-deb -x "$1" "$2"
  else
    ar p "$1" data.tar.xz | tar -xJ -C "$2"
  fi
}

# Into its place in one step, so that set-ups at the same time don't see half of it.
keep() {
  local binary=$1 version=$2 from=$3 place=$nats_cache/nats-server-$2
  is_new_enough "$binary" || return 1 # or it doesn't run here
  mkdir "$work/kept"
  mv "$binary" "$work/kept/nats-server"
  mv -T "$work/kept" "$place" 2>/dev/null || [ -x "$place/nats-server" ]
  say "fetched nats-server $version from $from into $place"
}
