/* The kernels of this build: one line a kernel. */
#include "mj_kernels.h"

#define MJ_DECLARE(name)                                                   \
  mj_status name##_run(const mj_context *context, const mj_op_record *op); \
  bool name##_check(const mj_engine *engine, const mj_op_record *op)

MJ_DECLARE(mj_fully_connected_s8);

static const mj_kernel_entry kernels[] = {
    {MJ_KERNEL_FULLY_CONNECTED_S8, mj_fully_connected_s8_run, mj_fully_connected_s8_check},
};

const mj_kernel_entry *mj_kernel_find(uint32_t id) {
  for (uint32_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
    if (kernels[i].id == id) return &kernels[i];
  }
  return NULL;
}

mj_kernel_fn mj_kernel_lookup(uint32_t id) {
  const mj_kernel_entry *kernel = mj_kernel_find(id);
  return kernel == NULL ? NULL : kernel->run;
}
