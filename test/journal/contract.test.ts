/** What every journal promises, durable or not. */
import { describe, expect, it } from '@jest/globals';
import { InvalidEntry, JournalClosed } from '../../src/journal/errors.js';
import { DamagedJournal, DuplicateKey, type Journal, RevisionConflict } from '../../src/journal/journal.js';
import { chainHash, GENESIS } from '../../src/session/chain.js';
import type { StoredEntry } from '../../src/session/entry.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, draft, input, noise, output, renamed, snapshot } from './drafts.js';
import { EARLY, openJournal } from './journals.js';
import { MemoryJournal } from './memory-journal.js';

const BIG = 300_000;

const journals: [string, () => Journal][] = [
  ['the SQLite journal', () => openJournal()],
  ['the SQLite journal that compacts early', () => openJournal(temporaryDirectory(), EARLY)],
  ['the journal in memory', () => new MemoryJournal()],
];

describe.each(journals)('%s', (_name, open) => {
  it('gives entries contiguous revisions and chains the very lines it stores', async () => {
    const journal = open();
    await journal.append('s', [created('s'), input('k', '"ünïcødé" \u0000 \ud800')]);
    await journal.append('s', [output('k')]);
    const entries = journal.read('s');
    expect(entries.map(({ entry }) => [entry.seq, entry.type])).toEqual([
      [1, 'created'],
      [2, 'input'],
      [3, 'output'],
    ]);
    let hash = GENESIS;
    for (const stored of entries) {
      hash = chainHash(hash, stored.line);
      expect(stored.hash).toBe(hash);
      expect(JSON.parse(stored.line)).toEqual(stored.entry);
    }
    const bytes = entries.reduce((sum, { line }) => sum + Buffer.byteLength(line), 0);
    expect(journal.session('s')).toEqual({ id: 's', revision: 3, head: hash, bytes });
    expect(journal.sessions()).toEqual([journal.session('s')]);
  });

  it('answers an append with what reading gives later', async () => {
    const journal = open();
    const appended = await journal.append('s', [
      created('s'),
      draft({ type: 'context', patch: { a: undefined, b: 1 } }),
    ]);
    expect(appended).toEqual(journal.read('s'));
    expect(appended[1]?.entry).toStrictEqual(JSON.parse(appended[1]?.line ?? ''));
  });

  it('appends all drafts or none', async () => {
    const journal = open();
    await journal.append('s', [created('s'), input('k')]);
    const refused = journal.append('s', [renamed('one'), snapshot(noise(2000)), input('k')]);
    await expect(refused).rejects.toThrow(DuplicateKey);
    expect(journal.session('s')?.revision).toBe(2);
    expect(journal.blob('s', 4)).toBeUndefined();
    await journal.append('s', [renamed('two')]);
    expect(journal.read('s', { after: 2 }).map(({ entry }) => entry)).toMatchObject([{ seq: 3, name: 'two' }]);
  });

  it('lets one of several writers win that expect the same revision, and tells the others the revision', async () => {
    const journal = open();
    await journal.append('s', [created('s')]);
    const writers = ['a', 'b', 'c', 'd'].map((name) => journal.append('s', [renamed(name)], { expectedRevision: 1 }));
    const results = await Promise.allSettled(writers);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    for (const result of results) {
      if (result.status === 'rejected') {
        expect(result.reason).toBeInstanceOf(RevisionConflict);
        expect(result.reason).toMatchObject({ session: 's', expected: 1, actual: 2 });
      }
    }
    expect(journal.session('s')?.revision).toBe(2);
  });

  it('lets exactly one of several writers create a session', async () => {
    const journal = open();
    const create = () => journal.append('s', [created('s')], { expectedRevision: 0 });
    const results = await Promise.allSettled([create(), create(), create()]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(journal.read('s')).toHaveLength(1);
  });

  it('refuses a second evaluation under one key in a session, also one asked for at the same moment', async () => {
    const journal = open();
    await Promise.all([journal.append('s', [created('s')]), journal.append('t', [created('t'), input('k')])]);
    const results = await Promise.allSettled([
      journal.append('s', [input('k', 'first')]),
      journal.append('s', [input('k', 'second')]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(journal.append('s', [input('k')])).rejects.toThrow(DuplicateKey);
    await expect(journal.append('s', [input('new'), input('new')])).rejects.toThrow(DuplicateKey);
    expect(journal.read('s').map(({ entry }) => entry)).toMatchObject([{ seq: 1 }, { seq: 2, code: 'first' }]);
  });

  it('does not let the refusal of one append harm those beside it', async () => {
    const journal = open();
    await journal.append('s', [created('s'), input('k')]);
    const results = await Promise.allSettled([
      journal.append('s', [renamed('one')]),
      journal.append('s', [input('k')]),
      journal.append('s', [renamed('stale')], { expectedRevision: 2 }),
      journal.append('s', [renamed('two')]),
      journal.append('other', [renamed('never created')]),
      journal.append('s', [output('k')], { expectedRevision: 4 }),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(journal.read('s', { after: 2 }).map(({ entry }) => entry)).toMatchObject([
      { name: 'one' },
      { name: 'two' },
      { type: 'output' },
    ]);
  });

  it.each([
    ['a first entry that is not created', 'new', [renamed('x')]],
    ['a second created', 's', [created('s')]],
    ['an output without its input', 's', [output('nothing')]],
    ['an output before its input', 's', [output('k2'), input('k2')]],
    ['a second output', 's', [output('k')]],
    ['a snapshot without its bytes', 's', [{ ...draft(snapshot(noise(9)).body) }]],
    ['a snapshot with other bytes', 's', [snapshot(noise(9), 'f'.repeat(64))]],
    ['bytes beside another entry', 's', [draft(renamed('x').body, noise(9))]],
  ])('refuses %s as a bug of its caller', async (_what, session, drafts) => {
    const journal = open();
    await journal.append('s', [created('s'), input('k'), output('k')]);
    await expect(journal.append(session, drafts)).rejects.toThrow(InvalidEntry);
    expect(journal.sessions().map(({ id, revision }) => [id, revision])).toEqual([['s', 3]]);
  });

  it('keeps the order of the calls within a session, however long their snapshots take to prepare', async () => {
    const journal = open();
    await journal.append('s', [created('s')]);
    const late = Buffer.alloc(BIG, 'late');
    await Promise.all([
      journal.append('s', [snapshot(late)], { expectedRevision: 1 }),
      journal.append('s', [renamed('between')], { expectedRevision: 2 }),
      journal.append('s', [snapshot(noise(BIG))], { expectedRevision: 3 }),
      journal.append('t', [created('t')]),
    ]);
    expect(journal.read('s').map(({ entry }) => entry.type)).toEqual(['created', 'snapshot', 'renamed', 'snapshot']);
    expectBytes(journal.blob('s', 2), late);
    expectBytes(journal.blob('s', 4), noise(BIG));
  });

  it('keeps a snapshot as it was when it was handed over', async () => {
    const journal = open();
    const [small, big] = [noise(100), noise(BIG)];
    const appended = journal.append('s', [created('s'), snapshot(small), snapshot(big)]);
    small.fill(0);
    big.fill(0);
    await appended;
    expectBytes(journal.blob('s', 2), noise(100));
    expectBytes(journal.blob('s', 3), noise(BIG));
  });

  it('keeps snapshots of any size, beside the revision of their entry only', async () => {
    const journal = open();
    const sizes = [0, 1, 511, 512, 5000, 65_536, 65_537];
    await journal.append('s', [created('s'), ...sizes.map((size) => snapshot(noise(size)))]);
    for (const [index, size] of sizes.entries()) {
      expectBytes(journal.blob('s', index + 2), noise(size));
    }
    for (const seq of [-1, 0, 1, 9]) expect(journal.blob('s', seq)).toBeUndefined();
    expect(journal.blob('t', 1)).toBeUndefined();
  });

  it('reads any range', async () => {
    const journal = open();
    await journal.append('s', [created('s'), ...['a', 'b', 'c', 'd'].map(renamed)]);
    const seqs = (range: Parameters<Journal['read']>[1]) => journal.read('s', range).map(({ entry }) => entry.seq);
    expect(seqs({})).toEqual([1, 2, 3, 4, 5]);
    expect(seqs({ after: 2 })).toEqual([3, 4, 5]);
    expect(seqs({ after: 1, upTo: 3 })).toEqual([2, 3]);
    expect(seqs({ after: 1, limit: 2 })).toEqual([2, 3]);
    expect(seqs({ upTo: 9, limit: 1 })).toEqual([1]);
    expect(seqs({ after: 5 })).toEqual([]);
    expect(seqs({ after: 7, upTo: 9 })).toEqual([]);
    expect(seqs({ upTo: 0 })).toEqual([]);
    expect(journal.read('t')).toEqual([]);
  });

  it('finds evaluations by key, in one session or in all', async () => {
    const journal = open();
    await journal.append('s', [created('s'), input('k'), input('other'), output('k')]);
    await journal.append('t', [created('t'), input('k')]);
    const places = (key: string, session?: string) =>
      journal.findByKey(key, session).map((found) => [found.session, found.entries.map(({ entry }) => entry.seq)]);
    expect(places('k')).toEqual([
      ['s', [2, 4]],
      ['t', [2]],
    ]);
    expect(places('k', 't')).toEqual([['t', [2]]]);
    expect(places('other', 't')).toEqual([]);
    expect(places('nothing')).toEqual([]);
  });

  it('tells listeners of what a session grew by, after it is committed, until they leave', async () => {
    const journal = open();
    const heard: [string, number[]][] = [];
    const leave = journal.onCommit((session, entries) => {
      heard.push([session, entries.map(({ entry }) => entry.seq)]);
      expect(journal.session(session)?.revision).toBe(entries.at(-1)?.entry.seq);
    });
    await journal.append('s', [created('s'), renamed('x')]);
    await expect(journal.append('s', [output('nothing')])).rejects.toThrow(InvalidEntry);
    leave();
    await journal.append('s', [renamed('y')]);
    expect(heard).toEqual([['s', [1, 2]]]);
  });

  it('gives a checkpoint back only while it is of this history', async () => {
    const journal = open();
    const [, second] = await journal.append('s', [created('s'), renamed('x')]);
    const checkpoint = { revision: 2, hash: second?.hash ?? '', state: '{"ünï":1}' };
    journal.saveCheckpoint('s', checkpoint);
    expect(journal.checkpoint('s')).toEqual(checkpoint);
    await journal.append('s', [renamed('y')]);
    expect(journal.checkpoint('s')).toEqual(checkpoint);
    journal.saveCheckpoint('s', { ...checkpoint, revision: 3 });
    expect(journal.checkpoint('s')).toBeUndefined();
    expect(journal.checkpoint('t')).toBeUndefined();
  });

  it('removes a session with everything filed under it, and lets its id be used again', async () => {
    const journal = open();
    await journal.append('t', [created('t'), input('k')]);
    await journal.append('s', [created('s'), input('k'), snapshot(noise(5000))]);
    await journal.remove('s');
    await journal.remove('s');
    expect([journal.session('s'), journal.read('s'), journal.blob('s', 3)]).toEqual([undefined, [], undefined]);
    expect(journal.findByKey('k').map(({ session }) => session)).toEqual(['t']);
    await journal.append('s', [created('s'), input('k')]);
    expect(journal.read('s')).toHaveLength(2);
    expect(journal.blob('s', 3)).toBeUndefined();
  });

  it('refuses everything after it was closed', async () => {
    const journal = open();
    await journal.append('s', [created('s')]);
    await journal.close();
    await journal.close();
    await expect(journal.append('s', [renamed('x')])).rejects.toThrow(JournalClosed);
    await expect(journal.remove('s')).rejects.toThrow(JournalClosed);
    await expect(journal.adopt('s', [], new Map())).rejects.toThrow(JournalClosed);
    expect(() => journal.read('s')).toThrow(JournalClosed);
    expect(() => journal.findByKey('k')).toThrow(JournalClosed);
    expect(() => journal.sessions()).toThrow(JournalClosed);
  });

  describe('adopting what another journal wrote', () => {
    const bytes = noise(4000);
    const original = async () => {
      const source = new MemoryJournal();
      const drafts = [created('s'), input('k'), output('k'), snapshot(bytes), renamed('x')];
      return source.append('s', drafts);
    };
    const blobs = new Map([[4, bytes]]);

    it('keeps lines, hashes and snapshots, and goes on from there', async () => {
      const journal = open();
      const entries = await original();
      await journal.adopt('s', entries.slice(0, 2), blobs);
      await journal.adopt('s', entries.slice(2), blobs);
      expect(journal.read('s')).toEqual(entries);
      expectBytes(journal.blob('s', 4), bytes);
      expect(journal.findByKey('k', 's')[0]?.entries).toHaveLength(2);
      await expect(journal.append('s', [input('k')])).rejects.toThrow(DuplicateKey);
      await journal.append('s', [renamed('y')], { expectedRevision: 5 });
    });

    it('takes entries whose snapshots were left out, and says later that they are not there', async () => {
      const journal = open();
      const entries = await original();
      await journal.adopt('s', entries, new Map());
      expect(journal.read('s')).toEqual(entries);
      expect(journal.blob('s', 4)).toBeUndefined();
      expect(journal.session('s')?.bytes).toBe(entries.reduce((sum, { line }) => sum + Buffer.byteLength(line), 0));
    });

    it('believes lines, not what comes parsed with them', async () => {
      const journal = open();
      const entries = await original();
      const forged = entries.map((stored) => ({ ...stored, entry: { ...stored.entry, client: 'forged' } }));
      await journal.adopt('s', forged, blobs);
      expect(journal.read('s')).toEqual(entries);
    });

    it.each<[string, (entries: StoredEntry[]) => StoredEntry[], number]>([
      ['a changed line', (all) => replace(all, 2, { line: all[2]?.line.replace('7', '8') ?? '' }), 2],
      ['a changed first line', (all) => replace(all, 0, { line: `${all[0]?.line} ` }), 0],
      ['a changed hash', (all) => replace(all, 4, { hash: 'f'.repeat(64) }), 4],
      ['a missing entry', (all) => all.filter((_, index) => index !== 1), 1],
      ['entries out of order', (all) => [all[0], all[2], all[1], all[3], all[4]].filter((entry) => !!entry), 1],
    ])('refuses %s, whole, and names the last good revision', async (_what, damage, lastGood) => {
      const journal = open();
      const adopted = journal.adopt('s', damage([...(await original())]), blobs);
      await expect(adopted).rejects.toThrow(DamagedJournal);
      await expect(adopted).rejects.toMatchObject({ session: 's', lastGood });
      expect(journal.sessions()).toEqual([]);
    });

    it('refuses snapshots that are not those the entries describe', async () => {
      const journal = open();
      const adopted = journal.adopt('s', await original(), new Map([[4, noise(4000, 'other')]]));
      await expect(adopted).rejects.toThrow(DamagedJournal);
      await expect(adopted).rejects.toMatchObject({ lastGood: 3 });
      expect(journal.sessions()).toEqual([]);
    });

    it('refuses a history that is not the continuation of its own', async () => {
      const journal = open();
      const entries = await original();
      await journal.append('s', [created('s'), renamed('ours')]);
      await expect(journal.adopt('s', entries, blobs)).rejects.toThrow(RevisionConflict);
      await expect(journal.adopt('s', entries.slice(2), blobs)).rejects.toThrow(DamagedJournal);
      expect(journal.session('s')?.revision).toBe(2);
    });
  });
});

function replace(entries: StoredEntry[], index: number, change: Partial<StoredEntry>): StoredEntry[] {
  return entries.map((stored, at) => (at === index ? { ...stored, ...change } : stored));
}

/** As `toEqual`, which takes a second for a large array. */
function expectBytes(found: Uint8Array | undefined, wanted: Uint8Array): void {
  expect(found && Buffer.compare(found, wanted)).toBe(0);
}
