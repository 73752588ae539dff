/**
 * Kills without an end, while several clients work in several sessions on two backends. What is not done is on purpose,
 * since it races with the end of a session's life in ways that are known: orderly stops of a backend under load, imports
 * that advance a session in use, renames, and replays.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { decodeArchive } from '../../../src/session/archive-decoder.js';
import { fold } from '../../../src/session/state.js';
import { childrenOf, killAtOnce, processesNaming } from '../../e2e/processes.js';
import { backendRecord, type Json, stui, temporaryHome } from '../../e2e/stui.js';
import { readVerified } from '../audit.js';
import type { Chance } from '../chance.js';
import { Wire } from '../wire.js';
import { Account, codeOf, type Kill, type Order, type Told } from './account.js';
import { CommandLine, running } from './command-line.js';
import { LibraryClient } from './library-client.js';

/** Sessions that are there from the beginning to the end. */
const SESSIONS = 4;

/** Programs with the library, each with all sessions. */
const LIBRARY_CLIENTS = 2;

/** Command lines that evaluate beside them. */
const COMMAND_LINES = 2;

/**
 * Between two kills of backends, engines or programs: answers that clients get, so that kills meet work also where it is slow,
 * and then a moment in ms, so that they meet all of it.
 */
const ANSWERS_BETWEEN_KILLS = 12;
const LONGEST_MOMENT_MS = 300;

/** Where nothing is answered for so long, in ms, there is something to be killed all the same. */
const LONGEST_CALM_MS = 3_000;

/** Between two looks at what was answered, in ms. */
const LOOK_EVERY_MS = 10;

/** A backend that was killed is started by whoever needs it first, or by this one. */
const STARTED_OF_TEN = 5;

/** Sessions whose engines were killed start new ones at the same moment, of which one is the spare. */
const KINDS: readonly Kill['of'][] = [
  'backend',
  'backend and engines',
  'engine',
  'engines',
  'engines but the spare',
  'engines but the spare',
  'engines but the spare',
  'library client',
  'everything',
];

/** A session as the storm knows it. */
interface Known {
  readonly backend: string;
  readonly id: string;
  tag: string;
}

/** Changes of one place of a workspace by the only one who changes it: each with its key, in order. */
interface Change {
  readonly session: string;
  readonly key: string;
  readonly value: number;
}

