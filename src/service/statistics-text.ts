/** What happened in sessions, counted, in words. */
import { formatDuration } from '../cli/duration.js';
import type { Style } from '../cli/style.js';
import { fields } from '../cli/table.js';
import type { Statistics } from '../protocol/documents.js';
import { counted, formatBytes } from './session-text.js';

export function statisticsFields(statistics: Statistics, style: Style): string {
  const { evaluations, evaluatedMs, linkOutages, linkOutageMs } = statistics;
  return fields(
    [
      ['evaluations', `${evaluations}${listed(statistics.outcomes)}`],
      ['evaluated for', formatDuration(evaluatedMs)],
      ['outages survived', statistics.outagesSurvived],
      ['of links', linkOutages > 0 ? `${linkOutages}, ${formatDuration(linkOutageMs)} together` : null],
      ['restores', `${sum(statistics.restores)}${listed(statistics.restores)}`],
      ['clients', `${statistics.clients}, connected for ${formatDuration(statistics.connectedMs)} together`],
      ['context changes', statistics.contextChanges],
      ['conflicts', statistics.conflicts || null],
      ['brought in', statistics.recorded > 0 ? counted(statistics.recorded, 'input') : null],
      ['entries', statistics.entries],
      ['size', formatBytes(statistics.bytes)],
      ['first activity', statistics.firstActivityAt],
      ['last activity', statistics.lastActivityAt],
      ['engine', statistics.engine],
      ['image', statistics.image],
    ],
    style,
  );
}

/** ` (value 5, error 1)`; nothing for nothing. */
function listed(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? '' : ` (${some.map(([what, count]) => `${what} ${count}`).join(', ')})`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
