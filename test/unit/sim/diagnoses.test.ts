import { describe, expect, it } from 'vitest';
import { Diagnoses, diagnosisText } from '../../../src-main/sim/diagnoses.ts';

const stalled = { id: 'sim.diagnosis.usb-stall-loop', cause: 'Why.', next: 'What.', firstUs: 7 };

describe('diagnoses', () => {
  it('come up the first, tenth and hundredth time; the first says why and what to do', () => {
    const diagnoses = new Diagnoses();
    const lines: string[] = [];
    for (let i = 0; i < 150; i++) {
      diagnoses.note({ ...stalled, facts: { pc: '0x1000_0200', line: 3 } }, 'place');
      lines.push(...(diagnoses.takeFresh() ?? []).map(diagnosisText));
    }
    expect(lines).toEqual([
      'sim.diagnosis.usb-stall-loop (pc=0x1000_0200 line=3): Why. What.',
      'sim.diagnosis.usb-stall-loop (pc=0x1000_0200): seen 10 times',
      'sim.diagnosis.usb-stall-loop (pc=0x1000_0200): seen 100 times',
    ]);
  });

  it('what has no instruction is told by its facts when it is seen again', () => {
    const again = { ...stalled, facts: { endpoint: '0x82', request: 'halt' }, count: 10 };
    expect(diagnosisText(again)).toBe(
      'sim.diagnosis.usb-stall-loop (endpoint=0x82 request=halt): seen 10 times',
    );
  });

  it('are bounded: the hundred and first kind is not kept', () => {
    const diagnoses = new Diagnoses();
    for (let i = 0; i < 101; i++) diagnoses.note({ ...stalled, facts: {} }, `place ${i}`);
    expect(diagnoses.list).toHaveLength(100);
  });
});
