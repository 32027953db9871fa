/*
 * CONV_2D and FULLY_CONNECTED, int8, for cores with one 32-bit product a cycle and no more: two channels
 * share each multiplication (docs/kernels.md, "lanes"). Inputs are spread to words, column after column, for
 * a run of output pixels; a stream made by the compiler (src-main/compile/kernels/m0/lane-stream.ts) holds
 * weights, jumps and requantisation of four channels at a time and goes over all pixels of the run before the
 * next four.
 */
#include "../../mj_kernels.h"

#define QUAD 4
/* Bytes of code a pair of taps takes in the chains, and pairs in each. */
#define PAIR_CODE_BYTES 20
#define CHAIN_PAIRS 31
/* Jumps to the ends of the two chains. */
#define INNER_END (-46)
#define LAST_END (-2 + PAIR_CODE_BYTES * CHAIN_PAIRS)
/* Forms of requantisation; below: two pieces of so many bits. */
#define MOST_PIECE_BITS 15
#define FORM_THREE_PIECES (32 + 11)
#define FORM_TWO_ROUNDINGS 64

/* What the inner loop works on; the assembler knows the offsets. */
typedef struct {
  const uint32_t *stream; /* of the first quad */
  int8_t *out;            /* of the first pixel */
  int8_t *out_end;        /* behind the last pixel's */
  int32_t out_step;       /* from pixel to pixel */
  const int32_t *taps;    /* of the first pixel */
  int32_t quads;
} lane_task;

static const mj_conv_lanes_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

/* The two chains' jumps do not overlap. */
static bool is_last(int32_t jump) {
  return jump >= LAST_END - PAIR_CODE_BYTES * CHAIN_PAIRS;
}

#if defined(__ARM_ARCH_6M__)
/*
 * r0 taps, r1 stream, r8 and r9 sums of the group, r10 r11 r12 lr accumulators of the four channels. On the
 * stack: the quad's stream, out, out's end, out's step, first taps, quads left, out of the first pixel. The
 * jumps of the stream count on 20 bytes a pair, on both chains' lengths and on what lies between them and the
 * `add pc`.
 */
