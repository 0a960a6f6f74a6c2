#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every source file has an SPDX line at its top: its first line, or its second after a #! line.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"

check() { # ROOT
  local file bad=0
  while read -r file; do
    if ! head -n 2 "$1/$file" | grep -q 'SPDX-License-Identifier: MIT'; then
      echo "$file has no line 'SPDX-License-Identifier: MIT'"
      bad=1
    fi
  done < <(sources "$1" '*.c' '*.h' '*.py' '*.sh' '*.mjs' '*.proto' '*meson.build' '*meson_options.txt' '*/run')
  return $bad
}

prove() {
  local sample
  sample=$(mktemp -d)
  printf '/* SPDX-License-Identifier: MIT */\nint a;\n' > "$sample/a.c"
  printf '#!/bin/sh\n# SPDX-License-Identifier: MIT\n' > "$sample/b.sh"
  check "$sample" > /dev/null || { echo "finds fault with a sound sample"; exit 1; }
  echo 'int a;' > "$sample/a.c"
  if check "$sample" > /dev/null; then echo "does not see a file without the line"; exit 1; fi
  rm -rf "$sample"
}

prove
check "$1"
