#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Functions that overflow, hide errors or keep state; and in core/, functions that only a program may call.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"

everywhere='(strcpy|strcat|sprintf|vsprintf|gets|atoi|atof|atol|strtok|alloca)[[:space:]]*\('
in_core='(printf|puts|putchar|exit|_exit|abort|setlocale|setenv|putenv|unsetenv|system|signal|sigaction|raise|exec[vl]p?e?|fork)[[:space:]]*\(|stdout\b'

# Lines inside a comment start with a star.
find_calls() { # ROOT PATTERN FILES...
  local root=$1 pattern=$2
  shift 2
  (cd "$root" && sources "$root" "$@" | xargs -r grep -HnE "\b($pattern)" /dev/null | grep -vE '^[^:]*:[0-9]+: ?(/\*| \*)')
}

check() { # ROOT
  local bad=0
  if find_calls "$1" "$everywhere" 'core/*.[ch]' 'views/*.[ch]' 'app/*.[ch]' 'tests/*.[ch]'; then bad=1; fi
  if find_calls "$1" "$in_core" 'core/*.[ch]'; then bad=1; fi
  return $bad
}

prove() {
  local sample bad
  sample=$(mktemp -d)
  mkdir -p "$sample/core/base"
  echo 'snprintf(text, 3, "x"); fprintf(file, "y"); my_exit(0);' > "$sample/core/base/sample.c"
  check "$sample" > /dev/null || { echo "finds fault with a sound sample"; exit 1; }
  for bad in 'strcpy(a, b);' 'x = atoi (s);' 'printf("x");' 'exit(1);' 'setenv("A", "1", 1);' 'execv(path, words);' 'fputs("x", stdout);'; do
    echo "$bad" > "$sample/core/base/sample.c"
    if check "$sample" > /dev/null; then echo "does not see: $bad"; exit 1; fi
  done
  rm -rf "$sample"
}

prove
check "$1"
