import { describe, expect, it } from '@jest/globals';
import type { Phase } from '../../../src/client/link-state.js';
import { type Goal, isReached } from '../../../src/service/watch/goal.js';

describe('the goal of a watch', () => {
  it.each<[Goal, Phase[], boolean]>([
    [undefined, ['healthy'], false],
    ['once', ['connecting', 'healthy'], false],
    ['once', ['idle', 'healthy'], true],
    ['healthy', ['healthy', 'busy', 'degraded'], true],
    ['healthy', ['healthy', 'restoring'], false],
    ['healthy', ['healthy', 'waiting'], false],
    ['lost', ['lost', 'waiting', 'idle'], true],
    ['lost', ['lost', 'connecting'], false],
    ['lost', ['lost', 'degraded'], false],
  ])('%s with %j is reached: %s', (goal, phases, reached) => {
    expect(isReached(goal, phases)).toBe(reached);
  });
});