__attribute__((naked, noinline)) static void run_quads(__attribute__((unused)) const lane_task *task) {
  __asm volatile(
      ".syntax unified\n"
      ".macro MJ_PAIR\n ldm r0!,{r2,r3}\n ldm r1!,{r4-r7}\n muls r4,r2,r4\n muls r5,r2,r5\n"
      " muls r6,r3,r6\n muls r7,r3,r7\n adds r4,r4,r6\n adds r5,r5,r7\n.endm\n"
      ".macro MJ_CHAIN pairs\n .rept \\pairs-1\n MJ_PAIR\n add r8,r4\n add r9,r5\n .endr\n"
      " MJ_PAIR\n add r4,r8\n add r5,r9\n"
      " sxth r6,r4\n sxth r7,r5\n add r10,r6\n add r12,r7\n subs r4,r4,r6\n subs r5,r5,r7\n"
      " asrs r4,r4,#16\n asrs r5,r5,#16\n add r11,r4\n add lr,r5\n.endm\n"
      ".macro MJ_STORE at,id\n asrs r2,r5\n cmp r2,#255\n bhi .Lout\\id\n.Lin\\id: subs r2,#128\n"
      " strb r2,[r0,#\\at]\n.endm\n"
      ".macro MJ_OUT id\n.Lout\\id: asrs r2,r2,#31\n mvns r2,r2\n b .Lin\\id\n.endm\n"
      ".macro MJ_TWO acc,at,id\n ldm r1!,{r2-r5}\n mov r6,\\acc\n muls r2,r6,r2\n asrs r2,r7\n muls "
      "r3,r6,r3\n"
      " adds r2,r2,r3\n adds r2,r2,r4\n MJ_STORE \\at,\\id\n.endm\n"
      ".macro MJ_THREE acc,at,id\n ldm r1!,{r2-r5}\n mov r6,\\acc\n muls r2,r6,r2\n asrs r2,r7\n muls "
      "r3,r6,r3\n"
      " adds r2,r2,r3\n asrs r2,r7\n muls r4,r6,r4\n adds r2,r2,r4\n adds r2,r2,r5\n ldm r1!,{r5}\n"
      " MJ_STORE \\at,\\id\n.endm\n"
      ".macro MJ_FOUR acc,at,id\n ldm r1!,{r2-r5}\n mov r6,\\acc\n muls r2,r6,r2\n asrs r2,r2,#8\n muls "
      "r3,r6,r3\n"
      " adds r2,r2,r3\n asrs r2,r2,#8\n muls r4,r6,r4\n adds r2,r2,r4\n asrs r2,r2,#8\n muls r5,r6,r5\n"
      " adds r2,r2,r5\n ldm r1!,{r3,r5}\n adds r2,#64\n asrs r2,r2,#7\n asrs r4,r2,#31\n adds r2,r2,r4\n"
      " adds r2,r2,r3\n MJ_STORE \\at,\\id\n.endm\n"
      " push {r4-r7,lr}\n mov r4,r8\n mov r5,r9\n mov r6,r10\n mov r7,r11\n push {r4-r7}\n sub sp,#28\n"
      " mov r1,sp\n ldm r0!,{r2-r7}\n stm r1!,{r2-r7}\n stm r1!,{r3}\n mov r0,r6\n b .Lstart\n"
      ".Lpixel: mov r0,r8\n"
      ".Lstart: ldr r1,[sp]\n ldm r1!,{r2-r5}\n mov r10,r2\n mov r11,r3\n mov r12,r4\n mov lr,r5\n b "
      ".Lgroup\n"
      " MJ_CHAIN 31\n"
      ".Lgroup: MJ_PAIR\n mov r8,r4\n mov r9,r5\n ldm r1!,{r2}\n add pc,r2\n"
      " MJ_CHAIN 31\n"
      " ldm r1!,{r6,r7}\n subs r0,r0,r6\n mov r8,r0\n ldr r0,[sp,#4]\n cmp r7,#15\n bhi .Lforms\n"
      " MJ_TWO r10,0,0\n MJ_TWO r11,1,1\n MJ_TWO r12,2,2\n MJ_TWO lr,3,3\n"
      ".Lstored: ldr r2,[sp,#12]\n adds r0,r0,r2\n str r0,[sp,#4]\n ldr r2,[sp,#8]\n cmp r0,r2\n beq .Lquad\n"
      " b .Lpixel\n"
      " MJ_OUT 0\n MJ_OUT 1\n MJ_OUT 2\n MJ_OUT 3\n"
      ".Lquad: str r1,[sp]\n ldr r2,[sp,#24]\n adds r2,#4\n str r2,[sp,#24]\n str r2,[sp,#4]\n"
      " ldr r3,[sp,#8]\n adds r3,#4\n str r3,[sp,#8]\n ldr r0,[sp,#16]\n"
      " ldr r2,[sp,#20]\n subs r2,#1\n str r2,[sp,#20]\n beq .Ldone\n b .Lstart\n"
      ".Ldone: add sp,#28\n pop {r4-r7}\n mov r8,r4\n mov r9,r5\n mov r10,r6\n mov r11,r7\n pop {r4-r7,pc}\n"
      ".Lforms: subs r7,#32\n cmp r7,#32\n beq .Lfour\n"
      " MJ_THREE r10,0,4\n MJ_THREE r11,1,5\n MJ_THREE r12,2,6\n MJ_THREE lr,3,7\n b .Lstored\n"
      " MJ_OUT 4\n MJ_OUT 5\n MJ_OUT 6\n MJ_OUT 7\n"
      ".Lfour: MJ_FOUR r10,0,8\n MJ_FOUR r11,1,9\n MJ_FOUR r12,2,10\n MJ_FOUR lr,3,11\n b .Lstored\n"
      " MJ_OUT 8\n MJ_OUT 9\n MJ_OUT 10\n MJ_OUT 11\n"
      ".purgem MJ_PAIR\n.purgem MJ_CHAIN\n.purgem MJ_STORE\n.purgem MJ_OUT\n.purgem MJ_TWO\n.purgem "
      "MJ_THREE\n"
      ".purgem MJ_FOUR\n");
}

