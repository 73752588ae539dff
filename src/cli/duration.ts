import { Flags } from '@oclif/core';
import { UsageError } from './errors.js';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `setTimeout` wraps at 2^31 ms and then fires at once, so no longer duration is accepted. */
const MAX_DURATION_MS = 2 ** 31 - 1;

/**
 * Reads a duration as people write them: `500ms`, `30s`, `5m`, `2h`, `1d`; a bare number is seconds.
 * @returns whole milliseconds
 * @throws UsageError when it is not a duration, or longer than a timer can wait (24.8 days)
 */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (match === null) {
    throw new UsageError(`Not a duration: ${JSON.stringify(text)}`, 'Write it like 500ms, 30s, 5m, 2h or 1d.');
  }
  const unit = (match[2] ?? 's') as keyof typeof UNIT_MS;
  const ms = Math.round(Number(match[1]) * UNIT_MS[unit]);
  if (ms > MAX_DURATION_MS) throw new UsageError(`Longer than the 24 days that can be waited for: ${text}`);
  return ms;
}

/** Writes milliseconds in the largest unit that keeps it readable: `850 ms`, `1.5 s`, `2 min 5 s`, `3 h 20 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const parts: [number, string][] =
    seconds < 3_600
      ? [
          [Math.floor(seconds / 60), 'min'],
          [seconds % 60, 's'],
        ]
      : seconds < 86_400
        ? [
            [Math.floor(seconds / 3_600), 'h'],
            [Math.floor((seconds % 3_600) / 60), 'min'],
          ]
        : [
            [Math.floor(seconds / 86_400), 'd'],
            [Math.floor((seconds % 86_400) / 3_600), 'h'],
          ];
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}

/** A flag that takes a duration; commands get whole milliseconds, and give the default in milliseconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: '<duration>',
  defaultHelp: async ({ options }) => {
    const ms = (options as { default?: unknown }).default;
    return typeof ms === 'number' ? formatDuration(ms) : undefined;
  },
  parse: async (text) => parseDuration(text),
});
