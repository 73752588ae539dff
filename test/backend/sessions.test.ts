import { describe, expect, it } from '@jest/globals';
import { SessionRegistry } from '../../src/backend/registry.js';
import type { SessionHost } from '../../src/backend/session-host.js';
import { MAX_BEHIND, MAX_LIVE_ENGINES } from '../../src/backend/settings.js';
import { type Draft, JournalFull } from '../../src/journal/journal.js';
import { ProtocolError } from '../../src/protocol/errors.js';
import { encodeArchive } from '../../src/session/archive.js';
import { decodeArchive } from '../../src/session/archive-decoder.js';
import { MemoryJournal } from '../journal/memory-journal.js';
import { ToyFactory } from './toy-engine.js';

class FillableJournal extends MemoryJournal {
  full: (drafts: readonly Draft[]) => boolean = () => false;

  override append(...[session, drafts, options]: Parameters<MemoryJournal['append']>) {
    if (this.full(drafts)) return Promise.reject(new JournalFull('no space'));
    return super.append(session, drafts, options);
  }
}

function backend(journal = new FillableJournal(), clock = { now: () => new Date() }) {
  const engines = new ToyFactory();
  const log: string[] = [];
  const monotonicMs = () => clock.now().getTime();
  const now = () => clock.now();
  const registry = new SessionRegistry({ journal, engines, now, monotonicMs, log: (line) => log.push(line) });
  return { journal, engines, registry, log };
}

const newSession = { labels: {}, client: 'tester' };
const asTester = { client: 'tester', fork: false };
let keys = 0;
const order = (code: string, key = `key-${++keys}`) => ({ key, code, client: 'tester', timeoutMs: 1000 });
const printed = async (host: SessionHost, code: string) => (await host.evaluate(order(code))).result.printString;

/** A backend that opens what another one left when it was killed. */
function successor(crashed: { journal: FillableJournal }) {
  return backend(crashed.journal);
}

describe('an evaluation', () => {
  it('runs once for a key, however often it is asked for', async () => {
    const { registry, engines } = backend();
    const host = await registry.create(newSession);
    const first = await host.evaluate(order('x := 3', 'k'));
    const again = await host.evaluate(order('x := 3', 'k'));
    expect(engines.ran).toEqual(['x := 3']);
    expect(first.result.fromJournal).toBe(false);
    expect(again.result).toEqual({ ...first.result, fromJournal: true, restored: null });
  });

  it('runs once when the same key is asked for at the same time', async () => {
    const { registry, engines } = backend();
    const host = await registry.create(newSession);
    const answers = await Promise.all(Array.from({ length: 20 }, () => host.evaluate(order('x := 3', 'k'))));
    expect(engines.ran).toEqual(['x := 3']);
    expect(new Set(answers.map(({ result }) => result.revision)).size).toBe(1);
  });

  it('is refused when its key belongs to other code', async () => {
    const { registry } = backend();
    const host = await registry.create(newSession);
    await host.evaluate(order('x := 3', 'k'));
    await expect(host.evaluate(order('x := 4', 'k'))).rejects.toMatchObject({ type: 'KeyConflict' });
  });

  it('journals the bindings it changed together with its output', async () => {
    const { registry, journal } = backend();
    const host = await registry.create(newSession);
    const commits: string[][] = [];
    journal.onCommit((_, entries) => commits.push(entries.map(({ entry }) => entry.type)));
    await host.evaluate(order('x := 3'));
    expect(commits).toEqual([['input'], ['output', 'snapshot']]);
  });

  it('runs in the order of acceptance', async () => {
    const { registry, engines } = backend();
    const host = await registry.create(newSession);
    const codes = Array.from({ length: 50 }, (_, index) => `x := ${index}`);
    await Promise.all(codes.map((code) => host.evaluate(order(code))));
    expect(engines.ran).toEqual(codes);
    expect(await printed(host, 'x')).toBe('49');
  });

  it('is refused at another revision than the caller expects, and does not run', async () => {
    const { registry, engines } = backend();
    const host = await registry.create(newSession);
    await host.evaluate(order('x := 3'));
    const stale = host.evaluate({ ...order('x := 4'), ifRevision: 1 });
    await expect(stale).rejects.toMatchObject({ type: 'RevisionConflict' });
    expect(engines.ran).toEqual(['x := 3']);
  });

  it('ends with an error and not with unknown when no engine can be started', async () => {
    const { registry, engines } = backend();
    const host = await registry.create(newSession);
    engines.unavailable = true;
    const { result } = await host.evaluate(order('x := 3'));
    expect(result).toMatchObject({ outcome: 'error', error: { class: 'EngineUnavailable' } });
    engines.unavailable = false;
    expect(await printed(host, 'x := 4')).toBe('4');
  });

  it('may run again when no engine was given it, and when its state could not be loaded; only then', async () => {
    const { registry, engines } = backend();
    const host = await registry.create(newSession);
    const again = (key: string) => host.evaluate({ ...order('x := 3'), rerunOf: key });
    engines.unavailable = true;
    await host.evaluate(order('x := 3', 'refused'));
    engines.unavailable = false;
    expect((await again('refused')).result).toMatchObject({ outcome: 'value', printString: '3' });
    engines.newest?.die();
    await new Promise((resolve) => setImmediate(resolve));
    engines.refuses = () => true;
    const unloaded = await host.evaluate(order('x := 3', 'unloaded'));
    expect(unloaded.result).toMatchObject({ outcome: 'error', error: { class: 'RestoreFailed' } });
    engines.refuses = () => false;
    expect((await again('unloaded')).result).toMatchObject({ outcome: 'value' });
    expect(engines.ran).toEqual(['x := 3', 'x := 3']);
    await host.evaluate(order('raise', 'raised'));
    await expect(again('raised')).rejects.toThrow('is known (error)');
  });
});

