/** What a person gives as input, as it reaches a process: no backend is needed to refuse it. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { finished, LAUNCHER, stui, temporaryHome } from './built-cli.js';

const LATIN1 = Buffer.from("'caf\xe9'", 'latin1');

/** Runs a script of sh, in which "$@" is the CLI. */
function shell(script: string, home: string) {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, STUI_HOME: home };
  return finished(
    spawn('bash', ['-c', script, 'sh', process.execPath, LAUNCHER], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

function latin1File(home: string): string {
  const file = join(home, 'latin1.st');
  writeFileSync(file, LATIN1);
  return file;
}

describe('source that is not UTF-8', () => {
  test('in a file is refused with the offset of the byte, and how to say what it is', async () => {
    const home = temporaryHome();
    const file = latin1File(home);
    const { exitCode, stderr } = await stui(['eval', '-f', file, '-s', 'x'], { STUI_HOME: home });
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('byte at offset 4') });
    expect(stderr).toContain('--encoding');
  });

  test('on stdin, in a history and on the command line is refused, too', async () => {
    const home = temporaryHome();
    const file = latin1File(home);
    const endings = await Promise.all([
      shell(`"$@" eval - -s x < ${file}`, home),
      shell(`"$@" history import ${file} --dry-run`, home),
      shell(`"$@" eval "$(cat ${file})" -s x`, home),
    ]);
    expect(endings.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2]);
    expect(endings.map(({ stderr }) => stderr.includes('not utf-8 text') || stderr.includes('not UTF-8 text'))).toEqual(
      [true, true, true],
    );
  });

  test('is read in the encoding that is named', async () => {
    const home = temporaryHome();
    const { stdout } = await stui(
      ['history', 'import', latin1File(home), '--dry-run', '--json', '--encoding', 'latin1'],
      { STUI_HOME: home },
    );
    expect(JSON.parse(stdout)).toMatchObject({ inputs: [{ code: "'café'" }] });
  });
});
