/*
 * FULLY_CONNECTED, int8, with weights of one byte, for cores with one 32-bit product a cycle and no more: a
 * word has the weights of four channels for one tap, plus 128 each; two of them share a multiplication
 * (docs/kernels.md, "lanes"). What the 128 add to a group is taken off before its lanes are split. The stream
 * is the compiler's: src-main/compile/kernels/m0/dense-stream.ts.
 */
#include "../../mj_kernels.h"

#define QUAD 4
#define BYTES_0_AND_2 0x00ff00ffu
#define BIAS 0x00800080u
/* Jumps: to so many pairs of taps before the end of the chain, or to the requantisation. */
#define PAIR_CODE_BYTES 40
#define CHAIN_PAIRS 32
#define END (-54)
#define REQUANTIZE (-2)
#define MOST_PIECE_BITS 15
#define FORM_TWO_ROUNDINGS 64
/* Four shifts, the form, multiplier and constant of four channels. */
#define TAIL_WORDS 10u

/* What the inner loop works on; the assembler knows the order. */
typedef struct {
  const uint32_t *stream;
  int8_t *out;
  const uint32_t *taps; /* two a word */
  int32_t quads;
} dense_task;

static const mj_dense_bytes_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

#if defined(__ARM_ARCH_6M__)
/*
 * r0 taps, r1 stream, r7 mask, r8 sum of the group's inputs, r9 and r10 its sums of products, r11 r12 lr and
 * [sp] accumulators. On the stack then: out, quads left, first taps, mask. The jumps count on 40 bytes a pair
 * and on what lies between the chain's end and the `add pc`.
 */
__attribute__((naked, noinline)) static void run_quads(__attribute__((unused)) const dense_task *task) {
  __asm volatile(
      ".syntax unified\n"
      ".macro MJ_STORE at,id\n asrs r2,r5\n cmp r2,#255\n bhi .Lout\\id\n.Lin\\id: subs r2,#128\n"
      " strb r2,[r0,#\\at]\n lsrs r5,r5,#8\n.endm\n"
      ".macro MJ_OUT id\n.Lout\\id: asrs r2,r2,#31\n mvns r2,r2\n b .Lin\\id\n.endm\n"
      ".macro MJ_TWO at,id\n ldm r1!,{r3,r4}\n uxth r2,r3\n lsrs r3,r3,#16\n muls r2,r6,r2\n asrs r2,r7\n"
      " muls r3,r6,r3\n adds r2,r2,r3\n adds r2,r2,r4\n MJ_STORE \\at,\\id\n.endm\n"
      ".macro MJ_FOUR at,id\n ldm r1!,{r3,r4}\n uxtb r2,r3\n muls r2,r6,r2\n asrs r2,r2,#8\n lsrs r7,r3,#8\n"
      " uxtb r7,r7\n muls r7,r6,r7\n adds r2,r2,r7\n asrs r2,r2,#8\n lsrs r7,r3,#16\n uxtb r7,r7\n muls "
      "r7,r6,r7\n"
      " adds r2,r2,r7\n asrs r2,r2,#8\n lsrs r3,r3,#24\n muls r3,r6,r3\n adds r2,r2,r3\n adds r2,#64\n"
      " asrs r2,r2,#7\n asrs r3,r2,#31\n adds r2,r2,r3\n adds r2,r2,r4\n MJ_STORE \\at,\\id\n.endm\n"
      " push {r4-r7,lr}\n mov r4,r8\n mov r5,r9\n mov r6,r10\n mov r7,r11\n push {r4-r7}\n sub sp,#20\n"
      " ldm r0!,{r1-r4}\n str r2,[sp,#4]\n str r4,[sp,#8]\n str r3,[sp,#12]\n movs r7,#255\n lsls r6,r7,#16\n"
      " orrs r7,r6\n str r7,[sp,#16]\n"
      ".Lquad: ldm r1!,{r2-r5}\n mov r11,r2\n mov r12,r3\n mov lr,r4\n str r5,[sp]\n movs r2,#0\n mov r8,r2\n"
      " mov r9,r2\n mov r10,r2\n ldr r7,[sp,#16]\n ldr r0,[sp,#12]\n b .Ljump\n"
      ".Lchain: .rept 32\n ldm r0!,{r3}\n ldm r1!,{r4,r5}\n sxth r2,r3\n asrs r3,r3,#16\n add r8,r2\n add "
      "r8,r3\n"
      " lsrs r6,r4,#8\n ands r6,r7\n ands r4,r7\n muls r4,r2,r4\n muls r6,r2,r6\n lsrs r2,r5,#8\n ands "
      "r2,r7\n"
      " ands r5,r7\n muls r5,r3,r5\n muls r2,r3,r2\n adds r4,r4,r5\n adds r6,r6,r2\n add r9,r4\n add "
      "r10,r6\n .endr\n"
      ".Lsplit: mov r2,r8\n lsls r3,r2,#7\n lsls r2,r2,#23\n adds r2,r2,r3\n mov r4,r9\n subs r4,r4,r2\n mov "
      "r5,r10\n"
      " subs r5,r5,r2\n sxth r6,r4\n sxth r3,r5\n add r11,r6\n add lr,r3\n subs r4,r4,r6\n subs r5,r5,r3\n"
      " asrs r4,r4,#16\n asrs r5,r5,#16\n add r12,r4\n ldr r6,[sp]\n adds r6,r6,r5\n str r6,[sp]\n"
      " movs r2,#0\n mov r8,r2\n mov r9,r2\n mov r10,r2\n"
      ".Ljump: ldm r1!,{r2}\n"
      ".Ldispatch: add pc,r2\n"
      " ldm r1!,{r5,r7}\n ldr r0,[sp,#4]\n cmp r7,#15\n bhi .Lfour\n"
      " mov r6,r11\n MJ_TWO 0,0\n mov r6,r12\n MJ_TWO 1,1\n mov r6,lr\n MJ_TWO 2,2\n ldr r6,[sp]\n MJ_TWO "
      "3,3\n"
      ".Lstored: adds r0,#4\n str r0,[sp,#4]\n ldr r2,[sp,#8]\n subs r2,#1\n str r2,[sp,#8]\n beq .Ldone\n b "
      ".Lquad\n"
      ".Ldone: add sp,#20\n pop {r4-r7}\n mov r8,r4\n mov r9,r5\n mov r10,r6\n mov r11,r7\n pop {r4-r7,pc}\n"
      " MJ_OUT 0\n MJ_OUT 1\n MJ_OUT 2\n MJ_OUT 3\n MJ_OUT 4\n MJ_OUT 5\n"
      ".Lfour: mov r6,r11\n MJ_FOUR 0,4\n mov r6,r12\n MJ_FOUR 1,5\n mov r6,lr\n MJ_FOUR 2,6\n ldr r6,[sp]\n"
      " MJ_FOUR 3,7\n b .Lstored\n"
      " MJ_OUT 6\n MJ_OUT 7\n"
      ".purgem MJ_STORE\n.purgem MJ_OUT\n.purgem MJ_TWO\n.purgem MJ_FOUR\n"
      ".ifne .Lsplit-.Ldispatch-4+54\n.error \"END\"\n.endif\n");
}
#else
/* The stream in C: the host twin and the sanitizers run what the device runs. */
static uint32_t arithmetic_shift(uint32_t x, uint32_t bits) {
  return (uint32_t)((int32_t)x >> bits);
}

