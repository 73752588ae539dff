/** What the backend tells whoever runs it: lines with a time and a level, as text or as JSON, in a file that stays small. */
import { rotateOpen } from '../files/rotated-log.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What has no level is worth knowing to who runs the backend. */
export type Log = (message: string, level?: LogLevel) => void;

export interface LogOptions {
  /** Nothing below it is written. */
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  readonly write: (text: string) => void;
  readonly now: () => Date;
}

/** What is asked for in the environment, as far as it can be understood: a log is no reason not to start. */
export function logOptionsOf(env: NodeJS.ProcessEnv): Pick<LogOptions, 'level' | 'format'> {
  return {
    level: LOG_LEVELS.find((level) => level === env['STUI_LOG']) ?? 'info',
    format: env['STUI_LOG_FORMAT'] === 'json' ? 'json' : 'text',
  };
}

export function createLog({ level: least, format, write, now }: LogOptions): Log {
  return (message, level = 'info') => {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(least)) return;
    const time = now().toISOString();
    write(format === 'json' ? `${JSON.stringify({ time, level, message })}\n` : `${time} ${level} ${message}\n`);
  };
}

/** Bytes between two looks at how large the file is. */
const LOOK_EVERY_BYTES = 64 * 1024;

/** @returns a writer to a stream that is, as a rule, the file at `path`, which is rotated when it has grown too large */
export function rotatingWriter(
  path: string,
  stream: { write(text: string): unknown; readonly fd: number },
): (text: string) => void {
  let unseen = LOOK_EVERY_BYTES;
  return (text) => {
    stream.write(text);
    unseen += text.length;
    if (unseen < LOOK_EVERY_BYTES) return;
    unseen = 0;
    try {
      rotateOpen(path, stream.fd);
    } catch {
      // No room to keep the old part: the log grows on, and is looked at again.
    }
  };
}
