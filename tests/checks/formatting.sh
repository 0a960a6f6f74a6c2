#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# clang-format changes no .c and .h, and no line ends with blanks.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"
cd "$1"

if sources "$1" '*.c' '*.h' '*.py' '*.sh' '*.md' '*.build' '*.proto' '*run' | xargs -d '\n' grep -nE '[[:blank:]]+$' /dev/null; then
  echo "blanks at the ends of lines"
  exit 1
fi
if ! command -v clang-format > /dev/null; then
  echo "clang-format is not installed"
  exit 77
fi
unformatted=$(sources "$1" '*.c' '*.h' | while read -r file; do
  clang-format --dry-run -Werror "$file" 2> /dev/null || echo "$file"
done)
if [[ $unformatted ]]; then
  echo "run clang-format -i on: $unformatted"
  exit 1
fi
