/*
 * UNIDIRECTIONAL_SEQUENCE_LSTM, int8 with an int16 cell. Inputs: the sequence, the remembered output, the
 * cell; outputs: the sequence of outputs, the remembered output, the cell. Gates are sums in steps of 2^-12
 * whose logistic function or tanh is interpolated in one table.
 */
#include "../mj_fixed.h"
#include "../mj_kernels.h"

enum { GATE_INPUT, GATE_FORGET, GATE_CELL, GATE_OUTPUT, GATES };

static const mj_lstm_params *params_of(const mj_context *context, const mj_op_record *op) {
  return mj_const(context, op->params_offset);
}

static bool factor_fits(int32_t multiplier, int32_t shift) {
  return multiplier >= 0 && mj_between(shift, -31, 30);
}

static bool gates_fit(const mj_engine *engine, const mj_lstm_params *p, uint32_t input_weights,
                      uint32_t recurrent_weights) {
  for (uint32_t g = 0; g < GATES; g++) {
    if (!mj_const_fits(engine, p->input_weights_offset[g], input_weights, 1) ||
        !mj_const_fits(engine, p->recurrent_weights_offset[g], recurrent_weights, 1) ||
        !mj_const_fits(engine, p->bias_offset[g], (uint32_t)p->cells, 4) ||
        !factor_fits(p->input_multiplier[g], p->input_shift[g]) ||
        !factor_fits(p->recurrent_multiplier[g], p->recurrent_shift[g])) {
      return false;
    }
  }
  return true;
}

static bool factors_fit(const mj_lstm_params *p) {
  return factor_fits(p->forget_multiplier, p->forget_shift) &&
         factor_fits(p->update_multiplier, p->update_shift) &&
         factor_fits(p->output_multiplier, p->output_shift) && mj_between(p->tanh_multiplier, 1, 24576) &&
         mj_between(p->tanh_shift, 0, 30) && mj_between(p->cell_clip, 0, INT16_MAX) &&
         mj_between(p->input_offset, -127, 128) && mj_between(p->output_offset, -128, 127);
}

bool mj_lstm_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_lstm_params *p = params_of(&engine->context, op);
  if (op->params_bytes < sizeof(*p)) return false;
  const int32_t in[3] = {p->batches, p->steps, p->inputs};
  const int32_t out[3] = {p->batches, p->steps, p->cells};
  const int32_t state[2] = {p->batches, p->cells};
  const int32_t to_cells[2] = {p->cells, p->inputs};
  const int32_t recurrent[2] = {p->cells, p->cells};
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t states = 0;
  uint32_t input_weights = 0;
  uint32_t recurrent_weights = 0;
  return mj_extent(in, 3, &inputs) && mj_extent(out, 3, &outputs) && mj_extent(state, 2, &states) &&
         mj_extent(to_cells, 2, &input_weights) && mj_extent(recurrent, 2, &recurrent_weights) &&
         factors_fit(p) && gates_fit(engine, p, input_weights, recurrent_weights) &&
         mj_const_fits(engine, p->sigmoid_offset, 256, 2) &&
         mj_input_is(engine, op, 0, MJ_DTYPE_INT8, inputs) &&
         mj_output_is(engine, op, 0, MJ_DTYPE_INT8, outputs) &&
         mj_output_is(engine, op, 1, MJ_DTYPE_INT8, states) &&
         mj_output_is(engine, op, 2, MJ_DTYPE_INT16, states) && op->scratch_bytes >= 2u * (uint32_t)p->cells;
}

static int32_t saturate(int32_t x) {
  return mj_clamp(x, INT16_MIN, INT16_MAX);
}

/* Of x · 3 in steps of 2^-12 / 3, so that the table's steps are 512 apart; the result in 1/32768. */
static int32_t logistic(const uint16_t *table, int32_t x) {
  const uint32_t magnitude = x < 0 ? (uint32_t)-x : (uint32_t)x;
  const uint32_t at = magnitude >> 9;
  uint32_t result = 0x7fffu << 10;
  if (at < 255)
    result = ((uint32_t)table[at] << 9) + (magnitude & 0x1ffu) * (uint32_t)(table[at + 1] - table[at]);
  result = x >= 0 ? result + (1u << 9) : (1u << 25) - result + (1u << 9) - 1u;
  return (int32_t)(result >> 10);
}

