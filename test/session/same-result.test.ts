import { describe, expect, it } from '@jest/globals';
import { isSameResult, type Result } from '../../src/session/same-result.js';

const VALUE: Result = { outcome: 'value', printString: '3', class: 'Number', error: null, transcript: '' };
const error = (message: string) => ({ class: 'Error', message, stack: ['here'] });
const RAISED: Result = { ...VALUE, outcome: 'error', printString: null, class: null, error: error('no') };
const INTERRUPTED: Result = { ...RAISED, outcome: 'interrupted', error: error('after 30 s') };

describe('a result is the same', () => {
  it('when outcome, value, error and transcript are', () => {
    expect(isSameResult(VALUE, { ...VALUE })).toBe(true);
    expect(isSameResult(RAISED, { ...RAISED, error: { ...error('no'), line: 3, stack: [] } })).toBe(true);
    for (const change of [
      { printString: '4' },
      { class: 'Float' },
      { transcript: 'x' },
      { outcome: 'queued' },
    ] as const) {
      expect(isSameResult(VALUE, { ...VALUE, ...change })).toBe(false);
    }
    expect(isSameResult(RAISED, { ...RAISED, error: error('yes') })).toBe(false);
  });

  it('when both were interrupted, whatever the limit was', () => {
    expect(isSameResult(INTERRUPTED, { ...INTERRUPTED, error: error('after 1 s') })).toBe(true);
  });

  it.each(['unknown', 'recorded', 'queued'] as const)('or not, nobody can tell after %s', (outcome) => {
    expect(isSameResult({ ...VALUE, outcome }, VALUE)).toBeNull();
  });
});
