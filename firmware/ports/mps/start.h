#ifndef MJ_MPS_START_H
#define MJ_MPS_START_H

#include <stdint.h>

_Noreturn void mj_board_reset(void);

/* Asleep for good. */
_Noreturn void mj_board_stop(void);

/* Says on the line that an exception ended the firmware. */
void mj_board_say_fault(void);

#endif
