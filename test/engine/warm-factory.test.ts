import { describe, expect, it } from '@jest/globals';
import type { ChannelEnd } from '../../src/engine/channel.js';
import { type Engine, EngineOwnership, EngineUnavailable } from '../../src/engine/contract.js';
import { startEngineProcess } from '../../src/engine/process.js';
import { SPARE_PING_MS, WarmEngineFactory } from '../../src/engine/warm-factory.js';
import type { EngineOperation } from '../../src/engine/wire.js';
import { SpawnFailed } from '../../src/process/spawn.js';
import { Clock, quiet } from '../backend/rig.js';
import { type EngineProgram, ProgramChannel } from './program-channel.js';

const COMMAND = { file: 'fake', args: [], env: {}, interruptBy: 'pipe' } as const;

/** A process that answers whatever it is asked, unless it is deaf. */
class FakeProgram implements EngineProgram {
  readonly ready = { engine: 'fake', version: '1', dialect: 'none', capabilities: [] };
  readonly channel: ProgramChannel;
  deaf = false;

  constructor(nonce: string) {
    this.channel = new ProgramChannel(nonce, this);
  }

  answer(operation: EngineOperation): unknown {
    return this.deaf ? new Promise(() => {}) : { op: operation.op, pid: this.channel.pid };
  }

  interrupt(): void {}
}

function factory({ spare = true, failing = undefined as SpawnFailed | undefined } = {}) {
  const clock = new Clock();
  const programs: FakeProgram[] = [];
  const log: string[] = [];
  const state = { failing };
  const open = async (_: unknown, nonce: string) => {
    if (state.failing) throw state.failing;
    const program = new FakeProgram(nonce);
    programs.push(program);
    return program.channel;
  };
  const launch = () => startEngineProcess(COMMAND, { open, clock: { now: clock.monotonicMs, after: clock.after } });
  const it = new WarmEngineFactory({ name: 'fake', launch, spare, log: (message) => log.push(message) });
  const programOf = (engine: Engine) => programs.find(({ channel }) => channel.pid === engine.pid) as FakeProgram;
  const running = () => programs.filter(({ channel }) => !channel.hasEnded);
  return { it, programs, programOf, running, clock, log, state };
}

const KILLED: ChannelEnd = { code: null, signal: 'SIGKILL', lastWords: '' };
const NO_DESCRIPTORS = new SpawnFailed('fake', Object.assign(new Error('spawn'), { code: 'EMFILE' }));

describe('a factory with a spare', () => {
  it.each([2, 3, 6, 12])('gives %d sessions that ask at once an engine each', async (count) => {
    const { it: engines, running } = factory();
    await engines.start('the first, after which a spare waits');
    await quiet();
    const owners = Array.from({ length: count }, (_, index) => `session-${index}`);
    const given = await Promise.all(owners.map((owner) => engines.start(owner)));
    expect(new Set(given.map(({ pid }) => pid)).size).toBe(count);
    expect(new Set(given.map(({ nonce }) => nonce)).size).toBe(count);
    expect(given.map(({ owner }) => owner)).toEqual(owners);
    await quiet();
    // Those, the first one, and one spare.
    expect(running()).toHaveLength(count + 2);
  });

  it('gives an engine away in the turn in which it is asked for', async () => {
    const { it: engines } = factory();
    await engines.start('first');
    await quiet();
    // Each further turn of the promises between asking and having is one in which another may ask.
    for (let turns = 0; turns < 8; turns += 1) {
      const one = engines.start('one');
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      const [a, b] = await Promise.all([one, engines.start('other')]);
      expect(a.pid).not.toBe(b.pid);
      await quiet();
    }
  });

  it('does not wait for a spare that hangs longer than its deadline, ends it, and gives a fresh engine', async () => {
    const { it: engines, programs, running, clock, log } = factory();
    await engines.start('first');
    await quiet();
    const spare = programs[1] as FakeProgram;
    spare.deaf = true;
    const second = engines.start('second');
    await clock.pass(SPARE_PING_MS);
    expect((await second).pid).not.toBe(spare.channel.pid);
    expect(running()).not.toContain(spare);
    expect(log.join()).toContain('did not answer "ping" within 1 s');
  });

  it('gives no spare that has died, whether its death was heard of or not', async () => {
    const { it: engines, programs } = factory();
    await engines.start('first');
    await quiet();
    const heardOf = programs[1] as FakeProgram;
    heardOf.channel.end(KILLED);
    await quiet();
    expect((await engines.start('second')).pid).not.toBe(heardOf.channel.pid);
    await quiet();
    const unheardOf = programs.at(-1) as FakeProgram;
    unheardOf.channel.end(KILLED);
    expect((await engines.start('third')).pid).not.toBe(unheardOf.channel.pid);
  });

  it('forgets a spare that has died: the next start is not held up by it, and gets a spare behind it', async () => {
    const { it: engines, programs, running, log } = factory();
    await engines.start('first');
    await quiet();
    programs[1]?.channel.end(KILLED);
    await quiet();
    await engines.start('second');
    await quiet();
    expect(log).toEqual([]);
    expect(running()).toHaveLength(3);
  });

  it('keeps one again as soon as one can be started, where once none could', async () => {
    const { it: engines, running, state, log } = factory();
    await engines.start('first');
    await quiet();
    state.failing = NO_DESCRIPTORS;
    await engines.start('second, by the spare');
    await quiet();
    expect(log.join()).toContain('no file descriptors left');
    await expect(engines.start('third')).rejects.toMatchObject({ name: 'EngineUnavailable', isForScarcity: true });
    state.failing = undefined;
    await engines.start('third');
    await quiet();
    expect(running()).toHaveLength(4);
  });

  it('leaves nothing running that nobody has when it is closed, also of starts under way', async () => {
    const { it: engines, running } = factory();
    const first = await engines.start('first');
    await quiet();
    const late = expect(engines.start('late')).rejects.toThrow(EngineUnavailable);
    await engines.close();
    await late;
    await quiet();
    expect(running().map(({ channel }) => channel.pid)).toEqual([first.pid]);
  });
});

