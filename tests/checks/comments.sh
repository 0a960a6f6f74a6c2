#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public prototype has a comment: directly above it, beside it, or above the group that it stands in. A group is
# a run of prototypes without an empty line between them, at most $most under one comment.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"

most=8

# Prints every prototype and inline function of the headers given that no comment covers.
uncovered() { # FILE...
  awk -v most=$most '
    FNR == 1 { comment = covered = statement = ""; depth = 0; group = 0; inside = 0 }
    { line = $0; sub(/\r$/, "", line) }
    # Comments: `above` says that the line before this one ended a comment.
    inside { if (line ~ /\*\//) { inside = 0; covered = 1; group = 0 } next }
    statement == "" && line ~ /^[[:space:]]*\/\*/ && line !~ /\*\// { inside = 1; next }
    statement == "" && line ~ /^[[:space:]]*(\/\*.*\*\/|\/\/.*)$/ { covered = 1; group = 0; next }
    statement == "" && line ~ /^[[:space:]]*$/ { covered = 0; group = 0; next }
    statement == "" && line ~ /^#/ { if (line ~ /\\$/) skipped = 1; next }
    skipped { if (line !~ /\\$/) skipped = 0; next }
    {
      if (statement == "") start = FNR
      beside = line ~ /(\/\*.*\*\/|\/\/.*)[[:space:]]*$/
      if (beside) seen = 1
      code = line
      gsub(/\/\*[^*]*\*\//, "", code); sub(/\/\/.*/, "", code)
      if (code ~ /\/\*/) { inside = 1; sub(/\/\*.*/, "", code); seen = 1 }
      statement = statement " " code
      depth += gsub(/{/, "{", code) - gsub(/}/, "}", code)
      if (depth > 0 || statement !~ /[;}][[:space:]]*$/) next
      text = statement
      sub(/{.*/, "{", text)
      if (text !~ /^ *(typedef|struct|enum|union|extern|_Static_assert)[^(]*[{;]/ && text !~ /^ *typedef/ &&
          text ~ /[a-z_0-9]+\(.*\)[[:space:]]*(__attribute__.*)?[;{]/) {
        if (!seen && (!covered || ++group > most)) {
          name = text; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
          print FILENAME ":" start ": " name "() " (covered ? "is one of more than " most " under one comment" : "has no comment")
          bad = 1
        }
      }
      statement = ""; seen = 0
    }
    END { exit bad }' "$@"
}

check() { # ROOT
  (cd "$1" && sources "$1" 'core/*.h' 'views/*.h' 'app/*.h' | { mapfile -t files; uncovered "${files[@]}"; })
}

prove() {
  local sample bad
  sample=$(mktemp -d)
  mkdir -p "$sample/core/base"
  cat > "$sample/core/base/sample.h" << 'END'
/* What the module is for. */
#ifndef SAMPLE_H
#define SAMPLE_H
#define TWICE(x) \
    ((x) + (x))

typedef struct Sample {
    int (*call)(void *context);
} Sample;

/* Above. */
int above(int a,
          int b);

int beside(void); /* Beside. */

/* A group. */
int first(void);
static inline int second(void)
{
    return 2;
}

extern const int number;
#endif
END
  check "$sample" || { echo "finds fault with a sound sample"; exit 1; }
  for bad in 'int none(void);' $'/* Far. */\n\nint far(int a,\n        int b);' \
    $'/* Many. */\nint a(void);\nint b(void);\nint c(void);\nint d(void);\nint e(void);\nint f(void);\nint g(void);\nint h(void);\nint i(void);' \
    $'static inline int none(void)\n{\n    return 1;\n}' '__attribute__((format(printf, 1, 2))) int none(const char *, ...);'; do
    echo "$bad" > "$sample/core/base/sample.h"
    if check "$sample" > /dev/null; then echo "does not see: $bad"; exit 1; fi
  done
  rm -rf "$sample"
}

prove
check "$1"
