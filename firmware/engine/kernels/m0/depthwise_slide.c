/*
 * DEPTHWISE_CONV_2D, int8, 3×3, one filter a channel (docs/kernels.md, "sliding depthwise"). Four channels of
 * a strip of the image are spread to words, column after column, with the padding around them; then a channel
 * at a time slides along its rows, each column read once for the three outputs it has a part in, with the
 * weights in registers.
 */
#include "../../mj_kernels.h"

#define FILTER 3
#define TAPS 9
/* Channels spread together: one word of the input. */
#define TOGETHER 4
/* Requantisation by two pieces of so many bits. */
#define PIECE_BITS 12

/* One channel's constants: weights column by column, then what requantises. */
typedef struct {
  int8_t weights[12];
  int32_t constant;
  uint32_t pieces; /* two of 12 bits from the lowest bit on, then 8 bits of shift */
} channel;

/* What the inner loop works on; the assembler knows the offsets. */
typedef struct {
  int32_t late_weights[5];
  int32_t piece0;
  int32_t piece1;
  int32_t constant;
  int32_t shift;
  int32_t out_step; /* along the row */
  const int32_t *end;
  const int32_t *window;
  int32_t rows;
  int8_t *out;
  int32_t row_step; /* of out, in bytes */
  int32_t window_step;
  int32_t early_weights[4];
  int32_t column_bytes;
} slide_task;

static const mj_depthwise_slide_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

#if defined(__ARM_ARCH_6M__)
/*
 * r0 window, r1 r2 r3 its column, r4 spare, r5 r6 r7 sums of three outputs (two with stride 2), r8 out, r9
 * bytes from column to column, r10 r11 r12 lr the first four weights; the others and the task's other words
 * on the stack.
 */
#define SLIDE_MACROS                                                                                       \
  ".syntax unified\n"                                                                                      \
  ".macro MJ_HIGH_TAP w,x,acc\n mov r4,\\w\n muls r4,\\x,r4\n adds \\acc,\\acc,r4\n.endm\n"                \
  ".macro MJ_TAP at,x,acc\n ldr r4,[sp,#\\at]\n muls r4,\\x,r4\n adds \\acc,\\acc,r4\n.endm\n"             \
  ".macro MJ_COLUMN0 acc\n mov \\acc,r10\n muls \\acc,r1,\\acc\n MJ_HIGH_TAP r11,r2,\\acc\n"               \
  " MJ_HIGH_TAP r12,r3,\\acc\n.endm\n"                                                                     \
  ".macro MJ_COLUMN1 acc\n MJ_HIGH_TAP lr,r1,\\acc\n MJ_TAP 0,r2,\\acc\n MJ_TAP 4,r3,\\acc\n.endm\n"       \
  ".macro MJ_COLUMN2 acc\n MJ_TAP 8,r1,\\acc\n MJ_TAP 12,r2,\\acc\n MJ_TAP 16,r3,\\acc\n.endm\n"           \
  ".macro MJ_LOAD\n ldr r1,[r0]\n ldr r2,[r0,#16]\n ldr r3,[r0,#32]\n add r0,r9\n.endm\n"                  \
  ".macro MJ_OUTPUT acc,out,back,done\n add r1,sp,#20\n ldm r1!,{r2,r3,r4}\n muls r2,\\acc,r2\n"           \
  " asrs r2,r2,#12\n muls \\acc,r3,\\acc\n adds \\acc,\\acc,r2\n adds \\acc,\\acc,r4\n"                    \
  " ldm r1!,{r2,r3,r4}\n asrs \\acc,r2\n asrs r2,\\acc,#31\n bics \\acc,r2\n cmp \\acc,#255\n bhi "        \
  "\\out\n\\back: subs \\acc,#128\n"                                                                       \
  " mov r2,r8\n strb \\acc,[r2]\n add r8,r3\n cmp r0,r4\n bge \\done\n.endm\n"                             \
  ".macro MJ_CLAMP acc,out,back\n\\out: movs \\acc,#255\n"                                                 \
  " b \\back\n.endm\n"                                                                                     \
  ".macro MJ_ENTER\n push {r4-r7,lr}\n mov r4,r8\n mov r5,r9\n mov r6,r10\n mov r7,r11\n push {r4-r7}\n"   \
  " sub sp,#64\n mov r1,sp\n ldm r0!,{r2-r7}\n stm r1!,{r2-r7}\n ldm r0!,{r2-r7}\n stm r1!,{r2-r7}\n"      \
  " ldm r0!,{r2-r5}\n stm r1!,{r2-r5}\n ldm r0!,{r2-r6}\n mov r10,r2\n mov r11,r3\n mov r12,r4\n"          \
  " mov lr,r5\n mov r9,r6\n.endm\n"                                                                        \
  ".macro MJ_ROW\n ldr r0,[sp,#44]\n ldr r1,[sp,#52]\n mov r8,r1\n.endm\n"                                 \
  ".macro MJ_NEXT_ROW again,leave\n ldr r0,[sp,#60]\n ldr r1,[sp,#44]\n adds r1,r1,r0\n str r1,[sp,#44]\n" \
  " ldr r1,[sp,#40]\n adds r1,r1,r0\n str r1,[sp,#40]\n ldr r0,[sp,#52]\n ldr r1,[sp,#56]\n"               \
  " adds r0,r0,r1\n str r0,[sp,#52]\n ldr r0,[sp,#48]\n subs r0,#1\n str r0,[sp,#48]\n beq \\leave\n"      \
  " b \\again\n\\leave: add sp,#64\n pop {r4-r7}\n mov r8,r4\n mov r9,r5\n mov r10,r6\n mov r11,r7\n"      \
  " pop {r4-r7,pc}\n.endm\n"

