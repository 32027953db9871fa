/**
 * Program + firmware → image: what is flashed. Layout in flash (board descriptor): firmware at 0, the kernels that the
 * Program uses behind it, the configuration block in a sector of its own, the Program behind that. Performance, energy and accuracy runs use
 * the same firmware and Program; only the configuration block differs.
 */
import {
  ABI_VERSION,
  CONFIG_MAGIC,
  HarnessMode,
  ImageConfigBytes,
  InputEncoding,
  writeImageConfig,
  type ImageConfig,
  type ResultKind,
} from '../abi/generated.ts';
import { crc32, crc32Mpeg2 } from '../base/crc.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { BoardDescriptor } from '../board/board.ts';
import { placeKernels, writeKernels, type KernelPack } from './kernel-pack.ts';
import { kernelRecord } from './kernels.ts';
import type { Program } from './program.ts';
import { encodeUf2, type FlashSegment } from './uf2.ts';

/** What the dialect's `db` can hold; PROTOCOLS: 96 × 96 × 3. */
export const INPUT_LIMIT_BYTES = 27648;
/** WFI before each energy window is at least this long. */
export const MIN_IDLE_US = 1_000_000;
const MAX_IDLE_US = 60_000_000;
const NAME_BYTES = 24;
const BOOT2_BYTES = 256;
/**
 * Reserved words of the vector table: firmware length, 'MJFW', ABI version, the pack of kernels that goes with it or 0 where
 * they are compiled in (firmware/ports/pico/start.c).
 */
const FIRMWARE_WORDS_AT = 0x100 + 7 * 4;
const FIRMWARE_MAGIC = 0x5746_4a4d;

export interface HarnessConfig {
  readonly mode: HarnessMode;
  /** Default: 115200 in performance, 9600 in energy mode. */
  readonly baud?: number;
  readonly inputEncoding: InputEncoding;
  readonly resultKind: ResultKind;
  /** For `m-model-[…]`: 1 to 24 printable ASCII characters without brackets. */
  readonly model: string;
  /** For `m-name-dut-[…]`, the same. */
  readonly vendor: string;
  /** Default and minimum 1 s. */
  readonly idleUsBeforeWindow?: number;
}

export interface ImageParts {
  readonly board: BoardDescriptor;
  readonly firmware: Uint8Array;
  /** All kernels of the port; null where the firmware has them compiled in. */
  readonly kernels: KernelPack | null;
  /** Null: Programs are uploaded with `mj load program`, and the image carries all kernels. */
  readonly program: Program | null;
  readonly config: HarnessConfig;
}

export interface Image {
  readonly parts: ImageParts;
  readonly uf2: Uint8Array;
  /** Flash from its base to the last byte used, gaps 0xFF. */
  readonly bin: Uint8Array;
  /** CRC-32 of the firmware, 8 hex digits: `fw=` of `mj id`. */
  readonly firmwareHash: string;
  /** `program=` of `mj id`. */
  readonly programHash: string | null;
  readonly config: ImageConfig;
  /** Kernels it carries, in the order of its table. */
  readonly kernels: readonly ImageKernel[];
  /** Bytes of flash that firmware, kernels, configuration and Program take, without what lies between them. */
  readonly flashBytes: number;
}

/** Where a kernel's code lies in flash. */
export interface ImageKernel {
  readonly kernel: number;
  readonly runAddress: number;
  readonly runBytes: number;
  readonly checkAddress: number;
  readonly checkBytes: number;
  /** KernelFlag bits. */
  readonly flags: number;
}

export const hex8 = (n: number) => n.toString(16).padStart(8, '0');

export function defaultBaud(mode: HarnessMode): number {
  return mode === HarnessMode.Energy ? 9600 : 115200;
}

function nameBytes(field: string, name: string): Result<number[]> {
  const codes = [...name].map((c) => c.codePointAt(0)!);
  const printable = codes.every((c) => c > 0x20 && c < 0x7f && c !== 0x5b && c !== 0x5d && c !== 0x25);
  if (codes.length === 0 || codes.length > NAME_BYTES || !printable)
    return fail(
      'image.bad-name',
      { field, name, limitCharacters: NAME_BYTES },
      'The device prints it between brackets, in a reply line of its dialect.',
      `Use 1 to ${NAME_BYTES} ASCII letters, digits or punctuation, without spaces, brackets or %.`,
    );
  return ok([...codes, ...Array<number>(NAME_BYTES - codes.length).fill(0)]);
}

function checkNumbers(config: HarnessConfig): Result<{ baud: number; idleUs: number }> {
  const baud = config.baud ?? defaultBaud(config.mode);
  if (!Number.isInteger(baud) || baud < 300 || baud > 3_000_000)
    return fail('image.bad-baud', { baud }, 'Not a line rate.', 'Choose 300 to 3000000 baud.');
  const idleUs = config.idleUsBeforeWindow ?? MIN_IDLE_US;
  if (!Number.isInteger(idleUs) || idleUs < MIN_IDLE_US || idleUs > MAX_IDLE_US)
    return fail(
      'image.bad-idle',
      { idleUs, minUs: MIN_IDLE_US, maxUs: MAX_IDLE_US },
      'Idle power is read in this time.',
      'Choose 1 to 60 s.',
    );
  return ok({ baud, idleUs });
}

