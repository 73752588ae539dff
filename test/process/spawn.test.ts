import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { isScarcity, SpawnFailed, startProcess } from '../../src/process/spawn.js';

const ended = (child: { once(event: 'close', listener: (code: number | null) => void): unknown }) =>
  new Promise<number | null>((resolve) => child.once('close', resolve));

describe('starting a process', () => {
  it('misses nothing that the process says, however soon it ends', async () => {
    const child = await startProcess('/bin/sh', ['-c', 'printf hello'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    expect([await ended(child), said]).toEqual([0, 'hello']);
  });

  it('that is not there is refused, and not for scarcity', async () => {
    const failure = await startProcess('/nowhere/at-all', [], { stdio: ['pipe', 'pipe', 'pipe'] }).catch(
      (error) => error,
    );
    expect(failure).toBeInstanceOf(SpawnFailed);
    expect(failure).toMatchObject({ code: 'ENOENT', isForScarcity: false });
    expect(failure.message).toContain('/nowhere/at-all cannot be started');
  });

  it('that nobody may run, or with arguments that no system takes, is refused', async () => {
    await expect(startProcess('/etc/passwd', [], {})).rejects.toMatchObject({ code: 'EACCES' });
    await expect(startProcess('/bin/true', ['x'.repeat(4_000_000)], {})).rejects.toMatchObject({ code: 'E2BIG' });
    await expect(startProcess('/bin/true', ['a\0b'], {})).rejects.toThrow(SpawnFailed);
  });

  it('without descriptors left is refused, and works again with one more: nothing ends the process that tried', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stui-spawn-'));
    try {
      const module = join(directory, 'spawn.mjs');
      await build({
        entryPoints: ['src/process/spawn.ts'],
        bundle: true,
        platform: 'node',
        format: 'esm',
        outfile: module,
      });
      const program = join(directory, 'exhausted.mjs');
      writeFileSync(
        program,
        `import { openSync, closeSync } from 'node:fs';
         import { startProcess } from './spawn.mjs';
         const stdio = ['pipe', 'pipe', 'pipe', 'pipe'];
         const held = [];
         await startProcess('/bin/true', [], { stdio });
         try { for (;;) held.push(openSync('/dev/null')); } catch {}
         const outcomes = [];
         const attempt = () => startProcess('/bin/true', [], { stdio }).then(() => 'started', (error) => error.isForScarcity && error.code);
         outcomes.push(await attempt());
         for (const descriptor of held.splice(0, 4)) closeSync(descriptor);
         outcomes.push(await attempt());
         for (const descriptor of held.splice(0)) closeSync(descriptor);
         outcomes.push(await attempt());
         console.log(outcomes.join());`,
      );
      const child = await startProcess('/bin/sh', ['-c', `ulimit -n 64; exec "${process.execPath}" "${program}"`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      expect([await ended(child), said]).toEqual([0, 'EMFILE,EMFILE,started\n']);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('scarcity', () => {
  it.each(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'])('is what %s says', (code) => {
    expect(isScarcity(Object.assign(new Error('x'), { code }))).toBe(true);
  });

  it('is nothing else', () => {
    for (const other of [undefined, null, new Error('x'), { code: 'ENOENT' }, { code: 'toString' }, { code: 5 }]) {
      expect(isScarcity(other)).toBe(false);
    }
  });
});
