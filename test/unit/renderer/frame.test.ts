import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commands } from '../../../src-main/contract/bench/commands.ts';
import { bestFits, fitOf } from '../../../src-renderer/app/command-search.ts';
import { hotkeyText, isHotkey, isTyping, type KeyPress } from '../../../src-renderer/app/hotkeys.ts';
import { runBarText } from '../../../src-renderer/app/run-bar-text.ts';
import { samplingText } from '../../../src-renderer/app/sampling-text.ts';
import { Announcer } from '../../../src-renderer/state/announcer.ts';
import { markedParts } from '../../../src-renderer/widgets/marked-text.ts';
import { readNumber } from '../../../src-renderer/widgets/number-text.ts';
import { placeBeside } from '../../../src-renderer/widgets/place.ts';
import { nextOrder, ordered } from '../../../src-renderer/widgets/table-order.ts';

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

describe('hotkeys', () => {
  it('Mod is Ctrl, on a Mac Cmd; the other one held makes it another key', () => {
    expect(isHotkey(press('k', { ctrlKey: true }), 'Mod+K', false)).toBe(true);
    expect(isHotkey(press('k', { metaKey: true }), 'Mod+K', false)).toBe(false);
    expect(isHotkey(press('k', { metaKey: true }), 'Mod+K', true)).toBe(true);
    expect(isHotkey(press('k', { ctrlKey: true, metaKey: true }), 'Mod+K', true)).toBe(false);
    expect(isHotkey(press('k'), 'Mod+K', false)).toBe(false);
  });

  it('? is Shift and another key on most keyboards, and that counts', () => {
    expect(isHotkey(press('?', { shiftKey: true }), '?', false)).toBe(true);
    expect(isHotkey(press('?'), '?', false)).toBe(true);
    expect(isHotkey(press('?', { ctrlKey: true }), '?', false)).toBe(false);
  });

  it('Shift makes a letter another hotkey, and Alt any', () => {
    expect(isHotkey(press('O', { ctrlKey: true, shiftKey: true }), 'Mod+O', false)).toBe(false);
    expect(isHotkey(press('Enter', { ctrlKey: true, altKey: true }), 'Mod+Enter', false)).toBe(false);
  });

  it('are as key caps say it', () => {
    expect(hotkeyText('Mod+Enter', false)).toBe('Ctrl+Enter');
    expect(hotkeyText('Mod+K', true)).toBe('⌘ K');
    expect(hotkeyText('Escape', false)).toBe('Esc');
  });

  it('no two commands share one', () => {
    const keys = commands.map((c) => c.hotkey).filter((k) => k !== null);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('typing is in text fields, lists and editable text, not on buttons and switches', () => {
    const at = (tagName: string, type?: string, isContentEditable = false) =>
      isTyping({ tagName, isContentEditable, ...(type === undefined ? {} : { type }) });
    expect([
      at('INPUT', 'text'),
      at('INPUT', 'number'),
      at('TEXTAREA'),
      at('SELECT'),
      at('DIV', undefined, true),
    ]).toEqual([true, true, true, true, true]);
    expect([at('BUTTON'), at('INPUT', 'checkbox'), at('INPUT', 'radio'), at('A')]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(isTyping(null)).toBe(false);
  });
});

describe('the palette', () => {
  const titles = ['Start the run', 'Recover interrupted run', 'Run', 'Report', 'Settings'];
  it('puts what begins with the words first, and needs every word', () => {
    expect(bestFits('run', titles, (t) => t)).toEqual(['Run', 'Start the run', 'Recover interrupted run']);
    expect(bestFits('run rec', titles, (t) => t)).toEqual(['Recover interrupted run']);
    expect(bestFits('', titles, (t) => t)).toEqual(titles);
    expect(fitOf('xyz', 'Run')).toBe(0);
  });
});

describe('numbers as they are typed', () => {
  it('takes a decimal comma, spaces between digits and exponents', () => {
    expect(readNumber('1,5', {})).toEqual({ ok: true, value: 1.5 });
    expect(readNumber('1 000 000', {})).toEqual({ ok: true, value: 1e6 });
    expect(readNumber('−3e-6', {})).toEqual({ ok: true, value: -3e-6 });
  });

  it('1,000.5 and 12abc are not numbers: nothing is guessed', () => {
    for (const text of ['1,000.5', '12abc', '0x10', 'Infinity', 'NaN', '--1', '.'])
      expect(readNumber(text, {}), text).toMatchObject({ ok: false });
  });

  it('says its limits, and whether it may be empty or a fraction', () => {
    expect(readNumber('0', { min: 1, max: 1000 })).toEqual({ ok: false, problem: 'Between 1 and 1000.' });
    expect(readNumber('2.5', { integer: true })).toMatchObject({ ok: false });
    expect(readNumber('', { optional: true })).toEqual({ ok: true, value: null });
    expect(readNumber(' ', {})).toMatchObject({ ok: false });
  });
});

describe('tables', () => {
  it('rows without a value are last in both directions, and ties stay as they were', () => {
    const rows = [
      { id: 'a', v: 2 },
      { id: 'b', v: null },
      { id: 'c', v: 1 },
      { id: 'd', v: 2 },
    ];
    const order = (descending: boolean) => ordered(rows, (r) => r.v, descending).map((r) => r.id);
    expect(order(false)).toEqual(['c', 'a', 'd', 'b']);
    expect(order(true)).toEqual(['a', 'd', 'c', 'b']);
  });

  it('window 10 comes after window 9', () => {
    const rows = ['window 10', 'window 9', 'window 1'];
    expect(ordered(rows, (r) => r, false)).toEqual(['window 1', 'window 9', 'window 10']);
  });

  it('a head is pressed thrice: its direction, the other, as it was', () => {
    const first = nextOrder(null, 'macs', true);
    const second = nextOrder(first, 'macs', true);
    expect([first, second, nextOrder(second, 'macs', true)]).toEqual([
      { key: 'macs', descending: true },
      { key: 'macs', descending: false },
      null,
    ]);
    expect(nextOrder(second, 'name', false)).toEqual({ key: 'name', descending: false });
  });
});

describe('panels beside their anchor', () => {
  const window = { width: 1000, height: 700 };
  const panel = { width: 300, height: 200 };
  it('are below, above where there is no room, and never outside', () => {
    const low = { left: 100, top: 600, width: 80, height: 30 };
    expect(placeBeside({ ...low, top: 100 }, panel, window)).toEqual({ left: 100, top: 136 });
    expect(placeBeside(low, panel, window)).toEqual({ left: 100, top: 394 });
    expect(placeBeside({ ...low, left: 950, top: 100 }, panel, window).left).toBe(692);
    expect(placeBeside({ ...low, left: -50, top: 100 }, panel, window).left).toBe(8);
  });

  it('a panel higher than the window begins at its top', () => {
    const at = placeBeside(
      { left: 10, top: 300, width: 10, height: 10 },
      { width: 100, height: 900 },
      window,
    );
    expect(at.top).toBe(8);
  });
});

describe('what is announced', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is the newest state, at most every five seconds, and never twice the same', () => {
    const said: string[] = [];
    const announcer = new Announcer((text) => said.push(text));
    announcer.announce('1 of 5');
    announcer.announce('2 of 5');
    announcer.announce('3 of 5');
    expect(said).toEqual(['1 of 5']);
    vi.advanceTimersByTime(4999);
    expect(said).toEqual(['1 of 5']);
    vi.advanceTimersByTime(1);
    expect(said).toEqual(['1 of 5', '3 of 5']);
    announcer.announce('3 of 5');
    vi.advanceTimersByTime(10_000);
    expect(said).toEqual(['1 of 5', '3 of 5']);
    announcer.announce('4 of 5');
    expect(said).toEqual(['1 of 5', '3 of 5', '4 of 5']);
  });

  it('what was taken back in the meantime is not said', () => {
    const said: string[] = [];
    const announcer = new Announcer((text) => said.push(text));
    announcer.announce('Paused');
    announcer.announce('Going on');
    announcer.announce('Paused');
    vi.advanceTimersByTime(5000);
    expect(said).toEqual(['Paused']);
  });
});

