/** `--at`: a place in the past of a session, as people write it and as requests say it. */
import { Flags } from '@oclif/core';
import { UsageError } from '../cli/errors.js';
import { parsePoint } from '../session/point-in-time.js';

/** As requests say it. */
export interface Point {
  readonly at?: number;
  readonly at_time?: string;
}

/** For commands that can go back. Without it they mean the present. */
export const pointFlag = (summary: string) =>
  Flags.custom<Point>({
    helpValue: '<revision|time>',
    summary,
    description: 'A revision, a time (ISO 8601), or how long ago: 42, 2026-01-31T12:00:00Z, 2h.',
    parse: async (text) => requestedPoint(text, new Date()),
  })();

/** @throws UsageError */
export function requestedPoint(text: string, now: Date): Point {
  const point = parsePoint(text, now);
  if (point === undefined) {
    throw new UsageError(
      `Neither a revision nor a time: "${text}"`,
      'Write a revision such as 42, a time such as 2026-01-31T12:00:00Z, or how long ago: 30m, 2h, 7d.',
    );
  }
  return 'revision' in point ? { at: point.revision } : { at_time: point.time };
}
