import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { type Engine, EngineDied, EngineUnavailable, type EvaluateReply } from '../../../src/engine/contract.js';
import { createEmbeddedEngineFactory } from '../../../src/engine/embedded/factory.js';
import { engineRig, errorOf, printOf, requestFor } from './engine-under-test.js';

const rig = engineRig();

const ENDLESS = '[ true ] whileTrue';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts a process that would outlive the engine; answers its id. */
const START_SLEEP =
  "((process getBuiltinModule: 'child_process') spawn: 'sleep' value: #('1000') value: #{'stdio' -> 'ignore'}) pid";

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
}

/** An evaluation, and a promise for the moment when it reaches `MARK` in its code. */
function startedEvaluation(engine: Engine, code: string): [Promise<EvaluateReply>, Promise<void>] {
  const path = join(rig.directory(), `mark-${randomUUID()}`);
  const mark = `(process getBuiltinModule: 'fs') writeFileSync: '${path}' value: ''`;
  const reply = engine.evaluate(requestFor(code.replace('MARK', mark), { timeoutMs: 60_000 }));
  const reached = async (): Promise<void> => {
    while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
  };
  return [reply, reached()];
}

describe('stopping an evaluation', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await rig.start();
  });

  it('ends it at its timeout and keeps the state', async () => {
    const reply = await engine.evaluate(requestFor(`x := 5. ${ENDLESS}`, { timeoutMs: 200 }));
    expect(reply).toMatchObject({ outcome: 'interrupted', error: { class: 'Timeout', line: 1 } });
    expect(reply.error?.stack.at(-1)).toBe('DoIt');
    expect(await printOf(engine, 'x')).toBe('5');
  });

  it('cannot be prevented by handlers or ensure blocks', async () => {
    const code = `[ [ ${ENDLESS} ] on: Error do: [ :e | ${ENDLESS} ] ] ensure: [ ${ENDLESS} ]`;
    expect((await engine.evaluate(requestFor(code, { timeoutMs: 200 }))).outcome).toBe('interrupted');
    expect(await printOf(engine, '[ 1/0 ] on: ZeroDivide do: [ :e | 7 ]')).toBe('7');
  });

  it('includes printing the result', async () => {
    await printOf(engine, `Object subclass: #Slow. Slow compile: 'printOn: s ${ENDLESS}'`);
    expect((await engine.evaluate(requestFor('Slow new', { timeoutMs: 200 }))).outcome).toBe('interrupted');
  });

  it('ends it on an interrupt, however early that comes, and keeps the state', async () => {
    for (let round = 0; round < 5; round += 1) {
      const reply = engine.evaluate(requestFor(`y := ${round}. ${ENDLESS}`, { timeoutMs: 60_000 }));
      engine.interrupt();
      expect(await reply).toMatchObject({ outcome: 'interrupted', error: { class: 'Interrupted' } });
      expect(await printOf(engine, 'x')).toBe('5');
    }
  });

  it('runs ensure blocks of what was interrupted, and ends those, too, when they do not', async () => {
    const [reply, running] = startedEvaluation(engine, `[ MARK. ${ENDLESS} ] ensure: [ z := 9 ]`);
    await running;
    engine.interrupt();
    expect((await reply).outcome).toBe('interrupted');
    expect(await printOf(engine, 'z')).toBe('9');
    const [stubborn, runningToo] = startedEvaluation(engine, `[ MARK. ${ENDLESS} ] ensure: [ ${ENDLESS} ]`);
    await runningToo;
    engine.interrupt();
    expect((await stubborn).outcome).toBe('interrupted');
  });

  it('does not take an interrupt for one evaluation for the next', async () => {
    const quick = engine.evaluate(requestFor('3 + 4'));
    engine.interrupt();
    expect((await quick).outcome).toBe('value');
    expect(await printOf(engine, '| n | n := 0. 1 to: 300000 do: [ :i | n := n + i ]. n')).toBe('45000150000');
  });

  it('is not bothered by an interrupt while nothing runs', async () => {
    engine.interrupt();
    process.kill(engine.pid, 'SIGINT');
    expect(await printOf(engine, '3 + 4')).toBe('7');
  });

  it('answers later evaluations as before when stacks were left behind', async () => {
    await engine.evaluate(requestFor(`#(1) do: [ :e | ${ENDLESS} ]`, { timeoutMs: 100 }));
    expect((await errorOf(engine, 'nil foo')).stack).toEqual([
      'UndefinedObject(ProtoObject)>>doesNotUnderstand:',
      'DoIt',
    ]);
  });
});