describe('the run bar', () => {
  const activity = { state: 'active', title: 'kws-syn on pico' } as Parameters<typeof runBarText>[0];
  const view = (over: object) =>
    ({
      plan: { windows: 20 },
      windows: [],
      phase: 'measuring',
      items: null,
      paused: null,
      progress: null,
      ...over,
    }) as unknown as Parameters<typeof runBarText>[1];
  const done = (n: number) => Array.from({ length: n }, () => ({ status: 'finished' }));

  it('names the window that is measured and what is left', () => {
    expect(runBarText(activity, view({ windows: done(6), progress: { etaS: 90 } }))).toEqual({
      what: 'Window 7/20, 1 min 30 s left',
      share: 0.3,
    });
  });

  it('a pulled cable says what to do, by the number of the window that waits', () => {
    expect(runBarText(activity, view({ paused: { window: 6, of: 20 } })).what).toBe(
      'Paused: plug it back to continue window 7/20',
    );
  });

  it('an activity that is no run has its title', () => {
    expect(runBarText(activity, null)).toEqual({ what: 'kws-syn on pico', share: null });
  });
});

describe('sampling', () => {
  it('of an energy run: rate of its newest window, losses of all', () => {
    const energy = (sampleCount: number, lostSamples: number) => ({
      energy: { sampleCount, lostSamples, durationUs: 1e6 },
    });
    const run = { windows: [energy(99_936, 64), energy(100_000, 0)] } as unknown as Parameters<
      typeof samplingText
    >[1];
    expect(samplingText(null, run)).toEqual({ rate: 100_000, lost: 64 });
    expect(samplingText(null, null)).toEqual({ rate: null, lost: null });
  });
});

it('backticks in a sentence mark commands', () => {
  expect(markedParts('Look with `microjoule ports`.')).toEqual([
    { text: 'Look with ', code: false },
    { text: 'microjoule ports', code: true },
    { text: '.', code: false },
  ]);
  expect(markedParts('one ` alone')).toEqual([{ text: 'one ` alone', code: false }]);
});
