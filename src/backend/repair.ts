/** Brings a damaged session back to what is good of it: its entries by the journal, its snapshots here. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EngineFactory } from '../engine/contract.js';
import type { Journal } from '../journal/journal.js';
import type { RepairReport } from '../protocol/documents.js';
import { asUncovered } from '../session/effective-inputs.js';
import type { BindingState, EngineBase, SnapshotRef } from '../session/entry.js';
import type { SessionState } from '../session/state.js';
import { inputsUpTo, stateAt } from './point-in-time.js';
import type { SessionRegistry } from './registry.js';
import type { SessionHost } from './session-host.js';

/** A snapshot that cannot be loaded, and why. */
interface BadSnapshot {
  readonly seq: number;
  readonly reason: string;
}

export async function repairSession(
  registry: SessionRegistry,
  journal: Journal,
  engines: EngineFactory,
  id: string,
  dryRun: boolean,
): Promise<RepairReport> {
  const { lastGood, cut, damage, badSnapshots, keptIn } = await journal.repair(id, { dryRun });
  const host = await hostAfter(registry, id, { damage, lastGood, dryRun });
  const bad = host ? await badSnapshotsOf(host.state, journal, engines, badSnapshots) : badSnapshots;
  // Older ones are missed only by who goes back to where they were needed.
  const needed = bad.filter(({ seq }) => host?.state.snapshots.some((snapshot) => snapshot.seq === seq));
  const [first] = needed;
  if (host && first && !dryRun) {
    const reason = `the snapshot of revision ${first.seq} is damaged: ${first.reason}`;
    const base = await baseWithout(needed, host.state, journal);
    await host.dropSnapshots(
      needed.map(({ seq }) => seq),
      reason,
      base,
    );
  }
  const worst = first ?? bad[0];
  return {
    session: id,
    name: registry.nameOf(id) ?? null,
    damage: damage ?? (worst ? `the snapshot of revision ${worst.seq}: ${worst.reason}` : null),
    lastGood,
    cut,
    badSnapshots: bad.map(({ seq }) => seq),
    keptIn,
  };
}

/** Where entries were not touched, the session goes on with the engine it has, which may hold what its snapshots do not. */
async function hostAfter(
  registry: SessionRegistry,
  id: string,
  { damage, lastGood, dryRun }: { damage: string | null; lastGood: number; dryRun: boolean },
): Promise<SessionHost | undefined> {
  const present = registry.all().find(({ state }) => state.id === id);
  if (dryRun || (present && damage === null)) return present;
  if (lastGood > 0) return registry.reopenRepaired(id);
  await registry.forget(id);
  return undefined;
}

/** @returns the snapshots of the present state that have no bytes, or that an engine does not take, and those after them */
async function badSnapshotsOf(
  { id, snapshots }: SessionState,
  journal: Journal,
  engines: EngineFactory,
  found: readonly BadSnapshot[],
): Promise<BadSnapshot[]> {
  const isFound = (seq: number) => found.some((bad) => bad.seq === seq);
  const absent = snapshots.filter(({ seq }) => !isFound(seq) && journal.blob(id, seq) === undefined);
  const known = [...found, ...absent.map(({ seq }) => ({ seq, reason: 'its bytes are not here' }))];
  const isBad = (seq: number) => known.some((bad) => bad.seq === seq);
  const loadable = until(snapshots, ({ seq }) => isBad(seq));
  const refused = await firstRefused(id, loadable, journal, engines);
  const first = refused ?? snapshots.find(({ seq }) => isBad(seq));
  if (!first) return known;
  // Each builds on those before it.
  const after = snapshots
    .filter(({ seq }) => seq > first.seq && !isBad(seq))
    .map(({ seq }) => ({ seq, reason: `it builds on the snapshot of revision ${first.seq}` }));
  return [...(refused ? [refused] : []), ...known, ...after].sort((a, b) => a.seq - b.seq);
}

/** Halves, because every try costs an engine. */
async function firstRefused(
  id: string,
  snapshots: readonly SnapshotRef[],
  journal: Journal,
  engines: EngineFactory,
): Promise<BadSnapshot | undefined> {
  const captures = snapshots.map(({ seq }) => Buffer.from(journal.blob(id, seq) ?? []).toString('utf8'));
  let reason = await refusal(captures, engines);
  if (reason === undefined) return undefined;
  let low = 1;
  let high = captures.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await refusal(captures.slice(0, middle), engines);
    if (found === undefined) low = middle + 1;
    else {
      reason = found;
      high = middle;
    }
  }
  return { seq: (snapshots[low - 1] as SnapshotRef).seq, reason };
}

async function refusal(captures: readonly string[], engines: EngineFactory): Promise<string | undefined> {
  if (captures.length === 0) return undefined;
  const engine = await engines.start('a repair');
  try {
    await engine.restore(captures);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await engine.stop();
  }
}

/** What is left without the bad snapshots: older values where there are some, and the inputs that nothing covers now. */
async function baseWithout(bad: readonly BadSnapshot[], state: SessionState, journal: Journal): Promise<EngineBase> {
  const isBad = (seq: number) => bad.some((each) => each.seq === seq);
  const first = bad[0] as BadSnapshot;
  const before = await stateAt(journal, state.id, first.seq - 1);
  const snapshots = until(before.snapshots, ({ seq }) => isBad(seq) || journal.blob(state.id, seq) === undefined);
  const last = snapshots.at(-1)?.seq ?? 0;
  const bindings: Record<string, BindingState> = Object.create(null);
  for (const [name, binding] of Object.entries(state.bindings))
    bindings[name] = olderValue(name, binding, before, last);
  // What was removed since is there again.
  for (const [name, binding] of Object.entries(before.bindings))
    if (!state.bindings[name] && binding.status === 'saved' && binding.at <= last) bindings[name] = binding;
  for (const name of state.classes)
    if (!before.classes.includes(name)) bindings[name] = lostWith(first.seq, state.revision);
  const { answered } = await inputsUpTo(journal, state.id, state.revision);
  const uncovered = asUncovered(answered.filter(({ output }) => output.seq > last));
  return { snapshots, bindings, classes: before.classes, uncovered };
}

function olderValue(name: string, binding: BindingState, before: SessionState, last: number): BindingState {
  if (binding.status !== 'saved' || binding.at <= last) return binding;
  const older = before.bindings[name];
  if (older?.status === 'saved' && older.at <= last) return older;
  return lostWith(binding.at, binding.at);
}

function lostWith(snapshot: number, at: number): BindingState {
  return { status: 'lost', at, reason: `the snapshot of revision ${snapshot}, which carried it, is damaged` };
}

/** @returns the sessions that a repair without a name looks at: those that are known to be damaged */
export async function damagedIds(registry: SessionRegistry, journal: Journal, client?: string): Promise<string[]> {
  const found = new Set(registry.damaged);
  for (const { id } of journal.sessions()) {
    if (found.has(id)) continue;
    await nextTurn();
    const { damage, badSnapshots } = journal.verify(id);
    if (damage !== undefined || badSnapshots.length > 0) found.add(id);
  }
  return [...found].filter((id) => registry.sees(id, client));
}

/** @returns the elements before the first that fits */
function until<T>(elements: readonly T[], fits: (element: T) => boolean): T[] {
  const at = elements.findIndex(fits);
  return at < 0 ? [...elements] : elements.slice(0, at);
}
