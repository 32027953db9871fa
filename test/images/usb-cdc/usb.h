/* USB controller, device mode: RP2040 data sheet 4.1. */
#ifndef MJ_IMAGE_USB_H
#define MJ_IMAGE_USB_H

#include "../startup/startup.h"

#define REG16(address) (*(volatile uint16_t *)(uintptr_t)(address))

#define DPRAM 0x50100000u
#define USB 0x50110000u
#define USB_BYTES 0x9cu
#define USB_ADDR_ENDP (USB + 0x00u)
#define USB_MAIN_CTRL (USB + 0x40u)
#define USB_SOF_RD (USB + 0x48u)
#define USB_SIE_CTRL (USB + 0x4cu)
#define USB_SIE_STATUS (USB + 0x50u)
#define USB_BUFF_STATUS (USB + 0x58u)
#define USB_SHOULD_HANDLE (USB + 0x5cu)
#define USB_EP_STALL_ARM (USB + 0x68u)
#define USB_MUXING (USB + 0x74u)
#define USB_PWR (USB + 0x78u)
#define USB_INTE (USB + 0x90u)
#define USB_INTS (USB + 0x98u)
#define IRQ_USBCTRL 5u

#define SIE_PULLUP_EN (1u << 16)
#define SIE_EP0_INT_1BUF (1u << 29)
#define SIE_RESUME (1u << 12)
#define STATUS_SUSPENDED (1u << 4)
#define STATUS_RESUME (1u << 11)
#define STATUS_SETUP_REC (1u << 17)
#define STATUS_BUS_RESET (1u << 19)
#define INT_BUFF_STATUS (1u << 4)
#define INT_BUS_RESET (1u << 12)
#define INT_SUSPEND (1u << 14)
#define INT_RESUME (1u << 15)
#define INT_SETUP_REQ (1u << 16)

#define EP_ENABLE (1u << 31)
#define EP_DOUBLE (1u << 30)
#define EP_INT_EACH (1u << 29)
#define EP_BULK (2u << 26)
#define EP_INTERRUPT (3u << 26)

#define BUF_LENGTH 0x3ffu
#define BUF_AVAILABLE (1u << 10)
#define BUF_STALL (1u << 11)
#define BUF_RESET_SELECT (1u << 12)
#define BUF_DATA1 (1u << 13)
#define BUF_FULL (1u << 15)

#endif