/* tanh(x) = 2 · logistic(2 · x) - 1. */
static int32_t hyperbolic_tangent(const uint16_t *table, int32_t x) {
  const uint32_t magnitude = x < 0 ? (uint32_t)-x : (uint32_t)x;
  const uint32_t at = magnitude >> 8;
  int32_t result = 0xffff << 8;
  if (at < 255) result = (table[at] << 8) + (int32_t)(magnitude & 0xffu) * (table[at + 1] - table[at]);
  const int32_t half = 1 << 23;
  return (x >= 0 ? result - half + (1 << 7) : -result + half + (1 << 7) - 1) >> 8;
}

static int32_t dot(const int8_t *x, const int8_t *w, int32_t depth, int32_t offset, int32_t sum) {
  for (int32_t k = 0; k < depth; k++) sum = mj_wrap_add(sum, (x[k] + offset) * w[k]);
  return sum;
}

typedef struct {
  const mj_context *context;
  const mj_lstm_params *p;
  const uint16_t *table;
  const int8_t *x;      /* of this step */
  const int8_t *output; /* of the step before */
} moment;

/* What a gate of cell `c` sums up, in steps of 2^-12. */
static int32_t gate_sum(const moment *m, uint32_t gate, int32_t c) {
  const mj_lstm_params *p = m->p;
  const int8_t *from_input = mj_const(m->context, p->input_weights_offset[gate]);
  const int8_t *from_output = mj_const(m->context, p->recurrent_weights_offset[gate]);
  const int32_t *bias = mj_const(m->context, p->bias_offset[gate]);
  const int32_t a = dot(m->x, from_input + c * p->inputs, p->inputs, p->input_offset, bias[c]);
  const int32_t b = dot(m->output, from_output + c * p->cells, p->cells, -p->output_offset, 0);
  const int32_t scaled_a = saturate(mj_requantize(a, p->input_multiplier[gate], p->input_shift[gate]));
  const int32_t scaled_b =
      saturate(mj_requantize(b, p->recurrent_multiplier[gate], p->recurrent_shift[gate]));
  return saturate(scaled_a + scaled_b);
}

static int32_t gate(const moment *m, uint32_t which, int32_t c) {
  return logistic(m->table, 3 * gate_sum(m, which, c));
}

static int32_t next_cell(const moment *m, int32_t c, int32_t cell) {
  const mj_lstm_params *p = m->p;
  const int32_t kept =
      saturate(mj_requantize(gate(m, GATE_FORGET, c) * cell, p->forget_multiplier, p->forget_shift));
  const int32_t candidate = hyperbolic_tangent(m->table, 3 * gate_sum(m, GATE_CELL, c));
  const int32_t added =
      saturate(mj_requantize(gate(m, GATE_INPUT, c) * candidate, p->update_multiplier, p->update_shift));
  const int32_t sum = saturate(kept + added);
  return p->cell_clip == 0 ? sum : mj_clamp(sum, -p->cell_clip, p->cell_clip);
}

/* One step of one batch. The outputs of the step before are needed until all gates have been summed up. */
static void step(const moment *m, int16_t *cells, int16_t *open, int8_t *output, int8_t *out) {
  const mj_lstm_params *p = m->p;
  for (int32_t c = 0; c < p->cells; c++) {
    open[c] = (int16_t)gate(m, GATE_OUTPUT, c);
    cells[c] = (int16_t)next_cell(m, c, cells[c]);
  }
  const int32_t half = p->tanh_shift > 0 ? 1 << (p->tanh_shift - 1) : 0;
  for (int32_t c = 0; c < p->cells; c++) {
    const int32_t scaled = (cells[c] * p->tanh_multiplier + half) >> p->tanh_shift;
    const int32_t product = open[c] * hyperbolic_tangent(m->table, scaled);
    const int32_t y = mj_requantize(product, p->output_multiplier, p->output_shift);
    output[c] = (int8_t)mj_clamp(mj_wrap_add(y, p->output_offset), INT8_MIN, INT8_MAX);
    out[c] = output[c];
  }
}

mj_status mj_lstm_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_lstm_params *p = params_of(context, op);
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  int8_t *outputs = mj_op_output(context, op, 1);
  int16_t *cells = mj_op_output(context, op, 2);
  int16_t *open = (int16_t *)(void *)(context->arena + op->scratch_offset);
  for (int32_t b = 0; b < p->batches; b++, outputs += p->cells, cells += p->cells) {
    for (int32_t t = 0; t < p->steps; t++) {
      const int32_t row = p->time_major != 0 ? t * p->batches + b : b * p->steps + t;
      const moment m = {context, p, mj_const(context, p->sigmoid_offset), in + row * p->inputs, outputs};
      step(&m, cells, open, outputs, out + row * p->cells);
    }
  }
  return MJ_STATUS_OK;
}
