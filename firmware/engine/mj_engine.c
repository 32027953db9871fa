#include "mj_engine.h"

#include "mj_kernels.h"

/* CRC-32/ISO-HDLC, four bits at a time: 64 bytes of table. */
static uint32_t crc32_of(const uint8_t *bytes, uint32_t count) {
  static const uint32_t table[16] = {
      0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u, 0x4db26158u, 0x5005713cu,
      0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu, 0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu,
  };
  uint32_t crc = 0xffffffffu;
  for (uint32_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    crc = table[crc & 15u] ^ (crc >> 4);
    crc = table[crc & 15u] ^ (crc >> 4);
  }
  return ~crc;
}

static bool inside(uint32_t offset, uint32_t bytes, uint32_t limit) {
  return offset <= limit && bytes <= limit - offset;
}

/* `count` records of `bytes` each; both are small enough (16 bits and a struct) not to overflow. */
static bool table_inside(const mj_program_header *h, uint32_t offset, uint32_t count, uint32_t bytes,
                         uint32_t align) {
  if (offset < sizeof(mj_program_header) || (offset & (align - 1)) != 0) return false;
  return inside(offset, count * bytes, h->total_bytes);
}

static bool names_fit(const uint8_t *program, const mj_program_header *h) {
  if (h->names_offset == 0) return h->names_bytes == 0;
  if (!table_inside(h, h->names_offset, 1, h->names_bytes, 1) || h->names_bytes == 0) return false;
  const uint8_t *names = program + h->names_offset;
  uint32_t terminators = 0;
  for (uint32_t i = 0; i < h->names_bytes; i++) terminators += names[i] == 0;
  return names[h->names_bytes - 1] == 0 && terminators >= (uint32_t)h->op_count + 1;
}

static bool sections_fit(const uint8_t *program, const mj_program_header *h) {
  return table_inside(h, h->tensors_offset, h->tensor_count, sizeof(mj_tensor_record), 4) &&
         table_inside(h, h->ops_offset, h->op_count, sizeof(mj_op_record), 4) &&
         table_inside(h, h->io_offset, (uint32_t)h->input_count + h->output_count, sizeof(uint16_t), 2) &&
         inside(h->consts_offset, h->consts_bytes, h->total_bytes) && names_fit(program, h);
}

static uint32_t element_bytes(uint32_t dtype) {
  switch (dtype) {
    case MJ_DTYPE_INT8:
    case MJ_DTYPE_UINT8:
    case MJ_DTYPE_BOOL:
      return 1;
    case MJ_DTYPE_INT16:
      return 2;
    case MJ_DTYPE_INT32:
    case MJ_DTYPE_FLOAT32:
      return 4;
    case MJ_DTYPE_INT64:
      return 8;
    default:
      return 0;
  }
}

/* Tensors and scratch lie below the copies of constants. */
static uint32_t tensor_arena_bytes(const mj_program_header *h) {
  return h->copy_count == 0 ? h->arena_bytes : h->pinned_offset;
}

static const mj_copy_record *copies_of(const mj_context *context, const mj_program_header *h) {
  return (const mj_copy_record *)(const void *)(context->program + h->copies_offset);
}

/*
 * They fill the arena's end without a gap: what a kernel's check has seen there is what its run will see, and
 * no tensor can change it.
 */
static bool copies_fit(const mj_context *context, const mj_program_header *h) {
  if (h->copy_count == 0) return h->pinned_offset == 0;
  if (h->copy_count > h->total_bytes / sizeof(mj_copy_record) ||
      !table_inside(h, h->copies_offset, h->copy_count, sizeof(mj_copy_record), 4)) {
    return false;
  }
  const mj_copy_record *copies = copies_of(context, h);
  uint32_t end = h->pinned_offset;
  for (uint32_t i = 0; i < h->copy_count; i++) {
    const mj_copy_record *c = &copies[i];
    if (c->to != end || ((c->from | c->to | c->bytes) & (MJ_PROGRAM_ALIGN - 1)) != 0) return false;
    if (!inside(c->from, c->bytes, h->total_bytes) || !inside(c->to, c->bytes, h->arena_bytes)) return false;
    end += c->bytes;
  }
  return end == h->arena_bytes;
}

static const mj_state_record *states_of(const mj_context *context, const mj_program_header *h) {
  return (const mj_state_record *)(const void *)(context->program + h->states_offset);
}

