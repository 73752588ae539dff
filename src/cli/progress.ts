/** Shows the steps of something slow, on stderr, so that stdout stays what the command returns. */

import { visible } from './terminal-text.js';

/** One step. `setOutput` shows a line below its title. */
export interface Step<C> {
  readonly title: string;
  task(context: C, setOutput: (line: string) => void): Promise<void>;
}

/** How much to show. */
export interface ProgressSituation {
  /** False with `--json`: nothing is shown. */
  readonly enabled: boolean;
  readonly isTTY: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Spinners where a person watches; plain lines in CI and in log files; nothing for scripts. */
export function progressForm({ enabled, isTTY, env }: ProgressSituation): 'spinner' | 'lines' | 'none' {
  if (!enabled) return 'none';
  return isTTY && !env['CI'] && env['TERM'] !== 'dumb' ? 'spinner' : 'lines';
}

/**
 * Runs steps one after another; the first that throws ends them, and its error is thrown on.
 * @returns the context that was handed from step to step
 */
export async function runSteps<C extends object>(
  steps: readonly Step<C>[],
  context: C,
  situation: ProgressSituation,
): Promise<C> {
  const form = progressForm(situation);
  if (form === 'spinner') await runWithSpinner(steps, context);
  else for (const step of steps) await runPlainly(step, context, form === 'lines');
  return context;
}

async function runPlainly<C>(step: Step<C>, context: C, show: boolean): Promise<void> {
  if (show) process.stderr.write(`${step.title}\n`);
  await step.task(context, (line) => {
    if (show) process.stderr.write(`  ${visible(line)}\n`);
  });
}

async function runWithSpinner<C extends object>(steps: readonly Step<C>[], context: C): Promise<void> {
  const { DefaultRenderer, Listr, ListrLogger, ProcessOutput } = await import('listr2');
  // listr2 draws on stdout, and only where that is a terminal; here stderr takes its place and stdout may be a pipe.
  class RendererOnStderr extends DefaultRenderer {
    static override nonTTY = true;
  }
  const tasks = steps.map((step) => ({
    title: step.title,
    task: (_: C, self: { output: string }) =>
      step.task(context, (line) => {
        self.output = line;
      }),
    // What a step found is worth as much when it is over.
    rendererOptions: { persistentOutput: true },
  }));
  const list = new Listr<C, typeof DefaultRenderer>(tasks, {
    ctx: context,
    // Signals are ours: listr2 would end the process with an exit code of its own.
    registerSignalListeners: false,
    renderer: RendererOnStderr,
    rendererOptions: {
      showErrorMessage: false,
      logger: new ListrLogger({ useIcons: false, processOutput: new ProcessOutput(process.stderr, process.stdout) }),
    },
  });
  await list.run();
}
