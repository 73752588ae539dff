/** What this user wants in the context of every session that says nothing else: preferences, a layout, a buffer. */
import { contextProblem } from '../session/context-problem.js';
import type { Store } from './store.js';
import { type Fields, isFields, type StoreShape, WrongShape } from './store-contents.js';

export interface UserContextFile {
  readonly context: Fields;
}

export const USER_CONTEXT_SHAPE: StoreShape<UserContextFile> = {
  schemaVersion: 1,
  empty: () => ({ context: {} }),
  decode: ({ context = {} }) => {
    if (!isFields(context)) throw new WrongShape('context is not an object');
    const problem = contextProblem(context);
    if (problem !== undefined) throw new WrongShape(problem);
    return { context };
  },
};

export class UserContext {
  constructor(private readonly store: Store<UserContextFile>) {}

  get(): Fields {
    return this.store.read().context;
  }

  /**
   * @param change pure: it may be called again if another process got in between
   * @returns the context as it is now
   */
  async update(change: (context: Fields) => Fields): Promise<Fields> {
    return (await this.store.update(({ context }) => ({ context: change(context) }))).context;
  }
}
