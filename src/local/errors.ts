/** What can go wrong with this machine's own state: one class for each thing a caller would do differently. */

/** Base of every error of this folder. `message` says what happened and to which file, `hint` what to do next. */
export abstract class LocalError extends Error {
  /** Kebab-case, stable: scripts match on it, and the CLI maps it to an exit code. */
  abstract readonly code: string;

  constructor(
    message: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A file is not what stui wrote there, and no good copy of it is at hand. */
export class LocalStateDamaged extends LocalError {
  readonly code = 'local-state-damaged';

  constructor(
    readonly file: string,
    reason: string,
  ) {
    super(`${file} is damaged: ${reason}`, `Mend the file, or move it away: stui then starts with an empty one.`);
  }
}

/** The disk, the quota or a size limit did not allow the change. What was there before is still there. */
export class LocalStateFull extends LocalError {
  readonly code = 'local-state-full';

  constructor(
    readonly file: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `${file} was not changed: ${reason}`,
      'Free some space on the disk that holds it and try again. The file still holds its old content.',
      options,
    );
  }
}

/** The place may be read but not written. */
export class LocalStateReadOnly extends LocalError {
  readonly code = 'local-state-read-only';

  constructor(
    readonly file: string,
    options?: ErrorOptions,
  ) {
    super(
      `${file} cannot be written`,
      'Make its directory writable, or set STUI_HOME to a directory that is.',
      options,
    );
  }
}

/** Another process held the file's lock for longer than we wait. */
export class LocalStateLocked extends LocalError {
  readonly code = 'local-state-locked';

  constructor(
    readonly file: string,
    readonly lockPath: string,
    waitedMs: number,
  ) {
    super(
      `${file} is being changed by another process (waited ${waitedMs} ms)`,
      `Try again. If no other stui runs on this machine, remove ${lockPath}.`,
    );
  }
}

/** A newer stui wrote the file; this one must not overwrite what it does not understand. */
export class LocalStateNewer extends LocalError {
  readonly code = 'local-state-newer';

  constructor(
    readonly file: string,
    found: number,
    known: number,
  ) {
    super(
      `${file} was written by a newer stui (schemaVersion ${found}, this one knows ${known})`,
      'Update stui, or set STUI_HOME to another directory for this version.',
    );
  }
}

/** The operating system refused something that none of the other classes describes. */
export class LocalStateUnusable extends LocalError {
  readonly code = 'local-state-unusable';

