/** Exports go where a person wants them: also to a terminal, which must not obey what a session holds. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsageError } from '../../src/cli/errors.js';
import { writeNamedOutput } from '../../src/files/named-output.js';
import { writeOutput } from '../../src/service/archive-file.js';

/** Opening it makes a terminal, of which it is one end. */
const TERMINAL = '/dev/ptmx';

const HOSTILE = Buffer.from('"\u001b]0;title\u0007"!');

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'stui-export-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('an export', () => {
  it('is whole in a file', async () => {
    const file = join(directory, 'export.st');
    await writeOutput(file, HOSTILE, 'st');
    expect(readFileSync(file)).toEqual(HOSTILE);
  });

  it('is shown by a terminal that it is written to by name', async () => {
    const shown: string[] = [];
    const onTerminal = (bytes: Uint8Array) => {
      shown.push(Buffer.from(bytes).toString());
      return Buffer.from('x');
    };
    await writeNamedOutput(TERMINAL, HOSTILE, { onTerminal });
    expect(shown).toEqual([HOSTILE.toString()]);
    await writeNamedOutput(join(directory, 'file'), HOSTILE, { onTerminal });
    expect(shown).toHaveLength(1);
    await writeOutput(TERMINAL, HOSTILE, 'md');
  });

  it('is not for a terminal when it is an archive', async () => {
    await expect(writeOutput(TERMINAL, HOSTILE, 'archive')).rejects.toBeInstanceOf(UsageError);
  });
});
