#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The ceilings in SECURITY.md are defined in the files that it names.
set -euo pipefail

check() { # TABLE ROOT
  local name file bad=0 rows=0
  while read -r name file; do
    rows=$((rows + 1))
    if ! grep -qE "^#define $name( |$)" "$2/$file" 2> /dev/null; then
      echo "SECURITY.md: $file does not define $name"
      bad=1
    fi
  done < <(sed -nE 's/^\|.*\| `([A-Z_]+)`, `([a-z_\/]+\.[ch])` \|$/\1 \2/p' "$1")
  if ((rows < 15)); then echo "SECURITY.md: only $rows ceilings"; bad=1; fi
  return $bad
}

if check <(sed 's/FILE_CAP/NO_CAP/' "$1/SECURITY.md") "$1" > /dev/null; then
  echo "does not see a ceiling that is not there"
  exit 1
fi
check "$1/SECURITY.md" "$1"
