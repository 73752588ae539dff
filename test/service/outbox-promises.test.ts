/** What the outbox promises, against a backend that dies, refuses and has seen the keys before. */
import { describe, expect, it } from '@jest/globals';
import { Unreachable } from '../../src/client/errors.js';
import { BackendNotStarted, BeingDelivered, LocalStateUnusable, OutboxKeyConflict } from '../../src/local/errors.js';
import { Outbox, type OutboxEntry, type Processes } from '../../src/local/outbox.js';
import { MAX_MESSAGE_BYTES } from '../../src/protocol/limits.js';
import { deliverOrphans, HeldBack } from '../../src/service/delivery.js';
import { awaitResult, evaluate } from '../../src/service/evaluate.js';
import { temporaryDirectory } from '../local/temporary.js';
import { askedWorkplace } from './asked.js';
import { ToyBackend } from './toy-backend.js';

const MAIN = '00000000-0000-4000-8000-000000000001';
const OTHER = '00000000-0000-4000-8000-000000000002';

function rig() {
  const backend = new ToyBackend();
  backend.sessions.set('main', MAIN).set('other', OTHER);
  const home = temporaryDirectory();
  const asked = askedWorkplace(home, backend.answers);
  const { workplace } = asked;
  return {
    ...asked,
    home,
    backend,
    outbox: workplace.outbox,
    waiting: () => workplace.outbox.list().map(({ key }) => key),
    evaluate: (code: string, others: Partial<Parameters<typeof evaluate>[1]> = {}) =>
      evaluate(workplace, { code, session: MAIN, timeoutMs: 1_000, keepForLater: true, ...others }),
    flush: async () => (await deliverOrphans(workplace)).map(({ key, outcome }) => `${key} ${outcome}`),
  };
}

/** Accepted while the backend was away. */
async function queued(to: ReturnType<typeof rig>, ...orders: [key: string, code: string, session?: string][]) {
  to.backend.away = true;
  for (const [key, code, session = MAIN] of orders) {
    const { evaluation } = await to.evaluate(code, { key, session });
    expect(evaluation.outcome).toBe('queued');
  }
  to.backend.away = false;
}

describe('code that no backend takes', () => {
  it.each([true, false])(
    'is not accepted into the outbox, where it would hold back the rest (away: %s)',
    async (away) => {
      const here = rig();
      here.backend.away = away;
      const tooLarge = here.evaluate('x'.repeat(MAX_MESSAGE_BYTES), { key: 'k' });
      await expect(tooLarge).rejects.toMatchObject({ type: 'MessageTooLarge' });
      expect(here.waiting()).toEqual([]);
    },
  );
});

describe('a key', () => {
  it('that the backend has for the same code is an answer: the entry is done with', async () => {
    const here = rig();
    await here.evaluate('3 + 4', { key: 'k' });
    await queued(here, ['k', '3 + 4']);
    expect(await here.flush()).toEqual(['k known']);
    expect(here.waiting()).toEqual([]);
  });

  it('that the backend has for other code is a conflict: the entry is refused, and kept', async () => {
    const here = rig();
    await here.evaluate('3 + 4', { key: 'k' });
    await queued(here, ['k', '5 + 6']);
    expect(await here.flush()).toEqual(['k refused']);
    expect(here.waiting()).toEqual(['k']);
    expect(here.backend.accepted.map(({ code }) => code)).toEqual(['3 + 4']);
  });

  it('of an entry that waits for another session is not taken by an evaluation that is not kept itself', async () => {
    const here = rig();
    await queued(here, ['k', '3 + 4', OTHER]);
    here.backend.refusals.set(OTHER, 'SessionClosed');
    const secret = here.evaluate("password := 'x'", { key: 'k', recordAs: 'password := [redacted]' });
    await expect(secret).rejects.toThrow(OutboxKeyConflict);
    expect(here.waiting()).toEqual(['k']);
    here.backend.refusals.clear();
    await here.flush();
    expect(here.backend.accepted).toContainEqual({ session: OTHER, key: 'k', code: '3 + 4' });
  });
});

