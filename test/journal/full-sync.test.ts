import { describe, expect, it } from '@jest/globals';
import { closeFile, openFile } from '../../src/journal/sqlite-file.js';
import { temporaryDirectory } from '../local/temporary.js';

/** What SQLite has to say about how far it syncs. */
function syncing(platform: NodeJS.Platform): unknown[] {
  const connection = openFile(temporaryDirectory(), platform);
  try {
    return ['fullfsync', 'checkpoint_fullfsync', 'synchronous'].map(
      (name) => (connection.prepare(`PRAGMA ${name}`).raw().all() as [[number]])[0][0],
    );
  } finally {
    closeFile(connection);
  }
}

describe('the journal is synced', () => {
  it('through the cache of the drive on macOS, where fsync does not reach that far', () => {
    expect(syncing('darwin')).toEqual([1, 1, 2]);
  });

  it('by fsync elsewhere', () => {
    expect(syncing('linux')).toEqual([0, 0, 2]);
  });
});
