/** The parts of an open journal that work on its file together. */
import type { History } from './history.js';
import type { Connection } from './sqlite-file.js';
import type { Ledger } from './sqlite-ledger.js';
import type { Reader } from './sqlite-reader.js';
import type { Segments } from './sqlite-segments.js';
import type { Tables } from './sqlite-tables.js';

export interface Workplace {
  readonly connection: Connection;
  readonly tables: Tables;
  readonly segments: Segments;
  readonly history: History;
  readonly reader: Reader;
  readonly ledger: Ledger;
}
