/* The four functions a compiler may call on its own (C11 freestanding, GCC manual "Standards"). */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *a, const void *b, size_t count);

static int both_aligned(const void *a, const void *b) {
  return (((uintptr_t)a | (uintptr_t)b) & 3u) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if (both_aligned(to, from)) {
    uint32_t *t32 = to;
    const uint32_t *f32 = from;
    for (; count >= 16; count -= 16, t32 += 4, f32 += 4) {
      uint32_t a = f32[0], b = f32[1], c = f32[2], d = f32[3];
      t32[0] = a;
      t32[1] = b;
      t32[2] = c;
      t32[3] = d;
    }
    for (; count >= 4; count -= 4) *t32++ = *f32++;
    t = (uint8_t *)t32;
    f = (const uint8_t *)f32;
  }
  while (count-- > 0) *t++ = *f++;
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if ((uintptr_t)t <= (uintptr_t)f) {
    for (size_t i = 0; i < count; i++) t[i] = f[i];
  } else {
    for (size_t i = count; i-- > 0;) t[i] = f[i];
  }
  return to;
}

void *memset(void *to, int value, size_t count) {
  uint8_t *t = to;
  uint8_t byte = (uint8_t)value;
  for (; count > 0 && ((uintptr_t)t & 3u) != 0; count--) *t++ = byte;
  uint32_t *t32 = (void *)t;
  uint32_t word = byte * 0x01010101u;
  for (; count >= 4; count -= 4) *t32++ = word;
  for (t = (uint8_t *)t32; count > 0; count--) *t++ = byte;
  return to;
}

int memcmp(const void *a, const void *b, size_t count) {
  const uint8_t *x = a, *y = b;
  for (size_t i = 0; i < count; i++)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}
