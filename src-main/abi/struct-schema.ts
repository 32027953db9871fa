/** How the schema's structs are written down; schema.ts and operator-params.ts are made of it. */

export type FieldType = 'u8' | 'u16' | 'u32' | 'i8' | 'i16' | 'i32' | 'f32';

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** Array length; absent for a scalar. */
  readonly count?: number;
  readonly doc: string;
}

export interface StructSchema {
  readonly name: string;
  readonly doc: string;
  readonly bytes: number;
  readonly fields: readonly Field[];
}

export const field = (name: string, type: FieldType, doc: string, count?: number): Field =>
  count === undefined ? { name, type, doc } : { name, type, doc, count };
