/** Drafts of entries, as short as tests want them. */
import { createHash } from 'node:crypto';
import type { Draft } from '../../src/journal/journal.js';
import type { EntryBody } from '../../src/session/entry.js';

export function draft(body: EntryBody, blob?: Uint8Array): Draft {
  const header = { client: 'tester', time: '2026-02-03T04:05:06.789Z', body };
  return blob ? { ...header, blob } : header;
}

export function created(id: string): Draft {
  return draft({ type: 'created', id, name: `name of ${id}`, engine: 'embedded', labels: {} });
}

export function input(key: string, code = '3 + 4'): Draft {
  return draft({ type: 'input', key, code, timeoutMs: 1000 });
}

export function output(key: string): Draft {
  return draft({ type: 'output', key, outcome: 'value', printString: '7', transcript: '', durationMs: 1 });
}

export function renamed(name: string): Draft {
  return draft({ type: 'renamed', name });
}

export function snapshot(bytes: Uint8Array, digest = sha256(bytes)): Draft {
  const described = { digest, bytes: bytes.length, saved: [], removed: [], unsaved: [], classes: [] };
  return draft({ type: 'snapshot', kind: 'full', ...described }, bytes);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes that do not deflate, the same for the same seed. */
export function noise(length: number, seed = 'noise'): Buffer {
  const blocks: Buffer[] = [];
  for (let block = 0; block * 32 < length; block += 1) {
    blocks.push(createHash('sha256').update(`${seed} ${block}`).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}
