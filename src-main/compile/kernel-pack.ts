/**
 * Kernels as position-independent code (ADR 0003, 0012): the committed file of a port holds all of them; an image gets
 * the same table with the kernels its Program uses. Nothing is linked or relocated here, bytes are copied.
 */
import {
  KERNEL_TABLE_MAGIC,
  KernelBlobsBytes,
  KernelTableBytes,
  PROGRAM_ALIGN,
  readKernelBlobs,
  readKernelTable,
  writeKernelBlobs,
  writeKernelTable,
} from '../abi/generated.ts';
import { crc32 } from '../base/crc.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { alignUp } from './arena.ts';

export interface KernelCode {
  readonly kernel: number;
  /** KernelFlag bits. */
  readonly flags: number;
  readonly run: Blob;
  readonly check: Blob;
}

export interface Blob {
  readonly bytes: Uint8Array;
  /** From the blob's start; bit 0 as the core wants it in an address. */
  readonly entry: number;
}

export interface KernelPack {
  /** Which build: the firmware takes tables of this one only. */
  readonly pack: number;
  readonly kernels: readonly KernelCode[];
}

const TABLE_VERSION = 1;
const CRC_AT = 12;
const CRC_FROM = 16;

/** Where a kernel's blobs lie in its table; all from the table's start. */
export interface PlacedCode extends KernelCode {
  readonly runOffset: number;
  readonly checkOffset: number;
}

/** Blobs in table order, each 16-byte aligned; `totalBytes` is the table's size. */
export function placeKernels(kernels: readonly KernelCode[]): {
  readonly placed: readonly PlacedCode[];
  readonly totalBytes: number;
} {
  let end = alignUp(KernelTableBytes + kernels.length * KernelBlobsBytes);
  const take = (bytes: number): number => {
    const at = end;
    end = alignUp(at + bytes);
    return at;
  };
  const placed = kernels.map((k) => ({
    ...k,
    runOffset: take(k.run.bytes.length),
    checkOffset: take(k.check.bytes.length),
  }));
  return { placed, totalBytes: end };
}

/** The table of docs/program-format.md with these kernels, in this order. */
export function writeKernels({ pack, kernels }: KernelPack): Uint8Array {
  const { placed, totalBytes } = placeKernels(kernels);
  const bytes = new Uint8Array(totalBytes);
  const view = new DataView(bytes.buffer);
  const head = { magic: KERNEL_TABLE_MAGIC, version: TABLE_VERSION, count: placed.length, totalBytes };
  writeKernelTable(view, 0, { ...head, crc32: 0, pack, reserved: [] });
  placed.forEach((k, i) => {
    writeKernelBlobs(view, KernelTableBytes + i * KernelBlobsBytes, {
      kernel: k.kernel,
      flags: k.flags,
      runOffset: k.runOffset,
      runBytes: k.run.bytes.length,
      runEntry: k.run.entry,
      checkOffset: k.checkOffset,
      checkBytes: k.check.bytes.length,
      checkEntry: k.check.entry,
      reserved: 0,
    });
    bytes.set(k.run.bytes, k.runOffset);
    bytes.set(k.check.bytes, k.checkOffset);
  });
  view.setUint32(CRC_AT, crc32(bytes.subarray(CRC_FROM)), true);
  return bytes;
}

/** Names one build of the kernels: CRC-32 of all of them, never 0. */
export function packOf(kernels: readonly KernelCode[]): number {
  return crc32(writeKernels({ pack: 0, kernels })) || 1;
}

function damaged(what: string): Failure {
  return fail(
    'image.kernels-damaged',
    { what },
    'The file of compute kernels beside the firmware is not what was built.',
    'Check out the repository again, or run npm run build:firmware.',
  );
}

/** Every offset is checked; the blobs are views of `bytes`. */
export function readKernels(bytes: Uint8Array): Result<KernelPack> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < KernelTableBytes) return damaged('length');
  const head = readKernelTable(view, 0);
  if (head.magic !== KERNEL_TABLE_MAGIC || head.version !== TABLE_VERSION) return damaged('mark');
  const tables = KernelTableBytes + head.count * KernelBlobsBytes;
  if (head.totalBytes !== bytes.length || head.totalBytes % PROGRAM_ALIGN !== 0 || tables > bytes.length)
    return damaged('length');
  if (crc32(bytes.subarray(CRC_FROM)) !== head.crc32) return damaged('CRC');
  const kernels: KernelCode[] = [];
  for (let i = 0; i < head.count; i++) {
    const b = readKernelBlobs(view, KernelTableBytes + i * KernelBlobsBytes);
    const blob = (at: number, size: number, entry: number): Blob | null =>
      at >= tables && at % PROGRAM_ALIGN === 0 && at + size <= bytes.length && entry < size
        ? { bytes: bytes.subarray(at, at + size), entry }
        : null;
    const run = blob(b.runOffset, b.runBytes, b.runEntry);
    const check = blob(b.checkOffset, b.checkBytes, b.checkEntry);
    if (!run || !check) return damaged(`kernel ${b.kernel}`);
    kernels.push({ kernel: b.kernel, flags: b.flags, run, check });
  }
  return ok({ pack: head.pack, kernels });
}

/** Kernel → bytes of flash it takes in an image. */
export function codeBytesOf({ kernels }: KernelPack): Map<number, number> {
  return new Map(kernels.map((k) => [k.kernel, kernelFlashBytes(k)]));
}

/** Bytes of flash a kernel takes in an image: its line of the table and both blobs. */
export function kernelFlashBytes({ run, check }: KernelCode): number {
  return KernelBlobsBytes + alignUp(run.bytes.length) + alignUp(check.bytes.length);
}
