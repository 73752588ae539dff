import { Flags } from '@oclif/core';
import { stringArg } from '../cli/args.js';
import { durationFlag } from '../cli/duration.js';
import { ENCODING_HINT, encodingFlag } from '../cli/encoding.js';
import { UsageError } from '../cli/errors.js';
import { loadStyle } from '../cli/style.js';
import type { TextEncoding } from '../files/text-input.js';
import type { EvaluationResult } from '../protocol/documents.js';
import { MAX_TIMEOUT_MS } from '../protocol/limits.js';
import { BackendCommand, ifRevisionFlag, sessionFlag } from '../service/backend-command.js';
import { type DeliveredEntry, keepsForLater } from '../service/delivery.js';
import { type EvaluationOrder, evaluate, exitOf, orderOfUnknown, type Waiting } from '../service/evaluate.js';
import { readText } from '../service/input-file.js';
import { redactionOf, secretsRemark, unsavedBindings } from '../service/redaction.js';
import { openOrCreate } from '../service/session-by-name.js';
import {
  deliveryRemark,
  evaluationFailure,
  evaluationText,
  journalRemark,
  restoreRemark,
  waitingRemark,
} from '../service/session-text.js';
import type { Workplace } from '../service/workplace.js';
import { neverRan } from '../session/never-ran.js';

type Result = EvaluationResult & {
  /** Who has an evaluation that has no outcome yet, and why nobody knows more; null when there is an outcome. */
  readonly waiting: Waiting | null;
  /** What earlier commands had left in the outbox, and became of it. */
  readonly delivered: readonly DeliveredEntry[];
};

/** Where the source is, when it is no argument. */
interface Origin {
  readonly file?: string | undefined;
  readonly encoding?: TextEncoding | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;

export default class Eval extends BackendCommand<Result> {
  static override summary = 'Evaluate Smalltalk in a session, exactly once.';
  static override description =
    'Prints what the code wrote to the Transcript, then the print string of its value. A file in chunk format is filed ' +
    'in. The evaluation is durable before it runs: when the answer gets lost, sending it again with the same --key gives ' +
    'the same answer and runs nothing.\n\n' +
    'What looks like a secret in the code (a token, a private key, a string called password or apiKey, what the ' +
    'preference secretPatterns matches) runs and is not kept: the journal has [redacted] in its place. Such an evaluation ' +
    'cannot be queued, nor run again from the journal; with the same --key any other secret in that place gets the first ' +
    'answer. Only the code is redacted: what it answers, prints or binds is kept, and is in exports. With the preference ' +
    'secretBindings set to leave-unsaved, the variables that it gives secrets are not saved, and lost with their engine.';
  static override examples = [
    "<%= config.bin %> <%= command.id %> '3 + 4'",
    '<%= config.bin %> <%= command.id %> -f Counter.st --session build-42',
    "<%= config.bin %> <%= command.id %> --create job-7 'x := 6 * 7'",
    "echo '100 factorial' | <%= config.bin %> <%= command.id %> - --timeout 5s --json",
  ];
  static override args = {
    code: stringArg({ description: 'Smalltalk source, or - to read it from stdin.' }),
  };
  static override flags = {
    file: Flags.string({ char: 'f', summary: 'Read the source from this file, or - for stdin.' }),
    encoding: encodingFlag,
    session: sessionFlag,
    create: Flags.string({
      summary: 'Work in the session of this name, and create it first if there is none.',
      description:
        'Of commands that run at once the first creates it. The current session stays as it is. Needs the backend: where that ' +
        'cannot be reached, nothing is queued.',
      helpValue: '<name>',
      exclusive: ['session', 'rerun'],
    }),
    timeout: durationFlag({
      summary: 'Interrupt the evaluation after this long. The state is kept.',
      default: DEFAULT_TIMEOUT_MS,
      defaultHelp: async () => '30s',
      env: 'STUI_TIMEOUT',
      least: 1,
      most: MAX_TIMEOUT_MS,
    }),
    key: Flags.string({
      summary: 'Idempotency key. Made up when not given.',
      description: 'The same code under it again is answered from the journal; other code is refused with exit code 4.',
    }),
    'if-revision': ifRevisionFlag,
    offline: Flags.option({
      summary: 'What to do when the backend cannot be reached.',
      description:
        '"queue" keeps the evaluation in the outbox of this machine and exits 10; the next evaluation, "outbox flush" or a ' +
        'watch delivers it. "fail" exits 5. Without this flag: "fail" where CI is set, "queue" elsewhere.',
      options: ['queue', 'fail'] as const,
    })(),
    redact: Flags.boolean({
      summary: 'Keep secrets in the code out of the journal; --no-redact keeps the code as it is.',
      allowNo: true,
      default: true,
    }),
    rerun: Flags.string({
      summary: 'Run the evaluation with this key again, as a new one, because its outcome is unknown.',
      helpValue: '<key>',
      exclusive: ['file'],
    }),
  };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(Eval);
    const workplace = this.workplace(flags);
    this.#secretsRemark = (code) => secretsRemark(workplace, code);
    const keepForLater = keepsForLater(flags.offline, process.env);
    const given = { key: flags.key, timeoutMs: flags.timeout, ifRevision: flags['if-revision'], keepForLater };
    if (flags.rerun !== undefined && args.code !== undefined) {
      throw new UsageError('--rerun takes the source from the journal', 'Give a key or the source, not both.');
    }
    const order =
      flags.rerun === undefined
        ? {
            ...given,
            ...(await this.source(workplace, args.code, flags)),
            session: await sessionFor(workplace, flags),
          }
        : { ...given, ...(await orderOfUnknown(workplace, flags.rerun, flags.session)) };
    const { evaluation, waiting, delivered } = await evaluate(workplace, order);
    this.exitAs(exitOf(evaluation));
    return { ...evaluation, waiting, delivered };
  }

