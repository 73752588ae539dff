/** `backend stop` and a record whose process id belongs to somebody else by now. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { stui, temporaryHome } from './built-cli.js';

const strangers: ChildProcess[] = [];

afterEach(() => {
  for (const stranger of strangers.splice(0)) stranger.kill('SIGKILL');
});

/** A process that is no backend, and a home whose record names its id. */
async function homeOfStranger(more: object): Promise<{ home: string; stranger: ChildProcess }> {
  const home = temporaryHome();
  const stranger = spawn(process.execPath, ['-e', 'console.log(); setInterval(() => {}, 1000)']);
  strangers.push(stranger);
  await once(stranger.stdout, 'data');
  const record = {
    pid: stranger.pid,
    endpoint: `ipc://${home}/gone.sock`,
    version: '0.1.0',
    startedAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
  const directory = join(home, 'data', 'backend');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, 'backend.json'), JSON.stringify(record));
  return { home, stranger };
}

/** @returns whether no signal came, which would end it */
function isUnharmed({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

describe('a process that got the id of a backend', () => {
  test('is no backend where its start is known', async () => {
    const { home, stranger } = await homeOfStranger({ processStart: '1-000000000000' });
    const { exitCode, stdout } = await stui(['backend', 'stop'], { STUI_HOME: home });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'No backend runs here\n' });
    expect(isUnharmed(stranger)).toBe(true);
  });

  test('is left alone where an earlier version wrote the record, and nobody answers as the backend', async () => {
    const { home, stranger } = await homeOfStranger({});
    const { exitCode, stderr } = await stui(['backend', 'stop'], { STUI_HOME: home });
    expect({ exitCode, stderr }).toEqual({ exitCode: 7, stderr: expect.stringContaining(String(stranger.pid)) });
    expect(stderr).not.toContain('kill');
    expect(isUnharmed(stranger)).toBe(true);
  });
});
