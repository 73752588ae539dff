/** How the CLI behaves as a process: what scripts see of it. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { finished, LAUNCHER, start, stui, temporaryHome } from './built-cli.js';

const env = { STUI_HOME: temporaryHome() };

describe('a command line that names no command', () => {
  test.each([
    ['an unknown command', ['frobnicate', '--json'], 'command-not-found'],
    ['an unknown command of a topic', ['session', 'frobnicate', '--json'], 'command-not-found'],
    ['a topic alone', ['session', '--json'], 'bad-usage'],
    ['nothing at all', ['--json'], 'bad-usage'],
    ['an unknown flag', ['config', 'list', '--json', '--frobnicate'], 'bad-usage'],
  ])('is one JSON document and exit 2 with --json: %s', async (_, args, code) => {
    const { exitCode, stdout, stderr } = await stui(args, env);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, error: { code, exitCode: 2 } });
  });

  test('is told on stderr, with what may have been meant, and exits 2 without asking', async () => {
    const { exitCode, stdout, stderr } = await stui(['confg', 'list'], env);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toBe('stui: There is no command "confg list"\nDid you mean "stui config list"?\n');
  });
});

describe('help', () => {
  test.each([
    [['--help'], 'COMMANDS'],
    [[], 'TOPICS'],
    [['help'], 'TOPICS'],
    [['session', '--help'], 'stui session create'],
    [['session'], 'stui session create'],
    [['session', 'create', '--help'], 'stui session create'],
    [['help', 'session', 'create'], 'stui session create'],
    [['session', 'create', '-h'], 'stui session create'],
  ])('is printed and exits 0: %j', async (args, part) => {
    const { exitCode, stdout, stderr } = await stui(args, env);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(part.replace('stui session create', '(stui )?session create')));
  });

  test('of an unknown command is a usage error', async () => {
    expect((await stui(['frobnicate', '--help'], env)).exitCode).toBe(2);
  });
});

describe('the version', () => {
  test('is a line for people and a document for scripts', async () => {
    expect((await stui(['--version'], env)).stdout).toMatch(/^stui\/\d+\.\d+\.\d+ \S+ node-v\d+\S*\n$/);
    expect(JSON.parse((await stui(['--version', '--json'], env)).stdout)).toMatchObject({
      name: 'stui',
      schemaVersion: 1,
    });
  });
});

describe('a reader that goes away', () => {
  test.each([[['--help']], [['config', 'list', '--json']]])(
    'ends it quietly with 141, as SIGPIPE would: %j',
    async (args) => {
      const child = start([LAUNCHER, ...args], env);
      child.stdout.destroy();
      const { exitCode, stderr } = await finished(child);
      expect({ exitCode, stderr }).toEqual({ exitCode: 141, stderr: '' });
    },
  );
});

describe('a signal', () => {
  const waiting = `
    const core = require(${JSON.stringify(resolve('dist/core.cjs'))});
    const { endOnSignals, onStop } = core.load('cli/signals');
    endOnSignals(process.argv[1] === 'json');
    onStop(async () => process.stderr.write('cleaned up\\n'));
    process.stdout.write('ready');
    setInterval(() => {}, 1_000_000);`;

  test.each([
    ['SIGINT', 130, 'Interrupted'],
    ['SIGTERM', 143, 'Terminated'],
  ] as const)('%s cleans up, says so in one line and exits %d', async (signal, code, word) => {
    const child = start(['-e', waiting, 'text'], env);
    await once(child.stdout, 'data');
    child.kill(signal);
    expect(await finished(child)).toEqual({ exitCode: code, stdout: '', stderr: `cleaned up\nstui: ${word}\n` });
  });

  test.each(['text', 'json'])('ends it also when the reader of its output stands still (%s)', async (form) => {
    const stalled = `${waiting}process.stdout.write('x'.repeat(1 << 24));setImmediate(() => process.stderr.write('full'));`;
    const child = start(['-e', stalled, form], env);
    await once(child.stderr, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([143, null]);
    child.stdout.destroy();
  });

  test('is a JSON document for scripts', async () => {
    const child = start(['-e', waiting, 'json'], env);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(JSON.parse((await finished(child)).stdout)).toMatchObject({ error: { code: 'interrupted', exitCode: 130 } });
  });
});

test('no argument is ever read from stdin, so that a loop keeps its input', async () => {
  const { Config } = await import('@oclif/core');
  const config = await Config.load({
    root: resolve('dist'),
    pjson: (await import('../../package.json', { with: { type: 'json' } })).default as never,
  });
  for (const command of config.commands) {
    const { args } = await command.load();
    for (const [name, arg] of Object.entries(args))
      expect([command.id, name, arg.ignoreStdin]).toEqual([command.id, name, true]);
  }
  expect(config.commands.length).toBeGreaterThan(0);
});
