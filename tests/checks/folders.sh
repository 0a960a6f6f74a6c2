#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# No folder holds more than 24 modules (a header and its .c count once), so that a list of it fits a screen.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"

most=24

check() { # ROOT
  sources "$1" '*.c' '*.h' '*.py' '*.sh' '*.mjs' | sed -E 's/\.[a-z]+$//' | sort -u | sed -E 's,/?[^/]*$,,' | uniq -c |
    awk -v most=$most '$1 > most { print ($2 ? $2 : ".") ": " $1 " modules, at most " most; bad = 1 } END { exit bad }'
}

prove() {
  local sample i
  sample=$(mktemp -d)
  mkdir "$sample/room"
  for ((i = 0; i < most; i++)); do touch "$sample/room/file$i".{c,h}; done
  check "$sample" > /dev/null || { echo "finds fault with a sound sample"; exit 1; }
  touch "$sample/room/one_more.c"
  if check "$sample" > /dev/null; then echo "does not see a full folder"; exit 1; fi
  rm -rf "$sample"
}

prove
check "$1"
