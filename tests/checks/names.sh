#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# No two source files have the same name, so that a name identifies a file.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"

doubles=$(sources "$1" '*.c' '*.h' '*.py' '*.sh' '*.proto' | sed 's,.*/,,' | sort | uniq -d)
if [[ $doubles ]]; then
  echo "more than one file is called: $doubles"
  exit 1
fi
