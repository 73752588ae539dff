import { describe, expect, test } from '@jest/globals';
import { findTarget, unknownCommand } from '../../src/cli/command-line.js';

const VOCABULARY = {
  commandIds: ['eval', 'session:create', 'session:list', 'session:list:deep'],
  topics: ['session', 'eval'],
};

describe('a command line names', () => {
  test.each([
    ['eval 3+4', { kind: 'command', id: 'eval', rest: ['3+4'] }],
    ['session create a --json', { kind: 'command', id: 'session:create', rest: ['a', '--json'] }],
    ['session list deep', { kind: 'command', id: 'session:list:deep', rest: [] }],
    ['session:list x', { kind: 'command', id: 'session:list', rest: ['x'] }],
    ['--json session list', { kind: 'command', id: 'session:list', rest: ['--json'] }],
    ['session --json', { kind: 'topic', id: 'session', rest: ['--json'] }],
    ['', { kind: 'nothing', rest: [] }],
    ['--json', { kind: 'nothing', rest: ['--json'] }],
    ['session frob', { kind: 'unknown', words: ['session', 'frob'] }],
    ['frob', { kind: 'unknown', words: ['frob'] }],
  ])('%j', (line, target) => {
    expect(findTarget(line.split(' ').filter(Boolean), VOCABULARY)).toEqual(target);
  });

  test.each([
    ['sesion list', 'Did you mean "stui session list"?'],
    ['session lst', 'Did you mean "stui session list"?'],
    ['sessions', 'Did you mean "stui session"?'],
    ['evla 3+4', 'Run "stui --help" for what there is.'],
    ['session frob', 'Run "stui session --help" for what there is.'],
    ['xyzzy', 'Run "stui --help" for what there is.'],
  ])('nothing, and the hint is the nearest command if there is a near one: %s', (line, hint) => {
    expect(unknownCommand(line.split(' '), VOCABULARY)).toMatchObject({ code: 'command-not-found', exitCode: 2, hint });
  });
});
