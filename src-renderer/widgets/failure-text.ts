import type { FailureDto } from '../../src-main/contract/failure.ts';

/** `waitedMs` → `waited ms`; units stay at the end of the name as they are in facts. */
export function factName(key: string): string {
  return key.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase();
}

export function factText(value: FailureDto['facts'][string]): string {
  if (value === null) return 'none';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** What a report of a problem needs, as text: no path or name but what the failure itself states. */
export function diagnosticsText(
  failure: FailureDto,
  around: { readonly version: string; readonly host: string; readonly userAgent: string },
): string {
  return [
    `id: ${failure.id}`,
    ...Object.entries(failure.facts).map(([key, value]) => `${key}: ${factText(value)}`),
    `cause: ${failure.cause}`,
    `next: ${failure.next}`,
    `microjoule: ${around.version} (${around.host})`,
    `page: ${around.userAgent}`,
  ].join('\n');
}
