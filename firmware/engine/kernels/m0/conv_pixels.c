/*
 * CONV_2D, int8, for cores with one 32-bit product a cycle and no more: two pixels share each multiplication,
 * four pixels each weight (docs/kernels.md, "pixels in lanes"). Patches of four output pixels are spread to
 * words that hold two pixels each; then a channel at a time goes over all pixels of a run. The stream of
 * weights and requantisation is the compiler's: src-main/compile/kernels/m0/pixel-stream.ts.
 */
#include "../../mj_kernels.h"

#define TOGETHER 4
/* Distances from the one `add pc` to the ends of the chains, bytes of code of one turn of each, turns in
 * each. */
#define END_16 -2088
#define END_8 -1606
#define END_4 -572
#define TEXT(value) TEXT_OF(value)
#define TEXT_OF(value) #value
#define TURN_16 226
#define TURN_8 118
#define TURN_4 64
#define TURNS_16 2
#define TURNS_8 4
#define TURNS_4 16
/* A channel's header: shift (bits 0…7), bits of a piece (8…15) and jump (16…31), whose lowest bit says: */
#define CORRECTED (1u << 16)
/* Of the word of pieces. */
#define TWO_ROUNDINGS (1u << 31)
/* A correction: weight (bits 0…7), place of its tap in bytes (16…31), and: */
#define LAST_OF_GROUP (1u << 15)
#define GROUP_FOLLOWS (1u << 14)

/* What the inner loop works on; the assembler knows the offsets. */
typedef struct {
  const uint32_t *stream; /* of the channel */
  const int32_t *taps;    /* of the run's first four pixels */
  const int32_t *taps_end;
  int8_t *out;       /* of the four pixels, this channel */
  int8_t *first_out; /* of the run's first pixel, this channel */
  const uint32_t *stream_end;
  const int32_t *four_end; /* taps of the next four pixels */
  int32_t four_bytes;      /* of the taps of four pixels */
  int32_t steps[TOGETHER]; /* to the second, third and fourth pixel, and to the next four */
} pixel_task;

static const mj_conv_pixels_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

#if defined(__ARM_ARCH_6M__)
/*
 * r0 taps, r1 stream; r8 and r9 sums of both lanes modulo 2^32, r10 and r11 sums of the upper lanes, r12 half
 * of a lane, lr the channel's header. The lower lanes' sums are what the upper ones leave of r8 and r9. On
 * the stack: the task, then four words to spare.
 */
