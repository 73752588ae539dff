/** Archives of small journals, honest and forged. */
import { createHash } from 'node:crypto';
import { encodeArchive } from '../../src/session/archive.js';
import { decodeArchive } from '../../src/session/archive-decoder.js';
import { chainHash, GENESIS } from '../../src/session/chain.js';
import type { Entry, EntryBody, StoredEntry } from '../../src/session/entry.js';
import { entries, snapshot } from './entries.js';

export const ABOUT = { exportedAt: '2026-01-02T03:04:05.678Z', generator: 'stui test' };

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Chains lines as a journal does. */
export function chained(lines: readonly string[]): StoredEntry[] {
  let previous = GENESIS;
  return lines.map((line) => {
    previous = chainHash(previous, line);
    return { entry: JSON.parse(line) as Entry, line, hash: previous };
  });
}

export function stored(all: readonly Entry[]): StoredEntry[] {
  return chained(all.map((entry) => JSON.stringify(entry)));
}

/** A snapshot entry that describes `bytes`. */
export function snapshotOf(bytes: Uint8Array, kind: 'full' | 'changes' = 'full', saved: string[] = []): EntryBody {
  return snapshot(kind, { digest: sha256(bytes), bytes: bytes.length, saved });
}

/** An archive of these entries; `blobs` are the bytes of the snapshots among them, in order. */
export function archiveText(bodies: readonly EntryBody[], ...blobs: readonly Uint8Array[]): string {
  const all = entries(...bodies);
  const seqs = all.flatMap((entry) => (entry.type === 'snapshot' ? [entry.seq] : []));
  return encodeArchive(stored(all), new Map(seqs.map((seq, index) => [seq, blobs[index] as Uint8Array])), ABOUT);
}

/** The lines of an archive without its footer. */
export function bodyLines(text: string): string[] {
  return text.split('\n').slice(0, -2);
}

/** Puts lines under a footer that verifies: what someone does who wants a changed archive to be believed. */
export function forged(lines: readonly string[], footer: Record<string, unknown> = {}): string {
  const hashes = lines.flatMap((line) => /,"hash":"([0-9a-f]{64})"\}$/.exec(line)?.[1] ?? []);
  const body = `${lines.join('\n')}\n`;
  const seal = { entries: hashes.length, head: hashes.at(-1) ?? GENESIS, sha256: sha256(body), ...footer };
  return `${body}${JSON.stringify({ footer: seal })}\n`;
}

/** What an archive carries, to compare. */
export function contentOf(text: string): string {
  const { header, entries: all, blobs } = decodeArchive(text);
  return JSON.stringify([header, all, [...blobs].map(([seq, bytes]) => [seq, Buffer.from(bytes).toString('hex')])]);
}
