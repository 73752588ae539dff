import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import { UsageError } from '../../cli/errors.js';
import { visibleLine } from '../../cli/terminal-text.js';
import { BackendCommand, ifRevisionFlag, sessionArg } from '../../service/backend-command.js';
import { type Fork, forkSession } from '../../service/fork.js';
import { pointFlag } from '../../service/point.js';

export default class SessionFork extends BackendCommand<Fork> {
  static override summary = 'Make a session of its own from another one, and make it the current one.';
  static override description =
    'The fork has the whole history of the session up to there, and goes its own way from then on; the session stays as it ' +
    'is. A single argument is the session, as everywhere; --name names a fork of the current session. Where CI is set the ' +
    'current session stays as it is.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42 experiment',
    '<%= config.bin %> <%= command.id %> --name experiment',
    '<%= config.bin %> <%= command.id %> build-42 before-the-change --at 120 --json',
  ];
  static override args = {
    session: sessionArg(false),
    name: stringArg({ description: 'Name of the fork, unique among open sessions. Made up when not given.' }),
  };
  static override flags = {
    name: Flags.string({ summary: 'Name of the fork, for want of a second argument.' }),
    at: pointFlag('Fork the session as it was at this revision or time.'),
    'if-revision': ifRevisionFlag,
  };

  protected override async execute(): Promise<Fork> {
    const { args, flags } = await this.parse(SessionFork);
    if (args.name !== undefined && flags.name !== undefined) {
      throw new UsageError('The fork is named twice', 'Give the name as the second argument or with --name.');
    }
    const workplace = this.workplace(flags);
    return forkSession(workplace, {
      session: workplace.sessionReference(args.session),
      name: args.name ?? flags.name,
      point: flags.at ?? {},
      ifRevision: flags['if-revision'],
    });
  }

  protected override render({ session, from, current }: Fork): string {
    const at = session.forkedFrom?.revision ?? from.revision;
    const fork = `${visibleLine(session.name)} (${session.id})`;
    return `Forked ${visibleLine(from.name)} at revision ${at}: ${fork}${current ? ' is the current session' : ''}`;
  }
}