__attribute__((naked, noinline)) static void run_channels(__attribute__((unused)) pixel_task *task) {
  __asm volatile(
      ".syntax unified\n"
      ".macro MJ_LAST_TAPS\n ldm r0!,{r4,r5}\n lsls r6,r7,#8\n asrs r6,r6,#24\n muls r4,r6,r4\n muls r5,r6,r5\n"
      " adds r2,r2,r4\n adds r3,r3,r5\n ldm r0!,{r4,r5}\n asrs r7,r7,#24\n muls r4,r7,r4\n muls r5,r7,r5\n"
      " adds r2,r2,r4\n adds r3,r3,r5\n.endm\n"
      ".macro MJ_FIRST\n ldm r1!,{r7}\n ldm r0!,{r2-r5}\n sxtb r6,r7\n muls r2,r6,r2\n muls r3,r6,r3\n"
      " lsls r6,r7,#16\n asrs r6,r6,#24\n muls r4,r6,r4\n muls r5,r6,r5\n adds r2,r2,r4\n adds r3,r3,r5\n"
      " MJ_LAST_TAPS\n.endm\n"
      ".macro MJ_MORE\n ldm r1!,{r7}\n ldm r0!,{r4,r5}\n sxtb r6,r7\n muls r4,r6,r4\n muls r5,r6,r5\n"
      " adds r2,r2,r4\n adds r3,r3,r5\n ldm r0!,{r4,r5}\n lsls r6,r7,#16\n asrs r6,r6,#24\n muls r4,r6,r4\n"
      " muls r5,r6,r5\n adds r2,r2,r4\n adds r3,r3,r5\n MJ_LAST_TAPS\n.endm\n"
      ".macro MJ_SPLIT\n add r8,r2\n add r2,r12\n asrs r2,r2,#16\n add r10,r2\n add r9,r3\n add r3,r12\n"
      " asrs r3,r3,#16\n add r11,r3\n.endm\n"
      ".macro MJ_LOW upper,both\n mov r2,\\upper\n lsls r2,r2,#16\n mov r1,\\both\n subs r2,r1,r2\n.endm\n"
      ".macro MJ_CLAMP id\n cmp r1,#255\n bhi .Lout\\id\n.Lin\\id: subs r1,#128\n.endm\n"
      ".macro MJ_OUT id\n.Lout\\id: asrs r1,r1,#31\n mvns r1,r1\n b .Lin\\id\n.endm\n"
      ".macro MJ_TWO id\n movs r1,r2\n muls r1,r3,r1\n asrs r1,r7\n muls r2,r4,r2\n adds r1,r1,r2\n"
      " adds r1,r1,r5\n asrs r1,r6\n asrs r2,r1,#31\n bics r1,r2\n MJ_CLAMP \\id\n.endm\n"
      ".macro MJ_FOUR id\n movs r1,r2\n muls r1,r3,r1\n asrs r1,r1,#8\n movs r7,r2\n muls r7,r4,r7\n"
      " adds r1,r1,r7\n asrs r1,r1,#8\n movs r7,r2\n muls r7,r5,r7\n adds r1,r1,r7\n asrs r1,r1,#8\n"
      " muls r2,r6,r2\n adds r1,r1,r2\n adds r1,#64\n asrs r1,r1,#7\n asrs r2,r1,#31\n adds r1,r1,r2\n"
      " ldr r7,[sp,#48]\n adds r1,r1,r7\n ldr r7,[sp,#52]\n asrs r1,r7\n MJ_CLAMP \\id\n.endm\n"
      ".macro MJ_STORE at\n ldr r2,[sp,#\\at]\n strb r1,[r0,r2]\n.endm\n"
      " push {r4-r7,lr}\n mov r4,r8\n mov r5,r9\n mov r6,r10\n mov r7,r11\n push {r4-r7}\n sub sp,#64\n"
      " mov r1,sp\n ldm r0!,{r2-r7}\n stm r1!,{r2-r7}\n ldm r0!,{r2-r7}\n stm r1!,{r2-r7}\n"
      " movs r2,#128\n lsls r2,r2,#8\n mov r12,r2\n bl .Lchannel\n"
      ".Lchain16: .rept 2\n MJ_FIRST\n MJ_MORE\n MJ_MORE\n MJ_MORE\n MJ_SPLIT\n .endr\n"
      ".Lend16: ldr r2,[sp,#24]\n cmp r0,r2\n beq .Lsummed16\n b .Lchain16\n"
      ".Lsummed16: b .Lsummed\n"
      ".Lchain8: .rept 4\n MJ_FIRST\n MJ_MORE\n MJ_SPLIT\n .endr\n"
      ".Lend8: ldr r2,[sp,#24]\n cmp r0,r2\n beq .Lsummed8\n b .Lchain8\n"
      ".Lsummed8: b .Lsummed\n"
      ".Lchain4: .rept 16\n MJ_FIRST\n MJ_SPLIT\n .endr\n"
      ".Lend4: ldr r2,[sp,#24]\n cmp r0,r2\n beq .Lsummed\n b .Lchain4\n"
      ".Lsummed: mov r6,lr\n lsls r2,r6,#15\n bmi .Lcorrections\n"
      ".Lcorrected: ldm r1!,{r3,r5}\n cmp r3,#0\n blt .Lfour\n"
      ".Ltwo: mov lr,r1\n lsrs r4,r3,#16\n uxth r3,r3\n lsrs r7,r6,#8\n ldr r0,[sp,#12]\n"
      " MJ_LOW r10,r8\n MJ_TWO 0\n strb r1,[r0]\n"
      " mov r2,r10\n MJ_TWO 1\n MJ_STORE 32\n"
      " MJ_LOW r11,r9\n MJ_TWO 2\n MJ_STORE 36\n"
      " mov r2,r11\n MJ_TWO 3\n MJ_STORE 40\n"
      " b .Lstored\n"
      " MJ_OUT 0\n MJ_OUT 1\n MJ_OUT 2\n MJ_OUT 3\n"
      ".Lcorrections: ldr r6,[sp,#24]\n ldr r2,[sp,#28]\n subs r6,r6,r2\n"
      ".Lgroup: movs r0,#0\n movs r7,#0\n"
      ".Lcorrect: ldm r1!,{r5}\n lsrs r4,r5,#16\n adds r4,r4,r6\n ldm r4!,{r2,r3}\n sxtb r4,r5\n muls r2,r4,r2\n"
      " muls r3,r4,r3\n adds r0,r0,r2\n adds r7,r7,r3\n lsls r5,r5,#16\n bpl .Lcorrect\n"
      " movs r2,r0\n movs r3,r7\n MJ_SPLIT\n lsls r5,r5,#1\n bmi .Lgroup\n mov r6,lr\n b .Lcorrected\n"
      ".Lfour: mov lr,r1\n str r5,[sp,#48]\n lsls r3,r3,#1\n lsrs r3,r3,#1\n uxtb r7,r6\n str r7,[sp,#52]\n uxtb r1,r3\n lsrs r4,r3,#8\n uxtb r4,r4\n"
      " lsrs r5,r3,#16\n uxtb r5,r5\n lsrs r6,r3,#24\n movs r3,r1\n ldr r0,[sp,#12]\n"
      " MJ_LOW r10,r8\n MJ_FOUR 4\n strb r1,[r0]\n"
      " mov r2,r10\n MJ_FOUR 5\n MJ_STORE 32\n"
      " MJ_LOW r11,r9\n MJ_FOUR 6\n MJ_STORE 36\n"
      " mov r2,r11\n MJ_FOUR 7\n MJ_STORE 40\n"
      " b .Lstored\n"
      " MJ_OUT 4\n MJ_OUT 5\n MJ_OUT 6\n MJ_OUT 7\n"
      ".Lstored: ldr r2,[sp,#44]\n adds r0,r0,r2\n str r0,[sp,#12]\n ldr r0,[sp,#24]\n ldr r2,[sp,#8]\n cmp r0,r2\n"
      " beq .Lnext\n ldr r2,[sp,#28]\n adds r2,r2,r0\n str r2,[sp,#24]\n"
      ".Lpixels: ldr r1,[sp]\n ldm r1!,{r2,r3}\n asrs r2,r2,#8\n mov lr,r3\n mov r10,r2\n mov r11,r2\n"
      " lsls r4,r2,#16\n adds r4,r4,r2\n mov r8,r4\n mov r9,r4\n asrs r3,r3,#16\n"
      ".Ldispatch: add pc,r3\n"
      ".Lnext: mov r1,lr\n str r1,[sp]\n ldr r2,[sp,#20]\n cmp r1,r2\n beq .Ldone\n"
      ".Lchannel: ldr r1,[sp]\n ldrb r2,[r1]\n ldr r0,[sp,#16]\n adds r0,r0,r2\n str r0,[sp,#16]\n str r0,[sp,#12]\n"
      " ldr r0,[sp,#4]\n ldr r2,[sp,#28]\n adds r2,r2,r0\n str r2,[sp,#24]\n b .Lpixels\n"
      ".Ldone: add sp,#64\n pop {r4-r7}\n mov r8,r4\n mov r9,r5\n mov r10,r6\n mov r11,r7\n pop {r4-r7,pc}\n"
      ".purgem MJ_LAST_TAPS\n.purgem MJ_FIRST\n.purgem MJ_MORE\n.purgem MJ_SPLIT\n.purgem MJ_LOW\n"
      ".purgem MJ_CLAMP\n.purgem MJ_OUT\n.purgem MJ_TWO\n.purgem MJ_FOUR\n.purgem MJ_STORE\n"
      ".ifne .Lend16-.Ldispatch-4-" TEXT(END_16) "\n.error \"END_16\"\n.endif\n"
      ".ifne .Lend8-.Ldispatch-4-" TEXT(END_8) "\n.error \"END_8\"\n.endif\n"
      ".ifne .Lend4-.Ldispatch-4-" TEXT(END_4) "\n.error \"END_4\"\n.endif\n");
}
/*
 * Words of four int8 of two pixels become words with both pixels' values, every other word from `to` on.
 */
