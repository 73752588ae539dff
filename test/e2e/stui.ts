/** The built CLI as a shell runs it, in homes (STUI_HOME) of their own that know nothing of this machine's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { childrenOf, killAtOnce, processesNaming, signal } from './processes.js';
import { until } from './until.js';

export const LAUNCHER = resolve('bin/stui.cjs');
export const DIST = resolve('dist');

/** What a document holds is what the tests check, so its type says nothing. */
// biome-ignore lint/suspicious/noExplicitAny: see above.
export type Json = any;

export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one JSON document on stdout. Throws when there is anything else. */
  readonly json: Json;
}

/** What a shell gives a command besides its arguments. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin. Without it stdin is empty. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

export interface BackendRecord {
  readonly pid: number;
  readonly endpoint: string;
}

requireFreshBuild();

/** Runs a command line to its end. */
export function stui(home: string, ...args: readonly string[]): Promise<Ending> {
  return stuiWith(home, {}, ...args);
}

export function stuiWith(home: string, surroundings: Surroundings, ...args: readonly string[]): Promise<Ending> {
  return startStui(home, surroundings, ...args).ended;
}

export function startStui(home: string, surroundings: Surroundings, ...args: readonly string[]): RunningCommand {
  return new RunningCommand(home, surroundings, process.execPath, [LAUNCHER, ...args]);
}

/** Runs a script of sh in which `$STUI` stands for the CLI. */
export function shell(home: string, script: string): Promise<Ending> {
  const env = { STUI: `${process.execPath} ${LAUNCHER}` };
  return new RunningCommand(home, { env }, 'sh', ['-c', script]).ended;
}

/** Evaluates in the current session. @returns the print string; fails the test when there is none */
export async function printed(home: string, code: string): Promise<string> {
  const { json } = await stui(home, 'eval', '--json', '--', code);
  if (json.outcome !== 'value') throw new Error(`${code} did not give a value: ${JSON.stringify(json)}`);
  return json.printString;
}

export class RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
  #stdout = '';
  #stderr = '';
  #hasEnded = false;

  constructor(home: string, { env = {}, input = '', cwd }: Surroundings, file: string, args: readonly string[]) {
    const { PATH = '', TMPDIR } = process.env;
    const base = { PATH, HOME: home, STUI_HOME: home, ...(TMPDIR === undefined ? {} : { TMPDIR }) };
    // In a process group of its own, so that what a shell started can be ended with it.
    const options = { env: { ...base, ...env }, detached: true, ...(cwd ? { cwd } : {}) };
    this.child = spawn(file, [...args], options);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    // A command that reads no input may have ended before it was written.
    this.child.stdin?.on('error', () => {});
    this.child.stdin?.end(input);
    running.add(this.child);
    this.ended = once(this.child, 'close').then(([code]) => {
      this.#hasEnded = true;
      running.delete(this.child);
      return ending(code as number | null, this.#stdout, this.#stderr);
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** Waits until stdout holds `text`. */
  async prints(text: string): Promise<void> {
    await until(`the output ${JSON.stringify(text)}`, () => {
      if (this.#stdout.includes(text)) return true;
      if (this.#hasEnded) throw new Error(`It ended without printing ${text}: ${this.#stdout}${this.#stderr}`);
      return false;
    });
  }
}

/** A home for the test that runs. Whatever runs in it is ended, and the home removed, when the test is over. */
export function temporaryHome(): string {
  const home = makeHome();
  ofThisTest.push(home);
  return home;
}

/** A home that the tests of a block share because they only look, or are refused. @returns how to get it in a test */
export function sharedHome(prepare: (home: string) => Promise<unknown>): () => string {
  let home = '';
  beforeAll(async () => {
    home = makeHome();
    await prepare(home);
  });
  afterAll(() => discard(home));
  return () => home;
}

/** What the private backend of a home left for others to find it by. */
export function backendRecord(home: string): BackendRecord | undefined {
  const file = join(home, 'data', 'backend', 'backend.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as BackendRecord) : undefined;
}

export function backendPid(home: string): number {
  const record = backendRecord(home);
  if (!record) throw new Error('No backend runs in this home');
  return record.pid;
}

/** A directory for the test that runs, removed when it is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'stui-e2e-'));
  ofThisTest.push(directory);
  return directory;
}

const running = new Set<ChildProcess>();
const ofThisTest: string[] = [];
let engineCache: string | undefined;

afterEach(async () => {
  for (const { pid } of running) if (pid) signal(-pid, 'SIGKILL');
  for (const directory of ofThisTest.splice(0)) await discard(directory);
});

afterAll(() => {
  if (engineCache) rmSync(engineCache, { recursive: true, force: true });
});

/** All homes of a test file share the engine's startup snapshot: making it would take most of the time of most tests. */
function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'stui-e2e-'));
  engineCache ??= mkdtempSync(join(tmpdir(), 'stui-e2e-engine-'));
  mkdirSync(join(home, 'cache'), { mode: 0o700 });
  symlinkSync(engineCache, join(home, 'cache', 'engine'));
  return home;
}

/** A backend has the home's path in its command line. An engine that is busy would outlive it. */
async function discard(directory: string): Promise<void> {
  const backends = processesNaming(directory);
  await killAtOnce([...backends, ...backends.flatMap(childrenOf)]);
  rmSync(directory, { recursive: true, force: true });
}

function ending(code: number | null, stdout: string, stderr: string): Ending {
  return {
    code,
    stdout,
    stderr,
    get json() {
      return JSON.parse(stdout);
    },
  };
}

function requireFreshBuild(): void {
  const built = join(DIST, 'backend.cjs');
  if (!existsSync(built)) throw new Error('dist/ is missing: run "npm run build" first, as "npm test" does');
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((name) => join('src', name));
  const newer = sources.find((path) => statSync(path).isFile() && statSync(path).mtimeMs > statSync(built).mtimeMs);
  if (newer) throw new Error(`dist/ is older than ${newer}: run "npm run build" first, as "npm test" does`);
}