static bool states_fit(const mj_context *context, const mj_program_header *h) {
  if (h->state_count == 0) return true;
  if (h->state_count > h->total_bytes / sizeof(mj_state_record) ||
      !table_inside(h, h->states_offset, h->state_count, sizeof(mj_state_record), 4)) {
    return false;
  }
  const mj_state_record *states = states_of(context, h);
  for (uint32_t i = 0; i < h->state_count; i++) {
    const mj_state_record *s = &states[i];
    if (!inside(s->offset, s->bytes, tensor_arena_bytes(h))) return false;
    if (s->initial_offset != 0 && !inside(s->initial_offset, s->bytes, h->total_bytes)) return false;
  }
  return true;
}

static bool tensor_fits(const mj_program_header *h, const mj_tensor_record *t) {
  const uint32_t size = element_bytes(t->dtype);
  if (size == 0 || t->rank > 5) return false;
  if (t->scales_offset != 0) {
    if (t->channel_axis >= 5 || !mj_between(t->dims[t->channel_axis], 0, MJ_MAX_EXTENT)) return false;
    if (!table_inside(h, t->scales_offset, (uint32_t)t->dims[t->channel_axis], 4, 4)) return false;
  }
  switch (t->memory) {
    case MJ_MEMORY_NONE:
      return true;
    case MJ_MEMORY_ARENA:
      return (t->offset & (size - 1)) == 0 && inside(t->offset, t->bytes, tensor_arena_bytes(h));
    case MJ_MEMORY_CONST:
      return (t->offset & (size - 1)) == 0 && inside(t->offset, t->bytes, h->total_bytes);
    default:
      return false;
  }
}

static bool op_fits(const mj_context *context, const mj_program_header *h, const mj_op_record *op) {
  const uint32_t count = (uint32_t)op->input_count + op->output_count;
  if (!table_inside(h, op->io_offset, count, sizeof(uint16_t), 2)) return false;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t index = mj_op_tensor(context, op, i);
    if (index == MJ_ABSENT_TENSOR && i < op->input_count) continue;
    if (index >= h->tensor_count) return false;
    if (i >= op->input_count && mj_tensor(context, index)->memory != MJ_MEMORY_ARENA) return false;
  }
  return table_inside(h, op->params_offset, 1, op->params_bytes, 4) && op->scratch_offset % 4 == 0 &&
         inside(op->scratch_offset, op->scratch_bytes, tensor_arena_bytes(h));
}

static const mj_op_record *op_at(const mj_engine *engine, uint32_t index) {
  const uint8_t *table = engine->context.program + engine->header->ops_offset;
  return (const mj_op_record *)(const void *)table + index;
}

static uint32_t io_at(const mj_engine *engine, uint32_t n) {
  return ((const uint16_t *)(const void *)(engine->context.program + engine->header->io_offset))[n];
}

static mj_status check_tables(const mj_engine *engine) {
  const mj_program_header *h = engine->header;
  const mj_context *context = &engine->context;
  if (!sections_fit(context->program, h) || !copies_fit(context, h) || !states_fit(context, h)) {
    return MJ_STATUS_BAD_LAYOUT;
  }
  for (uint32_t i = 0; i < h->tensor_count; i++) {
    if (!tensor_fits(h, mj_tensor(context, i))) return MJ_STATUS_BAD_LAYOUT;
  }
  for (uint32_t i = 0; i < (uint32_t)h->input_count + h->output_count; i++) {
    const uint32_t index = io_at(engine, i);
    if (index >= h->tensor_count) return MJ_STATUS_BAD_LAYOUT;
    if (mj_tensor(context, index)->memory != MJ_MEMORY_ARENA) return MJ_STATUS_BAD_LAYOUT;
  }
  for (uint32_t i = 0; i < h->op_count; i++) {
    if (!op_fits(context, h, op_at(engine, i))) return MJ_STATUS_BAD_LAYOUT;
  }
  return MJ_STATUS_OK;
}

static void copy_constants(const mj_context *context, const mj_program_header *h) {
  const mj_copy_record *copies = copies_of(context, h);
  for (uint32_t i = 0; i < h->copy_count; i++)
    __builtin_memcpy(context->arena + copies[i].to, context->program + copies[i].from, copies[i].bytes);
}

static void reset_states(const mj_context *context, const mj_program_header *h) {
  const mj_state_record *states = states_of(context, h);
  for (uint32_t i = 0; i < h->state_count; i++) {
    uint8_t *to = context->arena + states[i].offset;
    if (states[i].initial_offset != 0) {
      __builtin_memcpy(to, context->program + states[i].initial_offset, states[i].bytes);
    } else {
      __builtin_memset(to, (int)(states[i].fill & 0xffu), states[i].bytes);
    }
  }
}

