import { closeSync, fstatSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createLog, logOptionsOf, rotatingWriter } from '../../src/backend/log.js';
import { LOG_LIMIT_BYTES, openRotated, rotateOpen } from '../../src/files/rotated-log.js';
import { itMounts, mountTmpfs } from '../local/privileged.js';
import { temporaryDirectory } from '../local/temporary.js';

const now = () => new Date('2026-01-31T12:00:00.000Z');

function logged(env: NodeJS.ProcessEnv): string[] {
  const lines: string[] = [];
  const log = createLog({ ...logOptionsOf(env), write: (text) => lines.push(text), now });
  log('details', 'debug');
  log('ready');
  log('slow peer', 'warn');
  log('it broke\n  at once', 'error');
  return lines;
}

describe('a log', () => {
  it('has a time and a level in each line, and the level that is asked for at least', () => {
    expect(logged({})).toEqual([
      '2026-01-31T12:00:00.000Z info ready\n',
      '2026-01-31T12:00:00.000Z warn slow peer\n',
      '2026-01-31T12:00:00.000Z error it broke\n  at once\n',
    ]);
    expect(logged({ STUI_LOG: 'debug' })).toHaveLength(4);
    expect(logged({ STUI_LOG: 'error' })).toHaveLength(1);
    expect(logged({ STUI_LOG: 'nonsense' })).toHaveLength(3);
  });

  it('is one JSON document a line where that is asked for', () => {
    const lines = logged({ STUI_LOG_FORMAT: 'json', STUI_LOG: 'error' });
    expect(lines).toEqual([`{"time":"2026-01-31T12:00:00.000Z","level":"error","message":"it broke\\n  at once"}\n`]);
  });
});

describe('a log file', () => {
  const large = (letter: string) => letter.repeat(LOG_LIMIT_BYTES + 1);

  it('that has grown too large becomes an older part when it is opened, and three of these are kept', () => {
    const path = join(temporaryDirectory(), 'backend.log');
    for (const letter of ['a', 'b', 'c', 'd', 'e']) {
      const descriptor = openRotated(path);
      writeSync(descriptor, large(letter));
      closeSync(descriptor);
    }
    const firsts = ['', '.1', '.2', '.3'].map((part) => readFileSync(`${path}${part}`, 'latin1').slice(0, 1));
    expect(firsts).toEqual(['e', 'd', 'c', 'b']);
    expect(statSync(`${path}.4`, { throwIfNoEntry: false })).toBeUndefined();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('that grows while it is written to is emptied in place, and nothing of it is lost', () => {
    const path = join(temporaryDirectory(), 'backend.log');
    const descriptor = openRotated(path);
    try {
      const write = rotatingWriter(path, { write: (text) => writeSync(descriptor, text), fd: descriptor });
      const line = `${'x'.repeat(99)}\n`;
      const lines = Math.ceil((1.5 * LOG_LIMIT_BYTES) / line.length);
      for (let count = 0; count < lines; count += 1) write(line);
      const sizes = [path, `${path}.1`].map((part) => statSync(part).size);
      expect(sizes.reduce((sum, size) => sum + size)).toBe(lines * line.length);
      expect(fstatSync(descriptor).size).toBeLessThan(LOG_LIMIT_BYTES);
    } finally {
      closeSync(descriptor);
    }
  });

  itMounts('keeps its older parts where there is no room for one more', () => {
    const path = join(mountTmpfs('size=6m'), 'backend.log');
    for (const part of ['1', '2', '3']) writeFileSync(`${path}.${part}`, part);
    const descriptor = openSync(path, 'a');
    try {
      writeSync(descriptor, large('a'));
      for (const _attempt of [1, 2, 3]) expect(() => rotateOpen(path, descriptor)).toThrow(/ENOSPC/);
    } finally {
      closeSync(descriptor);
    }
    expect(['1', '2', '3'].map((part) => readFileSync(`${path}.${part}`, 'latin1'))).toEqual(['1', '2', '3']);
    expect(statSync(path).size).toBe(LOG_LIMIT_BYTES + 1);
  });

  it('is left alone where what is written to is another one', () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'backend.log');
    writeFileSync(path, large('a'));
    const descriptor = openSync(join(directory, 'other'), 'a');
    try {
      writeSync(descriptor, large('b'));
      expect(rotateOpen(path, descriptor)).toBe(false);
    } finally {
      closeSync(descriptor);
    }
    expect(statSync(path).size).toBe(LOG_LIMIT_BYTES + 1);
  });
});
