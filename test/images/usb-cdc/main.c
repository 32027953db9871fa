/*
 * A CDC-ACM serial port on the RP2040's USB controller, for tests of an emulator: data sheet 4.1, USB 2.0
 * chapter 9, CDC 1.2. Bulk endpoints are double-buffered. What comes is sent back; vendor requests switch to
 * a source of counting bytes, a sink that checks them, halted endpoints, or an OUT endpoint that is never
 * armed, and read and write a block of memory in data stages of several packets.
 */
#include "usb.h"

#define PACKET 64u
#define RING 512u
#define MEMORY_BYTES 256u

enum { MODE_ECHO, MODE_SOURCE, MODE_SINK, MODE_HALT, MODE_DEAF };
enum { EP_NOTIFY = 1, EP_DATA = 2 };
enum { NOTIFY_BUFFER = 0x180, OUT_BUFFER = 0x1c0, IN_BUFFER = 0x240, EP0_BUFFER = 0x100 };

typedef struct {
  uint8_t type;
  uint8_t request;
  uint16_t value;
  uint16_t index;
  uint16_t length;
} setup_packet;

/* What GET_STATISTICS hands out. */
typedef struct {
  uint32_t bus_resets;
  uint32_t suspends;
  uint32_t resumes;
  uint32_t received;
  uint32_t sent;
  uint32_t wrong;
  uint32_t baud;
  uint32_t control_lines;
} statistics;

#define WORD(x) (uint8_t)((x)&0xffu), (uint8_t)((x) >> 8)

static const uint8_t device_descriptor[] = {
    18, 1, WORD(0x0200), 0xef, 2, 1, 64, WORD(0x2e8a), WORD(0x000a), WORD(0x0100), 1, 2, 3, 1};

#define CONFIGURATION_BYTES 75
static const uint8_t configuration_descriptor[] = {
#ifdef MJ_BROKEN_LENGTH
    9,
    2,
    WORD(CONFIGURATION_BYTES + 4),
    2,
    1,
    0,
    0x80,
    125,
#else
    9,
    2,
    WORD(CONFIGURATION_BYTES),
    2,
    1,
    0,
    0x80,
    125,
#endif
    8,
    11,
    0,
    2,
    2,
    2,
    0,
    0, /* both interfaces are one function */
    9,
    4,
    0,
    0,
    1,
    2,
    2,
    0,
    0, /* control: communications, ACM */
    5,
    0x24,
    0,
    WORD(0x0120), /* CDC header */
    5,
    0x24,
    1,
    0,
    1, /* call management */
    4,
    0x24,
    2,
    2, /* line coding and control lines */
    5,
    0x24,
    6,
    0,
    1, /* union */
    7,
    5,
    0x80 | EP_NOTIFY,
    3,
    WORD(8),
    16,
    9,
    4,
    1,
    0,
    2,
    10,
    0,
    0,
    0, /* data */
    7,
    5,
    EP_DATA,
    2,
    WORD(64),
    0,
    7,
    5,
    0x80 | EP_DATA,
    2,
    WORD(64),
    0};
_Static_assert(sizeof configuration_descriptor == CONFIGURATION_BYTES, "wTotalLength");

static const char *const strings[] = {"Microjoule", "USB test image", "0123456789ABCDEF"};

static statistics counts;
static uint8_t memory[MEMORY_BYTES];
static uint8_t line_coding[7] = {0x00, 0xc2, 0x01, 0, 0, 0, 8};

static uint8_t string_descriptor[2 + 2 * 24];
/* The transfer on endpoint 0 under way. */
static const uint8_t *sending;
static uint32_t to_send;
static uint8_t *receiving;
static uint32_t to_receive;
static bool data1;
static uint8_t new_address;
static bool configured;
static uint32_t mode;
/* Echo: bytes from OUT on their way to IN. */
static uint8_t ring[RING];
static uint32_t ring_in, ring_out;
/* Buffers of the data endpoints to be served next; counting byte of source and sink. */
static uint32_t next_in, next_out;
static uint8_t counting_in, counting_out;

static inline volatile uint8_t *dpram(uint32_t offset) {
  return (volatile uint8_t *)(uintptr_t)(DPRAM + offset);
}

static uint32_t in_control(uint32_t endpoint) {
  return DPRAM + 0x80u + 8u * endpoint;
}
static uint32_t out_control(uint32_t endpoint) {
  return in_control(endpoint) + 4u;
}

