/*
 * The kernels of this build. Each folder of kernels/ lists its own; a device carries the general ones and
 * those of its core (MJ_CORE_ONLY with MJ_WITH_<FOLDER>), every other build all of them, in their portable
 * form.
 */
#include "mj_kernels.h"

#ifndef MJ_KERNELS_IN_TABLE

#include "kernels/list.h"
#include "kernels/m0/list.h"
#include "kernels/m4/list.h"
#include "kernels/mve/list.h"
#include "kernels/rv32/list.h"
#include "kernels/wasm/list.h"

#ifndef MJ_CORE_ONLY
#define MJ_WITH_M0
#define MJ_WITH_M4
#define MJ_WITH_MVE
#define MJ_WITH_RV32
#define MJ_WITH_WASM
#endif

#ifndef MJ_WITH_M0
#undef MJ_KERNELS_M0
#define MJ_KERNELS_M0(K)
#endif
#ifndef MJ_WITH_M4
#undef MJ_KERNELS_M4
#define MJ_KERNELS_M4(K)
#endif
#ifndef MJ_WITH_MVE
#undef MJ_KERNELS_MVE
#define MJ_KERNELS_MVE(K)
#endif
#ifndef MJ_WITH_RV32
#undef MJ_KERNELS_RV32
#define MJ_KERNELS_RV32(K)
#endif
#ifndef MJ_WITH_WASM
#undef MJ_KERNELS_WASM
#define MJ_KERNELS_WASM(K)
#endif

#define MJ_KERNELS(K)   \
  MJ_KERNELS_GENERAL(K) \
  MJ_KERNELS_M0(K)      \
  MJ_KERNELS_M4(K)      \
  MJ_KERNELS_MVE(K)     \
  MJ_KERNELS_RV32(K)    \
  MJ_KERNELS_WASM(K)

#define MJ_DECLARE(id, name)                                               \
  mj_status name##_run(const mj_context *context, const mj_op_record *op); \
  bool name##_check(const mj_engine *engine, const mj_op_record *op);
#define MJ_ENTRY(id, name) {id, name##_run, name##_check},

MJ_KERNELS(MJ_DECLARE)

static const mj_kernel_entry kernels[] = {MJ_KERNELS(MJ_ENTRY)};

const mj_kernel_entry *mj_kernel_find(uint32_t id) {
  for (uint32_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
    if (kernels[i].id == id) return &kernels[i];
  }
  return NULL;
}

#endif
