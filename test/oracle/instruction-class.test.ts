/** Classes and bytes of instructions, as the mnemonics of binutils' disassembler tell them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { instructionKind } from '../../src-main/compile/instruction-class.ts';
import { describeWith, needs } from '../needs.ts';

/** [mnemonic, operands] of every halfword that is no first half of a wide instruction. */
function disassembled(): (readonly [number, string, string])[] {
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-classes-'));
  try {
    const halfwords = Uint16Array.from({ length: 0xe800 }, (_, i) => i);
    writeFileSync(join(dir, 'all.bin'), new Uint8Array(halfwords.buffer));
    const flags = ['-D', '-b', 'binary', '-m', 'arm', '-M', 'force-thumb', join(dir, 'all.bin')];
    const text = execFileSync('arm-none-eabi-objdump', flags, { encoding: 'utf8', maxBuffer: 1 << 26 });
    return text
      .split('\n')
      .map((line) => /^\s+[0-9a-f]+:\s+([0-9a-f]{4})\s+\t(\S+)\s*(.*)$/.exec(line))
      .filter((m) => m !== null)
      .map((m) => [parseInt(m[1]!, 16), m[2]!, m[3]!] as const);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Not in ARMv6-M: undefined, IT blocks, CBZ, SETEND, DBG and reserved hints. */
const ELSEWHERE =
  /^(?:@|<|\.|it|cbn?z|setend|setpan|udf|sevl|hlt|bkpt|svc|yield|nop|wfe|wfi|sev|cps|dbg|esb|csdb|hint|bxns|blxns)/;

function expected(mnemonic: string, operands: string): [string, number, number] {
  const name = mnemonic.replace(/\.[nw]$/, '');
  const list = /\{([^}]*)\}/.exec(operands)?.[1];
  if (list !== undefined) {
    const count = list.split(',').reduce((sum, part) => {
      const [from, to] = part
        .trim()
        .split('-')
        .map((r) => registerNumber(r));
      return sum + (to === undefined ? 1 : to - from! + 1);
    }, 0);
    return [
      'multiple',
      /^(?:pop|ldm)/.test(name) ? 4 * count : 0,
      /^(?:push|stm)/.test(name) ? 4 * count : 0,
    ];
  }
  const width = /b$/.test(name) ? 1 : /h$/.test(name) ? 2 : 4;
  if (/^ldr/.test(name)) return ['load', width, 0];
  if (/^str/.test(name)) return ['store', 0, width];
  if (/^mul/.test(name)) return ['multiply', 0, 0];
  const toPc = /^(?:mov|add)$/.test(name) && /^pc,/.test(operands);
  if (toPc || /^(?:b|bl|bx|blx|b(?:eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le))$/.test(name))
    return ['branch', 0, 0];
  return ['alu', 0, 0];
}

function registerNumber(name: string): number {
  return { sp: 13, lr: 14, pc: 15 }[name] ?? Number(name.slice(1));
}

describeWith([needs.armGcc], 'classes of instructions', () => {
  it('are those of the mnemonics, for every 16-bit encoding of ARMv6-M', () => {
    const wrong: string[] = [];
    let compared = 0;
    for (const [opcode, mnemonic, operands] of disassembled()) {
      // an empty register list is unpredictable
      if (ELSEWHERE.test(mnemonic) || operands.includes('{}')) continue;
      const { kind, loadBytes, storeBytes } = instructionKind(opcode);
      compared++;
      const theirs = expected(mnemonic, operands).join(' ');
      const ours = [kind, loadBytes, storeBytes].join(' ');
      if (ours !== theirs)
        wrong.push(`${opcode.toString(16)} ${mnemonic} ${operands}: ${ours}, not ${theirs}`);
    }
    expect(compared).toBeGreaterThan(50_000);
    expect(wrong.slice(0, 20)).toEqual([]);
  });
});