/* Half of a buffer control; AVAILABLE one clk_usb cycle after the rest: data sheet 4.1.2.5.1. */
static void arm(uint32_t control, uint32_t buffer, uint32_t half) {
  uint32_t at = control + 2u * buffer;
#ifndef MJ_BROKEN_AVAILABLE
  REG16(at) = (uint16_t)half;
  __asm volatile("nop\nnop\nnop\nnop\nnop\nnop");
#endif
  REG16(at) = (uint16_t)(half | BUF_AVAILABLE);
}

static uint32_t next_pid(void) {
  uint32_t pid = data1 ? BUF_DATA1 : 0u;
  data1 = !data1;
  return pid;
}

static void send_packet(void) {
  uint32_t count = to_send < PACKET ? to_send : PACKET;
  for (uint32_t i = 0; i < count; i++) dpram(EP0_BUFFER)[i] = sending[i];
  sending += count;
  to_send -= count;
  arm(in_control(0), 0, BUF_FULL | next_pid() | count);
}

static void send(const uint8_t *bytes, uint32_t count, uint32_t asked) {
  sending = bytes;
  to_send = count < asked ? count : asked;
  receiving = NULL;
  send_packet();
}

/* The status stage of a request without data, or after an OUT data stage. */
static void acknowledge(void) {
  sending = NULL;
  to_send = 0;
  receiving = NULL;
  data1 = true;
  arm(in_control(0), 0, BUF_FULL | next_pid());
}

static void receive(uint8_t *to, uint32_t count) {
  receiving = to;
  to_receive = count;
  arm(out_control(0), 0, next_pid() | PACKET);
}

static void refuse(void) {
  REG(USB_EP_STALL_ARM) = 3;
  REG(in_control(0)) = BUF_STALL;
  REG(out_control(0)) = BUF_STALL;
}

static void arm_out(uint32_t buffer) {
  if (mode != MODE_DEAF) arm(out_control(EP_DATA), buffer, (buffer ? BUF_DATA1 : 0u) | PACKET);
}

static void start_data(uint32_t new_mode) {
  mode = new_mode;
  ring_in = ring_out = next_in = next_out = 0;
  counting_in = counting_out = 0;
  uint32_t stall = mode == MODE_HALT ? BUF_STALL : 0u;
  REG(in_control(EP_DATA)) = BUF_RESET_SELECT | stall;
  REG(out_control(EP_DATA)) = BUF_RESET_SELECT | stall;
  if (mode == MODE_HALT) return;
  arm_out(0);
  arm_out(1);
}

static void configure(bool on) {
  configured = on;
  uint32_t common = on ? EP_ENABLE | EP_INT_EACH : 0u;
  REG(DPRAM + 8u * EP_NOTIFY) = common | EP_INTERRUPT | NOTIFY_BUFFER;
  REG(DPRAM + 8u * EP_DATA) = common | EP_DOUBLE | EP_BULK | IN_BUFFER;
  REG(DPRAM + 8u * EP_DATA + 4u) = common | EP_DOUBLE | EP_BULK | OUT_BUFFER;
  if (on) start_data(MODE_ECHO);
}

static uint32_t make_string(uint32_t index) {
  uint32_t count = 0;
  if (index == 0) {
    string_descriptor[2] = 0x09;
    string_descriptor[3] = 0x04;
    count = 1;
  } else if (index <= 3) {
    for (const char *c = strings[index - 1]; *c && count < 24; c++, count++) {
      string_descriptor[2 + 2 * count] = (uint8_t)*c;
      string_descriptor[3 + 2 * count] = 0;
    }
  }
  string_descriptor[0] = (uint8_t)(2 + 2 * count);
  string_descriptor[1] = 3;
  return string_descriptor[0];
}

static void get_descriptor(const setup_packet *s) {
  uint32_t type = s->value >> 8;
  uint32_t index = s->value & 0xffu;
  if (type == 1) {
    send(device_descriptor, sizeof device_descriptor, s->length);
  } else if (type == 2) {
    send(configuration_descriptor, sizeof configuration_descriptor, s->length);
  } else if (type == 3 && index <= 3) {
    uint32_t count = make_string(index);
    send(string_descriptor, count, s->length);
  } else {
    refuse();
  }
}

/* An endpoint's halt is cleared: both data endpoints start anew, with DATA0. */
static void clear_feature(const setup_packet *s) {
  if ((s->type & 0x1fu) == 2 && s->value == 0) {
#ifndef MJ_BROKEN_HALT
    if (mode == MODE_HALT) {
      uint32_t control = s->index & 0x80u ? in_control(EP_DATA) : out_control(EP_DATA);
      REG(control) = BUF_RESET_SELECT;
      if (!(s->index & 0x80u)) {
        arm_out(0);
        arm_out(1);
      }
    }
#endif
  }
  acknowledge();
}

