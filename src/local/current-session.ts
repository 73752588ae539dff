/**
 * Which session commands mean when they name none: for each connection, what was chosen in the same terminal, else what
 * was chosen last anywhere in this home. Commands of one process after another, such as jobs of a make, share a terminal,
 * so it is also kept who chose what: a choice that somebody else replaced can be told to whoever made it.
 */
import { checkedConnectionName } from './connection-name.js';
import { InvalidValue } from './errors.js';
import type { Store } from './store.js';
import { isFields, type StoreShape, WrongShape } from './store-contents.js';
import type { Place } from './terminal.js';

export interface CurrentSession {
  readonly connection: string;
  readonly id: string;
  readonly name: string;
}

/** What was chosen in a terminal. */
interface Choice {
  readonly connection: string;
  /** Null, as its name, when the session was deleted since: the terminal has none then. */
  readonly id: string | null;
  readonly name: string | null;
  /** Null for processes without a terminal. */
  readonly terminal: string | null;
  readonly caller: string | null;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export interface CurrentSessionsFile {
  /** What was chosen last, of each connection. All that versions before the terminals know. */
  readonly sessions: readonly CurrentSession[];
  /** Oldest first. */
  readonly choices: readonly Choice[];
}

export const CURRENT_SESSIONS_SHAPE: StoreShape<CurrentSessionsFile> = {
  schemaVersion: 1,
  empty: () => ({ sessions: [], choices: [] }),
  decode: ({ sessions = [], choices = [] }) => {
    if (!Array.isArray(sessions)) throw new WrongShape('sessions is not a list');
    for (const [index, session] of sessions.entries()) {
      for (const field of ['connection', 'id', 'name']) {
        if (isFields(session) && isPresent(session[field])) continue;
        throw new WrongShape(`sessions[${index}].${field} is not a text`);
      }
    }
    if (!Array.isArray(choices)) throw new WrongShape('choices is not a list');
    for (const [index, choice] of choices.entries()) {
      for (const field of ['connection', 'id', 'name', 'terminal', 'caller', 'at']) {
        if (isFields(choice) && (isPresent(choice[field]) || (choice[field] === null && isNullable(field)))) continue;
        throw new WrongShape(`choices[${index}].${field} is not a text`);
      }
    }
    return { sessions, choices };
  },
};

/** A terminal that nothing is chosen in for so long is taken for one that is gone, where that cannot be told, in ms. */
const FORGOTTEN_AFTER_MS = 30 * 86_400_000;

/** Choices that are kept at most; the oldest go first. */
const MOST_CHOICES = 500;

export interface CurrentSessionsOptions {
  /** Where the command was typed; asked when it matters. */
  readonly place: () => Place;
  readonly now: () => Date;
}

export class CurrentSessions {
  constructor(
    private readonly store: Store<CurrentSessionsFile>,
    private readonly options: CurrentSessionsOptions,
  ) {}

  /** What is current where the command was typed. */
  get(connection: string): CurrentSession | undefined {
    return currentIn(this.store.read(), connection, this.options.place());
  }

  /** @returns what the caller of this command had chosen, when another process has chosen another one there since */
  overtaken(connection: string): CurrentSession | undefined {
    const place = this.options.place();
    const file = this.store.read();
    const current = currentIn(file, connection, place);
    return current && ownOvertaken(file, current, place);
  }

  /** Makes a session the current one in this terminal, and where none was chosen. @throws InvalidValue if a field is empty */
  async set({ connection, id, name }: CurrentSession): Promise<void> {
    checkedConnectionName(connection);
    if (!isPresent(id)) throw new InvalidValue('session id', id, 'a non-empty text');
    if (!isPresent(name)) throw new InvalidValue('session name', name, 'a non-empty text');
    const session = { connection, id, name };
    await this.store.update((file) => ({
      sessions: [...file.sessions.filter((each) => each.connection !== connection), session],
      choices: this.#choosing(file.choices, session),
    }));
  }