describe('what was accepted here', () => {
  it('is queued and no error, although it cannot be given up: it is delivered all the same', async () => {
    const here = rig();
    here.backend.away = true;
    refuse(here.outbox, 'release');
    const { evaluation, waiting } = await here.evaluate('3 + 4', { key: 'k' });
    expect(evaluation.outcome).toBe('queued');
    expect(waiting).toMatchObject({ where: 'outbox', reason: expect.stringContaining('nobody is there') });
    expect(here.warnings).toEqual([expect.stringContaining('k')]);
    expect(here.waiting()).toEqual(['k']);
  });

  it('and cannot be taken back is queued and no error, whatever it was refused for', async () => {
    const here = rig();
    refuse(here.outbox, 'withdraw');
    here.backend.refusals.set('k', 'SessionClosed');
    expect((await here.evaluate('3 + 4', { key: 'k' })).evaluation.outcome).toBe('queued');
    here.backend.away = true;
    expect((await here.evaluate('5', { key: 'l', keepForLater: false })).evaluation.outcome).toBe('queued');
    expect(here.waiting()).toEqual(['k', 'l']);
  });

  it('and has an answer gives it, although the entry cannot be removed', async () => {
    const here = rig();
    refuse(here.outbox, 'remove');
    const { evaluation, waiting } = await here.evaluate('3 + 4', { key: 'k' });
    expect(evaluation).toMatchObject({ outcome: 'value', printString: '7' });
    expect(waiting).toBeNull();
    expect(here.warnings).not.toEqual([]);
  });

  it('and is refused is gone, and an error', async () => {
    const here = rig();
    here.backend.refusals.set('k', 'SessionClosed');
    await expect(here.evaluate('3 + 4', { key: 'k' })).rejects.toMatchObject({ type: 'SessionClosed' });
    here.backend.away = true;
    await expect(here.evaluate('3 + 4', { key: 'l', keepForLater: false })).rejects.toThrow(Unreachable);
    expect(here.waiting()).toEqual([]);
  });

  it('by another command that still sends it is not this one’s to promise or to take back', async () => {
    const here = rig();
    const { destination, outbox } = here.workplace;
    outbox.accept({ key: 'k', session: MAIN, code: '3 + 4', timeoutMs: 1, client: 'me', ...destination });
    here.backend.away = true;
    await expect(here.evaluate('3 + 4', { key: 'k' })).rejects.toThrow(Unreachable);
    expect(here.waiting()).toEqual(['k']);
  });
});

describe('what the backend has accepted', () => {
  it.each([true, false])(
    'is queued there and no error when the backend goes away then (kept for later: %s)',
    async (later) => {
      const here = rig();
      here.backend.goesAfterAccepting = true;
      const { evaluation, waiting } = await here.evaluate('3 + 4', { key: 'k', keepForLater: later });
      expect(evaluation).toMatchObject({ outcome: 'queued', revision: 1 });
      expect(waiting?.where).toBe('backend');
      expect(here.waiting()).toEqual([]);
    },
  );
});

describe('a backend that stops in order', () => {
  it('is away: a new evaluation is queued, or fails where that is asked for', async () => {
    const here = rig();
    here.backend.refusals.set(MAIN, 'ShuttingDown');
    expect((await here.evaluate('3 + 4', { key: 'k' })).evaluation.outcome).toBe('queued');
    await expect(here.evaluate('5', { key: 'l', keepForLater: false })).rejects.toMatchObject({ type: 'ShuttingDown' });
    expect(here.waiting()).toEqual(['k']);
  });

  it('or cannot be started now is away, but not one whose journal is damaged', async () => {
    const here = rig();
    const starting = here.backend.answers;
    let reason: string | undefined;
    starting.evaluate = async () => {
      throw new BackendNotStarted('it ended at once', 'the log', reason);
    };
    expect((await here.evaluate('3 + 4', { key: 'k' })).evaluation.outcome).toBe('queued');
    reason = 'DamagedJournal';
    here.outbox.drop('k');
    await expect(here.evaluate('5', { key: 'l' })).rejects.toThrow(BackendNotStarted);
    expect(here.waiting()).toEqual([]);
  });
});

