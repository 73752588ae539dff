/** Lines on a terminal that stay up to date. */

/** How often they are written anew, in ms: a countdown in tenths of a second would only flicker. */
const REFRESH_MS = 500;

/** Shows what each function says now, until `ended`. */
export async function showLiveLines(lines: readonly (() => string)[], ended: Promise<void>): Promise<void> {
  const { Listr } = await import('listr2');
  const tasks = lines.map((line) => ({
    title: line(),
    task: async (_: unknown, task: { title: string }) => {
      const timer = setInterval(() => {
        task.title = line();
      }, REFRESH_MS);
      await ended;
      clearInterval(timer);
    },
  }));
  // Signals are ours: listr2 would end the process with its own exit code.
  await new Listr(tasks, { concurrent: true, registerSignalListeners: false }).run();
}