/* `words` words of four int8 each to four words each; returns what lies behind them. */
__attribute__((naked, noinline)) static int32_t *spread_words(__attribute__((unused)) int32_t *to,
                                                              __attribute__((unused)) const int8_t *from,
                                                              __attribute__((unused)) int32_t words) {
  __asm volatile(
      ".syntax unified\n"
      ".macro MJ_SPREAD\n ldm r1!,{r3}\n sxtb r4,r3\n lsls r5,r3,#16\n asrs r5,r5,#24\n lsls r6,r3,#8\n"
      " asrs r6,r6,#24\n asrs r7,r3,#24\n stm r0!,{r4-r7}\n.endm\n"
      " push {r4-r7,lr}\n"
      ".Lfour_words: subs r2,#4\n bmi .Lwords\n MJ_SPREAD\n MJ_SPREAD\n MJ_SPREAD\n MJ_SPREAD\n b "
      ".Lfour_words\n"
      ".Lwords: adds r2,#4\n beq .Lspread\n"
      ".Lword: MJ_SPREAD\n subs r2,#1\n bne .Lword\n"
      ".Lspread: pop {r4-r7,pc}\n"
      ".purgem MJ_SPREAD\n");
}
#else
/* The stream in C, word for word: the host twin and the sanitizers run what the device runs. */
static uint32_t arithmetic_shift(uint32_t x, uint32_t bits) {
  return (uint32_t)((int32_t)x >> bits);
}

/* One pixel's groups: `acc` gains its sums, `taps` ends behind its last. */
static const uint32_t *sum_taps(const uint32_t *stream, const int32_t **taps, uint32_t *acc) {
  const int32_t *x = *taps;
  bool last = false;
  while (!last) {
    uint32_t pairs = 0;
    uint32_t first = 0;
    uint32_t second = 0;
    for (uint32_t i = 0; i <= pairs; i++, x += 2, stream += 4) {
      first += (uint32_t)x[0] * stream[0] + (uint32_t)x[1] * stream[2];
      second += (uint32_t)x[0] * stream[1] + (uint32_t)x[1] * stream[3];
      if (i > 0) continue;
      const int32_t jump = (int32_t)stream[4];
      last = is_last(jump);
      pairs = (uint32_t)((last ? LAST_END : INNER_END) - jump) / PAIR_CODE_BYTES;
      stream++;
    }
    const uint32_t low0 = (uint32_t)(int32_t)(int16_t)first;
    const uint32_t low2 = (uint32_t)(int32_t)(int16_t)second;
    acc[0] += low0;
    acc[1] += arithmetic_shift(first - low0, 16);
    acc[2] += low2;
    acc[3] += arithmetic_shift(second - low2, 16);
  }
  *taps = x;
  return stream;
}

static int8_t byte_of(uint32_t x, uint32_t shift) {
  const int32_t y = (int32_t)x >> shift;
  return (int8_t)((y < 0 ? 0 : y > 255 ? 255 : y) - 128);
}

