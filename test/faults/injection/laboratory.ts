/** A backend with a session that counts, in which system calls fail, one cell of the matrix at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { decodeArchive } from '../../../src/session/archive-decoder.js';
import { childrenOf, killAtOnce, processesNaming, signal } from '../../e2e/processes.js';
import { DIST, type Ending, type Json, LAUNCHER, RunningCommand, stui, temporaryHome } from '../../e2e/stui.js';
import { until } from '../../e2e/until.js';
import { readVerified } from '../audit.js';
import type { Chance } from '../chance.js';
import { Account, codeOf, type Order } from '../storm/account.js';
import { type Reply, Wire } from '../wire.js';
import { type BackendPhase, CALLS, type Cell, COMMAND_PHASES, type CommandPhase, type Verdict } from './cells.js';
import { type Fault, failing, Injection, injectedIn, type RecordedCall, recordedIn, recording } from './injection.js';

/** What has not been answered after this long, on a busy machine, is not going to be, in ms. */
const PATIENCE_MS = 30_000;

/** An engine that cannot answer is given up soon, in ms. */
const EVALUATION_MS = 3_000;

/** Inputs after which the journal is compacted. */
const MANY = 900;

/** More than is saved with an evaluation, so that it takes a snapshot of its own. */
const MUCH = 'much := (1 to: 40000) asOrderedCollection.';

/** No failure that has a name shows where in the program it came up. */
const STACK_TRACE = /^\s+at .+:\d+:\d+\)?$/m;

/** What no kind of error stands for, but says what the system said: EIO: i/o error; disk I/O error. */
const SYSTEM_ERROR = /^E[A-Z]+: |I\/O error/;

const NOTHING_FOUND = { lost: [], doubled: [], foreign: [], unexplained: [] };

/** A promise was not kept. */
class Broken extends Error {}

export class Laboratory {
  readonly #account = new Account();
  readonly #recorded = new Map<CommandPhase, readonly RecordedCall[]>();
  readonly #session = randomUUID();
  #child: ChildProcess | undefined;
  #pid = 0;
  /** Rejects when the backend ends. */
  #end: Promise<never> = new Promise(() => {});
  #wire: Wire;
  #trials = 0;
  /** Evaluations without an answer. */
  readonly #open = new Map<string, Order>();
  /** Keys of evaluations that had no engine. */
  readonly #notRun: string[] = [];
  /** What the backend wrote to stderr. */
  #words = '';

