import { expect, it } from '@jest/globals';
import { secretBindings } from '../../src/session/secret-bindings.js';

it.each([
  ["password := '[redacted]'", ['password']],
  ["count := 3. password := '[redacted]'. other := 4", ['password']],
  ["a := b := '[redacted]'", ['a', 'b']],
  ["t := 0.5 after: '[redacted]'", ['t']],
  ["text := 'a. b', '[redacted]'", ['text']],
  ["x := $. asString. y := '[redacted]'", ['y']],
  ["client login: '[redacted]'", []],
  ['count := 3', []],
])('%s gives a secret to %j', (code, names) => {
  expect(secretBindings(code)).toEqual(names);
});
