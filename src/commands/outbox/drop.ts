import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import { UsageError } from '../../cli/errors.js';
import { NotInOutbox } from '../../local/errors.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';

interface Result {
  readonly key: string;
  readonly dropped: true;
}

export default class OutboxDrop extends BackendCommand<Result> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Remove an evaluation or a change from the outbox, undelivered.';
  static override description =
    'What is dropped is never delivered. Exits 4 for what another command delivers just now, which is not dropped.';
  static override examples = ['<%= config.bin %> <%= command.id %> deploy-42 --yes'];
  static override args = { key: stringArg({ description: 'Its idempotency key.', required: true }) };
  static override flags = { yes: Flags.boolean({ summary: 'Do it. Without this nothing is dropped.' }) };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(OutboxDrop);
    const { outbox } = this.workplace(flags);
    if (!outbox.get(args.key)) throw new NotInOutbox(args.key);
    if (!flags.yes) {
      throw new UsageError(`Dropping ${args.key} means that it is never done`, 'Say --yes to drop it.');
    }
    outbox.drop(args.key);
    return { key: args.key, dropped: true };
  }

  protected override render({ key }: Result): string {
    return `Dropped ${key}`;
  }
}
