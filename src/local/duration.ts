/** Durations as people write them. */

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;

/** Longest delay of a Node timer, in milliseconds (about 24 days): a longer one fires at once. */
export const LONGEST_DURATION_MS = 2_147_483_647;

export const DURATION_FORMS = "milliseconds, or a number with ms, s, m or h, such as '30s', from 1ms to 596h";

/** @returns whole milliseconds; undefined if `input` is no duration or out of range. A bare number is milliseconds. */
export function durationMs(input: unknown): number | undefined {
  if (typeof input !== 'string' && typeof input !== 'number') return undefined;
  const match = DURATION.exec(String(input).trim());
  if (match === null) return undefined;
  const ms = Math.round(Number(match[1]) * (UNIT_MS[match[2] ?? 'ms'] ?? Number.NaN));
  return ms >= 1 && ms <= LONGEST_DURATION_MS ? ms : undefined;
}
