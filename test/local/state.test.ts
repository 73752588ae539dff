import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConnectionExists, InvalidValue, UnknownConnection, UnknownPreference } from '../../src/local/errors.js';
import { type StuiPaths, stuiPaths } from '../../src/local/paths.js';
import type { PreferenceKey } from '../../src/local/preference-table.js';
import { type LocalState, openLocalState } from '../../src/local/state.js';
import { temporaryDirectory } from './temporary.js';

const NOW = '2026-01-02T03:04:05.678Z';
const lab = { name: 'lab', endpoint: 'tcp://lab.example:5555' };

function fresh(): { state: LocalState; paths: StuiPaths; warnings: string[] } {
  const paths = stuiPaths({ STUI_HOME: temporaryDirectory() });
  const warnings: string[] = [];
  const warn = ({ message }: { message: string }): void => void warnings.push(message);
  return { state: openLocalState(paths, { warn, now: () => new Date(NOW) }), paths, warnings };
}

describe('connections', () => {
  it('are listed in the order they were added, with the time', async () => {
    const { connections } = fresh().state;
    const serverKey = 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7';
    expect(await connections.add(lab)).toEqual({ ...lab, createdAt: NOW });
    await connections.add({ name: 'ci', endpoint: 'ipc:///run/stui/ci.sock', serverKey });
    expect(connections.list()).toEqual([
      { ...lab, createdAt: NOW },
      { name: 'ci', endpoint: 'ipc:///run/stui/ci.sock', serverKey, createdAt: NOW },
    ]);
    expect(connections.get('ci').serverKey).toBe(serverKey);
    expect(connections.endpoint('lab')).toBe(lab.endpoint);
  });

  it('can be added again with the same settings, but not with others', async () => {
    const { connections } = fresh().state;
    await connections.add(lab);
    await connections.add(lab);
    expect(connections.list()).toHaveLength(1);
    await expect(connections.add({ ...lab, endpoint: 'tcp://other:1' })).rejects.toBeInstanceOf(ConnectionExists);
    expect(connections.get('lab').endpoint).toBe(lab.endpoint);
  });

  it.each(['__proto__', 'constructor', 'a.b.c', 'toString', '0', 'x'.repeat(64)])('may be named %j', async (name) => {
    const { connections } = fresh().state;
    await connections.add({ ...lab, name });
    await connections.setDefault(name);
    expect(connections.list().map((each) => each.name)).toEqual([name]);
    expect(connections.get(name).endpoint).toBe(lab.endpoint);
    expect(() => connections.get('hasOwnProperty')).toThrow(UnknownConnection);
    await connections.remove(name);
    expect(connections.list()).toEqual([]);
  });

  it.each(['', '../x', '..', '.hidden', '-flag', 'a/b', 'a b', '🙂', 'x'.repeat(65), 'a\n', 'local', 7, null])(
    'may not be named %j',
    async (name) => {
      const { connections } = fresh().state;
      await expect(connections.add({ ...lab, name: name as string })).rejects.toBeInstanceOf(InvalidValue);
    },
  );

  it('may not have a server key that is none', async () => {
    const adding = fresh().state.connections.add({ ...lab, serverKey: 'short' });
    await expect(adding).rejects.toBeInstanceOf(InvalidValue);
  });

  it('that do not exist are an error that names those that do', async () => {
    const { connections } = fresh().state;
    await connections.add(lab);
    expect(() => connections.get('lob')).toThrow(UnknownConnection);
    await expect(connections.remove('lob')).rejects.toMatchObject({ hint: 'Known connections: local, lab.' });
    await expect(connections.setDefault('lob')).rejects.toBeInstanceOf(UnknownConnection);
  });

  it('are by default the private backend, until another is chosen or when that one is removed', async () => {
    const { connections, preferences } = fresh().state;
    await connections.add(lab);
    expect(connections.defaultName()).toBe('local');
    await connections.setDefault('lab');
    expect(connections.defaultName()).toBe('lab');
    expect(preferences.get('connection')).toBe('lab');
    await connections.remove('lab');
    expect(connections.defaultName()).toBe('local');
    await connections.setDefault('local');
    expect(connections.defaultName()).toBe('local');
  });

  it('named local lead to the socket of the private backend', () => {
    const { state, paths } = fresh();
    expect(state.connections.endpoint('local')).toBe(`ipc://${paths.run}/backend.sock`);
  });

  it('that are removed take their sessions with them, and leave those of others', async () => {
    const { connections, currentSessions, sessionCache } = fresh().state;
    for (const name of ['lab', 'ci']) {
      await connections.add({ ...lab, name });
      await currentSessions.set({ connection: name, id: '1', name: 'one' });
      await sessionCache.rememberSession(name, { id: '1', name: 'one' });
    }
    await connections.remove('lab');
    expect(currentSessions.get('lab')).toBeUndefined();
    expect(sessionCache.cachedSessions('lab')).toEqual({ sessions: [] });
    expect(currentSessions.get('ci')?.id).toBe('1');
    expect(sessionCache.cachedSessions('ci').sessions).toHaveLength(1);
  });
});

