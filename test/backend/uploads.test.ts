import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { MAX_UPLOADED_BYTES, MAX_UPLOADS, UPLOAD_IDLE_MS } from '../../src/backend/settings.js';
import { Uploads } from '../../src/backend/uploads.js';
import { MAX_ARCHIVE_BYTES } from '../../src/protocol/limits.js';
import { archiveText } from '../session/archives.js';
import { created, evaluation } from '../session/entries.js';
import { backend, Clock, create, handlersOf, run } from './rig.js';

const ARCHIVE = gzipSync(archiveText([created(), ...evaluation('a', 'x := 3')]));

function uploads() {
  const clock = new Clock();
  const all = new Uploads(clock.after);
  const add = (offset: number, data: Buffer, upload = 'u', client = 'tester') =>
    all.add({ client, upload, offset, data });
  return { clock, all, add };
}

/** Bytes that take no memory of their own, however often they are kept. */
const LARGE = Buffer.alloc(MAX_ARCHIVE_BYTES);

describe('an upload', () => {
  it('is put together from its pieces, also where they come twice, or overlap', async () => {
    const { all, add } = uploads();
    expect(add(0, ARCHIVE.subarray(0, 50))).toBe(50);
    expect(add(0, ARCHIVE.subarray(0, 50))).toBe(50);
    expect(add(20, ARCHIVE.subarray(20, 70))).toBe(70);
    expect(add(30, ARCHIVE.subarray(30, 40))).toBe(70);
    expect(add(70, ARCHIVE.subarray(70))).toBe(ARCHIVE.length);
    expect((await all.finish('tester', 'u')).state.revision).toBe(3);
    await expect(all.finish('tester', 'u')).rejects.toMatchObject({ type: 'InvalidParameters' });
  });

  it('takes no other bytes under its id for a retry, and stays as it is', async () => {
    const { all, add } = uploads();
    add(0, ARCHIVE.subarray(0, 30));
    add(30, ARCHIVE.subarray(30, 60));
    const other = Buffer.from(ARCHIVE.subarray(20, 40));
    other[15] = (other[15] as number) ^ 1;
    expect(() => add(20, other)).toThrow(expect.objectContaining({ type: 'InvalidParameters' }));
    expect(() => add(20, other)).toThrow('other bytes came under the id u');
    expect(add(60, ARCHIVE.subarray(60))).toBe(ARCHIVE.length);
    expect((await all.finish('tester', 'u')).state.revision).toBe(3);
  });

  it('of another client may have the same id', async () => {
    const { all, add } = uploads();
    add(0, ARCHIVE);
    add(0, Buffer.from('something else'), 'u', 'other');
    expect((await all.finish('tester', 'u')).state.revision).toBe(3);
  });

  it('with a gap is over', () => {
    const { add } = uploads();
    add(0, ARCHIVE.subarray(0, 10));
    expect(() => add(11, ARCHIVE.subarray(11))).toThrow('10 bytes came so far; begin again');
    expect(add(0, ARCHIVE.subarray(0, 5))).toBe(5);
  });

  it('that pauses too long is forgotten, and one that goes on is not', async () => {
    const { clock, add } = uploads();
    add(0, ARCHIVE.subarray(0, 10));
    await clock.pass(UPLOAD_IDLE_MS - 1);
    add(10, ARCHIVE.subarray(10, 20));
    await clock.pass(UPLOAD_IDLE_MS - 1);
    expect(add(20, ARCHIVE.subarray(20, 30))).toBe(30);
    await clock.pass(UPLOAD_IDLE_MS);
    expect(() => add(30, ARCHIVE.subarray(30))).toThrow('0 bytes came so far');
  });

  it('has a place only while there are few, which one that is over gives back', async () => {
    const { clock, add, all } = uploads();
    for (let count = 0; count < MAX_UPLOADS; count += 1) add(0, ARCHIVE, `u${count}`);
    const refused = expect.objectContaining({ type: 'LimitExceeded' });
    expect(() => add(0, ARCHIVE, 'one more')).toThrow(refused);
    await all.finish('tester', 'u0');
    add(0, ARCHIVE, 'one more');
    expect(() => add(0, ARCHIVE, 'and another')).toThrow(refused);
    await clock.pass(UPLOAD_IDLE_MS);
    expect(add(0, ARCHIVE, 'and another')).toBe(ARCHIVE.length);
  });

  it('is bounded, and all of them together are', () => {
    const { add } = uploads();
    const refused = expect.objectContaining({ type: 'LimitExceeded' });
    for (let count = 0; count < MAX_UPLOADED_BYTES / LARGE.length; count += 1) add(0, LARGE, `u${count}`);
    expect(() => add(LARGE.length, ARCHIVE, 'u0')).toThrow(`at most ${MAX_ARCHIVE_BYTES} bytes`);
    add(0, LARGE, 'u0');
    expect(() => add(0, ARCHIVE, 'one more')).toThrow(refused);
    expect(() => add(0, ARCHIVE, 'one more')).toThrow('together');
  });

  it('that is verified gives its report with the last piece, not before', async () => {
    const rig = backend();
    const { verify_archive: verify } = handlersOf(rig);
    const piece = { upload: randomUUID(), client_id: 'tester' };
    const [start, rest] = [ARCHIVE.subarray(0, 40), ARCHIVE.subarray(40)];
    const first = await verify({ ...piece, offset: 0, data: start.toString('base64'), last: false }, () => {});
    expect(first).toEqual({ received: 40, report: null });
    const second = await verify({ ...piece, offset: 40, data: rest.toString('base64'), last: true }, () => {});
    expect(second).toMatchObject({ received: ARCHIVE.length, report: { verified: true, revision: 3, replay: null } });
    expect(rig.registry.all()).toEqual([]);
  });

  it('that is imported files its session with the last piece, not before', async () => {
    const rig = backend();
    const { import_session: bring } = handlersOf(rig);
    const piece = { upload: randomUUID(), client_id: 'tester' };
    const data = (bytes: Buffer) => bytes.toString('base64');
    const first = await bring({ ...piece, offset: 0, data: data(ARCHIVE.subarray(0, 40)), last: false }, () => {});
    expect([first.session, rig.registry.all()]).toEqual([null, []]);
    const last = await bring({ ...piece, offset: 40, data: data(ARCHIVE.subarray(40)), last: true }, () => {});
    expect(last).toMatchObject({ imported: 'created', session: { revision: 3 } });
  });
});

describe('inputs that are recorded', () => {
  it('are new where the history has none of the same code and time, and where they have no time', async () => {
    const rig = backend();
    const host = await create(rig);
    await run(host, 'x := 1');
    const { record_inputs: record } = handlersOf(rig);
    const [early, late] = ['2025-01-01T00:00:00.000Z', '2025-01-02T00:00:00.000Z'];
    const give = (...inputs: { code: string; typed_at?: string }[]) =>
      record({ session_id: host.state.id, source: 'text', inputs }, () => {});
    expect(await give({ code: 'a', typed_at: early }, { code: 'b' })).toMatchObject({ recorded: 2, known: 0 });
    const again = [
      { code: 'a', typed_at: early },
      { code: 'a', typed_at: late },
      { code: 'c', typed_at: early },
    ];
    expect(await give(...again, { code: 'b' })).toMatchObject({ recorded: 3, known: 1 });
    expect(await give(...again)).toMatchObject({ recorded: 0, known: 3 });
  });
});
