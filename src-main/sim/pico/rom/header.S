/*
 * The head of our own boot ROM: vectors, the magic, the pointers of RP2040 data sheet 2.8.3 and the tables of functions
 * and data they lead to. All code in this folder is ours; only names, places and calling conventions are the chip's.
 */
  .syntax unified
  .cpu cortex-m0plus
  .thumb
  .section .header, "ax", %progbits

  .word 0x20041f00          /* initial SP */
  .word mj_rom_hang + 1     /* reset: the emulator's model of the boot path runs instead */
  .word mj_rom_hang + 1     /* NMI */
  .word mj_rom_hang + 1     /* HardFault */
  .byte 'M', 'u', 1, 3      /* version 3: silicon B2 */
  .hword function_table
  .hword data_table
  .hword mj_rom_lookup + 1
  .hword 0

.macro entry first, second, to
  .byte \first, \second
  .hword \to
.endm
.macro function first, second, to
  entry \first, \second, \to + 1
.endm

function_table:
  function 'P', '3', mj_rom_popcount
  function 'R', '3', mj_rom_reverse
  function 'L', '3', mj_rom_clz
  function 'T', '3', mj_rom_ctz
  function 'M', 'S', mj_rom_memset
  function 'S', '4', mj_rom_memset4
  function 'M', 'C', mj_rom_memcpy
  function 'C', '4', mj_rom_memcpy4
  function 'U', 'B', mj_rom_reset_to_usb_boot
  function 'I', 'F', mj_rom_connect_internal_flash
  function 'E', 'X', mj_rom_flash_exit_xip
  function 'R', 'E', mj_rom_flash_range_erase
  function 'R', 'P', mj_rom_flash_range_program
  function 'F', 'C', mj_rom_flash_flush_cache
  function 'C', 'X', mj_rom_flash_enter_cmd_xip
  function 'W', 'V', mj_rom_wait_for_vector
  function 'D', 'T', mj_rom_debug_trampoline
  function 'D', 'E', mj_rom_debug_trampoline_end
  .hword 0
data_table:
  entry 'S', 'F', float_table
  entry 'S', 'D', double_table
  entry 'F', 'Z', 0x80
  entry 'F', 'S', mj_rom_soft_float_start
  entry 'F', 'E', mj_rom_soft_float_end
  entry 'D', 'S', mj_rom_soft_float_start
  entry 'D', 'E', mj_rom_soft_float_end
  entry 'G', 'R', git_revision
  entry 'C', 'R', copyright
  .hword 0

/* In HardFault or NMI this locks up, which the emulator names. */
  .thumb_func
mj_rom_hang:
  bkpt #0
  b mj_rom_hang

/* 2.8.3.1.6: the function in r7 is called for a debugger, which waits at the BKPT. */
  .thumb_func
mj_rom_debug_trampoline:
  blx r7
  .thumb_func
mj_rom_debug_trampoline_end:
  bkpt #0

/* The watchdog vector's code comes back here: the boot goes on from flash (2.8.1). */
  .global mj_rom_resume_boot
  .thumb_func
mj_rom_resume_boot:
  ldr r0, =0x20041f00
  msr msp, r0
  bl mj_rom_boot_from_flash
  movs r0, #0
  movs r1, #0
  b mj_rom_usb_boot

/* The emulator takes the entry of this address for the state "BOOTSEL": it has no USB loader's code. */
  .global mj_rom_usb_boot
  .thumb_func
mj_rom_usb_boot:
  wfi
  b mj_rom_usb_boot

/* Core 1 waits here for its mailbox; there is no core 1. */
  .thumb_func
mj_rom_wait_for_vector:
  wfe
  b mj_rom_wait_for_vector

/* r0, r1 (r2, r3) compared: flags as the run-time ABI wants them (C clear: less, Z: equal); registers kept. */
  .thumb_func
float_compare_flags:
  push {r0, r1, r2, r3, r4, lr}
  bl mj_rom_float_compare
  b flags_of_comparison
  .thumb_func
double_compare_flags:
  push {r0, r1, r2, r3, r4, lr}
  bl mj_rom_double_compare
flags_of_comparison:
  adds r0, #1
  cmp r0, #1
  pop {r0, r1, r2, r3, r4, pc}

/* Sine in the first result register or pair, cosine in the second. */
  .thumb_func
float_sincos:
  push {r4, r5, r6, lr}
  movs r4, r0
  bl mj_rom_float_cos
  movs r5, r0
  movs r0, r4
  bl mj_rom_float_sin
  movs r1, r5
  pop {r4, r5, r6, pc}
  .thumb_func
double_sincos:
  push {r4, r5, r6, r7, lr}
  movs r4, r0
  movs r5, r1
  bl mj_rom_double_cos
  movs r6, r0
  movs r7, r1
  movs r0, r4
  movs r1, r5
  bl mj_rom_double_sin
  movs r2, r6
  movs r3, r7
  pop {r4, r5, r6, r7, pc}

.macro float_functions kind, last
  .word mj_rom_\kind\()_add, mj_rom_\kind\()_sub, mj_rom_\kind\()_mul, mj_rom_\kind\()_div
  .word mj_rom_\kind\()_compare, \kind\()_compare_flags + 1, mj_rom_\kind\()_sqrt
  .word mj_rom_\kind\()_to_int, mj_rom_\kind\()_to_fix, mj_rom_\kind\()_to_uint, mj_rom_\kind\()_to_ufix
  .word mj_rom_int_to_\kind, mj_rom_fix_to_\kind, mj_rom_uint_to_\kind, mj_rom_ufix_to_\kind
  .word mj_rom_\kind\()_cos, mj_rom_\kind\()_sin, mj_rom_\kind\()_tan, \kind\()_sincos + 1
  .word mj_rom_\kind\()_exp, mj_rom_\kind\()_ln
  .word mj_rom_\kind\()_compare, mj_rom_\kind\()_atan2
  .word mj_rom_int64_to_\kind, mj_rom_fix64_to_\kind, mj_rom_uint64_to_\kind, mj_rom_ufix64_to_\kind
  .word mj_rom_\kind\()_to_int64, mj_rom_\kind\()_to_fix64, mj_rom_\kind\()_to_uint64, mj_rom_\kind\()_to_ufix64
  .word \last
.endm

  .balign 4
  .hword 0, 0x80 / 4 /* two bytes before each table: its words */
  .balign 4
float_table = . 
  float_functions float, mj_rom_float_to_double
  .hword 0, 0x80 / 4
double_table = .
  float_functions double, mj_rom_double_to_float
git_revision:
  .word 0
copyright:
  .asciz "Microjoule's own boot ROM"
  .balign 4
  .ltorg