static const uint32_t *requantize(const uint32_t *stream, uint32_t form, uint32_t acc, int8_t *out) {
  uint32_t y = 0;
  if (form <= MOST_PIECE_BITS) {
    y = arithmetic_shift(acc * stream[0], form) + acc * stream[1] + stream[2];
    *out = byte_of(y, stream[3]);
    return stream + 4;
  }
  if (form == FORM_THREE_PIECES) {
    const uint32_t bits = FORM_THREE_PIECES - 32;
    y = arithmetic_shift(arithmetic_shift(acc * stream[0], bits) + acc * stream[1], bits);
    *out = byte_of(y + acc * stream[2] + stream[3], stream[4]);
    return stream + 5;
  }
  y = arithmetic_shift(acc * stream[0], 8) + acc * stream[1];
  y = arithmetic_shift(y, 8) + acc * stream[2];
  y = arithmetic_shift(y, 8) + acc * stream[3];
  y = arithmetic_shift(y + 64, 7);
  *out = byte_of(y + arithmetic_shift(y, 31) + stream[4], stream[5]);
  return stream + 6;
}

static const uint32_t *run_quad(const lane_task *task, const uint32_t *stream, int32_t channel) {
  const uint32_t *end = stream;
  const int32_t *taps = task->taps;
  for (int8_t *out = task->out; out != task->out_end; out += task->out_step) {
    uint32_t acc[QUAD] = {stream[0], stream[1], stream[2], stream[3]};
    const uint32_t *tail = sum_taps(stream + QUAD, &taps, acc);
    taps -= (int32_t)tail[0] / 4;
    end = tail + 2;
    for (int32_t c = 0; c < QUAD; c++) end = requantize(end, tail[1], acc[c], out + channel + c);
  }
  return end;
}

static void run_quads(const lane_task *task) {
  const uint32_t *stream = task->stream;
  for (int32_t q = 0; q < task->quads; q++) stream = run_quad(task, stream, QUAD * q);
}

static int32_t *spread_words(int32_t *to, const int8_t *from, int32_t words) {
  for (int32_t i = 0; i < 4 * words; i++) *to++ = from[i];
  return to;
}
#endif

static int32_t smaller(int32_t a, int32_t b) {
  return a < b ? a : b;
}

/* Columns from one output pixel to the next: those between two filters are left out. */
static int32_t step_columns(const mj_conv_lanes_params *p) {
  return smaller(p->stride_w, p->filter_w);
}

static bool ranges_fit(const mj_conv_lanes_params *p) {
  return mj_between(p->in_h, 1, MJ_MAX_EXTENT) && mj_between(p->in_w, 1, MJ_MAX_EXTENT) &&
         mj_between(p->out_h, 1, MJ_MAX_EXTENT) && mj_between(p->out_w, 1, MJ_MAX_EXTENT) &&
         mj_between(p->filter_h, 1, MJ_MAX_STEP) && mj_between(p->filter_w, 1, MJ_MAX_STEP) &&
         mj_between(p->stride_h, 1, MJ_MAX_STEP) && mj_between(p->stride_w, 1, MJ_MAX_STEP) &&
         mj_between(p->pad_top, 0, MJ_MAX_EXTENT) && mj_between(p->pad_left, 0, MJ_MAX_EXTENT) &&
         mj_between(p->pad_value, -128, 127) && mj_between(p->run_pixels, 1, p->out_w);
}

/* The run's columns, a word to make the taps even, and four bytes a pixel for a quad that is not full. */
static bool scratch_fits(const mj_conv_lanes_params *p, const mj_op_record *op) {
  const int32_t patch[3] = {p->filter_h, p->filter_w, p->in_c};
  const int32_t run[4] = {p->filter_h, p->in_c, step_columns(p), p->run_pixels};
  uint32_t taps = 0;
  uint32_t moved = 0;
  if (!mj_extent(patch, 3, &taps) || !mj_extent(run, 4, &moved)) return false;
  if ((uint32_t)p->taps != ((taps + 1u) & ~1u)) return false;
  const uint32_t wanted = moved - moved / (uint32_t)p->run_pixels + (uint32_t)(p->taps + p->run_pixels);
  return op->scratch_bytes / 4 >= wanted;
}