  /** From now on the caller knows what is current here, and what others choose elsewhere does not change it. */
  async settle(connection: string): Promise<void> {
    const place = this.options.place();
    const change = (file: CurrentSessionsFile): CurrentSessionsFile => {
      const current = currentIn(file, connection, place);
      const isSettled =
        current === undefined || (isChosen(file, connection, place) && !ownOvertaken(file, current, place));
      return isSettled ? file : { ...file, choices: this.#choosing(file.choices, current) };
    };
    const file = this.store.read();
    if (change(file) !== file) await this.store.update(change);
  }

  /** A session is gone. Forgetting one that is not current anywhere changes nothing. */
  async forget(connection: string, id: string): Promise<void> {
    const isIt = (each: CurrentSession | Choice): boolean => each.connection === connection && each.id === id;
    await this.store.update(({ sessions, choices }) => ({
      sessions: sessions.filter((session) => !isIt(session)),
      choices: choices.map((choice) => (isIt(choice) ? { ...choice, id: null, name: null } : choice)),
    }));
  }

  /** A connection is gone. Clearing what is not set changes nothing. */
  async clear(connection: string): Promise<void> {
    await this.store.update(({ sessions, choices }) => ({
      sessions: sessions.filter((session) => session.connection !== connection),
      choices: choices.filter((choice) => choice.connection !== connection),
    }));
  }

  #choosing(choices: readonly Choice[], session: CurrentSession): Choice[] {
    const { terminal, caller } = this.options.place();
    const isSame = (each: Choice): boolean => isOf(each, session.connection, terminal) && each.caller === caller;
    const others = choices.filter((choice) => !isSame(choice));
    if (terminal === null && caller === null) return this.#living(others);
    const { connection, id, name } = session;
    const chosen = { connection, id, name, terminal, caller, at: this.options.now().toISOString() };
    return this.#living([...others, chosen]).slice(-MOST_CHOICES);
  }

  /** Without those of terminals that are gone, and those that callers who are gone had made before the last one. */
  #living(choices: readonly Choice[]): Choice[] {
    const { isOver } = this.options.place();
    const oldest = new Date(this.options.now().getTime() - FORGOTTEN_AFTER_MS).toISOString();
    const isHeld = ({ terminal, at }: Choice): boolean => at >= oldest && (terminal === null || !isOver(terminal));
    return choices.filter(
      (choice) =>
        isHeld(choice) &&
        ((choice.caller !== null && !isOver(choice.caller)) ||
          (choice.terminal !== null && choice === lastOf(choices, choice.connection, choice.terminal))),
    );
  }
}

function currentIn(file: CurrentSessionsFile, connection: string, { terminal }: Place): CurrentSession | undefined {
  const chosen = terminal === null ? undefined : lastOf(file.choices, connection, terminal);
  return chosen ? sessionOf(chosen) : file.sessions.find((session) => session.connection === connection);
}

/** Without a terminal there is nothing to keep to. */
function isChosen({ choices }: CurrentSessionsFile, connection: string, { terminal }: Place): boolean {
  return terminal === null || lastOf(choices, connection, terminal) !== undefined;
}

function ownOvertaken(
  { choices }: CurrentSessionsFile,
  { connection, id }: CurrentSession,
  { terminal, caller }: Place,
): CurrentSession | undefined {
  if (caller === null) return undefined;
  const own = sessionOf(choices.find((each) => isOf(each, connection, terminal) && each.caller === caller));
  return own === undefined || own.id === id ? undefined : own;
}

function lastOf(choices: readonly Choice[], connection: string, terminal: string): Choice | undefined {
  return choices.findLast((choice) => isOf(choice, connection, terminal));
}

function isOf(choice: Choice, connection: string, terminal: string | null): boolean {
  return choice.connection === connection && choice.terminal === terminal;
}

function sessionOf(choice: Choice | undefined): CurrentSession | undefined {
  if (choice === undefined || choice.id === null || choice.name === null) return undefined;
  return { connection: choice.connection, id: choice.id, name: choice.name };
}

function isNullable(field: string): boolean {
  return !['connection', 'at'].includes(field);
}

function isPresent(text: unknown): text is string {
  return typeof text === 'string' && text !== '';
}
