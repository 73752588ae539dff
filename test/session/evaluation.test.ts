import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { evaluationsIn } from '../../src/session/evaluation.js';
import { created, entries, input, journals, output } from './entries.js';

describe('evaluationsIn', () => {
  it('pairs inputs with their outputs by key, in the order of the inputs', () => {
    const error = { class: 'ZeroDivide', message: 'by zero', stack: [] };
    const all = entries(
      created(),
      input('a', '1/0'),
      input('b', '3 + 4'),
      output('b', { printString: '7', class: 'Number', transcript: 'hi', durationMs: 2, deferred: ['x'] }),
      output('a', { outcome: 'error', error }),
      input('c', 'c'),
    );
    expect(evaluationsIn('s', all)).toMatchObject([
      {
        key: 'a',
        session: 's',
        code: '1/0',
        revision: 5,
        outcome: 'error',
        error,
        printString: null,
        class: null,
        deferred: [],
      },
      {
        key: 'b',
        revision: 4,
        outcome: 'value',
        printString: '7',
        class: 'Number',
        transcript: 'hi',
        durationMs: 2,
        deferred: ['x'],
        error: null,
      },
      { key: 'c', revision: 6, outcome: 'queued', printString: null, transcript: '', durationMs: null, error: null },
    ]);
  });

  it('leaves no input out', () => {
    fc.assert(
      fc.property(journals, (all) => {
        const inputs = all.flatMap((entry) => (entry.type === 'input' ? [entry.key] : []));
        expect(evaluationsIn('s', all).map(({ key }) => key)).toEqual(inputs);
      }),
    );
  });

  it.each(['__proto__', 'constructor'])('pairs also under the key %s', (key) => {
    expect(evaluationsIn('s', entries(created(), input(key), output(key)))).toMatchObject([{ key, outcome: 'value' }]);
  });
});
