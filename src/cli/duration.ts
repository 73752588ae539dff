import { Flags } from '@oclif/core';
import { durationMs } from '../session/duration.js';
import { UsageError } from './errors.js';

/** `setTimeout` wraps at 2^31 ms and then fires at once, so nothing longer can be waited for. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * Reads a duration as people write them: `500ms`, `30s`, `5m`, `2h`, `1d`; a bare number is seconds.
 * @returns whole milliseconds
 * @throws UsageError when it is not a duration
 */
export function parseDuration(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined) {
    throw new UsageError(`Not a duration: ${JSON.stringify(text)}`, 'Write it like 500ms, 30s, 5m, 2h or 1d.');
  }
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

/** A flag for how long to wait; commands get whole milliseconds. Defaults are given in milliseconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: '<duration>',
  parse: async (text) => {
    const ms = parseDuration(text);
    if (ms > LONGEST_WAIT_MS) throw new UsageError(`Longer than the 24 days that can be waited for: ${text}`);
    return ms;
  },
});

/** A flag for a span that nobody waits for, such as a time to live: any length. */
export const spanFlag = Flags.custom<number>({
  helpValue: '<duration>',
  parse: async (text) => parseDuration(text),
});
