/** The promises, as invariants of the journal, of the account of what happened, and of the sessions as they stand. */
import { isDeepStrictEqual } from 'node:util';
import type { Entry, InputEntry, OutputEntry } from '../../src/session/entry.js';
import { fold } from '../../src/session/state.js';
import { programOf } from './language.js';
import { checkValues } from './values.js';
import type { World } from './world.js';

/** To be called when nothing is under way. */
export function checkPromises(world: World): void {
  for (const { id } of world.disk.journal.sessions()) {
    const entries = world.disk.journal.read(id).map(({ entry }) => entry);
    checkKeys(world, id, entries);
    checkOrder(world, entries);
    checkFold(world, id, entries);
    checkValues(world, id, entries);
  }
  checkEngines(world);
  checkTold(world);
  checkOutboxes(world);
}

/** An engine serves one session for as long as it runs: what it answers is no other's, and nobody sees another's values. */
function checkEngines(world: World): void {
  const { account, disk } = world;
  const { journal } = disk;
  const sessionOf = new Map<string, string>();
  for (const { id } of journal.sessions()) {
    for (const { entry } of journal.read(id)) {
      if (entry.type === 'input') sessionOf.set(programOf(entry.code).key, id);
      if (entry.type === 'output' && entry.error?.class === 'EngineOwnership') {
        world.violated(`${entry.key} of ${id} met an engine of another session: ${entry.error.message}`);
      }
    }
  }
  for (const keys of account.perEngine) {
    const sessions = new Set(keys.map((key) => sessionOf.get(key)));
    if (sessions.size > 1) world.violated(`one engine served ${[...sessions].join(' and ')}: it ran ${keys.join(' ')}`);
  }
}

type Input = Entry & InputEntry;
type Output = Entry & OutputEntry;

/** Accepted once, answered once, begun as often as the answer says. */
function checkKeys(world: World, session: string, entries: readonly Entry[]): void {
  const inputs = entries.filter((entry): entry is Input => entry.type === 'input');
  const outputs = new Map<string, Output>();
  for (const entry of entries) {
    if (entry.type !== 'output') continue;
    if (outputs.has(entry.key)) world.violated(`${entry.key} has two outputs in ${session}`);
    outputs.set(entry.key, entry);
  }
  if (new Set(inputs.map(({ key }) => key)).size !== inputs.length) world.violated(`${session} has a key twice`);
  let unknownByDeath = 0;
  for (const { key, code } of inputs) {
    const output = outputs.get(key);
    const begun = world.account.timesBegun(programOf(code).key);
    if (!output) world.violated(`${key} was accepted in ${session} and has no outcome`);
    else if (output.outcome === 'unknown') {
      if (begun > 1) world.violated(`${key} began ${begun} times`);
      if (output.error?.class === 'BackendDied') unknownByDeath += 1;
      else if (!mayHaveDiedUnder(world, key)) world.violated(`${key} is unknown, and no engine died under it`);
    } else {
      const expected = neverBegan(output) ? 0 : 1;
      if (begun !== expected) world.violated(`${key} ended with ${output.outcome} and began ${begun} times`);
    }
  }
  if (unknownByDeath > world.account.backendEnds) {
    world.violated(
      `${session}: ${unknownByDeath} unknown outcomes for ${world.account.backendEnds} ends of the backend`,
    );
  }
}

/** Code that was given to an engine whose death was not heard of yet has begun for all that the backend knows. */
function mayHaveDiedUnder({ account }: World, key: string): boolean {
  return account.diedUnder(key) || (account.timesBegun(key) === 0 && account.engineDeaths > 0);
}

function neverBegan({ error }: Output): boolean {
  return error?.class === 'EngineUnavailable' || error?.class === 'RestoreFailed';
}

/** Inputs of a session begin in the order in which they were accepted. */
function checkOrder(world: World, entries: readonly Entry[]): void {
  const accepted = entries.filter((entry): entry is Input => entry.type === 'input').map(({ key }) => key);
  const here = new Set(accepted);
  const begun = world.account.order.filter((key) => here.has(key));
  const began = new Set(begun);
  const expected = accepted.filter((key) => began.has(key));
  if (!isDeepStrictEqual(begun, expected)) {
    world.violated(`accepted in the order ${expected.join(' ')}, begun in the order ${begun.join(' ')}`);
  }
}

/** What the backend holds in memory, perhaps from a checkpoint, is the fold of the whole journal; nothing waits. */
function checkFold(world: World, session: string, entries: readonly Entry[]): void {
  const { state } = world.backend.registry.find(session);
  const folded = fold(entries);
  if (JSON.stringify(state) !== JSON.stringify(folded)) world.violated(`${session} is not the fold of its journal`);
  if (folded.pending.length > 0) world.violated(`${session} has evaluations that wait for ever`);
}

/** Whatever a client was told is in the journal as it was told. */
function checkTold(world: World): void {
  for (const [key, told] of world.account.told) world.tell(key, told);
}

/** What an outbox accepted has arrived, and is in the outbox no more. */
function checkOutboxes(world: World): void {
  for (const { name, disk } of world.machines) {
    if (disk.entries.size > 0) world.violated(`the outbox of ${name} still has ${[...disk.entries.keys()].join(' ')}`);
    for (const key of disk.accepted) {
      if (world.disk.journal.findByKey(key).length === 0)
        world.violated(`${key} was accepted by the outbox and is lost`);
    }
  }
}
