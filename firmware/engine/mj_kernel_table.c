#include "mj_kernel_table.h"

#include "mj_kernels.h"

#ifdef MJ_KERNELS_IN_TABLE

enum { MOST_KERNELS = 64, TABLE_VERSION = 1 };

/* What the table offers, in its order; `run` points into RAM while a copy is there. */
static mj_kernel_entry kernels[MOST_KERNELS];
static const uint8_t *table;
static uint32_t kernel_count;

static const mj_kernel_blobs *blobs_at(uint32_t i) {
  return (const mj_kernel_blobs *)(const void *)(table + sizeof(mj_kernel_table)) + i;
}

static bool blob_fits(const mj_kernel_table *t, uint32_t offset, uint32_t bytes, uint32_t entry) {
  return offset % MJ_PROGRAM_ALIGN == 0 && offset <= t->total_bytes && bytes <= t->total_bytes - offset &&
         entry < bytes;
}

static bool table_fits(const mj_kernel_table *t, uint32_t available, uint32_t pack) {
  if (available < sizeof(*t) || t->magic != MJ_KERNEL_TABLE_MAGIC || t->version != TABLE_VERSION)
    return false;
  if (t->pack != pack || t->total_bytes > available || t->count > MOST_KERNELS) return false;
  return sizeof(*t) + t->count * sizeof(mj_kernel_blobs) <= t->total_bytes;
}

/* Where a blob at `base` is entered: the entry's lowest bit goes into the address as the core wants it. */
static mj_kernel_fn run_at(const uint8_t *base, const mj_kernel_blobs *b) {
  return (mj_kernel_fn)((uintptr_t)base + b->run_entry);
}

bool mj_kernel_table_open(const uint8_t *bytes, uint32_t available, uint32_t pack) {
  const mj_kernel_table *t = (const mj_kernel_table *)(const void *)bytes;
  kernel_count = 0;
  table = bytes;
  if ((uintptr_t)bytes % MJ_PROGRAM_ALIGN != 0 || !table_fits(t, available, pack)) return false;
  for (uint32_t i = 0; i < t->count; i++) {
    const mj_kernel_blobs *b = blobs_at(i);
    if (!blob_fits(t, b->run_offset, b->run_bytes, b->run_entry) ||
        !blob_fits(t, b->check_offset, b->check_bytes, b->check_entry)) {
      return false;
    }
    kernels[i] = (mj_kernel_entry){
        b->kernel,
        run_at(bytes + b->run_offset, b),
        (mj_kernel_check_fn)((uintptr_t)(bytes + b->check_offset) + b->check_entry),
    };
  }
  kernel_count = t->count;
  return true;
}

static bool uses(const mj_engine *engine, uint32_t kernel) {
  const uint8_t *ops = engine->context.program + engine->header->ops_offset;
  for (uint32_t i = 0; i < engine->header->op_count; i++) {
    if (((const mj_op_record *)(const void *)ops)[i].kernel == kernel) return true;
  }
  return false;
}

uint32_t mj_kernel_table_place(const mj_engine *engine, uint8_t *end, uint32_t available) {
  uint32_t taken = 0;
  for (uint32_t i = 0; i < kernel_count; i++) {
    const mj_kernel_blobs *b = blobs_at(i);
    const uint32_t bytes = (b->run_bytes + MJ_PROGRAM_ALIGN - 1) & ~(MJ_PROGRAM_ALIGN - 1u);
    kernels[i].run = run_at(table + b->run_offset, b);
    if ((b->flags & MJ_KERNEL_FLAG_RUN_IN_RAM) == 0 || engine->header == NULL || bytes > available - taken ||
        !uses(engine, b->kernel)) {
      continue;
    }
    taken += bytes;
    __builtin_memcpy(end - taken, table + b->run_offset, b->run_bytes);
    kernels[i].run = run_at(end - taken, b);
  }
  return taken;
}

const mj_kernel_entry *mj_kernel_find(uint32_t id) {
  for (uint32_t i = 0; i < kernel_count; i++) {
    if (kernels[i].id == id) return &kernels[i];
  }
  return NULL;
}

#else

bool mj_kernel_table_open(const uint8_t *bytes, uint32_t available, uint32_t pack) {
  (void)bytes;
  (void)available;
  (void)pack;
  return true;
}

uint32_t mj_kernel_table_place(const mj_engine *engine, uint8_t *end, uint32_t available) {
  (void)engine;
  (void)end;
  (void)available;
  return 0;
}

#endif
