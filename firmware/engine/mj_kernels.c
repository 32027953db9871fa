/* The kernels of this build: one line a kernel. */
#include "mj_kernels.h"

#define MJ_KERNELS(K)                                      \
  K(MJ_KERNEL_CONV2D_S8, mj_conv2d_s8)                     \
  K(MJ_KERNEL_DEPTHWISE_CONV2D_S8, mj_depthwise_conv2d_s8) \
  K(MJ_KERNEL_FULLY_CONNECTED_S8, mj_fully_connected_s8)   \
  K(MJ_KERNEL_ADD_S8, mj_add_s8)                           \
  K(MJ_KERNEL_AVERAGE_POOL2D_S8, mj_average_pool2d_s8)     \
  K(MJ_KERNEL_MAX_POOL2D_S8, mj_max_pool2d_s8)             \
  K(MJ_KERNEL_COPY, mj_copy)                               \
  K(MJ_KERNEL_SOFTMAX_S8, mj_softmax_s8)                   \
  K(MJ_KERNEL_QUANTIZE, mj_quantize)                       \
  K(MJ_KERNEL_DEQUANTIZE, mj_dequantize)

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

mj_kernel_fn mj_kernel_lookup(uint32_t id) {
  const mj_kernel_entry *kernel = mj_kernel_find(id);
  return kernel == NULL ? NULL : kernel->run;
}
