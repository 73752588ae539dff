import { describe, expect, it } from '@jest/globals';
import { readHistory } from '../../src/service/history.js';
import type { Evaluation } from '../../src/session/evaluation.js';
import { temporaryDirectory } from '../local/temporary.js';
import { askedWorkplace } from './asked.js';

interface Ran {
  readonly input: number;
  readonly evaluation: Pick<Evaluation, 'key' | 'revision'>;
}

/** Answers as a backend does: by revisions of inputs. */
function history(ran: readonly Ran[]) {
  return askedWorkplace(temporaryDirectory(), {
    read_history: ({ limit, before = Number.POSITIVE_INFINITY }) => {
      const found = ran.filter(({ input }) => input < before).map(({ evaluation }) => evaluation);
      return { session: 'id', evaluations: found.slice(-limit), more: found.length > limit };
    },
  });
}

/** Inputs at 2, 4, 6 …, each answered by the entry behind it. */
function answered(count: number): Ran[] {
  return Array.from({ length: count }, (_, index) => {
    const input = 2 * index + 2;
    return { input, evaluation: { key: `k${index}`, revision: input + 1 } };
  });
}

async function revisions(ran: readonly Ran[], range: { from: number; to: number } | { last: number }, limit?: number) {
  const found = await readHistory(history(ran).workplace, { session: 's', range, limit });
  return { revisions: found.evaluations.map(({ revision }) => revision), more: found.more };
}

describe('a range of a history', () => {
  it('goes by the revisions that the history shows, at both ends', async () => {
    const ran = answered(4);
    expect(await revisions(ran, { from: 3, to: 7 })).toEqual({ revisions: [3, 5, 7], more: false });
    expect(await revisions(ran, { from: 4, to: 6 })).toEqual({ revisions: [5], more: false });
    expect(await revisions(ran, { from: 5, to: Number.POSITIVE_INFINITY })).toMatchObject({ revisions: [5, 7, 9] });
    expect(await revisions(ran, { from: 10, to: 12 })).toEqual({ revisions: [], more: false });
  });

  it('reaches over as many pages as it takes, and has nothing twice', async () => {
    const ran = answered(1_700);
    const all = ran.map(({ evaluation }) => evaluation.revision);
    expect(await revisions(ran, { from: 1, to: Number.POSITIVE_INFINITY })).toEqual({ revisions: all, more: false });
    expect(await revisions(ran, { from: 1, to: 3_001 }, 600)).toEqual({
      revisions: all.filter((revision) => revision <= 3_001).slice(-600),
      more: true,
    });
  });

  it('has what was accepted together once each, and what waits by its input', async () => {
    const waited = Array.from({ length: 700 }, (_, index) => ({
      input: index + 2,
      evaluation: { key: `k${index}`, revision: index + 702 },
    }));
    const ran = [...waited, { input: 1_402, evaluation: { key: 'late', revision: 1_402 } }];
    const { revisions: found } = await revisions(ran, { from: 1, to: Number.POSITIVE_INFINITY });
    expect(found).toEqual(ran.map(({ evaluation }) => evaluation.revision));
  });

  it('of the last evaluations is made of those, whatever is searched for among them', async () => {
    const { workplace, questions } = history(answered(9));
    const request = { session: 's', range: { last: 2 }, failed: true, grep: 'x' } as const;
    expect((await readHistory(workplace, request)).evaluations.map(({ revision }) => revision)).toEqual([17, 19]);
    expect(questions[0]?.parameters).toEqual({ session_id: 's', limit: 2 });
    expect(questions[1]?.parameters).toMatchObject({ failed: true, grep: 'x' });
    expect(await revisions([], { last: 3 })).toEqual({ revisions: [], more: false });
  });
});
