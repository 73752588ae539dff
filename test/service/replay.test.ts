import { describe, expect, it } from '@jest/globals';
import { PLAIN } from '../../src/cli/style.js';
import { Unreachable } from '../../src/client/errors.js';
import { ProtocolError } from '../../src/protocol/errors.js';
import { exitOfReplay, plannedReplay, planReplay, type ReplayReport, runReplay } from '../../src/service/replay.js';
import { replayText } from '../../src/service/replay-text.js';
import type { Entry, EntryBody } from '../../src/session/entry.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, entries, evaluation } from '../session/entries.js';
import { askedWorkplace } from './asked.js';

const HISTORY = [1, 2, 3].flatMap((n) => evaluation(`k${n}`, `${n}`, { printString: `${n}`, class: 'Number' }));
const OPTIONS = { stopOnError: false, timeoutMs: undefined, progress: () => {} };
const ALL = { session: 'a', into: 'b', range: { from: 1, to: Number.POSITIVE_INFINITY }, keyPrefix: 'p' };

/** @param outcome what comes of the evaluation of a code */
function replaying(outcome: (code: string) => object, bodies: readonly EntryBody[] = HISTORY) {
  const all = entries(created(), ...bodies);
  return askedWorkplace(temporaryDirectory(), {
    read_journal: ({ after }) => ({
      session: 'id a',
      revision: all.length,
      // A page of two, because large entries come in small ones.
      lines: all
        .filter(({ seq }: Entry) => seq > after)
        .slice(0, 2)
        .map((entry) => JSON.stringify(entry)),
    }),
    get_session_info: ({ session_id }) => ({ session: { id: `id ${session_id.replace('id ', '')}` } }),
    evaluate: ({ code, key }) => ({ evaluation: { ...ANSWER, code, key, printString: code, ...outcome(code) } }),
  });
}

const ANSWER = { outcome: 'value', class: 'Number', error: null, transcript: '', fromJournal: false, restored: null };

describe('a replay', () => {
  it('runs the inputs in order in the other session, each under its key, with its limit', async () => {
    const { workplace, questions } = replaying(() => ({}));
    const plan = await planReplay(workplace, ALL);
    const report = await runReplay(workplace, plan, OPTIONS);
    const sent = questions.filter(({ command }) => command === 'evaluate').map(({ parameters }) => parameters);
    expect(sent.map(({ code, key, session_id, timeout_ms }) => [code, key, session_id, timeout_ms])).toEqual([
      ['1', 'p-3', 'id b', 1000],
      ['2', 'p-5', 'id b', 1000],
      ['3', 'p-7', 'id b', 1000],
    ]);
    expect(report).toMatchObject({ session: 'id a', into: 'id b', keyPrefix: 'p', ran: 3, failed: 0, stoppedAt: null });
    expect(report.evaluations.map(({ same }) => same)).toEqual([true, true, true]);
    expect(workplace.outbox.list(workplace.destination)).toEqual([]);
  });

  it('tells what it would run, and runs nothing', async () => {
    const { workplace, questions } = replaying(() => ({}));
    const report = plannedReplay(await planReplay(workplace, { ...ALL, keyPrefix: undefined }));
    expect(report.evaluations.map(({ revision, evaluation, same }) => [revision, evaluation, same])).toEqual([
      [3, null, null],
      [5, null, null],
      [7, null, null],
    ]);
    expect(report).toMatchObject({
      dryRun: true,
      ran: 0,
      keyPrefix: expect.stringMatching(/^replay-id a-[0-9a-f]{8}$/),
    });
    expect(questions.some(({ command }) => command === 'evaluate')).toBe(false);
  });

  it('stops at the first without a value where it is to', async () => {
    const { workplace } = replaying((code) => (code === '2' ? { outcome: 'interrupted', printString: null } : {}));
    const plan = await planReplay(workplace, ALL);
    expect(await runReplay(workplace, plan, OPTIONS)).toMatchObject({ ran: 3, failed: 1, stoppedAt: null });
    const report = await runReplay(workplace, plan, { ...OPTIONS, stopOnError: true, timeoutMs: 7 });
    expect(report).toMatchObject({ ran: 2, failed: 1, stoppedAt: 5, evaluations: { length: 2 } });
    expect(report.evaluations[1]).toMatchObject({ same: false, recorded: { outcome: 'value', printString: '2' } });
  });

  it('waits when the backend takes no more for the moment', async () => {
    let refused = 0;
    const { workplace } = replaying((code) => {
      if (code === '2' && refused++ < 3) throw new ProtocolError('RateLimited', 'too many', { retryAfterMs: 1 });
      return {};
    });
    const report = await runReplay(workplace, await planReplay(workplace, ALL), OPTIONS);
    expect(report).toMatchObject({ ran: 3, failed: 0 });
    expect(refused).toBe(4);
  });

  it.each([
    new Unreachable('ipc://x', 'nobody is there'),
    new ProtocolError('ShuttingDown', 'The backend is stopping'),
  ])('says how it goes on when the backend is gone: %s', async (gone) => {
    const { workplace } = replaying((code) => {
      if (code === '3') throw gone;
      return {};
    });
    await expect(runReplay(workplace, await planReplay(workplace, ALL), OPTIONS)).rejects.toMatchObject({
      code: 'unreachable',
      exitCode: 5,
      message: expect.stringMatching(/; 2 of 3 inputs have been run$/),
      hint: expect.stringContaining('--key p:'),
    });
  });

  it('does not hide other failures', async () => {
    const conflict = new ProtocolError('KeyConflict', 'other code');
    const { workplace } = replaying(() => {
      throw conflict;
    });
    await expect(runReplay(workplace, await planReplay(workplace, ALL), OPTIONS)).rejects.toBe(conflict);
  });
});

