import { fail, ok, type Result } from '../base/errors.ts';
import { bulkLoad } from './bulk.ts';
import type { Conversation } from './conversation.ts';
import { damaged, keyed, wholeNumber } from './mj-replies.ts';
import { StreamLine, type StreamLineOptions } from './stream-line.ts';

/** `mj load stream`, `mj stream`. */
export async function enterStream(
  talk: Conversation,
  setup: Uint8Array,
  options: StreamLineOptions,
): Promise<Result<StreamLine>> {
  if (talk.topology.kind !== 'direct')
    return fail(
      'device.stream-not-direct',
      { address: talk.link.address, topology: talk.topology.kind },
      'Frames do not pass an interface board, which speaks in lines.',
      'Connect the board itself.',
    );
  const loaded = await bulkLoad(talk, 'stream', setup);
  if (!loaded.ok) return loaded;
  const begun = await talk.ask({
    command: 'mj stream',
    own: ['mj'],
    ownRequired: true,
    endsAt: (m) => m.kind === 'mj' && m.word === 'stream',
  });
  if (!begun.ok) return begun;
  const refused = begun.value.messages.find((m) => m.kind === 'error');
  if (refused)
    return fail(
      'device.stream-refused',
      { deviceSays: refused.text },
      'The device cannot run this stream.',
      'Check that front end, window and model belong together.',
    );
  const line = begun.value.messages.find((m) => m.kind === 'mj' && m.word === 'stream');
  const fields = keyed((line?.kind === 'mj' ? line.body : undefined) ?? '');
  const ringBytes = wholeNumber(fields.get('ring'));
  const frames = wholeNumber(fields.get('frames'));
  if (ringBytes === null || frames === null || frames < 1)
    return damaged('mj stream', begun.value.lines.join(' | '));
  // what is heard from here on is frames: the dialect has to be found again afterwards
  talk.loseStep();
  return ok(new StreamLine(talk, { ringBytes, frames }, options));
}
