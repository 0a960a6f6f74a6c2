#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Phrases that a reader has to translate, in comments, messages and pages; beside each, what to write instead.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/sources.sh"

things='(channel|tensor|group|image|layer|row|column|weight|parameter|pixel|node|use|class|epoch|digit|width|plan|panel|tile|thread|processor|network|file|line)'
counted='(one|two|ones|array|bits?|bytes?|codes?|count|error|factorization|figures?|images|key|letter|number|order|parameters|questions?|rows?|scales?|subfolder|sums?|tasks?|threads?|times|values?|weights|words?)'

# Extended regular expression, a tab, what to write.
phrases="\
likewise	say it again
of each of	of every
as above	say it again
how many of them	number of ...
$counted an? $things	... per channel, per image, per layer
an? $things each	one per image, per channel
made up for by	compensated by
simulated weights?	dequantized, fake-quantized
(desk|survey|consent)	session, sweep, confirmation
mend(s|ed|ing)?	fix"

check() { # ROOT
  local pattern advice bad=0
  while IFS=$'\t' read -r pattern advice; do
    if (cd "$1" && sources "$1" '*.c' '*.h' '*.py' '*.sh' '*.mjs' '*.md' '*.build' '*run' |
      grep -vxE 'tests/checks/words\.sh' | xargs -r grep -HnoiE "\b$pattern\b" /dev/null); then
      echo "  write: $advice"
      bad=1
    fi
  done <<< "$phrases"
  return $bad
}

prove() {
  local sample bad
  sample=$(mktemp -d)
  echo '/* One scale per channel, as for an image; the same for each of two layers. */' > "$sample/sample.c"
  check "$sample" || { echo "finds fault with a sound sample"; exit 1; }
  for bad in '/* one scale a channel */' '/* Likewise. */' 'puts("the images of each of them");' '/* an image each */'; do
    echo "$bad" > "$sample/sample.c"
    if check "$sample" > /dev/null; then echo "does not see: $bad"; exit 1; fi
  done
  rm -rf "$sample"
}

prove
check "$1"