/** The block with its CRC, ready for its sector. */
function configBlock(
  parts: ImageParts,
  table: FlashSegment | null,
): Result<{ value: ImageConfig; bytes: Uint8Array }> {
  const { board, config, program } = parts;
  const numbers = checkNumbers(config);
  if (!numbers.ok) return numbers;
  const vendor = nameBytes('vendor', config.vendor);
  if (!vendor.ok) return vendor;
  const model = nameBytes('model', config.model);
  if (!model.ok) return model;
  const bytes = new Uint8Array(ImageConfigBytes);
  const view = new DataView(bytes.buffer);
  const block: ImageConfig = {
    magic: CONFIG_MAGIC,
    version: 1,
    bytes: ImageConfigBytes,
    crc32: 0,
    mode: config.mode,
    baud: numbers.value.baud,
    programAddress: program ? board.flash.base + board.image.programOffset : 0,
    programBytes: program ? program.bytes.length : 0,
    inputEncoding: config.inputEncoding,
    resultKind: config.resultKind,
    pad: 0,
    idleUsBeforeWindow: numbers.value.idleUs,
    vendor: vendor.value,
    model: model.value,
    kernelsAddress: table?.address ?? 0,
    kernelsBytes: table?.bytes.length ?? 0,
    reserved: [],
  };
  writeImageConfig(view, 0, block);
  const value = { ...block, crc32: crc32(bytes.subarray(12)) };
  writeImageConfig(view, 0, value);
  return ok({ value, bytes });
}

/** Null when the bytes are a firmware of ours for this board. */
function firmwareFault(board: BoardDescriptor, firmware: Uint8Array): string | null {
  if (firmware.length < FIRMWARE_WORDS_AT + 12) return 'too short';
  const view = new DataView(firmware.buffer, firmware.byteOffset, firmware.byteLength);
  if (view.getUint32(FIRMWARE_WORDS_AT + 4, true) !== FIRMWARE_MAGIC)
    return 'no firmware mark in the vector table';
  if (view.getUint32(FIRMWARE_WORDS_AT, true) !== firmware.length)
    return 'truncated, or something was appended';
  if (view.getUint32(FIRMWARE_WORDS_AT + 8, true) !== ABI_VERSION) return 'built for another ABI version';
  const stored = view.getUint32(BOOT2_BYTES - 4, true);
  if (board.program.kind === 'uf2' && crc32Mpeg2(firmware.subarray(0, BOOT2_BYTES - 4)) !== stored)
    return 'the boot ROM would refuse it: wrong check word after boot2';
  return null;
}

/** Which build of the kernels a firmware takes; 0: its own, compiled in. */
function packWanted(firmware: Uint8Array): number {
  return new DataView(firmware.buffer, firmware.byteOffset).getUint32(FIRMWARE_WORDS_AT + 12, true);
}

function checkKernels({ firmware, kernels, program }: ImageParts): Result<void> {
  const wanted = packWanted(firmware);
  if (wanted !== 0 && kernels?.pack !== wanted)
    return fail(
      'image.other-kernels',
      { wanted: hex8(wanted), pack: kernels ? hex8(kernels.pack) : null },
      'The firmware goes with kernels of another build.',
      'Build both with npm run build:firmware.',
    );
  const missing =
    wanted === 0 ? [] : kernelsOf(program).filter((id) => !kernels!.kernels.some((k) => k.kernel === id));
  if (missing.length === 0) return ok();
  return fail(
    'image.kernel-missing',
    { kernels: missing.map((id) => kernelRecord(id)?.name ?? id) },
    'The Program uses kernels that are not built for this board.',
    'Compile the model for this board, or with --kernels general.',
  );
}

/** In the order of their first use. */
function kernelsOf(program: Program | null): number[] {
  return [...new Set(program?.ops.map((op) => op.kernel))];
}

function checkFirmware({ board, firmware }: ImageParts): Result<void> {
  if (firmware.length > board.image.firmwareBytes)
    return fail(
      'image.firmware-too-large',
      { firmwareBytes: firmware.length, roomBytes: board.image.firmwareBytes },
      'The firmware would reach into the configuration block.',
      'Build it smaller, or move the layout in the board descriptor.',
    );
  const reason = firmwareFault(board, firmware);
  if (reason === null) return ok();
  return fail(
    'image.bad-firmware',
    { reason, firmwareBytes: firmware.length },
    'Not a firmware for this board.',
    'Use a prebuilt image or build it with npm run build:firmware.',
  );
}