__attribute__((naked, noinline)) static void spread_two(__attribute__((unused)) int32_t *to,
                                                        __attribute__((unused)) const int8_t *first,
                                                        __attribute__((unused)) const int8_t *second,
                                                        __attribute__((unused)) int32_t words) {
  __asm volatile(
      ".syntax unified\n"
      " push {r4-r7,lr}\n"
      ".Ltwo_words: ldm r1!,{r4}\n ldm r2!,{r5}\n"
      " sxtb r6,r4\n lsls r7,r5,#24\n asrs r7,r7,#8\n adds r6,r6,r7\n str r6,[r0]\n"
      " lsls r6,r4,#16\n asrs r6,r6,#24\n lsrs r7,r5,#8\n lsls r7,r7,#24\n asrs r7,r7,#8\n adds r6,r6,r7\n"
      " str r6,[r0,#8]\n"
      " lsls r6,r4,#8\n asrs r6,r6,#24\n lsrs r7,r5,#16\n lsls r7,r7,#24\n asrs r7,r7,#8\n adds r6,r6,r7\n"
      " str r6,[r0,#16]\n"
      " asrs r6,r4,#24\n asrs r7,r5,#24\n lsls r7,r7,#16\n adds r6,r6,r7\n str r6,[r0,#24]\n"
      " adds r0,#32\n subs r3,#1\n bne .Ltwo_words\n pop {r4-r7,pc}\n");
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

/* `word` holds two pixels; the upper one lost a unit where the lower one is negative. */
static void add_product(uint32_t *acc, uint32_t word, uint32_t weight) {
  const uint32_t lower = (uint32_t)(int32_t)(int16_t)word;
  acc[0] += lower * weight;
  acc[1] += arithmetic_shift(word - lower, 16) * weight;
}

static int8_t requantize(uint32_t acc, uint32_t header, const uint32_t *tail) {
  const uint32_t pieces = tail[0] & ~TWO_ROUNDINGS;
  const uint32_t shift = header & 31u;
  if ((tail[0] & TWO_ROUNDINGS) == 0) {
    const uint32_t low = arithmetic_shift(acc * (pieces & 0xffffu), header >> 8 & 31u);
    return byte_of(low + acc * (pieces >> 16) + tail[1], shift);
  }
  uint32_t y = arithmetic_shift(acc * (pieces & 0xffu), 8) + acc * (pieces >> 8 & 0xffu);
  y = arithmetic_shift(y, 8) + acc * (pieces >> 16 & 0xffu);
  y = arithmetic_shift(y, 8) + acc * (pieces >> 24);
  y = arithmetic_shift(y + 64, 7);
  return byte_of(y + arithmetic_shift(y, 31) + tail[1], shift);
}

/* One channel of four pixels; returns what follows in the stream. */
static const uint32_t *run_channel(const pixel_task *task, const int32_t *taps, int8_t *out) {
  const uint32_t start = arithmetic_shift(task->stream[0], 8);
  const uint32_t header = task->stream[1];
  const int8_t *weights = (const int8_t *)(task->stream + 2);
  const int32_t count = task->four_bytes / 8;
  const uint32_t *tail = task->stream + 2 + count / 4;
  uint32_t acc[TOGETHER] = {start, start, start, start};
  for (int32_t i = 0; i < count; i++) {
    add_product(acc, (uint32_t)taps[2 * i], (uint32_t)(int32_t)weights[i]);
    add_product(acc + 2, (uint32_t)taps[2 * i + 1], (uint32_t)(int32_t)weights[i]);
  }
  for (bool more = (header & CORRECTED) != 0; more; tail++) {
    const int32_t at = (int32_t)(*tail >> 16) / 4;
    const uint32_t weight = (uint32_t)(int32_t)(int8_t)*tail;
    add_product(acc, (uint32_t)taps[at], weight);
    add_product(acc + 2, (uint32_t)taps[at + 1], weight);
    more = (*tail & LAST_OF_GROUP) == 0 || (*tail & GROUP_FOLLOWS) != 0;
  }
  for (int32_t i = 0; i < TOGETHER; i++) {
    out[i == 0 ? 0 : task->steps[i - 1]] = requantize(acc[i], header, tail);
  }
  return tail + 2;
}

static void run_channels(pixel_task *task) {
  while (task->stream != task->stream_end) {
    const uint32_t *end = task->stream;
    task->first_out += *task->stream & 0xffu;
    int8_t *out = task->first_out;
    for (const int32_t *taps = task->taps; taps != task->taps_end; taps += task->four_bytes / 4) {
      end = run_channel(task, taps, out);
      out += task->steps[3];
    }
    task->stream = end;
  }
}

static void spread_two(int32_t *to, const int8_t *first, const int8_t *second, int32_t words) {
  for (int32_t i = 0; i < 4 * words; i++) to[2 * i] = first[i] + second[i] * 0x10000;
}
#endif

static int32_t smaller(int32_t a, int32_t b) {
  return a < b ? a : b;
}

static int32_t pixels_of(const mj_conv_pixels_params *p) {
  return p->out_h * p->out_w;
}

/* Scratch, all in whole words: spread taps of a run, a padding pixel, gathered patches, outputs of a last
 * four that are fewer. */
typedef struct {
  int32_t *taps;
  int8_t *padding;
  int8_t *patches;
  int8_t *spare;
  uint32_t bytes;
} layout;

static layout layout_of(const mj_conv_pixels_params *p, uint8_t *scratch) {
  const uint32_t taps = (uint32_t)(8 * p->taps * p->run_fours);
  const uint32_t padding = ((uint32_t)p->in_c + 3u) & ~3u;
  const uint32_t patches = p->in_c % 4 == 0 ? 0 : (uint32_t)(TOGETHER * p->taps);
  const layout l = {(int32_t *)(void *)scratch, (int8_t *)scratch + taps, (int8_t *)scratch + taps + padding,
                    (int8_t *)scratch + taps + padding + patches,
                    taps + padding + patches + (uint32_t)(TOGETHER * p->out_c)};
  return l;
}

static bool ranges_fit(const mj_conv_pixels_params *p) {
  return mj_between(p->in_h, 1, MJ_MAX_EXTENT) && mj_between(p->in_w, 1, MJ_MAX_EXTENT) &&
         mj_between(p->out_h, 1, MJ_MAX_EXTENT) && mj_between(p->out_w, 1, MJ_MAX_EXTENT) &&
         mj_between(p->out_c, 1, MJ_MAX_EXTENT) && mj_between(p->filter_h, 1, MJ_MAX_STEP) &&
         mj_between(p->filter_w, 1, MJ_MAX_STEP) && mj_between(p->stride_h, 1, MJ_MAX_STEP) &&
         mj_between(p->stride_w, 1, MJ_MAX_STEP) && mj_between(p->pad_top, 0, MJ_MAX_EXTENT) &&
         mj_between(p->pad_left, 0, MJ_MAX_EXTENT) && mj_between(p->pad_value, -128, 127) &&
         mj_between(p->run_fours, 1, MJ_MAX_EXTENT);
}

static bool scratch_fits(const mj_conv_pixels_params *p, const mj_op_record *op) {
  const int32_t patch[3] = {p->filter_h, p->filter_w, p->in_c};
  uint32_t taps = 0;
  uint32_t spread = 0;
  if (!mj_extent(patch, 3, &taps) || (uint32_t)p->taps != ((taps + 3u) & ~3u)) return false;
  const int32_t run[3] = {p->taps, p->run_fours, 16};
  return mj_extent(run, 3, &spread) && op->scratch_bytes >= layout_of(p, NULL).bytes;
}

/* The jump to `turns` turns before the end of a chain, where a chain's turns go evenly into so many words. */
static bool jump_fits(int32_t jump, int32_t words) {
  const int32_t sizes[3] = {TURN_16, TURN_8, TURN_4};
  const int32_t ends[3] = {END_16, END_8, END_4};
  const int32_t most[3] = {TURNS_16, TURNS_8, TURNS_4};
  for (int32_t i = 0; i < 3; i++) {
    const int32_t turn_words = 4 >> i;
    if (words % turn_words != 0) continue;
    const int32_t turns = (words / turn_words - 1) % most[i] + 1;
    if (jump == ends[i] - sizes[i] * turns) return true;
  }
  return false;
}

/* Words of one channel from `stream`, of which `left` are there; 0 when they are not as they must be. */
static uint32_t channel_words(const uint32_t *stream, uint32_t left, int32_t taps) {
  const uint32_t weights = (uint32_t)taps / 4;
  if (left < 4 || weights > left - 4) return 0;
  const uint32_t header = stream[1];
  const int32_t jump = (int32_t)(header & ~CORRECTED) >> 16;
  if ((header & 0xe0e0u) != 0 || !jump_fits(jump, (int32_t)weights)) return 0;
  uint32_t words = 2 + weights;
  for (bool more = (header & CORRECTED) != 0; more; words++) {
    if (words == left) return 0;
    const uint32_t at = stream[words] >> 16;
    if (at % 8 != 0 || at >= 8u * (uint32_t)taps) return 0;
    more = (stream[words] & LAST_OF_GROUP) == 0 || (stream[words] & GROUP_FOLLOWS) != 0;
  }
  return left - words < 2 ? 0 : words + 2;
}

static bool stream_fits(const mj_engine *engine, const mj_conv_pixels_params *p) {
  if (p->stream_bytes > MJ_MAX_ELEMENTS || p->stream_bytes % 4 != 0) return false;
  if (p->stream_bytes == 0) return true;
  if (!mj_const_fits(engine, p->stream_offset, p->stream_bytes / 4, 4)) return false;
  const uint32_t *stream = mj_const(&engine->context, p->stream_offset);
  int32_t channel = 0;
  for (uint32_t left = p->stream_bytes / 4; left > 0;) {
    const uint32_t words = channel_words(stream, left, p->taps);
    channel += (int32_t)(stream[0] & 0xffu);
    if (words == 0 || channel >= p->out_c) return false;
    stream += words;
    left -= words;
  }
  return true;
}

bool mj_conv_pixels_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_conv_pixels_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[4] = {p->batches, p->in_h, p->in_w, p->in_c};
  const int32_t out[4] = {p->batches, p->out_h, p->out_w, p->out_c};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  return mj_extent(in, 4, &inputs) && mj_extent(out, 4, &outputs) && ranges_fit(p) && scratch_fits(p, op) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) &&
         (p->constants_offset == 0 || mj_const_fits(engine, p->constants_offset, (uint32_t)p->out_c, 1)) &&
         stream_fits(engine, p);
}

