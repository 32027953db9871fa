/**
 * What Electron 22 (Node 16, Chromium 108) lacks of what the desktop's programs use. The desktop tests put this before each
 * bundle of their own build; no build of the product knows of it.
 */
import Module from 'node:module';
import * as v8 from 'node:v8';
import { webcrypto } from 'node:crypto';
import type { App, Protocol } from 'electron';

type Members = Readonly<Record<string, unknown>>;

/** Adds members where they are missing. */
function supply(target: object, members: Members): void {
  for (const [name, value] of Object.entries(members))
    if (!(name in target))
      Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}

for (const name of ['dispose', 'asyncDispose'])
  if (!(name in Symbol))
    Object.defineProperty(Symbol, name, { value: Symbol(`Symbol.${name}`), writable: false });

type AnyArray = unknown[];
supply(Array.prototype, {
  toSorted(this: AnyArray, compare?: (a: unknown, b: unknown) => number) {
    return [...this].sort(compare);
  },
  toReversed(this: AnyArray) {
    return [...this].reverse();
  },
  toSpliced(this: AnyArray, ...words: [number, number, ...AnyArray]) {
    const copy = [...this];
    copy.splice(...words);
    return copy;
  },
  with(this: AnyArray, index: number, value: unknown) {
    const copy = [...this];
    copy[index < 0 ? copy.length + index : index] = value;
    return copy;
  },
  findLast(this: AnyArray, wanted: (value: unknown, index: number) => unknown) {
    for (let i = this.length - 1; i >= 0; i--) if (wanted(this[i], i)) return this[i];
    return undefined;
  },
  findLastIndex(this: AnyArray, wanted: (value: unknown, index: number) => unknown) {
    for (let i = this.length - 1; i >= 0; i--) if (wanted(this[i], i)) return i;
    return -1;
  },
});
const TypedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
supply(TypedArray, {
  toSorted(this: Float64Array, compare?: (a: number, b: number) => number) {
    return this.slice().sort(compare);
  },
  toReversed(this: Float64Array) {
    return this.slice().reverse();
  },
  findLast(this: Float64Array, wanted: (value: number) => unknown) {
    for (let i = this.length - 1; i >= 0; i--) if (wanted(this[i]!)) return this[i];
    return undefined;
  },
  findLastIndex(this: Float64Array, wanted: (value: number) => unknown) {
    for (let i = this.length - 1; i >= 0; i--) if (wanted(this[i]!)) return i;
    return -1;
  },
});
supply(Object, {
  groupBy(items: Iterable<unknown>, key: (item: unknown, index: number) => string) {
    const groups: Record<string, unknown[]> = {};
    let i = 0;
    for (const item of items) (groups[key(item, i++)] ??= []).push(item);
    return groups;
  },
});
supply(Map, {
  groupBy(items: Iterable<unknown>, key: (item: unknown, index: number) => unknown) {
    const groups = new Map<unknown, unknown[]>();
    let i = 0;
    for (const item of items) {
      const k = key(item, i++);
      groups.set(k, [...(groups.get(k) ?? []), item]);
    }
    return groups;
  },
});
supply(Promise, {
  withResolvers() {
    let resolve: unknown;
    let reject: unknown;
    const promise = new Promise((a, b) => {
      resolve = a;
      reject = b;
    });
    return { promise, resolve, reject };
  },
});
supply(Set.prototype, {
  union: function (this: Set<unknown>, other: Set<unknown>) {
    return new Set([...this, ...other]);
  },
  intersection: function (this: Set<unknown>, other: Set<unknown>) {
    return new Set([...this].filter((v) => other.has(v)));
  },
  difference: function (this: Set<unknown>, other: Set<unknown>) {
    return new Set([...this].filter((v) => !other.has(v)));
  },
  isSubsetOf: function (this: Set<unknown>, other: Set<unknown>) {
    return [...this].every((v) => other.has(v));
  },
});
const IteratorPrototype = Object.getPrototypeOf(
  Object.getPrototypeOf([][Symbol.iterator]()) as object,
) as object;
supply(IteratorPrototype, {
  *map(this: Iterable<unknown>, f: (value: unknown, index: number) => unknown) {
    let i = 0;
    for (const value of this) yield f(value, i++);
  },
  *filter(this: Iterable<unknown>, f: (value: unknown, index: number) => unknown) {
    let i = 0;
    for (const value of this) if (f(value, i++)) yield value;
  },
  toArray(this: Iterable<unknown>) {
    return [...this];
  },
});
const parseUrl = (text: string, base?: string): URL | null => {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
};
supply(URL, { parse: parseUrl, canParse: (text: string, base?: string) => parseUrl(text, base) !== null });
supply(globalThis, {
  structuredClone: (value: unknown) => v8.deserialize(v8.serialize(value)) as unknown,
  crypto: webcrypto,
});
supply(AbortSignal, {
  any(signals: readonly AbortSignal[]) {
    const controller = new AbortController();
    for (const signal of signals) {
      if (signal.aborted) controller.abort();
      else signal.addEventListener('abort', () => controller.abort(), { once: true });
    }
    return controller.signal;
  },
});

/** better-sqlite3's prebuilt addon asks for Node-API 10; the tests build one for 8 and say here where it is. */
const addon = process.env.MICROJOULE_SQLITE_ADDON;
type Load = (request: string, parent: unknown, isMain: boolean) => unknown;
const loader = Module as unknown as { _load: Load };
const load = loader._load;
type Database = new (file: string, options: object) => object;
loader._load = (request, parent, isMain) => {
  const loaded = load(request, parent, isMain);
  if (request !== 'better-sqlite3' || addon === undefined) return loaded;
  const Original = loaded as Database;
  return new Proxy(Original, {
    construct: (_target, [file, options]: [string, object | undefined]) =>
      new Original(file, { ...options, nativeBinding: addon }),
  });
};

interface OldProtocol {
  registerBufferProtocol(
    scheme: string,
    handler: (
      request: { readonly url: string; readonly method: string },
      respond: (answer: object) => void,
    ) => void,
  ): boolean;
}

/** As much of fetch's Response as an answer of the app's own scheme is made of. */
class PlainResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  constructor(
    body: string | Uint8Array,
    { status, headers }: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  ) {
    this.status = status;
    this.headers = headers;
    this.bytes = Buffer.from(body as Uint8Array);
  }
}

function supplyHandle(protocol: Protocol): void {
  const old = protocol as unknown as OldProtocol;
  supply(protocol, {
    handle: (scheme: string, answer: (request: object) => Promise<PlainResponse>) =>
      old.registerBufferProtocol(scheme, ({ url, method }, respond) => {
        answer({ url, method }).then(
          ({ status, headers, bytes }) => respond({ statusCode: status, headers, data: bytes }),
          () => respond({ error: -2 }),
        );
      }),
  });
}

if ((process as unknown as { readonly type?: string }).type === 'browser') {
  supply(globalThis, { Response: PlainResponse });
  const { app } = load('electron', null, false) as { readonly app: App };
  app.on('session-created', (session) => supplyHandle(session.protocol));
}