describe('an endpoint', () => {
  it.each([
    'tcp://localhost:1',
    'tcp://127.0.0.1:65535',
    'tcp://[::1]:5555',
    'tcp://smalltalk_image.lan:5555',
    'ipc:///tmp/stui.sock',
    'ipc:///tmp/with space/🙂',
  ])('may be %s', async (endpoint) => {
    expect((await fresh().state.connections.add({ name: 'x', endpoint })).endpoint).toBe(endpoint);
  });

  it.each([
    '',
    'localhost:1',
    'tcp://localhost',
    'tcp://localhost:0',
    'tcp://localhost:65536',
    'tcp://*:5555',
    'tcp://user@host:1',
    'tcp://host:1/path',
    'tcp://[::g]:1',
    'tcp://ho st:1',
    'tcp://-x:1',
    'http://host:1',
    'inproc://x',
    'ipc://relative',
    'ipc:///tmp/\u001b[31m',
    `ipc:///${'x'.repeat(107)}`,
  ])('may not be %j', async (endpoint) => {
    const adding = fresh().state.connections.add({ name: 'x', endpoint });
    await expect(adding).rejects.toMatchObject({
      code: 'invalid-value',
      hint: expect.stringContaining('tcp://HOST:PORT'),
    });
  });
});

describe('preferences', () => {
  it('have their defaults until they are set, and again when they are unset', async () => {
    const { preferences } = fresh().state;
    const values = (): unknown => Object.fromEntries(preferences.list().map(({ key, value }) => [key, value]));
    const defaults = {
      autostart: true,
      timeout: 30_000,
      connection: 'local',
      reconnectFloor: 5,
      reconnectCap: 2_000,
      reconnectBudget: 10_000,
      secretPatterns: [],
      engineMemoryMb: 128,
      secretBindings: 'save',
    };
    expect(values()).toEqual(defaults);
    await preferences.set('autostart', 'false');
    await preferences.set('engineMemoryMb', '256');
    expect(values()).toEqual({ ...defaults, autostart: false, engineMemoryMb: 256 });
    expect(preferences.setting('autostart')).toMatchObject({ isSet: true, default: true });
    await preferences.unset('autostart');
    await preferences.unset('timeout');
    expect(values()).toEqual({ ...defaults, engineMemoryMb: 256 });
  });

  it.each([
    ['30s', 30_000],
    ['250ms', 250],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    [1_500, 1_500],
  ])('take %j for a timeout of %d ms', async (input, ms) => {
    const { preferences } = fresh().state;
    expect(await preferences.set('timeout', input)).toBe(ms);
    expect(preferences.get('timeout')).toBe(ms);
  });

  it.each<[PreferenceKey, string, string]>([
    ['timeout', '60s', '1m'],
    ['timeout', '1500ms', '1500ms'],
    ['reconnectFloor', '5ms', '5ms'],
    ['reconnectBudget', '1d', '1d'],
    ['engineMemoryMb', '256', '256MiB'],
    ['engineMemoryMb', '1GiB', '1024MiB'],
    ['autostart', 'false', 'false'],
    ['secretPatterns', '["a, b"]', '["a, b"]'],
  ])('say %s = %s in a form that sets it again: %s', async (key, input, text) => {
    const { preferences } = fresh().state;
    const value = await preferences.set(key, input);
    expect(preferences.setting(key).text).toBe(text);
    expect(await preferences.set(key, text)).toEqual(value);
  });

  it('take regular expressions as a list in JSON', async () => {
    const { preferences } = fresh().state;
    expect(await preferences.set('secretPatterns', '["corp-[0-9]{8}", "k=(.*)"]')).toEqual(['corp-[0-9]{8}', 'k=(.*)']);
    expect(await preferences.set('secretPatterns', '[]')).toEqual([]);
  });

  const invalid: [PreferenceKey, unknown][] = [
    ['timeout', '0s'],
    ['timeout', '0'],
    ['timeout', '45'],
    ['reconnectCap', '2000'],
    ['timeout', '-1s'],
    ['timeout', '30 parsecs'],
    ['timeout', '1e9h'],
    ['timeout', '25h'],
    ['timeout', Number.NaN],
    ['timeout', ''],
    ['autostart', 'yes'],
    ['autostart', 1],
    ['engineMemoryMb', 31],
    ['engineMemoryMb', '1e3'],
    ['engineMemoryMb', 64.5],
    ['engineMemoryMb', 65_537],
    ['connection', '../x'],
    ['secretPatterns', 'corp-[0-9]+'],
    ['secretPatterns', '[1]'],
    ['secretPatterns', '{}'],
  ];

  it.each(invalid)('do not take %s = %j, and say what is allowed', async (key, input) => {
    const { preferences } = fresh().state;
    const error = await preferences.set(key, input).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidValue);
    expect(error).toMatchObject({ field: key, hint: `Allowed: ${preferences.setting(key).allowed}.` });
  });

  it('do not take a pattern that takes more than linear time, or is none, and say why', async () => {
    const { preferences } = fresh().state;
    for (const pattern of ['(', '(a)\\1', 'a(?=b)']) {
      const setting = preferences.set('secretPatterns', JSON.stringify([pattern]));
      await expect(setting).rejects.toMatchObject({
        field: 'secretPatterns',
        hint: expect.stringContaining(`"${pattern}" is no`),
      });
    }
  });

  it('do not name a connection that does not exist', async () => {
    await expect(fresh().state.preferences.set('connection', 'lab')).rejects.toBeInstanceOf(UnknownConnection);
  });

  it.each(['colour', '__proto__', 'constructor', ''])('do not have one named %j', async (key) => {
    const { preferences } = fresh().state;
    const unlisted = key as PreferenceKey;
    expect(() => preferences.get(unlisted)).toThrow(UnknownPreference);
    await expect(preferences.set(unlisted, 'x')).rejects.toMatchObject({ hint: expect.stringContaining('autostart') });
    await expect(preferences.unset(unlisted)).rejects.toBeInstanceOf(UnknownPreference);
  });

  it('may be written by hand, durations as text included, and unknown ones are kept', async () => {
    const { state, paths } = fresh();
    await state.preferences.set('autostart', true);
    const file = join(paths.config, 'config.json');
    writeFileSync(file, '{"preferences":{"timeout":"2m","later":{"a":1}}}');
    expect(state.preferences.get('timeout')).toBe(120_000);
    await state.preferences.set('autostart', false);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      schemaVersion: 1,
      connections: [],
      preferences: { timeout: '2m', later: { a: 1 }, autostart: false },
    });
  });

  it('that an earlier version wrote, in milliseconds, mean what they meant', () => {
    const { state, paths } = fresh();
    mkdirSync(paths.config, { recursive: true, mode: 0o700 });
    cpSync('test/local/fixtures/config-numbers.json', join(paths.config, 'config.json'));
    const set = state.preferences.list().filter(({ isSet }) => isSet);
    expect(set.map(({ key, value, text }) => [key, value, text])).toEqual([
      ['timeout', 60_000, '1m'],
      ['reconnectFloor', 7, '7ms'],
      ['reconnectBudget', 1_500, '1500ms'],
      ['engineMemoryMb', 256, '256MiB'],
    ]);
  });

  const mistakes = [
    { preferences: [] },
    { preferences: { timeout: 'soon' } },
    { connections: {} },
    { connections: [{ ...lab, createdAt: 1 }] },
    { connections: [{ ...lab, name: '../x', createdAt: NOW }] },
    { connections: [{ ...lab, endpoint: 'lab', createdAt: NOW }] },
    { connections: [{ ...lab, serverKey: 'x', createdAt: NOW }] },
    {
      connections: [
        { ...lab, createdAt: NOW },
        { ...lab, createdAt: NOW },
      ],
    },
  ];

  it.each(mistakes)('with a mistake written by hand fall back to the version before: %j', async (mistake) => {
    const { state, paths, warnings } = fresh();
    await state.preferences.set('timeout', '1s');
    await state.preferences.set('timeout', '2s');
    writeFileSync(join(paths.config, 'config.json'), JSON.stringify(mistake));
    expect(state.preferences.get('timeout')).toBe(1_000);
    expect(warnings).toHaveLength(1);
  });
});

