import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LINK_TIMING } from '../../../src/client/timing.js';
import type { DeliveryEvent, OutageEvent, TroubleEvent, WatchEvent } from '../../../src/service/watch/event.js';
import { Watcher } from '../../../src/service/watch/watcher.js';
import { Workplace } from '../../../src/service/workplace.js';
import { temporaryDirectory } from '../../local/temporary.js';
import { FakeBackend } from './fake-backend.js';
import { VirtualTime } from './virtual-time.js';

const SECOND = 1_000;

async function watched({ onlyLooks = false } = {}) {
  const home = temporaryDirectory();
  const workplace = new Workplace({ env: { STUI_HOME: home }, connection: 'lab', autostart: false, warn: () => {} });
  await workplace.local.connections.add({ name: 'lab', endpoint: 'tcp://127.0.0.1:5555' });
  const time = new VirtualTime();
  const backend = new FakeBackend(time, () => 0.5);
  const events: WatchEvent[] = [];
  const watcher = new Watcher({
    workplace,
    sessions: ['demo'],
    timing: LINK_TIMING,
    onlyLooks,
    onEvent: (event) => events.push(event),
    runtime: backend.runtime,
  });
  await watcher.start();
  const of = <E extends WatchEvent>(type: E['type']) => events.filter((event): event is E => event.type === type);
  return {
    home,
    workplace,
    backend,
    watcher,
    events,
    outages: () => of<OutageEvent>('outage'),
    troubles: () => of<TroubleEvent>('trouble'),
    deliveries: () => of<DeliveryEvent>('delivery'),
    pass: (ms: number) => time.runUntil(time.now + ms),
    queue: (...keys: string[]) => {
      for (const key of keys) {
        const order = { key, ...workplace.destination, session: 'demo', code: '3 + 4', timeoutMs: 1_000, client: 'c' };
        const { entry } = workplace.outbox.accept(order);
        workplace.outbox.release(entry);
      }
    },
  };
}

const counts = ({ deliveredLate, answeredFromJournal, unknown, refused, lost }: OutageEvent | DeliveryEvent) => ({
  deliveredLate,
  answeredFromJournal,
  unknown,
  refused,
  lost,
});

const NONE = { deliveredLate: 0, answeredFromJournal: 0, unknown: 0, refused: 0, lost: 0 };

describe('the account of an outage', () => {
  it('says what was delivered late, what the backend had already, and of that, what has an unknown outcome', async () => {
    const { backend, pass, queue, outages, watcher } = await watched();
    await pass(SECOND);
    backend.die();
    queue('late', 'known', 'unknown');
    backend.journal.set('known', 'value').set('unknown', 'unknown');
    await pass(10 * SECOND);
    backend.reachability = 'up';
    await pass(10 * SECOND);
    expect(outages()).toHaveLength(1);
    const [outage] = outages() as [OutageEvent];
    expect(counts(outage)).toEqual({ ...NONE, deliveredLate: 1, answeredFromJournal: 2, unknown: 1 });
    expect(outage).toMatchObject({ complete: true, cause: 'refused', sessions: [{ name: 'demo', bindings: 2 }] });
    expect(watcher.lastOutage).toEqual(outage);
    expect(watcher.totals.outages).toBe(1);
    expect(watcher.phase).toBe('healthy');
    expect(watcher.outbox).toBe(0);
  });

  it('is given for each, also when the connection breaks during the recovery; the rest is in the next', async () => {
    const { backend, pass, queue, outages } = await watched();
    await pass(SECOND);
    backend.die();
    queue('a', 'b', 'c');
    // One arrives; then the backend takes no more, and dies.
    const { set } = backend.journal;
    backend.journal.set = (key, value) => {
      backend.mute.add('get_result');
      return set.call(backend.journal, key, value);
    };
    backend.reachability = 'up';
    await pass(3 * SECOND);
    expect([...backend.journal.keys()]).toEqual(['a']);
    expect(outages()).toHaveLength(0);
    backend.die();
    await pass(SECOND);
    expect(outages().map((outage) => [counts(outage), outage.complete])).toEqual([[NONE, false]]);
    backend.journal.set = set;
    backend.mute.clear();
    backend.reachability = 'up';
    await pass(5 * SECOND);
    expect(outages().map((outage) => [counts(outage), outage.complete])).toEqual([
      [NONE, false],
      [{ ...NONE, deliveredLate: 3 }, true],
    ]);
  });

  it('does not begin one recovery while another goes on, however often the connection breaks', async () => {
    const { backend, pass, outages, watcher } = await watched();
    await pass(SECOND);
    backend.mute.add('get_session_info');
    for (let time = 0; time < 20; time += 1) {
      backend.disconnect();
      await pass(2 * SECOND);
    }
    const asked = backend.commands.filter((command) => command === 'get_session_info').length;
    expect(asked).toBe(20);
    backend.mute.clear();
    backend.disconnect();
    await pass(2 * SECOND);
    expect(outages().map(({ complete }) => complete)).toEqual([...Array(20).fill(false), true]);
    expect(watcher.phase).toBe('healthy');
  });

  it('counts what another command delivered meanwhile, and what is nowhere as lost', async () => {
    const { backend, pass, queue, outages, workplace } = await watched();
    await pass(SECOND);
    backend.die();
    queue('elsewhere', 'nowhere');
    // Another command delivers while the watch restores the session, and a bug eats an entry.
    await workplace.outbox.withDelivery(
      workplace.destination,
      async () => {
        backend.reachability = 'up';
        await pass(5 * SECOND);
        for (const entry of workplace.outbox.list()) workplace.outbox.remove(entry);
        backend.journal.set('elsewhere', 'value');
      },
      { waitMs: 0 },
    );
    while (outages().length === 0) await pass(SECOND);
    expect(counts(outages()[0] as OutageEvent)).toEqual({ ...NONE, deliveredLate: 1, lost: 1 });
  });
});

