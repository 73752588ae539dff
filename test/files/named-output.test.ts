import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { writeNamedOutput } from '../../src/files/named-output.js';
import { itMounts, mountTmpfs } from '../local/privileged.js';
import { afterwards, temporaryDirectory } from '../local/temporary.js';

/** Only root can make devices, and give files away. */
const itAsRoot = process.getuid?.() === 0 ? it : it.skip;

const itOnLinux = process.platform === 'linux' ? it : it.skip;

function fifo(): string {
  const path = join(temporaryDirectory(), 'pipe');
  execFileSync('mkfifo', [path]);
  return path;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o7777;
}

/** What is in a pipe now. */
function read(descriptor: number): string {
  const bytes = Buffer.alloc(100);
  return bytes.toString('utf8', 0, readSync(descriptor, bytes));
}

describe('an output that a person named', () => {
  it('is a new file for its owner, or for whom is said', async () => {
    const directory = temporaryDirectory();
    await writeNamedOutput(join(directory, 'private'), 'a');
    await writeNamedOutput(join(directory, 'public'), 'b', { mode: 0o644 });
    expect(readFileSync(join(directory, 'private'), 'utf8')).toBe('a');
    expect([modeOf(join(directory, 'private')), modeOf(join(directory, 'public'))]).toEqual([0o600, 0o644]);
    expect(readdirSync(directory)).toEqual(['private', 'public']);
  });

  it('takes the place of a file with its mode, whole', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, 'before');
    chmodSync(file, 0o640);
    const { ino } = statSync(file);
    await writeNamedOutput(file, 'after');
    expect([readFileSync(file, 'utf8'), modeOf(file)]).toEqual(['after', 0o640]);
    expect(statSync(file).ino).not.toBe(ino);
  });

  it('goes through symbolic links to what they lead to, there or not yet there', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'target'), 'before');
    symlinkSync('target', join(directory, 'link'));
    symlinkSync('link', join(directory, 'link-to-link'));
    symlinkSync('new', join(directory, 'dangling'));
    await writeNamedOutput(join(directory, 'link-to-link'), 'after');
    await writeNamedOutput(join(directory, 'dangling'), 'made');
    for (const link of ['link', 'link-to-link', 'dangling']) {
      expect(lstatSync(join(directory, link)).isSymbolicLink()).toBe(true);
    }
    expect(readFileSync(join(directory, 'target'), 'utf8')).toBe('after');
    expect(readFileSync(join(directory, 'new'), 'utf8')).toBe('made');
  });

  it('is an error where links lead in a circle', async () => {
    const directory = temporaryDirectory();
    symlinkSync('b', join(directory, 'a'));
    symlinkSync('a', join(directory, 'b'));
    await expect(writeNamedOutput(join(directory, 'a'), '')).rejects.toThrow('ELOOP');
  });

  it('is written into a named pipe, which stays one', async () => {
    const pipe = fifo();
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    await writeNamedOutput(pipe, 'through');
    expect(read(reader)).toBe('through');
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    closeSync(reader);
  });

  it('waits for a pipe’s reader, or fails at once where that was asked for', async () => {
    const pipe = fifo();
    await expect(writeNamedOutput(pipe, '', { whenStalled: 'fail' })).rejects.toMatchObject({ code: 'ENXIO' });
    const written = writeNamedOutput(pipe, 'through');
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    await written;
    expect(read(reader)).toBe('through');
    closeSync(reader);
  });

  it('waits for the reader of a full pipe, or fails where that was asked for', async () => {
    const pipe = fifo();
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const much = Buffer.alloc(1_000_000, 'x');
    await expect(writeNamedOutput(pipe, much, { whenStalled: 'fail' })).rejects.toMatchObject({ code: 'EAGAIN' });
    const place = Buffer.alloc(much.length);
    let length = readSync(reader, place);
    const written = writeNamedOutput(pipe, much);
    let isWritten = false;
    void written.then(() => {
      isWritten = true;
    });
    const before = length;
    while (!isWritten || length < before + much.length) {
      await new Promise((resolve) => setImmediate(resolve));
      try {
        length += readSync(reader, place);
      } catch (error) {
        expect(error).toMatchObject({ code: 'EAGAIN' });
      }
    }
    expect(length).toBe(before + much.length);
    closeSync(reader);
  });

  itOnLinux('is written to a descriptor that is open already, behind what is in it', async () => {
    const file = join(temporaryDirectory(), 'log');
    const descriptor = openSync(file, 'w');
    writeFileSync(descriptor, 'first, ');
    for (const path of [`/dev/fd/${descriptor}`, `/proc/self/fd/${descriptor}`]) await writeNamedOutput(path, 'then ');
    closeSync(descriptor);
    expect(readFileSync(file, 'utf8')).toBe('first, then then ');
  });

  itAsRoot('is written into a device, which stays one', async () => {
    const device = join(temporaryDirectory(), 'null');
    execFileSync('mknod', [device, 'c', '1', '3']);
    await writeNamedOutput(device, 'nothing');
    expect(lstatSync(device).isCharacterDevice()).toBe(true);
  });

  itAsRoot('keeps the owner of the file whose place it takes', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, 'before', { mode: 0o604 });
    execFileSync('chown', ['12345:54321', file]);
    await writeNamedOutput(file, 'after');
    expect(statSync(file)).toMatchObject({ uid: 12_345, gid: 54_321 });
    expect(modeOf(file)).toBe(0o604);
  });

  itMounts('is overwritten where nothing can be renamed into its place', async () => {
    const directory = temporaryDirectory();
    const [file, mounted] = [join(directory, 'file'), join(directory, 'mounted')];
    for (const path of [file, mounted]) writeFileSync(path, 'what was there before');
    execFileSync('mount', ['--bind', file, mounted]);
    afterwards(() => execFileSync('umount', [mounted]));
    await writeNamedOutput(mounted, 'after');
    expect(readFileSync(file, 'utf8')).toBe('after');
    expect(readdirSync(directory)).toEqual(['file', 'mounted']);
  });

  itMounts('is as it was when the disk has no room for what is to take its place', async () => {
    const file = join(mountTmpfs('size=64k'), 'file');
    writeFileSync(file, 'before');
    await expect(writeNamedOutput(file, Buffer.alloc(200_000))).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(readdirSync(join(file, '..'))).toEqual(['file']);
  });

  it('may have as long a name as the file system allows', async () => {
    const file = join(temporaryDirectory(), 'n'.repeat(255));
    await writeNamedOutput(file, 'x');
    expect(readFileSync(file, 'utf8')).toBe('x');
  });

  it('is an error in a directory that is not there, and leaves nothing behind', async () => {
    const directory = temporaryDirectory();
    await expect(writeNamedOutput(join(directory, 'a', 'b'), '')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(writeNamedOutput(directory, '')).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(true);
  });
});
