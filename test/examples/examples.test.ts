import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { until } from '../e2e/until.js';

const run = promisify(execFile);
const STUI = `${process.execPath} ${resolve('bin/stui.cjs')}`;

/** The examples set what they need; a developer's own settings must not leak in. */
const { STUI_HOME, STUI_SESSION, STUI_CONNECTION, STUI_TIMEOUT, ...outside } = process.env;
const env = { ...outside, STUI };

describe('the examples', () => {
  it('demo.sh tells its story to the end', async () => {
    const { stdout } = await run('sh', ['examples/demo.sh'], { env });
    expect(stdout).toMatch(/\$ stui session restore demo\nRestored demo at revision/);
    expect(stdout).toMatch(/\nprimes +snapshot +saved at revision/);
    expect(stdout).toMatch(/\nadder +lost +\S/);
    expect(stdout).toMatch(/\$ stui eval 'primes size -> total'\n10\s?->\s?129\n/);
    expect(stdout).toMatch(/Wrote .*demo\.stui\.jsonl\.gz: demo up to revision \d+/);
  });

  it('pipeline.sh loses nothing to kill -9 and finds the same values on the second machine', async () => {
    const work = await mkdtemp(join(tmpdir(), 'stui-pipeline-'));
    try {
      const { stdout } = await run('sh', ['examples/pipeline.sh', work], { env });
      expect(stdout.trimEnd().split('\n').at(-1)).toBe('== the pipeline passed');
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });

  it('1-connect.sh reaches a backend over the network and finds its session there', async () => {
    const { stdout } = await run('sh', ['examples/1-connect.sh'], { env });
    expect(stdout).toMatch(/\nlistens at tcp:\/\/127\.0\.0\.1:\d+\n/);
    expect(stdout).toMatch(/\n'?Hello, 42'?\n/);
    expect(stdout).toMatch(/\ncounter +OrderedCollection +an OrderedCollection\(3 4\) +2 +snapshot/);
    expect(stdout).toMatch(/\$ stui status\n● lab healthy .* demo r\d+ open, idle\n$/);
  });

  it('2-restore.sh finds everything as it was after the backend was killed, and what was done offline', async () => {
    const { stdout } = await run('sh', ['examples/2-restore.sh'], { env });
    expect(stdout).toMatch(/\nnotes +snapshot +saved at revision \d+\n/);
    expect(stdout).toMatch(/\nlayout +snapshot +\d+ B +journaled at revision \d+\n/);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('== everything is back');
  });

  it('3-three-clients.sh merges, resolves a conflict, and loses nothing when a network is cut', async () => {
    const { stdout } = await run('sh', ['examples/3-three-clients.sh'], { env });
    expect(stdout).toMatch(/ada\$ stui workspace get buffer\nfirst line, by bert\nsecond line\nthird line, by carla\n/);
    expect(stdout).toMatch(/\(exit 4\)/);
    expect(stdout).toMatch(/\(exit 10\)/);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('== nothing lost, nothing twice');
  });

  it('editor.mjs saves its file into the session, evaluates what is typed, and takes what others change', async () => {
    const work = await mkdtemp(join(tmpdir(), 'stui-editor-'));
    const home = join(work, 'home');
    const ask = async (...args: string[]) => {
      const { stdout } = await run(process.execPath, [resolve('bin/stui.cjs'), ...args], {
        // Where CI is set, creating a session does not make it the current one.
        env: { ...outside, STUI_HOME: home, STUI_SESSION: 'shared' },
      });
      return stdout.trimEnd();
    };
    try {
      const data = join(work, 'data');
      const started = await ask(
        'backend',
        'start',
        '--endpoint',
        'tcp://127.0.0.1:0',
        '--data-dir',
        data,
        '-d',
        '--json',
      );
      const { endpoint } = JSON.parse(started) as { endpoint: string };
      await ask('connection', 'add', 'lab', endpoint);
      await ask('connection', 'use', 'lab');
      await ask('session', 'create', 'shared');
      await ask('session', 'share', 'shared');
      const file = join(work, 'buffer.st');
      await writeFile(file, '3 + 4');
      const editor = spawn(process.execPath, ['examples/editor.mjs', endpoint, 'shared', file]);
      let printed = '';
      editor.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
      const prints = (text: string) => until(`the editor prints ${text}`, () => printed.includes(text));
      await prints('saved at revision');
      expect(await ask('workspace', 'get', 'buffer')).toBe('3 + 4');
      editor.stdin.write('x := 6 * 7\n1 / 0\n');
      await prints('42\nZeroDivide');
      await ask('workspace', 'set', 'buffer', '5 + 6');
      await prints('changed the buffer');
      expect(await readFile(file, 'utf8')).toBe('5 + 6');
      expect(await ask('eval', 'x')).toBe('42');
      await prints('evaluates x');
      await writeFile(file, '7 + 8');
      editor.stdin.end();
      await once(editor, 'close');
      expect(await ask('workspace', 'get', 'buffer')).toBe('7 + 8');
      await ask('backend', 'stop', '--data-dir', data);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
});