describe('a watcher', () => {
  it('delivers what waits in the outbox when it first reaches the backend, and says so', async () => {
    const { backend, pass, queue, deliveries, outages } = await watched();
    backend.reachability = 'refused';
    queue('a');
    await pass(10 * SECOND);
    backend.reachability = 'up';
    await pass(5 * SECOND);
    expect(deliveries().map(counts)).toEqual([{ ...NONE, deliveredLate: 1 }]);
    expect(outages()).toEqual([]);
  });

  it('that only looks asks for nothing but pings', async () => {
    const { backend, pass, queue, workplace } = await watched({ onlyLooks: true });
    queue('a');
    await pass(SECOND);
    backend.disconnect();
    await pass(5 * SECOND);
    expect(backend.commands).toEqual([]);
    expect(workplace.outbox.list()).toHaveLength(1);
  });

  it('says nothing any more once it is stopped, also in the middle of a recovery', async () => {
    const { backend, pass, events, watcher } = await watched();
    await pass(SECOND);
    backend.mute.add('get_session_info');
    backend.disconnect();
    await pass(SECOND);
    expect(watcher.phase).toBe('restoring');
    const before = events.length;
    watcher.stop();
    watcher.tell({ type: 'attempt' });
    await pass(60 * SECOND);
    expect(events).toHaveLength(before);
    expect(backend.openLanes).toBe(0);
  });

  it('tries at once when it is told to while it waits', async () => {
    const { backend, pass, watcher } = await watched();
    await pass(SECOND);
    backend.die();
    while (watcher.phase !== 'waiting' || (watcher.retryInMs ?? 0) < 500) await pass(10);
    const { attempts } = watcher.totals;
    watcher.tell({ type: 'attempt' });
    expect(watcher.totals.attempts).toBe(attempts + 1);
    expect(watcher.latencyMs).toBeNull();
    expect(watcher.upMs).toBeNull();
  });

  it('goes on when the outbox cannot be looked into, and says so once', async () => {
    const { backend, pass, watcher, troubles, home, queue } = await watched();
    queue('a');
    const directory = join(home, 'data', 'outbox');
    expect(watcher.outbox).toBe(1);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, '');
    expect([watcher.outbox, watcher.outbox]).toEqual([1, 1]);
    expect(troubles()).toHaveLength(1);
    await pass(SECOND);
    backend.disconnect();
    await pass(5 * SECOND);
    expect(watcher.phase).toBe('healthy');
  });

  it('stays with its sessions: says so before the lease ends, not while the link is down, and after each outage', async () => {
    const { backend, pass, watcher } = await watched();
    const said: unknown[] = [];
    const { answer } = backend;
    backend.answer = (request) => {
      const { command, parameters } = request;
      if (command !== 'attach_client' && command !== 'detach_client') return answer.call(backend, request);
      said.push(parameters['outage_ms'] === undefined ? command : 'outage');
      return { result: { lease_ms: 30 * SECOND } };
    };
    await pass(25 * SECOND);
    expect(said).toEqual(['attach_client', 'attach_client', 'attach_client']);
    backend.die();
    await pass(60 * SECOND);
    expect(said).toHaveLength(3);
    backend.reachability = 'up';
    await pass(5 * SECOND);
    expect(said.slice(3)).toEqual(['outage']);
    const left = watcher.leave();
    await pass(SECOND);
    await left;
    await pass(60 * SECOND);
    expect(said.slice(4)).toEqual(['detach_client']);
  });

  it('says what a session could not be restored for, and restores the others', async () => {
    const { backend, pass, troubles, outages } = await watched();
    await pass(SECOND);
    const { answer } = backend;
    backend.answer = (request) =>
      request.command === 'restore_session'
        ? { error_type: 'DamagedData', error: 'the journal is damaged' }
        : answer.call(backend, request);
    backend.disconnect();
    await pass(5 * SECOND);
    expect(troubles().map(({ message }) => message)).toEqual(['the journal is damaged']);
    expect(outages()).toMatchObject([{ sessions: [], complete: true }]);
  });
});
