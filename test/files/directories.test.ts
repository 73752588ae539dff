import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { makeDirectory, makeDirectoryDurably, syncDirectory } from '../../src/files/directories.js';
import { bundle } from '../local/child-process.js';
import { temporaryDirectory } from '../local/temporary.js';

const itOnLinux = process.platform === 'linux' ? it : it.skip;

/** Makes a directory in a process of its own, which would have to be killed if it never ended. */
function madeElsewhere(path: string, cwd: string): { signal: string | null; answer: string } {
  const { signal, stdout } = spawnSync(process.execPath, [bundle('make-directory'), path], {
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  return { signal, answer: stdout.trim() };
}

describe('a directory that is made', () => {
  it('has its parents, and is for its owner alone whatever the umask', () => {
    const root = temporaryDirectory();
    const umask = process.umask(0o277);
    try {
      expect(makeDirectory(join(root, 'a', 'b'))).toEqual([join(root, 'a'), join(root, 'a', 'b')]);
    } finally {
      process.umask(umask);
    }
    expect(['a', join('a', 'b')].map((path) => statSync(join(root, path)).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  it('is left as it is when it is there, also behind a link', () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, 'a'), { mode: 0o755 });
    symlinkSync('a', join(root, 'link'));
    expect(makeDirectory(join(root, 'a'))).toEqual([]);
    expect(makeDirectory(join(root, 'link'))).toEqual([]);
    expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o755);
    makeDirectoryDurably(join(root, 'a', 'b'));
    expect(statSync(join(root, 'a', 'b')).isDirectory()).toBe(true);
  });

  it('is an error where something else is in the way', () => {
    const root = temporaryDirectory();
    writeFileSync(join(root, 'file'), '');
    symlinkSync('nowhere', join(root, 'dangling'));
    expect(() => makeDirectory(join(root, 'file'))).toThrow('EEXIST');
    expect(() => makeDirectory(join(root, 'file', 'below'))).toThrow('ENOTDIR');
    expect(() => makeDirectory(join(root, 'dangling'))).toThrow('EEXIST');
    expect(() => makeDirectory(join(root, 'dangling', 'below'))).toThrow('EEXIST');
  });

  itOnLinux('is an error, and comes to an end, below /proc', () => {
    expect(madeElsewhere('/proc/stui/a', '/')).toEqual({ signal: null, answer: 'ENOENT' });
  });

  itOnLinux('is an error, and comes to an end, in a directory that was removed', () => {
    const gone = join(temporaryDirectory(), 'gone');
    mkdirSync(gone);
    const child = `cd ${gone} && rmdir ${gone} && exec "$@"`;
    const { signal, stdout } = spawnSync('sh', ['-c', child, 'sh', process.execPath, bundle('make-directory'), 'a/b'], {
      encoding: 'utf8',
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    expect({ signal, answer: stdout.trim() }).toEqual({ signal: null, answer: 'ENOENT' });
  });
});

describe('a directory whose names are to be durable', () => {
  it('has to be there', () => {
    const gone = join(temporaryDirectory(), 'gone');
    mkdirSync(gone);
    syncDirectory(gone);
    rmdirSync(gone);
    expect(() => syncDirectory(gone)).toThrow('ENOENT');
  });
});
