/** Which inputs of a session's history run when a range of it is replayed, and which cannot. */
import type { Entry, InputEntry, OutputEntry, RecordedEntry } from './entry.js';
import { type Evaluation, evaluationOf, recordedInput } from './evaluation.js';
import type { RevisionRange } from './revision-range.js';

export interface ReplayableInput {
  /** As the history has it. Its revision is the one that ranges and keys mean. */
  readonly recorded: Evaluation;
  /** The limit it had; undefined for one from a history file. */
  readonly timeoutMs: number | undefined;
}

export interface SkippedInput {
  readonly revision: number;
  readonly reason: string;
}

export interface ReplaySelection {
  /** In the order in which they were accepted. */
  readonly inputs: readonly ReplayableInput[];
  readonly skipped: readonly SkippedInput[];
}

export interface ReplayRequest {
  /** Session id. */
  readonly session: string;
  readonly range: RevisionRange;
  /**
   * Begins the keys of a replay in the same session: what it ran before it was broken off is no part of what it runs, wherever
   * the range ends.
   */
  readonly keyPrefix?: string | undefined;
}

interface Candidate extends ReplayableInput {
  /** Revision of the input. */
  readonly seq: number;
  /** What it was run again for, as far as the journal tells: the revision of an input or of its output. */
  readonly replayOf: number | undefined;
}

/** The key under which a replay runs an input. */
export function replayKey(prefix: string, revision: number): string {
  return `${prefix}-${revision}`;
}

/** A prefix for a replay that was given none; it tells the session whose revisions its keys name. */
export function madeUpPrefix(session: string, random: string): string {
  return `replay-${session.slice(0, ID_LENGTH)}-${random}`;
}

/** @param entries inputs, outputs and recorded inputs at least, in order */
export function selectForReplay(
  entries: Iterable<Entry>,
  { session, range, keyPrefix }: ReplayRequest,
): ReplaySelection {
  const isOwn = ({ recorded: { key } }: Candidate) => keyPrefix !== undefined && isKeyOf(keyPrefix, key);
  const others = candidates(session, entries).filter((candidate) => !isOwn(candidate));
  const chosen =
    'last' in range
      ? others.slice(-range.last)
      : others.filter(({ recorded: { revision } }) => revision >= range.from && revision <= range.to);
  const revisions = new Set(chosen.flatMap(({ seq, recorded }) => [seq, recorded.revision]));
  const judged = chosen.map((candidate) => ({ candidate, reason: whyNot(candidate, revisions) }));
  return {
    inputs: judged.flatMap(({ candidate: { recorded, timeoutMs }, reason }) =>
      reason === undefined ? [{ recorded, timeoutMs }] : [],
    ),
    skipped: judged.flatMap(({ candidate: { recorded }, reason }) =>
      reason === undefined ? [] : [{ revision: recorded.revision, reason }],
    ),
  };
}

function whyNot({ recorded, replayOf }: Candidate, revisions: ReadonlySet<number>): string | undefined {
  if (recorded.redacted) return 'its code held secrets and was not kept';
  if (recorded.outcome === 'queued') return 'it has no outcome yet';
  if (replayOf !== undefined && revisions.has(replayOf)) return `it ran ${replayOf} again, which is in the range`;
  return undefined;
}

function candidates(session: string, entries: Iterable<Entry>): Candidate[] {
  const inputs: (Entry & (InputEntry | RecordedEntry))[] = [];
  const outputs = new Map<string, Entry & OutputEntry>();
  for (const entry of entries) {
    if (entry.type === 'input' || entry.type === 'recorded') inputs.push(entry);
    else if (entry.type === 'output') outputs.set(entry.key, entry);
  }
  return inputs.map((input) => {
    if (input.type === 'recorded') {
      return { seq: input.seq, recorded: recordedInput(session, input), timeoutMs: undefined, replayOf: undefined };
    }
    const { seq, key, timeoutMs, replayOf = revisionInKey(session, key) } = input;
    return { seq, recorded: evaluationOf(session, input, outputs.get(key)), timeoutMs, replayOf };
  });
}

/** Characters of a session's id in a prefix: what people give of it too. */
const ID_LENGTH = 8;

const MADE_UP_KEY = /^replay-(.{8})-[0-9a-f]{8}-(\d+)$/;

/** @returns the revision of this session that a replay with a prefix of its own making names in its key */
function revisionInKey(session: string, key: string): number | undefined {
  const [, id, revision] = MADE_UP_KEY.exec(key) ?? [];
  return id === session.slice(0, ID_LENGTH) ? Number(revision) : undefined;
}

function isKeyOf(prefix: string, key: string): boolean {
  return key.startsWith(`${prefix}-`) && /^\d+$/.test(key.slice(prefix.length + 1));
}