/* Four output pixels: where their patches begin, as coordinates of the input. */
typedef struct {
  int32_t x[TOGETHER];
  int32_t y[TOGETHER];
} four;

static four four_at(const mj_conv_pixels_params *p, int32_t *oy, int32_t *ox) {
  four f;
  for (int32_t i = 0; i < TOGETHER; i++) {
    f.x[i] = *ox * p->stride_w - p->pad_left;
    f.y[i] = *oy * p->stride_h - p->pad_top;
    if (++*ox == p->out_w) {
      *ox = 0;
      if (*oy < p->out_h - 1) ++*oy;
    }
  }
  return f;
}

static const int8_t *pixel_at(const mj_conv_pixels_params *p, const int8_t *image, const int8_t *padding,
                              int32_t y, int32_t x) {
  if (y < 0 || y >= p->in_h || x < 0 || x >= p->in_w) return padding;
  return image + (y * p->in_w + x) * p->in_c;
}

static int32_t *spread_pixels(int32_t *to, const int8_t *const *from, int32_t words) {
  spread_two(to, from[0], from[1], words);
  spread_two(to + 1, from[2], from[3], words);
  return to + 8 * words;
}

/* All columns of the filter are inside the image for all four. */
static bool inside(const mj_conv_pixels_params *p, const four *f) {
  for (int32_t i = 0; i < TOGETHER; i++) {
    if (f->x[i] < 0 || f->x[i] + p->filter_w > p->in_w) return false;
  }
  return true;
}

