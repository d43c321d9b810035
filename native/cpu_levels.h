// Functions compiled for several instruction sets: the best that the CPU has is chosen when the addon is loaded.
#pragma once

// GCC before 12 lacks the names of whole levels; of other compilers, what their defaults allow is used.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#if __GNUC__ >= 12
#define KD_ALL_CPUS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KD_ALL_CPUS __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#else
#define KD_ALL_CPUS
#endif
