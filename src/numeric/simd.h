/** @file simd.h
 *  HY_SIMD_CLONES before a static function compiles it for several vector widths; the CPU picks one
 *  when the program starts.  Only for code whose order of floating-point operations is written out
 *  lane by lane: then every clone gives the same bits, as contraction is off.
 *
 *  With clang 14 the name must be the only one of its kind among all cloned functions (a second one
 *  does not link), and an external function would get another name.  Sanitized and unoptimised
 *  builds have one version. */
#ifndef HY_NUMERIC_SIMD_H
#define HY_NUMERIC_SIMD_H

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__OPTIMIZE__) &&                          \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define HY_SIMD_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HY_SIMD_CLONES
#endif

#endif
