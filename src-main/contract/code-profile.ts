import { z } from 'zod';

const Count = z.number().nonnegative();

/** Kinds of ARMv6-M instructions. `multiple`: PUSH, POP, LDM, STM. */
export const InstructionClass = z.enum(['alu', 'multiply', 'load', 'store', 'multiple', 'branch', 'other']);
export type InstructionClass = z.infer<typeof InstructionClass>;

export const CodeLine = z.object({
  /** null where the image has no line for it. */
  file: z.string().nullable(),
  line: z.number().int().nonnegative(),
  cycles: Count,
  instructions: Count,
});
export type CodeLine = z.infer<typeof CodeLine>;

export const CodeFunctionCost = z.object({
  name: z.string(),
  /** How often its first instruction ran. */
  calls: Count,
  instructions: Count,
  cycles: Count,
  /** Of the cycles: waiting for flash or for another bus master. */
  stallCycles: Count,
  /** Costliest first. */
  lines: z.array(CodeLine),
});
export type CodeFunctionCost = z.infer<typeof CodeFunctionCost>;

/** Loads and stores by what the instructions say, not by what a bus monitor saw. */
export const Traffic = z.object({
  loads: Count,
  loadBytes: Count,
  stores: Count,
  storeBytes: Count,
  /** Data reads from flash through XIP. */
  flashReads: Count,
  /** Accesses to peripherals. */
  registerAccesses: Count,
});
export type Traffic = z.infer<typeof Traffic>;

/** What ran while one operator was on the pins; `operator` null: outside every window. */
export const CodePart = z.object({
  operator: z.number().int().nonnegative().nullable(),
  name: z.string(),
  cycles: Count,
  stallCycles: Count,
  instructions: Count,
  classes: z.array(z.object({ kind: InstructionClass, instructions: Count, cycles: Count })),
  traffic: Traffic,
  /** Costliest first. */
  functions: z.array(CodeFunctionCost),
});
export type CodePart = z.infer<typeof CodePart>;

/**
 * Where the cycles of a stretch of time went, without any code of the firmware's for it: Σ parts.cycles + exceptions +
 * asleep + ROM = cycles.
 */
export const CodeProfile = z.object({
  cycles: Count,
  asleepCycles: Count,
  exceptionCycles: Count,
  romCycles: Count,
  stallCycles: Count,
  xipAccesses: Count,
  xipHits: Count,
  clkSysHz: Count,
  parts: z.array(CodePart),
});
export type CodeProfile = z.infer<typeof CodeProfile>;
