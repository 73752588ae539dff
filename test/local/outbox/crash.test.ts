import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Child, type Ended } from '../child-process.js';
import { temporaryDirectory } from '../temporary.js';
import { bundle } from './bundle.js';
import type { Call, Moment } from './children/kill-at.js';
import { files, keys, LAB, order, outboxIn } from './orders.js';

const script = bundle('perform');

const MOMENTS: readonly Moment[] = ['before', 'halfway', 'after'];

function perform(data: string, operation: string, at = 0, moment: Moment = 'before'): Promise<Ended> {
  return new Child(script, [data, operation, String(at), moment]).end();
}

function callsOf({ lines }: Ended): Call[] {
  return JSON.parse(lines.at(-1) ?? '[]') as Call[];
}

/** A data directory with one entry that waits for somebody to deliver it. */
function withOldEntry(): string {
  const data = temporaryDirectory();
  const outbox = outboxIn(data);
  outbox.accept(order('old'));
  outbox.releaseKey('old');
  return data;
}

/** Processes at a time: they wait for the disk as much as they work. */
const LANES = 4;

type Judge = (data: string, returned: boolean, found: readonly string[]) => void | Promise<void>;

/** Kills a process at every call that `operation` makes, each in a directory of its own, and has each judged. */
async function killEverywhere(operation: string, makeData: () => string, judge: Judge): Promise<void> {
  const calls = callsOf(await perform(makeData(), operation));
  expect(calls.length).toBeGreaterThan(3);
  const kills = calls
    .flatMap(({ name }, index) => MOMENTS.map((moment) => ({ name, at: index + 1, moment })))
    .filter(({ name, moment }) => moment !== 'halfway' || name === 'writeFileSync')
    .values();
  const lane = async (): Promise<void> => {
    for (const { at, moment } of kills) {
      const data = makeData();
      const ended = await perform(data, operation, at, moment);
      expect(ended.signal).toBe('SIGKILL');
      await check(data, ended.lines.includes('returned'), judge);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function check(data: string, returned: boolean, judge: Judge): Promise<void> {
  const outbox = outboxIn(data);
  const found = outbox.list();
  for (const entry of found) expect(entry).toMatchObject(order(entry.key));
  expect(outbox.warnings).toEqual([]);
  expect(outbox.orphans(LAB)).toEqual(found);
  // What was left half done is gone: there are entries and nothing else.
  if (existsSync(join(data, 'outbox'))) expect(files(data)).toHaveLength(found.length);
  await judge(data, returned, keys(outbox));
}

describe('a process killed at any call to the file system', () => {
  it('while it adds has accepted the whole evaluation or nothing, and it can be added again', async () => {
    await killEverywhere('add', withOldEntry, (data, _returned, found) => {
      expect([['old'], ['old', 'new']]).toContainEqual(found);
      const again = outboxIn(data);
      again.accept(order('new'));
      expect(keys(again)).toEqual(['old', 'new']);
    });
  });

  it('while it makes the outbox leaves one that works', async () => {
    const missing = (): string => join(temporaryDirectory(), 'home', 'data');
    await killEverywhere('add', missing, (data, _returned, found) => {
      expect([[], ['new']]).toContainEqual(found);
      const again = outboxIn(data);
      again.accept(order('new'));
      expect(keys(again)).toEqual(['new']);
    });
  });

  it('while it removes has removed the evaluation or left it whole', async () => {
    await killEverywhere('remove', withOldEntry, (_data, returned, found) => {
      expect(returned ? [[]] : [[], ['old']]).toContainEqual(found);
    });
  });

  it('while it releases leaves the evaluation to whoever comes next', async () => {
    await killEverywhere('release', withOldEntry, (_data, _returned, found) => {
      expect(found).toEqual(['old', 'own']);
    });
  });

  it('while it delivers stands in nobody’s way', async () => {
    await killEverywhere('deliver', withOldEntry, async (data, _returned, found) => {
      expect([[], ['old']]).toContainEqual(found);
      const delivery = await outboxIn(data).withDelivery(LAB, () => 'mine', { waitMs: 0 });
      expect(delivery).toEqual({ ran: true, value: 'mine' });
    });
  });
});

describe('what the outbox asks of the disk', () => {
  const durable = async (operation: string, data: string): Promise<string[]> => {
    const calls = callsOf(await perform(data, operation));
    return calls
      .filter(({ name }) => ['fsyncSync', 'renameSync', 'unlinkSync'].includes(name))
      .map(({ name, file }) => `${name} ${file.replace(/^.*\./, '')}`);
  };

  it('syncs an entry before it gets its name, and its name before add returns', async () => {
    expect(await durable('add', withOldEntry())).toEqual([
      'fsyncSync adding',
      'renameSync adding',
      'fsyncSync outbox',
      'unlinkSync adding',
    ]);
  });

  it('syncs the directories that it makes', async () => {
    const calls = await durable('add', join(temporaryDirectory(), 'home', 'data'));
    expect(calls.slice(0, 3)).toEqual(['fsyncSync data', 'fsyncSync home', expect.stringContaining('fsyncSync stui-')]);
  });

  it('syncs a removal before it returns, and a release not at all: under either name the entry is delivered', async () => {
    expect(await durable('remove', withOldEntry())).toEqual(['unlinkSync queued', 'fsyncSync outbox']);
    expect(await durable('release', withOldEntry())).toEqual(['renameSync sending']);
  });

  it.each(['list', 'get', 'orphans'])('asks once for an empty outbox: %s', async (operation) => {
    const empty = temporaryDirectory();
    mkdirSync(join(empty, 'outbox'));
    for (const data of [join(temporaryDirectory(), 'missing'), empty]) {
      expect(callsOf(await perform(data, operation))).toEqual([{ name: 'readdirSync', file: 'outbox' }]);
    }
  });
});