describe('a factory without a spare', () => {
  it('starts what is asked for and nothing else', async () => {
    const { it: engines, running } = factory({ spare: false });
    await engines.start('first');
    await quiet();
    expect(running()).toHaveLength(1);
  });
});

describe('an engine', () => {
  const start = async () => {
    const clock = new Clock();
    let program: FakeProgram | undefined;
    const open = async (_: unknown, nonce: string) => {
      program = new FakeProgram(nonce);
      return program.channel;
    };
    const engine = await startEngineProcess(COMMAND, { open, clock: { now: clock.monotonicMs, after: clock.after } });
    return { engine, program: program as unknown as FakeProgram, clock };
  };

  it('is claimed once, by one', async () => {
    const { engine } = await start();
    expect(() => engine.owner).toThrow(EngineOwnership);
    engine.claim('one');
    expect(() => engine.claim('other')).toThrow('serves one, and was to serve other');
    expect(() => engine.claim('one')).toThrow(EngineOwnership);
    expect(engine.owner).toBe('one');
  });

  it('is killed when an answer does not carry its nonce, and what comes after is no answer either', async () => {
    const { engine, program } = await start();
    program.deaf = true;
    const answer = engine.bindings();
    program.channel.say({ nonce: 'of another', id: 1, ok: true, result: ['foreign'] });
    program.channel.say({ id: 1, ok: true, result: ['late'] });
    await expect(answer).rejects.toMatchObject({ name: 'EngineDied' });
    expect((await engine.exited).reason).toContain('does not carry its nonce');
  });

  it.each(['bindings', 'capture', 'restore'] as const)(
    'that never answers "%s" is killed after a minute',
    async (what) => {
      const { engine, program, clock } = await start();
      program.deaf = true;
      const calls = {
        bindings: () => engine.bindings(),
        capture: () => engine.capture('full'),
        restore: () => engine.restore([]),
      };
      const answer = expect(calls[what]()).rejects.toThrow(`it did not answer "${what}" within 60 s`);
      await clock.pass(60_000);
      await answer;
    },
  );

  it('is not killed for the time in which the whole machine stood still: its answer, unread until then, counts', async () => {
    const { engine, program, clock } = await start();
    program.deaf = true;
    const reply = engine.evaluate({
      code: '1',
      timeoutMs: 1_000,
      printLimit: 1,
      budget: { maxBytes: 1, maxObjects: 1 },
    });
    await clock.pass(900);
    clock.time += 3_600_000;
    await clock.pass(0);
    expect(program.channel.hasEnded).toBe(false);
    program.channel.say({ id: 1, ok: true, result: { outcome: 'value' } });
    expect(await reply).toEqual({ outcome: 'value' });
  });

  it('that answers in time is left alone afterwards', async () => {
    const { engine, program, clock } = await start();
    await engine.bindings();
    await clock.pass(600_000);
    expect(program.channel.hasEnded).toBe(false);
  });
});
