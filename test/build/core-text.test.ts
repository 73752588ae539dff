import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

describe('the core bundle', () => {
  it('has one byte a character, as the launcher reads it', () => {
    const bytes = readFileSync('dist/core.cjs');
    expect(bytes.findIndex((byte) => byte > 0x7f)).toBe(-1);
  });

  it('takes nothing out of texts that look like the end of an escape sequence', () => {
    const help = execFileSync(process.execPath, ['bin/stui.cjs', 'session', '--help'], { encoding: 'utf8' });
    expect(help).toContain('Bring a session here from an archive.');
  });
});