/* Whole words of channels are spread from where they are: pixel by pixel, or row by row of the filter. */
static void spread_words(const mj_conv_pixels_params *p, const int8_t *image, const int8_t *padding,
                         const four *f, int32_t *to) {
  const int32_t words = p->in_c / 4;
  const bool whole_rows = inside(p, f);
  for (int32_t fy = 0; fy < p->filter_h; fy++) {
    bool row = whole_rows;
    for (int32_t i = 0; i < TOGETHER; i++) row = row && f->y[i] + fy >= 0 && f->y[i] + fy < p->in_h;
    const int32_t columns = row ? 1 : p->filter_w;
    for (int32_t fx = 0; fx < columns; fx++) {
      const int8_t *from[TOGETHER];
      for (int32_t i = 0; i < TOGETHER; i++)
        from[i] = pixel_at(p, image, padding, f->y[i] + fy, f->x[i] + fx);
      to = spread_pixels(to, from, row ? words * p->filter_w : words);
    }
  }
}

static int8_t *copy(int8_t *to, const int8_t *from, int32_t count) {
  for (; count > 0; count--) *to++ = *from++;
  return to;
}

/* Any number of channels: a patch's bytes one after the other. */
static void gather(const mj_conv_pixels_params *p, const int8_t *image, const int8_t *padding, int32_t y,
                   int32_t x, int8_t *to) {
  const bool whole_rows = x >= 0 && x + p->filter_w <= p->in_w;
  for (int32_t fy = 0; fy < p->filter_h; fy++, y++) {
    if (whole_rows && y >= 0 && y < p->in_h) {
      to = copy(to, image + (y * p->in_w + x) * p->in_c, p->filter_w * p->in_c);
      continue;
    }
    for (int32_t fx = 0; fx < p->filter_w; fx++) {
      to = copy(to, pixel_at(p, image, padding, y, x + fx), p->in_c);
    }
  }
}

