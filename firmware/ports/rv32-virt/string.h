/* The freestanding compiler has no C library; what the firmware uses of it is in ports/pico/memory.c. */
#ifndef MJ_RV32_STRING_H
#define MJ_RV32_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *a, const void *b, size_t count);

#endif
