import { Flags } from '@oclif/core';
import { stringArg } from '../cli/args.js';
import { durationFlag } from '../cli/duration.js';
import { CliError } from '../cli/errors.js';
import { loadStyle } from '../cli/style.js';
import { visibleLine } from '../cli/terminal-text.js';
import type { OutboxEntry } from '../local/outbox.js';
import { BackendCommand, sessionFlag } from '../service/backend-command.js';
import { awaitResult, exitOf } from '../service/evaluate.js';
import { evaluationFailure, evaluationText } from '../service/session-text.js';
import type { Evaluation } from '../session/evaluation.js';

const DEFAULT_PATIENCE_MS = 300_000;

export default class Result extends BackendCommand<Evaluation> {
  static override summary = 'Tell what became of an evaluation, by its key.';
  static override description =
    'Exits as "eval" would have: 0 for a value, 9 when the code raised, 6 when it was interrupted, 11 when the outcome is ' +
    'unknown, 10 while it is accepted and not yet answered, also where it waits in the outbox of this machine. With --wait ' +
    'such a one is delivered; then it also exits 6 when there is no outcome in time. Exits 4 when other code waits in the ' +
    'outbox under the key than the backend has.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> deploy-42',
    '<%= config.bin %> <%= command.id %> deploy-42 --wait --timeout 10m --json',
  ];
  static override args = { key: stringArg({ description: 'Idempotency key of the evaluation.', required: true }) };
  static override flags = {
    session: sessionFlag,
    wait: Flags.boolean({ summary: 'Wait for the outcome, also while the backend is away.' }),
    timeout: durationFlag({ summary: 'How long to wait; 5m when not given.', dependsOn: ['wait'] }),
  };

  #kept: OutboxEntry | undefined;

  protected override async execute(): Promise<Evaluation> {
    const { args, flags } = await this.parse(Result);
    const patienceMs = flags.wait ? (flags.timeout ?? DEFAULT_PATIENCE_MS) : 0;
    const workplace = this.workplace(flags);
    const evaluation = await awaitResult(workplace, args.key, flags.session, patienceMs);
    this.#kept = evaluation.outcome === 'queued' ? workplace.outbox.get(args.key) : undefined;
    if (flags.wait && evaluation.outcome === 'queued') {
      throw new CliError('timed-out', `The evaluation ${args.key} has no outcome yet`, {
        exit: 'timedOut',
        hint: this.#kept
          ? `It waits in the outbox, for ${visibleLine(this.#kept.connection)}: deliver it with "stui outbox flush".`
          : 'It goes on; ask again, or wait longer with --timeout.',
      });
    }
    this.exitAs(exitOf(evaluation));
    return evaluation;
  }

  protected override async render(evaluation: Evaluation): Promise<string> {
    const style = await loadStyle({ env: process.env, isTTY: process.stderr.isTTY === true });
    if (this.#kept) this.remark(`accepted here; it waits in the outbox, for ${visibleLine(this.#kept.connection)}`);
    else if (evaluation.outcome === 'queued') this.remark('accepted, not answered yet');
    else if (evaluation.error) this.remarkInStyle(evaluationFailure(evaluation, style));
    return evaluationText(evaluation);
  }
}
