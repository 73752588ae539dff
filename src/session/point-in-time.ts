/** Points in a session's past as people write them: a date, a date with a time, how long ago, or a revision. */
import { durationMs } from './duration.js';
import { parseRevision } from './revision-range.js';

export const POINT_IN_TIME_FORMS = '2026-01-31T12:00:00Z, 2026-01-31, or how long ago: 30m, 2h, 7d';

/** Without a unit a number is no time: it is a revision. */
const AGO = /^\d+(\.\d+)?(ms|s|m|h|d)$/;
const DATE = /^\d{4}-\d{2}-\d{2}/;

/**
 * @returns the time as ISO 8601 in UTC with milliseconds, or undefined when `text` is none. A date alone is its midnight in
 *   UTC, a time without a zone is local, as ECMAScript has it.
 */
export function pointInTime(text: string, now: Date): string | undefined {
  if (AGO.test(text)) return isoTime(now.getTime() - (durationMs(text) ?? Number.NaN));
  return DATE.test(text) ? isoTime(Date.parse(text)) : undefined;
}

/** A point is a revision when it is written in digits only. */
export function parsePoint(text: string, now: Date): { revision: number } | { time: string } | undefined {
  const revision = parseRevision(text);
  if (revision !== undefined) return { revision };
  const time = pointInTime(text, now);
  return time === undefined ? undefined : { time };
}

/** @returns undefined outside the years 0 to 9999, which ISO 8601 writes in four digits. */
export function isoTime(ms: number): string | undefined {
  const time = new Date(ms);
  if (Number.isNaN(time.getTime())) return undefined;
  const text = time.toISOString();
  return DATE.test(text) ? text : undefined;
}
