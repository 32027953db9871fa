import type { Failure } from '../../../src-main/base/errors.ts';
import type { TraceTrigger } from '../../../src-main/contract/trace.ts';
import type { TraceBench, TraceSession } from '../../charts/trace/trace-session.svelte.ts';
import { widthOf } from '../../charts/trace/span-view.ts';
import { keyPlace } from './trace-commands.ts';

/** What is searched for, as a form has it. */
export class TriggerSearch {
  kind = $state<TraceTrigger['kind']>('level');
  levelMa = $state<number | null>(1);
  direction = $state<'rising' | 'falling'>('rising');
  channel = $state(0);
  edge = $state<'rising' | 'falling' | 'any'>('rising');
  pulseLevel = $state<'0' | '1'>('1');
  minMs = $state<number | null>(0);
  maxMs = $state<number | null>(1000);
  mask = $state(1);
  value = $state(1);
  busy = $state(false);
  said = $state('');
  failure = $state.raw<Failure | null>(null);

  get trigger(): TraceTrigger {
    switch (this.kind) {
      case 'level':
        return { kind: 'level', levelA: (this.levelMa ?? 0) / 1000, direction: this.direction };
      case 'edge':
        return { kind: 'edge', channel: this.channel, direction: this.edge };
      case 'pulse':
        return {
          kind: 'pulse',
          channel: this.channel,
          level: this.pulseLevel === '1' ? 1 : 0,
          minS: (this.minMs ?? 0) / 1000,
          maxS: (this.maxMs ?? 1e6) / 1000,
        };
      case 'pattern':
        return { kind: 'pattern', mask: Math.max(1, this.mask), value: this.value & this.mask };
    }
  }
}

/** Goes to the next place after the cursor; on where a search that took too long left off. */
export async function nextTrigger(
  bench: TraceBench,
  session: TraceSession,
  search: TriggerSearch,
): Promise<void> {
  const { info } = session;
  if (!info || search.busy) return;
  search.busy = true;
  search.failure = null;
  let from = Math.min(session.length - 1, Math.floor(keyPlace(session)) + 1);
  for (let tries = 0; tries < 40; tries++) {
    const found = await bench.request('traces.trigger', {
      trace: info.id,
      fromSample: from,
      toSample: session.length,
      trigger: search.trigger,
    });
    if (!found.ok) {
      search.failure = found;
      break;
    }
    if (found.value.kind === 'none') {
      search.said = 'Nothing like that after the cursor.';
      break;
    }
    if (found.value.kind === 'found') {
      const { sample } = found.value;
      search.said = '';
      session.setCursor(sample);
      const half = widthOf(session.view) / 2;
      session.glide(() => ({ from: sample - half, to: sample + half }));
      break;
    }
    from = Math.ceil(found.value.sample);
    search.said = 'Searching on…';
  }
  search.busy = false;
}
