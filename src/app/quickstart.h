/** @file quickstart.h
 *  The job that runs when none is named, compiled in from jobs/quickstart.yaml.  Local. */
#ifndef HY_APP_QUICKSTART_H
#define HY_APP_QUICKSTART_H

/** Its text; written by CMake. */
extern const unsigned char hy_quickstart_yaml[];

#endif
