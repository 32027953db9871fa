import type { z } from 'zod';
import { aboutMethods } from './about.ts';
import { activityMethods, topics } from './activity.ts';
import { hardwareMethods } from './hardware.ts';
import type { MethodSpec } from './method.ts';
import { graphMethods } from './graphs.ts';
import { modelCheckMethods } from './model-check.ts';
import { modelMethods } from './models.ts';
import { predictorMethods } from './predictor.ts';
import { reportMethods } from './reports.ts';
import { resultMethods } from './results.ts';
import { runMethods } from './runs.ts';
import { sampleMethods } from './samples.ts';
import { settingsMethods } from './settings.ts';
import { streamMethods } from './streams.ts';
import { traceMethods } from './traces.ts';

/** Everything a page can ask of the bench. A room's methods are in a file of their own and listed here. */
export const benchMethods = {
  ...aboutMethods,
  ...activityMethods,
  ...graphMethods,
  ...hardwareMethods,
  ...modelCheckMethods,
  ...modelMethods,
  ...predictorMethods,
  ...reportMethods,
  ...resultMethods,
  ...runMethods,
  ...sampleMethods,
  ...settingsMethods,
  ...streamMethods,
  ...traceMethods,
};

export { topics };

export type MethodName = keyof typeof benchMethods;
export type TopicName = keyof typeof topics;

type In<S> = S extends MethodSpec<infer I> ? z.input<I> : never;
type Parsed<S> = S extends MethodSpec<infer I> ? z.output<I> : never;
type Out<S> = S extends MethodSpec<z.ZodType, infer O> ? O : never;

/** As a caller writes it. */
export type MethodInput<M extends MethodName> = In<(typeof benchMethods)[M]>;
/** As a handler gets it. */
export type ParsedInput<M extends MethodName> = Parsed<(typeof benchMethods)[M]>;
export type MethodOutput<M extends MethodName> = Out<(typeof benchMethods)[M]>;
export type TopicInput<T extends TopicName> = In<(typeof topics)[T]>;
export type ParsedTopicInput<T extends TopicName> = Parsed<(typeof topics)[T]>;
export type TopicEvent<T extends TopicName> = Out<(typeof topics)[T]>;
