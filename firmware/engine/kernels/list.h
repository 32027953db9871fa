/* The general kernels: one line a kernel, ids below 256. */
#ifndef MJ_KERNELS_LIST_H
#define MJ_KERNELS_LIST_H

#define MJ_KERNELS_GENERAL(K)                                \
  K(MJ_KERNEL_CONV2D_S8, mj_conv2d_s8)                       \
  K(MJ_KERNEL_DEPTHWISE_CONV2D_S8, mj_depthwise_conv2d_s8)   \
  K(MJ_KERNEL_FULLY_CONNECTED_S8, mj_fully_connected_s8)     \
  K(MJ_KERNEL_ADD_S8, mj_add_s8)                             \
  K(MJ_KERNEL_AVERAGE_POOL2D_S8, mj_average_pool2d_s8)       \
  K(MJ_KERNEL_MAX_POOL2D_S8, mj_max_pool2d_s8)               \
  K(MJ_KERNEL_COPY, mj_copy)                                 \
  K(MJ_KERNEL_SOFTMAX_S8, mj_softmax_s8)                     \
  K(MJ_KERNEL_QUANTIZE, mj_quantize)                         \
  K(MJ_KERNEL_DEQUANTIZE, mj_dequantize)                     \
  K(MJ_KERNEL_SUB_S8, mj_sub_s8)                             \
  K(MJ_KERNEL_MUL_S8, mj_mul_s8)                             \
  K(MJ_KERNEL_MINIMUM_S8, mj_minimum_s8)                     \
  K(MJ_KERNEL_MAXIMUM_S8, mj_maximum_s8)                     \
  K(MJ_KERNEL_LOOKUP_S8, mj_lookup_s8)                       \
  K(MJ_KERNEL_MOVE, mj_move)                                 \
  K(MJ_KERNEL_CONCATENATE, mj_concatenate)                   \
  K(MJ_KERNEL_SPLIT, mj_split)                               \
  K(MJ_KERNEL_REDUCE_SUM_S8, mj_reduce_sum_s8)               \
  K(MJ_KERNEL_REDUCE_MAX_S8, mj_reduce_max_s8)               \
  K(MJ_KERNEL_RESIZE_NEAREST, mj_resize_nearest)             \
  K(MJ_KERNEL_ARG_MAX_S8, mj_arg_max_s8)                     \
  K(MJ_KERNEL_TRANSPOSE_CONV_S8, mj_transpose_conv_s8)       \
  K(MJ_KERNEL_BATCH_MATMUL_S8, mj_batch_matmul_s8)           \
  K(MJ_KERNEL_CONV2D_S16, mj_conv2d_s16)                     \
  K(MJ_KERNEL_DEPTHWISE_CONV2D_S16, mj_depthwise_conv2d_s16) \
  K(MJ_KERNEL_FULLY_CONNECTED_S16, mj_fully_connected_s16)   \
  K(MJ_KERNEL_SVDF_S8, mj_svdf_s8)                           \
  K(MJ_KERNEL_LSTM_S8, mj_lstm_s8)

#endif
