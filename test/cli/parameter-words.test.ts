import { describe, expect, test } from '@jest/globals';
import { inWords, WORDS } from '../../src/cli/parameter-words.js';
import { type CommandDescriptor, parseParameters } from '../../src/protocol/command.js';
import { COMMANDS, type CommandName } from '../../src/protocol/commands.js';

const refusal = (name: CommandName, parameters: object): string => {
  try {
    parseParameters(COMMANDS[name] as CommandDescriptor, parameters);
  } catch (error) {
    return inWords((error as Error).message);
  }
  throw new Error('They were accepted');
};

describe('what a backend says about a parameter', () => {
  test.each<[string, CommandName, object, string]>([
    ['no time at all', 'evaluate', { code: '3', timeout_ms: 0 }, '--timeout: the least is 1ms'],
    ['too long a time', 'evaluate', { code: '3', timeout_ms: 1e9 }, '--timeout: the most is 1d'],
    ['no name', 'create_session', { name: '', client_id: 'c' }, 'The name: it cannot be empty'],
    ['too long a name', 'create_session', { name: 'n'.repeat(101), client_id: 'c' }, 'The name: it has at most 100'],
    ['no key', 'get_result', { key: '' }, '--key: it cannot be empty'],
    [
      'a label',
      'create_session',
      { labels: { a: 'x'.repeat(1001) }, client_id: 'c' },
      '--label: a: it has at most 1000',
    ],
    [
      'two at once',
      'evaluate',
      { code: '3', key: '', timeout_ms: 0 },
      '--key: it cannot be empty; --timeout: the least',
    ],
    ['another type', 'evaluate', { code: 3 }, 'The code: it is no text'],
    ['a session', 'get_session_info', { session_id: '' }, 'The session: it cannot be empty'],
    ['one that is missing', 'rename_session', { session_id: 's' }, 'The name is missing'],
  ])('is told as a command line says it: %s', (_, name, parameters, words) => {
    const said = refusal(name, parameters);
    expect(said).toContain(words);
    expect(said).not.toMatch(/[a-z]_[a-z]|Expected|received/);
  });

  test('has words for every parameter that there is', () => {
    const names = Object.values(COMMANDS).flatMap(({ parameters }) => Object.keys(parameters.entries));
    expect(names.filter((name) => !Object.hasOwn(WORDS, name))).toEqual([]);
  });

  test.each([
    'The context is not valid: layout.root is no object.',
    'create_session: "name": a session name cannot begin with "-" or "."',
    'something: else',
  ])('that is a sentence already stays one: %s', (message) => {
    expect(inWords(message)).toBe(message.replace('create_session: "name": a', 'The name: a'));
  });
});
