import { describe, expect, it } from '@jest/globals';
import { contextProblem } from '../../src/session/context-problem.js';
import { parsed } from './contexts.js';

describe('contextProblem', () => {
  it.each([
    '{}',
    '{"buffer": "", "layout": {}, "preferences": {}}',
    '{"buffer": "3 + 4", "layout": {"panels": {"a": {}}, "focus": "a"}, "preferences": {"theme": ["dark", null]}}',
    '{"vim": 1, "__proto__": {"buffer": 1}, "emacs": [null]}',
  ])('finds none in %s', (json) => expect(contextProblem(parsed(json))).toBeUndefined());

  it.each([
    ['{"buffer": 1}', 'buffer is not a text.'],
    ['{"buffer": {}}', 'buffer is not a text.'],
    ['{"preferences": []}', 'preferences is not an object.'],
    ['{"preferences": "dark"}', 'preferences is not an object.'],
    ['{"layout": 1}', 'layout is not an object.'],
    ['{"layout": {"panels": {}, "focus": "a"}}', 'layout.focus names "a", which is no panel.'],
  ])('of %s says: %s', (json, problem) => expect(contextProblem(parsed(json))).toBe(problem));
});
