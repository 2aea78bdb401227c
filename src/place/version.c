/** @file version.c */
#include "place/place.h"

#include <hwloc.h>

const char *hy_place_version(void)
{
  return HWLOC_VERSION;
}
