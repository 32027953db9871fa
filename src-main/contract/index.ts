/** Requests, events and values shared by window, CLI and core. No Node, no DOM. The one allowed barrel. */
export * from './accuracy.ts';
export * from './comparison.ts';
export * from './error-ids.ts';
export * from './events.ts';
export * from './failure.ts';
export * from './monitor-check.ts';
export * from './plan.ts';
export * from './code-profile.ts';
export * from './profile.ts';
export * from './quantity.ts';
export * from './result.ts';
export * from './stream.ts';
export * from './target.ts';
export * from './trace.ts';
export * from './window.ts';
export * from './window-values.ts';