static void standard_request(const setup_packet *s) {
  static const uint8_t zeros[2];
  switch (s->request) {
    case 0:
      send(zeros, 2, s->length);
      break;
    case 1:
      clear_feature(s);
      break;
    case 3:
      acknowledge();
      break;
    case 5:
      new_address = (uint8_t)(s->value & 0x7fu);
      acknowledge();
      break;
    case 6:
      get_descriptor(s);
      break;
    case 9:
      configure(s->value == 1);
      acknowledge();
      break;
    default:
      refuse();
  }
}

static uint32_t baud(void) {
  return (uint32_t)line_coding[0] | (uint32_t)line_coding[1] << 8 | (uint32_t)line_coding[2] << 16 |
         (uint32_t)line_coding[3] << 24;
}

static void class_request(const setup_packet *s) {
  if (s->request == 0x20 && s->length == sizeof line_coding) {
    receive(line_coding, sizeof line_coding);
  } else if (s->request == 0x21) {
    send(line_coding, sizeof line_coding, s->length);
  } else if (s->request == 0x22) {
    counts.control_lines = s->value;
    acknowledge();
  } else {
    refuse();
  }
}

/* 1: the block of memory; 2: statistics; 3: mode in wValue. */
static void vendor_request(const setup_packet *s) {
  bool in = (s->type & 0x80u) != 0;
  if (s->request == 1 && s->length <= MEMORY_BYTES) {
    if (in)
      send(memory, s->length, s->length);
    else if (s->length > 0)
      receive(memory, s->length);
    else
      acknowledge();
  } else if (s->request == 2 && in) {
    counts.baud = baud();
    send((const uint8_t *)&counts, sizeof counts, s->length);
  } else if (s->request == 3) {
    start_data(s->value);
    acknowledge();
  } else {
    refuse();
  }
}

static void on_setup(void) {
  setup_packet s;
  uint32_t low = REG(DPRAM);
  uint32_t high = REG(DPRAM + 4u);
  s.type = (uint8_t)(low & 0xffu);
  s.request = (uint8_t)(low >> 8 & 0xffu);
  s.value = (uint16_t)(low >> 16);
  s.index = (uint16_t)(high & 0xffffu);
  s.length = (uint16_t)(high >> 16);
  data1 = true;
  uint32_t kind = s.type >> 5 & 3u;
  if (kind == 0)
    standard_request(&s);
  else if (kind == 1)
    class_request(&s);
  else
    vendor_request(&s);
}

static void on_ep0_in(void) {
  if (new_address) {
#ifndef MJ_BROKEN_ADDRESS
    REG(USB_ADDR_ENDP) = new_address;
#endif
    new_address = 0;
  }
  if (to_send > 0) {
    send_packet();
  } else if (sending) {
    sending = NULL;
    arm(out_control(0), 0, BUF_DATA1); /* the status stage */
  }
}

static void on_ep0_out(void) {
  if (!receiving) return;
  uint32_t count = REG(out_control(0)) & BUF_LENGTH;
  if (count > to_receive) count = to_receive;
  for (uint32_t i = 0; i < count; i++) receiving[i] = dpram(EP0_BUFFER)[i];
  receiving += count;
  to_receive -= count;
  if (to_receive > 0 && count == PACKET)
    arm(out_control(0), 0, next_pid() | PACKET);
  else
    acknowledge();
}

static uint32_t ring_used(void) {
  return ring_in - ring_out;
}

/* Bytes of DPRAM in words: a packet of 64 costs sixteen loads. */
static void take_packet(uint32_t buffer) {
  uint32_t count = REG16(out_control(EP_DATA) + 2u * buffer) & BUF_LENGTH;
  volatile uint8_t *from = dpram(OUT_BUFFER + PACKET * buffer);
  counts.received += count;
  if (mode == MODE_SINK) {
    for (uint32_t i = 0; i < count; i++)
      if (from[i] != counting_out++) counts.wrong++;
    return;
  }
  for (uint32_t i = 0; i < count; i++) ring[(ring_in + i) % RING] = from[i];
  ring_in += count;
}

static bool out_is_full(uint32_t buffer) {
  return (REG16(out_control(EP_DATA) + 2u * buffer) & BUF_FULL) != 0;
}

