/**
 * What a storm asked for and was told, held against the journals that are left: whatever was killed, an accepted
 * evaluation is there once, counted once, in the session that it was meant for.
 */
import type { Json } from '../../e2e/stui.js';

/** One session at one backend. The same session may also live at another one. */
export interface Place {
  readonly backend: string;
  readonly session: string;
}

/** An evaluation that answers `'tag/count'`, where the tag is its session's own and the count that of all before it. */
export interface Order extends Place {
  readonly key: string;
  readonly code: string;
  readonly tag: string;
  /** `begin` sets the tag and the count to 0, `tag` only the tag, `count` adds one. */
  readonly does: 'begin' | 'tag' | 'count';
}

export interface Told {
  readonly outcome: string;
  readonly printString: string | null;
}

/** Processes that were ended at once. The times are in ms since 1970, before the signals, and when the last of them was gone. */
export interface Kill {
  readonly of:
    | 'backend'
    | 'backend and engines'
    | 'engine'
    | 'engines'
    | 'engines but the spare'
    | 'command'
    | 'library client'
    | 'everything';
  readonly backend: string;
  readonly from: number;
  to: number;
}

export interface Findings {
  /** Acknowledged, and not there; or counted, and forgotten. */
  readonly lost: string[];
  /** Ran, or stands in the journal, more than once. */
  readonly doubled: string[];
  /** A value of another session. */
  readonly foreign: string[];
  /** Without a value, and no kill explains it. */
  readonly unexplained: string[];
}

/** Kills that can leave an evaluation unknown, by the class of the error that the journal gives for it. */
const EXPLAINS: Readonly<Record<string, readonly Kill['of'][]>> = {
  BackendDied: ['backend', 'backend and engines', 'everything'],
  EngineDied: ['engine', 'engines', 'engines but the spare', 'backend and engines', 'everything'],
};

/** How an engine is given up that had no time to start: a storm on a slow machine, and nothing has run. */
const TOO_SLOW = 'was not ready within';

/** A backend hears of an engine's end a moment after it, longer on a busy machine, and may have given it code meanwhile, in ms. */
const HEARD_AFTER_MS = 2_000;

/** What an evaluation answers when its engine died before it was given the code: it has not run. */
const NOT_RUN = ['EngineUnavailable', 'RestoreFailed'];

/** The codes that count. A session begins with `begin`, and has the same tag until another evaluation sets it. */
export function codeOf(does: Order['does'], tag: string): string {
  const answer = "tag , '/' , counter printString";
  switch (does) {
    case 'begin':
      return `tag := '${tag}'. counter := 0. ${answer}`;
    case 'tag':
      return `tag := '${tag}'. ${answer}`;
    case 'count':
      return `counter := counter + 1. ${answer}`;
  }
}

export class Account {
  readonly kills: Kill[] = [];
  readonly findings: Findings = { lost: [], doubled: [], foreign: [], unexplained: [] };
  readonly #orders = new Map<string, Order>();
  readonly #told = new Map<string, Told>();
  #unknown = 0;
  #notRun = 0;
  #tooSlow = 0;

  get acknowledged(): number {
    return this.#told.size;
  }

  /** Unknown outcomes in the journals that were checked. */
  get unknown(): number {
    return this.#unknown;
  }

  /** Evaluations in the journals that were checked whose engine died before they began. */
  get notRun(): number {
    return this.#notRun;
  }

  /** Evaluations in the journals that were checked whose engine did not get ready. */
  get tooSlow(): number {
    return this.#tooSlow;
  }

  /** To be called before anything is sent. */
  ask(order: Order): void {
    this.#orders.set(order.key, order);
  }

  tell({ key, tag }: Order, told: Told): void {
    const earlier = this.#told.get(key);
    if (earlier && !isSame(earlier, told))
      this.findings.doubled.push(`${key} was answered ${show(earlier)} and ${show(told)}`);
    this.#told.set(key, told);
    if (told.outcome === 'value' && !told.printString?.startsWith(`'${tag}/`)) {
      this.findings.foreign.push(`${key} in a session with the tag ${tag} was answered ${show(told)}`);
    }
  }

