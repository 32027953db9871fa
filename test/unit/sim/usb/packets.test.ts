import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src-main/base/rng.ts';
import {
  crc16,
  crc5,
  dataPacket,
  longestDataBits,
  packetBits,
  PID,
  sofPacket,
  tokenPacket,
} from '../../../../src-main/sim/usb/packets.ts';
import { packetFault, wireBits } from './wire-bits.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sent = (value: number, bits: number): string =>
  value.toString(2).padStart(bits, '0').split('').reverse().join('');

describe('USB packets', () => {
  // USB-IF, "Cyclic Redundancy Checks in USB", bits in the order they are sent
  it.each([
    ['setup 0x15 endpoint 0xe', 0x15 | (0xe << 7), '10111'],
    ['out 0x3a endpoint 0xa', 0x3a | (0xa << 7), '11100'],
    ['in 0x70 endpoint 4', 0x70 | (4 << 7), '01110'],
    ['start of frame 1', 1, '10111'],
  ])('CRC5 of %s', (_, field, bits) => {
    expect(sent(crc5(field), 5)).toBe(bits);
  });

  it.each([
    ['00010203', '1111011101011110'],
    ['23456789', '0111000000111000'],
  ])('CRC16 of %s', (data, bits) => {
    expect(sent(crc16(Buffer.from(data, 'hex')), 16)).toBe(bits);
  });

  it('the first packets of every enumeration, as any analyser shows them', () => {
    expect(hex(tokenPacket(PID.setup, 0, 0))).toBe('2d0010');
    expect(hex(dataPacket(PID.data0, Buffer.from('8006000100004000', 'hex')))).toBe('c38006000100004000dd94');
    expect(hex(dataPacket(PID.data1, new Uint8Array(0)))).toBe('4b0000');
  });

  it('every packet passes the receiver’s check: complemented PID, residues 01100 and 800D', () => {
    const rng = new Rng(5);
    for (let i = 0; i < 2000; i++) {
      expect(packetFault(tokenPacket(PID.in, rng.int(0, 127), rng.int(0, 15)))).toBeNull();
      expect(packetFault(sofPacket(i))).toBeNull();
    }
    for (let length = 0; length <= 64; length++)
      expect(
        packetFault(
          dataPacket(
            PID.data1,
            Uint8Array.from({ length }, () => rng.int(0, 255)),
          ),
        ),
      ).toBeNull();
  });

  it('by hand: token 35 bits, empty data 35, 64 times 55h 547, 64 times FFh 547 and a stuffed bit each six', () => {
    // 8 SYNC + 8 PID + 16 + 3 EOP, nothing to stuff: PID E1h is 1000 0111
    expect(packetBits(tokenPacket(PID.out, 0, 0))).toBe(35);
    expect(packetBits(dataPacket(PID.data1, new Uint8Array(0)))).toBe(35);
    expect(packetBits(dataPacket(PID.data0, new Uint8Array(64).fill(0x55)))).toBe(8 + 8 + 512 + 16 + 3);
    // C3h ends in 11, then 512 ones: 514 of them in a row or more, and the CRC as it falls
    const ones = dataPacket(PID.data0, new Uint8Array(64).fill(0xff));
    expect(packetBits(ones)).toBeGreaterThanOrEqual(547 + Math.floor(514 / 6));
    expect(packetBits(ones)).toBe(wireBits(ones));
    expect(packetBits(ones)).toBeLessThanOrEqual(longestDataBits(64));
  });

  it('counts stuffed bits as inserting a zero after each six ones does', () => {
    const rng = new Rng(9);
    for (let i = 0; i < 3000; i++) {
      // many ones
      const payload = Uint8Array.from({ length: rng.int(0, 64) }, () => rng.int(0, 255) | rng.int(0, 255));
      const packet = dataPacket(i & 1 ? PID.data0 : PID.data1, payload);
      expect(packetBits(packet)).toBe(wireBits(packet));
      expect(packetBits(packet)).toBeLessThanOrEqual(longestDataBits(payload.length));
    }
    for (let frame = 0; frame < 2048; frame++)
      expect(packetBits(sofPacket(frame))).toBe(wireBits(sofPacket(frame)));
  });
});