static void spread_four(const mj_conv_pixels_params *p, const layout *l, const int8_t *image, const four *f,
                        int32_t *to) {
  if (p->in_c % 4 == 0) {
    spread_words(p, image, l->padding, f, to);
    return;
  }
  const int8_t *from[TOGETHER];
  for (int32_t i = 0; i < TOGETHER; i++) {
    int8_t *patch = l->patches + i * p->taps;
    gather(p, image, l->padding, f->y[i], f->x[i], patch);
    from[i] = patch;
  }
  spread_pixels(to, from, p->taps / 4);
}

/* All channels of so many fours of pixels. */
static void run_fours(const mj_conv_pixels_params *p, const uint32_t *stream, int32_t fours,
                      const int32_t *taps, int8_t *out) {
  if (fours == 0 || p->stream_bytes == 0) return;
  pixel_task task = {.stream = stream,
                     .taps = taps,
                     .taps_end = taps + 2 * p->taps * fours,
                     .first_out = out,
                     .stream_end = stream + p->stream_bytes / 4,
                     .four_bytes = 8 * p->taps,
                     .steps = {p->out_c, 2 * p->out_c, 3 * p->out_c, 4 * p->out_c}};
  run_channels(&task);
}

/* Outputs that are the same whatever the input; those of the stream go over them. */
static void fill_constants(const mj_conv_pixels_params *p, const int8_t *constants, int8_t *out,
                           int32_t pixels) {
  for (; pixels > 0; pixels--) out = copy(out, constants, p->out_c);
}