static int8_t byte_of(uint32_t x, uint32_t shift) {
  const int32_t y = (int32_t)x >> shift;
  return (int8_t)((y < 0 ? 0 : y > 255 ? 255 : y) - 128);
}

/* Both lanes of a group's sum, without what 128 added to each weight. */
static void split(uint32_t sum, uint32_t inputs, uint32_t *acc) {
  const uint32_t both = sum - BIAS * inputs;
  const uint32_t low = (uint32_t)(int32_t)(int16_t)both;
  acc[0] += low;
  acc[1] += arithmetic_shift(both - low, 16);
}

/* From the first jump to behind the last. */
static const uint32_t *sum_taps(const uint32_t *stream, const uint32_t *taps, uint32_t *acc) {
  for (int32_t jump = (int32_t)*stream++; jump != REQUANTIZE; jump = (int32_t)*stream++) {
    uint32_t inputs = 0;
    uint32_t first = 0;
    uint32_t second = 0;
    for (int32_t pairs = (END - jump) / PAIR_CODE_BYTES; pairs > 0; pairs--, taps++) {
      const uint32_t x[2] = {(uint32_t)(int32_t)(int16_t)*taps, arithmetic_shift(*taps, 16)};
      for (int32_t i = 0; i < 2; i++, stream++) {
        inputs += x[i];
        first += x[i] * (*stream & BYTES_0_AND_2);
        second += x[i] * (*stream >> 8 & BYTES_0_AND_2);
      }
    }
    split(first, inputs, acc);
    split(second, inputs, acc + 2);
  }
  return stream;
}

static int8_t requantize(const uint32_t *constants, uint32_t form, uint32_t shift, uint32_t acc) {
  const uint32_t m = constants[0];
  if (form <= MOST_PIECE_BITS) {
    const uint32_t low = arithmetic_shift(acc * (m & 0xffffu), form);
    return byte_of(low + acc * (m >> 16) + constants[1], shift);
  }
  uint32_t y = arithmetic_shift(acc * (m & 0xffu), 8) + acc * (m >> 8 & 0xffu);
  y = arithmetic_shift(y, 8) + acc * (m >> 16 & 0xffu);
  y = arithmetic_shift(y, 8) + acc * (m >> 24);
  y = arithmetic_shift(y + 64, 7);
  return byte_of(y + arithmetic_shift(y, 31) + constants[1], shift);
}