describe('the current session', () => {
  it('is one for each connection', async () => {
    const { currentSessions } = fresh().state;
    const here = { connection: 'local', id: '1', name: '🙂 __proto__' };
    const there = { connection: '__proto__', id: '2', name: 'b' };
    await currentSessions.set({ ...here, id: '0' });
    await currentSessions.set(there);
    await currentSessions.set(here);
    expect(currentSessions.get('local')).toEqual(here);
    expect(currentSessions.get('__proto__')).toEqual(there);
    await currentSessions.clear('local');
    await currentSessions.clear('local');
    expect(currentSessions.get('local')).toBeUndefined();
    expect(currentSessions.get('__proto__')).toEqual(there);
  });

  it.each([{ id: '' }, { name: '' }, { connection: 'a/b' }, { id: 7 }])('does not take %j', async (wrong) => {
    const session = { connection: 'local', id: '1', name: 'one', ...(wrong as object) };
    await expect(fresh().state.currentSessions.set(session)).rejects.toBeInstanceOf(InvalidValue);
  });
});

describe('the session cache', () => {
  it('keeps whole summaries, and knows when the list was last seen as a whole', async () => {
    const { sessionCache } = fresh().state;
    const summary = { id: '1', name: 'one', revision: 7, labels: { __internal__: 'x' } };
    expect(await sessionCache.rememberSession('local', summary)).toBe(true);
    expect(sessionCache.cachedSessions('local')).toEqual({ sessions: [summary] });
    expect(await sessionCache.rememberSessions('local', [summary, { id: '2', name: 'two' }])).toBe(true);
    expect(sessionCache.cachedSessions('local')).toEqual({ sessions: [summary, { id: '2', name: 'two' }], asOf: NOW });
    expect(sessionCache.cachedSessions('other')).toEqual({ sessions: [] });
  });

  it('is not written again for a listing that says the same a moment later', async () => {
    const { state, paths } = fresh();
    const summaries = [{ id: '1', name: 'one', revision: 1 }];
    await state.sessionCache.rememberSessions('local', summaries);
    const file = join(paths.cache, 'sessions.json');
    const written = statSync(file).ino;
    expect(await state.sessionCache.rememberSessions('local', [...summaries])).toBe(true);
    expect(statSync(file).ino).toBe(written);
    await state.sessionCache.rememberSessions('local', [{ id: '1', name: 'one', revision: 2 }]);
    expect(statSync(file).ino).not.toBe(written);
  });

  it('holds the 500 that were seen last', async () => {
    const { sessionCache } = fresh().state;
    const many = Array.from({ length: 600 }, (_, index) => ({ id: String(index), name: `s${index}` }));
    await sessionCache.rememberSessions('local', many);
    expect(sessionCache.cachedSessions('local').sessions).toEqual(many.slice(0, 500));
    await sessionCache.rememberSession('local', { id: 'new', name: 'new' });
    const { sessions } = sessionCache.cachedSessions('local');
    expect([sessions.length, sessions[0]?.id, sessions.at(-1)?.id]).toEqual([500, 'new', '498']);
  });

  it('behaves like a list without doubles, whatever is remembered and forgotten', async () => {
    const { sessionCache } = fresh().state;
    const connection = fc.constantFrom('local', '__proto__');
    const id = fc.constantFrom('1', '2', '3', '__proto__');
    const step = fc.oneof(
      fc.record({ does: fc.constant('remember' as const), connection, id, name: fc.string() }),
      fc.record({ does: fc.constant('forget' as const), connection, id, name: fc.constant('') }),
    );
    const model = new Map<string, { id: string; name: string }[]>();
    await fc.assert(
      fc.asyncProperty(step, async ({ does, connection, id, name }) => {
        const others = (model.get(connection) ?? []).filter((each) => each.id !== id);
        if (does === 'remember') {
          model.set(connection, [{ id, name }, ...others]);
          await sessionCache.rememberSession(connection, { id, name });
        } else {
          model.set(connection, others);
          await sessionCache.forgetSession(connection, id);
        }
        expect(sessionCache.cachedSessions(connection).sessions).toEqual(model.get(connection));
      }),
      // The model goes through all steps in a row; shrinking would replay them on another state.
      { numRuns: 80, endOnFailure: true },
    );
  });

  it('that is damaged is empty, is replaced without a word, and fails no command', async () => {
    const { state, paths, warnings } = fresh();
    const file = join(paths.cache, 'sessions.json');
    await state.sessionCache.rememberSession('local', { id: '1', name: 'one' });
    for (const damaged of ['{', '{"connections":[{"connection":"local","sessions":[{"id":1}]}]}']) {
      writeFileSync(file, damaged);
      expect(state.sessionCache.cachedSessions('local')).toEqual({ sessions: [] });
    }
    expect(await state.sessionCache.rememberSession('local', { id: '2', name: 'two' })).toBe(true);
    expect(state.sessionCache.cachedSessions('local').sessions).toEqual([{ id: '2', name: 'two' }]);
    expect(warnings).toEqual([]);
  });

  it('of a newer stui is left alone, and fails no command', async () => {
    const { state, paths } = fresh();
    const file = join(paths.cache, 'sessions.json');
    await state.sessionCache.rememberSession('local', { id: '1', name: 'one' });
    writeFileSync(file, '{"schemaVersion":2,"connections":7}');
    expect(state.sessionCache.cachedSessions('local')).toEqual({ sessions: [] });
    expect(await state.sessionCache.forgetSession('local', '1')).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('{"schemaVersion":2,"connections":7}');
  });

  it('does not fail a command that remembers what is no JSON', async () => {
    const { sessionCache } = fresh().state;
    expect(await sessionCache.rememberSession('local', { id: '1', name: 'one', big: 1n })).toBe(false);
  });
});
