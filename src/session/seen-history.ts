/**
 * What somebody has seen of a session's history: the chain hash at a revision, which binds all entries up to there. A
 * revision alone says little: a session can come back from an older archive, and go on from there with other entries.
 */
import { isObject } from './json.js';

export interface SeenHistory {
  readonly revision: number;
  /** Chain hash at the revision, 64 hex digits. */
  readonly hash: string;
}

export function isSeenHistory(json: unknown): json is SeenHistory {
  if (!isObject(json)) return false;
  return Number.isSafeInteger(json['revision']) && typeof json['hash'] === 'string';
}
