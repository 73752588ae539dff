/** A backend whose disk is full: what it says, and what it still has when there is space again. */
import { describe, expect } from '@jest/globals';
import { childrenOf, killAtOnce } from '../e2e/processes.js';
import { stui, temporaryHome } from '../e2e/stui.js';
import { until } from '../e2e/until.js';
import { itMounts } from '../local/privileged.js';
import { expectOncePerKey, readVerified } from './audit.js';
import { Disk } from './disk.js';
import { BackendLife, Wire } from './wire.js';

/** Leaves room for the input of an evaluation, and none for the value of MUCH. */
const LITTLE = 48 * 1024;

/** Binds 200 KB of digits that do not shrink to what LITTLE leaves. */
const MUCH = `seed := 1. much := ''.
1 to: 20000 do: [:i | seed := seed * 48271 \\\\ 2147483647. much := much , seed printString].
n := n + 1`;

async function begin() {
  const disk = new Disk('8m');
  const home = temporaryHome();
  const backend = await BackendLife.begin(home, disk.path);
  const wire = new Wire(backend.endpoint);
  const { session_id: session } = await wire.result('create_session', { client_id: 'test', name: 'demo' });
  await wire.result('share_session', { session_id: session });
  const evaluate = (code: string, key: string) => wire.ask('evaluate', { session_id: session, code, key });
  await evaluate('n := 0', 'start');
  const answer = async (key: string) => (await wire.result('get_result', { key, wait_ms: 30_000 })).evaluation;
  return { disk, home, backend, wire, session, evaluate, answer };
}

describe('while the disk is full', () => {
  itMounts('an evaluation is refused as storage-full before it runs, and runs once when there is space', async () => {
    const { disk, home, backend, wire, session, evaluate } = await begin();
    await stui(home, 'connection', 'add', 'full', backend.endpoint);
    disk.fill(0);
    const refused = await stui(home, 'eval', 'n := n + 1', '-c', 'full', '-s', 'demo', '--key', 'k', '--json');
    expect({ code: refused.code, error: refused.json.error.code }).toEqual({ code: 1, error: 'storage-full' });
    expect(refused.json.error.hint).toContain('Free some space');
    expect(await wire.ask('get_result', { key: 'k' })).toMatchObject({ error_type: 'EvaluationNotFound' });
    disk.free();
    expect(await evaluate('n := n + 1', 'k')).toMatchObject({ result: { result: '1' } });
    expectOncePerKey(await readVerified(wire, session), new Map());
  });

  itMounts('everything that was there can be read, and changes are refused by name', async () => {
    const { disk, wire, session } = await begin();
    const before = await readVerified(wire, session);
    disk.fill(0);
    for (const [command, parameters] of [
      ['create_session', { client_id: 'test' }],
      ['rename_session', { session_id: session, name: 'other' }],
      ['label_session', { session_id: session, labels: { a: 'b' } }],
      ['update_session_state', { session_id: session, state_data: { a: 1 } }],
    ] as const) {
      expect(await wire.ask(command, parameters)).toMatchObject({ status: 'error', error_type: 'StorageFull' });
    }
    expect(await readVerified(wire, session)).toEqual(before);
    expect(await wire.result('get_session_info', { session_id: session })).toMatchObject({ session: { name: 'demo' } });
  });
});

describe('an evaluation that ran and whose outcome does not fit', () => {
  itMounts(
    'is told as held, and its outcome is there once when there is space; what waited behind it runs then',
    async () => {
      const { disk, home, backend, wire, session, evaluate, answer } = await begin();
      disk.fill(LITTLE);
      expect(await evaluate(MUCH, 'much')).toMatchObject({
        error_type: 'StorageFull',
        error: expect.stringContaining('held'),
      });
      expect(await wire.result('get_result', { key: 'much' })).toMatchObject({ evaluation: { outcome: 'queued' } });
      const next = evaluate('n := n + 1', 'next');
      disk.free();
      expect(await answer('much')).toMatchObject({ outcome: 'value', printString: '1' });
      expect(await next).toMatchObject({ result: { result: '2' } });
      expectOncePerKey(await readVerified(wire, session), new Map());

      await killAtOnce([backend.pid, ...childrenOf(backend.pid)]);
      await BackendLife.begin(home, disk.path);
      expect(await evaluate('much size > 150000', 'size')).toMatchObject({ result: { result: 'true' } });
      expect(await evaluate('n', 'n')).toMatchObject({ result: { result: '2' } });
    },
  );

  itMounts('is unknown when the backend is killed before there is space, and what was saved is back', async () => {
    const { disk, home, backend, wire, session, evaluate, answer } = await begin();
    disk.fill(LITTLE);
    expect(await evaluate(MUCH, 'much')).toMatchObject({ error_type: 'StorageFull' });
    await killAtOnce([backend.pid, ...childrenOf(backend.pid)]);
    disk.free();
    await BackendLife.begin(home, disk.path);
    expect(await answer('much')).toMatchObject({ outcome: 'unknown' });
    expect(await evaluate('n', 'n')).toMatchObject({ result: { result: '0' } });
    expectOncePerKey(await readVerified(wire, session), new Map());
  });
});

itMounts('a backend that finds its disk full when it starts says so, and starts when there is space', async () => {
  const { disk, home, backend, wire, session, evaluate } = await begin();
  await evaluate('n := n + 1', 'k');
  backend.signal('SIGTERM');
  await backend.ended;
  disk.fill(0);
  await expect(BackendLife.begin(home, disk.path)).rejects.toThrow(/no space|no room|full/);
  disk.free();
  await until('a backend', () => BackendLife.begin(home, disk.path).catch(() => undefined));
  expect(await wire.result('evaluate', { session_id: session, code: 'n' })).toMatchObject({ result: '1' });
});
