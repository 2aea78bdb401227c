/** @file registry.c */
#include "kernel/registry.h"

#include <string.h>

const hy_kernel *hy_kernel_find(const char *name)
{
  for (const hy_kernel *const *k = hy_kernels; *k; k++)
    if (strcmp((*k)->name, name) == 0) return *k;
  return NULL;
}

int hy_kernels_count(void)
{
  int n = 0;

  while (hy_kernels[n]) n++;
  return n;
}
