import { expect, it } from '@jest/globals';
import { redactionOf } from '../../src/service/redaction.js';
import { temporaryDirectory } from '../local/temporary.js';
import { askedWorkplace } from './asked.js';

it('hides what looks like a secret, and what the user said is one', async () => {
  const { workplace } = askedWorkplace(temporaryDirectory(), {});
  expect(redactionOf(workplace)('3 + 4')).toBeUndefined();
  expect(redactionOf(workplace)("login password: 'hunter2'")).toBe("login password: '[redacted]'");
  expect(redactionOf(workplace)("open: 'corp-12345678'")).toBeUndefined();
  await workplace.local.preferences.set('secretPatterns', '["corp-[0-9]{8}"]');
  expect(redactionOf(workplace)("open: 'corp-12345678'")).toBe("open: '[redacted]'");
  expect(redactionOf(workplace)("login password: 'hunter2'")).toBe("login password: '[redacted]'");
});
