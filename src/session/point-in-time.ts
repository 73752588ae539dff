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
  const ms = instant(text);
  return ms === undefined ? undefined : isoTime(ms);
}

/** A date of four digits, and a time that may have seconds and a zone: what RFC 3339 and ISO 8601 have in common. */
const INSTANT =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?:(Z)|([+-][01]\d|[+-]2[0-3]):?([0-5]\d))?)?$/;

/**
 * Reads a date with or without a time, as {@link pointInTime} does. `Date.parse` alone takes what follows for a remark, and
 * the 30th of February for the 2nd of March.
 * @returns milliseconds since 1970, or undefined when `text` is no time that there was or will be
 */
export function instant(text: string): number | undefined {
  const [, date, time, utc = '', zoneHours, zoneMinutes] = INSTANT.exec(text) ?? [];
  if (date === undefined || isoTime(Date.parse(date))?.startsWith(date) !== true) return undefined;
  const zone = zoneHours === undefined ? utc : `${zoneHours}:${zoneMinutes}`;
  const ms = Date.parse(time === undefined ? date : `${date}T${time}${zone}`);
  return Number.isNaN(ms) ? undefined : ms;
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
