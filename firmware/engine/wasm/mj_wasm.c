/* What the host twin calls. JavaScript lays Program and arena out in the memory above __heap_base. */
#include "../mj_engine.h"

static mj_engine engine;

__attribute__((export_name("open"))) uint32_t mj_wasm_open(const uint8_t *program, uint32_t available,
                                                           uint8_t *arena, uint32_t arena_bytes) {
  return mj_engine_open(&engine, program, available, arena, arena_bytes);
}

__attribute__((export_name("reset"))) void mj_wasm_reset(void) {
  mj_engine_reset(&engine);
}

__attribute__((export_name("run"))) uint32_t mj_wasm_run(void) {
  return mj_engine_run(&engine, NULL);
}

__attribute__((export_name("runOp"))) uint32_t mj_wasm_run_op(uint32_t index) {
  return mj_engine_run_op(&engine, index);
}