describe('when the engine dies', () => {
  it('the outcome is unknown, and nothing runs it again', async () => {
    const { registry, engines } = backend();
    const host = await registry.create(newSession);
    await host.evaluate(order('x := 3'));
    const { result } = await host.evaluate(order('die', 'k'));
    expect(result).toMatchObject({ outcome: 'unknown', error: { message: 'the engine was ended by SIGKILL' } });
    expect((await host.evaluate(order('die', 'k'))).result).toMatchObject({ outcome: 'unknown', fromJournal: true });
    expect(engines.ran.filter((code) => code === 'die')).toHaveLength(1);
  });

  it('the next evaluation finds the saved bindings and says that they were restored', async () => {
    const { registry } = backend();
    const host = await registry.create(newSession);
    await host.evaluate(order('x := 3'));
    await host.evaluate(order('die'));
    const { result } = await host.evaluate(order('x'));
    expect(result.printString).toBe('3');
    const reason = expect.stringMatching(/^saved at revision 4; input 5 may have changed it/);
    expect(result.restored?.bindings).toEqual([{ name: 'x', fidelity: 'snapshot', reason }]);
  });
});

describe('after the backend was killed', () => {
  it('the evaluation that ran is unknown, and those accepted behind it run now, in order, once', async () => {
    const crashed = backend();
    const host = await crashed.registry.create({ ...newSession, name: 's' });
    void host.evaluate(order('hang', 'running')).catch(() => {});
    void host.evaluate(order('x := 1', 'queued-1')).catch(() => {});
    void host.evaluate(order('x := 2', 'queued-2')).catch(() => {});
    while (crashed.engines.ran.length === 0) await new Promise((resolve) => setImmediate(resolve));

    const { registry, engines } = successor(crashed);
    await registry.start();
    const found = registry.find('s');
    expect(await found.answer('running', 0)).toMatchObject({ outcome: 'unknown' });
    expect(await found.answer('queued-1', 1000)).toMatchObject({ outcome: 'value', printString: '1' });
    expect(await found.answer('queued-2', 1000)).toMatchObject({ outcome: 'value', printString: '2' });
    expect(engines.ran).toEqual(['x := 1', 'x := 2']);
    await registry.stop(0);
  });

  it('a session is opened from a checkpoint and the entries after it', async () => {
    const crashed = backend();
    const host = await crashed.registry.create({ ...newSession, name: 's' });
    for (let index = 0; index < 150; index++) await host.evaluate(order(`v${index % 7} := ${index}`));
    expect(crashed.journal.checkpoint(host.state.id)).toBeDefined();
    const { registry } = successor(crashed);
    expect(JSON.parse(JSON.stringify(registry.find('s').state))).toEqual(JSON.parse(JSON.stringify(host.state)));
    expect(await printed(registry.find('s'), 'v0')).toBe('147');
  });
});

