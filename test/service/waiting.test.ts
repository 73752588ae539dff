import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Unreachable } from '../../src/client/errors.js';
import { privateDataDirectory } from '../../src/service/private-backend.js';
import { waitForBackend } from '../../src/service/waiting.js';
import { temporaryDirectory } from '../local/temporary.js';
import { askedWorkplace } from './asked.js';

it('a private backend is stopped when its process has ended, and not while it stops or is silent', async () => {
  const backend = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const ended = once(backend, 'exit');
  const looks: string[] = [];
  const ping = async () => {
    looks.push('asked');
    if (looks.length === 1) return { status: 'stopping' };
    if (looks.length === 3) rmSync(record);
    if (looks.length === 4) {
      backend.kill('SIGKILL');
      await ended;
    }
    throw new Unreachable('ipc:///nowhere', 'it is silent');
  };
  const { workplace } = askedWorkplace(temporaryDirectory(), { ping });
  const directory = privateDataDirectory(workplace.paths);
  const record = join(directory, 'backend.json');
  mkdirSync(directory, { recursive: true });
  writeFileSync(record, JSON.stringify({ pid: backend.pid }));
  try {
    await waitForBackend(workplace, 'stopped', 60_000, false);
  } finally {
    backend.kill('SIGKILL');
  }
  expect(looks).toHaveLength(4);
});