void mj_engine_reset(const mj_engine *engine) {
  if (engine->header != NULL) reset_states(&engine->context, engine->header);
}

static mj_status check_kernels(const mj_engine *engine) {
  for (uint32_t i = 0; i < engine->header->op_count; i++) {
    const mj_op_record *op = op_at(engine, i);
    const mj_kernel_entry *kernel = mj_kernel_find(op->kernel);
    if (kernel == NULL) return MJ_STATUS_UNKNOWN_KERNEL;
    if (!kernel->check(engine, op)) return MJ_STATUS_BAD_PARAMS;
  }
  return MJ_STATUS_OK;
}

static mj_status check_header(const mj_program_header *h, uint32_t available) {
  if (h->magic != MJ_PROGRAM_MAGIC) return MJ_STATUS_BAD_MAGIC;
  if (h->abi_version != MJ_ABI_VERSION) return MJ_STATUS_BAD_VERSION;
  if (h->header_bytes != sizeof(mj_program_header) || h->total_bytes < sizeof(mj_program_header) ||
      h->total_bytes > available || h->total_bytes % MJ_PROGRAM_ALIGN != 0 ||
      h->arena_bytes > MJ_MAX_ELEMENTS) {
    return MJ_STATUS_BAD_LAYOUT;
  }
  return MJ_STATUS_OK;
}

mj_status mj_engine_open(mj_engine *engine, const uint8_t *program, uint32_t available, uint8_t *arena,
                         uint32_t arena_bytes) {
  engine->header = NULL;
  if (program == NULL || available < sizeof(mj_program_header)) return MJ_STATUS_BAD_MAGIC;
  if (((uintptr_t)program | (uintptr_t)arena) % MJ_PROGRAM_ALIGN != 0) return MJ_STATUS_BAD_LAYOUT;
  const mj_program_header *h = (const mj_program_header *)(const void *)program;
  mj_status status = check_header(h, available);
  if (status != MJ_STATUS_OK) return status;
  if (crc32_of(program + 16, h->total_bytes - 16) != h->crc32) return MJ_STATUS_BAD_CRC;
  if (h->arena_bytes > arena_bytes) return MJ_STATUS_ARENA_TOO_SMALL;
  mj_engine opened = {{program, arena}, h, arena_bytes};
  status = check_tables(&opened);
  if (status != MJ_STATUS_OK) return status;
  copy_constants(&opened.context, h);
  reset_states(&opened.context, h);
  status = check_kernels(&opened);
  if (status == MJ_STATUS_OK) *engine = opened;
  return status;
}

void mj_engine_copy_constants(const mj_engine *engine) {
  if (engine->header != NULL) copy_constants(&engine->context, engine->header);
}

mj_status mj_engine_run_op(const mj_engine *engine, uint32_t index) {
  if (engine->header == NULL || index >= engine->header->op_count) return MJ_STATUS_BAD_LAYOUT;
  const mj_op_record *op = op_at(engine, index);
  const mj_kernel_entry *kernel = mj_kernel_find(op->kernel);
  return kernel == NULL ? MJ_STATUS_UNKNOWN_KERNEL : kernel->run(&engine->context, op);
}

mj_status mj_engine_run(const mj_engine *engine, const mj_observer *observer) {
  if (engine->header == NULL) return MJ_STATUS_BAD_LAYOUT;
  for (uint32_t i = 0; i < engine->header->op_count; i++) {
    if (observer != NULL && observer->before != NULL) observer->before(observer->user, i);
    const mj_status status = mj_engine_run_op(engine, i);
    if (observer != NULL && observer->after != NULL) observer->after(observer->user, i);
    if (status != MJ_STATUS_OK) return status;
  }
  return MJ_STATUS_OK;
}

static uint8_t *io_address(const mj_engine *engine, uint32_t n, const mj_tensor_record **record) {
  const mj_tensor_record *tensor = mj_tensor(&engine->context, io_at(engine, n));
  if (record != NULL) *record = tensor;
  return engine->context.arena + tensor->offset;
}

uint8_t *mj_engine_input(const mj_engine *engine, uint32_t n, const mj_tensor_record **record) {
  if (engine->header == NULL || n >= engine->header->input_count) return NULL;
  return io_address(engine, n, record);
}

uint8_t *mj_engine_output(const mj_engine *engine, uint32_t n, const mj_tensor_record **record) {
  if (engine->header == NULL || n >= engine->header->output_count) return NULL;
  return io_address(engine, engine->header->input_count + n, record);
}