static void run_quads(const dense_task *task) {
  const uint32_t *stream = task->stream;
  for (int32_t q = 0; q < task->quads; q++) {
    uint32_t acc[QUAD] = {stream[0], stream[1], stream[2], stream[3]};
    stream = sum_taps(stream + QUAD, task->taps, acc);
    const uint32_t shifts = stream[0];
    const uint32_t form = stream[1];
    stream += 2;
    for (int32_t c = 0; c < QUAD; c++, stream += 2) {
      task->out[QUAD * q + c] = requantize(stream, form, shifts >> 8 * c & 31u, acc[c]);
    }
  }
}
#endif

/* The words of one quad from `stream`, of which `left` are there; 0 when they are not as they must be. */
static uint32_t quad_words(const uint32_t *stream, uint32_t left, int32_t taps) {
  uint32_t at = QUAD;
  int32_t found = 0;
  for (;;) {
    if (at >= left) return 0;
    const int32_t jump = (int32_t)stream[at++];
    if (jump == REQUANTIZE) break;
    const int32_t behind = mj_between(jump, END - PAIR_CODE_BYTES * CHAIN_PAIRS, END) ? END - jump : 0;
    if (behind == 0 || behind % PAIR_CODE_BYTES != 0) return 0;
    const int32_t pairs = behind / PAIR_CODE_BYTES;
    at += 2 * (uint32_t)pairs;
    found += 2 * pairs;
    if (found > taps || at > left) return 0;
  }
  if (found != taps || left - at < TAIL_WORDS) return 0;
  const uint32_t form = stream[at + 1];
  if ((stream[at] & 0xe0e0e0e0u) != 0 || (form > MOST_PIECE_BITS && form != FORM_TWO_ROUNDINGS)) return 0;
  return at + TAIL_WORDS;
}

static bool stream_fits(const mj_engine *engine, const mj_dense_bytes_params *p) {
  if (p->stream_bytes > MJ_MAX_ELEMENTS || p->stream_bytes % 4 != 0 ||
      !mj_const_fits(engine, p->stream_offset, p->stream_bytes / 4, 4)) {
    return false;
  }
  const uint32_t *stream = mj_const(&engine->context, p->stream_offset);
  uint32_t left = p->stream_bytes / 4;
  uint32_t at = 0;
  for (int32_t o = 0; o < p->out_depth; o += QUAD) {
    const uint32_t words = quad_words(stream, left, p->taps);
    if (words == 0) return false;
    at = p->stream_bytes - 4 * left;
    stream += words;
    left -= words;
  }
  return p->last_quad_at == at;
}

bool mj_dense_bytes_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_dense_bytes_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[2] = {p->batches, p->in_depth};
  const int32_t out[2] = {p->batches, p->out_depth};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  return mj_extent(in, 2, &inputs) && mj_extent(out, 2, &outputs) && p->taps == ((p->in_depth + 1) & ~1) &&
         op->scratch_bytes / 2 >= (uint32_t)p->taps && mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) && stream_fits(engine, p);
}

static void spread(uint32_t *to, const int8_t *from, int32_t count) {
  for (; count > 1; count -= 2, from += 2)
    *to++ = ((uint32_t)(int32_t)from[0] & 0xffffu) | (uint32_t)from[1] << 16;
  if (count > 0) *to = (uint32_t)(int32_t)from[0] & 0xffffu;
}

static void row(const mj_dense_bytes_params *p, const uint32_t *stream, const uint32_t *taps, int8_t *out) {
  const int32_t quads = p->out_depth / QUAD;
  const int32_t rest = p->out_depth % QUAD;
  if (quads > 0) {
    const dense_task task = {stream, out, taps, quads};
    run_quads(&task);
  }
  if (rest == 0) return;
  int8_t spare[QUAD];
  const dense_task task = {stream + p->last_quad_at / 4, spare, taps, 1};
  run_quads(&task);
  for (int32_t c = 0; c < rest; c++) out[QUAD * quads + c] = spare[c];
}

mj_status mj_dense_bytes_run(const mj_context *context, const mj_op_record *op) {
  const mj_dense_bytes_params *p = params_of(context, op);
  const uint32_t *stream = mj_const(context, p->stream_offset);
  uint32_t *taps = (uint32_t *)(void *)(context->arena + op->scratch_offset);
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++, in += p->in_depth, out += p->out_depth) {
    spread(taps, in, p->in_depth);
    row(p, stream, taps, out);
  }
  return MJ_STATUS_OK;
}
