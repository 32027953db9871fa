/*
 * Kernels that an image carries as position-independent code beside the firmware (docs/program-format.md,
 * KernelTable). A build without MJ_KERNELS_IN_TABLE has its kernels compiled in and takes no table.
 */
#ifndef MJ_KERNEL_TABLE_H
#define MJ_KERNEL_TABLE_H

#include <stdbool.h>

#include "mj_engine.h"

/*
 * From now on kernels are those of `table`, of which `available` bytes can be read. `pack` is the build of
 * the kernels that this firmware goes with. False, and no kernels, when the table is damaged or of another
 * build.
 */
bool mj_kernel_table_open(const uint8_t *table, uint32_t available, uint32_t pack);

/*
 * Kernels that the open Program uses and that ask for it run from copies that end at `end`, at most
 * `available` bytes before it; all others where they are. Returns the bytes taken, a multiple of 16.
 */
uint32_t mj_kernel_table_place(const mj_engine *engine, uint8_t *end, uint32_t available);

#endif
