import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createDurably, linkOrCopy, renameDurably, writeDurably, writeWhole } from '../../src/files/durable-file.js';
import { temporaryDirectory } from '../local/temporary.js';

describe.each([
  ['durably', writeDurably],
  ['whole', writeWhole],
])('a file that is written %s', (_, write) => {
  it('takes the place of the one before, for its owner alone', () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'file');
    writeFileSync(file, 'before', { mode: 0o644 });
    write(file, 'after');
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['after', 0o600]);
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('is not kept from its place by what a killed process left, whatever its process id', () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'file');
    for (const name of [`.file.${process.pid}.tmp`, `file.${process.pid}`, `file.tmp`, 'file.new']) {
      writeFileSync(join(directory, name), 'left');
    }
    write(file, 'after');
    expect(readFileSync(file, 'utf8')).toBe('after');
  });

  it('leaves nothing behind when it cannot take its place', () => {
    const directory = temporaryDirectory();
    expect(() => write(directory, 'x')).toThrow();
    expect(readdirSync(directory)).toEqual([]);
    expect(readdirSync(join(directory, '..')).filter((name) => name.startsWith('.stui-'))).toEqual([]);
  });
});

describe('a new file', () => {
  it('holds all that was given, and takes nobody’s place', () => {
    const file = join(temporaryDirectory(), 'file');
    createDurably(file, ['a', Buffer.from('b')]);
    expect(readFileSync(file, 'utf8')).toBe('ab');
    expect(() => createDurably(file, ['c'])).toThrow('EEXIST');
    expect(readFileSync(file, 'utf8')).toBe('ab');
  });

  it('is not left behind when what it is to hold cannot be had', () => {
    const directory = temporaryDirectory();
    const chunks = function* (): Iterable<string> {
      yield 'a';
      throw new Error('no more');
    };
    expect(() => createDurably(join(directory, 'file'), chunks())).toThrow('no more');
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('a name of a file', () => {
  it('can be a second one, or another one', () => {
    const directory = temporaryDirectory();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => join(directory, name)) as [string, string, string];
    writeFileSync(a, 'x');
    linkOrCopy(a, b);
    expect(() => linkOrCopy(a, b)).toThrow('EEXIST');
    renameDurably(b, c);
    expect(readdirSync(directory)).toEqual(['a', 'c']);
    expect(readFileSync(c, 'utf8')).toBe('x');
  });
});