  private constructor(
    readonly home: string,
    private readonly chance: Chance,
  ) {
    mkdirSync(join(home, 'run'), { mode: 0o700 });
    mkdirSync(this.#data, { recursive: true, mode: 0o700 });
    this.#wire = new Wire(this.#endpoint);
  }

  static async begin(chance: Chance): Promise<Laboratory> {
    const laboratory = new Laboratory(temporaryHome(), chance);
    await laboratory.#start([]);
    await laboratory.#wire.result('create_session', {
      client_id: 'test',
      name: 'demo',
      session_id: laboratory.#session,
    });
    await laboratory.#wire.result('share_session', { session_id: laboratory.#session });
    await laboratory.#evaluate(laboratory.#order('begin'));
    return laboratory;
  }

  /** @returns nothing where nothing failed, because the phase makes no such call */
  async try(cell: Cell): Promise<Verdict | undefined> {
    this.#trials += 1;
    try {
      const failed = await this.#provoke(cell);
      return failed ? { cell, problem: undefined } : undefined;
    } catch (error) {
      return { cell, problem: error instanceof Broken ? error.message : `${(error as Error).stack}` };
    }
  }

  async close(): Promise<void> {
    this.#wire.close();
    await this.#killAll();
  }

  async #provoke(cell: Cell): Promise<boolean> {
    const from = Date.now();
    const failed = await (cell.process === 'command' ? this.#provokeCommand(cell) : this.#provokeServer(cell));
    const isTraced = cell.phase === 'start';
    if (!failed && cell.process !== 'command' && !isTraced && this.#child?.exitCode === null) return false;
    // Whatever the cell ended was ended by it, and what is checked next is what a restart finds.
    const died = { backend: this.home, from, to: Number.POSITIVE_INFINITY };
    this.#account.kills.push({ of: 'everything', ...died }, { of: 'engines', ...died });
    if (cell.process !== 'command') {
      await this.#killAll();
      await this.#start([]);
    }
    await this.#check();
    return failed;
  }

  async #provokeServer(cell: Cell & { process: 'backend' | 'engine' }): Promise<boolean> {
    const fault: Fault = { calls: CALLS[cell.row], failure: cell.failure, when: cell.when };
    if (cell.process === 'engine') {
      await this.#evaluate(this.#order('count'));
      const engine = Math.min(...childrenOf(this.#pid));
      return this.#during(engine, fault, () => this.#phase('evaluate'));
    }
    const ofJournal = { ...fault, paths: this.#files };
    switch (cell.phase) {
      case 'start':
        return this.#provokeStart(ofJournal);
      case 'stop':
        return this.#during(this.#pid, ofJournal, () => this.#stop());
      case 'cold':
        await killAtOnce(childrenOf(this.#pid));
        return this.#during(this.#pid, fault, () => this.#phase('evaluate'));
      default: {
        const prepared = await this.#prepare(cell.phase);
        return this.#during(this.#pid, ofJournal, () => this.#phase(cell.phase, prepared));
      }
    }
  }

  async #provokeStart(fault: Fault): Promise<boolean> {
    await this.#killAll();
    const log = this.#log();
    const refusal = await this.#start(failing(fault, log)).then(
      () => undefined,
      (error: Error) => error,
    );
    if (refusal && !isOneLine(refusal.message))
      throw new Broken(`It says why it does not start like this: ${refusal.message}`);
    return injectedIn(log).length > 0;
  }

  async #during(pid: number, fault: Fault, work: () => Promise<void>): Promise<boolean> {
    const injection = await Injection.into(pid, fault, this.#log());
    let failed = 0;
    try {
      await work();
    } finally {
      failed = await injection.lift();
    }
    await this.#settled();
    return failed > 0;
  }

  /** What a phase needs to be there before. */
  async #prepare(phase: BackendPhase): Promise<string> {
    if (phase === 'import') return (await this.#archive()).toString('base64');
    if (phase !== 'compaction' && phase !== 'delete') return '';
    const { session_id } = await this.#wire.result('create_session', { client_id: 'test' });
    return session_id;
  }

  async #phase(phase: BackendPhase, prepared = ''): Promise<void> {
    const session = { session_id: this.#session };
    switch (phase) {
      case 'evaluate':
        return this.#evaluate(this.#order('count'));
      case 'snapshot':
        await this.#evaluate(this.#order('count', MUCH));
        return this.#answered('save_session', session);
      case 'compaction': {
        const inputs = Array.from({ length: MANY }, (_, index) => ({
          code: `${index}`,
          typed_at: new Date(index).toISOString(),
        }));
        await this.#answered('record_inputs', { session_id: prepared, source: 'test', inputs });
        return this.#answered('verify_session', { session_id: prepared });
      }
      case 'export':
        await this.#answered('read_journal', { ...session, after: 0 });
        return this.#answered('verify_session', session);
      case 'import':
        return this.#answered('import_session', {
          upload: randomUUID(),
          offset: 0,
          data: prepared,
          last: true,
          fork: true,
        });
      case 'repair':
        return this.#answered('repair_sessions', {});
      case 'delete':
        return this.#answered('delete_session', { session_id: prepared });
      case 'start':
      case 'stop':
        throw new Error(`${phase} is no request`);
    }
  }

  /** It ends by itself, in order or saying that it could not. */
  async #stop(): Promise<void> {
    const ended = once(this.#child as ChildProcess, 'exit');
    signal(this.#pid, 'SIGTERM');
    const [code] = (await inTime('the end of the backend', ended)) as [number | null];
    if (code !== 0 && code !== 1) throw new Broken(`The backend ended with ${code}`);
  }

  async #provokeCommand({ phase, row, failure }: Cell & { process: 'command' }): Promise<boolean> {
    const calls = (await this.#callsOf(phase)).filter(({ name }) => (CALLS[row] as readonly string[]).includes(name));
    if (calls.length === 0) return false;
    const { name, number } = this.chance.pick(calls);
    const log = this.#log();
    const fault: Fault = { calls: [name], failure, when: String(number) };
    const order = this.#order('count');
    const ending = await this.#command(phase, order, failing(fault, log));
    const hits = injectedIn(log);
    // The number is that of a call in the main thread, and another thread may have come so far, too: libzmq's own pipes are
    // no disk, and it ends the process when they fail.
    if (hits.length === 0 || !hits.every((line) => line.includes(this.home))) return false;
    this.#judge(ending, hits);
    if (phase === 'evaluate' && ending.code === 1) await this.#expectRefused(order, ending);
    if (phase === 'export' && existsSync(this.#exportFile))
      decodeArchive(gunzipSync(readFileSync(this.#exportFile)).toString());
    const again = await this.#command(phase, order, []);
    if (again.code !== 0)
      throw new Broken(`${hits[0]}: afterwards it exits ${again.code}: ${again.stdout} ${again.stderr}`);
    if (phase === 'evaluate') this.#account.tell(order, again.json);
    return true;
  }

  #judge({ code, stdout, stderr }: Ending, hits: readonly string[]): void {
    const about = `${hits[0]}: exits ${code}: ${stdout} ${stderr}`;
    if (code === null || code > 128) throw new Broken(`It crashed. ${about}`);
    if (STACK_TRACE.test(stderr)) throw new Broken(`It shows its insides. ${about}`);
    if (code === 0) return;
    const document = stdout === '' ? undefined : JSON.parse(stdout);
    const named = document?.error?.code ?? document?.outcome;
    if (named === undefined || named === 'unexpected') throw new Broken(`It has no name for it. ${about}`);
  }

  /** What was refused is not in the outbox, and does not run. */
  async #expectRefused({ key }: Order, ending: Ending): Promise<void> {
    const { json } = await stui(this.home, 'outbox', 'list', '--json');
    if (JSON.stringify(json).includes(key)) throw new Broken(`Refused, and in the outbox: ${ending.stdout}`);
    const reply = await this.#wire.ask('get_result', { key, session_id: this.#session });
    if (reply.status === 'success') throw new Broken(`Refused, and in the journal: ${ending.stdout}`);
  }

  async #callsOf(phase: CommandPhase): Promise<readonly RecordedCall[]> {
    if (this.#recorded.size === 0) {
      for (const each of COMMAND_PHASES) {
        const order = this.#order('count');
        // The first one makes what later ones find.
        await this.#command(each, order, []);
        const log = this.#log();
        const next = this.#order('count');
        await this.#command(each, next, recording(Object.values(CALLS).flat(), log));
        this.#recorded.set(each, recordedIn(log, this.home));
      }
    }
    return this.#recorded.get(phase) as readonly RecordedCall[];
  }

  #command(phase: CommandPhase, order: Order, before: readonly string[]): Promise<Ending> {
    const [file = '', ...args] = [...before, process.execPath, LAUNCHER, ...this.#arguments(phase, order), '--json'];
    return new RunningCommand(this.home, {}, file, args).ended;
  }

  #arguments(phase: CommandPhase, { code, key }: Order): string[] {
    const session = this.#session;
    switch (phase) {
      case 'evaluate':
        return ['eval', code, '-s', session, '--key', key];
      case 'change':
        return ['workspace', 'set', 'preferences.size', String(this.#trials), '-s', session, '--key', `change-${key}`];
      case 'export':
        return ['session', 'export', session, '-o', this.#exportFile];
      case 'import':
        return ['session', 'import', this.#exportFile];
    }
  }

  /** Evaluates, and takes note of the answer. What is not answered is asked for when the fault is over. */
  async #evaluate(order: Order): Promise<void> {
    const { code, key } = order;
    const asked = { session_id: this.#session, code, key, timeout_ms: EVALUATION_MS };
    const reply = await inTime(`the answer to ${key}`, this.#orEnd(this.#wire.ask('evaluate', asked)));
    if (reply.status === 'success') this.#tell(order, reply.result.evaluation);
    else this.#expectNamed(reply);
  }

  #tell(order: Order, told: Json): void {
    this.#account.tell(order, { outcome: told.outcome, printString: told.printString });
    this.#open.delete(order.key);
    if (told.outcome === 'error') this.#notRun.push(order.key);
  }

  /** What did not run because there was no engine for it is not refused for good. */
  async #expectRunnable(key: string): Promise<void> {
    const { code, key: next } = this.#order('count');
    const reply = await this.#wire.ask('evaluate', { session_id: this.#session, code, key: next, rerun_of: key });
    if (reply.status === 'error')
      throw new Broken(`It did not run for want of an engine, and never will: ${reply.error}`);
    this.#open.delete(next);
  }

  async #answered(command: string, parameters: Readonly<Record<string, unknown>>): Promise<void> {
    const reply = await inTime(`the answer to ${command}`, this.#orEnd(this.#wire.ask(command, parameters)));
    if (reply.status === 'error') this.#expectNamed(reply);
  }

  #expectNamed({ error, error_type }: Reply & { status: 'error' }): void {
    const isNamed = error_type !== 'RuntimeError' || SYSTEM_ERROR.test(error);
    if (!isNamed || !isOneLine(error)) throw new Broken(`${error_type}: ${error}`);
  }

  #orEnd(reply: Promise<Reply>): Promise<Reply> {
    return Promise.race([reply, this.#end]);
  }

  /** Nothing is held any more, now that the fault is over. */
  async #settled(): Promise<void> {
    if (this.#child?.exitCode !== null) return;
    await until('nothing to be held', async () => {
      const reply = await this.#wire.ask('get_session_info', { session_id: this.#session });
      if (reply.status === 'error') throw new Broken(`${reply.error_type} after the fault: ${reply.error}`);
      return reply.result.session.pending === 0;
    });
  }

  /** Asks again for what has no answer, counts once more, and holds the journal against the account. */
  async #check(): Promise<void> {
    for (const order of [...this.#open.values(), this.#order('count')]) {
      const asked = { session_id: this.#session, code: order.code, key: order.key };
      const reply = await inTime('an answer afterwards', this.#wire.ask('evaluate', asked));
      if (reply.status === 'error') throw new Broken(`${reply.error_type} afterwards: ${reply.error}`);
      this.#tell(order, reply.result.evaluation);
    }
    for (const key of this.#notRun.splice(0)) await this.#expectRunnable(key);
    const entries = await readVerified(this.#wire, this.#session);
    this.#account.check({ backend: this.home, session: this.#session }, entries);
    const findings = JSON.stringify(this.#account.findings);
    if (findings !== JSON.stringify(NOTHING_FOUND)) throw new Broken(findings);
  }

  #order(does: Order['does'], before = ''): Order {
    const tag = 'laboratory';
    const code = `${before} ${codeOf(does, tag)}`.trim();
    const order: Order = { key: randomUUID(), backend: this.home, session: this.#session, tag, does, code };
    this.#account.ask(order);
    this.#open.set(order.key, order);
    return order;
  }

  async #archive(): Promise<Buffer> {
    const { session_id: id } = await this.#wire.result('create_session', { client_id: 'test' });
    const file = join(this.home, 'archive.gz');
    await this.#wire.result('share_session', { session_id: id });
    const { code, stderr } = await stui(this.home, 'session', 'export', id, '-o', file);
    if (code !== 0) throw new Error(stderr);
    await this.#wire.result('delete_session', { session_id: id });
    const bytes = readFileSync(file);
    rmSync(file);
    return bytes;
  }

  /** @throws Error with what the backend says when it does not start */
  async #start(before: readonly string[]): Promise<void> {
    const places = ['--data-dir', this.#data, '--cache-dir', join(this.home, 'cache', 'engine')];
    const command = [process.execPath, join(DIST, 'backend.cjs'), '--endpoint', this.#endpoint, ...places];
    const [file = '', ...args] = [...before, ...command];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#words = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words += text;
    });
    const line = once(createInterface({ input: child.stdout as Readable }), 'line').then(([text]) => text as string);
    // Not 'exit': what it said may still be unread then.
    this.#end = once(child, 'close').then(([code, name]): never => {
      throw new Broken(`The backend ended (${name ?? code}): ${this.#lastWords()}`);
    });
    this.#end.catch(() => {});
    const record: Json = JSON.parse(await inTime('the start of the backend', Promise.race([line, this.#end])));
    if (record.error) throw new Error(record.error.message);
    this.#pid = record.pid;
  }

  #lastWords(): string {
    return this.#words.trim().split('\n').slice(-3).join(' | ');
  }

  async #killAll(): Promise<void> {
    const backends = processesNaming(this.#data);
    await killAtOnce([...backends, ...backends.flatMap(childrenOf)]);
  }

  #log(): string {
    return join(this.home, `strace-${this.#trials}-${randomUUID()}`);
  }

  get #data(): string {
    return join(this.home, 'data', 'backend');
  }

  get #endpoint(): string {
    return `ipc://${join(this.home, 'run', 'backend.sock')}`;
  }

  get #exportFile(): string {
    return join(this.home, 'export.gz');
  }

  /** What a backend keeps on the disk. */
  get #files(): string[] {
    const names = [
      'journal.sqlite',
      'journal.sqlite-wal',
      'journal.sqlite-journal',
      'journal.mark',
      'backend.json',
      'grants.json',
    ];
    return [this.#data, ...names.map((name) => join(this.#data, name))];
  }
}

function isOneLine(message: string): boolean {
  return message !== '' && !message.includes('\n') && !STACK_TRACE.test(message);
}

async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Broken(`${what} does not come`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