  constructor(
    readonly file: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file} cannot be used: ${reason}`, 'Check the path and its permissions, or set STUI_HOME.', options);
  }
}

/** A directory or file could be under somebody else's control: a symbolic link, a foreign owner, open permissions. */
export class UnsafePath extends LocalError {
  readonly code = 'unsafe-path';

  constructor(
    readonly file: string,
    reason: string,
    hint = 'Remove it or give it back to your user; or set STUI_HOME to a directory of your own.',
  ) {
    super(`${file} is not safe to use: ${reason}`, hint);
  }
}

/** The user has no home directory, and none is named for stui. */
export class NoHome extends LocalError {
  readonly code = 'no-home';

  constructor() {
    super(
      'there is no home directory to keep anything in',
      'Set STUI_HOME to a directory of your own; or HOME, to an absolute path.',
    );
  }
}

/** No directory for the backend's socket is short enough for the operating system. */
export class SocketPathTooLong extends LocalError {
  readonly code = 'socket-path-too-long';

  constructor(
    readonly file: string,
    limitBytes: number,
  ) {
    super(
      `the socket path ${file} is longer than the ${limitBytes} bytes the operating system allows`,
      'Set TMPDIR or STUI_HOME to a shorter path.',
    );
  }
}

/** A name, endpoint, key or preference value outside what is allowed. */
export class InvalidValue extends LocalError {
  readonly code = 'invalid-value';

  constructor(
    readonly field: string,
    value: unknown,
    readonly allowed: string,
  ) {
    super(`${field} cannot be ${quoted(value)}`, `Allowed: ${allowed}.`);
  }
}

/** There is no connection of that name. */
export class UnknownConnection extends LocalError {
  readonly code = 'unknown-connection';

  constructor(
    readonly connection: string,
    known: readonly string[],
  ) {
    super(`there is no connection named ${quoted(connection)}`, `Known connections: ${known.join(', ')}.`);
  }
}

/** A connection of that name exists and says something else. */
export class ConnectionExists extends LocalError {
  readonly code = 'connection-exists';

  constructor(
    readonly connection: string,
    endpoint: string,
  ) {
    super(
      `a connection named ${quoted(connection)} exists already, to ${endpoint}`,
      'Remove it first, or choose another name.',
    );
  }
}

/** The key was accepted already, and stands for something else. */
export class OutboxKeyConflict extends LocalError {
  readonly code = 'outbox-key-conflict';

  constructor(
    readonly key: string,
    readonly differs: 'code' | 'change' | 'session' | 'connection',
  ) {
    super(
      `the key ${quoted(key)} was accepted for another ${differs} and is not acknowledged yet`,
      'Use a key once: choose another one for this.',
    );
  }
}

/** No entry of the outbox has that key: it was never accepted here, or it has been acknowledged or dropped. */
export class NotInOutbox extends LocalError {
  readonly code = 'not-in-outbox';

  constructor(readonly key: string) {
    super(`nothing with the key ${quoted(key)} waits in the outbox`, 'Ask what became of it with "stui result KEY".');
  }
}

/** The entry is on its way to a backend, or about to be, so that it cannot be taken back any more. */
export class BeingDelivered extends LocalError {
  readonly code = 'outbox-being-delivered';

  constructor(
    readonly key: string,
    pid: number,
  ) {
    super(
      `${quoted(key)} is being delivered, by the process ${pid}`,
      'It was not dropped. Try again when that process has ended; "stui result KEY" tells what became of it.',
    );
  }
}

/** There is no preference of that name. */
export class UnknownPreference extends LocalError {
  readonly code = 'unknown-preference';

  constructor(
    readonly preference: string,
    known: readonly string[],
  ) {
    super(`there is no preference named ${quoted(preference)}`, `Known preferences: ${known.join(', ')}.`);
  }
}

/** Long enough to recognise a value by, short enough for one line of a terminal. */
const QUOTED_CHARACTERS = 80;

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}...` : text;
}

/** What a backend calls its refusal of a journal that is not what was written. */
const DAMAGE: ReadonlySet<string> = new Set(['DamagedJournal', 'ForeignFile']);

/** A backend process was started and did not become a backend. */
export class BackendNotStarted extends LocalError {
  readonly code: string;

  constructor(
    reason: string,
    log: string,
    /** Class of the backend's own error; `JournalLocked` when another backend has the data. */
    readonly reasonName?: string,
  ) {
    super(`The backend did not start: ${reason}`, hintFor(reasonName, log));
    this.code = isDamage(reasonName)
      ? 'journal-damaged'
      : reasonName === 'JournalLocked'
        ? 'backend-running'
        : 'backend-not-started';
  }

  /** Its journal is damaged, or no journal. */
  get isDamage(): boolean {
    return isDamage(this.reasonName);
  }
}

/** What a journal that was not repaired is called, by what the backend's program calls its refusal. */
const REFUSED_REPAIR: Readonly<Record<string, { code: string; hint: string }>> = {
  JournalLocked: { code: 'backend-running', hint: 'Stop the backend that has it first: "stui backend stop".' },
  NoJournal: {
    code: 'no-journal',
    hint: 'Give the directory that the backend was started with; "stui backend status" tells it while one runs.',
  },
};

/** The journal of a backend that does not run could not be looked at, or not be repaired. */
export class JournalNotRepaired extends LocalError {
  readonly code: string;

  constructor(reason: string, reasonName = '') {
    const { code, hint } = REFUSED_REPAIR[reasonName] ?? {
      code: 'journal-not-repaired',
      hint: 'It is as it was before.',
    };
    super(`The journal was not repaired: ${reason}`, hint);
    this.code = code;
  }
}

function isDamage(reasonName: string | undefined): boolean {
  return reasonName !== undefined && DAMAGE.has(reasonName);
}

function hintFor(reasonName: string | undefined, log: string): string {
  if (isDamage(reasonName)) {
    return (
      'Look with "stui session repair --dry-run" (and --data-dir, where it is not the private backend); repair brings ' +
      `back what is good and keeps the rest aside. See also ${log}.`
    );
  }
  if (reasonName === 'JournalLocked') return 'Stop the other backend first, or give this one its own --data-dir.';
  return `See ${log}.`;
}
