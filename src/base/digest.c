/** @file digest.c
 *  SHA-256 by libcrypto's EVP interface.  A digest is an identity: a wrong one would silently mix
 *  up two jobs, and libcrypto fails here only without memory or without SHA-256 at all.  So a
 *  failure ends the program instead of travelling through every caller. */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

struct hy_sha256 {
  EVP_MD_CTX *context;
};

static void must(int done)
{
  if (done == 1) return;
  (void)fputs("hybrid: error: libcrypto cannot compute SHA-256 (out of memory?)\n", stderr);
  abort();
}

hy_sha256 *hy_sha256_new(void)
{
  hy_sha256 *sha = malloc(sizeof *sha);

  if (!sha) return NULL;
  sha->context = EVP_MD_CTX_new();
  if (!sha->context) {
    free(sha);
    return NULL;
  }
  must(EVP_DigestInit_ex(sha->context, EVP_sha256(), NULL));
  return sha;
}

void hy_sha256_add(hy_sha256 *sha, const void *bytes, size_t n)
{
  if (n) must(EVP_DigestUpdate(sha->context, bytes, n));
}

void hy_sha256_end(hy_sha256 *sha, uint8_t digest[32])
{
  must(EVP_DigestFinal_ex(sha->context, digest, NULL));
  must(EVP_DigestInit_ex(sha->context, EVP_sha256(), NULL));
}

void hy_sha256_free(hy_sha256 *sha)
{
  if (!sha) return;
  EVP_MD_CTX_free(sha->context);
  free(sha);
}

void hy_sha256_of(const void *bytes, size_t n, uint8_t digest[32])
{
  must(EVP_Digest(n ? bytes : "", n, digest, NULL, EVP_sha256(), NULL));
}

void hy_hex32(const uint8_t digest[32], char hex[65])
{
  static const char digits[] = "0123456789abcdef";

  for (size_t i = 0; i < 32; i++) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  hex[64] = 0;
}
