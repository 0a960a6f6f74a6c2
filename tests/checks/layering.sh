#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Includes point one way: a room may include itself and the rooms before it. Only views/canvas/terminal.c includes curses.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"

order=(base onnx network dataset quantize bound evaluate choose explore report bitstitch views app)

level_of() { # FOLDER
  local i
  for i in "${!order[@]}"; do
    if [[ ${order[i]} == "$1" ]]; then echo "$i"; return; fi
  done
  echo none
}

folder_of() { # FILE
  local path=${1#core/}
  path=${path%.[ch]} # core/bitstitch.h is a room of its own
  echo "${path%%/*}"
}

# Prints every include of a later room, and fails if there is one.
check() { # ROOT
  local file line folder own other bad=0
  while IFS=: read -r file line folder; do
    own=$(level_of "$(folder_of "$file")")
    other=$(level_of "$folder")
    if [[ $own == none ]]; then echo "$file: folder is not in the order"; bad=1; continue; fi
    if [[ $other == none || $other -le $own ]]; then continue; fi
    echo "$file:$line: includes $folder/, which comes after"
    bad=1
  done < <(cd "$1" && sources "$1" 'core/*.c' 'core/*.h' 'views/*.c' 'views/*.h' 'app/*.c' 'app/*.h' |
    xargs -r grep -HnoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[a-z]+/' /dev/null |
    sed -E 's/^([^:]*):([0-9]+):.*"([a-z]+)\/$/\1:\2:\3/')
  if (cd "$1" && sources "$1" 'core/*.c' 'core/*.h' 'views/*.c' 'views/*.h' 'app/*.c' 'app/*.h' |
    grep -v '^views/canvas/terminal\.c$' | xargs -r grep -HnE '^[[:space:]]*#[[:space:]]*include.*curses' /dev/null); then
    echo "curses is for views/canvas/terminal.c alone"
    bad=1
  fi
  return $bad
}

# The check must find the faults of bad samples.
prove() {
  local sample
  sample=$(mktemp -d)
  mkdir -p "$sample"/{core/base,core/explore,views/canvas,app}
  echo '#include "base/pool.h"' > "$sample/core/explore/good.c"
  echo '#include <curses.h>' > "$sample/views/canvas/terminal.c"
  check "$sample" > /dev/null || { echo "finds fault with a sound sample"; exit 1; }
  echo '#include "explore/plan.h"' > "$sample/core/base/bad.c"
  if check "$sample" > /dev/null; then echo "does not see an arrow that runs back"; exit 1; fi
  echo '#include <ncurses.h>' > "$sample/core/base/bad.c"
  if check "$sample" > /dev/null; then echo "does not see curses"; exit 1; fi
  rm "$sample/core/base/bad.c"
  echo '#include <curses.h>' > "$sample/views/bad.c"
  if check "$sample" > /dev/null; then echo "does not see curses in a view"; exit 1; fi
  rm -rf "$sample"
}

prove
check "$1"
