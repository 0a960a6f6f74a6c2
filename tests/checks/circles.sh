#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# No circle of includes among headers.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"

# Pairs "header included-header", one per line, from the includes of core/, views/ and app/.
edges() { # ROOT
  (cd "$1" && sources "$1" 'core/*.h' 'views/*.h' 'app/*.h' |
    xargs -r grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[a-z_]+/[^"]+\.h"' /dev/null |
    sed -E 's/^([^:]*)\.[ch]:.*"(.*)\.h"$/\1 \2/; s,^core/,,' | awk '$1 != $2' | sort -u)
}

# Prints the members of each circle, and fails if there is one.
check() { # ROOT
  local said
  if said=$(edges "$1" | tsort 2>&1 > /dev/null); then return 0; fi
  echo "$said" | sed -E 's/^tsort: -: input contains a loop:$/a circle of includes:/; s/^tsort: /  /'
  return 1
}

prove() {
  local sample
  sample=$(mktemp -d)
  mkdir -p "$sample"/{core/base,app/cli}
  echo '#include "base/low.h"' > "$sample/core/base/low.c"
  echo '#include "base/high.h"' > "$sample/core/base/low.h"
  echo 'int high;' > "$sample/core/base/high.h"
  echo '#include "base/high.h"' > "$sample/app/cli/user.h"
  check "$sample" > /dev/null || { echo "finds fault with a sound sample"; exit 1; }
  echo '#include "base/low.h"' > "$sample/core/base/high.h"
  if check "$sample" > /dev/null; then echo "does not see a circle"; exit 1; fi
  rm -rf "$sample"
}

prove
check "$1"