  /**
   * Checks a session's whole journal.
   * @returns what a further evaluation would answer before it counts
   */
  check(place: Place, entries: readonly Json[]): string {
    this.#checkKeys(place, entries);
    return this.#checkCount(place, entries);
  }

  #checkKeys({ backend, session }: Place, entries: readonly Json[]): void {
    const { lost, doubled, unexplained } = this.findings;
    const outputs = new Map<string, Told>();
    for (const type of ['input', 'output']) {
      const keys = entries.filter((entry) => entry.type === type).map(({ key }) => key);
      for (const key of keys.filter((each, index) => keys.indexOf(each) !== index)) {
        doubled.push(`${key} has several entries of the type ${type} in ${session}`);
      }
    }
    for (const entry of entries) {
      if (entry.type === 'output')
        outputs.set(entry.key, { outcome: entry.outcome, printString: entry.printString ?? null });
      if (entry.type === 'input' && !this.#orders.has(entry.key)) unexplained.push(`${entry.key}: nobody asked for it`);
    }
    for (const [key, told] of this.#told) {
      const order = this.#orders.get(key);
      if (order?.session !== session || order.backend !== backend) continue;
      const found = outputs.get(key);
      if (!found || !isSame(found, told))
        lost.push(`${key} was answered ${show(told)}; the journal has ${show(found)}`);
    }
  }

  #checkCount({ session }: Place, entries: readonly Json[]): string {
    const { lost, doubled, foreign, unexplained } = this.findings;
    const inputs = new Map(entries.filter(({ type }) => type === 'input').map((input) => [input.key, input]));
    const spent = new Set<Kill>();
    let forked = false;
    let tag = '';
    let count = 0;
    for (const entry of entries) {
      if (entry.type === 'forked') forked = true;
      if (entry.type !== 'output') continue;
      const order = this.#orders.get(entry.key);
      if (entry.outcome !== 'value') {
        if (entry.error.class === 'EngineUnavailable' && entry.error.message.includes(TOO_SLOW)) {
          this.#tooSlow += 1;
          continue;
        }
        if (entry.outcome === 'unknown') this.#unknown += 1;
        else this.#notRun += 1;
        const isOfFork = forked && entry.error.class === 'Forked';
        if (!isOfFork && !this.#explain(inputs.get(entry.key), entry, spent)) {
          const when = `${inputs.get(entry.key)?.time} to ${entry.time}`;
          unexplained.push(
            `${entry.key} in ${session}, ${when}: ${entry.outcome} ${entry.error.class}: ${entry.error.message}`,
          );
        }
        continue;
      }
      if (order?.does !== 'count') tag = order?.tag ?? tag;
      const expected = order?.does === 'begin' ? 0 : count + (order?.does === 'tag' ? 0 : 1);
      const [, itsTag, itsCount] = /^'(.*)\/(\d+)'$/.exec(entry.printString) ?? [];
      const about = `${entry.key} in ${session} has ${entry.printString}, not '${tag}/${expected}'`;
      if (itsTag !== tag) foreign.push(about);
      else if (Number(itsCount) < expected) lost.push(about);
      else if (Number(itsCount) > expected) doubled.push(about);
      count = Number(itsCount);
    }
    return `'${tag}/${count}'`;
  }

  /** One kill ends one evaluation of a session: those behind it have not begun. */
  #explain(input: Json, { time, outcome, error }: Json, spent: Set<Kill>): boolean {
    const isUnknown = outcome === 'unknown';
    const kinds = isUnknown
      ? EXPLAINS[error.class]
      : NOT_RUN.includes(error.class)
        ? EXPLAINS['EngineDied']
        : undefined;
    const kill = this.kills.find(
      (each) =>
        kinds?.includes(each.of) &&
        !spent.has(each) &&
        each.to + (error.class === 'BackendDied' ? 0 : HEARD_AFTER_MS) >= Date.parse(input.time) &&
        each.from <= Date.parse(time),
    );
    if (kill && isUnknown) spent.add(kill);
    return kill !== undefined;
  }
}

function isSame(one: Told, other: Told): boolean {
  return one.outcome === other.outcome && one.printString === other.printString;
}

function show(told: Told | undefined): string {
  return told ? `${told.outcome} ${told.printString}` : 'nothing';
}
