import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Config, Flags } from '@oclif/core';
import { stringArg } from '../../src/cli/args.js';
import { StuiCommand } from '../../src/cli/base-command.js';
import { durationFlag } from '../../src/cli/duration.js';
import { CliError } from '../../src/cli/errors.js';
import { StreamCommand } from '../../src/cli/stream-command.js';

const SECRET = 'correct-horse-battery-staple';

/** Returns what it is told to, or throws it. */
class Subject extends StuiCommand<unknown> {
  static override id = 'subject';
  static override args = { name: stringArg() };
  static override flags = {
    timeout: durationFlag({ default: 30_000, env: 'STUI_TEST_TIMEOUT' }),
    passphrase: Flags.string(),
    verbose: Flags.boolean({ default: false }),
    kind: Flags.string({ options: ['a', 'b'], default: 'a' }),
  };
  static does: () => unknown;

  protected async execute(): Promise<unknown> {
    const { flags } = await this.parse(Subject);
    return Subject.does === undefined ? flags : Subject.does();
  }

  protected render(result: unknown): string {
    return `result: ${String(result)}`;
  }
}

class Counting extends StreamCommand<{ n: number }> {
  static override id = 'counting';

  protected override async *records(): AsyncIterable<{ n: number }> {
    await this.parse(Counting);
    yield { n: 1 };
    yield { n: 2 };
    throw new CliError('gone', 'The source went away', { exit: 'unreachable' });
  }

  protected override renderRecord({ n }: { n: number }): string {
    return `#${n}`;
  }
}

let config: Config;
let stdout: string;
let stderr: string;

/** Runs a command in this process. @returns how it would have ended the process */
async function run(command: typeof Subject | typeof Counting, ...argv: string[]): Promise<number> {
  stdout = '';
  stderr = '';
  process.exitCode = undefined;
  await (command as unknown as typeof Subject).run(argv, config);
  return Number(process.exitCode ?? 0);
}

beforeAll(async () => {
  const pjson = { name: 'stui', version: '0.0.0', oclif: { bin: 'stui', commands: undefined } };
  config = await Config.load({ root: process.cwd(), pjson: pjson as never, devPlugins: false, userPlugins: false });
});

