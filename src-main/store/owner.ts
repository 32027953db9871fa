import type { Row } from './context.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** Which process is in a run or stream, from the owner columns of its row. */
export function ownerOf(row: Row): ProcessIdentity {
  return {
    boot: (row.owner_boot as string | null) ?? '',
    namespace: (row.owner_namespace as string | null) ?? '',
    pid: (row.owner_pid as number | null) ?? -1,
    started: (row.owner_started as string | null) ?? '',
  };
}
