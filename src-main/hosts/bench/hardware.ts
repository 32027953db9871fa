import { fail, ok, type Result } from '../../base/errors.ts';
import type { Activity } from '../../contract/bench/activity.ts';
import type { hardwareMethods } from '../../contract/bench/hardware.ts';
import type { ParsedInput } from '../../contract/bench/methods.ts';
import { examine } from '../../core/doctor.ts';
import { listHardware } from '../../core/found-ports.ts';
import { identify } from '../../core/identify.ts';
import { targetOf } from '../../core/prepare.ts';
import type { BenchContext, Handlers } from './handlers.ts';
import { wiringOf } from './runs.ts';

export function hardwareHandlers(bench: BenchContext): Pick<Handlers, keyof typeof hardwareMethods> {
  const { core } = bench;
  return {
    'hardware.scan': async () => {
      const known = core.store.knownDevices.list();
      return ok(await listHardware(known.ok ? known.value : []));
    },
    'hardware.identify': ({ port }) => identify(port),
    'hardware.doctor': async () => ok(await examine()),
    'hardware.checkWiring': (input) => checkWiring(bench, input),
  };
}

/** What a board is programmed with for the check: small, and its operators are known. */
const CHECK_MODEL = 'kws-syn';

function checkWiring(
  { core, models, activities }: BenchContext,
  { targetId, wiring, supplyV, program }: ParsedInput<'hardware.checkWiring'>,
): Result<Activity> {
  const target = targetOf(targetId);
  if (!target.ok) return target;
  const model = models.list().find((m) => m.origin === 'shipped' && m.name === CHECK_MODEL);
  const known = models.find(model?.token ?? '');
  if (!known.ok)
    return fail(
      'bench.no-check-model',
      { model: CHECK_MODEL },
      'The model that the check puts on the board is missing from the product.',
      'Install Microjoule again.',
    );
  const { needsPort, name } = target.value;
  const place = [
    wiring.port ? ` --port ${wiring.port}` : '',
    wiring.monitor ? ` --monitor ${wiring.monitor}` : '',
  ].join('');
  return ok(
    activities.start({
      kind: 'check',
      title: `Wiring of ${name}`,
      cli: `microjoule check-wiring --target ${targetId}${place}${program ? ' --program' : ''}`,
      work: (c) =>
        core.checkWiring(known.value.path, targetId, wiringOf(wiring), {
          // nothing runs on an emulated board before it is programmed
          program: program || !needsPort,
          signal: c.signal,
          onStep: (step) => c.emit({ type: 'check', step }),
          ...(supplyV === undefined ? {} : { supplyV }),
        }),
    }),
  );
}
