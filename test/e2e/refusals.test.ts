/** Command lines that end otherwise than with 0 before anything is evaluated: exit code and error code, in both forms. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { sharedHome, stui, stuiWith, temporaryHome } from './stui.js';

type Case = readonly [promise: string, args: readonly string[], exitCode: number, code: string];

/** Told on stderr to a person, and as one document to a script. */
function refuses(home: () => string, cases: readonly Case[]): void {
  it.each(cases)('%s', async (_, args, exitCode, code) => {
    const [text, json] = await Promise.all([
      stuiWith(home(), { cwd: home() }, ...args),
      stuiWith(home(), { cwd: home() }, ...args, '--json'),
    ]);
    expect({ code: text.code, stdout: text.stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(text.stderr).toMatch(/^stui: ./);
    expect({ code: json.code, stderr: json.stderr }).toEqual({ code: exitCode, stderr: '' });
    expect(json.json).toMatchObject({ schemaVersion: 1, error: { code, exitCode, message: expect.any(String) } });
  });
}

describe('a wrong command line ends with 2', () => {
  const home = sharedHome((path) => stui(path, 'session', 'create', 'demo'));
  refuses(home, [
    ['eval without code', ['eval'], 2, 'bad-usage'],
    ['code and a file', ['eval', '3', '-f', 'x.st'], 2, 'bad-usage'],
    ['an unknown flag', ['eval', '3', '--frobnicate'], 2, 'bad-usage'],
    ['an unknown command', ['evaluate', '3'], 2, 'command-not-found'],
    ['a duration that is none', ['eval', '3', '--timeout', 'soon'], 2, 'bad-usage'],
    ['a duration that no timer can wait for', ['eval', '3', '--timeout', '30d'], 2, 'bad-usage'],
    ['a duration longer than an evaluation may take', ['eval', '3', '--timeout', '2d'], 2, 'bad-usage'],
    ['no time at all', ['eval', '3', '--timeout', '0s'], 2, 'bad-usage'],
    ['a number without a unit', ['eval', '3', '--timeout', '30'], 2, 'bad-usage'],
    ['a size without a unit', ['backend', 'start', '--max-bytes', '500'], 2, 'bad-usage'],
    ['a start asked of what starts no backend', ['backend', 'status', '--autostart'], 2, 'bad-usage'],
    ['an empty session reference', ['eval', '3', '-s', ''], 2, 'bad-usage'],
    ['a label without a value', ['session', 'create', 'x', '--label', 'branch'], 2, 'bad-usage'],
    ['a label without a name', ['session', 'label', 'demo', '=main'], 2, 'bad-usage'],
    ['a change of labels that is none', ['session', 'label', 'demo', 'branch'], 2, 'bad-usage'],
    ['a name that begins with a dot', ['session', 'create', '.hidden'], 2, 'invalid-parameters'],
    ['a name with a line feed', ['session', 'create', 'a\nb'], 2, 'invalid-parameters'],
    ['a name of 101 characters', ['session', 'create', 'n'.repeat(101)], 2, 'invalid-parameters'],
    ['a new name that is empty', ['session', 'rename', 'demo', ''], 2, 'invalid-parameters'],
    ['code and the key of an evaluation to run again', ['eval', '3', '--rerun', 'k'], 2, 'bad-usage'],
    ['a delete without --yes', ['session', 'delete', 'demo'], 2, 'bad-usage'],
    ['a missing argument', ['session', 'use'], 2, 'bad-usage'],
    ['an argument too many', ['session', 'use', 'demo', 'again'], 2, 'bad-usage'],
    ['a format that there is not', ['session', 'export', '--format', 'pdf'], 2, 'bad-usage'],
    ['a directory as the file to evaluate', ['eval', '-f', '.'], 2, 'bad-usage'],
    ['a limit of nothing', ['history', '--limit', '0'], 2, 'bad-usage'],
    ['a limit that is no number', ['history', '--limit', 'all'], 2, 'bad-usage'],
    ['a time that is none', ['history', '--since', 'yesterday'], 2, 'bad-usage'],
    ['a day that is none', ['history', '--since', '2026-02-30'], 2, 'bad-usage'],
    ['a field of the status line that there is not', ['status', '--format', '{mood}'], 2, 'bad-usage'],
    ['a preference value that is not allowed', ['config', 'set', 'autostart', 'perhaps'], 2, 'invalid-value'],
    ['an endpoint that is none', ['connection', 'add', 'ci', 'http://127.0.0.1'], 2, 'invalid-value'],
    ['a name that no connection may have', ['connection', 'add', '-', 'tcp://127.0.0.1:5'], 2, 'invalid-value'],
    [
      'an endpoint that nothing can listen on',
      ['backend', 'start', '--endpoint', 'tcp://127.0.0.1:99999'],
      2,
      'invalid-value',
    ],
    ['memory too small for an engine', ['backend', 'start', '--engine-memory-mb', '1'], 2, 'bad-usage'],
  ]);

  it('and a delete without --yes deletes nothing', async () => {
    await stui(home(), 'session', 'delete', 'demo');
    expect((await stui(home(), 'session', 'show', 'demo')).code).toBe(0);
  });

  it('an export to stdout with --json is refused, since stdout is for the report', async () => {
    const { code, json } = await stui(home(), 'session', 'export', '-o', '-', '--json');
    expect({ code, error: json.error.code }).toEqual({ code: 2, error: 'bad-usage' });
  });
});

describe('what does not exist ends with 3', () => {
  const home = sharedHome((path) => stui(path, 'session', 'create', 'demo'));
  refuses(home, [
    ['a session to evaluate in', ['eval', '3', '-s', 'nowhere'], 3, 'session-not-found'],
    ['a session to show', ['session', 'show', 'nowhere'], 3, 'session-not-found'],
    ['a session to use', ['session', 'use', 'nowhere'], 3, 'session-not-found'],
    ['a session to restore', ['session', 'restore', 'nowhere'], 3, 'session-not-found'],
    ['a session to save', ['session', 'save', 'nowhere'], 3, 'session-not-found'],
    ['a session to export', ['session', 'export', 'nowhere'], 3, 'session-not-found'],
    ['a session to close', ['session', 'close', 'nowhere'], 3, 'session-not-found'],
    ['a session to rename', ['session', 'rename', 'nowhere', 'x'], 3, 'session-not-found'],
    ['a session to label', ['session', 'label', 'nowhere', 'a=b'], 3, 'session-not-found'],
    ['a session to delete', ['session', 'delete', 'nowhere', '--yes'], 3, 'session-not-found'],
    ['a session with a history', ['history', '-s', 'nowhere'], 3, 'session-not-found'],
    ['a session with a journal', ['log', 'nowhere'], 3, 'session-not-found'],
    ['an evaluation to run again', ['eval', '--rerun', 'nothing'], 3, 'evaluation-not-found'],
    ['an entry of the outbox', ['outbox', 'drop', 'nothing', '--yes'], 3, 'not-in-outbox'],
    ['the evaluation of a key', ['result', 'nothing'], 3, 'evaluation-not-found'],
    ['a file to evaluate', ['eval', '-f', 'nothing.st'], 3, 'file-not-found'],
    ['an archive to import', ['session', 'import', 'nothing.gz'], 3, 'file-not-found'],
    ['a preference', ['config', 'get', 'mood'], 3, 'unknown-preference'],
    ['a connection to use', ['connection', 'use', 'nowhere'], 3, 'unknown-connection'],
    ['a connection to remove', ['connection', 'remove', 'nowhere'], 3, 'unknown-connection'],
    ['a connection to work on', ['eval', '3', '-c', 'nowhere'], 3, 'unknown-connection'],
  ]);
});

describe('without a current session, commands that need one end with 3', () => {
  refuses(
    sharedHome(async () => {}),
    [
      ['eval', ['eval', '3'], 3, 'no-session'],
      ['history', ['history'], 3, 'no-session'],
      ['log', ['log'], 3, 'no-session'],
      ['session show', ['session', 'show'], 3, 'no-session'],
      ['session restore', ['session', 'restore'], 3, 'no-session'],
      ['session current', ['session', 'current'], 3, 'no-session'],
    ],
  );
});

describe('what stands against another ends with 4', () => {
  const home = sharedHome(async (path) => {
    await stui(path, 'session', 'create', 'twice');
    await stui(path, 'session', 'close', 'twice');
    await stui(path, 'session', 'create', 'twice');
    await stui(path, 'session', 'close', 'twice');
    await stui(path, 'session', 'create', 'ended');
    await stui(path, 'session', 'close', 'ended');
    await stui(path, 'connection', 'add', 'lab', 'tcp://127.0.0.1:5999');
    await stui(path, 'session', 'create', 'other');
    await stui(path, 'session', 'create', 'demo');
    await stui(path, 'eval', '3 + 4', '--key', 'once');
  });
  refuses(home, [
    ['a name that an open session has', ['session', 'create', 'demo'], 4, 'name-taken'],
    ['a new name that another open session has', ['session', 'rename', 'other', 'demo'], 4, 'name-taken'],
    ['a name that two closed sessions have', ['session', 'show', 'twice'], 4, 'ambiguous-session'],
    ['an evaluation in a closed session', ['eval', '3', '-s', 'ended'], 4, 'session-closed'],
    ['a save of a closed session', ['session', 'save', 'ended'], 4, 'session-closed'],
    ['other code under a key that was used', ['eval', '3 + 5', '--key', 'once'], 4, 'key-conflict'],
    [
      'another endpoint under the name of a connection',
      ['connection', 'add', 'lab', 'tcp://127.0.0.1:5998'],
      4,
      'connection-exists',
    ],
    ['a second backend on the same data', ['backend', 'start', '--detach'], 4, 'backend-running'],
  ]);
});

describe('a backend that cannot be reached ends with 5', () => {
  const home = sharedHome(async (path) => {
    await stui(path, 'connection', 'add', 'dead', 'tcp://127.0.0.1:1');
    await stui(path, 'connection', 'add', 'absent', `ipc://${join(path, 'absent.sock')}`);
  });
  refuses(home, [
    [
      'the private one, which may not be started',
      ['eval', '3', '-s', 'demo', '--no-autostart', '--offline', 'fail'],
      5,
      'unreachable',
    ],
    ['a port where nobody listens', ['eval', '3', '-s', 'demo', '-c', 'dead', '--offline', 'fail'], 5, 'unreachable'],
    ['a socket that is not there', ['session', 'create', 'x', '-c', 'absent'], 5, 'unreachable'],
    ['a listing of which nothing is remembered', ['session', 'list', '-c', 'dead'], 5, 'unreachable'],
    ['a journal', ['log', 'demo', '-c', 'dead'], 5, 'unreachable'],
    ['the status of a backend', ['backend', 'status'], 5, 'unreachable'],
  ]);

  it('also where the preferences forbid to start one', async () => {
    const own = temporaryHome();
    await stui(own, 'config', 'set', 'autostart', 'false');
    expect((await stui(own, 'session', 'create')).code).toBe(5);
    expect((await stui(own, 'session', 'create', '--autostart')).code).toBe(0);
  });
});

describe('what is not safe ends with 7', () => {
  const home = sharedHome(async () => {});
  refuses(home, [
    [
      'an endpoint that other machines can reach',
      ['backend', 'start', '--endpoint', 'tcp://0.0.0.0:5555'],
      7,
      'remote-refused',
    ],
    ['one that a name stands for', ['backend', 'start', '--endpoint', 'tcp://example.org:5555'], 7, 'remote-refused'],
    [
      'one with a name that begins like a safe one',
      ['backend', 'start', '--endpoint', 'tcp://127.0.0.1.example.org:5555'],
      7,
      'remote-refused',
    ],
    ['any IPv6 address but the loopback', ['backend', 'start', '--endpoint', 'tcp://[::]:5555'], 7, 'remote-refused'],
  ]);
});

describe('what is damaged ends with 8', () => {
  refuses(
    sharedHome(async (path) => {
      writeFileSync(join(path, 'letter.txt'), 'Dear Smalltalker');
      writeFileSync(join(path, 'empty'), '');
    }),
    [
      ['a file that is no archive', ['session', 'import', 'letter.txt'], 8, 'archive-damaged'],
      ['an empty file', ['session', 'import', 'empty'], 8, 'archive-damaged'],
    ],
  );
});
