/** What people give the workspace commands: a value, a patch, a decision. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../src/cli/errors.js';
import { givenDecision, givenValue, patchIn } from '../../../src/service/workspace/input.js';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'stui-input-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(directory, 'given.json');
  writeFileSync(path, text);
  return path;
}

const refusal = async (work: () => Promise<unknown>): Promise<UsageError> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('It was accepted');
};

describe.each(['12345678901234567890', '9007199254740993', '1e400', '{"id": 9007199254740993}', '{"a": 1, "a": 2}'])(
  'JSON that would come back as something else, %s,',
  (json) => {
    const path = ['preferences', 'id'];

    it('is refused as a value, from the command line and from a file', async () => {
      const { message, hint } = await refusal(() => givenValue(path, { value: json, asText: false }));
      expect(message).toMatch(/preferences\.id.*(would become|is there twice)/);
      expect(hint).toContain('--text');
      await refusal(() => givenValue(path, { file: file(json), asText: false }));
    });

    it('is kept as it is where it is a text', async () => {
      expect(await givenValue(path, { value: json, asText: true })).toBe(json);
      expect(await givenValue(path, { value: JSON.stringify(json), asText: false })).toBe(json);
      expect(await givenValue(['buffer'], { value: json, asText: false })).toBe(json);
    });

    it('is refused in a patch, and as the decision of a conflict', async () => {
      expect((await refusal(() => patchIn(file(`{"preferences": {"x": ${json}}}`)))).message).toMatch(/preferences\.x/);
      expect((await refusal(() => givenDecision(path, file(json)))).message).toMatch(/preferences\.id/);
      expect(await givenDecision(['buffer'], file(json))).toBe(json);
    });
  },
);

it('says of a patch that is no JSON where it ends to be some', async () => {
  expect((await refusal(() => patchIn(file('{"a": ')))).message).toContain('The patch is not JSON');
});
