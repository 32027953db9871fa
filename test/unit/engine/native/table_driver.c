/*
 * Opens tables of kernels under sanitizers. Standard input holds for each table u32 bytes, u32 pack and the bytes; standard
 * output gets a byte each: 0 refused, 1 taken, 2 taken although a kernel's code is not inside. Nothing is executed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mj_kernel_table.h"
#include "mj_kernels.h"

static int read_exactly(void *to, size_t count) {
  return fread(to, 1, count, stdin) == count;
}

static int inside(const uint8_t *table, uint32_t bytes, uintptr_t address) {
  return address >= (uintptr_t)table && address < (uintptr_t)table + bytes;
}

static int verdict(const uint8_t *table, uint32_t bytes, uint32_t pack) {
  if (!mj_kernel_table_open(table, bytes, pack)) return 0;
  for (uint32_t id = 0; id < 0x10000u; id++) {
    const mj_kernel_entry *kernel = mj_kernel_find(id);
    if (kernel == NULL) continue;
    if (!inside(table, bytes, (uintptr_t)kernel->run) || !inside(table, bytes, (uintptr_t)kernel->check)) return 2;
  }
  return 1;
}

int main(void) {
  uint32_t head[2];
  while (read_exactly(head, sizeof head)) {
    void *table = NULL;
    if (posix_memalign(&table, 16, head[0] == 0 ? 1 : head[0]) != 0) abort();
    if (!read_exactly(table, head[0])) return 2;
    putchar(verdict(table, head[0], head[1]));
    free(table);
  }
  return 0;
}