beforeEach(() => {
  jest.spyOn(process.stdout, 'write').mockImplementation((text: unknown, written?: unknown) => {
    stdout += String(text);
    if (typeof written === 'function') written();
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation((text: unknown, written?: unknown) => {
    stderr += String(text);
    if (typeof written === 'function') written();
    return true;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
  StuiCommand.lookUpDefault = undefined;
  delete process.env['STUI_TEST_TIMEOUT'];
});

describe('a command that succeeds', () => {
  test.each([
    [{ id: 7 }, { schemaVersion: 1, id: 7 }],
    [0, { schemaVersion: 1, value: 0 }],
    ['', { schemaVersion: 1, value: '' }],
    [false, { schemaVersion: 1, value: false }],
    [undefined, { schemaVersion: 1, value: null }],
    [[1, 2], { schemaVersion: 1, value: [1, 2] }],
  ])('prints exactly one JSON document with --json, whatever the result: %j', async (result, document) => {
    Subject.does = () => result;
    expect(await run(Subject, '--json')).toBe(0);
    expect(JSON.parse(stdout)).toEqual(document);
    expect(stderr).toBe('');
  });

  test('prints what it renders without --json, falsy results too', async () => {
    Subject.does = () => 0;
    expect(await run(Subject)).toBe(0);
    expect(stdout).toBe('result: 0\n');
  });
});

describe('a command that fails', () => {
  test('prints one JSON document on stdout and exits with the code of the failure', async () => {
    Subject.does = () => {
      throw new CliError('session-not-found', 'There is no such session', { exit: 'notFound', hint: 'List them.' });
    };
    expect(await run(Subject, '--json')).toBe(3);
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      error: { code: 'session-not-found', message: 'There is no such session', exitCode: 3, hint: 'List them.' },
    });
    expect(stderr).toBe('');
  });

  test('says so on stderr in two lines without --json, and leaves stdout empty', async () => {
    Subject.does = () => {
      throw new CliError('session-not-found', 'There is no such session', { exit: 'notFound', hint: 'List them.' });
    };
    expect(await run(Subject)).toBe(3);
    expect(stderr).toBe('stui: There is no such session\nList them.\n');
    expect(stdout).toBe('');
  });

  test('never shows a stack trace of a bug unasked', async () => {
    Subject.does = () => {
      throw new TypeError('x is not a function');
    };
    expect(await run(Subject)).toBe(1);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.each([
    ['json', ['--json', '--timeout', 'soon']],
    ['json with an unknown flag', ['--json', '--nonsense=1']],
    ['text', ['--timeout', 'soon']],
  ])('for its usage exits 2 and never prints the other flags: %s', async (_, argv) => {
    expect(await run(Subject, '--passphrase', SECRET, ...argv)).toBe(2);
    expect(stdout + stderr).not.toContain(SECRET);
    expect(stdout === '' ? {} : JSON.parse(stdout).error.code).toEqual(argv.includes('--json') ? 'bad-usage' : {});
  });
});

describe('a streaming command', () => {
  test('prints one compact JSON document a line with --json, the failure at its end included', async () => {
    expect(await run(Counting, '--json')).toBe(5);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { schemaVersion: 1, n: 1 },
      { schemaVersion: 1, n: 2 },
      { schemaVersion: 1, error: { code: 'gone', message: 'The source went away', exitCode: 5, hint: null } },
    ]);
  });

  test('prints each record as it renders it without --json', async () => {
    expect(await run(Counting)).toBe(5);
    expect(stdout).toBe('#1\n#2\n');
    expect(stderr).toBe('stui: The source went away\n');
  });
});

describe('a default', () => {
  const flagsFor = async (...argv: string[]): Promise<Record<string, unknown>> => {
    Subject.does = undefined as never;
    await run(Subject, '--json', ...argv);
    return JSON.parse(stdout);
  };

  test('is the built-in one when nothing is configured', async () => {
    StuiCommand.lookUpDefault = () => undefined;
    expect(await flagsFor()).toMatchObject({ timeout: 30_000, verbose: false, kind: 'a' });
  });

  test('is the configured one before the built-in one', async () => {
    StuiCommand.lookUpDefault = (flag) => ({ timeout: '5m', verbose: true, kind: 'b' })[flag];
    expect(await flagsFor()).toMatchObject({ timeout: 300_000, verbose: true, kind: 'b' });
  });

  test('gives way to the environment, and that to the command line', async () => {
    StuiCommand.lookUpDefault = (flag) => (flag === 'timeout' ? '5m' : undefined);
    process.env['STUI_TEST_TIMEOUT'] = '10s';
    expect(await flagsFor()).toMatchObject({ timeout: 10_000 });
    expect(await flagsFor('--timeout', '1s')).toMatchObject({ timeout: 1_000 });
  });

  test.each([
    ['timeout', 'soon'],
    ['verbose', 'yes'],
    ['kind', 'c'],
    ['kind', ['a']],
  ])('that could not stand on the command line is refused by name: %s %j', async (name, value) => {
    StuiCommand.lookUpDefault = (flag) => (flag === name ? value : undefined);
    expect(await flagsFor()).toMatchObject({ error: { code: 'bad-setting', exitCode: 2 } });
    expect(stdout).toContain(`--${name}`);
  });

  test.each(['soon', '30'])('from the environment that cannot be used is told by the variable: %s', async (value) => {
    process.env['STUI_TEST_TIMEOUT'] = value;
    const { error } = (await flagsFor()) as { error: { message: string; hint: string } };
    expect(error).toMatchObject({
      code: 'bad-setting',
      exitCode: 2,
      message: `STUI_TEST_TIMEOUT cannot be used: Not a duration: "${value}"`,
    });
    expect(error.hint).toMatch(/(30s|500ms).* Or unset STUI_TEST_TIMEOUT\.$/);
    expect(stdout).not.toContain('--timeout');
  });

  test('that cannot be used is no matter where it is not needed', async () => {
    process.env['STUI_TEST_TIMEOUT'] = 'soon';
    expect(await flagsFor('--timeout', '1s')).toMatchObject({ timeout: 1_000 });
    delete process.env['STUI_TEST_TIMEOUT'];
    StuiCommand.lookUpDefault = (flag) => (flag === 'timeout' ? 'soon' : undefined);
    expect(await flagsFor('--timeout', '1s')).toMatchObject({ timeout: 1_000 });
  });

  test('is not looked up for a flag that has none', async () => {
    const asked: string[] = [];
    StuiCommand.lookUpDefault = (flag) => void asked.push(flag);
    await flagsFor();
    expect(asked).not.toContain('passphrase');
  });
});
