/** A disk that refuses to sync the directory: what is refused must not be there, and what is there must not be refused. */
import { expect, it, jest } from '@jest/globals';
import { temporaryDirectory } from '../temporary.js';

let syncs: boolean;
let unlinks: boolean;

const directories = await import('../../../src/files/directories.js');
jest.unstable_mockModule('../../../src/files/directories.js', () => ({
  ...directories,
  syncDirectory: (path: string) => {
    if (!syncs) throw refusal();
    directories.syncDirectory(path);
  },
}));
const fs = await import('node:fs');
jest.unstable_mockModule('node:fs', () => ({
  ...fs,
  unlinkSync: (path: string) => {
    if (!unlinks && path.endsWith('.sending')) throw refusal();
    fs.unlinkSync(path);
  },
}));
const { keys, order, outboxIn } = await import('./orders.js');

function refusal(): Error {
  return Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
}

function outboxOf() {
  syncs = true;
  unlinks = true;
  const outbox = outboxIn(temporaryDirectory());
  outbox.accept(order('before'));
  return outbox;
}

it('an entry whose name cannot be made durable is refused, and gone', () => {
  const outbox = outboxOf();
  syncs = false;
  expect(() => outbox.accept(order('a'))).toThrow('EIO');
  expect(keys(outbox)).toEqual(['before']);
});

it('one that cannot be taken back either is accepted, with a warning: it will be delivered', () => {
  const outbox = outboxOf();
  syncs = false;
  unlinks = false;
  expect(outbox.accept(order('a'))).toMatchObject({ isNew: true, entry: { key: 'a' } });
  expect(keys(outbox)).toEqual(['before', 'a']);
  expect(outbox.warnings).toMatchObject([{ code: 'outbox-write-failed' }]);
});

it('one that was accepted is given up without a sync', () => {
  const outbox = outboxOf();
  syncs = false;
  expect(outbox.releaseKey('before')).toMatchObject({ state: 'queued' });
});
