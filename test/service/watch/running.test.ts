import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { thisMachine } from '../../../src/files/process-identity.js';
import { announceWatch, askWatches } from '../../../src/service/watch/running.js';
import { temporaryDirectory } from '../../local/temporary.js';

describe('watches that run', () => {
  it('are known until they withdraw', () => {
    const paths = { data: temporaryDirectory() };
    const withdraw = announceWatch(paths);
    expect(readdirSync(join(paths.data, 'watches'))).toEqual([String(process.pid)]);
    withdraw();
    expect(readdirSync(join(paths.data, 'watches'))).toEqual([]);
  });

  it('are none where none ever ran', () => {
    expect(askWatches({ data: temporaryDirectory() })).toEqual([]);
  });

  it('that were killed are forgotten, and what has their process id by now gets no signal', () => {
    const paths = { data: temporaryDirectory() };
    const directory = join(paths.data, 'watches');
    mkdirSync(directory, { mode: 0o700 });
    const file = join(directory, String(process.pid));
    // This process, but started at another time.
    writeFileSync(file, JSON.stringify({ ...thisMachine().self(), startedAt: '1-0' }));
    writeFileSync(join(directory, '1'), '{"pid":');
    expect(askWatches(paths)).toEqual([]);
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(directory)).toEqual([]);
  });
});