describe('the end of a replay', () => {
  const raised = { outcome: 'error', error: { class: 'ZeroDivide', message: '', stack: [] } };
  const absent = { outcome: 'error', error: { class: 'EngineUnavailable', message: '', stack: [] } };
  const [value, interrupted, unknown] = [{ outcome: 'value' }, { outcome: 'interrupted' }, { outcome: 'unknown' }];

  it.each([
    ['ok', []],
    ['ok', [value, value]],
    ['raised', [raised, value]],
    ['raised', [interrupted, raised, value]],
    ['raised', [interrupted, raised]],
    ['timedOut', [raised, interrupted]],
    ['unknown', [raised, unknown]],
    ['engineUnavailable', [value, absent]],
    ['timedOut', [interrupted, value]],
  ])('is %s after %j', (exit, ends) => {
    const evaluations = ends.map((evaluation) => ({ evaluation }));
    expect(exitOfReplay({ evaluations } as unknown as ReplayReport)).toBe(exit);
  });
});

describe('a replay in words', () => {
  it('tells outcome and result of each, and what to know of all', async () => {
    const { workplace } = replaying(
      (code) => ({
        ...(code === '1' ? { fromJournal: true } : {}),
        ...(code === '2' ? { printString: 'two\u001b[31m' } : {}),
      }),
      [
        ...HISTORY,
        { type: 'recorded', code: '4', source: 'text' },
        { type: 'recorded', code: '[redacted]', source: 'text', redacted: true },
      ],
    );
    const report = await runReplay(workplace, await planReplay(workplace, ALL), OPTIONS);
    expect(replayText(report, PLAIN).split('\n')).toEqual([
      'REVISION  OUTCOME  AS RECORDED  RESULT       CODE',
      '3         value    yes          1            1',
      '5         value    no           two\\x1b[31m  2',
      '7         value    yes          3            3',
      '8         value                 4            4',
      '',
      'Ran 3 inputs; 1 had run before; 1 not as recorded',
      'Skipped 9: its code held secrets and was not kept',
    ]);
    expect(replayText({ ...report, evaluations: [], skipped: [] }, PLAIN)).toBe(
      'There is nothing to run in that range.',
    );
  });
});