/* Words of the constants of four channels; 0 when there is no such form. */
static uint32_t form_words(uint32_t form) {
  if (form <= MOST_PIECE_BITS) return 4;
  if (form == FORM_THREE_PIECES) return 5;
  return form == FORM_TWO_ROUNDINGS ? 6 : 0;
}

/* The words of one quad from `stream`, of which `left` are there; 0 when they are not as they must be. */
static uint32_t quad_words(const uint32_t *stream, uint32_t left, int32_t wanted_taps, int32_t back_step) {
  uint32_t at = QUAD;
  int32_t taps = 0;
  for (bool last = false; !last;) {
    if (left < 5 || at > left - 5) return 0;
    const int32_t jump = (int32_t)stream[at + 4];
    last = is_last(jump);
    const int32_t behind = (last ? LAST_END : INNER_END) - jump;
    if (!mj_between(behind, 0, PAIR_CODE_BYTES * CHAIN_PAIRS) || behind % PAIR_CODE_BYTES != 0) return 0;
    const int32_t pairs = behind / PAIR_CODE_BYTES;
    at += 5 + 4 * (uint32_t)pairs;
    taps += 2 + 2 * pairs;
    if (taps > wanted_taps) return 0;
  }
  if (left < 2 || at > left - 2 || taps != wanted_taps || (int32_t)stream[at] != back_step) return 0;
  const uint32_t each = form_words(stream[at + 1]);
  at += 2;
  if (each == 0 || left < QUAD * each || at > left - QUAD * each) return 0;
  for (uint32_t c = 0; c < QUAD; c++, at += each) {
    if (stream[at + each - 1] > 31) return 0;
  }
  return at;
}

static bool stream_fits(const mj_engine *engine, const mj_conv_lanes_params *p) {
  if (p->stream_bytes > MJ_MAX_ELEMENTS || p->stream_bytes % 4 != 0 ||
      !mj_const_fits(engine, p->stream_offset, p->stream_bytes / 4, 4)) {
    return false;
  }
  const uint32_t *stream = mj_const(&engine->context, p->stream_offset);
  const int32_t back_step = 4 * (p->taps - step_columns(p) * p->filter_h * p->in_c);
  uint32_t left = p->stream_bytes / 4;
  uint32_t at = 0;
  for (int32_t o = 0; o < p->out_c; o += QUAD) {
    const uint32_t words = quad_words(stream, left, p->taps, back_step);
    if (words == 0) return false;
    at = p->stream_bytes - 4 * left;
    stream += words;
    left -= words;
  }
  return p->last_quad_at == at;
}

bool mj_conv_lanes_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_conv_lanes_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[4] = {p->batches, p->in_h, p->in_w, p->in_c};
  const int32_t out[4] = {p->batches, p->out_h, p->out_w, p->out_c};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  return mj_extent(in, 4, &inputs) && mj_extent(out, 4, &outputs) && ranges_fit(p) && scratch_fits(p, op) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) && stream_fits(engine, p);
}

static int32_t *fill(int32_t *to, int32_t value, int32_t count) {
  for (; count > 0; count--) *to++ = value;
  return to;
}

static int32_t *spread(int32_t *to, const int8_t *from, int32_t count) {
  if (((count | (int32_t)(uintptr_t)from) & 3) == 0) return spread_words(to, from, count >> 2);
  for (; count > 0; count--) *to++ = *from++;
  return to;
}

/* The rows of a filter that lie inside the image: one output row's. */
typedef struct {
  const int8_t *first; /* column 0 of the first of them */
  int32_t above;       /* rows of the filter above the image */
  int32_t inside;
  int32_t below;
  int32_t row_bytes;
} rows;

