/** How two sessions, or two revisions of one, differ. Values are compared in engines of their own, and only where they may differ. */
import type { EngineFactory } from '../engine/contract.js';
import type { Journal } from '../journal/journal.js';
import type { Result } from '../protocol/command.js';
import type { diffSessions } from '../protocol/management-commands.js';
import { diffContexts } from '../session/context-diff.js';
import type { UncoveredInput } from '../session/entry.js';
import { type Evaluation, evaluationsIn } from '../session/evaluation.js';
import type { SessionState } from '../session/state.js';
import { entriesUpTo, stateAt } from './point-in-time.js';

export type SessionDiff = Result<typeof diffSessions>;

/** A session at a revision. */
export interface Side {
  readonly id: string;
  readonly revision: number;
}

export async function diffBetween(journal: Journal, engines: EngineFactory, a: Side, b: Side): Promise<SessionDiff> {
  const [stateA, stateB] = [await stateAt(journal, a.id, a.revision), await stateAt(journal, b.id, b.revision)];
  const common = lastCommon(stateA, stateB);
  return {
    a: { session: stateA.id, name: stateA.name, revision: stateA.revision },
    b: { session: stateB.id, name: stateB.name, revision: stateB.revision },
    common,
    bindings: await differingBindings(journal, engines, stateA, stateB, common),
    context: diffContexts(stateA.context, stateB.context),
    onlyInA: await evaluationsAfter(journal, stateA, common),
    onlyInB: await evaluationsAfter(journal, stateB, common),
  };
}

/** A fork keeps the places of the entries it was made from, so revisions up to there are the same in both. */
function lastCommon(a: SessionState, b: SessionState): number {
  if (a.id === b.id) return Math.min(a.revision, b.revision);
  if (a.forkedFrom?.id === b.id) return Math.min(a.forkedFrom.revision, a.revision, b.revision);
  if (b.forkedFrom?.id === a.id) return Math.min(b.forkedFrom.revision, a.revision, b.revision);
  if (!a.forkedFrom || a.forkedFrom.id !== b.forkedFrom?.id) return 0;
  return Math.min(a.forkedFrom.revision, b.forkedFrom.revision, a.revision, b.revision);
}

async function evaluationsAfter(
  journal: Journal,
  { id, revision }: SessionState,
  common: number,
): Promise<Evaluation[]> {
  const entries = [];
  for await (const entry of entriesUpTo(journal, id, revision, common)) entries.push(entry);
  return evaluationsIn(id, entries);
}

async function differingBindings(
  journal: Journal,
  engines: EngineFactory,
  a: SessionState,
  b: SessionState,
  common: number,
): Promise<SessionDiff['bindings']> {
  const names = [...new Set([...presentNames(a), ...presentNames(b)])].sort();
  const differing = names.filter((name) => !isSame(a, b, name, common));
  if (differing.length === 0) return [];
  const [valuesA, valuesB] = [await valuesOf(journal, engines, a), await valuesOf(journal, engines, b)];
  return differing.flatMap((name) => {
    const [inA, inB] = [valueIn(a, valuesA, name), valueIn(b, valuesB, name)];
    // Values cannot be compared as such: what prints the same is taken for the same.
    if (inA !== null && inA === inB) return [];
    const isInA = presentNames(a).includes(name);
    const isInB = presentNames(b).includes(name);
    return [{ name, change: isInA ? (isInB ? 'changed' : 'removed') : 'added', a: inA, b: inB }];
  });
}

function presentNames({ bindings, uncovered }: SessionState): string[] {
  const known = Object.entries(bindings).flatMap(([name, { status }]) => (status === 'lost' ? [] : [name]));
  return [...new Set([...known, ...uncovered.flatMap(({ names }) => names)])];
}

/** Saved by the same entry, and not changed by anything since that no snapshot carries and that only one of them has. */
function isSame(a: SessionState, b: SessionState, name: string, common: number): boolean {
  const [inA, inB] = [a.bindings[name], b.bindings[name]];
  const changed = [...onlyIn(a, b, common), ...onlyIn(b, a, common)];
  if (changed.some(({ names, unbounded }) => unbounded || names.includes(name))) return false;
  return inA?.at === inB?.at && inA?.status === inB?.status && (inA?.at ?? 0) <= common;
}

function onlyIn({ uncovered }: SessionState, other: SessionState, common: number): UncoveredInput[] {
  const shared = new Set(other.uncovered.map(({ seq }) => seq));
  return uncovered.filter(({ seq, answeredAt }) => answeredAt > common || !shared.has(seq));
}

/** A snapshot may have an older value of what could not be saved since. */
function valueIn({ bindings, uncovered }: SessionState, values: ReadonlyMap<string, string>, name: string) {
  const isNewest = bindings[name]?.status === 'saved' && !uncovered.some(({ names }) => names.includes(name));
  return isNewest ? (values.get(name) ?? null) : null;
}

/** Print strings of what the snapshots of a state carry. */
async function valuesOf(
  journal: Journal,
  engines: EngineFactory,
  { id, snapshots }: SessionState,
): Promise<Map<string, string>> {
  const captures: string[] = [];
  for (const { seq } of snapshots) {
    const bytes = journal.blob(id, seq);
    if (!bytes) break;
    captures.push(Buffer.from(bytes).toString('utf8'));
  }
  if (captures.length === 0) return new Map();
  const engine = await engines.start(`a comparison of ${id}`);
  try {
    await engine.restore(captures);
    return new Map((await engine.bindings()).map(({ name, printString }) => [name, printString]));
  } finally {
    await engine.stop();
  }
}
