/** Brings a damaged session back to what is good of it: its entries by the journal, its snapshots here. */
import type { EngineFactory } from '../engine/contract.js';
import type { Journal } from '../journal/journal.js';
import type { RepairReport } from '../protocol/documents.js';
import { asUncovered } from '../session/effective-inputs.js';
import type { BindingState, EngineBase, SnapshotRef } from '../session/entry.js';
import type { SessionState } from '../session/state.js';
import { inputsUpTo, stateAt } from './point-in-time.js';
import type { SessionRegistry } from './registry.js';

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
  const isTouched = damage !== null || badSnapshots.length > 0;
  const host =
    isTouched && !dryRun ? await registry.reopenRepaired(id) : registry.all().find((each) => each.state.id === id);
  const bad = host ? await badSnapshotsOf(host.state, journal, engines, badSnapshots) : badSnapshots;
  const [first] = bad;
  if (host && first && !dryRun) {
    const reason = `the snapshot of revision ${first.seq} is damaged: ${first.reason}`;
    const base = await baseWithout(bad, host.state, journal);
    await host.dropSnapshots(
      bad.map(({ seq }) => seq),
      reason,
      base,
    );
  }
  return {
    session: id,
    name: registry.nameOf(id) ?? null,
    damage: damage ?? (first ? `the snapshot of revision ${first.seq}: ${first.reason}` : null),
    lastGood,
    cut,
    badSnapshots: bad.map(({ seq }) => seq),
    keptIn,
  };
}

/** @returns the snapshots of the present state that have no bytes, or that an engine does not take, and those after them */
async function badSnapshotsOf(
  { id, snapshots }: SessionState,
  journal: Journal,
  engines: EngineFactory,
  known: readonly BadSnapshot[],
): Promise<BadSnapshot[]> {
  const isBad = (seq: number) => known.some((bad) => bad.seq === seq);
  const loadable = until(snapshots, ({ seq }) => isBad(seq));
  const refused = await firstRefused(id, loadable, journal, engines);
  const first = refused ?? known.find(({ seq }) => snapshots.some((snapshot) => snapshot.seq === seq));
  if (!first) return [...known];
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
  const engine = await engines.start();
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
  const { answered } = await inputsUpTo(journal, state.id, state.revision);
  const uncovered = asUncovered(answered.filter(({ output }) => output.seq > last));
  return { snapshots, bindings, classes: before.classes, uncovered };
}

function olderValue(name: string, binding: BindingState, before: SessionState, last: number): BindingState {
  if (binding.status !== 'saved' || binding.at <= last) return binding;
  const older = before.bindings[name];
  if (older?.status === 'saved' && older.at <= last) return older;
  return {
    status: 'lost',
    at: binding.at,
    reason: `the snapshot of revision ${binding.at}, which carried it, is damaged`,
  };
}

/** @returns the sessions that a repair without a name looks at: those that are known to be damaged */
export function damagedIds(registry: SessionRegistry, journal: Journal): string[] {
  const found = new Set(registry.damaged);
  for (const { id } of journal.sessions()) {
    if (found.has(id)) continue;
    const { damage, badSnapshots } = journal.verify(id);
    if (damage !== undefined || badSnapshots.length > 0) found.add(id);
  }
  return [...found];
}

/** @returns the elements before the first that fits */
function until<T>(elements: readonly T[], fits: (element: T) => boolean): T[] {
  const at = elements.findIndex(fits);
  return at < 0 ? [...elements] : elements.slice(0, at);
}
