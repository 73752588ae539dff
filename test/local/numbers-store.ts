/** A store for tests: a list of numbers, so that a lost or doubled update shows. */
import { type LocalWarning, Store, type StoreOptions, type StoreShape, WrongShape } from '../../src/local/store.js';

export interface Numbers {
  readonly numbers: readonly number[];
}

export const NUMBERS_SHAPE: StoreShape<Numbers> = {
  schemaVersion: 1,
  empty: () => ({ numbers: [] }),
  decode: ({ numbers = [] }) => {
    if (!Array.isArray(numbers) || !numbers.every((each) => typeof each === 'number')) {
      throw new WrongShape('numbers is not a list of numbers');
    }
    return { numbers };
  },
};

export interface NumbersStore extends Store<Numbers> {
  readonly warnings: readonly LocalWarning[];
}

export function numbersStore(directory: string, options: Partial<StoreOptions<Numbers>> = {}): NumbersStore {
  const warnings: LocalWarning[] = [];
  const store = new Store<Numbers>({
    directory,
    name: 'numbers',
    shape: NUMBERS_SHAPE,
    now: () => new Date('2026-01-02T03:04:05.678Z'),
    warn: (warning) => warnings.push(warning),
    ...options,
  });
  return Object.assign(store, { warnings });
}

/** A change that adds one number. */
export function adding(number: number): (current: Numbers) => Numbers {
  return ({ numbers }) => ({ numbers: [...numbers, number] });
}
