/**
 * The promise of a change's base, against random histories of two clients that look, change, go offline and come back:
 * nobody overwrites, without a word, what he was never shown; and whoever is alone is never in conflict.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Unreachable } from '../../../src/client/errors.js';
import { deliverOrphans } from '../../../src/service/delivery.js';
import { changeContext } from '../../../src/service/workspace/change.js';
import { seeContext } from '../../../src/service/workspace/reading.js';
import { patchSetting, valueAt } from '../../../src/session/context-path.js';
import { isObject } from '../../../src/session/json.js';
import { patchPlaces } from '../../../src/session/patch-places.js';
import { FakeBackend, FakeClient, SESSION } from './fake-workplace.js';

const PATHS = [['buffer'], ['preferences', 'a'], ['preferences', 'b'], ['other', 'deep', 'x']] as const;

/** A place that has others inside of it. */
const OUTER = ['preferences'] as const;

interface Step {
  readonly who: number;
  readonly does: 'look' | 'set' | 'leave' | 'return' | 'flicker' | 'miss' | 'flush' | 'wait';
  readonly where: number;
}

const steps = (clients: number, wheres: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      who: fc.nat(clients - 1),
      does: fc.constantFrom('look', 'set', 'set', 'set', 'leave', 'return', 'flicker', 'miss', 'flush', 'wait'),
      where: fc.nat(wheres - 1),
    }),
    { maxLength: 40 },
  );

/** A client, and the values that he has seen or made; all values differ. */
class Person {
  readonly knows = new Set<unknown>();
  hasLooked = false;

  constructor(readonly client: FakeClient) {}
}

class Story {
  readonly backend = new FakeBackend();
  readonly people: readonly Person[];
  /** What whoever made a change knew when he made it, by its key. */
  readonly #known = new Map<string, ReadonlySet<unknown>>();
  readonly conflicts: string[] = [];
  readonly overwritten: string[] = [];
  #count = 0;

  constructor(clients: number) {
    this.people = Array.from({ length: clients }, () => new Person(new FakeClient(this.backend)));
    this.backend.onUpdate = (key, before, after, conflicts) => {
      if (conflicts > 0) this.conflicts.push(key);
      for (const { path, value } of patchPlaces(before)) {
        if (valueAt(after, path) === value || isObject(value) || this.#known.get(key)?.has(value)) continue;
        this.overwritten.push(`${key} took ${value} from ${path.join('.')}`);
      }
    };
  }

  async take({ who, does, where }: Step): Promise<void> {
    const person = this.people[who] as Person;
    const { client } = person;
    if (does === 'look' && client.online) await reached(this.#look(person));
    if (does === 'leave') client.online = false;
    if (does === 'return') Object.assign(client, { online: true, answersLeft: Number.POSITIVE_INFINITY });
    if (does === 'flicker') client.answersLeft = where;
    if (does === 'miss') client.losesAnswer = true;
    if (does === 'flush' && client.online) await reached(deliverOrphans(client.workplace));
    if (does === 'wait') this.backend.pass();
    if (does === 'set') await reached(this.#set(person, PATHS[where] ?? OUTER));
  }

  async #look(person: Person): Promise<void> {
    const { context } = await seeContext(person.client.workplace, SESSION);
    person.hasLooked = true;
    for (const { value } of patchPlaces(context)) person.knows.add(value);
  }

  async #set(person: Person, path: readonly string[]): Promise<void> {
    // Whoever has never looked changes blindly, and is asked for nothing.
    if (!person.hasLooked) {
      if (!person.client.online) return;
      await this.#look(person);
    }
    const key = `change ${++this.#count}`;
    const value = `value ${this.#count}`;
    person.knows.add(value);
    this.#known.set(key, new Set(person.knows));
    await changeContext(person.client.workplace, {
      session: SESSION,
      paths: [path],
      patch: (context) => patchSetting(path, path === OUTER ? { a: value, c: value } : value, context),
      key,
      keepForLater: true,
    });
  }
}

/** What was under way when the link broke is tried no more. */
async function reached(work: Promise<unknown>): Promise<void> {
  await work.catch((error) => {
    if (!(error instanceof Unreachable)) throw error;
  });
}

describe('a change', () => {
  it('overwrites nothing that whoever makes it was never shown, but says that it is in conflict', async () => {
    let conflicts = 0;
    await fc.assert(
      fc.asyncProperty(steps(2, PATHS.length + 1), async (taken) => {
        const story = new Story(2);
        for (const step of taken) await story.take(step);
        expect(story.overwritten).toEqual([]);
        conflicts += story.conflicts.length;
      }),
      { numRuns: 2_000 },
    );
    expect(conflicts).toBeGreaterThan(0);
  });

  it('of whoever is alone is never in conflict, online and offline', async () => {
    await fc.assert(
      fc.asyncProperty(steps(1, PATHS.length + 1), async (taken) => {
        const story = new Story(1);
        for (const step of taken) await story.take(step);
        expect(story.conflicts).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});
