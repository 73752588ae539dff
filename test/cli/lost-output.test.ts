/** Output that cannot be written: /dev/full answers as a full disk does. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { LAUNCHER, temporaryHome } from './built-cli.js';

const testOnLinux = process.platform === 'linux' ? test : test.skip;

function run(redirected: string) {
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', `"$@" ${redirected}`, 'sh', process.execPath, LAUNCHER], {
    env: { PATH, HOME, STUI_HOME: temporaryHome() },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('stdout on a full disk', () => {
  testOnLinux.each(['config list', 'config list --json', '--help', '--version', 'config get nothing --json'])(
    'is told in one line: %s',
    (args) => {
      const { status, stderr } = run(`${args} > /dev/full`);
      expect(stderr).toMatch(/^stui: [^\n]+\n([^\n]{1,200}\n)?$/);
      expect(status).not.toBe(0);
      expect(stderr).toContain(args.includes('nothing') ? 'nothing' : 'ENOSPC');
    },
  );
});

describe('stderr on a full disk', () => {
  testOnLinux('leaves the exit code to say how it went', () => {
    expect(run('config get nothing 2> /dev/full')).toEqual({ status: 3, stdout: '', stderr: '' });
  });
});
