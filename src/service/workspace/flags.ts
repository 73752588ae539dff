/** The flags that the workspace's commands have in common. */
import { Flags } from '@oclif/core';
import { UsageError } from '../../cli/errors.js';
import { ifRevisionFlag, sessionFlag } from '../backend-command.js';
import { keepsForLater } from '../delivery.js';
import type { Change } from './change.js';

export const scopeFlag = Flags.option({
  summary: 'Whose context: of the session, or of this user for all sessions.',
  description:
    'What a session says holds over what the user says. "user" is kept on this machine and needs no backend.',
  options: ['session', 'user'] as const,
  default: 'session' as const,
});

export const atFlag = Flags.integer({
  summary: 'As it was at this revision.',
  helpValue: '<revision>',
  min: 1,
});

/** Flags of every command that changes a context. */
export const CHANGE_FLAGS = {
  session: sessionFlag,
  scope: scopeFlag(),
  base: Flags.integer({
    summary: 'Revision whose context the change was made from.',
    description:
      'What others changed since then is merged with it; where both changed the same it becomes a conflict, and the command ' +
      'exits 4. Defaults to the revision at which this machine last showed or changed the context.',
    helpValue: '<revision>',
    min: 1,
  }),
  'if-revision': ifRevisionFlag,
  key: Flags.string({ summary: 'Idempotency key. Made up when not given.' }),
  offline: Flags.option({
    summary: 'What to do when the backend cannot be reached.',
    description:
      '"queue" keeps the change in the outbox of this machine and exits 10; the next change or evaluation, "outbox flush" or ' +
      'a watch delivers it. "fail" exits 5. Without this flag: "fail" where CI is set, "queue" elsewhere.',
    options: ['queue', 'fail'] as const,
  })(),
};

export interface ChangeFlags {
  readonly base?: number | undefined;
  readonly 'if-revision'?: number | undefined;
  readonly key?: string | undefined;
  readonly offline?: 'queue' | 'fail' | undefined;
}

export function conditionsOf(flags: ChangeFlags): Pick<Change, 'base' | 'ifRevision' | 'key' | 'keepForLater'> {
  return {
    base: flags.base,
    ifRevision: flags['if-revision'],
    key: flags.key,
    keepForLater: keepsForLater(flags.offline, process.env),
  };
}

/** The user's context has no revisions. @throws UsageError */
export function refuseWithUserScope(flags: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const given = names.find((name) => flags[name] !== undefined);
  if (given !== undefined) throw new UsageError(`--${given} is about a session, and --scope user is about none`);
}