describe('the order within a session', () => {
  it('is kept: what waits holds back those behind it, and nothing of other sessions', async () => {
    const here = rig();
    await queued(here, ['a', '1'], ['b', '2'], ['c', '3', OTHER]);
    here.backend.refusals.set('a', 'SessionClosed');
    expect(await here.flush()).toEqual(['a waiting', 'b waiting', 'c accepted']);
    here.backend.refusals.clear();
    expect(await here.flush()).toEqual(['a accepted', 'b accepted']);
    expect(here.backend.accepted.map(({ key }) => key)).toEqual(['c', 'a', 'b']);
  });

  it('is not held up by what will never be taken', async () => {
    const here = rig();
    await queued(here, ['a', '1'], ['b', '2']);
    here.backend.refusals.set('a', 'RevisionConflict');
    expect(await here.flush()).toEqual(['a refused', 'b accepted']);
  });

  it('puts a new evaluation behind what waits, or refuses it with what comes first', async () => {
    const here = rig();
    await queued(here, ['a', '1']);
    here.backend.refusals.set('a', 'RateLimited');
    const { waiting } = await here.evaluate('2', { key: 'b' });
    expect(waiting).toMatchObject({ where: 'outbox', reason: expect.stringContaining('a comes first') });
    await expect(here.evaluate('3', { key: 'c', keepForLater: false })).rejects.toThrow(HeldBack);
    await expect(here.evaluate('4', { key: 'd', recordAs: '[redacted]' })).rejects.toThrow(HeldBack);
    expect((await here.evaluate('5', { key: 'e', session: OTHER })).evaluation.outcome).toBe('value');
    expect(here.waiting()).toEqual(['a', 'b']);
  });

  it('is not overtaken while another process delivers and does not get on', async () => {
    const here = rig();
    await queued(here, ['a', '1']);
    const { outbox, destination } = here.workplace;
    // As a process that is stopped in the middle of it.
    const [entry] = outbox.orphans(destination);
    outbox.withDelivery = async () => ({ ran: false });
    outbox.isBeingDelivered = () => true;
    outbox.claim(entry as OutboxEntry);
    const { waiting } = await here.evaluate('2', { key: 'b' });
    expect(waiting).toMatchObject({
      where: 'outbox',
      reason: expect.stringContaining('another process is delivering'),
    });
    expect((await here.evaluate('3', { key: 'c', session: OTHER })).evaluation.outcome).toBe('value');
    expect(here.backend.accepted.map(({ key }) => key)).toEqual(['c']);
  });

  it('waits for another process that delivers as long as that gets on', async () => {
    const here = rig();
    await queued(here, ['a', '1'], ['b', '2']);
    const { outbox, destination } = here.workplace;
    const waiting = outbox.orphans(destination);
    let looks = 0;
    outbox.isBeingDelivered = () => true;
    outbox.withDelivery = async () => {
      looks += 1;
      const next = waiting[looks - 1];
      if (next) outbox.remove(next);
      return { ran: false };
    };
    expect((await here.evaluate('3', { key: 'c' })).evaluation.outcome).toBe('value');
    expect(looks).toBe(2);
  });
});

describe('dropping during a delivery', () => {
  it('is refused for what is on its way, and true for what is not yet', async () => {
    const here = rig();
    await queued(here, ['a', '1'], ['b', '2']);
    const another = new Outbox(here.workplace.paths, { warn: () => {}, processes: otherProcess() });
    here.backend.onEvaluate = (key) => {
      if (key !== 'a') return;
      expect(() => another.drop('a')).toThrow(BeingDelivered);
      another.drop('b');
    };
    expect(await here.flush()).toEqual(['a accepted']);
    expect(here.backend.accepted.map(({ key }) => key)).toEqual(['a']);
  });
});

describe('a session', () => {
  it('is kept by its id: a rename in between changes nothing', async () => {
    const here = rig();
    await here.evaluate('1', { session: 'main' });
    await queued(here, ['k', '3 + 4', 'main']);
    here.backend.sessions.set('main', OTHER).set('before', MAIN);
    expect(await here.flush()).toEqual(['k accepted']);
    expect(here.backend.accepted.at(-1)).toEqual({ session: MAIN, key: 'k', code: '3 + 4' });
  });

  it('that nobody here has heard of is kept by its name', async () => {
    const here = rig();
    await queued(here, ['k', '3 + 4', 'other']);
    expect(await here.flush()).toEqual(['k accepted']);
    expect(here.backend.accepted).toEqual([{ session: OTHER, key: 'k', code: '3 + 4' }]);
  });
});

describe('the result of a key', () => {
  const result = (here: ReturnType<typeof rig>) => awaitResult(here.workplace, 'k', undefined, 0);

  it('that waits in the outbox is queued, whether the backend is there or not', async () => {
    const here = rig();
    await queued(here, ['k', '3 + 4']);
    expect(await result(here)).toMatchObject({ key: 'k', outcome: 'queued', code: '3 + 4' });
    here.backend.away = true;
    expect(await result(here)).toMatchObject({ key: 'k', outcome: 'queued', code: '3 + 4' });
  });

  it('that waits is delivered by whoever waits for it', async () => {
    const here = rig();
    await queued(here, ['k', '3 + 4']);
    expect(await awaitResult(here.workplace, 'k', undefined, 60_000)).toMatchObject({ key: 'k', outcome: 'value' });
  });

  it('that the backend has for other code than waits here is a conflict', async () => {
    const here = rig();
    await here.evaluate('3 + 4', { key: 'k' });
    await queued(here, ['k', '5 + 6']);
    await expect(result(here)).rejects.toMatchObject({ type: 'KeyConflict' });
  });

  it('that neither has is unknown', async () => {
    await expect(result(rig())).rejects.toMatchObject({ type: 'EvaluationNotFound' });
  });
});

/** As the disk would. */
function refuse(outbox: Outbox, method: 'release' | 'withdraw' | 'remove'): void {
  outbox[method] = () => {
    throw new LocalStateUnusable('the outbox', 'EIO');
  };
}

/** One that lives beside this one, which lives, too. */
function otherProcess(): Processes {
  return { self: () => ({ pid: 1, startedAt: null }), isGone: () => false };
}
