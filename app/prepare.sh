# SPDX-License-Identifier: MIT
# Sourced by app/run and tests/run: installs what is missing and builds. All that it says goes to stderr.
# Expects $root, the folder of the sources, and $me, the script's name.

say() { printf '%s: %s\n' "$me" "$*" >&2; }

packages_for() { # KIND...
  local kind package wanted
  while read -r kind package; do
    for wanted in "$@"; do
      if [[ $kind == "$wanted" ]]; then echo "$package"; fi
    done
  done < "$root/app/packages"
}

installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

missing_of() { # PACKAGE...
  local package
  for package in "$@"; do installed "$package" || echo "$package"; done
}

has_candidate() {
  local policy
  policy=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null) || return 1
  [[ $policy == *"Candidate: "* && $policy != *"Candidate: (none)"* ]]
}

as_root() {
  if [[ $(id -u) == 0 ]]; then env DEBIAN_FRONTEND=noninteractive "$@" >&2
  else sudo env DEBIAN_FRONTEND=noninteractive "$@" >&2; fi
}

may_install() { [[ $(id -u) == 0 ]] || command -v sudo >/dev/null; }

# Packages of these kinds, and the optional ones that the distribution has. Asks apt only if some are missing.
install_missing() { # KIND...
  command -v dpkg-query >/dev/null || { say "not Debian: taking it that the packages in app/packages are here"; return; }
  local missing optional package
  mapfile -t missing < <(missing_of $(packages_for "$@"))
  mapfile -t optional < <(missing_of $(packages_for optional))
  if ((${#missing[@]})); then
    if ! may_install; then
      say "missing: ${missing[*]}"
      say "run this as root, then again: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
      exit 1
    fi
    say "installing ${missing[*]}"
    as_root apt-get -o DPkg::Lock::Timeout=300 update
  fi
  for package in "${optional[@]}"; do
    if may_install && has_candidate "$package"; then missing+=("$package"); fi
  done
  ((${#missing[@]})) || return 0
  as_root apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
  packages_changed=yes
}

# Runs a command quietly; shows what it said only if it fails.
quietly() {
  local log
  log=$(mktemp)
  if "$@" > "$log" 2>&1; then rm -f "$log"; return; fi
  cat "$log" >&2
  rm -f "$log"
  say "failed: $*"
  exit 1
}

# Configures $root/NAME with these options where it is not, and again where packages came since.
configure_tree() { # NAME OPTION...
  local tree=$root/$1
  shift
  if [[ -f $tree/build.ninja && ! ${packages_changed-} ]]; then return; fi
  say "configuring $tree"
  if [[ -f $tree/build.ninja ]]; then quietly meson setup --reconfigure "$tree" "$root" "$@"
  else quietly meson setup "$tree" "$root" "$@"; fi
}

# Builds the targets named, all if none is. Ninja finds by itself that a meson.build has changed.
build_tree() { # NAME [TARGET...]
  local tree=$root/$1
  shift
  if [[ $(ninja -C "$tree" -n "$@" 2>&1) == *"no work to do"* ]]; then return; fi
  say "building $tree"
  quietly ninja -C "$tree" "$@"
}

# One at a time: the lock is on this file, and goes when the descriptor is closed.
lock_build() { exec 9< "$root/app/prepare.sh"; flock 9; }
unlock_build() { exec 9<&-; }
