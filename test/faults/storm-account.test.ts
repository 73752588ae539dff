/** What the storm holds against its account, on journals written by hand: a check that finds nothing must be able to find. */
import { describe, expect, it } from '@jest/globals';
import type { Json } from '../e2e/stui.js';
import { Account, codeOf, type Kill, type Order } from './storm/account.js';

const PLACE = { backend: 'here', session: 's' };
const NOTHING = { lost: [], doubled: [], foreign: [], unexplained: [] };

function order(key: string, does: Order['does'], tag = 'mine'): Order {
  return { ...PLACE, key, tag, does, code: codeOf(does, tag) };
}

/** An account that asked for a beginning and three counts. */
function accountOf(...told: readonly (readonly [string, string])[]): Account {
  const account = new Account();
  const orders = [order('0', 'begin'), order('1', 'count'), order('2', 'count'), order('3', 'count')];
  for (const each of orders) account.ask(each);
  for (const [key, printString] of told) account.tell(orders[Number(key)] as Order, { outcome: 'value', printString });
  return account;
}

/** Entries of evaluations, each a second after the one before. */
function journal(...outputs: readonly Json[]): Json[] {
  return outputs.flatMap((output, index) => [
    { type: 'input', key: output.key, time: time(index) },
    { type: 'output', outcome: 'value', time: time(index + 0.5), ...output },
  ]);
}

function time(second: number): string {
  return new Date(second * 1_000).toISOString();
}

const value = (key: string, printString: string) => ({ key, printString });
const unknown = (key: string, errorClass: string) => ({
  key,
  outcome: 'unknown',
  error: { class: errorClass, message: 'ended' },
});
const kill = (of: Kill['of'], second: number): Kill => ({
  of,
  backend: 'here',
  from: second * 1_000,
  to: second * 1_000,
});

describe('the account of a storm', () => {
  it('finds nothing where everything is there once, in order, and in its session', () => {
    const account = accountOf(['0', "'mine/0'"], ['1', "'mine/1'"]);
    const next = account.check(PLACE, journal(value('0', "'mine/0'"), value('1', "'mine/1'"), value('2', "'mine/2'")));
    expect({ next, findings: account.findings }).toEqual({ next: "'mine/2'", findings: NOTHING });
  });

  it('finds what was acknowledged and is not there, or is there with another answer', () => {
    const account = accountOf(['0', "'mine/0'"], ['1', "'mine/1'"], ['2', "'mine/9'"]);
    account.check(PLACE, journal(value('0', "'mine/0'"), value('2', "'mine/1'")));
    expect(account.findings.lost).toHaveLength(2);
  });

  it('finds a count that fell back, and one that ran twice', () => {
    const account = accountOf();
    account.check(PLACE, journal(value('0', "'mine/0'"), value('1', "'mine/2'"), value('2', "'mine/2'")));
    expect(account.findings).toMatchObject({
      lost: [expect.stringMatching(/^2 /)],
      doubled: [expect.stringMatching(/^1 /)],
    });
  });

  it('finds a key that stands in the journal twice, one that nobody asked for, and one that was answered differently', () => {
    const account = accountOf(['1', "'mine/1'"], ['1', "'mine/2'"]);
    account.check(
      PLACE,
      journal(value('0', "'mine/0'"), value('1', "'mine/1'"), value('1', "'mine/2'"), value('x', "'mine/3'")),
    );
    expect(account.findings.doubled).toHaveLength(3);
    expect(account.findings.unexplained).toEqual(['x: nobody asked for it']);
  });

  it('finds a value of another session, when it is told and when it is read', () => {
    const account = accountOf(['1', "'theirs/7'"]);
    account.check(PLACE, journal(value('0', "'mine/0'"), value('1', "'theirs/7'")));
    expect(account.findings.foreign).toHaveLength(2);
  });

  it.each([
    ['no kill', [], 1],
    ['a kill before it was accepted', [kill('backend', 0.9)], 1],
    ['a kill after it was answered', [kill('backend', 2)], 1],
    ['a kill of something else', [kill('engine', 1.2), kill('command', 1.2), kill('library client', 1.2)], 1],
    ['a kill of the backend meanwhile', [kill('backend', 1.2)], 0],
    ['a kill of everything meanwhile', [kill('everything', 1.2)], 0],
  ])('after %s, an outcome that the end of the backend left unknown is unexplained %#', (_, kills, unexplained) => {
    const account = accountOf();
    account.kills.push(...kills);
    account.check(PLACE, journal(value('0', "'mine/0'"), unknown('1', 'BackendDied')));
    expect(account.findings.unexplained).toHaveLength(unexplained);
    expect(account.unknown).toBe(1);
  });

  it.each([
    ['a second', 1, 0],
    ['ten seconds', 10, 1],
  ])(
    '%s after an engine was killed, what it was given may still be unknown, since nobody had heard of it',
    (_, ago, unexplained) => {
      const account = accountOf();
      account.kills.push(kill('engine', 1 - ago));
      account.check(PLACE, journal(value('0', "'mine/0'"), unknown('1', 'EngineDied')));
      expect(account.findings.unexplained).toHaveLength(unexplained);
    },
  );

  it('lets one kill explain one unknown outcome of a session', () => {
    const account = accountOf();
    account.kills.push({ ...kill('engines', 1), to: 5_000 });
    account.check(PLACE, journal(value('0', "'mine/0'"), unknown('1', 'EngineDied'), unknown('2', 'EngineDied')));
    expect(account.findings.unexplained).toHaveLength(1);
  });

  it('takes what a fork has not run for explained by the fork, and what its session then says by the new tag', () => {
    const account = accountOf();
    account.ask(order('t', 'tag', 'fork'));
    const copies = journal(value('0', "'mine/0'"), value('1', "'mine/1'"));
    const rest = journal(unknown('2', 'Forked'), value('t', "'fork/1'"));
    expect(account.check(PLACE, [...copies, { type: 'forked' }, ...rest])).toBe("'fork/1'");
    expect(account.findings).toEqual(NOTHING);
  });
});
