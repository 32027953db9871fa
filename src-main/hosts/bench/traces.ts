import { ok } from '../../base/errors.ts';
import { failureDto } from '../../core/trace-views.ts';
import type { traceMethods } from '../../contract/bench/traces.ts';
import type { BenchContext, Handlers } from './handlers.ts';

export function traceHandlers({ core, activities }: BenchContext): Pick<Handlers, keyof typeof traceMethods> {
  const { trace } = core;
  return {
    'traces.list': () => {
      const { traces, unreadable } = trace.list();
      return ok({
        traces,
        unreadable: unreadable.map(({ path, failure }) => ({ path, failure: failureDto(failure) })),
      });
    },
    'traces.info': (input) => trace.info(input.trace),
    'traces.envelope': ({ columns, ...span }) => trace.envelope(span, columns),
    'traces.statistics': (span) => trace.statistics(span),
    'traces.histogram': (span) => trace.histogram(span),
    'traces.spectrum': (span) => trace.spectrum(span),
    'traces.markers': (span) => trace.markers(span),
    'traces.compare': ({ a, b }) => trace.compare(a, b),
    'traces.trigger': ({ trigger, ...span }) => trace.nextTrigger(span, trigger),
    'traces.annotate': ({ text, ...span }) => trace.annotate(span, text),
    'traces.removeAnnotation': (input) => trace.removeAnnotation(input.trace, input.id),
    'traces.restoreAnnotation': (input) => trace.restoreAnnotation(input.trace, input.id),
    'traces.record': (request) =>
      ok(
        activities.start({
          kind: 'record',
          title: `Recording ${request.monitor}`,
          cli: `microjoule record --monitor ${request.monitor}`,
          work: async (c) => {
            const recorded = await core.record(request, {
              signal: c.signal,
              onStatus: (status) => c.emit({ type: 'record', status, traceId: null }),
            });
            if (recorded.ok) {
              c.made({ traceId: recorded.value.trace.id });
              c.emit({ type: 'recorded', summary: recorded.value });
            }
            return recorded;
          },
        }),
      ),
  };
}
