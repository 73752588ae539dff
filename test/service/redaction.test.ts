import { expect, it } from '@jest/globals';
import { UsageError } from '../../src/cli/errors.js';
import { redactionOf } from '../../src/service/redaction.js';
import { temporaryDirectory } from '../local/temporary.js';
import { askedWorkplace } from './asked.js';

it('hides what looks like a secret, and what the user said is one', async () => {
  const { workplace } = askedWorkplace(temporaryDirectory(), {});
  const hide = async (code: string) => (await redactionOf(workplace))(code);
  expect(await hide('3 + 4')).toBeUndefined();
  expect(await hide("login password: 'hunter2'")).toBe("login password: '[redacted]'");
  expect(await hide("open: 'corp-12345678'")).toBeUndefined();
  await workplace.local.preferences.set('secretPatterns', '["corp-[0-9]{8}"]');
  expect(await hide("open: 'corp-12345678'")).toBe("open: '[redacted]'");
  expect(await hide("login password: 'hunter2'")).toBe("login password: '[redacted]'");
});

it('refuses, and does not pass over, a pattern that an earlier version took', async () => {
  const patterns = ['corp-[0-9]{8}', '(a)\\1'];
  const preferences = { get: () => patterns };
  const redaction = redactionOf({ local: { preferences } } as never);
  await expect(redaction).rejects.toThrow(UsageError);
  await expect(redaction).rejects.toThrow(/secretPatterns cannot be used: "\(a\)\\1" is no regular expression/);
});

it('ends where the matches of a pattern take too long, however many there are', async () => {
  const preferences = { get: () => ['a'] };
  let now = 0;
  const hide = await redactionOf({ local: { preferences } } as never, () => {
    now += 1_000;
    return now;
  });
  expect(() => hide('a'.repeat(100))).toThrow('takes longer than 10000 ms');
});
