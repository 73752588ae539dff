/** What users want evaluated. */
import { codeOf, type Program } from './language.js';
import type { Random } from './random.js';

export interface Order {
  readonly key: string;
  readonly session: string;
  readonly code: string;
  readonly timeoutMs: number;
  readonly rerunOf?: string;
}

const ACTIONS = ['a := a + 1', 'a := a + 1', 'b := b + 1', 'big := big + 1', 'block := block + 1', 'a', 'big'];

/** Most evaluations just end. */
const ENDINGS: readonly Program['ending'][] = [...Array(16).fill(undefined), 'raise', 'hang', 'die'];

/** @param client part of the keys */
export function drawOrders(random: Random, client: string, sessions: readonly string[], count: number): Order[] {
  return Array.from({ length: count }, (_, index) => {
    const key = `${client}-${index}`;
    return {
      key,
      session: random.pick(sessions),
      code: codeOf(random.pick(ACTIONS), random.pick(ENDINGS), key),
      timeoutMs: random.whole(50, 500),
    };
  });
}
