/* Rows of several tensors one behind the other in one tensor: CONCATENATION, PACK, SPLIT, SPLIT_V, UNPACK. */
#ifndef MJ_JOIN_H
#define MJ_JOIN_H

#include "mj_walk.h"

/*
 * The `count` tensors of the operator from its `first` on are the parts of tensor `whole` (positions among
 * inputs and outputs): all have p->rows rows, and theirs make up those of the whole.
 */
bool mj_join_check(const mj_engine *engine, const mj_op_record *op, uint32_t whole, uint32_t first,
                   uint32_t count);

#endif