static void image_run(const mj_conv_pixels_params *p, const layout *l, const uint32_t *stream,
                      const int8_t *image, int8_t *out) {
  const int32_t pixels = pixels_of(p);
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t done = 0; done < pixels;) {
    const int32_t wanted = smaller(pixels - done, TOGETHER * p->run_fours);
    const int32_t whole = wanted / TOGETHER;
    const int32_t rest = wanted % TOGETHER;
    for (int32_t i = 0; i < whole + (rest != 0); i++) {
      const four f = four_at(p, &oy, &ox);
      spread_four(p, l, image, &f, l->taps + 2 * p->taps * i);
    }
    run_fours(p, stream, whole, l->taps, out);
    out += TOGETHER * whole * p->out_c;
    if (rest != 0) {
      copy(l->spare, out, rest * p->out_c);
      run_fours(p, stream, 1, l->taps + 2 * p->taps * whole, l->spare);
      out = copy(out, l->spare, rest * p->out_c);
    }
    done += wanted;
  }
}

mj_status mj_conv_pixels_run(const mj_context *context, const mj_op_record *op) {
  const mj_conv_pixels_params *p = params_of(context, op);
  const layout l = layout_of(p, context->arena + op->scratch_offset);
  const uint32_t *stream = mj_const(context, p->stream_offset);
  const int8_t *image = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t i = 0; i < p->in_c; i++) l.padding[i] = (int8_t)p->pad_value;
  for (int32_t b = 0; b < p->batches; b++) {
    if (p->constants_offset != 0)
      fill_constants(p, mj_const(context, p->constants_offset), out, pixels_of(p));
    image_run(p, &l, stream, image, out);
    image += p->in_h * p->in_w * p->in_c;
    out += pixels_of(p) * p->out_c;
  }
  return MJ_STATUS_OK;
}
