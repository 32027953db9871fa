/** The session against our own firmware's harness (host build), with a line that loses things. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WallClock } from '../../../src-main/base/clock.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { openSession, type Session } from '../../../src-main/device/session.ts';
import type { Link } from '../../../src-main/link/link.ts';
import { openProcess } from '../../../src-main/link/process.ts';
import { buildHostDut } from '../../host-dut.ts';
import { describeWith, needs } from '../../needs.ts';
import { sealed } from '../engine/hand-program.ts';
import { identityProgram } from '../firmware/identity-program.ts';
import { imageOf } from '../firmware/images.ts';

const program = identityProgram({ units: 64, layers: 5, scale: 1 / 256, zeroPoint: -128 });
const other = identityProgram({ units: 32, layers: 3, scale: 1 / 256, zeroPoint: -128 });

describeWith([needs.hostCc], 'a session with the firmware', () => {
  let folder: string;
  let link: Link;
  let session: Session;
  /** What the line does to each piece that is written. */
  let damage: (bytes: Uint8Array) => Uint8Array;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'microjoule-firmware-'));
    const image = join(folder, 'image.bin');
    writeFileSync(image, imageOf(program).bin);
    const inner = orThrow(await openProcess(buildHostDut(), [image], new WallClock()));
    damage = (bytes) => bytes;
    link = {
      address: inner.address,
      clock: inner.clock,
      deterministic: false,
      write: (bytes) => inner.write(damage(bytes)),
      read: (request) => inner.read(request),
      setBaud: (baud) => inner.setBaud(baud),
      discardInput: () => inner.discardInput(),
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    };
    session = orThrow(await openSession(link, { times: { commandUs: 500_000 } }));
  });
  afterAll(async () => {
    await link[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('identifies the very image', () => {
    const image = imageOf(program);
    expect(session.mj!.identity).toMatchObject({
      firmwareHash: image.firmwareHash,
      programHash: program.programHash,
      ops: 5,
      inputBytes: 64,
      outputBytes: 64,
      programStatus: 0,
    });
  });

  it('gives back the bytes that were put in through the dialect (output = input in this net)', async () => {
    const input = new Rng(3).bytes(64);
    orThrow(await session.loadInputByDialect(input));
    orThrow(await session.infer(1, 0));
    expect(orThrow(await session.mj!.output())).toEqual(input);
  });

  it('survives a lost hex digit', async () => {
    let lost = 0;
    damage = (bytes) =>
      bytes.length > 40 && lost++ === 0 ? Buffer.concat([bytes.subarray(0, 20), bytes.subarray(21)]) : bytes;
    const input = new Rng(4).bytes(64);
    orThrow(await session.loadInputByDialect(input));
    damage = (bytes) => bytes;
    expect(lost).toBeGreaterThan(1);
    orThrow(await session.infer(1, 0));
    expect(orThrow(await session.mj!.output())).toEqual(input);
  });

  it('refuses a Program whose kernels the image does not carry, at once and by that name', async () => {
    const unknown = Uint8Array.from(other.bytes);
    new DataView(unknown.buffer).setUint16(other.header.opsOffset + 2, 30_000, true);
    let frames = 0;
    const failed = await session.mj!.load('program', sealed(unknown), () => frames++);
    expect(failed).toMatchObject({
      ok: false,
      id: 'device.kernel-missing',
      facts: { status: 6, reason: 'UnknownKernel' },
    });
    expect(frames).toBeLessThanOrEqual(unknown.length / 256 + 1);
    // the image's own Program is back
    expect(orThrow(await session.mj!.readIdentity())).toMatchObject({
      programStatus: 0,
      programUploaded: false,
    });
  });

  it('uploads a Program over a line that damages and repeats frames, and runs it', async () => {
    let frame = 0;
    damage = (bytes) => {
      if (bytes[0] !== 0) return bytes;
      frame++;
      if (frame % 4 === 1) return bytes.map((b, i) => (i === 50 ? b ^ 1 || 1 : b));
      if (frame % 4 === 2) return Buffer.concat([bytes, bytes]);
      return bytes;
    };
    orThrow(await session.mj!.load('program', other.bytes));
    damage = (bytes) => bytes;
    expect(frame).toBeGreaterThan(other.bytes.length / 256);
    expect(session.mj!.identity).toMatchObject({
      programHash: other.programHash,
      programUploaded: true,
      ops: 3,
    });
    const input = new Rng(5).bytes(32);
    orThrow(await session.loadInput(input));
    orThrow(await session.infer(2, 1));
    expect(orThrow(await session.mj!.output())).toEqual(input);
    expect(orThrow(await session.mj!.profile()).ops).toHaveLength(3);
  });

  it('leaves an upload that does not pass, and the device answers on', async () => {
    damage = (bytes) => (bytes[0] === 0 && bytes.length > 20 ? Uint8Array.of(0, 5, 0) : bytes);
    const failed = await session.mj!.load('input', new Uint8Array(32).fill(7));
    damage = (bytes) => bytes;
    expect(failed).toMatchObject({ ok: false, id: 'device.load-failed' });
    expect(orThrow(await session.mj!.readIdentity()).ops).toBe(3);
  });

  it('is refused what does not fit, with the reason of the device', async () => {
    expect(await session.mj!.load('input', new Uint8Array(30_000))).toMatchObject({
      ok: false,
      id: 'device.load-refused',
    });
    expect(await session.mj!.load('program', new Uint8Array(300_000))).toMatchObject({
      ok: false,
      id: 'device.load-refused',
    });
    expect(await session.loadInputByDialect(new Uint8Array(30_000))).toMatchObject({
      ok: false,
      id: 'device.input-size',
    });
  });

  it('refuses to infer without an input, in words', async () => {
    orThrow(await session.mj!.load('program', other.bytes));
    expect(await session.infer(1, 0)).toMatchObject({ ok: false, id: 'device.refused' });
  });

  it('comes back after a reset with the Program of the image', async () => {
    orThrow(await session.mj!.reset());
    expect(session.mj!.identity).toMatchObject({
      programHash: program.programHash,
      programUploaded: false,
      ops: 5,
    });
    const input = new Rng(6).bytes(64);
    orThrow(await session.loadInput(input));
    orThrow(await session.infer(1, 0));
    expect(orThrow(await session.mj!.output())).toEqual(input);
  });

  it('changes the line rate and is still in step', async () => {
    orThrow(await session.mj!.setBaud(921_600));
    expect(session.mj!.identity).toBeDefined();
    orThrow(await session.resynchronise());
    expect(await session.mj!.setBaud(12)).toMatchObject({ ok: false, id: 'device.refused' });
  });
});
