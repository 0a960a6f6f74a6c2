# SPDX-License-Identifier: MIT
# Sourced by the checks: lists the project's files, one per line, relative to the folder given.
sources() { # ROOT PATTERN...
  local root=$1
  shift
  if git -C "$root" rev-parse --is-inside-work-tree > /dev/null 2>&1; then
    (cd "$root" && git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
      if [[ -f $file ]]; then echo "$file"; fi
    done)
  else
    local pattern names=()
    for pattern in "$@"; do names+=(-o -path "./$pattern"); done
    (cd "$root" && find . -path './build*' -prune -o -type f \( "${names[@]:1}" \) -print | sed 's,^\./,,')
  fi
}
