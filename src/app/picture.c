/** @file picture.c
 *  A field of real numbers is shown on a linear scale from its smallest to its largest value.
 *
 *  Counts span decades and most pixels have small ones, so neither their values nor their
 *         logarithms
 *  use the colours well.  They get the mean of two scales in [0, 1]: log(value), and the share of
 *  pixels below it, from a histogram of log(value).  Both grow with the value, so the order is
 *  kept.
 *
 *  Colours: D. A. Green, "A colour scheme for the display of astronomical intensity images", Bull.
 *  Astron. Soc. India 39 (2011) 289: round the grey diagonal of the colour cube in a helix, with
 *  the perceived brightness growing steadily, so the picture also works in black and white. */
#include "app/picture.h"

#include "base/io.h"

#include <inttypes.h>
#include <math.h>
#include <png.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
  BLACK, /* colours by index: 0 for the largest count, */
  GREY,  /* 1 for what is no number,   */
  FIRST, /* the others along the helix */
  COLOURS = 256,
  BINS = 4096, /* of the histogram */
  MAX_SIDE = 1 << 20
};

#define MAX_PIXELS (INT64_C(1) << 30)

/** How a value becomes a colour: bin = (x - low) * factor, x the value or, of counts, its log. */
typedef struct scale {
  bool    counts;
  double  largest, low, factor; /* counts above `largest` are black */
  uint8_t colour[BINS];
} scale;

static void helix(double light, png_byte rgb[3])
{
  static const double axis[3][2] = {
      {-0.14861, 1.78277 },
      {-0.29227, -0.90649},
      {1.97294,  0.0     }
  };
  const double start = -0.2, turns = 0.62, strength = 1.5;
  const double angle = 2.0 * 3.14159265358979323846 * (start / 3.0 + 1.0 + turns * light);
  const double away = 0.5 * strength * light * (1.0 - light);

  for (int k = 0; k < 3; k++) {
    const double v = light + away * (axis[k][0] * cos(angle) + axis[k][1] * sin(angle));

    rgb[k] = (png_byte)lround(255.0 * fmin(fmax(v, 0.0), 1.0));
  }
}

static void palette(png_byte rgb[COLOURS][3])
{
  (void)memset(rgb[BLACK], 0, 3);
  (void)memset(rgb[GREY], 128, 3);
  for (int i = FIRST; i < COLOURS; i++)
    helix(0.12 + 0.86 * (double)(i - FIRST) / (double)(COLOURS - 1 - FIRST), rgb[i]);
}

static int bin_of(const scale *s, double value)
{
  const double bin = ((s->counts ? log(value) : value) - s->low) * s->factor;

  return bin > 0.0 ? bin < BINS ? (int)bin : BINS - 1 : 0;
}

static uint8_t colour_at(double x)
{
  return (uint8_t)(FIRST + lround(x * (COLOURS - 1 - FIRST)));
}

/** What kind of values there are, and from where to where. */
static void survey(scale *s, const double *values, int64_t n)
{
  double smallest = INFINITY, largest = -INFINITY, below = -INFINITY; /* below: second largest */
  bool   counts = true;

  for (int64_t i = 0; i < n; i++) {
    const double v = values[i];

    if (!isfinite(v)) continue;
    counts = counts && v >= 1.0 && v == floor(v);
    if (v < smallest) smallest = v;
    if (v > largest) {
      below = largest;
      largest = v;
    } else if (v < largest && v > below) {
      below = v;
    }
  }
  if (counts && below >= 1.0) largest = below;
  *s = (scale){.counts = counts,
               .largest = counts && below >= 1.0 ? below : INFINITY,
               .low = counts ? log(smallest) : smallest};
  const double range = (counts ? log(largest) : largest) - s->low;

  if (range > 0.0 && isfinite(range)) s->factor = (BINS - 1) / range;
}

static void make_scale(scale *s, const double *values, int64_t n)
{
  int64_t count[BINS] = {0}, all = 0, below = 0;

  survey(s, values, n);
  for (int64_t i = 0; s->counts && i < n; i++) {
    if (!isfinite(values[i]) || values[i] > s->largest) continue;
    count[bin_of(s, values[i])]++;
    all++;
  }
  for (int b = 0; b < BINS; b++) {
    const double x = (double)b / (BINS - 1);

    s->colour[b] = colour_at(all > 0 ? 0.5 * (x + (double)below / (double)all) : x);
    below += count[b];
  }
}

static void paint(const double *values, int64_t n, png_byte *pixels)
{
  scale s;

  make_scale(&s, values, n);
  for (int64_t i = 0; i < n; i++) {
    const double v = values[i];

    pixels[i] = !isfinite(v) ? GREY : v > s.largest ? BLACK : s.colour[bin_of(&s, v)];
  }
}

/** Compress into memory; the caller frees *bytes. */
static hy_code compress_pixels(const png_byte *pixels, int64_t height, int64_t width,
                               png_byte **bytes, size_t *n, hy_err *err)
{
  png_image        image = {.version = PNG_IMAGE_VERSION,
                            .width = (png_uint_32)width,
                            .height = (png_uint_32)height,
                            .format = PNG_FORMAT_RGB_COLORMAP,
                            .colormap_entries = COLOURS};
  png_byte         colours[COLOURS][3];
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  png_byte *const  memory = malloc(size);

  if (!memory) return hy_fail(err, HY_ENOMEM, "no memory for a picture of %zu bytes", (size_t)size);
  palette(colours);
  if (!png_image_write_to_memory(&image, memory, &size, 0, pixels, 0, colours)) {
    free(memory);
    return hy_fail(err, HY_EBUG, "libpng refused a picture of %" PRId64 " x %" PRId64 " pixels: %s",
                   width, height, image.message);
  }
  *bytes = memory;
  *n = (size_t)size;
  return HY_OK;
}

hy_code hy_picture_write(const char *path, const double *values, int64_t height, int64_t width,
                         hy_err *err)
{
  png_byte *pixels = NULL, *bytes = NULL;
  size_t    n = 0;
  hy_code   rc;

  if (height < 1 || width < 1 || height > MAX_SIDE || width > MAX_SIDE ||
      height * width > MAX_PIXELS)
    return hy_fail(err, HY_EINPUT,
                   "%s: a picture of %" PRId64 " x %" PRId64 " pixels: 1 to %d a side and at most "
                   "2^30 in all are possible",
                   path, width, height, MAX_SIDE);
  pixels = malloc((size_t)(height * width));
  if (!pixels) return hy_fail(err, HY_ENOMEM, "%s: no memory for the picture", path);
  paint(values, height * width, pixels);
  rc = compress_pixels(pixels, height, width, &bytes, &n, err);
  if (!rc) rc = hy_io_replace(path, bytes, n, err);
  free(pixels);
  free(bytes);
  return rc;
}
