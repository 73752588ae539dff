/** System calls that fail under the real backend, command line and engine, cell by cell of a matrix. */
import { expect } from '@jest/globals';
import { Chance } from './chance.js';
import { CELLS, type Cell, matrix, nameOf, type Verdict } from './injection/cells.js';
import { itInjects } from './injection/injection.js';
import { Laboratory } from './injection/laboratory.js';

/** Time for a sample of the cells. The gate gives more; `all` takes as long as it takes. */
const DEFAULT_SECONDS = 15;

/** A cell that is begun is finished, in ms. */
const LAST_CELL_MS = 120_000;

const given = process.env['STUI_FAULTS_SECONDS'] ?? String(DEFAULT_SECONDS);
const seconds = given === 'all' ? 12 * 3_600 : Number(given);

/** A part of a cell's name, such as `engine` or `start: sync`, to look at some only. */
const ONLY = process.env['STUI_FAULTS_ONLY'] ?? '';

/**
 * Known to fail on a journal that has been through much: the log that could not be read at the start is lost to the next one.
 * Left out of the sample until that is mended; STUI_FAULTS_ONLY tries it.
 */
const OPEN = ['backend, start: read EIO (1+)'];

itInjects('a log that the disk does not give back when a backend stops is there for the next one', async () => {
  const laboratory = await Laboratory.begin(Chance.announced('a log that cannot be read'));
  const cell: Cell = { process: 'backend', phase: 'stop', row: 'read', failure: 'EIO', when: '1+' };
  expect(await laboratory.try(cell)).toEqual({ cell, problem: undefined });
  await laboratory.close();
});

itInjects(
  'a system call that fails is survived or said in one line; what is acknowledged is there, and nothing ran twice',
  async () => {
    const chance = Chance.announced('system calls that fail', 'STUI_FAULTS_SEED');
    const cells = CELLS.filter((cell) => nameOf(cell).includes(ONLY) && (ONLY !== '' || !OPEN.includes(nameOf(cell))));
    const deadline = Date.now() + seconds * 1_000;
    const verdicts: Verdict[] = [];
    let laboratory = await Laboratory.begin(chance.branch());
    for (const cell of chance.sample(cells, cells.length)) {
      if (Date.now() > deadline) break;
      const verdict = await laboratory.try(cell);
      if (!verdict) continue;
      verdicts.push(verdict);
      if (verdict.problem === undefined) continue;
      process.stderr.write(`${nameOf(cell)}: ${verdict.problem}\n`);
      await laboratory.close();
      laboratory = await Laboratory.begin(chance.branch());
    }
    await laboratory.close();
    process.stderr.write(`${verdicts.length} cells\n${matrix(verdicts)}\n`);
    expect(verdicts.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(0);
  },
  seconds * 1_000 + LAST_CELL_MS,
);
