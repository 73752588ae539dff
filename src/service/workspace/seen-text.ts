/** What a person should know about a context that is shown. */
import type { SeenContext } from './reading.js';

export function seenRemarks({ stale, asOf, waiting }: { [K in 'stale' | 'asOf' | 'waiting']: SeenContext[K] | null }) {
  const count = `${waiting} change${waiting === 1 ? '' : 's'} of it`;
  if (stale) {
    const kept = waiting ? `, with ${count} that wait${waiting === 1 ? 's' : ''} in the outbox` : '';
    return [`stui: the backend cannot be reached; this is what was last seen at ${asOf}${kept}`];
  }
  if (!waiting) return [];
  return [`stui: ${count} still wait${waiting === 1 ? 's' : ''} in the outbox; deliver with "stui outbox flush"`];
}
