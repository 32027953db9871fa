import { z } from 'zod';
import { method } from './method.ts';

/** An address that was typed or chosen before; never more than these few are kept. */
const Address = z.string().min(1).max(256);
export const MAX_RECENT = 8;

/** What a user chose once, kept by the bench: desktop and web agree, and the next start remembers. */
export const Settings = z.object({
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  density: z.enum(['comfortable', 'compact']).default('comfortable'),
  motion: z.enum(['system', 'reduced']).default('system'),
  /** For new runs, V. */
  supplyV: z.number().min(0.8).max(5).default(3.3),
  targetId: z.string().min(1).max(64).default('pico-emulated'),
  /** Newest first. */
  recentPorts: z.array(Address).max(MAX_RECENT).default([]),
  recentMonitors: z.array(Address).max(MAX_RECENT).default([]),
  /** The first start was greeted. */
  welcomed: z.boolean().default(false),
});
export type Settings = z.infer<typeof Settings>;

/** What may be set at once; a field that is left out stays. */
export const SettingsChange = z.object({
  theme: Settings.shape.theme.unwrap().optional(),
  density: Settings.shape.density.unwrap().optional(),
  motion: Settings.shape.motion.unwrap().optional(),
  supplyV: Settings.shape.supplyV.unwrap().optional(),
  targetId: Settings.shape.targetId.unwrap().optional(),
  recentPorts: Settings.shape.recentPorts.unwrap().optional(),
  recentMonitors: Settings.shape.recentMonitors.unwrap().optional(),
  welcomed: Settings.shape.welcomed.unwrap().optional(),
});
export type SettingsChange = z.infer<typeof SettingsChange>;

export interface SettingsAndPlace {
  readonly settings: Settings;
  /** The folder of database and traces, for people to find it. */
  readonly folder: string;
}

export const settingsMethods = {
  'settings.get': method(z.object({}))<SettingsAndPlace>(),
  'settings.set': method(SettingsChange)<SettingsAndPlace>(),
};

/** A used address goes to the front, once. */
export function withRecent(recent: readonly string[], address: string): string[] {
  return [address, ...recent.filter((a) => a !== address)].slice(0, MAX_RECENT);
}
