import { stringArg } from '../cli/args.js';
import { loadStyle } from '../cli/style.js';
import { visible } from '../cli/terminal-text.js';
import { BackendCommand, sessionFlag } from '../service/backend-command.js';
import { exitOf } from '../service/evaluate.js';
import { evaluationFailure } from '../service/session-text.js';
import type { Evaluation } from '../session/evaluation.js';

export default class Result extends BackendCommand<Evaluation> {
  static override summary = 'Tell what became of an evaluation, by its key.';
  static override description =
    'Exits as "eval" would have: 0 for a value, 9 when the code raised, 6 when it was interrupted, 11 when the outcome is ' +
    'unknown, 10 while it is accepted and not yet answered.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> deploy-42',
    '<%= config.bin %> <%= command.id %> deploy-42 --json',
  ];
  static override args = { key: stringArg({ description: 'Idempotency key of the evaluation.', required: true }) };
  static override flags = { session: sessionFlag };

  protected override async execute(): Promise<Evaluation> {
    const { args, flags } = await this.parse(Result);
    const workplace = this.workplace(flags);
    const { evaluation } = await workplace.ask('get_result', { key: args.key, session_id: flags.session });
    this.exitAs(exitOf(evaluation));
    return evaluation;
  }

  protected override async render(evaluation: Evaluation): Promise<string> {
    if (evaluation.printString !== null) return `${visible(evaluation.transcript)}${visible(evaluation.printString)}`;
    const style = await loadStyle({ env: process.env, isTTY: process.stderr.isTTY === true });
    const text = evaluation.outcome === 'queued' ? 'accepted, not answered yet' : evaluationFailure(evaluation, style);
    process.stderr.write(`${text}\n`);
    return visible(evaluation.transcript);
  }
}
