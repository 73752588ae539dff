/** Watches the calls that this process makes to the file system, and ends it by SIGKILL at one of them. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** `halfway` is after half of the bytes, for calls that write. */
export type Moment = 'before' | 'halfway' | 'after';

export interface Call {
  readonly name: string;
  /** Last part of the path, or of that of the descriptor, that the call was about. */
  readonly file: string;
}

type Synchronous = (...args: unknown[]) => unknown;

/**
 * @param at which call, counted from 1 and from now; 0 for none
 * @returns the calls made from now on, as they are made
 */
export function killAt(at: number, moment: Moment): readonly Call[] {
  const calls: Call[] = [];
  const opened = new Map<unknown, string>();
  const module = fs as unknown as Record<string, Synchronous>;
  let depth = 0;
  for (const [name, real] of Object.entries(module)) {
    if (typeof real !== 'function' || !name.endsWith('Sync')) continue;
    module[name] = (...args) => {
      // Some are made of others.
      if (depth > 0) return real(...args);
      depth += 1;
      try {
        calls.push({ name, file: opened.get(args[0]) ?? lastPart(args[0]) });
        const isIt = calls.length === at;
        if (isIt && moment === 'before') die();
        if (isIt && moment === 'halfway' && name === 'writeFileSync') {
          const text = String(args[1]);
          real(args[0], text.slice(0, text.length / 2));
          die();
        }
        const result = real(...args);
        if (name === 'openSync') opened.set(result, lastPart(args[0]));
        return result;
      } finally {
        depth -= 1;
        // Also after a call that failed.
        if (calls.length === at && moment === 'after') die();
      }
    };
  }
  syncBuiltinESMExports();
  return calls;
}

function lastPart(path: unknown): string {
  return String(path).split('/').at(-1) ?? '';
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
