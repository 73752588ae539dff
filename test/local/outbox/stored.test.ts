/** Files as versions of before wrote them, byte for byte: what they accepted has to be delivered as it was meant. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { temporaryDirectory } from '../temporary.js';
import { change, keys, order, outboxIn } from './orders.js';

const STORED: Readonly<Record<string, string>> = {
  '0001767323045678-a81247b1.945603a8f587786b463c3f94fce115c0.queued':
    '{"schemaVersion":1,"digest":"064b507466f793292a062d083e279bc01110ba4c9c10f3f39263561843de2d73","key":"plain","connection":"lab","session":"main","code":"Transcript show: \'plain\'","timeoutMs":1000,"client":"me","acceptedAt":"2026-01-02T03:04:05.678Z"}\n',
  '0001767323045679-679defe6.c1e2aa5c07548e5df4c6ae909941b717.queued':
    '{"schemaVersion":2,"digest":"1ed8053366f2ee1f3c6504aaf1c27dba3d6d8afb252dc4670c22b3fbb0cbeac1","key":"conditional","connection":"lab","session":"main","code":"Transcript show: \'conditional\'","timeoutMs":1000,"client":"me","ifRevision":9,"acceptedAt":"2026-01-02T03:04:05.678Z"}\n',
  '0001767323045680-ffedcfed.f1d58fbb264a7ece6a4e03fa9ad57b17.queued':
    '{"schemaVersion":2,"digest":"9dadcc9d60ebb26068cd76ccc5f29a79a429f923d5a9355657abe4196990b558","key":"change","connection":"lab","session":"main","patch":{"buffer":"\\"change\\"","preferences":{"font":null}},"base":7,"client":"me","acceptedAt":"2026-01-02T03:04:05.678Z"}\n',
  '0001767323045681-7c179f2c.22c610c2ea0f8b9ecd5a020c377ea659.4711-88012-0a1b2c3d4e5f.sending':
    '{"schemaVersion":2,"digest":"65cdeb79ffbecba759917f2d7a8da0ab006b1a8be06702b84e40816725579d39","key":"conditional change","connection":"lab","session":"main","patch":{"buffer":"\\"conditional change\\"","preferences":{"font":null}},"base":null,"client":"me","ifRevision":9,"acceptedAt":"2026-01-02T03:04:05.678Z"}\n',
};

it('entries of earlier versions are read as they were meant, in their order', () => {
  const data = temporaryDirectory();
  mkdirSync(join(data, 'outbox'), { mode: 0o700 });
  for (const [file, text] of Object.entries(STORED)) writeFileSync(join(data, 'outbox', file), text);
  const outbox = outboxIn(data);
  expect(keys(outbox)).toEqual(['plain', 'conditional', 'change', 'conditional change']);
  expect(outbox.warnings).toEqual([]);
  const acceptedAt = '2026-01-02T03:04:05.678Z';
  expect(outbox.get('plain')).toMatchObject({ ...asStored(order('plain')), acceptedAt, state: 'queued', owner: null });
  expect(outbox.get('conditional')).toMatchObject(asStored(order('conditional', { ifRevision: 9 })));
  expect(outbox.get('change')).toMatchObject(asStored(change('change')));
  const last = asStored(change('conditional change', { base: null, ifRevision: 9 }));
  expect(outbox.get('conditional change')).toMatchObject({ ...last, state: 'sending' });
});

/** They did not say where to. */
function asStored<O extends object>(order: O): O {
  return Object.fromEntries(Object.entries(order).filter(([name]) => name !== 'endpoint')) as O;
}
