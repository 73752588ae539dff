import { describe, expect, it } from '@jest/globals';
import { type ProcessIdentity, startTicks, thisMachine } from '../../../src/files/process-identity.js';
import { Child } from '../child-process.js';
import { temporaryDirectory } from '../temporary.js';
import { bundle } from './bundle.js';
import { FAR, LAB, order, outboxIn } from './orders.js';

const itTellsStarts = process.platform === 'linux' ? it : it.skip;

/** Keys of the orphans in an outbox to which `owner` added an entry. */
function orphansOf(owner: ProcessIdentity): string[] {
  const data = temporaryDirectory();
  outboxIn(data, { processes: { self: () => owner, isGone: () => false } }).accept(order('a'));
  return outboxIn(data)
    .orphans(LAB)
    .map(({ key }) => key);
}

async function endedPid(): Promise<number> {
  const { lines } = await new Child(bundle('print-pid'), []).end();
  return Number(lines[0]);
}

describe('an entry that a process is sending', () => {
  it('is no orphan while that process lives', () => {
    expect(orphansOf(thisMachine().self())).toEqual([]);
  });

  it('is an orphan when that process has ended', async () => {
    const pid = await endedPid();
    expect(orphansOf({ pid, startedAt: null })).toEqual(['a']);
    expect(orphansOf({ pid, startedAt: '1-000000000000' })).toEqual(['a']);
  });

  itTellsStarts('is an orphan when another process has got the id of its owner', () => {
    const [ticks = '', boot = ''] = thisMachine().self().startedAt?.split('-') ?? [];
    expect(orphansOf({ pid: process.pid, startedAt: `${Number(ticks) - 1}-${boot}` })).toEqual(['a']);
  });

  itTellsStarts('is an orphan when the machine was started again, and all ids are used anew', () => {
    const [ticks = ''] = thisMachine().self().startedAt?.split('-') ?? [];
    expect(orphansOf({ pid: process.pid, startedAt: `${ticks}-000000000000` })).toEqual(['a']);
  });

  it('is no orphan while its owner’s id is in use, where nothing else is known of it', () => {
    expect(orphansOf({ pid: process.pid, startedAt: null })).toEqual([]);
  });

  it('is an orphan only for its own backend', () => {
    const outbox = outboxIn(temporaryDirectory());
    outbox.accept(order('a'));
    outbox.releaseKey('a');
    expect(outbox.orphans(LAB)).toHaveLength(1);
    expect(outbox.orphans(FAR)).toEqual([]);
  });
});

describe('the start of a process', () => {
  const rest = '1 10 10 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 88012 1000 200';

  it('is read behind the name of its command, whatever that contains', () => {
    for (const name of ['node', 'a b', 'x) S 1 (y', ')', '']) expect(startTicks(`7 (${name}) S ${rest}`)).toBe('88012');
  });

  it('is none when it has ended and nobody has asked how', () => {
    expect(startTicks(`7 (node) Z ${rest}`)).toBeUndefined();
    expect(startTicks(`7 (node) X ${rest}`)).toBeUndefined();
  });
});
