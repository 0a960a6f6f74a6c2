#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The examples in header comments compile. In the comment, an example is written as
#
#      * Example (Network *network, Message *message):
#      *     Workspace *workspace;
#      *     workspace_create(&workspace, network, message);
#
# The parentheses declare what the example takes as given, as a function's parameters; without any, they are left out.
# The indented lines that follow become the body of a function in a file that includes the header first; lines that start
# with # (other headers) stand before it. Indented lines of a comment that look like C must be such an example.
# usage: header_examples.sh SOURCE_ROOT BUILD_ROOT
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"
shopt -s nullglob

# Writes each example of the header to FOLDER/NAME_LINE.c. Fails where lines look like C and are no example.
extract() { # ROOT HEADER FOLDER
  awk -v header="$2" -v included="${2#core/}" -v folder="$3" '
    function finish(    file, i) {
      if (!marked && looks) { print header ":" first ": looks like C, and has no line \"Example:\" above it"; bad = 1 }
      if (marked && count) {
        file = included; gsub(/[\/.]/, "_", file); file = folder "/" file "_" first ".c"
        print "#include \"" included "\"\n#include <errno.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>" > file
        for (i = 1; i <= count; i++) if (body[i] ~ /^ *#/) print "#line " at[i] " \"" header "\"\n" body[i] > file
        print "int example(" (given ? given : "void") ");\nint example(" (given ? given : "void") ")\n{" > file
        for (i = 1; i <= count; i++) if (body[i] !~ /^ *#/) print "#line " at[i] " \"" header "\"\n" body[i] > file
        print "    return 0;\n}" > file
        close(file)
      }
      if (marked && !count) { print header ":" FNR ": an example without a line"; bad = 1 }
      marked = looks = count = first = opened = 0
    }
    /^ \* Example( \(|:$)/ {
      finish()
      text = $0; sub(/^ \* Example */, "", text); opened = 1
    }
    opened && !/^ \* Example/ { text = text " " substr($0, 4) }
    opened {
      if (text !~ /:$/) next
      opened = 0; marked = 1
      given = text; sub(/^\(/, "", given); sub(/\)?:$/, "", given)
      next
    }
    /^ \*     / || /^ \* \t/ {
      if (!first) first = FNR
      body[++count] = substr($0, 4); at[count] = FNR
      if ($0 ~ /([a-z_]\(.*\)| = [^;]*);( *\/\/.*)?$/) looks = 1
      next
    }
    /^ \*$/ && (count || marked) { next }
    { finish() }
    END { finish(); exit bad }' "$1/$2"
}

# Compiles the examples of all headers below ROOT with the arguments given.
check() { # ROOT ARGUMENTS...
  local root=$1 folder header bad=0
  shift
  folder=$(mktemp -d)
  while read -r header; do
    extract "$root" "$header" "$folder" || bad=1
  done < <(cd "$root" && sources "$root" 'core/*.h' 'views/*.h' 'app/*.h')
  local files=("$folder"/*.c)
  if ((${#files[@]})) && ! (cd "$folder" && ${CC:-cc} -std=gnu11 -fsyntax-only -D_GNU_SOURCE -Werror=discarded-qualifiers -Werror=implicit-function-declaration \
    -Werror=int-conversion -Werror=incompatible-pointer-types "$@" -I"$root" -I"$root/core" "${files[@]}" 2>&1); then
    bad=1
  fi
  echo "${#files[@]} examples"
  rm -rf "$folder"
  return $bad
}

prove() {
  local sample bad
  sample=$(mktemp -d)
  mkdir -p "$sample/core/base"
  write_sample() { # LINES...
    { echo '/* What the module is for.'; echo ' *'; printf ' * %s\n' "$@" | sed 's, $,,'; echo ' */'; echo 'int twice(const int *x);'; } > "$sample/core/base/sample.h"
  }
  write_sample 'Example (const int *some,' 'int number):' '    #include <math.h>' '    number = twice(some);   // twice' '' \
    '    return (int)floor(1.5);' '' 'The rest is text:' '    sum over l of e_l'
  [[ $(check "$sample") == '1 examples' ]] || { echo "finds fault with a sound sample"; check "$sample"; exit 1; }
  for bad in 'thrice(some);' 'int *y = twice(some);' 'twice(number);' 'twice(some)'; do
    write_sample 'Example (const int *some, int number):' "    $bad"
    if check "$sample" > /dev/null; then echo "does not see: $bad"; exit 1; fi
  done
  write_sample 'As in' '    int four = twice(&two);'
  if check "$sample" > /dev/null; then echo "does not see an example that is not marked"; exit 1; fi
  rm -rf "$sample"
}

prove
mapfile -t generated < <(find "$2/core" -name '*.pb-c.h' -exec dirname {} \; | sed 's/^/-I/')
read -ra libraries < <(pkg-config --cflags libcjson libprotobuf-c)
check "$1" "-I$2" "${generated[@]}" "${libraries[@]}"
