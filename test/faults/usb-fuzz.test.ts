/** Whatever a host sends and whatever firmware writes, the emulation goes on or stops by name; nothing is thrown. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src-main/base/rng.ts';
import { frequency } from '../../src-main/sim/pico/frequency.ts';
import { Usb } from '../../src-main/sim/pico/peripherals/usb.ts';
import type { UsbAnswer } from '../../src-main/sim/usb/device-port.ts';
import { TestChip } from '../unit/sim/pico/test-chip.ts';
import { UsbBoard } from '../unit/sim/usb/usb-board.ts';

const ANSWERS: readonly UsbAnswer[] = ['none', 'ack', 'nak', 'stall', 'data0', 'data1'];

/** Any word, with a liking for few bits and for what drivers write. */
function word(rng: Rng): number {
  switch (rng.int(0, 3)) {
    case 0:
      return rng.u32();
    case 1:
      return (1 << rng.int(0, 31)) >>> 0;
    case 2:
      return rng.pick([0, 9, 0xc, 1, 0xffff_ffff, 0xa000_0180, 0xe800_0200, 0x8400, 0x0440, 0x2001_0000]);
    default:
      return rng.u32() & rng.u32() & rng.u32();
  }
}

describe('USB fuzz', () => {
  it('random registers, buffers and packets: 200 000 steps', () => {
    const rng = new Rng(21);
    const chip = new TestChip();
    const usb = new Usb(chip, { vbusPin: () => true, setVbus: () => undefined });
    usb.setClock(frequency(48_000_000));
    usb.connectHost({
      connectionChanged: () => undefined,
      ready: () => undefined,
      remoteWakeup: () => undefined,
    });
    let us = 0;
    for (let i = 0; i < 200_000; i++) {
      const endpoint = rng.int(0, 15);
      switch (rng.int(0, 9)) {
        case 0:
          usb.write(rng.int(0, 40) * 4, word(rng));
          break;
        case 1:
          // registers that keep the device on the bus, so that packets meet something
          usb.write(0x74, 9);
          usb.write(0x78, 0xc);
          usb.write(0x40, 1);
          usb.write(0x4c, 0x2001_0000);
          usb.write(0, 0);
          break;
        case 2:
        case 3:
          usb.dpram.write(rng.int(0, 1023) * 4, word(rng));
          break;
        case 4:
          usb.dpram.write(0x80 + 4 * rng.int(0, 31), word(rng) | (rng.int(0, 1) << 10));
          break;
        case 5: {
          const answer = usb.in(rng.int(0, 1), endpoint);
          expect(ANSWERS).toContain(answer);
          if (answer === 'data0' || answer === 'data1') expect(usb.packet.length).toBeLessThanOrEqual(1023);
          if (rng.int(0, 3)) usb.inHandshake(rng.int(0, 1) === 1);
          break;
        }
        case 6:
          usb.out(rng.int(0, 1), endpoint, rng.int(0, 1) === 1);
          break;
        case 7:
          expect(ANSWERS).toContain(
            usb.data(rng.int(0, 1) === 1, rng.bytes(rng.int(0, 70)), rng.int(0, 9) ? undefined : 'crc'),
          );
          break;
        case 8:
          for (let n = 0; n <= 40; n++) usb.read(n * 4);
          usb.sof(i & 0x7ff, us);
          break;
        default:
          usb.setBusReset(rng.int(0, 4) === 0, us);
          usb.setResume(rng.int(0, 4) === 0, us);
          chip.passUs(rng.int(0, 4000));
          us = chip.timeline.usAt(chip.now());
      }
    }
    expect(new Set(chip.stops).difference(new Set(['sim.fault.usb-buffer-outside'])).size).toBe(0);
  });

  it.each([31, 32, 33])(
    'a running driver whose registers are spoilt, under a host that does anything: seed %s',
    (seed) => {
      const rng = new Rng(seed);
      const board = new UsbBoard();
      const { pico, host } = board;
      for (let i = 0; i < 400; i++) {
        board.advance(rng.int(1, 3000));
        if (pico.failure) {
          expect(pico.failure.id).toMatch(/^sim\.fault\./);
          pico.reset();
        }
        switch (rng.int(0, 9)) {
          case 0:
            pico.blocks.usb.write(rng.int(0, 38) * 4, word(rng));
            break;
          case 1:
            pico.blocks.usb.dpram.write(rng.int(0, 1023) * 4, word(rng));
            break;
          case 2:
            host.suspend();
            break;
          case 3:
            host.resume();
            break;
          case 4:
            host.reset();
            break;
          case 5:
            host.unplug();
            break;
          case 6:
          case 7:
            host.plug();
            board.write(rng.bytes(rng.int(0, 300)));
            break;
          case 8:
            board.advance(180_000);
            break;
          default:
            pico.reset();
        }
      }
      for (const problem of board.problems) expect(problem.id).toMatch(/^sim\.diagnosis\.usb-/);
      // and it can be used again
      host.unplug();
      pico.setPower(false, board.us);
      board.advance(1000);
      pico.setPower(true, board.us);
      host.plug();
      board.configured();
      board.takeReceived();
      board.write(Buffer.from('alive'));
      board.advance(10_000);
      expect(Buffer.from(board.received).toString()).toBe('alive');
    },
  );
});
