/** The workspace of a session: set and read, by several clients, offline, and through crashes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { childrenOf, killAtOnce } from './processes.js';
import { backendPid, type Json, sharedHome, startStui, stui, stuiWith, temporaryHome } from './stui.js';
import { SharedBackend } from './two-clients.js';

async function homeWithSession(): Promise<string> {
  const home = temporaryHome();
  await stui(home, 'session', 'create', 'demo');
  return home;
}

const set = (home: string, path: string, ...args: readonly string[]) => stui(home, 'workspace', 'set', path, ...args);

const get = async (home: string, path: string, ...args: readonly string[]): Promise<Json> =>
  (await stui(home, 'workspace', 'get', path, '--json', ...args)).json.value;

const show = async (home: string, ...args: readonly string[]): Promise<Json> =>
  (await stui(home, 'workspace', 'show', '--json', ...args)).json;

const LAYOUT = {
  panels: { code: { kind: 'editor', title: 'Code' }, log: { kind: 'transcript', size: '30%', visible: false } },
  root: { split: 'row', sizes: [2, 1], children: [{ panel: 'code' }, { panel: 'log' }] },
  focus: 'code',
};

describe('a value of the workspace', () => {
  const emptyHome = sharedHome((home) => stui(home, 'session', 'create', 'demo'));

  it('is JSON where it parses as JSON, else text, and always text where that is asked for', async () => {
    const home = await homeWithSession();
    await set(home, 'preferences.size', '14');
    await set(home, 'preferences.theme', 'dark');
    await set(home, 'preferences.version', '14', '--text');
    await set(home, 'preferences.list', '[1, null, {"a": true}]');
    expect(await get(home, 'preferences')).toEqual({
      size: 14,
      theme: 'dark',
      version: '14',
      list: [1, null, { a: true }],
    });
    expect((await stui(home, 'workspace', 'get', '/preferences/list/2/a')).stdout).toBe('true\n');
  });

  it('is read from stdin where - stands for it', async () => {
    const home = temporaryHome();
    const change = (...args: string[]) =>
      stuiWith(home, { input: '3 + 4\n' }, 'workspace', 'set', ...args, '--scope', 'user');
    expect((await change('buffer', '-')).code).toBe(0);
    await change('preferences.dash', '-', '--text');
    const { stdout } = await stui(home, 'workspace', 'get', 'buffer', '--scope', 'user');
    expect(stdout).toBe('3 + 4\n');
    expect(await get(home, 'preferences.dash', '--scope', 'user')).toBe('3 + 4\n');
  });

  it('takes the place of the one that was there, which it may have shared members with', async () => {
    const home = await homeWithSession();
    await set(home, 'preferences.font', '{"name": "Mono", "size": 12}');
    await set(home, 'preferences.font', '{"size": 14}');
    expect(await get(home, 'preferences.font')).toEqual({ size: 14 });
  });

  it('that is removed is there no more, and removing it again changes nothing', async () => {
    const home = await homeWithSession();
    await set(home, 'preferences.a.b', '1');
    await set(home, 'preferences.a.c', '2');
    const { revision } = (await stui(home, 'workspace', 'unset', 'preferences.a.b', '--json')).json;
    expect(await get(home, 'preferences')).toEqual({ a: { c: 2 } });
    const again = await stui(home, 'workspace', 'unset', 'preferences.a.b', '--json');
    expect(again).toMatchObject({ code: 0, json: { outcome: 'unchanged', revision } });
    const { code, stderr } = await stui(home, 'workspace', 'get', 'preferences.a.b');
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('no value at preferences.a.b') });
  });

  it('is read as it was at an earlier revision', async () => {
    const home = await homeWithSession();
    const { revision } = (await set(home, 'preferences.n', '1', '--json')).json;
    await set(home, 'preferences.n', '2');
    expect(await get(home, 'preferences.n', '--at', String(revision))).toBe(1);
    expect((await show(home, '--at', String(revision))).context).toEqual({ preferences: { n: 1 } });
    expect(await get(home, 'preferences.n')).toBe(2);
  });

  it.each([
    [['preferences.a', 'null'], 'cannot be null'],
    [['preferences..a', '1'], 'empty name'],
    [['', '1'], 'path is empty'],
    [['preferences', '3'], 'preferences is not an object'],
    [['preferences.a'], 'No value is given'],
    [['preferences.a', '1', '-f', 'file'], 'not both'],
    [['layout.focus', 'a', '--scope', 'user', '--base', '3'], '--base is about a session'],
  ])('is refused when it cannot be set: %j', async (args, reason) => {
    const home = emptyHome();
    const { code, stderr } = await stui(home, 'workspace', 'set', ...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(reason) });
    expect((await show(home)).context).toEqual({});
  });
});

describe('the buffer', () => {
  it.each([
    'Grüße, 世界 🙂\u0301 \u202eabc\n\ttab\r\n',
    '{"looks": "like JSON"}',
    ' leading and trailing \n\n',
    'no newline at the end',
    '\'quote\' "double" \\ $HOME `x`',
  ])('is given back as it was: %j', async (text) => {
    const home = await homeWithSession();
    const { code } = await stuiWith(home, { input: text }, 'workspace', 'set', 'buffer', '-f', '-');
    expect(code).toBe(0);
    expect(await get(home, 'buffer')).toBe(text);
    const { stdout } = await stui(home, 'workspace', 'get', 'buffer');
    expect(stdout).toBe(text.endsWith('\n') ? text : `${text}\n`);
  });

  it('may have a megabyte, and is shown by its beginning', async () => {
    const home = await homeWithSession();
    const text = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${'é🙂x'.repeat(10)}`).join('\n');
    expect(Buffer.byteLength(text)).toBeGreaterThan(1_000_000);
    writeFileSync(join(home, 'buffer.st'), text);
    expect((await set(home, 'buffer', '-f', join(home, 'buffer.st'))).code).toBe(0);
    expect((await stui(home, 'workspace', 'get', 'buffer')).stdout).toBe(`${text}\n`);
    const { stdout } = await stui(home, 'workspace', 'show');
    expect(stdout).toContain('20000 lines');
    expect(stdout.length).toBeLessThan(1_000);
  });

  it('is refused where it is no text, and where it is too large', async () => {
    const home = await homeWithSession();
    const binary = await stuiWith(
      home,
      { input: Buffer.from([0x66, 0xff, 0xfe]) },
      ...'workspace set buffer -f -'.split(' '),
    );
    expect(binary).toMatchObject({ code: 2, stderr: expect.stringMatching(/not utf-8/i) });
    const large = await stuiWith(home, { input: 'x'.repeat(5_000_000) }, ...'workspace set buffer -f -'.split(' '));
    expect(large).toMatchObject({ code: 7, stderr: expect.stringContaining('bytes') });
    expect((await show(home)).context).toEqual({});
  });

  it('does not obey what is in it when it is shown', async () => {
    const home = await homeWithSession();
    await set(home, 'buffer', '\u001b]0;title\u0007 \u001b[31mred');
    expect((await stui(home, 'workspace', 'show')).stdout).not.toContain('\u001b');
  });
});

describe('a patch', () => {
  const emptyHome = sharedHome((home) => stui(home, 'session', 'create', 'demo'));

  it('changes several values at once, from a file or from stdin', async () => {
    const home = await homeWithSession();
    await set(home, 'preferences.old', '1');
    const patch = { buffer: 'text', layout: LAYOUT, preferences: { old: null, new: 2 }, inspector: { open: ['x'] } };
    writeFileSync(join(home, 'patch.json'), JSON.stringify(patch));
    expect((await stui(home, 'workspace', 'edit-patch', join(home, 'patch.json'))).code).toBe(0);
    const input = '{"layout": {"focus": "log"}}';
    expect((await stuiWith(home, { input }, 'workspace', 'edit-patch')).code).toBe(0);
    expect((await show(home)).context).toEqual({
      buffer: 'text',
      layout: { ...LAYOUT, focus: 'log' },
      preferences: { new: 2 },
      inspector: { open: ['x'] },
    });
  });

  it.each([
    ['{"buffer"', 'not JSON'],
    ['[1]', 'not a JSON object'],
    ['{"layout": {"focus": 3}}', 'layout.focus is not a text'],
    ['{"buffer": 3}', 'buffer is not a text'],
  ])('is refused when it is none: %s', async (input, reason) => {
    const home = emptyHome();
    const { code, stderr } = await stuiWith(home, { input }, 'workspace', 'edit-patch', '-');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(reason) });
  });
});

describe('a layout', () => {
  const homeWithLayout = sharedHome(async (home) => {
    await stui(home, 'session', 'create', 'demo');
    await set(home, 'layout', JSON.stringify(LAYOUT));
  });

  it('is shown as a tree', async () => {
    const { stdout } = await stui(homeWithLayout(), 'workspace', 'show');
    expect(stdout).toContain(
      '  row\n    code (editor, "Code", weight 2, focus)\n    log (transcript, size 30%, weight 1, hidden)',
    );
  });

  it.each([
    ['layout.focus', 'nothing', 'layout.focus names "nothing"'],
    ['layout.root.split', 'diagonal', 'layout.root.split is neither row nor column'],
    ['layout.root.sizes', '[1]', 'layout.root.sizes has 1 sizes for 2 children'],
    ['layout.panels.code.visible', '"no"', 'layout.panels.code.visible is neither true nor false'],
  ])('that would be none is refused with the place and the reason: %s %s', async (path, value, reason) => {
    const home = homeWithLayout();
    const { code, stderr } = await set(home, path, value);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(reason) });
    expect(await get(home, 'layout')).toEqual(LAYOUT);
  });
});

describe('what the user wants in all sessions', () => {
  it('holds where a session says nothing else, and needs no backend', async () => {
    const home = temporaryHome();
    const user = (...args: readonly string[]) => stui(home, 'workspace', ...args, '--scope', 'user', '--no-autostart');
    expect((await user('set', 'preferences.font', '{"name": "Mono", "size": 12}')).code).toBe(0);
    expect((await user('get', 'preferences.font.size')).stdout).toBe('12\n');
    expect(await user('set', 'layout', '{"focus": 3}')).toMatchObject({ code: 2 });
    await stui(home, 'session', 'create', 'demo');
    await set(home, 'preferences.font.size', '14');
    expect(await get(home, 'preferences.font')).toEqual({ name: 'Mono', size: 14 });
    const source = async (path: string) => (await stui(home, 'workspace', 'get', path, '--json')).json.source;
    expect(await source('preferences.font.name')).toBe('user');
    expect(await source('preferences.font.size')).toBe('session');
    expect(await show(home)).toMatchObject({
      context: { preferences: { font: { size: 14 } } },
      effective: { preferences: { font: { name: 'Mono', size: 14 } } },
    });
    expect((await user('unset', 'preferences')).code).toBe(0);
    expect((await user('get', 'preferences')).code).toBe(3);
  });
});

describe('bindings', () => {
  it('are listed with what they are and how they would come back', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'n := 3. list := OrderedCollection new add: 4; yourself');
    const { json } = await stui(home, 'workspace', 'bindings', '--json');
    expect(json).toMatchObject({ live: true });
    expect(json.bindings).toEqual([
      expect.objectContaining({ name: 'list', class: 'OrderedCollection', size: 1 }),
      expect.objectContaining({ name: 'n', class: 'Number', printString: '3' }),
    ]);
    await killAtOnce(childrenOf(backendPid(home)));
    const { json: asleep } = await stui(home, 'workspace', 'bindings', 'n', '--no-start', '--json');
    expect(asleep).toMatchObject({ live: false, bindings: [{ name: 'n', printString: null, fidelity: 'snapshot' }] });
    expect((await stui(home, 'workspace', 'bindings', 'n')).stdout).toContain('Number');
    expect((await stui(home, 'workspace', 'bindings', 'nothing')).code).toBe(3);
  });
});

describe('two clients of one session', () => {
  it('see what the other did, and their changes of different places are merged', async () => {
    const { ann, bob } = await SharedBackend.open();
    expect(await ann.sets('buffer', 'one\ntwo\nthree\nfour\nfive')).toMatchObject({ code: 0 });
    expect(await bob.gets('buffer')).toBe('one\ntwo\nthree\nfour\nfive');
    await bob.sets('layout', JSON.stringify(LAYOUT));
    await bob.sets('buffer', 'one\ntwo\nthree\nfour\nFIVE');
    // Ann has not looked since.
    expect(await ann.sets('buffer', 'ONE\ntwo\nthree\nfour\nfive')).toMatchObject({ code: 0, conflicts: [] });
    expect(await ann.gets('buffer')).toBe('ONE\ntwo\nthree\nfour\nFIVE');
    expect(await ann.gets('layout')).toEqual(LAYOUT);
  });

  it('are in conflict where both changed the same line, and each way decides it', async () => {
    const { ann, bob } = await SharedBackend.open();
    const dispute = async () => {
      await ann.sets('buffer', 'zero\none\ntwo');
      await bob.gets('buffer');
      await ann.sets('buffer', 'zero\nANN\ntwo');
      const { code, outcome, conflicts } = await bob.sets('buffer', 'zero\nBOB\ntwo');
      expect({ code, outcome }).toEqual({ code: 4, outcome: 'conflict' });
      expect(conflicts).toEqual([expect.objectContaining({ path: ['buffer'], theirs: 'zero\nBOB\ntwo' })]);
      expect(await ann.gets('buffer')).toBe('zero\nANN\ntwo');
      const listed = (await ann.run('session', 'conflicts', '--json')).json.conflicts;
      expect(listed).toEqual(conflicts);
      return listed[0].id as string;
    };
    const decide = async (id: string, ...choice: readonly string[]) => {
      const ending = await ann.runWith({ input: 'own\n' }, 'session', 'resolve', id.slice(0, 8), ...choice, '--json');
      expect(ending).toMatchObject({ code: 0, json: { session: ann.session, conflict: { id } } });
      expect(await ann.gets('buffer')).toBe(ending.json.context.buffer);
      await bob.gets('buffer');
      return ending.json.context.buffer;
    };
    expect(await decide(await dispute(), '--ours')).toBe('zero\nANN\ntwo');
    expect(await decide(await dispute(), '--theirs')).toBe('zero\nBOB\ntwo');
    const union = await decide(await dispute(), '--union');
    expect(union.split('\n').sort()).toEqual(['ANN', 'BOB', 'two', 'zero']);
    expect(await decide(await dispute(), '--file', '-')).toBe('own\n');
    expect((await ann.run('session', 'conflicts')).stdout).toBe('There are no conflicts.\n');
    expect((await ann.run('session', 'resolve', 'abcdef', '--ours')).code).toBe(3);
  });

  it('are told what stands, what came and how to decide', async () => {
    const { ann, bob } = await SharedBackend.open();
    await ann.sets('preferences.theme', 'light');
    await bob.gets('preferences');
    await ann.sets('preferences.theme', 'dark');
    const { code, stdout, stderr } = await bob.run('workspace', 'set', 'preferences.theme', 'blue');
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(
      /preferences\.theme.*was +"light".*stands +"dark".*came +"blue".*session resolve [0-9a-f]{8}/s,
    );
    const shown = await bob.run('workspace', 'show');
    expect(shown.stdout).toMatch(/conflicts\n {2}[0-9a-f]{8} {2}preferences\.theme/);
    const id = /resolve ([0-9a-f]{8})/.exec(stderr)?.[1] as string;
    expect((await bob.run('session', 'resolve', id, '--ours', '--theirs')).code).toBe(2);
    expect((await bob.run('session', 'resolve', id, '--theirs')).code).toBe(0);
    expect(await ann.gets('preferences.theme')).toBe('blue');
  });

  it('overwrite nothing that they have not seen, however often they try', async () => {
    const { ann, bob } = await SharedBackend.open();
    await ann.sets('buffer', 'common');
    await bob.gets('buffer');
    await ann.sets('buffer', 'of Ann');
    for (const attempt of ['of Bob', 'of Bob again']) {
      expect(await bob.sets('buffer', attempt)).toMatchObject({ code: 4 });
      // Other parts are no reason to take it for seen.
      expect(await bob.sets('preferences.n', '1')).toMatchObject({ code: 0 });
    }
    expect(await ann.gets('buffer')).toBe('of Ann');
    expect(await bob.gets('buffer')).toBe('of Ann');
    expect(await bob.sets('buffer', 'of Bob, who has looked')).toMatchObject({ code: 0 });
  });

  it('are never in conflict with themselves', async () => {
    const { ann, bob } = await SharedBackend.open();
    await ann.sets('preferences.font', '{"size": 10}');
    await bob.gets('buffer');
    await bob.sets('layout', JSON.stringify(LAYOUT));
    for (const size of [11, 12, 13]) {
      expect(await ann.sets('preferences.font.size', String(size))).toMatchObject({ code: 0 });
      expect(await ann.sets('buffer', `size ${size}`)).toMatchObject({ code: 0 });
    }
    expect(await ann.gets('preferences.font.size')).toBe(13);
  });

  it('may say what a change was made from, and at which revision the session has to be', async () => {
    const { ann, bob } = await SharedBackend.open();
    const { revision } = await ann.sets('preferences.n', '1');
    await bob.sets('preferences.n', '2');
    expect(await ann.sets('preferences.n', '3', '--base', String(revision))).toMatchObject({ code: 4 });
    expect(await ann.sets('preferences.m', '3', '--if-revision', String(revision))).toMatchObject({
      code: 4,
      error: { code: 'revision-conflict' },
    });
    expect(await ann.gets('preferences')).toEqual({ n: 2 });
  });
});

describe('a change with a key', () => {
  it('is made once', async () => {
    const { ann, bob } = await SharedBackend.open();
    const { revision } = await ann.sets('preferences.n', '1', '--key', 'k');
    expect(await ann.sets('preferences.n', '1', '--key', 'k')).toMatchObject({ code: 0, revision });
    await bob.gets('preferences');
    await bob.sets('preferences.n', '2');
    expect(await ann.sets('preferences.n', '1', '--key', 'k')).toMatchObject({ code: 0, conflicts: [] });
    expect(await bob.gets('preferences.n')).toBe(2);
  });
});

describe('a change that was acknowledged', () => {
  it('is there after the backend was killed at once', async () => {
    const home = await homeWithSession();
    for (const round of [1, 2, 3]) {
      expect((await set(home, 'buffer', `round ${round}`)).code).toBe(0);
      await killAtOnce([backendPid(home)]);
      expect(await get(home, 'buffer')).toBe(`round ${round}`);
    }
  });
});

describe('a change without a backend', () => {
  const offline = (home: string, ...args: readonly string[]) => stui(home, 'workspace', ...args, '--no-autostart');

  async function offlineHome(): Promise<string> {
    const home = await homeWithSession();
    await set(home, 'buffer', 'one\ntwo\nthree');
    await stui(home, 'backend', 'stop');
    return home;
  }

  it('is kept with 10, seen here, and delivered by the next change, once and in order', async () => {
    const home = await offlineHome();
    expect(await offline(home, 'set', 'buffer', 'ONE\ntwo\nthree')).toMatchObject({ code: 10, stdout: '' });
    expect(await offline(home, 'set', 'buffer', 'ONE\nTWO\nthree')).toMatchObject({ code: 10 });
    expect(await offline(home, 'set', 'preferences.n', '1', '--json')).toMatchObject({
      code: 10,
      json: { outcome: 'queued', revision: null },
    });
    const seen = await offline(home, 'get', 'buffer', '--json');
    expect(seen.json).toMatchObject({ value: 'ONE\nTWO\nthree', stale: true, waiting: 3 });
    const listed = (await stui(home, 'outbox', 'list', '--json')).json.entries;
    expect(listed.map(({ kind }: Json) => kind)).toEqual(['change', 'change', 'change']);
    const { json } = await set(home, 'preferences.m', '2', '--json');
    expect(json.delivered.map(({ outcome }: Json) => outcome)).toEqual(['accepted', 'accepted', 'accepted']);
    expect((await show(home)).context).toEqual({ buffer: 'ONE\nTWO\nthree', preferences: { n: 1, m: 2 } });
    expect((await stui(home, 'session', 'conflicts', '--json')).json.conflicts).toEqual([]);
    // What was delivered was made here: it is no news that the next change could be in conflict with.
    expect((await set(home, 'buffer', 'all new')).code).toBe(0);
  });

  it('is delivered by an evaluation and by a flush, in order with evaluations', async () => {
    const home = await offlineHome();
    await offline(home, 'set', 'preferences.n', '1');
    await stui(home, 'eval', '3', '--no-autostart', '--key', 'kept');
    await offline(home, 'unset', 'preferences.n');
    expect(await stui(home, 'outbox', 'flush')).toMatchObject({ code: 0, stdout: 'Delivered 3 entries\n' });
    expect((await show(home)).context.preferences ?? {}).toEqual({});
    await stui(home, 'backend', 'stop');
    await offline(home, 'set', 'preferences.n', '2');
    expect((await stui(home, 'eval', '4', '--json')).json.delivered).toHaveLength(1);
    expect(await get(home, 'preferences.n')).toBe(2);
  });

  it('is refused where it is none, fails with 5 where it shall not be kept, and may be dropped', async () => {
    const home = await offlineHome();
    expect(await offline(home, 'set', 'layout.focus', '3')).toMatchObject({ code: 2 });
    expect(await offline(home, 'set', 'buffer', 'x', '--offline', 'fail')).toMatchObject({ code: 5 });
    const inCi = await stuiWith(home, { env: { CI: 'true' } }, ...'workspace set buffer x --no-autostart'.split(' '));
    expect(inCi.code).toBe(5);
    expect(await offline(home, 'set', 'buffer', 'x', '--key', 'k')).toMatchObject({ code: 10 });
    expect(await offline(home, 'set', 'buffer', 'y', '--key', 'k')).toMatchObject({ code: 4 });
    expect((await stui(home, 'outbox', 'drop', 'k', '--yes')).code).toBe(0);
    expect(await get(home, 'buffer')).toBe('one\ntwo\nthree');
  });

  it('is delivered by a watch, and counted as late', async () => {
    const home = await offlineHome();
    await offline(home, 'set', 'preferences.n', '1');
    await stui(home, 'backend', 'start', '--detach');
    const watch = startStui(home, {}, 'watch', '--json');
    await watch.prints('"type":"delivery"');
    const events = watch.stdout.split('\n').slice(0, -1);
    expect(events.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ type: 'delivery', deliveredLate: 1, lost: 0 }),
    );
    watch.child.kill('SIGTERM');
    await watch.ended;
    expect(await get(home, 'preferences.n')).toBe(1);
  });

  it('that meets what another client changed meanwhile is a conflict when it is delivered', async () => {
    const backend = await SharedBackend.open();
    const { ann, bob } = backend;
    await ann.sets('buffer', 'one\ntwo\nthree\nfour');
    await bob.gets('buffer');
    await backend.kill();
    expect(await bob.sets('buffer', 'ONE by Bob\ntwo\nthree\nfour', '--offline', 'queue')).toMatchObject({ code: 10 });
    expect(await bob.sets('preferences.n', '1', '--offline', 'queue')).toMatchObject({ code: 10 });
    await backend.start();
    await ann.sets('buffer', 'ONE by Ann\ntwo\nthree\nfour');
    const { code, stderr } = await bob.run('outbox', 'flush');
    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining('others had changed buffer too') });
    expect((await bob.run('workspace', 'show', '--json')).json).toMatchObject({
      context: { buffer: 'ONE by Ann\ntwo\nthree\nfour', preferences: { n: 1 } },
      conflicts: [{ path: ['buffer'], theirs: 'ONE by Bob\ntwo\nthree\nfour' }],
    });
  });
});

describe('--if-revision', () => {
  it.each([
    ['eval', '3'],
    ['session', 'rename', 'demo', 'other'],
    ['session', 'label', 'demo', 'a=b'],
    ['session', 'save'],
    ['session', 'close'],
    ['session', 'delete', 'demo', '--yes'],
  ])('refuses with 4 what meets another revision: %s %s', async (...command) => {
    const home = await homeWithSession();
    const refused = await stui(home, ...command, '--if-revision', '7', '--json');
    expect(refused).toMatchObject({ code: 4, json: { error: { code: 'revision-conflict' } } });
    expect((await stui(home, ...command, '--if-revision', '1')).code).toBe(0);
  });

  it('lets an evaluation be asked for again under its key', async () => {
    const home = await homeWithSession();
    const args = ['eval', 'n := 1', '--key', 'k', '--if-revision', '1'];
    expect((await stui(home, ...args)).stdout).toBe('1\n');
    expect((await stui(home, ...args)).stdout).toBe('1\n');
  });

  it('waits in the outbox with the evaluation', async () => {
    const home = await homeWithSession();
    await stui(home, 'backend', 'stop');
    expect((await stui(home, 'eval', '3', '--key', 'k', '--if-revision', '1', '--no-autostart')).code).toBe(10);
    await stui(home, 'session', 'label', 'demo', 'a=b');
    const { code, json } = await stui(home, 'outbox', 'flush', '--json');
    expect({ code, outcome: json.delivered[0].outcome }).toEqual({ code: 4, outcome: 'refused' });
  });
});
