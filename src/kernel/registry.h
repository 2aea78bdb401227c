/** @file registry.h
 *  All kernels of this program; the list is written by CMake from kernels/CMakeLists.txt. */
#ifndef HY_KERNEL_REGISTRY_H
#define HY_KERNEL_REGISTRY_H

#include "kernel/kernel.h"

extern const hy_kernel *const hy_kernels[]; /**< by name, ends with NULL */

const hy_kernel *hy_kernel_find(const char *name); /**< NULL when there is none */
int              hy_kernels_count(void);

#endif
