/**
 * Collects the error ids of src-main and src-renderer into docs/errors.md and src-main/contract/error-ids.ts: what a failure says is
 * written where it is made, and only there. `node scripts/list-error-ids.ts` writes; `--check` exits 1 when one of them
 * is stale.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '..');

export interface ErrorEntry {
  readonly id: string;
  readonly cause: string;
  readonly next: string;
}

const ID =
  /^(base|abi|link|board|programmer|model|compile|image|dataset|engine|frontend|device|load|monitor|trace|predict|sim|run|calibrate|search|stream|train|report|store|core|cli|web|host|bench|desktop|settings|qemu|uf2)(\.(fault|diagnosis))?\.[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const FILE_NAME = /\.(c|h|wasm|html|json|ts|md|csv|bin|uf2|svg|css|js)$/;

function isId(text: string): boolean {
  return ID.test(text) && !FILE_NAME.test(text);
}

/** The text of a literal; a template's expressions as `…`; '' for anything computed. */
function literal(node: ts.Node | undefined): string {
  if (!node) return '';
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map((s) => `…${s.literal.text}`).join('');
  if (ts.isBinaryExpression(node)) return literal(node.left) || literal(node.right);
  return '';
}

/** `const SHORT = 'run.window-short'` at any depth. */
function constantsOf(source: ts.SourceFile): Map<string, string> {
  const constants = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (
      ts.isVariableDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      node.initializer &&
      ts.isStringLiteralLike(node.initializer)
    )
      constants.set(node.name.text, node.initializer.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return constants;
}

const isSentence = (text: string): boolean => /\s/.test(text) && /^[\p{Lu}`…]/u.test(text);

/** A failure as an object: `{id, facts, cause, next}`. */
function fromObject(node: ts.ObjectLiteralExpression): ErrorEntry | null {
  const of = (name: string) => {
    const p = node.properties.find(
      (q): q is ts.PropertyAssignment => ts.isPropertyAssignment(q) && q.name.getText() === name,
    );
    return p && literal(p.initializer);
  };
  const [id, cause, next] = [of('id'), of('cause'), of('next')];
  return id !== undefined && next !== undefined && isId(id) ? { id, cause: cause ?? '', next } : null;
}

/**
 * A failure as a call: `fail(id, facts, cause, next)`, or a helper that takes an id and some of the sentences. A
 * conditional gives both its ids.
 */
function fromCall(node: ts.CallExpression, constants: ReadonlyMap<string, string>): ErrorEntry[] {
  const idsIn = (a: ts.Expression): string[] => {
    if (ts.isConditionalExpression(a)) return [...idsIn(a.whenTrue), ...idsIn(a.whenFalse)];
    const text = ts.isIdentifier(a) ? (constants.get(a.text) ?? '') : literal(a);
    return isId(text) ? [text] : [];
  };
  const at = node.arguments.findIndex((a) => idsIn(a).length > 0);
  if (at < 0) return [];
  const after = node.arguments.slice(at + 1);
  const isFail = ts.isIdentifier(node.expression) && node.expression.text === 'fail';
  const text = (a: ts.Expression | undefined) =>
    a && ts.isIdentifier(a) ? (constants.get(a.text) ?? '') : literal(a);
  const sentences = after.map(text).filter(isSentence);
  const [cause = '', next = ''] = isFail
    ? [text(after[1]), text(after[2])]
    : sentences.length === 1
      ? ['', sentences[0]!]
      : sentences;
  if (!isFail && cause === '' && next === '') return [];
  return idsIn(node.arguments[at]!).map((id) => ({ id, cause, next }));
}

function entriesOf(path: string): ErrorEntry[] {
  const found: ErrorEntry[] = [];
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const constants = constantsOf(source);
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) found.push(...fromCall(node, constants));
    if (ts.isObjectLiteralExpression(node)) {
      const entry = fromObject(node);
      if (entry) found.push(entry);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function sourcesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile() && f.name.endsWith('.ts'))
    .map((f) => join(f.parentPath, f.name))
    .filter((f) => !f.endsWith('contract/error-ids.ts'))
    .sort();
}

/** Every id once, sorted, with the sentences that were written for it. */
export function collectErrors(): ErrorEntry[] {
  const byId = Map.groupBy(
    ['src-main', 'src-renderer'].flatMap((dir) => sourcesBelow(join(root, dir))).flatMap(entriesOf),
    (e) => e.id,
  );
  const unique = (texts: readonly string[]) => [...new Set(texts.filter(Boolean))].join(' · ');
  return [...byId]
    .map(([id, own]) => ({
      id,
      cause: unique(own.map((e) => e.cause)),
      next: unique(own.map((e) => e.next)),
    }))
    .sort((x, y) => (x.id < y.id ? -1 : 1));
}

function idsFile(errors: readonly ErrorEntry[]): string {
  return [
    '/** Generated by scripts/list-error-ids.ts. Ids are stable: hosts, scripts and translations key on them. */',
    'export const errorIds = [',
    ...errors.map((e) => `  '${e.id}',`),
    '] as const;',
    'export type ErrorId = (typeof errorIds)[number];',
    '',
  ].join('\n');
}

function docFile(errors: readonly ErrorEntry[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
  const lines = [
    '# Error ids',
    '',
    'Generated by `node scripts/list-error-ids.ts` from the sources. An id is stable; facts (what was seen) are printed beside it.',
    'The exit code follows from the first word: docs/cli.md. `…` stands for what was seen.',
  ];
  for (const [room, own] of Map.groupBy(errors, (e) => e.id.split('.')[0]!)) {
    lines.push('', `## ${room}`, '', '| id | cause | next step |', '|---|---|---|');
    for (const e of own) lines.push(`| \`${e.id}\` | ${cell(e.cause)} | ${cell(e.next)} |`);
  }
  return lines.join('\n') + '\n';
}

const outputs = [
  { path: join(root, 'src-main/contract/error-ids.ts'), make: idsFile },
  { path: join(root, 'docs/errors.md'), make: docFile },
];

if (process.argv[1] === import.meta.filename) {
  const errors = collectErrors();
  for (const { path, make } of outputs) {
    if (!process.argv.includes('--check')) {
      writeFileSync(path, make(errors));
      console.log(`${relative(root, path)}: ${errors.length} ids`);
    } else if (readFileSync(path, 'utf8') !== make(errors)) {
      console.error(`${relative(root, path)} is stale: node scripts/list-error-ids.ts`);
      process.exitCode = 1;
    }
  }
}
