import { expect, it } from '@jest/globals';
import type { CommitMark } from '../../src/journal/commit-mark.js';
import type { Connection } from '../../src/journal/sqlite-file.js';
import { Ledger } from '../../src/journal/sqlite-ledger.js';
import type { Tables } from '../../src/journal/sqlite-tables.js';

it('takes the mark off entries before they are removed, so that a crash in between looks like no loss', () => {
  const log: string[] = [];
  const connection = { exec: (sql: string) => log.push(sql) } as unknown as Connection;
  const tables = { remove: (no: number) => log.push(`remove ${no}`), newest: () => ({ place: 4, hash: 'h' }) };
  const mark = { clear: () => log.push('clear mark'), write: () => log.push('write mark') } as unknown as CommitMark;
  const history = { forget: () => {}, forgetAll: () => {} };
  const filed = () => ({ input: false, output: false });
  const ledger = new Ledger(connection, tables as unknown as Tables, mark, history, filed);
  ledger.load({ no: 7, id: 's', revision: 1, head: 'h', bytes: 1 });
  ledger.begin();
  ledger.remove('s');
  ledger.commit();
  expect(log).toEqual([
    ...['BEGIN IMMEDIATE', 'remove 7', 'clear mark', 'COMMIT'],
    ...['write mark', 'PRAGMA incremental_vacuum'],
  ]);
});
