/** @file vmath.h
 *  Elementary functions without branches or calls, so that compilers make vectors of loops over
 *             them,
 *  and the same bits for every vector width.  Local, pure.
 *
 *  Reference for the normal distribution: M. J. Wichura, Appl. Statist. 37 (1988) 477, AS 241. */
#ifndef HY_NUMERIC_VMATH_H
#define HY_NUMERIC_VMATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/** exp(x) for |x| < 700 within two units in the last place, for loops that shall become vectors.
 *  x = k log 2 + r, |r| <= log(2)/2; the series to r^13 / 13! errs by less than 1e-17; adding
 *  1.5 2^52 leaves k in the lowest bits, from where it goes into the exponent. */
static inline double hy_vexp(double x)
{
  const double t = x * 0x1.71547652b82fep+0 + 0x1.8p52, k = t - 0x1.8p52;
  const double r = (x - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33;
  double       e = 1.0 / 6227020800.0;
  uint64_t     bits, shift;

  e = e * r + 1.0 / 479001600.0;
  e = e * r + 1.0 / 39916800.0;
  e = e * r + 1.0 / 3628800.0;
  e = e * r + 1.0 / 362880.0;
  e = e * r + 1.0 / 40320.0;
  e = e * r + 1.0 / 5040.0;
  e = e * r + 1.0 / 720.0;
  e = e * r + 1.0 / 120.0;
  e = e * r + 1.0 / 24.0;
  e = e * r + 1.0 / 6.0;
  e = e * r + 0.5;
  e = e * r + 1.0;
  e = e * r + 1.0;
  (void)memcpy(&bits, &e, sizeof bits);
  (void)memcpy(&shift, &t, sizeof shift);
  bits += shift << 52;
  (void)memcpy(&e, &bits, sizeof e);
  return e;
}

/** log(x) for normal positive x, away from 1, for such loops: x = 2^k m, m in [sqrt(1/2), sqrt(2)),
 *  log m = 2 artanh(s), s = (m - 1) / (m + 1), s^2 < 0.0295. */
static inline double hy_vlog(double x)
{
  uint64_t bits, high;
  double   m, k, a = 1.0 / 21.0;

  (void)memcpy(&bits, &x, sizeof bits);
  bits += UINT64_C(0x3ff0000000000000) - UINT64_C(0x3fe6a09e667f3bcd);
  high = (bits >> 52) | UINT64_C(0x4330000000000000); /* 2^52 + exponent, as a double */
  bits = (bits & UINT64_C(0x000fffffffffffff)) + UINT64_C(0x3fe6a09e667f3bcd);
  (void)memcpy(&m, &bits, sizeof m);
  (void)memcpy(&k, &high, sizeof k);
  const double s = (m - 1.0) / (m + 1.0), q = s * s;

  for (int n = 19; n >= 1; n -= 2) a = a * q + 1.0 / (double)n;
  return (k - (0x1p52 + 1023.0)) * 0.69314718055994530942 + 2.0 * s * a;
}

/** A quotient of two polynomials in r of degree 7, lowest power first. */
static inline double hy_vratio(const double above[8], const double below[8], double r)
{
  double a = above[7], b = below[7];

  for (int i = 6; i >= 0; i--) {
    a = a * r + above[i];
    b = b * r + below[i];
  }
  return a / b;
}

/** Quantile of q + 1/2 under the normal distribution, |q| <= 0.425; relative error about 1e-16. */
static inline double hy_normal_middle(double q)
{
  static const double above[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                  1.9715909503065514427e3, 1.3731693765509461125e4,
                                  4.5921953931549871457e4, 6.7265770927008700853e4,
                                  3.3430575583588128105e4, 2.5090809287301226727e3};
  static const double below[8] = {1.0,
                                  4.2313330701600911252e1,
                                  6.8718700749205790830e2,
                                  5.3941960214247511077e3,
                                  2.1213794301586595867e4,
                                  3.9307895800092710610e4,
                                  2.8729085735721942674e4,
                                  5.2264952788528545610e3};

  return q * hy_vratio(above, below, 0.180625 - q * q);
}

/** Minus the quantile of p, exp(-25) <= p <= 0.075, from r = sqrt(-log p). */
static inline double hy_normal_tail(double r)
{
  static const double above[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                  5.76949722146069140550e0,  3.64784832476320460504e0,
                                  1.27045825245236838258e0,  2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static const double below[8] = {1.0,
                                  2.05319162663775882187e0,
                                  1.67638483018380384940e0,
                                  6.89767334985100004550e-1,
                                  1.48103976427480074590e-1,
                                  1.51986665636164571966e-2,
                                  5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};

  return hy_vratio(above, below, r - 1.6);
}

/** The same for smaller p: r >= 5, p >= 1e-300. */
static inline double hy_normal_far_tail(double r)
{
  static const double above[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                  1.78482653991729133580e0,  2.96560571828504891230e-1,
                                  2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                  2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const double below[8] = {1.0,
                                  5.99832206555887937690e-1,
                                  1.36929880922735805310e-1,
                                  1.48753612908506148525e-2,
                                  7.86869131145613259100e-4,
                                  1.84631831751005468180e-5,
                                  1.42151175831644588870e-7,
                                  2.04426310338993978564e-15};

  return hy_vratio(above, below, r - 5.0);
}

#endif
