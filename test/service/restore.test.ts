import { describe, expect, it } from '@jest/globals';
import { PLAIN } from '../../src/cli/style.js';
import type { RestoreReport } from '../../src/protocol/documents.js';
import { differencesFromPlan, restoreStrategy } from '../../src/service/restore.js';
import { planLine, restoreText } from '../../src/service/restore-text.js';

const REPORT: RestoreReport = {
  session: '0190a1b2-0000-4000-8000-000000000000',
  name: 'demo',
  revision: 12,
  plan: true,
  strategy: 'snapshot',
  at: null,
  bindings: [
    { name: 'block', fidelity: 'lost', reason: 'cannot be saved: it is a BlockClosure' },
    { name: 'x', fidelity: 'snapshot', reason: 'saved at revision 4' },
  ],
  classes: ['Counter'],
  definitions: [{ name: 'Counter', fidelity: 'snapshot' }],
  context: [{ part: 'buffers', fidelity: 'snapshot', reason: 'journaled at revision 7', bytes: 120 }],
  conflicts: 1,
  replayed: [],
  notReplayed: [
    { revision: 9, code: 'y := x + 1.\n[true] whileTrue', unknown: true, redacted: false },
    { revision: 11, code: 'login: [redacted]', unknown: false, redacted: true },
  ],
  lost: ['block'],
  snapshotBytes: 14_000,
  cost: { snapshots: 2, snapshotBytes: 14_000, inputs: 0, inputMs: 0 },
  durationMs: 0,
};

describe('the differences of a restore from its plan', () => {
  it('are none when all came back as planned', () => {
    expect(differencesFromPlan(REPORT, { ...REPORT, plan: false, revision: 13 })).toEqual([]);
  });

  it('name what came back otherwise, what did not come back, and what nobody expected, of each kind', () => {
    const report: RestoreReport = {
      ...REPORT,
      bindings: [
        { name: 'x', fidelity: 'lost', reason: 'the engine could not load it' },
        { name: 'z', fidelity: 'live' },
      ],
      definitions: [{ name: 'Counter', fidelity: 'lost', reason: 'its superclass is gone' }],
      context: [],
    };
    expect(differencesFromPlan(REPORT, report)).toEqual([
      { kind: 'binding', name: 'block', planned: 'lost', actual: null },
      { kind: 'binding', name: 'x', planned: 'snapshot', actual: 'lost' },
      { kind: 'binding', name: 'z', planned: null, actual: 'live' },
      { kind: 'class', name: 'Counter', planned: 'snapshot', actual: 'lost' },
      { kind: 'context', name: 'buffers', planned: 'snapshot', actual: null },
    ]);
  });
});

describe('the strategy of a restore', () => {
  it('is what --strategy says, or --replay for short, or to load what was saved', () => {
    expect(restoreStrategy(undefined, false)).toBe('snapshot');
    expect(restoreStrategy('none', false)).toBe('none');
    expect(restoreStrategy(undefined, true)).toBe('replay');
    expect(restoreStrategy('replay', true)).toBe('replay');
  });

  it('cannot be two', () => {
    expect(() => restoreStrategy('snapshot', true)).toThrow('--replay is short for --strategy replay');
  });
});

describe('a restore in words', () => {
  it('has the same tables as a plan and as a report', () => {
    const plan = restoreText({ ...REPORT, differences: [] }, PLAIN).split('\n\n');
    const report = restoreText({ ...REPORT, plan: false, durationMs: 30, differences: [] }, PLAIN).split('\n\n');
    expect(plan[0]).toBe('A restore would bring back demo at revision 12\nbindings: 1 snapshot, 1 lost');
    expect(report[0]).toBe('Restored demo at revision 12 in 30 ms\nbindings: 1 snapshot, 1 lost');
    expect(plan.slice(1)).toEqual(report.slice(1));
    expect(plan.slice(1)).toEqual([
      [
        'BINDING  FIDELITY  WHY',
        'block    lost      cannot be saved: it is a BlockClosure',
        'x        snapshot  saved at revision 4',
      ].join('\n'),
      ['CLASS    FIDELITY  WHY', 'Counter  snapshot'].join('\n'),
      ['CONTEXT  FIDELITY  SIZE   WHY', 'buffers  snapshot  120 B  journaled at revision 7'].join('\n'),
      [
        'INPUT  RUNS AGAIN                     OUTCOME  CODE',
        '9      no                             unknown  y := x + 1.',
        '11     cannot: its code held secrets  known    login: [redacted]',
      ].join('\n'),
      [
        'Not run again: 1 input. To run it: --strategy replay',
        '1 conflict open: "stui session conflicts demo" shows what to decide',
        'cost: 2 snapshots, 14.0 KB',
      ].join('\n'),
    ]);
  });

  it('says where it goes back to, what runs again, what that cost before, and what came back otherwise', () => {
    const [input] = REPORT.notReplayed;
    const text = restoreText(
      {
        ...REPORT,
        plan: false,
        at: 9,
        strategy: 'replay',
        replayed: input ? [input] : [],
        notReplayed: [],
        conflicts: 0,
        cost: { snapshots: 0, snapshotBytes: 0, inputs: 3, inputMs: 1_200 },
        differences: [{ kind: 'class', name: 'Counter', planned: 'snapshot', actual: null }],
      },
      PLAIN,
    );
    expect(text).toContain('Took demo back to revision 9 in 0 ms; that is its revision 12');
    expect(text).toContain('9      yes         unknown  y := x + 1.');
    expect(text).toContain('cost: 3 inputs run again, which took 1.2 s before');
    expect(text).toContain(
      'Otherwise than planned:\nNAME             PLANNED   CAME BACK\nCounter (class)  snapshot  nothing',
    );
    expect(text).not.toContain('--strategy replay');
  });

  it('shows names from elsewhere without obeying them', () => {
    const bindings = [{ name: 'x', fidelity: 'lost' as const, reason: '\u001b[31mred' }];
    const text = restoreText({ ...REPORT, name: '\u001b]0;t\u0007', bindings, differences: [] }, PLAIN);
    expect(text).not.toContain('\u001b');
  });

  it('is one line while it is under way', () => {
    expect(planLine(REPORT)).toBe('2 bindings, 1 class, 14.0 KB');
  });
});
