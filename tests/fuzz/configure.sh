# SPDX-License-Identifier: MIT
# Sourced by tests/run and tests/fuzz/run after app/prepare.sh: says whether fuzzers can be built, and builds them.

cannot_fuzz="the fuzzers need clang with libFuzzer (Debian: clang and libclang-rt-dev)"

can_fuzz() {
  local probe answer=1
  probe=$(mktemp -d)
  echo 'int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return !data && size; }' > "$probe/probe.c"
  if clang -fsanitize=fuzzer,address,undefined -o "$probe/probe" "$probe/probe.c" 2> /dev/null &&
    "$probe/probe" -runs=1 > /dev/null 2>&1; then answer=0; fi
  rm -rf "$probe"
  return $answer
}

build_fuzzers() {
  CC=clang configure_tree build-fuzz -Dfuzz=true -Dbuildtype=debugoptimized -Doptimization=1 \
    -Db_sanitize=address,undefined -Db_lundef=false -Donednn=disabled
  build_tree build-fuzz fuzzers
}
