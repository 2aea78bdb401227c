/** @file crc32c.c
 *  CRC-32C: the remainder of the message, a polynomial over GF(2), modulo 0x1edc6f41, bits reversed
 *  (so 0x82f63b78), register inverted before and after.
 *
 *  By tables, eight bytes a step ("slicing by 8", Kounavis and Berry, 2005): table[k][b] is what
 *  byte b followed by k zero bytes leaves in the register; the register is linear in the message,
 *  so eight look-ups are added.
 *
 *  By instruction (SSE 4.2), eight bytes a step: three cycles of latency but one of throughput, so
 *  three streams run at once over three neighbouring blocks:
 *
 *      | block a ....... | block b ....... | block c ....... |
 *        register so far   0                 0
 *
 *  and the whole is a shifted over two blocks, b over one, c, added up.  To shift is to let a block
 *  of zero bytes follow, again linear: four tables of 256, one per byte of the register. */
#include "base/digest.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_INSTRUCTION 1
#include <nmmintrin.h>
#else
#define HAVE_INSTRUCTION 0
#endif

static uint32_t table[8][256];

static void make_table(void)
{
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;

    for (int bit = 0; bit < 8; bit++) c = (c >> 1) ^ (c & 1 ? 0x82f63b78u : 0);
    table[0][i] = c;
  }
  for (int k = 1; k < 8; k++) {
    for (int i = 0; i < 256; i++)
      table[k][i] = (table[k - 1][i] >> 8) ^ table[0][table[k - 1][i] & 255];
  }
}

static uint32_t by_table(uint32_t c, const unsigned char *p, size_t n)
{
  for (; n >= 8; p += 8, n -= 8) {
    c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    c = table[7][c & 255] ^ table[6][c >> 8 & 255] ^ table[5][c >> 16 & 255] ^ table[4][c >> 24] ^
        table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
  }
  for (; n > 0; p++, n--) c = (c >> 8) ^ table[0][(c ^ *p) & 255];
  return c;
}

#if HAVE_INSTRUCTION

/* Bytes of a block.  Messages of less than a round go in one stream, at a third of the speed;
 * longer blocks make the eight look-ups after each round rarer.  Measured: 1024 gains a tenth above
 * 16 KiB and loses half from 768 bytes to 3 KiB, where records are. */
enum { BLOCK = 256, ROUND = 3 * BLOCK };

static uint32_t shift_table[4][256];

static uint32_t shift(uint32_t c)
{
  return shift_table[0][c & 255] ^ shift_table[1][c >> 8 & 255] ^ shift_table[2][c >> 16 & 255] ^
         shift_table[3][c >> 24];
}

static void make_shift_table(void)
{
  static const unsigned char zeros[BLOCK];

  for (int k = 0; k < 4; k++) {
    for (uint32_t i = 0; i < 256; i++) shift_table[k][i] = by_table(i << 8 * k, zeros, BLOCK);
  }
}

static uint64_t load64(const unsigned char *p)
{
  uint64_t word;

  memcpy(&word, p, 8);
  return word;
}

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t c, const unsigned char *p,
                                                                 size_t n)
{
  for (; n >= ROUND; p += ROUND, n -= ROUND) {
    uint64_t first = c, second = 0, third = 0;

    for (const unsigned char *q = p; q < p + BLOCK; q += 8) {
      first = _mm_crc32_u64(first, load64(q));
      second = _mm_crc32_u64(second, load64(q + BLOCK));
      third = _mm_crc32_u64(third, load64(q + BLOCK + BLOCK));
    }
    c = shift(shift((uint32_t)first) ^ (uint32_t)second) ^ (uint32_t)third;
  }
  uint64_t sum = c;

  for (; n >= 8; p += 8, n -= 8) sum = _mm_crc32_u64(sum, load64(p));
  c = (uint32_t)sum;
  for (; n > 0; p++, n--) c = _mm_crc32_u8(c, *p);
  return c;
}

#endif

static pthread_once_t chosen = PTHREAD_ONCE_INIT;
static uint32_t (*update)(uint32_t c, const unsigned char *p, size_t n) = by_table;

static void choose(void)
{
  make_table();
#if HAVE_INSTRUCTION
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2")) {
    make_shift_table();
    update = by_instruction;
  }
#endif
}

uint32_t hy_crc32c_by_table(uint32_t crc, const void *bytes, size_t n)
{
  (void)pthread_once(&chosen, choose);
  return ~by_table(~crc, bytes, n);
}

uint32_t hy_crc32c(uint32_t crc, const void *bytes, size_t n)
{
  (void)pthread_once(&chosen, choose);
  return ~update(~crc, bytes, n);
}
