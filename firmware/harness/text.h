/* Text onto the line, without printf: nothing is buffered, nothing allocated. */
#ifndef MJ_TEXT_H
#define MJ_TEXT_H

#include <stdint.h>

void mj_put(const char *text);

/* At most `limit` characters, up to the first NUL; what is not printable ASCII comes out as '?'. */
void mj_put_bounded(const char *text, uint32_t limit);

void mj_put_u32(uint32_t value);
void mj_put_u64(uint64_t value);

/* Lower case, `digits` digits. */
void mj_put_hex(uint32_t value, uint32_t digits);

/* As printf's "%.3f": exact, ties to even. Beyond 2^53: "overflow". */
void mj_put_fixed3(float value);

/* "\r\n" */
void mj_put_line_end(void);

#endif
