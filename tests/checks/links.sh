#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Links in the pages lead to files that exist and to headings that their page has, and files of the source tree that the
# pages name as code (`core/base/file.h`) exist.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"

# The anchors of a page's headings: lower case, blanks as hyphens, punctuation dropped.
anchors() { # FILE
  sed -nE 's/^#+ +//p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9\n_-'
}

check() { # ROOT
  local page link target anchor bad=0
  while IFS=: read -r page link; do
    target=${link%%#*}
    anchor=
    if [[ $link == *#* ]]; then anchor=${link#*#}; fi
    target=$(dirname -- "$page")/$target
    if [[ $link == \#* ]]; then target=$page; fi
    if [[ ! -e $1/$target ]]; then echo "$page: there is no $target"; bad=1
    elif [[ $anchor ]] && ! anchors "$1/$target" | grep -qx -- "$anchor"; then
      echo "$page: $target has no heading #$anchor"
      bad=1
    fi
  done < <(cd "$1" && sources "$1" '*.md' | xargs -r grep -HoE '\]\([^):]+\)' /dev/null | sed -E 's/\]\((.*)\)$/\1/')
  while IFS=: read -r page target; do
    if [[ ! -e $1/$target ]]; then echo "$page: there is no $target"; bad=1; fi
  done < <(cd "$1" && sources "$1" '*.md' |
    xargs -r grep -HoE '`(core|views|app|data|tests)/[a-z0-9_/-]+(\.[a-z]+)?`' /dev/null | tr -d '`')
  return $bad
}

prove() {
  local sample bad
  sample=$(mktemp -d)
  mkdir "$sample/room"
  printf '# One\n## Two words\n[up](../top.md) [here](#two-words)\n' > "$sample/room/page.md"
  mkdir -p "$sample/core/base"
  touch "$sample/core/base/file.h"
  printf '[down](room/page.md#two-words) [out](https://example.org) `core/base/file.h` `core/base`\n' > "$sample/top.md"
  check "$sample" > /dev/null || { echo "finds fault with a sound sample"; exit 1; }
  for bad in '[x](room/none.md)' '[x](room/page.md#three)' '`core/base/none.h`'; do
    echo "$bad" > "$sample/top.md"
    if check "$sample" > /dev/null; then echo "does not see: $bad"; exit 1; fi
  done
  rm -rf "$sample"
}

prove
check "$1"