#define SLIDE_PURGE                                                                                   \
  ".purgem MJ_HIGH_TAP\n.purgem MJ_TAP\n.purgem MJ_COLUMN0\n.purgem MJ_COLUMN1\n.purgem MJ_COLUMN2\n" \
  ".purgem MJ_LOAD\n.purgem MJ_OUTPUT\n.purgem MJ_CLAMP\n.purgem MJ_ENTER\n.purgem MJ_ROW\n"          \
  ".purgem MJ_NEXT_ROW\n"

__attribute__((naked, noinline)) static void slide_by_1(__attribute__((unused)) const slide_task *task) {
  __asm volatile(
      SLIDE_MACROS
      " MJ_ENTER\n"
      ".Lrow1: MJ_ROW\n MJ_LOAD\n MJ_COLUMN0 r5\n MJ_LOAD\n MJ_COLUMN1 r5\n MJ_COLUMN0 r6\n b .Lslide1\n"
      ".Lnear1: b .Lend1\n"
      " MJ_CLAMP r5,.Lout10,.Lin10\n MJ_CLAMP r6,.Lout11,.Lin11\n"
      ".Lslide1: MJ_LOAD\n MJ_COLUMN2 r5\n MJ_COLUMN1 r6\n MJ_COLUMN0 r7\n"
      " MJ_OUTPUT r5,.Lout10,.Lin10,.Lnear1\n"
      " MJ_LOAD\n MJ_COLUMN2 r6\n MJ_COLUMN1 r7\n MJ_COLUMN0 r5\n"
      " MJ_OUTPUT r6,.Lout11,.Lin11,.Lnear1\n"
      " MJ_LOAD\n MJ_COLUMN2 r7\n MJ_COLUMN1 r5\n MJ_COLUMN0 r6\n"
      " MJ_OUTPUT r7,.Lout12,.Lin12,.Lend1\n b .Lslide1\n"
      " MJ_CLAMP r7,.Lout12,.Lin12\n"
      ".Lend1: MJ_NEXT_ROW .Lrow1,.Lleave1\n" SLIDE_PURGE);
}

__attribute__((naked, noinline)) static void slide_by_2(__attribute__((unused)) const slide_task *task) {
  __asm volatile(SLIDE_MACROS
                 " MJ_ENTER\n"
                 ".Lrow2: MJ_ROW\n MJ_LOAD\n MJ_COLUMN0 r5\n"
                 ".Lslide2: MJ_LOAD\n MJ_COLUMN1 r5\n MJ_LOAD\n MJ_COLUMN2 r5\n MJ_COLUMN0 r6\n"
                 " MJ_OUTPUT r5,.Lout20,.Lin20,.Lend2\n"
                 " MJ_LOAD\n MJ_COLUMN1 r6\n MJ_LOAD\n MJ_COLUMN2 r6\n MJ_COLUMN0 r5\n"
                 " MJ_OUTPUT r6,.Lout21,.Lin21,.Lend2\n b .Lslide2\n"
                 " MJ_CLAMP r5,.Lout20,.Lin20\n MJ_CLAMP r6,.Lout21,.Lin21\n"
                 ".Lend2: MJ_NEXT_ROW .Lrow2,.Lleave2\n" SLIDE_PURGE);
}

