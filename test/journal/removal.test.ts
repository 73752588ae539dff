import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../local/temporary.js';
import { created, noise, renamed, snapshot } from './drafts.js';
import { openJournal } from './journals.js';

const MEGABYTE = 1024 * 1024;

describe('removing a session', () => {
  it('gives its space back to the file system', async () => {
    const directory = temporaryDirectory();
    const journal = openJournal(directory);
    await journal.append('kept', [created('kept'), snapshot(noise(1000))]);
    await journal.append('big', [
      created('big'),
      ...['a', 'b', 'c', 'd'].map((seed) => snapshot(noise(MEGABYTE, seed))),
    ]);
    await journal.append('kept', [renamed('after it')]);
    await journal.remove('big');
    await journal.close();
    expect(statSync(join(directory, 'journal.sqlite')).size).toBeLessThan(MEGABYTE / 4);
    const again = openJournal(directory);
    expect(again.sessions().map(({ id }) => id)).toEqual(['kept']);
    expect(again.read('kept')).toHaveLength(3);
    expect(again.blob('kept', 2)).toHaveLength(1000);
  });

  it('does not look like a loss when the newest entries were its own', async () => {
    const directory = temporaryDirectory();
    const journal = openJournal(directory);
    await journal.append('kept', [created('kept')]);
    await journal.append('newest', [created('newest'), renamed('x')]);
    await journal.remove('newest');
    await journal.close();
    expect(openJournal(directory).sessions()).toHaveLength(1);
  });

  it('takes place among the appends to the same session in the order they were asked for', async () => {
    const journal = openJournal();
    await Promise.all([
      journal.append('s', [created('s'), snapshot(noise(300_000))]),
      journal.remove('s'),
      journal.append('s', [created('s')], { expectedRevision: 0 }),
    ]);
    expect(journal.read('s')).toHaveLength(1);
    expect(journal.session('s')?.bytes).toBe(Buffer.byteLength(journal.read('s')[0]?.line ?? ''));
  });
});
