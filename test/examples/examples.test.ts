import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

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
});