  /** Set with the workplace: what is said depends on its preferences. */
  #secretsRemark: (code: string) => string = String;

  protected override async render(evaluation: Result): Promise<string> {
    for (const entry of evaluation.delivered) this.remark(deliveryRemark(entry));
    if (evaluation.restored) this.remark(restoreRemark(evaluation.restored));
    if (evaluation.redacted) {
      this.remark(this.#secretsRemark(evaluation.code));
    }
    if (evaluation.waiting) this.remark(waitingRemark(evaluation.key, evaluation.waiting));
    if (evaluation.fromJournal) this.remark(journalRemark(evaluation));
    await this.writeText(evaluationText(evaluation));
    if (evaluation.error) {
      const style = await loadStyle({ env: process.env, isTTY: process.stderr.isTTY === true });
      this.remarkInStyle(evaluationFailure(evaluation, style));
    }
    if (evaluation.outcome === 'unknown') {
      this.remark(`It may have run in part. To run it again, as a new evaluation: stui eval --rerun ${evaluation.key}`);
    }
    if (neverRan(evaluation) && !evaluation.redacted) {
      this.remark(`Nothing of it ran. To run it, as a new evaluation: stui eval --rerun ${evaluation.key}`);
    }
    return '';
  }

  protected override remedyWhenLost({ key }: Result): string {
    return `The evaluation was accepted: "stui result ${key}" tells what became of it.`;
  }

  private async source(
    workplace: Workplace,
    given: string | undefined,
    { redact, ...from }: Origin & { redact: boolean },
  ): Promise<Pick<EvaluationOrder, 'code' | 'recordAs' | 'leaveUnsaved'>> {
    const code = await this.code(given, from);
    const recordAs = redact ? (await redactionOf(workplace))(code) : undefined;
    return { code, recordAs, leaveUnsaved: unsavedBindings(workplace, recordAs) };
  }

  private async code(code: string | undefined, { file, encoding }: Origin): Promise<string> {
    if (code !== undefined && file !== undefined) throw new UsageError('Give the source or a file, not both');
    const input = file ?? (code === '-' ? '-' : undefined);
    if (input !== undefined) return readText(input, encoding, ENCODING_HINT);
    if (encoding !== undefined) throw new UsageError('--encoding is about a file or stdin', 'Leave it out.');
    if (code !== undefined) return code;
    throw new UsageError('Nothing to evaluate', 'Give the source as an argument, a file with -f, or - for stdin.');
  }
}

async function sessionFor(
  workplace: Workplace,
  { session, create }: { session?: string | undefined; create?: string | undefined },
): Promise<string> {
  return create === undefined ? workplace.sessionReference(session) : (await openOrCreate(workplace, create)).id;
}
