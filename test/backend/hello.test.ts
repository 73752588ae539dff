import { expect, it } from '@jest/globals';
import { PROTOCOL_VERSIONS } from '../../src/protocol/version.js';
import { backend, handlersOf } from './rig.js';

it.each([
  ['its newest version where the client names none', {}, PROTOCOL_VERSIONS[0]],
  ['a version that both know', { versions: [99, PROTOCOL_VERSIONS[0]] }, PROTOCOL_VERSIONS[0]],
  ['none where they know none in common', { versions: [99] }, null],
])('a greeting settles on %s', async (_, asked, version) => {
  expect(await handlersOf(backend()).hello(asked, () => {})).toMatchObject({ version });
});
