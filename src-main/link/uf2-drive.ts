import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Programmer } from './programmer.ts';
import { checkUf2 } from './uf2.ts';

const INFO_FILE = 'INFO_UF2.TXT';
const CHUNK_BYTES = 64 * 1024;
const VANISH_US = 10_000_000;
const POLL_US = 50_000;

export interface Uf2DriveOptions {
  readonly clock: Clock;
  /** `RPI-RP2` for an RP2040. */
  readonly boardId: string;
  /** The processor the drive takes; a file for another one is refused before it is written. */
  readonly familyId: number;
  /** Folders that hold mounted volumes. */
  readonly mountFolders?: readonly string[];
  /** Where the system shows volumes by label, mounted or not. */
  readonly labelFolder?: string;
  /** How long to wait for the drive to appear; 0 = it must be there. */
  readonly appearUs?: number;
}

/** Where Linux desktops, macOS and Windows put volumes. */
export function defaultMountFolders(platform = process.platform, user = process.env.USER ?? ''): string[] {
  if (platform === 'darwin') return ['/Volumes'];
  if (platform === 'win32') return ['D:\\', 'E:\\', 'F:\\', 'G:\\', 'H:\\', 'I:\\', 'J:\\', 'K:\\'];
  return [`/media/${user}`, `/run/media/${user}`, '/media', '/mnt'];
}

/**
 * Programs a board that shows itself as a USB drive: finds the drive by its INFO_UF2.TXT, copies the file and
 * believes in success only when the drive vanished, which the boot loader does after the last block.
 */
export class Uf2DriveProgrammer implements Programmer {
  readonly kind = 'uf2-drive' as const;
  readonly #options: Uf2DriveOptions;

  constructor(options: Uf2DriveOptions) {
    this.#options = options;
  }

  async program(uf2: Uint8Array, onProgress?: (fraction: number) => void): Promise<Result<void>> {
    const checked = checkUf2(uf2);
    if (!checked.ok) return checked;
    const { familyId } = this.#options;
    if (checked.value.familyId !== null && checked.value.familyId !== familyId)
      return fail(
        'programmer.wrong-family',
        { fileFamily: hex(checked.value.familyId), boardFamily: hex(familyId) },
        'The image is for another processor.',
        'Build it for this board; nothing was written.',
      );
    const drive = await this.#findDrive();
    if (!drive.ok) return drive;
    const copied = await copyTo(join(drive.value, 'MICROJ.UF2'), uf2, onProgress);
    // The board restarts on the last block, often before the file is closed: an error of the copy counts only
    // while the drive is still there.
    const vanished = await this.#waitUntilGone(drive.value, copied.ok ? VANISH_US : VANISH_US / 10);
    if (vanished) return ok();
    return copied.ok ? notTaken(drive.value, uf2.length) : copied;
  }

  async reset(): Promise<Result<void>> {
    return fail(
      'programmer.cannot-reset',
      { kind: this.kind },
      'A USB drive has no reset line.',
      "Press the board's reset, or unplug it and plug it in again.",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #findDrive(): Promise<Result<string>> {
    const { clock, boardId } = this.#options;
    const untilUs = clock.nowUs() + (this.#options.appearUs ?? 0);
    for (;;) {
      const drives = findUf2Drives(boardId, this.#options.mountFolders ?? defaultMountFolders());
      if (drives.length === 1) return ok(drives[0]!);
      if (drives.length > 1)
        return fail(
          'programmer.several-drives',
          { drives },
          'More than one board waits to be programmed.',
          'Unplug all but one.',
        );
      if (clock.nowUs() >= untilUs) return this.#noDrive();
      await clock.sleepUntilUs(Math.min(untilUs, clock.nowUs() + POLL_US));
    }
  }

  #noDrive(): Failure {
    const { boardId } = this.#options;
    const device = join(this.#options.labelFolder ?? '/dev/disk/by-label', boardId);
    if (existsSync(device))
      return fail(
        'programmer.not-mounted',
        { device },
        'The board is there as a drive, but this system does not mount drives by itself.',
        `Mount it: udisksctl mount -b ${device}`,
      );
    return fail(
      'programmer.no-drive',
      { boardId },
      'No board waits to be programmed.',
      'Hold BOOTSEL while plugging the board in, then retry.',
    );
  }

  async #waitUntilGone(drive: string, patienceUs: number): Promise<boolean> {
    const { clock } = this.#options;
    const untilUs = clock.nowUs() + patienceUs;
    for (;;) {
      if (!existsSync(join(drive, INFO_FILE))) return true;
      if (clock.nowUs() >= untilUs) return false;
      await clock.sleepUntilUs(clock.nowUs() + POLL_US);
    }
  }
}

/** Mount points whose INFO_UF2.TXT names the board. */
export function findUf2Drives(boardId: string, mountFolders: readonly string[]): string[] {
  const candidates = mountFolders.flatMap((folder) => {
    try {
      return [folder, ...readdirSync(folder).map((name) => join(folder, name))];
    } catch {
      return [];
    }
  });
  const drives = candidates.filter((folder) =>
    infoText(folder).some((line) => line.trim() === `Board-ID: ${boardId}`),
  );
  return [...new Set(drives)];
}

function infoText(folder: string): string[] {
  try {
    return readFileSync(join(folder, INFO_FILE), 'latin1').slice(0, 4096).split('\n');
  } catch {
    return [];
  }
}

async function copyTo(
  path: string,
  bytes: Uint8Array,
  onProgress?: (fraction: number) => void,
): Promise<Result<void>> {
  try {
    await using file = await open(path, 'w');
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const chunk = bytes.subarray(at, at + CHUNK_BYTES);
      await file.write(chunk);
      onProgress?.((at + chunk.length) / bytes.length);
    }
    await file.sync();
    return ok();
  } catch (e) {
    const reason = e instanceof Error ? e.message : String(e);
    return /EACCES|EPERM|EROFS/.test(reason)
      ? fail(
          'link.permission',
          { address: path, reason },
          'This user may not write to the drive.',
          'Mount it for this user: udisksctl mount -b /dev/disk/by-label/RPI-RP2',
        )
      : fail(
          'programmer.copy-failed',
          { address: path, reason },
          'The drive went away or refused in the middle of the copy.',
          'Plug the board in again with BOOTSEL held, and retry.',
        );
  }
}

function notTaken(drive: string, imageBytes: number): Failure {
  return fail(
    'programmer.not-taken',
    { drive, imageBytes, waitedMs: VANISH_US / 1000 },
    'The file was copied, but the board did not restart: the boot loader did not accept it.',
    'Unplug the board, plug it in with BOOTSEL held, and retry.',
  );
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
