/** @file version.c */
#include "store/store.h"

#include <hdf5.h>
#include <stdio.h>

const char *hy_store_version(void)
{
  static char text[64];
  unsigned    major = 0, minor = 0, release = 0;

  if (H5get_libversion(&major, &minor, &release) < 0) return "unknown";
  (void)snprintf(text, sizeof text, "%u.%u.%u, parallel", major, minor, release);
  return text;
}
