/* Handler numbers of decoded instructions. 0 is not decoded; the order after that has no meaning. */
#ifndef MJ_SIM_HANDLERS_H
#define MJ_SIM_HANDLERS_H

typedef enum {
  MJ_H_NOT_DECODED = 0,
#define MJ_OP(name, first, last, format) MJ_H_##name,
#include "instructions.h"
#undef MJ_OP
  MJ_H_BL,
  MJ_H_MSR,
  MJ_H_MRS,
  MJ_H_BARRIER,
  MJ_H_UNDEFINED,
  MJ_H_END, /* beyond the end of a memory */
} mj_handler;

#endif
