import { Flags } from '@oclif/core';
import { DURATION_FORMS, durationMs, durationText } from '../session/duration.js';
import { UsageError } from './errors.js';

/** `setTimeout` wraps at 2^31 ms and then fires at once, so nothing longer can be waited for. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * Reads a duration as people write them: `500ms`, `30s`, `5m`, `2h`, `1d`.
 * @returns whole milliseconds
 * @throws UsageError when it is not a duration
 */
export function parseDuration(text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new UsageError(`Not a duration: ${JSON.stringify(text)}`, unitHint(text) ?? `Write ${DURATION_FORMS}.`);
}

/** What a number may have meant. */
function unitHint(text: string): string | undefined {
  const number = text.trim();
  if (!/^\d+(\.\d+)?$/.test(number)) return undefined;
  const [ms, s, m, h, d] = ['ms', 's', 'm', 'h', 'd'].map((unit) => number + unit);
  return `Say its unit: ${ms}, ${s}, ${m}, ${h} or ${d}.`;
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

/** What a flag accepts, in whole milliseconds. */
type Bounds = { readonly least?: number; readonly most?: number };

/** A flag for how long to wait; commands get whole milliseconds. Defaults are given in milliseconds. */
export const durationFlag = Flags.custom<number, Bounds>({
  helpValue: '<duration>',
  parse: async (text, _, bounds) => {
    const ms = parseWithin(text, bounds);
    if (ms > LONGEST_WAIT_MS) throw new UsageError(`Longer than the 24 days that can be waited for: ${text}`);
    return ms;
  },
});

/** A flag for a span that nobody waits for, such as a time to live: any length. */
export const spanFlag = Flags.custom<number, Bounds>({
  helpValue: '<duration>',
  parse: async (text, _, bounds) => parseWithin(text, bounds),
});

function parseWithin(text: string, { least = 0, most = Number.POSITIVE_INFINITY }: Bounds): number {
  const ms = parseDuration(text);
  if (ms < least) throw new UsageError(`Too short: ${text}. The least is ${durationText(least)}`);
  if (ms > most) throw new UsageError(`Too long: ${text}. The most is ${durationText(most)}`);
  return ms;
}
