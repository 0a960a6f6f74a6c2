/* SPDX-License-Identifier: MIT */
/* Clones: a kernel compiled for AVX-512, for AVX2 and for the baseline; the processor picks one when the
 * program is loaded. Plain code under sanitizers and in compilers that cannot. */
#ifndef BASE_CLONES_H
#define BASE_CLONES_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&     \
    !defined(__SANITIZE_THREAD__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif

#endif
