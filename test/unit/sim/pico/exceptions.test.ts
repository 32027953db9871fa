/** Exceptions, NVIC and sleep by the ARMv6-M manual, on the core alone. */
import { describe, expect, it } from 'vitest';
import { CPU, EXIT } from '../../../../src-main/sim/pico/core/cpu-state.ts';
import { BareCore, BKPT, CODE, NOP, STACK } from './bare-core.ts';

const VECTORS = 0x2000_0400;
const HANDLER = CODE + 0x200;
const RETURN = 0x4770; // bx lr
const CPSID = 0xb672;
const CPSIE = 0xb662;
const WFI = 0xbf30;
const WFE = 0xbf20;
const SEV = 0xbf40;

/** Every exception's handler n lies at HANDLER + 16 n and is `movs r7, #n; …`. */
class Machine extends BareCore {
  constructor(code: readonly number[]) {
    super();
    this.put([...code, BKPT]);
    this.state[CPU.vtor] = VECTORS;
  }

  handler(exception: number, body: readonly number[]): this {
    this.putWord(VECTORS + 4 * exception, (HANDLER + 16 * exception) | 1);
    return this.put(body, HANDLER + 16 * exception);
  }

  pend(irq: number, priority = 0): this {
    const s = this.state;
    s[CPU.irqEnabled]! |= 1 << irq;
    s[CPU.irqPending]! |= 1 << irq;
    return this.prioritise(irq, priority);
  }

  prioritise(irq: number, priority: number): this {
    const at = CPU.irqPriority + (irq >> 2);
    const shift = 8 * (irq & 3) + 6;
    this.state[at] = (this.state[at]! & ~(3 << shift)) | (priority << shift);
    return this;
  }
}

describe('taking and leaving exceptions', () => {
  it('an interrupt runs its handler and comes back with everything as it was: 15 cycles in, 13 out', () => {
    const m = new Machine([NOP, NOP]).handler(16, [0x2107, RETURN]).pend(0).setFlags('ZV');
    m.state[1] = 3;
    m.runToBkpt();
    expect([m.r(1), m.flags(), m.r(13), m.state[CPU.ipsr]]).toEqual([3, 'ZV', STACK, 0]);
    expect(m.cycles).toBe(15 + 1 + 2 + 13 + 2);
  });

  it('the lower priority number wins, then the lower exception number', () => {
    // each handler shifts its number into r4
    const body = (n: number) => [0x0124, 0x3400 | n, RETURN]; // lsls r4, r4, #4; adds r4, #n; bx lr
    const m = new Machine([NOP]).handler(17, body(1)).handler(18, body(2)).handler(19, body(3));
    m.pend(1, 2).pend(2, 1).pend(3, 1);
    m.runToBkpt();
    expect(m.r(4).toString(16)).toBe('231');
  });

  it('a pending interrupt at the end of a handler is tail-chained in 6 cycles without unstacking', () => {
    const m = new Machine([NOP]).handler(16, [RETURN]).handler(17, [RETURN]).pend(0).pend(1);
    m.runToBkpt();
    expect(m.cycles).toBe(15 + 2 + 6 + 2 + 13 + 1);
  });

  it.each([
    ['a more urgent interrupt preempts a running handler', 1, '120'],
    ['an equally urgent one waits for its end', 2, '102'],
  ])('%s', (_, other, order) => {
    // IRQ0 at priority 2: adds 1, then shifts; IRQ1: shifts, then adds 2
    const m = new Machine([NOP])
      .handler(16, [0x3401, NOP, NOP, NOP, 0x0124, RETURN])
      .handler(17, [0x0124, 0x3402, RETURN]);
    m.pend(0, 2);
    while (m.r(4) === 0) m.run(1);
    m.pend(1, other).runToBkpt();
    // preempted: (1 << 4 | 2) << 4; else 1 << 4 << 4 | 2
    expect(m.r(4).toString(16)).toBe(order);
  });

  it('PRIMASK holds interrupts off until CPSIE, which takes them at once', () => {
    const m = new Machine([CPSID, 0x2001, CPSIE, 0x2002]).handler(16, [0x0004, RETURN]); // movs r4, r0
    m.pend(0);
    m.state[CPU.primask] = 1;
    m.runToBkpt();
    expect(m.r(4)).toBe(1);
  });

  it('a level that stays asserted runs its handler again; one that is withdrawn does not', () => {
    const m = new Machine([NOP, NOP]).handler(16, [0x3401, 0x2c03, 0xd000, RETURN, BKPT]); // stops at the third run
    m.state[CPU.irqEnabled] = 1;
    m.state[CPU.irqLevel] = 1;
    m.runToBkpt();
    expect(m.r(4)).toBe(3);
  });

  it('SVC runs SVCall and returns behind itself; where SVCall cannot preempt it is a HardFault', () => {
    const m = new Machine([0xdf05, 0x2309]).handler(11, [0x2408, RETURN]).runToBkpt();
    expect([m.r(3), m.state[CPU.ipsr]]).toEqual([9, 0]);
    const blocked = new Machine([CPSID, 0xdf05]).handler(3, [BKPT]);
    blocked.runToBkpt();
    expect(blocked.state[CPU.faultKind]).toBe(7);
  });

  it('with SPSEL the frame goes to the process stack and handlers run on the main stack', () => {
    // movs r0, #2; msr control, r0; isb; nop
    const m = new Machine([0x2002, 0xf380, 0x8814, 0xf3bf, 0x8f6f, CPSIE, NOP]).handler(16, [
      0x466c,
      0x4675,
      BKPT,
    ]);
    m.state[CPU.primask] = 1;
    m.state[CPU.bankedSp] = 0x2002_0000;
    m.pend(0).runToBkpt();
    expect(m.r(4)).toBe(STACK); // mov r4, sp
    expect(m.r(5)).toBe(0xffff_fffd); // mov r5, lr
    expect(m.state[CPU.bankedSp]).toBe(0x2002_0000 - 32);
  });

  it('a malformed EXC_RETURN is a HardFault', () => {
    // handler: movs r0, #0; mvns r0, r0 (0xffffffff); bx r0
    const m = new Machine([NOP]).handler(16, [0x2000, 0x43c0, 0x4700]).handler(3, [BKPT]).pend(0);
    m.runToBkpt();
    expect(m.state[CPU.faultKind]).toBe(8);
  });
});