/* One word of four int8 every `step` bytes becomes four words, up to `end`. */
__attribute__((naked, noinline)) static void spread_column(__attribute__((unused)) int32_t *to,
                                                           __attribute__((unused)) const int8_t *from,
                                                           __attribute__((unused)) int32_t step,
                                                           __attribute__((unused)) const int32_t *end) {
  __asm volatile(
      ".syntax unified\n"
      " push {r4-r7,lr}\n mov r12,r3\n"
      ".Lspread: ldr r3,[r1]\n adds r1,r1,r2\n sxtb r4,r3\n lsls r5,r3,#16\n asrs r5,r5,#24\n lsls r6,r3,#8\n"
      " asrs r6,r6,#24\n asrs r7,r3,#24\n stm r0!,{r4-r7}\n cmp r0,r12\n bne .Lspread\n pop {r4-r7,pc}\n");
}
#else
static int8_t output_of(const slide_task *task, int32_t sum) {
  const uint32_t s = (uint32_t)sum;
  const int32_t low = (int32_t)(s * (uint32_t)task->piece0) >> PIECE_BITS;
  const uint32_t y = (uint32_t)low + s * (uint32_t)task->piece1 + (uint32_t)task->constant;
  const int32_t z = (int32_t)y >> task->shift;
  return (int8_t)((z < 0 ? 0 : z > 255 ? 255 : z) - 128);
}

static void slide(const slide_task *task, int32_t stride) {
  int32_t weights[TAPS];
  for (int32_t i = 0; i < 4; i++) weights[i] = task->early_weights[i];
  for (int32_t i = 0; i < 5; i++) weights[4 + i] = task->late_weights[i];
  const int32_t column = task->column_bytes / 4;
  const int32_t *window = task->window;
  const int32_t *end = task->end;
  int8_t *row = task->out;
  for (int32_t n = task->rows; n > 0; n--) {
    int8_t *out = row;
    for (const int32_t *x = window; x + FILTER * column - end < column; x += stride * column) {
      int32_t sum = 0;
      for (int32_t i = 0; i < TAPS; i++) sum += weights[i] * x[i / FILTER * column + TOGETHER * (i % FILTER)];
      *out = output_of(task, sum);
      out += task->out_step;
    }
    window += task->window_step / 4;
    end += task->window_step / 4;
    row += task->row_step;
  }
}

static void slide_by_1(const slide_task *task) {
  slide(task, 1);
}

static void slide_by_2(const slide_task *task) {
  slide(task, 2);
}

static void spread_column(int32_t *to, const int8_t *from, int32_t step, const int32_t *end) {
  for (; to != end; from += step) {
    for (int32_t i = 0; i < TOGETHER; i++) *to++ = from[i];
  }
}
#endif

/* One axis of the image, as input and output see it. */
typedef struct {
  int32_t in;
  int32_t out;
  int32_t stride;
  int32_t pad;
  int32_t in_step; /* bytes from one index to the next */
  int32_t out_step;
} axis;

static axis axis_of(int32_t in, int32_t out, int32_t stride, int32_t pad, int32_t in_step, int32_t out_step) {
  const axis a = {in, out, stride, pad, in_step, out_step};
  return a;
}

static axis vertical(const mj_depthwise_slide_params *p) {
  return axis_of(p->in_h, p->out_h, p->stride_h, p->pad_top, p->in_w * p->channels, p->out_w * p->channels);
}

static axis horizontal(const mj_depthwise_slide_params *p) {
  return axis_of(p->in_w, p->out_w, p->stride_w, p->pad_left, p->channels, p->channels);
}

/* Indices of the input that so many outputs see. */
static int32_t seen(const axis *a, int32_t outputs) {
  return (outputs - 1) * a->stride + FILTER;
}

static int32_t smaller(int32_t a, int32_t b) {
  return a < b ? a : b;
}

static bool axis_fits(const axis *a) {
  return mj_between(a->in, 1, MJ_MAX_EXTENT) && mj_between(a->out, 1, MJ_MAX_EXTENT) &&
         mj_between(a->stride, 1, 2) && mj_between(a->pad, 0, FILTER - 1);
}

static bool channels_fit(const mj_engine *engine, const mj_depthwise_slide_params *p) {
  const uint32_t words = sizeof(channel) / 4 * (uint32_t)p->channels;
  if (p->channels > MJ_MAX_EXTENT || !mj_const_fits(engine, p->channels_offset, words, 4)) return false;
  const channel *c = mj_const(&engine->context, p->channels_offset);
  for (int32_t i = 0; i < p->channels; i++) {
    if ((c[i].pieces >> 24) > 31) return false;
  }
  return true;
}

