import { describe, expect, test } from '@jest/globals';
import { Args, Flags, Parser } from '@oclif/core';
import { durationFlag } from '../../src/cli/duration.js';
import { CliError } from '../../src/cli/errors.js';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { describeFailure } from '../../src/cli/failure.js';
import { ERROR_TYPES, type ErrorType, ProtocolError } from '../../src/protocol/errors.js';

const SECRET = 'correct-horse-battery-staple';

/** @returns what the parser throws for a command line. */
async function parseError(...argv: string[]): Promise<unknown> {
  const args = { name: Args.string({ required: true, ignoreStdin: true }) };
  const flags = { passphrase: Flags.string({ char: 'p' }), timeout: durationFlag(), retries: Flags.integer() };
  try {
    await Parser.parse(argv, { args, flags, strict: true });
  } catch (error) {
    return error;
  }
  throw new Error('the command line was accepted');
}

describe('a failure report', () => {
  test('has the code, message, exit code and hint of a CLI error', () => {
    const error = new CliError('session-not-found', 'There is no session "x"', {
      exit: 'notFound',
      hint: 'See the list.',
    });
    expect(describeFailure(error)).toEqual({
      code: 'session-not-found',
      message: 'There is no session "x"',
      exitCode: 3,
      hint: 'See the list.',
    });
  });

  test.each([
    ['an unknown flag with a value', ['x', `--pasphrase=${SECRET}`], 'Unknown flag: --pasphrase'],
    ['an unknown flag before a value', ['x', '--pasphrase', SECRET], 'Unknown flag: --pasphrase'],
    ['an unknown letter with a value', ['x', `-q${SECRET}`], 'Unknown flag: -q'],
    ['a missing argument', [`--passphrase=${SECRET}`], 'Missing argument: NAME'],
    ['a bad value of another flag', ['x', '-p', SECRET, '--timeout', 'soon'], '--timeout: Not a duration: "soon"'],
    ['a superfluous argument', ['x', 'y', '-p', SECRET], 'Unexpected argument: y'],
  ])('is one line, exits 2 and never repeats a secret flag value: %s', async (_, argv, message) => {
    const failure = describeFailure(await parseError(...argv));
    expect(failure).toMatchObject({ code: 'bad-usage', exitCode: 2, message });
    expect(JSON.stringify(failure)).not.toContain(SECRET);
  });

  test('has an exit code of the table for every error a backend answers with', () => {
    const published = new Set<number>(Object.values(EXIT_CODES).map(({ code }) => code));
    for (const type of Object.keys(ERROR_TYPES) as ErrorType[]) {
      const { code, exitCode } = describeFailure(new ProtocolError(type, 'no'));
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(published).toContain(exitCode);
    }
    expect(describeFailure(new ProtocolError('SessionNotFound', 'no'))).toMatchObject({
      code: 'session-not-found',
      exitCode: 3,
    });
  });

  test('about parameters that a backend refuses does not speak of the wire', () => {
    const refused = new ProtocolError('InvalidParameters', 'create_session: "name": a session name cannot be empty');
    expect(describeFailure(refused)).toMatchObject({
      code: 'invalid-parameters',
      exitCode: 2,
      message: 'The name: a session name cannot be empty',
    });
  });

  test.each([
    [Object.assign(new Error('boom'), { code: 'ENOENT' })],
    [Object.assign(new Error('boom'), { code: 'toString' })],
    [new TypeError('boom')],
    ['boom'],
  ])('is internal with exit 1 for whatever nobody foresaw: %p', (thrown) => {
    expect(describeFailure(thrown)).toMatchObject({ code: 'internal', message: 'boom', exitCode: 1 });
  });
});
