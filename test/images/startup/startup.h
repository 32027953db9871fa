/* What the images share: the start-up and a console, in the order and by the means the vendor's SDK uses. */
#ifndef MJ_IMAGE_STARTUP_H
#define MJ_IMAGE_STARTUP_H

#include "chip.h"

enum { ALARM_COUNT = 4, LOCK_COUNT = 32, VECTOR_COUNT = 48 };
enum { BAUD = 115200, SYS_HZ = 125000000 };

/* A function or table of the ROM by its two letters. */
void *rom_function(char first, char second);
void *rom_table(char first, char second);

void put_text(const char *text);
void put_number(const char *name, uint32_t value);
void put_check(const char *name, bool good);
void uart_start(uint32_t number, uint32_t tx_pin, uint32_t baud, uint32_t clock_hz);

uint64_t now_us(void);
void set_handler(uint32_t irq, void (*handler)(void));
void enable_irq(uint32_t irq);

void main(void);

#endif