bool mj_depthwise_slide_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_depthwise_slide_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[4] = {p->batches, p->in_h, p->in_w, p->channels};
  const int32_t out[4] = {p->batches, p->out_h, p->out_w, p->channels};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t plane = 0;
  if (!mj_extent(in, 4, &inputs) || !mj_extent(out, 4, &outputs)) return false;
  const axis v = vertical(p);
  const axis h = horizontal(p);
  if (!axis_fits(&v) || !axis_fits(&h) || p->channels % TOGETHER != 0) return false;
  const axis *along = p->downwards ? &v : &h;
  const axis *across = p->downwards ? &h : &v;
  if (!mj_between(p->strip_rows, 1, across->out)) return false;
  const int32_t extents[3] = {seen(along, along->out), seen(across, p->strip_rows), 4 * TOGETHER};
  return mj_extent(extents, 3, &plane) && op->scratch_bytes >= plane && mj_between(p->pad_value, -128, 127) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) && channels_fit(engine, p);
}

/* Some rows of the output, and the plane of spread input they are computed from. */
typedef struct {
  const axis *along;
  const axis *across;
  int32_t *plane;
  int32_t lines;   /* of the plane, across */
  int32_t columns; /* of the plane, along */
  int32_t rows;    /* of the output */
  const int8_t *in;
  int8_t *out;
  int32_t first;  /* line of the plane that is the first inside the image */
  int32_t inside; /* lines that are */
} strip;

static void spread_strip(const strip *s, int32_t c) {
  const axis *along = s->along;
  if (s->inside <= 0) return;
  const int32_t count = smaller(along->in, s->columns - along->pad);
  int32_t *to = s->plane + (along->pad * s->lines + s->first) * TOGETHER;
  const int8_t *from = s->in + c;
  for (int32_t i = 0; i < count; i++, to += s->lines * TOGETHER, from += along->in_step) {
    spread_column(to, from, s->across->in_step, to + s->inside * TOGETHER);
  }
}

static void slide_channel(const strip *s, const channel *c, int32_t index) {
  slide_task task = {.piece0 = (int32_t)(c->pieces & ((1u << PIECE_BITS) - 1)),
                     .piece1 = (int32_t)(c->pieces >> PIECE_BITS & ((1u << PIECE_BITS) - 1)),
                     .constant = c->constant,
                     .shift = (int32_t)(c->pieces >> 24),
                     .out_step = s->along->out_step,
                     .end = s->plane + s->columns * s->lines * TOGETHER,
                     .window = s->plane + index % TOGETHER,
                     .rows = s->rows,
                     .out = s->out + index,
                     .row_step = s->across->out_step,
                     .window_step = s->across->stride * 4 * TOGETHER,
                     .column_bytes = s->lines * 4 * TOGETHER};
  for (int32_t i = 0; i < 4; i++) task.early_weights[i] = c->weights[i];
  for (int32_t i = 0; i < 5; i++) task.late_weights[i] = c->weights[4 + i];
  if (s->along->stride == 1) {
    slide_by_1(&task);
  } else {
    slide_by_2(&task);
  }
}

static void run_strip(const mj_depthwise_slide_params *p, const strip *s, const channel *channels) {
  for (int32_t n = s->columns * s->lines * TOGETHER - 1; n >= 0; n--) s->plane[n] = p->pad_value;
  for (int32_t c = 0; c < p->channels; c += TOGETHER) {
    spread_strip(s, c);
    for (int32_t k = c; k < c + TOGETHER; k++) slide_channel(s, &channels[k], k);
  }
}

mj_status mj_depthwise_slide_run(const mj_context *context, const mj_op_record *op) {
  const mj_depthwise_slide_params *p = params_of(context, op);
  const channel *channels = mj_const(context, p->channels_offset);
  const axis v = vertical(p);
  const axis h = horizontal(p);
  strip s = {.along = p->downwards ? &v : &h, .across = p->downwards ? &h : &v};
  s.plane = (int32_t *)(void *)(context->arena + op->scratch_offset);
  s.columns = seen(s.along, s.along->out);
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (int32_t b = 0; b < p->batches; b++) {
    for (int32_t row = 0; row < s.across->out; row += p->strip_rows) {
      s.rows = smaller(p->strip_rows, s.across->out - row);
      s.lines = seen(s.across, s.rows);
      const int32_t top = row * s.across->stride - s.across->pad;
      s.first = top < 0 ? -top : 0;
      s.inside = smaller(s.across->in - (top + s.first), s.lines - s.first);
      s.in = in + (top + s.first) * s.across->in_step;
      s.out = out + row * s.across->out_step;
      run_strip(p, &s, channels);
    }
    in += p->in_h * p->in_w * p->channels;
    out += p->out_h * p->out_w * p->channels;
  }
  return MJ_STATUS_OK;
}
