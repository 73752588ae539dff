/** Durations as people write them: `500ms`, `30s`, `5m`, `2h`, `1d`; a bare number is seconds. */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/;

export const DURATION_FORMS = 'a number with ms, s, m, h or d, such as 500ms, 30s or 2h; a bare number is seconds';

/** @returns whole milliseconds, or undefined when `text` is no duration */
export function durationMs(text: string): number | undefined {
  const match = DURATION.exec(text.trim());
  if (!match) return undefined;
  return Math.round(Number(match[1]) * UNIT_MS[(match[2] ?? 's') as keyof typeof UNIT_MS]);
}
