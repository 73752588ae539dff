/** The embedded engine as the tests use it: built once a test file, with a cache of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import type { Engine, EvaluateReply, EvaluateRequest } from '../../../src/engine/contract.js';
import { buildEngineBundle } from '../../../src/engine/embedded/bundle.js';
import { createEmbeddedEngineFactory, type EmbeddedEngineOptions } from '../../../src/engine/embedded/factory.js';

export const AMPLE = { maxBytes: 10_000_000, maxObjects: 1_000_000 };

export function requestFor(code: string, options: Partial<EvaluateRequest> = {}): EvaluateRequest {
  return { code, timeoutMs: 10_000, printLimit: 1_000, budget: AMPLE, ...options };
}

export interface Rig {
  bundle(): string;
  directory(): string;
  factoryOptions(overrides?: Partial<EmbeddedEngineOptions>): EmbeddedEngineOptions;
  /** A started engine, stopped at the end of the file. */
  start(overrides?: Partial<EmbeddedEngineOptions>): Promise<Engine>;
}

/** Registers the building before and the clearing up after a file's tests. */
export function engineRig(): Rig {
  let directory = '';
  const started: Engine[] = [];
  const rig: Rig = {
    bundle: () => join(directory, 'embedded.cjs'),
    directory: () => directory,
    factoryOptions: (overrides = {}) => ({ bundle: rig.bundle(), cacheDir: join(directory, 'cache'), ...overrides }),
    start: async (overrides) => {
      const engine = await createEmbeddedEngineFactory(rig.factoryOptions(overrides)).start('a test');
      started.push(engine);
      return engine;
    },
  };
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stui-engine-'));
    await buildEngineBundle(rig.bundle());
  });
  afterAll(async () => {
    await Promise.all(started.map((engine) => engine.stop()));
    await rm(directory, { recursive: true, force: true });
  });
  return rig;
}

export async function printOf(engine: Engine, code: string): Promise<string | undefined> {
  const reply = await engine.evaluate(requestFor(code));
  if (reply.outcome !== 'value') throw new Error(`${code}: ${reply.error?.class}: ${reply.error?.message}`);
  return reply.printString;
}

export async function errorOf(engine: Engine, code: string): Promise<NonNullable<EvaluateReply['error']>> {
  const { error, printString } = await engine.evaluate(requestFor(code));
  if (error === undefined) throw new Error(`${code} answered ${printString}`);
  return error;
}
