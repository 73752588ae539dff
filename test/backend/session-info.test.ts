/** What the published protocol tells of a session. */
import { expect, it } from '@jest/globals';
import { backend, handlersOf } from './rig.js';

it('tells in seconds after how long without use a session expires, and how much of that is left', async () => {
  const rig = backend();
  const handlers = handlersOf(rig);
  const { session_id } = await handlers.create_session({ client_id: 'tester', ttl_ms: 60_000 }, () => {});
  rig.clock.time += 20_500;
  expect(await handlers.get_session_info({ session_id }, () => {})).toMatchObject({
    timeout: 60,
    time_until_expiry: 39,
  });
  rig.clock.time += 60_000;
  expect(await handlers.get_session_info({ session_id }, () => {})).toMatchObject({ time_until_expiry: 0 });
});

it('tells of no time where a session does not expire', async () => {
  const handlers = handlersOf(backend());
  const { session_id } = await handlers.create_session({ client_id: 'tester' }, () => {});
  expect(await handlers.get_session_info({ session_id }, () => {})).toMatchObject({
    timeout: null,
    time_until_expiry: null,
  });
});
