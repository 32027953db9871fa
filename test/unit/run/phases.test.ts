import { describe, expect, it } from 'vitest';
import { Phase } from '../../../src-main/contract/index.ts';
import { failureKind } from '../../../src-main/run/failures.ts';
import { endPhases, mayFollow, PhaseMachine } from '../../../src-main/run/phases.ts';

const all = Phase.options;

describe('the phases of a run', () => {
  it('every phase is reachable from planned and an end is reachable from every phase', () => {
    const reach = (from: Phase): Set<Phase> => {
      const seen = new Set<Phase>([from]);
      for (const p of seen) for (const q of all) if (mayFollow(p, q)) seen.add(q);
      return seen;
    };
    expect([...reach('planned')].sort()).toEqual([...all].sort());
    for (const p of all)
      expect(
        [...reach(p)].some((q) => endPhases.has(q)),
        p,
      ).toBe(true);
  });

  it('nothing follows an end, and only checking leads to finished', () => {
    for (const end of endPhases) expect(all.filter((p) => mayFollow(end, p))).toEqual([]);
    expect(all.filter((p) => mayFollow(p, 'finished'))).toEqual(['checking']);
  });

  it('what comes back from a pause is identified before it is measured', () => {
    expect(all.filter((p) => mayFollow('paused', p))).toEqual(['identifying', 'interrupted', 'failed']);
  });

  it('a step that is not allowed is a bug', () => {
    expect(() => new PhaseMachine().enter('measuring')).toThrow(/planned to measuring/);
  });
});

describe('what a failure means for a run', () => {
  it.each([
    ['link.closed', 'lost'],
    ['monitor.link-lost', 'lost'],
    ['trace.recording-ended', 'lost'],
    ['device.reset-in-run', 'void'],
    ['device.no-reply', 'void'],
    ['device.window-damaged', 'void'],
    ['trace.window-empty', 'void'],
    ['trace.disk-full', 'fatal'],
    ['store.full', 'fatal'],
    ['dataset.file-missing', 'fatal'],
    ['device.wrong-program', 'fatal'],
    ['run.interrupted', 'aborted'],
  ])('%s: %s', (id, kind) => expect(failureKind({ id })).toBe(kind));
});
