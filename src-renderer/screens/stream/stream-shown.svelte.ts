import { untrack } from 'svelte';
import type { Failure } from '../../../src-main/base/errors.ts';
import type { NumberedActivityEvent } from '../../../src-main/contract/bench/activity.ts';
import type { StreamResult, StreamRunEvent, StreamRunPlan } from '../../../src-main/contract/index.ts';
import { StreamPicture } from '../../charts/stream/stream-view.ts';
import { bench } from '../../state/bench.svelte.ts';

type Progress = Extract<StreamRunEvent, { type: 'progress' }>;

function pictureOf(plan: StreamRunPlan): StreamPicture {
  return new StreamPicture({
    classes: plan.classes,
    sampleRateHz: plan.sampleRateHz,
    hopSamples: plan.hopSamples,
    ignored: plan.detection.ignored,
  });
}

const COLUMNS = 4096;

/** The stream that the screen shows: one that runs, as its events come, or one of the database. */
export class ShownStream {
  streamId = $state<number | null>(null);
  picture = $state.raw<StreamPicture | null>(null);
  /** Grows with each change of the picture. */
  version = $state(0);
  plan = $state.raw<StreamRunPlan | null>(null);
  progress = $state.raw<Progress | null>(null);
  result = $state.raw<StreamResult | null>(null);
  warning = $state.raw<Failure | null>(null);
  failure = $state.raw<Failure | null>(null);
  live = $state(false);

  /** Follows an activity; returns how to stop looking. */
  follow(activityId: number): () => void {
    untrack(() => this.#clear());
    this.live = true;
    return bench.watch(activityId, (event) => this.#take(event));
  }

  /** A stream run of the database. */
  async open(streamId: number): Promise<void> {
    this.#clear();
    this.streamId = streamId;
    const found = await bench.request('streams.get', { streamId });
    if (this.streamId !== streamId) return;
    if (!found.ok) {
      this.failure = found;
      return;
    }
    await this.#show(found.value);
  }

  async #show(result: StreamResult): Promise<void> {
    const { streamId } = result;
    const [windows, signal] = await Promise.all([
      bench.request('streams.windows', { streamId }),
      result.recording === null ? null : bench.request('streams.signal', { streamId, columns: COLUMNS }),
    ]);
    if (this.streamId !== streamId) return;
    const picture = pictureOf(result.plan);
    if (windows.ok) picture.windows.push(...windows.value);
    else this.failure = windows;
    if (signal?.ok) picture.append(signal.value);
    else if (signal) this.warning = signal;
    picture.detections.push(...result.detections);
    picture.gaps.push(...result.gaps);
    picture.truth = result.truth?.spans ?? [];
    this.plan = result.plan;
    this.result = result;
    this.picture = picture;
    this.version++;
  }

  #take({ event }: NumberedActivityEvent): void {
    if (event.type === 'signal') {
      this.picture?.append(event.signal);
      this.version++;
    } else if (event.type === 'stream') this.#happened(event.event);
  }

  #happened(event: StreamRunEvent): void {
    switch (event.type) {
      case 'started':
        this.streamId = event.streamId;
        this.plan = event.plan;
        this.picture = pictureOf(event.plan);
        break;
      case 'window':
        this.picture?.windows.push(event.window);
        break;
      case 'detection':
        this.picture?.detections.push(event.detection);
        break;
      case 'gap':
        this.picture?.gaps.push(event.gap);
        break;
      case 'progress':
        this.progress = event;
        break;
      case 'warning':
        this.warning = { ok: false, ...event.failure };
        break;
      case 'ended':
        this.live = false;
        // its figures at once; the picture as it was kept a little later
        this.result = event.result;
        void this.#show(event.result);
        break;
    }
    this.version++;
  }

  #clear(): void {
    this.streamId = null;
    this.picture = null;
    this.plan = null;
    this.progress = null;
    this.result = null;
    this.warning = null;
    this.failure = null;
    this.live = false;
  }
}