/** Bytes of `db` one inference needs. */
export function inputBytes(program: Program, encoding: InputEncoding): number {
  return program.inputs
    .map((i) => program.tensors[i]!)
    .map((t) => (encoding === InputEncoding.Float32 ? 4 * t.dims.reduce((a, b) => a * b, 1) : t.bytes))
    .reduce((a, b) => a + b, 0);
}

function checkProgram({ board, program, config }: ImageParts): Result<void> {
  if (!program) return ok();
  const arenaBytes = program.header.arenaBytes;
  if (arenaBytes > board.image.arenaBytes)
    return fail(
      'image.ram-too-small',
      {
        neededBytes: arenaBytes,
        ramBytes: board.image.arenaBytes,
        overBytes: arenaBytes - board.image.arenaBytes,
      },
      `The activations do not fit the memory of ${board.name}.`,
      'Use a smaller input or fewer channels, or choose a board with more RAM.',
    );
  const bytes = inputBytes(program, config.inputEncoding);
  if (bytes > INPUT_LIMIT_BYTES)
    return fail(
      'image.input-too-large',
      { inputBytes: bytes, limitBytes: INPUT_LIMIT_BYTES },
      'The device dialect loads at most 27648 bytes.',
      'Use a smaller input, or the raw int8 encoding instead of float32.',
    );
  return ok();
}

/** The kernels the Program uses, or all where there is none; null where the firmware has them compiled in. */
function kernelTable({ firmware, kernels, program }: ImageParts): KernelPack | null {
  if (packWanted(firmware) === 0 || !kernels) return null;
  if (!program) return kernels;
  const byId = new Map(kernels.kernels.map((k) => [k.kernel, k]));
  return { pack: kernels.pack, kernels: kernelsOf(program).map((id) => byId.get(id)!) };
}

const PAGE_BYTES = 256;

/** Behind the firmware where there is room before the configuration block, else behind the Program. */
function kernelsAt({ board, firmware, program }: ImageParts, bytes: number): number {
  const page = (at: number) => PAGE_BYTES * Math.ceil(at / PAGE_BYTES);
  const behindFirmware = page(firmware.length);
  if (behindFirmware + bytes <= board.image.configOffset) return behindFirmware;
  return page(board.image.programOffset + (program?.bytes.length ?? 0));
}

function imageKernels(table: KernelPack, address: number): ImageKernel[] {
  return placeKernels(table.kernels).placed.map((k) => ({
    kernel: k.kernel,
    runAddress: address + k.runOffset,
    runBytes: k.run.bytes.length,
    checkAddress: address + k.checkOffset,
    checkBytes: k.check.bytes.length,
    flags: k.flags,
  }));
}

function flashFault(board: BoardDescriptor, segments: readonly FlashSegment[]): Result<void> {
  const last = Math.max(...segments.map((s) => s.address + s.bytes.length)) - board.flash.base;
  if (last <= board.flash.bytes) return ok();
  return fail(
    'image.flash-too-small',
    { neededBytes: last, flashBytes: board.flash.bytes, overBytes: last - board.flash.bytes },
    `The model's weights do not fit the flash of ${board.name}.`,
    'Prune or quantise the model further, or choose a board with more flash.',
  );
}

/** Everything is checked before a byte is made: an image that is returned will boot and open its Program. */
export function buildImage(parts: ImageParts): Result<Image> {
  for (const check of [checkFirmware, checkKernels, checkProgram]) {
    const done = check(parts);
    if (!done.ok) return done;
  }
  const { board, firmware, program } = parts;
  const { base } = board.flash;
  const pack = kernelTable(parts);
  const kernelBytes = pack ? writeKernels(pack) : null;
  const table = kernelBytes && { address: base + kernelsAt(parts, kernelBytes.length), bytes: kernelBytes };
  const block = configBlock(parts, table);
  if (!block.ok) return block;
  const segments: FlashSegment[] = [
    { address: base, bytes: firmware },
    { address: base + board.image.configOffset, bytes: block.value.bytes },
    ...(program ? [{ address: base + board.image.programOffset, bytes: program.bytes }] : []),
    ...(table ? [table] : []),
  ].sort((a, b) => a.address - b.address);
  const fault = flashFault(board, segments);
  if (!fault.ok) return fault;
  const last = segments.at(-1)!;
  const bin = new Uint8Array(last.address + last.bytes.length - base).fill(0xff);
  for (const s of segments) bin.set(s.bytes, s.address - base);
  return ok({
    parts,
    bin,
    uf2: board.program.kind === 'uf2' ? encodeUf2(segments, board.program.familyId) : new Uint8Array(0),
    firmwareHash: hex8(crc32(firmware)),
    programHash: program?.programHash ?? null,
    config: block.value.value,
    kernels: pack && table ? imageKernels(pack, table.address) : [],
    flashBytes: segments.reduce((n, s) => n + s.bytes.length, 0),
  });
}

/** The same firmware and Program in another mode: only the configuration block differs. */
export function withMode(image: Image, mode: HarnessMode, baud = defaultBaud(mode)): Result<Image> {
  return buildImage({ ...image.parts, config: { ...image.parts.config, mode, baud } });
}
