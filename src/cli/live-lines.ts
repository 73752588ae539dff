/** Lines on a terminal that stay up to date. */
import { onStop } from './signals.js';

/** How often they are written anew, in ms: a countdown in tenths of a second would only flicker. */
const REFRESH_MS = 500;

export interface LiveLine {
  readonly title: () => string;
  /** Stands below the title; nothing does when it is empty. */
  readonly note: () => string;
}

/**
 * Shows what the lines say now, until `ended` resolves or the process is told to stop. Whatever else is written to stdout
 * or stderr meanwhile is held back until then.
 */
export async function showLiveLines(lines: readonly LiveLine[], ended: Promise<unknown>): Promise<void> {
  const { Listr, ListrDefaultRendererLogLevels } = await import('listr2');
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const tasks = lines.map(({ title, note }) => ({
    title: title(),
    task: async (_: unknown, task: { title: string; output: string }) => {
      const timer = setInterval(() => {
        task.title = title();
        const below = note();
        if (below !== '' && below !== task.output) task.output = below;
      }, REFRESH_MS);
      await Promise.race([ended, stopped]);
      clearInterval(timer);
    },
  }));
  // A line is as it is when the show ends; listr2's tick would call each a success.
  const rendererOptions = { icon: { [ListrDefaultRendererLogLevels.COMPLETED]: '·' } };
  // Signals are ours: listr2 would end the process with its own exit code.
  const shown = new Listr(tasks, { concurrent: true, registerSignalListeners: false, rendererOptions }).run();
  // Ctrl-C too has to give the terminal back: its cursor, and stderr, for the word that says how it ended.
  const forget = onStop(async () => {
    stop();
    await shown;
  });
  try {
    await shown;
  } finally {
    forget();
  }
}