export class Storm {
  readonly account = new Account();
  readonly #here = temporaryHome();
  readonly #there = temporaryHome();
  readonly #chance: Chance;
  readonly #sessions: Known[] = [];
  readonly #changes: Change[] = [];
  readonly #gone = new Set<string>();
  /** Names of sessions that close by themselves, and may be pruned. */
  readonly #expiring = new Set<string>();
  #programs: LibraryClient[] = [];
  #isCalm = true;
  #names = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** Rages for so long, in ms, then waits until everything that was asked for is answered. */
  async rage(durationMs: number): Promise<void> {
    await this.#begin();
    const end = Date.now() + durationMs;
    this.#isCalm = false;
    const failures: unknown[] = [];
    const goOn = async (round: () => Promise<void>): Promise<void> => {
      // What failed ends the storm for all, and nobody is left behind who still works when the test is over.
      const fail = (error: unknown) => failures.push(error);
      while (Date.now() < end && failures.length === 0) await round().catch(fail);
    };
    const work = [
      ...Array.from({ length: LIBRARY_CLIENTS }, () => this.#bursts()),
      ...Array.from({ length: COMMAND_LINES }, () => this.#counting()),
      this.#changing(),
      this.#forking(),
      this.#travelling(),
      this.#caring(),
    ].map(goOn);
    const kill = this.#killing();
    await Promise.all([...work, goOn(kill).then(() => this.#calmDown())]);
    for (const program of this.#programs) await program.stop();
    if (failures.length > 0) throw failures[0];
  }

  /** Kills everything once more, and compares what is left with what was told. */
  async check(): Promise<void> {
    for (const home of [this.#here, this.#there]) {
      await killAtOnce(everyProcessOf(home));
      await stui(home, 'backend', 'start', '--detach');
      // Commands that were killed may have left what others have answered since: it must not run again.
      await stui(home, 'outbox', 'flush');
      await this.#checkBackend(home);
    }
  }

  /** Figures for people. */
  summary(): string {
    const { account } = this;
    const { lost, doubled, foreign, unexplained } = account.findings;
    const kinds = new Map<string, number>();
    for (const { of } of account.kills) kinds.set(of, (kinds.get(of) ?? 0) + 1);
    const kills = [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ');
    return [
      `acknowledged ${account.acknowledged}, workspace changes ${this.#changes.length}`,
      `lost ${lost.length}, doubled ${doubled.length}, foreign ${foreign.length}`,
      `unknown ${account.unknown}, not run ${account.notRun}, too slow ${account.tooSlow}, unexplained ${unexplained.length}`,
      `kills: ${kills}`,
    ].join('; ');
  }

  async #begin(): Promise<void> {
    const line = this.#commandLine(this.#here);
    for (let index = 0; index < SESSIONS; index++) {
      const { id } = await line.done('session', 'create', `counter-${index}`);
      await line.done('session', 'share', id);
      this.#sessions.push({ backend: this.#here, id, tag: this.#newTag() });
    }
    const endpoint = backendRecord(this.#here)?.endpoint as string;
    this.#programs = Array.from(
      { length: LIBRARY_CLIENTS },
      (_, index) => new LibraryClient(endpoint, `program-${index}`),
    );
    await Promise.all(this.#sessions.map((session) => this.#byProgram(this.#chance, session, 'begin')));
  }

  /** Several sessions at the same moment, of which some have no engine. */
  #bursts(): () => Promise<void> {
    const chance = this.#chance.branch();
    return async () => {
      const sessions = chance.sample(this.#sessions, chance.whole(2, SESSIONS));
      await Promise.all(sessions.map((session) => this.#byProgram(chance, session, 'count')));
    };
  }

  #counting(): () => Promise<void> {
    const chance = this.#chance.branch();
    const line = this.#commandLine(this.#here);
    return () => this.#byCommand(line, chance.pick(this.#sessions), 'count');
  }

  #changing(): () => Promise<void> {
    const line = this.#commandLine(this.#here);
    const { id: session } = this.#sessions[0] as Known;
    return async () => {
      const change = { session, key: randomUUID(), value: this.#changes.length + 1 };
      this.#changes.push(change);
      const value = String(change.value);
      await line.done(
        'workspace',
        'set',
        'preferences.size',
        value,
        '-s',
        session,
        '--key',
        change.key,
        '--offline',
        'fail',
      );
    };
  }

  /** Two forks that evaluate for the first time at the same moment, are counted in, checked and deleted. */
  #forking(): () => Promise<void> {
    const chance = this.#chance.branch();
    const line = this.#commandLine(this.#here);
    return async () => {
      const origin = chance.pick(this.#sessions);
      const forks = [await this.#fork(line, origin), await this.#fork(line, origin)];
      for (const does of ['tag', 'count', 'count'] as const) {
        await Promise.all(forks.map((fork) => this.#byProgram(chance, fork, does)));
      }
      for (const fork of forks) {
        this.account.check({ backend: fork.backend, session: fork.id }, await this.#exported(line, fork));
        await this.#delete(line, fork);
      }
    };
  }

  /** A session that goes on on two machines, and comes back as a fork. */
  #travelling(): () => Promise<void> {
    const chance = this.#chance.branch();
    const [here, there] = [this.#commandLine(this.#here), this.#commandLine(this.#there)];
    return async () => {
      const { id } = await this.#created(here);
      const session = { backend: this.#here, id, tag: this.#newTag() };
      const abroad = { backend: this.#there, id, tag: this.#newTag() };
      await this.#byCommand(here, session, 'begin');
      await this.#byCommand(here, session, 'count');
      const file = await this.#export(here, session);
      await here.done('session', 'share', id);
      await Promise.all([
        this.#byProgram(chance, session, 'count'),
        there.done('session', 'import', file).then(() => this.#byCommand(there, abroad, 'tag')),
      ]);
      await this.#byCommand(there, abroad, 'count');
      const back = await here.done('session', 'import', await this.#export(there, abroad), '--fork');
      const fork = { backend: this.#here, id: back.session.id, tag: this.#newTag() };
      await Promise.all([this.#byCommand(here, fork, 'tag'), this.#byCommand(here, session, 'count')]);
      this.account.check({ backend: this.#there, session: id }, await this.#exported(there, abroad));
      await this.#delete(there, abroad);
    };
  }

  /** What looks after a backend, and must change nothing where nothing is wrong. */
  #caring(): () => Promise<void> {
    const chance = this.#chance.branch();
    const line = this.#commandLine(this.#here);
    return async () => {
      const name = this.#newName();
      this.#expiring.add(name);
      await line.finish('session', 'create', name, '--ttl', '1s', '--json');
      const session = chance.pick(this.#sessions).id;
      for (const command of chance.sample(
        [['repair'], ['repair', '--dry-run'], ['repair', session], ['verify', session]],
        2,
      )) {
        const { code, stdout, stderr } = await line.finish('session', ...command, '--json');
        if (code !== 0)
          this.account.findings.unexplained.push(`${command.join(' ')} exits ${code}: ${stdout} ${stderr}`);
      }
      const { sessions } = await line.done('session', 'prune', '--expired');
      for (const pruned of sessions) {
        if (!this.#expiring.has(pruned.name)) this.account.findings.lost.push(`${pruned.name} was pruned`);
      }
    };
  }

  #killing(): () => Promise<void> {
    const chance = this.#chance.branch();
    return async () => {
      await this.#answers(chance.whole(0, ANSWERS_BETWEEN_KILLS));
      await pause(chance.whole(0, LONGEST_MOMENT_MS));
      const of = chance.pick(KINDS);
      const program = chance.pick(this.#programs);
      const home = chance.pick([this.#here, this.#here, this.#here, this.#there]);
      const starts = chance.whole(1, 10) <= STARTED_OF_TEN;
      const kill: Kill = { of, backend: home, from: Date.now(), to: Number.POSITIVE_INFINITY };
      this.account.kills.push(kill);
      const engines = backendsOf(home).flatMap(childrenOf);
      if (of === 'engine') await killAtOnce(engines.length > 0 ? [chance.pick(engines)] : []);
      if (of === 'engines') await killAtOnce(engines);
      // The spare is the one that was started last.
      if (of === 'engines but the spare') await killAtOnce(engines.filter((pid) => pid !== Math.max(...engines)));
      if (of === 'backend') await killAtOnce(backendsOf(home));
      if (of === 'backend and engines') await killAtOnce(everyProcessOf(home));
      if (of === 'library client') await program.kill();
      if (of === 'everything') {
        for (const { child } of running) child.kill('SIGKILL');
        await Promise.all([killAtOnce(everyProcessOf(home)), ...this.#programs.map((each) => each.kill())]);
      }
      kill.to = Date.now();
      if (starts && backendsOf(home).length === 0) await stui(home, 'backend', 'start', '--detach');
    };
  }

  async #answers(count: number): Promise<void> {
    const enough = this.account.acknowledged + count;
    const end = Date.now() + LONGEST_CALM_MS;
    while (this.account.acknowledged < enough && Date.now() < end) await pause(LOOK_EVERY_MS);
  }

  /** What waits for a backend gets one. */
  async #calmDown(): Promise<void> {
    this.#isCalm = true;
    for (const home of [this.#here, this.#there]) await stui(home, 'backend', 'start', '--detach');
  }

  async #byProgram(chance: Chance, session: Known, does: Order['does']): Promise<void> {
    const order = this.#order(session, does);
    const told = await chance.pick(this.#programs).evaluate(order);
    await this.#told(order, told, () => this.#byProgram(chance, session, does));
  }

  async #byCommand(line: CommandLine, session: Known, does: Order['does']): Promise<void> {
    const order = this.#order(session, does);
    for (;;) {
      const ending = await line.finish('eval', order.code, '-s', session.id, '--key', order.key, '--json');
      const { outcome, printString, error } = ending.json;
      if (error && outcome === undefined) throw new Error(`${order.key}: ${ending.stdout} ${ending.stderr}`);
      if (outcome !== 'queued')
        return this.#told(order, { outcome, printString }, () => this.#byCommand(line, session, does));
    }
  }

  /** What sets the tag is asked for until it is set; what only counts is counted by what comes next. */
  async #told(order: Order, told: Told, again: () => Promise<void>): Promise<void> {
    this.account.tell(order, told);
    if (order.does !== 'count' && told.outcome !== 'value') await again();
  }

  #order({ backend, id, tag }: Known, does: Order['does']): Order {
    const order: Order = { key: randomUUID(), backend, session: id, tag, does, code: codeOf(does, tag) };
    this.account.ask(order);
    return order;
  }

  async #created(line: CommandLine): Promise<Json> {
    const name = this.#newName();
    return this.#madeOnce(line, name, 'create', name);
  }

  /** @returns the session that a command makes under a name of its own */
  async #madeOnce(line: CommandLine, name: string, ...command: string[]): Promise<Json> {
    for (;;) {
      const ending = await line.finish('session', ...command, '--json');
      if (ending.code === 0) return ending.json;
      if (ending.json.error?.code !== 'name-taken')
        throw new Error(`session ${command.join(' ')} exits ${ending.code}: ${ending.stdout} ${ending.stderr}`);
      // An earlier try was killed before it could say that it was made; or it was still being made, and its backend was killed.
      const shown = await line.finish('session', 'show', name, '--json');
      if (shown.code === 0) return shown.json;
    }
  }

  async #fork(line: CommandLine, { backend, id }: Known): Promise<Known> {
    const name = this.#newName();
    const made = await this.#madeOnce(line, name, 'fork', id, name);
    const fork = made.session ?? made;
    await line.done('session', 'share', fork.id);
    return { backend, id: fork.id, tag: this.#newTag() };
  }

  /** An export is there whole, or not at all, whatever it was killed in. @returns the file */
  async #export(line: CommandLine, { id }: Known): Promise<string> {
    const file = join(line.home, `${this.#newName()}.gz`);
    const ending = await line.finish('session', 'export', id, '-o', file, '--json');
    if (existsSync(file)) decodeArchive(gunzipSync(readFileSync(file)).toString());
    if (ending.code !== 0)
      throw new Error(`The export of ${id} exits ${ending.code}: ${ending.stdout} ${ending.stderr}`);
    return file;
  }

  async #exported(line: CommandLine, session: Known): Promise<Json[]> {
    const file = await this.#export(line, session);
    const { entries } = decodeArchive(gunzipSync(readFileSync(file)).toString());
    rmSync(file);
    return entries.map(({ entry }) => entry);
  }

  async #delete(line: CommandLine, { backend, id }: Known): Promise<void> {
    const { code, stdout } = await line.finish('session', 'delete', id, '--yes', '--json');
    // The one that deleted it was killed before it could say so.
    if (code !== 0 && code !== 3) throw new Error(`The deletion of ${id} exits ${code}: ${stdout}`);
    this.#gone.add(`${backend}:${id}`);
  }

  async #checkBackend(home: string): Promise<void> {
    const { findings } = this.account;
    const wire = new Wire(backendRecord(home)?.endpoint as string);
    const { sessions } = await wire.result('list_sessions', {});
    const expected = new Map<string, string>();
    for (const { id, name } of sessions) {
      if (this.#gone.has(`${home}:${id}`)) findings.lost.push(`the deletion of ${name}: it is there again`);
      const entries = await readVerified(wire, id);
      const next = this.account.check({ backend: home, session: id }, entries);
      if (entries.some(({ type }) => type === 'input')) expected.set(id, next);
      this.#checkChanges(id, entries);
    }
    for (const { backend, id } of this.#sessions) {
      if (backend === home && !expected.has(id)) findings.lost.push(`the session ${id}`);
    }
    // All of them are without an engine, and ask for one at the same moment.
    const answers = [...expected].map(async ([id, next]) => {
      const { evaluation } = await wire.result('evaluate', { session_id: id, code: "tag , '/' , counter printString" });
      if (evaluation.printString !== next) findings.foreign.push(`${id} has ${evaluation.printString}, not ${next}`);
    });
    await Promise.all(answers);
  }

  #checkChanges(session: string, entries: readonly Json[]): void {
    const changes = this.#changes.filter((change) => change.session === session);
    if (changes.length === 0) return;
    const keys = entries.filter(({ type }) => type === 'context').flatMap((entry) => entry.keys ?? []);
    for (const { key, value } of changes) {
      const times = keys.filter((each) => each === key).length;
      if (times === 0) this.account.findings.lost.push(`the change to ${value}`);
      if (times > 1) this.account.findings.doubled.push(`the change to ${value}`);
    }
    const last = changes.at(-1)?.value;
    const size = (fold(entries as never).context as Json).preferences?.size;
    if (size !== last) this.account.findings.lost.push(`the change to ${last}: it is ${size}`);
  }

  #commandLine(home: string): CommandLine {
    return new CommandLine(home, this.account, this.#chance.branch(), () => this.#isCalm);
  }

  #newName(): string {
    this.#names += 1;
    return `session-${this.#names}`;
  }

  /** Long enough that no two are the same, and made of letters, so that no secret is seen in it. */
  #newTag(): string {
    return Array.from({ length: 8 }, () => String.fromCharCode(97 + this.#chance.whole(0, 25))).join('');
  }
}

function backendsOf(home: string): number[] {
  return processesNaming(join(home, 'data', 'backend'));
}

function everyProcessOf(home: string): number[] {
  const backends = backendsOf(home);
  return [...backends, ...backends.flatMap(childrenOf)];
}