describe('special registers', () => {
  it('MRS and MSR reach APSR, IPSR, MSP, PSP, PRIMASK and CONTROL', () => {
    // movs r0, #1; msr primask, r0; mrs r1, primask; ldr-less: msr psp from sp; mrs r2, psp
    const m = new Machine([
      0x2001, 0xf380, 0x8810, 0xf3ef, 0x8110, 0x466a, 0xf382, 0x8809, 0xf3ef, 0x8309, 0xf3ef, 0x8408,
    ]);
    m.runToBkpt();
    expect([m.r(1), m.r(3), m.r(4)]).toEqual([1, STACK, STACK]);
  });

  it('MSR to SP drops the low two bits', () => {
    const m = new Machine([0xf380, 0x8808]);
    m.state[0] = 0x2000_8003;
    expect(m.runToBkpt().r(13)).toBe(0x2000_8000);
  });
});

describe('sleep', () => {
  it('WFI sleeps until an enabled interrupt is pending and then runs its handler', () => {
    const m = new Machine([WFI, 0x2001]).handler(16, [0x2405, RETURN]);
    expect(m.run()).toBe(EXIT.asleep);
    expect(m.run()).toBe(EXIT.asleep);
    m.pend(0);
    m.runToBkpt();
    expect([m.r(0), m.r(4)]).toEqual([1, 5]);
  });

  it('with PRIMASK set WFI wakes and does not take the interrupt', () => {
    const m = new Machine([CPSID, WFI, 0x2001]).handler(16, [0x2405, RETURN]);
    expect(m.run()).toBe(EXIT.asleep);
    m.pend(0);
    m.runToBkpt();
    expect([m.r(0), m.r(4)]).toEqual([1, 0]);
  });

  it('a pending but disabled interrupt does not end WFI', () => {
    const m = new Machine([WFI]);
    m.run();
    m.state[CPU.irqPending] = 1;
    expect(m.run()).toBe(EXIT.asleep);
  });

  it('WFE returns at once after SEV, and sleeps the second time', () => {
    const m = new Machine([SEV, WFE, 0x2001, WFE, 0x2002]);
    expect(m.run()).toBe(EXIT.asleep);
    expect(m.r(0)).toBe(1);
  });

  it('SEVONPEND lets a disabled interrupt end WFE', () => {
    const m = new Machine([WFE, 0x2001]);
    m.state[CPU.scr] = 0x10;
    expect(m.run()).toBe(EXIT.asleep);
    m.state[CPU.irqPending] = 1;
    expect(m.runToBkpt().r(0)).toBe(1);
  });

  it('SLEEPONEXIT sleeps instead of returning to thread code', () => {
    const m = new Machine([NOP, NOP, NOP]).handler(16, [0x2405, RETURN]).pend(0);
    m.state[CPU.scr] = 2;
    expect(m.run()).toBe(EXIT.asleep);
    expect([m.r(4), m.state[CPU.ipsr]]).toEqual([5, 0]);
  });
});

