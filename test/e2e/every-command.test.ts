/** Every command there is, in the life of one session, for people and for scripts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { DIST, type Ending, type Json, stui, stuiWith, temporaryHome } from './stui.js';

/** The life of a session. `log` and `watch` answer a stream of lines. */
const LIFE: readonly (readonly string[])[] = [
  ['config list'],
  ['config get', 'timeout'],
  ['config set', 'timeout', '20s'],
  ['config unset', 'timeout'],
  ['connection add', 'lab', 'tcp://127.0.0.1:5999'],
  ['connection list'],
  ['connection use', 'lab'],
  ['connection use', 'local'],
  ['connection remove', 'lab'],
  ['backend start', '--detach'],
  ['backend status'],
  ['wait backend'],
  ['watch', '--once'],
  ['outbox list'],
  ['outbox drop', 'kept', '--yes'],
  ['outbox flush'],
  ['session create', 'demo', '--label', 'branch=main'],
  ['session list'],
  ['session show', 'demo'],
  ['session use', 'demo'],
  ['session current'],
  ['eval', 'x := 3 + 4', '--key', 'first'],
  ['result', 'first'],
  ['history'],
  ['history replay', 'last:1', '--key', 'again'],
  ['history import', 'typed.txt'],
  ['log'],
  ['workspace set', 'preferences.font', 'Mono'],
  ['workspace edit-patch', 'patch.json'],
  ['workspace show'],
  ['workspace get', 'buffer'],
  ['workspace bindings'],
  ['session conflicts'],
  ['session resolve', 'CONFLICT', '--theirs'],
  ['workspace unset', 'preferences.font'],
  ['status'],
  ['wait session', 'demo'],
  ['stats'],
  ['session share', 'demo'],
  ['session clients', 'demo'],
  ['session unshare', 'demo'],
  ['session diff', 'demo@1', 'demo@2'],
  ['session verify', 'demo', '--replay'],
  ['session repair'],
  ['session prune', '--expired'],
  ['session save'],
  ['session label', 'demo', 'reviewed=yes'],
  ['session rename', 'demo', 'release'],
  ['session export', '-o', 'release.stui.jsonl.gz'],
  ['session restore', '--plan'],
  ['session restore'],
  ['session fork', 'release', 'copy'],
  ['session use', 'release'],
  ['session close'],
  ['session delete', 'release', '--yes'],
  ['session import', 'release.stui.jsonl.gz'],
  ['backend stop'],
];

const STREAMS = ['log', 'watch'];

/** Some sixty processes, one after the other, on a machine that does other things as well, in ms. */
const LIFE_MS = 180_000;

interface Step {
  readonly command: string;
  readonly ending: Ending;
}

async function live(home: string, ...flags: readonly string[]): Promise<Step[]> {
  // What `history import` takes.
  writeFileSync(join(home, 'typed.txt'), '3 + 5\n');
  // What `outbox drop` drops.
  await stui(home, 'eval', '3', '--session', 'demo', '--no-autostart', '--key', 'kept');
  writeFileSync(join(home, 'patch.json'), '{"buffer": "3 + 4", "preferences": {"size": 14}}');
  const steps: Step[] = [];
  for (const [command = '', ...given] of LIFE) {
    const args = await Promise.all(given.map((word) => (word === 'CONFLICT' ? conflictIn(home) : word)));
    const ending = await stuiWith(home, { cwd: home }, ...command.split(' '), ...args, ...flags);
    steps.push({ command, ending });
  }
  return steps;
}

/** What `session resolve` decides: a value set by somebody who had seen none there. @returns its id */
async function conflictIn(home: string): Promise<string> {
  const { json } = await stui(home, 'workspace', 'set', 'preferences.font', 'Serif', '--base', '1', '--json');
  return json.conflicts[0].id;
}

it('the life of a session leaves out no command', () => {
  const manifest: Json = JSON.parse(readFileSync(join(DIST, 'oclif.manifest.json'), 'utf8'));
  const ids = Object.keys(manifest.commands).map((id) => id.replaceAll(':', ' '));
  expect([...new Set(LIFE.map(([command]) => command))].sort()).toEqual(ids.sort());
});

it(
  'every command ends with 0 and says something to a person, on stdout only',
  async () => {
    for (const { command, ending } of await live(temporaryHome())) {
      expect({ command, code: ending.code, stderr: ending.stderr }).toEqual({ command, code: 0, stderr: '' });
      expect(ending.stdout).toMatch(/^[^{].*\n$/s);
    }
  },
  LIFE_MS,
);

it(
  'every command with --json prints exactly one document with its schema version, and nothing else',
  async () => {
    for (const { command, ending } of await live(temporaryHome(), '--json')) {
      expect({ command, code: ending.code, stderr: ending.stderr }).toEqual({ command, code: 0, stderr: '' });
      const documents = STREAMS.includes(command)
        ? ending.stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
        : [ending.json];
      for (const document of documents) expect(document).toMatchObject({ schemaVersion: 1 });
    }
  },
  LIFE_MS,
);

it('the documents have the fields that scripts rely on', async () => {
  const home = temporaryHome();
  const summary = {
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name: 'demo',
    state: 'open',
    revision: expect.any(Number),
    engine: 'embedded',
    labels: { branch: 'main' },
    createdAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
    updatedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
  };
  const created = (await stui(home, 'session', 'create', 'demo', '--label', 'branch=main', '--json')).json;
  expect(created).toMatchObject(summary);
  expect((await stui(home, 'session', 'show', '--json')).json).toMatchObject(summary);
  expect((await stui(home, 'session', 'list', '--json')).json.sessions).toEqual([expect.objectContaining(summary)]);

  const evaluation = {
    key: 'k',
    session: created.id,
    revision: expect.any(Number),
    outcome: 'value',
    printString: '7',
    class: 'Number',
    transcript: 'working',
    durationMs: expect.any(Number),
    error: null,
  };
  const code = "Transcript show: 'working'. x := 3 + 4";
  expect((await stui(home, 'eval', code, '--key', 'k', '--json')).json).toMatchObject(evaluation);
  expect((await stui(home, 'result', 'k', '--json')).json).toMatchObject(evaluation);
  expect((await stui(home, 'session', 'restore', '--json')).json).toMatchObject({
    session: created.id,
    revision: expect.any(Number),
    bindings: [{ name: 'x', fidelity: 'live' }],
    replayed: [],
    lost: [],
    differences: [],
    durationMs: expect.any(Number),
  });
  expect((await stui(home, 'result', 'nothing', '--json')).json).toEqual({
    schemaVersion: 1,
    error: {
      code: 'evaluation-not-found',
      message: expect.stringContaining('nothing'),
      exitCode: 3,
      hint: expect.any(String),
    },
  });
});