describe('a stopping backend', () => {
  it('tells who asks again for what waits for the next one that it is accepted', async () => {
    const { registry, engines } = backend();
    const host = await registry.create({ ...newSession, name: 's' });
    const running = host.evaluate(order('hang', 'running'));
    const queued = host.evaluate(order('x := 1', 'queued'));
    while (engines.ran.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const stopped = registry.stop(0);
    await expect(queued).rejects.toMatchObject({ type: 'ShuttingDown' });
    const told: string[] = [];
    const again = host.evaluate({ ...order('x := 1', 'queued'), progress: (status) => told.push(status) });
    await expect(again).rejects.toMatchObject({ type: 'ShuttingDown' });
    expect(told).toEqual(['accepted']);
    await Promise.all([running, stopped]);
  });

  it('finishes what runs, keeps what is queued for the next one, and accepts nothing new', async () => {
    const { registry, engines, journal } = backend();
    const host = await registry.create({ ...newSession, name: 's' });
    const running = host.evaluate(order('hang', 'running'));
    const queued = host.evaluate(order('x := 1', 'queued'));
    while (engines.ran.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const stopped = registry.stop(0);
    await expect(host.evaluate(order('x := 2'))).rejects.toMatchObject({ type: 'ShuttingDown' });
    await expect(queued).rejects.toMatchObject({ type: 'ShuttingDown' });
    expect((await running).result.outcome).toBe('interrupted');
    await stopped;

    const next = backend(journal);
    await next.registry.start();
    const answer = await next.registry.find('s').answer('queued', 1000);
    expect(answer).toMatchObject({ outcome: 'value', printString: '1' });
    expect(next.engines.ran).toEqual(['x := 1']);
    await next.registry.stop(0);
  });

  it('does not have its queue run twice when the next one is killed in the middle', async () => {
    const stopped = backend();
    const host = await stopped.registry.create({ ...newSession, name: 's' });
    void host.evaluate(order('hang', 'first')).catch(() => {});
    void host.evaluate(order('hang', 'second')).catch(() => {});
    while (stopped.engines.ran.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await stopped.registry.stop(0);

    const killed = successor(stopped);
    await killed.registry.start();
    while (killed.engines.ran.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const last = successor(stopped);
    await last.registry.start();
    expect(await last.registry.find('s').answer('second', 1000)).toMatchObject({ outcome: 'unknown' });
    expect(last.engines.ran).toEqual([]);
    await last.registry.stop(0);
  });
});

describe('on a full disk', () => {
  it('an evaluation that cannot be journaled is refused and does not run', async () => {
    const { registry, engines, journal } = backend();
    const host = await registry.create(newSession);
    journal.full = () => true;
    await expect(host.evaluate(order('x := 3', 'k'))).rejects.toMatchObject({ type: 'StorageFull' });
    journal.full = () => false;
    expect(engines.ran).toEqual([]);
    expect((await host.evaluate(order('x := 3', 'k'))).result.printString).toBe('3');
  });

  it('the outcome of what ran already is told as held, and journaled once there is space', async () => {
    const { registry, engines, journal } = backend();
    const host = await registry.create(newSession);
    journal.full = (drafts) => drafts.some(({ body }) => body.type === 'output');
    await expect(host.evaluate(order('x := 3', 'k'))).rejects.toMatchObject({ type: 'StorageFull' });
    expect(await host.answer('k', 0)).toMatchObject({ outcome: 'queued' });
    journal.full = () => false;
    expect(await printed(host, 'x')).toBe('3');
    expect(await host.answer('k', 0)).toMatchObject({ outcome: 'value', printString: '3' });
    expect(engines.ran).toEqual(['x := 3', 'x']);
  });

  it('no session is created', async () => {
    const { registry, journal } = backend();
    journal.full = () => true;
    await expect(registry.create({ ...newSession, name: 's' })).rejects.toMatchObject({ type: 'StorageFull' });
    journal.full = () => false;
    expect((await registry.create({ ...newSession, name: 's' })).state.name).toBe('s');
  });
});

describe('a restore', () => {
  it('names what was too big to be saved in time, with the input that made it', async () => {
    const { registry, engines } = backend();
    const host = await registry.create(newSession);
    await host.evaluate(order('x := 3'));
    await host.evaluate(order('big y'));
    engines.engines[0]?.die();
    await new Promise((resolve) => setImmediate(resolve));
    const plan = await host.restore({ plan: true, strategy: 'snapshot', client: 'tester' });
    expect(plan.bindings).toEqual([
      { name: 'x', fidelity: 'snapshot', reason: 'saved at revision 4' },
      { name: 'y', fidelity: 'lost', reason: expect.stringMatching(/changed by input 5 .*: big y/) },
    ]);
    expect(plan.notReplayed).toEqual([{ revision: 5, code: 'big y', unknown: false, redacted: false }]);
    expect(engines.engines).toHaveLength(1);
  });

  it('runs user code again only when asked to, as new entries', async () => {
    const { registry, engines } = backend();
    const host = await registry.create(newSession);
    await host.evaluate(order('big y'));
    engines.engines[0]?.die();
    await new Promise((resolve) => setImmediate(resolve));
    await host.restore({ plan: false, strategy: 'snapshot', client: 'tester' });
    expect(engines.ran).toEqual(['big y']);
    const report = await host.restore({ plan: false, strategy: 'replay', client: 'tester' });
    expect(engines.ran).toEqual(['big y', 'big y']);
    expect(report.bindings).toEqual([{ name: 'y', fidelity: 'replayed', reason: 'input 2 ran again' }]);
    expect(report.lost).toEqual([]);
  });

  it('saves what was too big once the session is idle, so that it is lost no more', async () => {
    const { registry, engines, journal } = backend();
    const host = await registry.create(newSession);
    const captured = new Promise<void>((resolve) => {
      journal.onCommit((_, entries) => {
        if (entries.some(({ entry }) => entry.type === 'snapshot')) resolve();
      });
    });
    await host.evaluate(order('big y'));
    // The idle timer does not keep a process alive; a waiting test does.
    const alive = setInterval(() => {}, 1000);
    await captured;
    clearInterval(alive);
    engines.engines[0]?.die();
    await new Promise((resolve) => setImmediate(resolve));
    const report = await host.restore({ plan: false, strategy: 'snapshot', client: 'tester' });
    expect(report.bindings).toEqual([{ name: 'y', fidelity: 'snapshot', reason: 'saved at revision 4' }]);
  });

  it.each(['x := 1', 'big x'])('stays short after work that never paused: %s', async (code) => {
    const { registry } = backend();
    const host = await registry.create(newSession);
    for (let count = 0; count <= MAX_BEHIND + 1; count += 1) await host.evaluate(order(code));
    expect(Math.max(host.state.snapshots.length, host.state.uncovered.length)).toBeLessThan(MAX_BEHIND);
    expect(await printed(host, 'x')).toBe(code === 'big x' ? 'big' : '1');
  });

  it('goes on naming a lost binding until it is bound again', async () => {
    const { registry } = backend();
    const host = await registry.create(newSession);
    await host.evaluate(order('block b'));
    await host.evaluate(order('die'));
    await host.evaluate(order('x := 1'));
    const report = () => host.restore({ plan: true, strategy: 'snapshot', client: 'tester' });
    expect((await report()).bindings).toContainEqual({
      name: 'b',
      fidelity: 'lost',
      reason: 'cannot be saved: it is a block',
    });
    await host.evaluate(order('b := 2'));
    expect((await report()).bindings).toContainEqual({ name: 'b', fidelity: 'live' });
  });

  it('reopens a closed session', async () => {
    const { registry } = backend();
    const host = await registry.create(newSession);
    await host.evaluate(order('x := 3'));
    await host.close('requested', 'tester');
    await expect(host.evaluate(order('x'))).rejects.toMatchObject({ type: 'SessionClosed' });
    await host.restore({ plan: false, strategy: 'snapshot', client: 'tester' });
    expect(await printed(host, 'x')).toBe('3');
  });
});

describe('sessions', () => {
  it('have unique names while open, also when created at the same time', async () => {
    const { registry } = backend();
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, () => registry.create({ ...newSession, name: 'same' })),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const attempt of attempts) {
      if (attempt.status === 'rejected') expect(attempt.reason).toMatchObject({ type: 'NameTaken' });
    }
  });

  it('are created once when the answer got lost and the client asks again with the same id', async () => {
    const { registry } = backend();
    const request = { ...newSession, id: '3f1b8f5e-6d43-4a35-9d0e-2f5a2f3a7c11', name: 's' };
    const [first, second] = [await registry.create(request), await registry.create(request)];
    expect(second.state.id).toBe(first.state.id);
    expect(registry.all()).toHaveLength(1);
  });

  it('are created once when the client asks again while the first request is under way', async () => {
    const { registry } = backend();
    const request = { ...newSession, id: '3f1b8f5e-6d43-4a35-9d0e-2f5a2f3a7c11', name: 's' };
    const [first, second] = await Promise.all([registry.create(request), registry.create(request)]);
    expect(second).toBe(first);
    expect(registry.all()).toHaveLength(1);
  });

  it('expire after their time without activity, and not before', async () => {
    const clock = { time: Date.parse('2026-01-01T00:00:00Z'), now: () => new Date(clock.time) };
    const { registry } = backend(new FillableJournal(), clock);
    const host = await registry.create({ ...newSession, ttlMs: 1000 });
    expect(host.attendance.expiresAt()?.toISOString()).toBe('2026-01-01T00:00:01.000Z');
    clock.time += 900;
    await host.evaluate(order('x := 1'));
    expect(host.attendance.expiresAt()?.toISOString()).toBe('2026-01-01T00:00:01.900Z');
    clock.time += 1000;
    await registry.start();
    while (!host.state.closed) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(host.state.closed).toBe('expired');
    await registry.stop(0);
  });

  it('keep a bounded number of engines, and find their bindings again in a new one', async () => {
    const { registry, engines } = backend();
    const hosts = [];
    for (let index = 0; index <= MAX_LIVE_ENGINES; index++) {
      const host = await registry.create(newSession);
      await host.evaluate(order(`x := ${index}`));
      hosts.push(host);
    }
    const states = hosts.map((host) => host.summary().engineState);
    expect(states.filter((state) => state !== 'none')).toHaveLength(MAX_LIVE_ENGINES);
    expect(states[0]).toBe('none');
    expect(await printed(hosts[0] as SessionHost, 'x')).toBe('0');
    expect(engines.engines).toHaveLength(MAX_LIVE_ENGINES + 2);
  });

  it('with something that cannot be saved keep their engine', async () => {
    const { registry } = backend();
    const host = await registry.create(newSession);
    await host.evaluate(order('block b'));
    expect(host.hibernatableSince()).toBeUndefined();
    await host.hibernate();
    expect(host.summary().engineState).toBe('idle');
  });

  it('are gone after they were removed', async () => {
    const { registry } = backend();
    const host = await registry.create({ ...newSession, name: 's' });
    await registry.remove(host);
    expect(() => registry.find('s')).toThrow(ProtocolError);
  });
});

describe('an import', () => {
  async function archiveOf(host: SessionHost, journal: MemoryJournal) {
    const entries = journal.read(host.state.id);
    const blobs = new Map(
      host.state.snapshots.map(({ seq }) => [seq, journal.blob(host.state.id, seq) as Uint8Array] as const),
    );
    return decodeArchive(encodeArchive(entries, blobs, { exportedAt: '2026-01-01T00:00:00.000Z', generator: 'test' }));
  }

  it('brings the session with its bindings and history to another backend', async () => {
    const home = backend();
    const host = await home.registry.create({ ...newSession, name: 's' });
    await host.evaluate(order('x := 3'));
    const away = backend();
    const { outcome } = await away.registry.import(await archiveOf(host, home.journal), asTester);
    expect(outcome).toBe('created');
    expect(await printed(away.registry.find('s'), 'x')).toBe('3');
  });

  it('again changes nothing, and a later archive advances the session', async () => {
    const home = backend();
    const host = await home.registry.create({ ...newSession, name: 's' });
    await host.evaluate(order('x := 3'));
    const early = await archiveOf(host, home.journal);
    await host.evaluate(order('x := 4'));
    const late = await archiveOf(host, home.journal);
    const away = backend();
    expect((await away.registry.import(early, asTester)).outcome).toBe('created');
    expect((await away.registry.import(early, asTester)).outcome).toBe('unchanged');
    expect((await away.registry.import(late, asTester)).outcome).toBe('advanced');
    expect((await away.registry.import(early, asTester)).outcome).toBe('unchanged');
    expect(await printed(away.registry.find('s'), 'x')).toBe('4');
  });

  it('of a session with another history is refused, and both stay as they are', async () => {
    const home = backend();
    const host = await home.registry.create({ ...newSession, name: 's' });
    await host.evaluate(order('x := 3'));
    const away = backend();
    await away.registry.import(await archiveOf(host, home.journal), asTester);
    await away.registry.find('s').evaluate(order('x := 5'));
    await host.evaluate(order('x := 4'));
    const late = await archiveOf(host, home.journal);
    await expect(away.registry.import(late, asTester)).rejects.toMatchObject({ type: 'Diverged' });
    expect(await printed(away.registry.find('s'), 'x')).toBe('5');
  });
});