describe('an engine that ends', () => {
  it('rejects the evaluation that was running, and says by what it ended', async () => {
    const engine = await rig.start();
    const reply = engine.evaluate(requestFor(ENDLESS, { timeoutMs: 60_000 }));
    process.kill(engine.pid, 'SIGKILL');
    await expect(reply).rejects.toThrow(EngineDied);
    expect(await engine.exited).toMatchObject({ signal: 'SIGKILL', reason: 'the engine was ended by SIGKILL' });
    await expect(engine.ping()).rejects.toThrow(EngineDied);
    await engine.stop();
  });

  it('says so when it ran out of memory', async () => {
    const engine = await rig.start({ memoryMb: 64 });
    const hog = 'all := OrderedCollection new. [ true ] whileTrue: [ all add: (Array new: 1000) ]';
    await expect(engine.evaluate(requestFor(hog, { timeoutMs: 60_000 }))).rejects.toThrow(EngineDied);
    expect((await engine.exited).reason).toBe('the engine ran out of its 64 MB of memory');
  });

  it('is reported when the code itself ends the process', async () => {
    const engine = await rig.start();
    await expect(engine.evaluate(requestFor('process exit: 3'))).rejects.toThrow(EngineDied);
    expect(await engine.exited).toMatchObject({ code: 3, signal: null });
  });

  it('is killed when an evaluation does not stop in time', async () => {
    const engine = await rig.start();
    const blocking = "(process getBuiltinModule: 'child_process') execSync: 'sleep 60'";
    const reply = engine.evaluate(requestFor(blocking, { timeoutMs: 100 }));
    await expect(reply).rejects.toThrow('did not stop within');
    expect((await engine.exited).signal).toBe('SIGKILL');
  });

  it('stops when asked to, and when its code does not listen', async () => {
    const [idle, busy] = [await rig.start(), await rig.start()];
    await idle.stop();
    expect(await idle.exited).toMatchObject({ code: 0, signal: null });
    const reply = busy.evaluate(requestFor(ENDLESS, { timeoutMs: 60_000 }));
    const rejected = expect(reply).rejects.toThrow(EngineDied);
    await busy.stop();
    await rejected;
    expect(isAlive(busy.pid)).toBe(false);
  });

  it('goes with its parent, even one that was killed, and what its code has started goes too', async () => {
    const parent = join(rig.directory(), 'parent.mjs');
    const factory = join(rig.directory(), 'factory.mjs');
    await build({
      entryPoints: ['src/engine/embedded/factory.ts'],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: factory,
    });
    await writeFile(
      parent,
      `import { createEmbeddedEngineFactory } from ${JSON.stringify(factory)};
       const factory = createEmbeddedEngineFactory(${JSON.stringify(rig.factoryOptions())});
       const engine = await factory.start('a test');
       const { printString } = await engine.evaluate(${JSON.stringify(requestFor(START_SLEEP))});
       process.stdout.write(engine.pid + ' ' + printString, () => process.kill(process.pid, 'SIGKILL'));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [parent]).catch((error) => error);
    const pids = String(stdout).split(' ').map(Number);
    expect(pids).toEqual([expect.any(Number), expect.any(Number)]);
    for (const pid of pids) await gone(pid);
  });
});

describe('what code of the session has started', () => {
  const started = async (engine: Engine): Promise<number> => Number(await printOf(engine, START_SLEEP));

  it('ends with the engine, however that ends', async () => {
    const ends: Record<string, (engine: Engine) => unknown> = {
      'it is stopped': (engine) => engine.stop(),
      'it is killed': (engine) => process.kill(engine.pid, 'SIGKILL'),
      'its code ends it': (engine) => engine.evaluate(requestFor('process exit: 3')).catch(() => {}),
    };
    for (const end of Object.values(ends)) {
      const engine = await rig.start();
      const pid = await started(engine);
      expect(isAlive(pid)).toBe(true);
      await end(engine);
      await engine.exited;
      await gone(pid);
    }
  });

  it('ends with an engine that is killed at its deadline while it waits for it', async () => {
    const engine = await rig.start();
    const path = join(rig.directory(), `pid-${randomUUID()}`);
    const waiting = `(process getBuiltinModule: 'child_process') execSync: 'echo $$ > ${path}; exec sleep 1000'`;
    await expect(engine.evaluate(requestFor(waiting, { timeoutMs: 100 }))).rejects.toThrow('did not stop within');
    await gone(Number(await readFile(path, 'utf8')));
  });

  it('does not know the nonce of the engine, which is no business of the code', async () => {
    const engine = await rig.start();
    expect(await printOf(engine, "(process env at: 'STUI_ENGINE_NONCE') isNil")).toBe('true');
  });
});

describe('the environment of an engine', () => {
  it('holds no secrets of this process', async () => {
    process.env.STUI_PASSPHRASE = 'secret';
    const engine = await rig.start();
    delete process.env.STUI_PASSPHRASE;
    expect(await printOf(engine, "(process env at: 'STUI_PASSPHRASE') isNil")).toBe('true');
    expect(await printOf(engine, "(process env at: 'PATH') isNil")).toBe('false');
  });

  it('survives timers of the code that fail when nothing runs', async () => {
    const engine = await rig.start();
    await printOf(engine, '[ Transcript showln: #late. nil foo ] valueWithTimeout: 0');
    const seen = async (): Promise<string> => {
      for (;;) {
        const { transcript } = await engine.evaluate(requestFor('1'));
        if (transcript !== '') return transcript;
      }
    };
    expect(await seen()).toBe('late\n');
    expect(await printOf(engine, '3 + 4')).toBe('7');
  });
});

describe('the startup snapshot', () => {
  const blobs = async (directory: string): Promise<string[]> =>
    (await readdir(directory)).filter((name) => name.endsWith('.blob'));

  it('is built once and used from then on', async () => {
    const cacheDir = join(rig.directory(), 'once');
    await (await rig.start({ cacheDir })).stop();
    const built = await blobs(cacheDir);
    expect(built).toHaveLength(1);
    const engine = await rig.start({ cacheDir });
    expect(await printOf(engine, 'process execArgv asArray anySatisfy: [ :e | e = #snapshot ]')).toBe('false');
    const argv = await readFile(`/proc/${engine.pid}/cmdline`, 'utf8').catch(() => '--snapshot-blob');
    expect(argv).toContain('--snapshot-blob');
    expect(await blobs(cacheDir)).toEqual(built);
  });

  it('is built by two factories at the same time without harm', async () => {
    const cacheDir = join(rig.directory(), 'twice');
    const engines = await Promise.all([rig.start({ cacheDir }), rig.start({ cacheDir })]);
    for (const engine of engines) expect(await printOf(engine, '3 + 4')).toBe('7');
    expect((await readdir(cacheDir)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is built again when its file is damaged', async () => {
    const cacheDir = join(rig.directory(), 'damaged');
    await (await rig.start({ cacheDir })).stop();
    const [name] = await blobs(cacheDir);
    const path = join(cacheDir, name as string);
    const bytes = await readFile(path);
    bytes.fill(0, 1_000_000, 1_004_096);
    await writeFile(path, bytes);
    const log: string[] = [];
    const engine = await rig.start({ cacheDir, log: (message) => log.push(message) });
    expect(await printOf(engine, '3 + 4')).toBe('7');
    expect(log.join()).toContain('damaged');
  });

  it('is done without when it is whole but does not start', async () => {
    const cacheDir = join(rig.directory(), 'unusable');
    await (await rig.start({ cacheDir })).stop();
    const [name] = await blobs(cacheDir);
    const rubbish = Buffer.from('no snapshot at all');
    const digest = createHash('sha256').update(rubbish).digest('hex').slice(0, 16);
    await rm(join(cacheDir, name as string));
    await writeFile(join(cacheDir, (name as string).replace(/-[0-9a-f]{16}\.blob$/, `-${digest}.blob`)), rubbish);
    const log: string[] = [];
    const engine = await rig.start({ cacheDir, log: (message) => log.push(message) });
    expect(await printOf(engine, '3 + 4')).toBe('7');
    expect(log.join()).toContain('starting without it');
    expect(await blobs(cacheDir)).toEqual([]);
  });

  it('is done without when it cannot be written', async () => {
    const file = join(rig.directory(), 'a-file');
    await writeFile(file, '');
    const log: string[] = [];
    const engine = await rig.start({ cacheDir: join(file, 'cache'), log: (message) => log.push(message) });
    expect(await printOf(engine, '100 factorial printString size')).toBe('158');
    expect(log.join()).toContain('no startup snapshot');
  });

  it('keeps no more than the few used last', async () => {
    const cacheDir = join(rig.directory(), 'pruned');
    await (await rig.start({ cacheDir })).stop();
    for (const digit of ['1', '2', '3', '4']) {
      const old = join(cacheDir, `embedded-${digit.repeat(16)}-${digit.repeat(16)}.blob`);
      await writeFile(old, '');
      await utimes(old, new Date(0), new Date(Number(digit) * 1000));
    }
    await (await rig.start({ cacheDir, memoryMb: 100 })).stop();
    const kept = await blobs(cacheDir);
    expect(kept).toHaveLength(3);
    expect(kept).toContain(`embedded-${'4'.repeat(16)}-${'4'.repeat(16)}.blob`);
  });

  it('is no way around a program that does not start', async () => {
    const bundle = join(rig.directory(), 'broken.cjs');
    await writeFile(bundle, 'throw new Error("no such engine");');
    const cacheDir = join(rig.directory(), 'broken');
    const failing = createEmbeddedEngineFactory({ bundle, cacheDir }).start('a test');
    await expect(failing).rejects.toThrow(EngineUnavailable);
    await expect(failing).rejects.toThrow('no such engine');
  });
});

describe('the spare', () => {
  const factories: ReturnType<typeof createEmbeddedEngineFactory>[] = [];
  afterAll(() => Promise.all(factories.map((factory) => factory.close())));
  const factoryWithSpare = () => {
    const factory = createEmbeddedEngineFactory(rig.factoryOptions({ spare: true }));
    factories.push(factory);
    return factory;
  };

  /** The children of this process that run the engine's program. */
  const children = async (): Promise<number[]> => {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)]);
    return stdout
      .split('\n')
      .filter((line) => line.includes(rig.bundle()))
      .map((line) => Number.parseInt(line, 10));
  };

  it('is used by the next start and replaced, and goes with the factory', async () => {
    const factory = factoryWithSpare();
    const first = await factory.start('a test');
    const second = await factory.start('a test');
    const third = await factory.start('a test');
    expect(new Set([first.pid, second.pid, third.pid]).size).toBe(3);
    for (const engine of [first, second, third]) expect(await printOf(engine, '3 + 4')).toBe('7');
    await Promise.all([first, second, third].map((engine) => engine.stop()));
    await factory.close();
  });

  it('is survived when it dies', async () => {
    const before = new Set(await children());
    const factory = factoryWithSpare();
    const first = await factory.start('a test');
    let spares: number[] = [];
    while (spares.length === 0) {
      spares = (await children()).filter((pid) => !before.has(pid) && pid !== first.pid);
    }
    expect(spares).toHaveLength(1);
    process.kill(spares[0] as number, 'SIGKILL');
    const second = await factory.start('a test');
    expect(await printOf(second, '3 + 4')).toBe('7');
    await Promise.all([first.stop(), second.stop()]);
    await factory.close();
  });
});