/* A buffer that cannot be taken stays full: the host gets NAK. */
static void pump_out(void) {
  while (mode != MODE_HALT && out_is_full(next_out)) {
    if (mode == MODE_ECHO && ring_used() > RING - PACKET) return;
    take_packet(next_out);
    arm_out(next_out);
    next_out ^= 1u;
  }
}

static bool in_is_free(uint32_t buffer) {
  return (REG16(in_control(EP_DATA) + 2u * buffer) & (BUF_AVAILABLE | BUF_FULL)) == 0;
}

static void pump_in(void) {
  while (mode != MODE_HALT && in_is_free(next_in)) {
    uint32_t count = mode == MODE_SOURCE ? PACKET : ring_used();
    if (count == 0) return;
    if (count > PACKET) count = PACKET;
    volatile uint8_t *to = dpram(IN_BUFFER + PACKET * next_in);
    for (uint32_t i = 0; i < count; i++)
      to[i] = mode == MODE_SOURCE ? counting_in++ : ring[(ring_out + i) % RING];
    if (mode == MODE_ECHO) ring_out += count;
    counts.sent += count;
    arm(in_control(EP_DATA), next_in, BUF_FULL | (next_in ? BUF_DATA1 : 0u) | count);
    next_in ^= 1u;
  }
}

static void on_bus_reset(void) {
  counts.bus_resets++;
  REG(USB_ADDR_ENDP) = 0;
  new_address = 0;
  sending = NULL;
  receiving = NULL;
  to_send = 0;
  configure(false);
}

static void on_buffers(void) {
  uint32_t done = REG(USB_BUFF_STATUS);
  REG_CLEAR(USB_BUFF_STATUS) = done;
  if (done & 1u) on_ep0_in();
  if (done & 2u) on_ep0_out();
}

static void on_usb(void) {
  uint32_t status = REG(USB_INTS);
  if (status & INT_BUS_RESET) {
    REG_CLEAR(USB_SIE_STATUS) = STATUS_BUS_RESET;
    on_bus_reset();
  }
  if (status & INT_SUSPEND) {
    REG_CLEAR(USB_SIE_STATUS) = STATUS_SUSPENDED;
    counts.suspends++;
  }
  if (status & INT_RESUME) {
    REG_CLEAR(USB_SIE_STATUS) = STATUS_RESUME;
    counts.resumes++;
  }
  /* In this order: the status stage of the last request may be over and the next SETUP be there */
  if (status & INT_BUFF_STATUS) on_buffers();
  if (status & INT_SETUP_REQ) {
    REG_CLEAR(USB_SIE_STATUS) = STATUS_SETUP_REC;
    on_setup();
  }
  if (configured) {
    pump_out();
    pump_in();
    /* What was sent may have made room */
    pump_out();
  }
}

#ifdef MJ_BROKEN_USB_CLOCK
/* The crystal's 12 MHz instead of PLL_USB's 48. */
static void spoil_clock(void) {
  REG_CLEAR(CLOCKS + CLK_USB) = CLK_ENABLE;
  REG(CLOCKS + CLK_USB) = 3u << 5;
  REG_SET(CLOCKS + CLK_USB) = CLK_ENABLE;
}
#endif

void *memset(void *to, int value, size_t count);

void main(void) {
#ifdef MJ_BROKEN_USB_CLOCK
  spoil_clock();
#endif
  /* as the vendor's driver begins: reset, then everything 0, by the ROM's memset */
  REG_SET(RESETS_RESET) = RESET_USBCTRL;
  REG_CLEAR(RESETS_RESET) = RESET_USBCTRL;
  while (!(REG(RESETS_DONE) & RESET_USBCTRL)) {
  }
  memset((void *)(uintptr_t)USB, 0, USB_BYTES);
  memset((void *)(uintptr_t)DPRAM, 0, 4096);
  REG(USB_MUXING) = 0x9;
  REG(USB_PWR) = 0xc;
  REG(USB_MAIN_CTRL) = 1;
  REG(USB_SIE_CTRL) = SIE_EP0_INT_1BUF;
  REG(USB_INTE) = INT_BUFF_STATUS | INT_BUS_RESET | INT_SETUP_REQ | INT_SUSPEND | INT_RESUME;
  set_handler(IRQ_USBCTRL, on_usb);
  enable_irq(IRQ_USBCTRL);
  REG_SET(USB_SIE_CTRL) = SIE_PULLUP_EN;
  for (;;) __asm volatile("wfi");
}
