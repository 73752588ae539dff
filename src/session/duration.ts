/** Durations as people write them, always with a unit: `500ms`, `30s`, `5m`, `2h`, `1d`. A number alone could be of any. */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

export const DURATION_FORMS = 'a number with its unit, such as 500ms, 30s, 5m, 2h or 1d';

/** @returns whole milliseconds, or undefined when `text` is no duration */
export function durationMs(text: string): number | undefined {
  const match = DURATION.exec(text.trim());
  if (!match) return undefined;
  return Math.round(Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]);
}

/** @returns the shortest text from which {@link durationMs} reads `ms`, a whole number of milliseconds, again */
export function durationText(ms: number): string {
  const units = Object.entries(UNIT_MS).filter(([unit, size]) => unit === 'ms' || (ms > 0 && ms % size === 0));
  const texts = units.map(([unit, size]) => `${ms / size}${unit}`);
  return texts.reduce((shortest, text) => (text.length <= shortest.length ? text : shortest));
}
