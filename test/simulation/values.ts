/**
 * What the session's counters have to be, followed through its journal: an answer is one more than the last, except where
 * a restore said that the counter was lost, or came back as an earlier snapshot had it.
 */
import type { Entry, RestoredEntry } from '../../src/session/entry.js';
import { type Program, programOf } from './language.js';
import type { World } from './world.js';

export function checkValues(world: World, session: string, entries: readonly Entry[]): void {
  const programs = new Map<string, Program>();
  let live = new Map<string, number>();
  let saved = new Map<string, number>();
  for (const entry of entries) {
    if (entry.type === 'input') programs.set(entry.key, programOf(entry.code));
    if (entry.type === 'output') {
      const { counter, read } = programs.get(entry.key) as Program;
      const ran = entry.outcome !== 'unknown' && !isRefused(entry.error?.class);
      // Raising and hanging come after the effect.
      if (ran && counter) live.set(counter, (live.get(counter) ?? 0) + 1);
      if (entry.outcome !== 'value') continue;
      const expected = String(live.get(counter ?? read ?? '') ?? 'nil');
      if (entry.printString !== expected) {
        world.violated(`${entry.key} of ${session} answered ${entry.printString}, and ${expected} was due`);
      }
    }
    if (entry.type === 'snapshot') {
      const bytes = world.disk.journal.blob(session, entry.seq) as Uint8Array;
      const carried = new Map(
        Object.entries(JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, number>),
      );
      saved = entry.kind === 'full' ? carried : new Map([...saved, ...carried]);
      for (const [name, value] of carried) {
        if (live.get(name) !== value) world.violated(`snapshot ${entry.seq} of ${session} has ${name} = ${value}`);
      }
    }
    if (entry.type === 'restored' && !entry.replayed) {
      checkReport(world, session, entry, live, saved);
      live = new Map(saved);
    }
  }
}

/** Whatever is not as the last answers said has to be reported as lost, and what came back as come back. */
function checkReport(
  world: World,
  session: string,
  { bindings }: RestoredEntry,
  live: ReadonlyMap<string, number>,
  saved: ReadonlyMap<string, number>,
): void {
  const reported = new Map(bindings.map(({ name, fidelity }) => [name, fidelity]));
  for (const [name, value] of live) {
    if (saved.get(name) !== value && reported.get(name) !== 'lost') {
      world.violated(`${name} of ${session} was ${value}, came back as ${saved.get(name)}, and nobody said so`);
    }
  }
  for (const [name, fidelity] of reported) {
    if (fidelity === 'snapshot' && !saved.has(name)) world.violated(`${name} of ${session} came back from nowhere`);
  }
}

function isRefused(errorClass: string | undefined): boolean {
  return errorClass === 'EngineUnavailable' || errorClass === 'RestoreFailed';
}
