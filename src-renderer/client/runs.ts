import type { RunSummary } from '../../src-main/contract/result.ts';

export type RunsAnswer = { readonly runs: readonly RunSummary[] } | { readonly problem: string; readonly next: string };

interface FailureBody {
  readonly error?: { readonly id: string; readonly cause?: string; readonly next?: string };
}

/** The runs of the served bench. Problems are sentences for the page, never exceptions. */
export async function fetchRuns(): Promise<RunsAnswer> {
  try {
    const response = await fetch('/api/runs', { headers: { accept: 'application/json' } });
    const body = (await response.json()) as RunSummary[] | FailureBody;
    if (Array.isArray(body)) return { runs: body };
    return { problem: `${body.error?.id ?? 'web.bad-answer'} ${body.error?.cause ?? ''}`.trim(), next: body.error?.next ?? 'Reload the page.' };
  } catch {
    return { problem: 'The bench does not answer: it was stopped, or the connection is cut.', next: 'Start it again with npm start.' };
  }
}
