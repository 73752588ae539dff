import { Flags } from '@oclif/core';
import { UsageError } from '../../cli/errors.js';
import { ProtocolError } from '../../protocol/errors.js';
import { BackendCommand, ifRevisionFlag, sessionArg } from '../../service/backend-command.js';
import { sessionId } from '../../service/session-id.js';

interface Result {
  readonly session: string;
  readonly deleted: true;
}

export default class SessionDelete extends BackendCommand<Result> {
  static override summary = 'Remove a session with its journal and snapshots, for good.';
  static override examples = ['<%= config.bin %> <%= command.id %> build-42 --yes'];
  static override args = { session: sessionArg(true) };
  static override flags = {
    yes: Flags.boolean({ summary: 'Do it. Without this nothing is deleted.' }),
    'if-revision': ifRevisionFlag,
  };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionDelete);
    const workplace = this.workplace(flags);
    const reference = workplace.sessionReference(args.session);
    if (!flags.yes) {
      throw new UsageError(
        `Deleting ${reference} cannot be undone`,
        `Keep a copy with "stui session export", then say --yes.`,
      );
    }
    const id = await sessionId(workplace, reference);
    try {
      await workplace.ask('delete_session', { session_id: id, if_revision: flags['if-revision'] });
    } catch (error) {
      // It was there a moment ago: the answer to the first request got lost, or somebody else was as quick.
      if (!(error instanceof ProtocolError) || error.type !== 'SessionNotFound') throw error;
    }
    await workplace.forget(id);
    return { session: id, deleted: true };
  }

  protected override render({ session }: Result): string {
    return `Deleted ${session}`;
  }
}
