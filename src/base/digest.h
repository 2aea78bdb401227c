/** @file digest.h
 *  CRC-32C for records, SHA-256 for identities.  Local. */
#ifndef HY_BASE_DIGEST_H
#define HY_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/** CRC-32C (Castagnoli, RFC 3720 B.4) of `n` bytes, continued from `crc` (0 to begin).
 *  hy_crc32c(0, "123456789", 9) is 0xe3069283.  Uses the CPU's instruction where there is one. */
uint32_t hy_crc32c(uint32_t crc, const void *bytes, size_t n);

/** The same by tables on every CPU: what the tests compare. */
uint32_t hy_crc32c_by_table(uint32_t crc, const void *bytes, size_t n);

/** SHA-256 (FIPS 180-4), by libcrypto. */
typedef struct hy_sha256 hy_sha256;
hy_sha256               *hy_sha256_new(void); /**< NULL when out of memory */
void                     hy_sha256_add(hy_sha256 *sha, const void *bytes, size_t n);
void                     hy_sha256_end(hy_sha256 *sha, uint8_t digest[32]);
void                     hy_sha256_free(hy_sha256 *sha);

void hy_sha256_of(const void *bytes, size_t n, uint8_t digest[32]);

/** 64 lower-case hexadecimal digits and a zero byte. */
void hy_hex32(const uint8_t digest[32], char hex[65]);

#endif