static rows rows_of(const mj_conv_lanes_params *p, const int8_t *image, int32_t oy) {
  const int32_t y = oy * p->stride_h - p->pad_top;
  const int32_t above = smaller(y < 0 ? -y : 0, p->filter_h);
  const int32_t left = p->in_h - (y + above);
  const int32_t inside = smaller(left < 0 ? 0 : left, p->filter_h - above);
  const int32_t row_bytes = p->in_w * p->in_c;
  const rows r = {image + (inside == 0 ? 0 : (y + above) * row_bytes), above, inside,
                  p->filter_h - above - inside, row_bytes};
  return r;
}

static int32_t *column(const mj_conv_lanes_params *p, const rows *r, int32_t x, int32_t *to) {
  const int32_t channels = p->in_c;
  if (x < 0 || x >= p->in_w) return fill(to, p->pad_value, p->filter_h * channels);
  const int8_t *from = r->first + x * channels;
  to = fill(to, p->pad_value, r->above * channels);
  if (channels == 1) {
    for (int32_t n = r->inside; n > 0; n--, from += r->row_bytes) *to++ = *from;
  } else {
    for (int32_t n = r->inside; n > 0; n--, from += r->row_bytes) to = spread(to, from, channels);
  }
  return fill(to, p->pad_value, r->below * channels);
}

/* All columns of a run of output pixels. */
static void gather(const mj_conv_lanes_params *p, const rows *r, int32_t ox, int32_t pixels, int32_t *to) {
  int32_t x = ox * p->stride_w - p->pad_left;
  if (p->filter_h == 1 && p->filter_w == 1 && p->stride_w == 1 && p->pad_left == 0 && r->inside == 1 &&
      x + pixels <= p->in_w) {
    spread(to, r->first + x * p->in_c, pixels * p->in_c);
    return;
  }
  const bool apart = p->stride_w > p->filter_w;
  const int32_t columns = apart ? p->filter_w : (pixels - 1) * p->stride_w + p->filter_w;
  for (int32_t n = apart ? pixels : 1; n > 0; n--, x += p->stride_w) {
    for (int32_t i = 0; i < columns; i++) to = column(p, r, x + i, to);
  }
}

/* All channels of a run: whole quads in place, what is left over through four bytes a pixel. */
static void run(const mj_conv_lanes_params *p, const uint32_t *stream, const uint32_t *last_quad,
                int32_t *taps, int32_t pixels, int8_t *out) {
  const int32_t quads = p->out_c / QUAD;
  const int32_t rest = p->out_c % QUAD;
  if (quads > 0) {
    const lane_task task = {stream, out, out + pixels * p->out_c, p->out_c, taps, quads};
    run_quads(&task);
  }
  if (rest == 0) return;
  int8_t *spare = (int8_t *)(taps + p->taps + (p->run_pixels - 1) * step_columns(p) * p->filter_h * p->in_c);
  const lane_task task = {last_quad, spare, spare + pixels * QUAD, QUAD, taps, 1};
  run_quads(&task);
  out += p->out_c - rest;
  for (; pixels > 0; pixels--, out += p->out_c, spare += QUAD) {
    for (int32_t c = 0; c < rest; c++) out[c] = spare[c];
  }
}

mj_status mj_conv_lanes_run(const mj_context *context, const mj_op_record *op) {
  const mj_conv_lanes_params *p = params_of(context, op);
  const uint32_t *stream = mj_const(context, p->stream_offset);
  const uint32_t *last_quad = stream + p->last_quad_at / 4;
  int32_t *taps = (int32_t *)(void *)(context->arena + op->scratch_offset);
  const int8_t *image = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++, image += p->in_h * p->in_w * p->in_c) {
    for (int32_t oy = 0; oy < p->out_h; oy++) {
      const rows r = rows_of(p, image, oy);
      for (int32_t ox = 0; ox < p->out_w; ox += p->run_pixels) {
        const int32_t pixels = smaller(p->run_pixels, p->out_w - ox);
        gather(p, &r, ox, pixels, taps);
        run(p, stream, last_quad, taps, pixels, out);
        out += pixels * p->out_c;
      }
    }
  }
  return MJ_STATUS_OK;
}
