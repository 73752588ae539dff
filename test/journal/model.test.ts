/** The durable journal does what the simple one in memory does, whatever is asked of them, across reopening. */
import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import type { Draft, Journal } from '../../src/journal/journal.js';
import { openSqliteJournal } from '../../src/journal/sqlite.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, draft, input, noise, output, renamed, snapshot } from './drafts.js';
import { EARLY } from './journals.js';
import { MemoryJournal } from './memory-journal.js';

const RUNS = 60;
const SESSIONS = ['a', 'b'];
const KEYS = ['k', 'l', 'é'];

interface Pair {
  readonly model: MemoryJournal;
  durable: Journal;
  readonly open: () => Journal;
}

type Action = (pair: Pair) => Promise<void>;

const session = fc.constantFrom(...SESSIONS);
const key = fc.constantFrom(...KEYS);

const anyDraft: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(key, fc.string({ unit: 'binary' })).map(([name, code]) => input(name, code)) },
  { weight: 4, arbitrary: key.map(output) },
  { weight: 1, arbitrary: session.map(created) },
  { weight: 2, arbitrary: fc.string().map(renamed) },
  {
    weight: 2,
    arbitrary: fc.dictionary(fc.string(), fc.jsonValue()).map((patch) => draft({ type: 'context', patch })),
  },
  { weight: 2, arbitrary: fc.nat(6000).map((size) => snapshot(noise(size))) },
  { weight: 1, arbitrary: fc.nat(600).map((size) => snapshot(Buffer.alloc(size, 'x'), 'f'.repeat(64))) },
);

interface Append {
  readonly session: string;
  readonly drafts: readonly Draft[];
  readonly expectedRevision?: number;
}

const append: fc.Arbitrary<Append> = fc.oneof(
  { weight: 1, arbitrary: session.map((id) => ({ session: id, drafts: [created(id)] })) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(session, fc.array(anyDraft, { maxLength: 4 }), fc.option(fc.nat(9), { nil: undefined, freq: 3 }))
      .map(([id, drafts, expectedRevision]) => ({
        session: id,
        drafts,
        ...(expectedRevision === undefined ? {} : { expectedRevision }),
      })),
  },
);

const together = fc.array(append, { minLength: 1, maxLength: 5 }).map(
  (appends): Action =>
    async ({ model, durable }) => {
      const ask = (journal: Journal) => appends.map((one) => journal.append(one.session, one.drafts, one));
      // The model settles each call before the next; the durable journal gets them all in one turn.
      const wanted = await Promise.allSettled(ask(model));
      same(describeResults(await Promise.allSettled(ask(durable))), describeResults(wanted));
    },
);

const reopening = fc.constant<Action>(async (pair) => {
  await pair.durable.close();
  pair.durable = pair.open();
});

const removal = session.map(
  (id): Action =>
    async ({ model, durable }) => {
      await Promise.all([model.remove(id), durable.remove(id)]);
    },
);

const moving = session.map(
  (id): Action =>
    async ({ model, durable }) => {
      const entries = model.read(id);
      const blobs = new Map(entries.map(({ entry }) => [entry.seq, model.blob(id, entry.seq)] as const));
      const present = new Map([...blobs].filter((pair): pair is [number, Uint8Array] => pair[1] !== undefined));
      for (const journal of [model, durable]) {
        await journal.remove(id);
        await journal.adopt(id, entries, present);
      }
    },
);

const checkpointing = fc.tuple(session, fc.nat(8), fc.string()).map(
  ([id, revision, state]): Action =>
    async ({ model, durable }) => {
      const hash = model.read(id, { after: revision - 1, limit: 1 })[0]?.hash;
      if (hash) for (const journal of [model, durable]) journal.saveCheckpoint(id, { revision, hash, state });
    },
);

const action = fc.oneof(
  { weight: 10, arbitrary: together },
  { weight: 2, arbitrary: reopening },
  { weight: 1, arbitrary: removal },
  { weight: 1, arbitrary: moving },
  { weight: 2, arbitrary: checkpointing },
);

describe('the SQLite journal', () => {
  it.each([
    ['', undefined],
    [', also when it compacts early', EARLY],
  ])('does what the journal in memory does%s', async (_when, compaction) => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 20 }), async (actions) => {
        const directory = temporaryDirectory();
        const open = () => openSqliteJournal(compaction ? { directory, compaction } : { directory });
        const pair: Pair = { model: new MemoryJournal(), durable: open(), open };
        try {
          for (const act of actions) {
            await act(pair);
            same(look(pair.durable), look(pair.model));
          }
        } finally {
          await pair.durable.close();
        }
      }),
      { numRuns: RUNS },
    );
  });
});

function look(journal: Journal): unknown {
  const rows = [...journal.sessions()].sort((one, other) => one.id.localeCompare(other.id));
  return {
    rows,
    entries: SESSIONS.map((id) => journal.read(id)),
    blobs: SESSIONS.map((id) =>
      journal.read(id).map(({ entry }) => Buffer.from(journal.blob(id, entry.seq) ?? []).toString('base64')),
    ),
    keys: KEYS.map((name) =>
      [...journal.findByKey(name)].sort((one, other) => one.session.localeCompare(other.session)),
    ),
    checkpoints: SESSIONS.map((id) => journal.checkpoint(id)),
  };
}

function describeResults(results: readonly PromiseSettledResult<unknown>[]): unknown {
  return results.map((result) => {
    if (result.status === 'fulfilled') return result.value;
    const { name, message } = result.reason as Error;
    // What a refused bug of the caller says is for people; what the other errors say names revisions and keys.
    return name === 'InvalidEntry' ? name : `${name}: ${message}`;
  });
}

/** As `toEqual`, at a fraction of its price for what is compared thousands of times. */
function same(found: unknown, wanted: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`The journals differ:\n${one}\n${other}`);
}