describe('an exception that arrives while another is entered', () => {
  /** IRQ0 at priority 2 pending from the start, IRQ1 at 1; each handler shifts its digit into r4. */
  const machine = () =>
    new Machine([NOP])
      .handler(16, [0x0124, 0x3401, RETURN])
      .handler(17, [0x0124, 0x3402, RETURN])
      .pend(0, 2)
      .prioritise(1, 1);

  it('goes first when it is more urgent, for the price of one entry: the stacking is shared', () => {
    const m = machine();
    m.run(14); // the 15 cycles of entry are not over
    expect(m.state[CPU.ipsr]).toBe(0);
    m.pend(1, 1).runToBkpt();
    expect(m.r(4).toString(16)).toBe('21');
    // entry 15, handler 1 + 1 + 2, tail-chain 6, handler 4, return 13, NOP 1
    expect(m.cycles).toBe(15 + 4 + 6 + 4 + 13 + 1);
  });

  it('waits for the first handler when it is not', () => {
    const m = machine();
    m.run(14);
    m.pend(1, 2).runToBkpt();
    expect(m.r(4).toString(16)).toBe('12');
  });

  it('nests when it comes after the entry', () => {
    const m = machine();
    m.run(16);
    expect(m.state[CPU.ipsr]).toBe(16);
    m.pend(1, 1).runToBkpt();
    // lsls of the first handler was done, its adds comes last: 2 and then + 1
    expect(m.r(4)).toBe(3);
  });
});

describe('register lists and interrupts', () => {
  /** ldm r0!, {r1-r4}: 5 cycles. */
  function machine(): Machine {
    const m = new Machine([0xc81e, NOP]).handler(16, [0x3701, RETURN]); // adds r7, #1
    m.state[0] = STACK - 0x100;
    for (let i = 0; i < 4; i++) m.putWord(STACK - 0x100 + 4 * i, 0x100 + i);
    return m;
  }

  it('a list under way is abandoned, starts over after the handler, and what was spent is lost', () => {
    const m = machine();
    m.run(3);
    expect([m.r(1), m.state[15]]).toEqual([0, CODE]);
    m.pend(0).runToBkpt();
    expect([m.r(1), m.r(4), m.r(7)]).toEqual([0x100, 0x103, 1]);
    // 3 lost, entry 15, adds 1, bx 2, return 13, ldm 5, nop 1
    expect(m.cycles).toBe(3 + 15 + 3 + 13 + 5 + 1);
  });

  it('without an interrupt, cutting it costs nothing', () => {
    const m = machine();
    for (let i = 0; i < 5; i++) m.run(1);
    expect([m.r(1), m.r(4), m.cycles]).toEqual([0x100, 0x103, 5]);
  });

  it.each([
    ['stmia r0!, {r1-r4}', 0xc01e],
    ['push {r1-r4}', 0xb41e],
    ['pop {r1-r4}', 0xbc1e],
  ])('%s too', (_, op) => {
    const whole = new Machine([op, NOP]).handler(16, [RETURN]);
    const cut = new Machine([op, NOP]).handler(16, [RETURN]);
    for (const m of [whole, cut]) {
      m.state[0] = STACK - 0x100;
      m.state[13] = STACK - 0x40;
      for (let i = 1; i < 5; i++) m.state[i] = i;
    }
    whole.runToBkpt();
    cut.run(4);
    cut.pend(0).runToBkpt();
    expect(cut.cycles).toBe(whole.cycles + 4 + 15 + 2 + 13);
    expect([...cut.state.subarray(0, 15)]).toEqual([...whole.state.subarray(0, 15)]);
    for (let at = STACK - 0x110; at < STACK - 0x60; at += 4) expect(cut.word(at)).toBe(whole.word(at));
  });
});

describe('SEVONPEND', () => {
  it('is an event when an interrupt becomes pending, not while it stays so', () => {
    const m = new Machine([WFE, 0x2001, WFE, 0x2002]);
    m.state[CPU.irqPending] = 4; // disabled, and pending since before SEVONPEND was set
    m.run(1);
    m.state[CPU.scr] = 0x10;
    expect(m.run()).toBe(EXIT.asleep);
    m.state[CPU.irqPending]! |= 8;
    expect(m.run()).toBe(EXIT.asleep);
    expect(m.r(0)).toBe(1);
  });
});
