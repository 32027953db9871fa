/* The first address of a RAM image: points VTOR at the table and goes on as from reset. */
  .syntax unified
  .cpu cortex-m0plus
  .thumb
  .section .entry, "ax", %progbits
  .global image_entry
  .thumb_func
image_entry:
  ldr r0, =image_vectors
  ldr r1, =0xe000ed08
  str r0, [r1]
  ldmia r0!, {r1, r2}
  msr msp, r1
  bx r2
  .ltorg
