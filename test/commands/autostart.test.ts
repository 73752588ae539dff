import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Parser } from '@oclif/core';
import { UsageError } from '../../src/cli/errors.js';
import { STARTING_NONE_FLAGS } from '../../src/service/backend-command.js';

describe('a command that starts no backend', () => {
  const parse = (...argv: string[]) => Parser.parse(argv, { flags: STARTING_NONE_FLAGS, strict: true });

  it('refuses --autostart, and takes --no-autostart, which scripts give to all commands', async () => {
    await expect(parse('--autostart')).rejects.toBeInstanceOf(UsageError);
    expect((await parse('--no-autostart')).flags.autostart).toBe(false);
    expect((await parse()).flags.autostart).toBe(false);
  });

  it('is one wherever a workplace is opened so that it starts none', () => {
    const commands = readdirSync('src/commands', { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const sources = commands.map((name) => ({ name, source: readFileSync(join('src/commands', name), 'utf8') }));
    const starting = sources.filter(
      ({ source }) => /autostart: false/.test(source) && !/baseFlags = STARTING_NONE_FLAGS/.test(source),
    );
    expect(starting.map(({ name }) => name)).toEqual([]);
    expect(sources.filter(({ source }) => /STARTING_NONE_FLAGS;/.test(source)).length).toBeGreaterThan(10);
  });
});
