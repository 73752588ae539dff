import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EngineCommand } from '../../src/engine/command.js';
import { EngineDied, EngineUnavailable } from '../../src/engine/contract.js';
import { JsonLines } from '../../src/engine/json-lines.js';
import { type EngineProcess, startEngineProcess } from '../../src/engine/process.js';

let directory = '';
const started: EngineProcess[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stui-process-'));
});
afterAll(async () => {
  await Promise.all(started.map((engine) => engine.stop()));
  await rm(directory, { recursive: true, force: true });
});

const READY = '{"type":"ready","engine":"fake","version":"1","dialect":"none","capabilities":[]}';

/** An engine that is a few lines of JavaScript; `say` writes a line on its pipe, `calls` takes the lines that arrive. */
async function fake(program: string): Promise<EngineCommand> {
  const path = join(directory, `${Math.random().toString(36).slice(2)}.cjs`);
  await writeFile(
    path,
    `const pipe = new (require('node:net').Socket)({ fd: 3 });
     const nonce = process.env.STUI_ENGINE_NONCE;
     const say = (text) => pipe.write(text.replace(/^\\{/, '{"nonce":"' + nonce + '",') + '\\n');
     const calls = (take) => pipe.on('data', (bytes) => {
       for (const line of String(bytes).trim().split('\\n')) take(JSON.parse(line));
     });
     ${program}`,
  );
  return { file: process.execPath, args: [path], env: {}, interruptBy: 'signal' };
}

async function start(program: string): Promise<EngineProcess> {
  const engine = await startEngineProcess(await fake(program));
  started.push(engine);
  return engine;
}

const REQUEST = { code: '1', timeoutMs: 60_000, printLimit: 10, budget: { maxBytes: 1, maxObjects: 1 } };

describe('an engine process', () => {
  it('is ready when it says so', async () => {
    expect((await start(`say('${READY}'); calls(() => {});`)).ready.engine).toBe('fake');
  });

  it('cannot be started when it ends first, with its last words', async () => {
    const failing = startEngineProcess(await fake("console.error('Error: no licence'); process.exit(4);"));
    await expect(failing).rejects.toThrow(EngineUnavailable);
    await expect(failing).rejects.toThrow('exited with code 4: Error: no licence');
  });

  it('cannot be started when there is no such program', async () => {
    const command = { ...(await fake('')), file: join(directory, 'nowhere') };
    await expect(startEngineProcess(command)).rejects.toThrow('ENOENT');
  });

  it('gives each call its own answer, in whatever order they come', async () => {
    const engine = await start(`
      say('${READY}');
      const held = [];
      calls((call) => {
        held.push(call);
        if (held.length < 2) return;
        for (const each of held.reverse()) say(JSON.stringify({ id: each.id, ok: true, result: [each.op] }));
      });`);
    expect(await Promise.all([engine.bindings(), engine.restore([])])).toEqual([['bindings'], ['restore']]);
  });

  it('rejects with the error an engine answers', async () => {
    const engine = await start(`
      say('${READY}'); calls((call) => say(JSON.stringify({ id: call.id, ok: false, error: 'cannot ' + call.op })));`);
    await expect(engine.capture('full')).rejects.toThrow('cannot capture');
  });

  it('is interrupted by SIGINT where its adapter says so', async () => {
    const engine = await start(`
      let running;
      process.on('SIGINT', () => say(JSON.stringify({ id: running.id, ok: true, result: { outcome: 'interrupted' } })));
      say('${READY}');
      calls((call) => { if (call.op === 'ping') say(JSON.stringify({ id: call.id, ok: true })); else running = call; });`);
    const reply = engine.evaluate(REQUEST);
    await engine.ping();
    engine.interrupt();
    expect(await reply).toEqual({ outcome: 'interrupted' });
  });

  it('is killed when what it writes is not JSON', async () => {
    const engine = await start(`say('${READY}'); calls(() => say('Segmentation fault'));`);
    await expect(engine.ping()).rejects.toThrow(EngineDied);
    expect((await engine.exited).reason).toContain('not JSON');
  });

  it('is killed when it listens neither to quit nor to TERM', async () => {
    const engine = await start(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); say('${READY}');`);
    await engine.stop();
    expect(await engine.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('leaves no listeners behind', async () => {
    const engine = await start(`say('${READY}'); calls((call) => say(JSON.stringify({ id: call.id, ok: true })));`);
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    for (let round = 0; round < 50; round += 1) await engine.ping();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

describe('lines on a pipe', () => {
  it('come out whole, wherever the bytes were cut', () => {
    const text = '{"a":"ü😀"}\n\n{"b":2}\n';
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const lines = new JsonLines();
      const got = [...lines.push(bytes.subarray(0, cut)), ...lines.push(bytes.subarray(cut))];
      expect(got).toEqual(['{"a":"ü😀"}', '{"b":2}']);
    }
  });
});
