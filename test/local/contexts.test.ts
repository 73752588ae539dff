/** What this machine keeps of contexts: what it last knew, what the user wants in all sessions, and copies to look at. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CONTEXT_CACHE_LIMIT } from '../../src/local/context-cache.js';
import { KNOWN_CONTEXTS_LIMIT } from '../../src/local/context-knowledge.js';
import { LocalStateDamaged } from '../../src/local/errors.js';
import { type StuiPaths, stuiPaths } from '../../src/local/paths.js';
import { type LocalState, openLocalState } from '../../src/local/state.js';
import type { HeldPlace } from '../../src/session/own-changes.js';
import { temporaryDirectory } from './temporary.js';

const NOW = '2026-01-02T03:04:05.678Z';

function fresh(): { state: LocalState; again: () => LocalState; paths: StuiPaths; warnings: string[] } {
  const paths = stuiPaths({ STUI_HOME: temporaryDirectory() });
  const warnings: string[] = [];
  const warn = ({ message }: { message: string }): void => void warnings.push(message);
  const again = () => openLocalState(paths, { warn, now: () => new Date(NOW) });
  return { state: again(), again, paths, warnings };
}

const set = (...path: string[]): HeldPlace => ({ path, isSet: true });
const led = (...path: string[]): HeldPlace => ({ path, isSet: false });

describe('what is known of a context', () => {
  const buffer = [['buffer']];

  it('is nothing at first, and then what was seen, for each connection and session', async () => {
    const { state, again } = fresh();
    const { knownContexts } = state;
    expect(knownContexts.base('lab', 's', buffer)).toBeUndefined();
    await knownContexts.saw('lab', 's', 7);
    expect(again().knownContexts.base('lab', 's', buffer)).toBe(7);
    expect(knownContexts.base('far', 's', buffer)).toBeUndefined();
    expect(knownContexts.base('lab', 't', buffer)).toBeUndefined();
  });

  it('does not go back', async () => {
    const { knownContexts } = fresh().state;
    await knownContexts.saw('lab', 's', 7);
    await knownContexts.saw('lab', 's', 5);
    expect(knownContexts.base('lab', 's', buffer)).toBe(7);
  });

  it('is all of it after a change that began with what was seen, when nobody else had changed anything', async () => {
    const { knownContexts } = fresh().state;
    await knownContexts.saw('lab', 's', 7);
    await knownContexts.made('lab', 's', { places: [led(), set('buffer')], from: 7, revision: 9 });
    expect(knownContexts.base('lab', 's', [['layout', 'focus']])).toBe(9);
  });

  it('is only what was set when others had changed something', async () => {
    const { knownContexts } = fresh().state;
    await knownContexts.saw('lab', 's', 7);
    await knownContexts.made('lab', 's', { places: [set('preferences', 'font')], from: 7, revision: 9 });
    expect(knownContexts.base('lab', 's', [['preferences', 'font', 'size']])).toBe(9);
    expect(knownContexts.base('lab', 's', [['preferences', 'theme']])).toBe(7);
    expect(knownContexts.base('lab', 's', [['preferences']])).toBe(7);
    expect(knownContexts.base('lab', 's', [['preferences', 'font'], ['buffer']])).toBe(7);
  });

  it('is not what was there beside a change that began with something newer than what was seen', async () => {
    const { knownContexts } = fresh().state;
    await knownContexts.saw('lab', 's', 7);
    await knownContexts.made('lab', 's', { places: [set('buffer')], from: 7, revision: 9 });
    await knownContexts.made('lab', 's', { places: [led(), set('buffer')], from: 9, revision: 10 });
    expect(knownContexts.base('lab', 's', buffer)).toBe(10);
    expect(knownContexts.base('lab', 's', [['layout']])).toBe(7);
  });

  it('is what a first change led to, when nothing was known before', async () => {
    const { knownContexts } = fresh().state;
    await knownContexts.made('lab', 's', { places: [set('buffer')], from: undefined, revision: 9 });
    expect(knownContexts.base('lab', 's', [['layout']])).toBe(9);
  });

  it('goes on from one change to the next of those that were made from the same context', async () => {
    const { knownContexts } = fresh().state;
    await knownContexts.saw('lab', 's', 7);
    expect(knownContexts.continued('lab', 's', buffer, 7)).toBe(7);
    await knownContexts.made('lab', 's', { places: [set('buffer')], from: 7, revision: 9 });
    await knownContexts.made('lab', 's', { places: [set('buffer')], from: 7, base: 9, revision: 12 });
    await knownContexts.saw('lab', 's', 20);
    expect(knownContexts.continued('lab', 's', buffer, 7)).toBe(12);
    expect(knownContexts.continued('lab', 's', [['layout']], 7)).toBe(7);
    expect(knownContexts.continued('lab', 's', buffer, 20)).toBe(20);
  });

  it('is not written when it did not change', async () => {
    const { state, paths } = fresh();
    await state.knownContexts.saw('lab', 's', 7);
    const written = () => statSync(join(paths.data, 'contexts.json')).ino;
    const before = written();
    await state.knownContexts.saw('lab', 's', 7);
    await state.knownContexts.saw('lab', 's', 6);
    await state.knownContexts.forget('lab', 'other');
    expect(written()).toBe(before);
  });

  it('is forgotten for the sessions that were used longest ago, beyond so many', async () => {
    const { state, paths } = fresh();
    const contexts = Array.from({ length: KNOWN_CONTEXTS_LIMIT }, (_, index) => ({
      connection: 'lab',
      session: `s${index}`,
      seen: 1,
      own: [],
    }));
    await state.knownContexts.saw('lab', 'first', 1);
    writeFileSync(join(paths.data, 'contexts.json'), JSON.stringify({ schemaVersion: 1, contexts }));
    await state.knownContexts.saw('lab', 'next', 2);
    expect(state.knownContexts.base('lab', 'next', buffer)).toBe(2);
    expect(state.knownContexts.base('lab', 's0', buffer)).toBe(1);
    expect(state.knownContexts.base('lab', `s${KNOWN_CONTEXTS_LIMIT - 1}`, buffer)).toBeUndefined();
  });

  it('is forgotten with the session or the connection', async () => {
    const { knownContexts, connections } = fresh().state;
    await connections.add({ name: 'lab', endpoint: 'tcp://lab.example:5555' });
    await knownContexts.saw('lab', 's', 7);
    await knownContexts.saw('lab', 't', 7);
    await knownContexts.forget('lab', 's');
    expect(knownContexts.base('lab', 's', buffer)).toBeUndefined();
    await connections.remove('lab');
    expect(knownContexts.base('lab', 't', buffer)).toBeUndefined();
  });

  it('is what an earlier version wrote, which knew no hashes, and goes on with them', async () => {
    const { state, paths } = fresh();
    await state.knownContexts.saw('lab', 'other', 1);
    const own = [{ path: ['buffer'], from: 7, revision: 9 }];
    const written = { schemaVersion: 1, contexts: [{ connection: 'lab', session: 's', seen: 7, own }] };
    writeFileSync(join(paths.data, 'contexts.json'), JSON.stringify(written));
    const { knownContexts } = state;
    expect([knownContexts.base('lab', 's', buffer), knownContexts.base('lab', 's', [['layout']])]).toEqual([9, 7]);
    expect(knownContexts.head('lab', 's')).toBeUndefined();
    await knownContexts.saw('lab', 's', 10, { hash: 'a'.repeat(64) });
    expect(knownContexts.head('lab', 's')).toEqual({ revision: 10, hash: 'a'.repeat(64) });
    await knownContexts.made('lab', 's', { places: [], from: 10, revision: 12, hash: 'b'.repeat(64) });
    await knownContexts.saw('lab', 's', 11, { hash: 'c'.repeat(64) });
    expect(knownContexts.head('lab', 's')).toEqual({ revision: 12, hash: 'b'.repeat(64) });
    await knownContexts.saw('lab', 's', 3, { hash: 'd'.repeat(64), isAnother: true });
    expect(knownContexts.head('lab', 's')).toEqual({ revision: 3, hash: 'd'.repeat(64) });
    expect(knownContexts.base('lab', 's', buffer)).toBe(3);
  });

  it('is not taken for nothing when its file is damaged beyond repair', async () => {
    const { state, paths } = fresh();
    await state.knownContexts.saw('lab', 's', 7);
    writeFileSync(join(paths.data, 'contexts.json'), '{"contexts": [{"connection": "lab"}]}');
    expect(() => state.knownContexts.base('lab', 's', buffer)).toThrow(LocalStateDamaged);
  });

  it('falls back to the version before when its file is damaged, which at worst is a conflict more', async () => {
    const { state, paths, warnings } = fresh();
    await state.knownContexts.saw('lab', 's', 7);
    await state.knownContexts.saw('lab', 's', 8);
    writeFileSync(join(paths.data, 'contexts.json'), '{"contexts"');
    expect(state.knownContexts.base('lab', 's', buffer)).toBe(7);
    expect(warnings).toHaveLength(1);
  });
});

describe("the user's context", () => {
  it('is what was set, in the configuration', async () => {
    const { state, again, paths } = fresh();
    expect(state.userContext.get()).toEqual({});
    await state.userContext.update((context) => ({ ...context, preferences: { font: 12 } }));
    expect(again().userContext.get()).toEqual({ preferences: { font: 12 } });
    expect(JSON.parse(readFileSync(join(paths.config, 'workspace.json'), 'utf8'))).toEqual({
      schemaVersion: 1,
      context: { preferences: { font: 12 } },
    });
  });

  it.each([{ context: [] }, { context: { buffer: 3 } }, { context: { layout: { focus: 1 } } }])(
    'with a mistake written by hand falls back to the version before: %j',
    async (mistake) => {
      const { state, paths, warnings } = fresh();
      await state.userContext.update(() => ({ buffer: 'one' }));
      await state.userContext.update(() => ({ buffer: 'two' }));
      writeFileSync(join(paths.config, 'workspace.json'), JSON.stringify(mistake));
      expect(state.userContext.get()).toEqual({ buffer: 'one' });
      expect(warnings).toHaveLength(1);
    },
  );
});

describe('the context cache', () => {
  const seen = { connection: 'lab', session: 's', revision: 7, context: { buffer: 'text', __internal__: 'x' } };

  it('keeps the newest that was seen of each session, with the time', async () => {
    const { state, again } = fresh();
    expect(await state.contextCache.remember(seen)).toBe(true);
    await state.contextCache.remember({ ...seen, revision: 6, context: {} });
    await state.contextCache.remember({ ...seen, session: 't' });
    expect(again().contextCache.get('lab', 's')).toEqual({ ...seen, asOf: NOW });
    expect(state.contextCache.get('far', 's')).toBeUndefined();
  });

  it('has room for so much, and for none that is larger', async () => {
    const { contextCache } = fresh().state;
    const large = (session: string, share: number) => ({
      ...seen,
      session,
      context: { buffer: 'x'.repeat(CONTEXT_CACHE_LIMIT * share) },
    });
    await contextCache.remember(large('a', 0.4));
    await contextCache.remember(large('b', 0.4));
    await contextCache.remember(large('c', 0.4));
    expect(['a', 'b', 'c'].map((session) => contextCache.get('lab', session) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
    await contextCache.remember(large('d', 1.1));
    expect(['b', 'c', 'd'].map((session) => contextCache.get('lab', session) !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('counts as empty when it is damaged, and fails nobody', async () => {
    const { state, paths, warnings } = fresh();
    await state.contextCache.remember(seen);
    writeFileSync(join(paths.cache, 'contexts.json'), '{"contexts": [1]}');
    expect(state.contextCache.get('lab', 's')).toBeUndefined();
    expect(await state.contextCache.remember(seen)).toBe(true);
    expect(state.contextCache.get('lab', 's')).toEqual({ ...seen, asOf: NOW });
    expect(warnings).toEqual([]);
  });

  it('is forgotten with the connection', async () => {
    const { connections, contextCache } = fresh().state;
    await connections.add({ name: 'lab', endpoint: 'tcp://lab.example:5555' });
    await contextCache.remember(seen);
    await connections.remove('lab');
    expect(contextCache.get('lab', 's')).toBeUndefined();
  });
});
