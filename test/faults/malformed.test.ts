/** Ten thousand messages that no client of ours sends. Each is answered by name, and the backend works on as before. */
import { describe, expect, it } from '@jest/globals';
import { Dealer } from 'zeromq';
import { COMMANDS } from '../../src/protocol/commands.js';
import { ERROR_TYPES } from '../../src/protocol/errors.js';
import * as limits from '../../src/protocol/limits.js';
import { runs } from '../e2e/processes.js';
import { type Json, temporaryHome } from '../e2e/stui.js';
import { readVerified } from './audit.js';
import { Chance } from './chance.js';
import { BackendLife, readLog, Wire } from './wire.js';

const MESSAGES = 10_000;

/** Messages on their way at once. */
const WINDOW = 100;

/** What the backend may grow by, in bytes: some of the largest messages, and the garbage of all. */
const GROWTH_LIMIT = 256 * 1024 * 1024;

type Message = readonly (string | Buffer)[];

/** Sends any frames and counts what comes back: whatever has a frame is answered. */
class Stranger {
  readonly #socket = new Dealer({ linger: 0 });
  readonly #replies: Json[] = [];

  constructor(endpoint: string) {
    this.#socket.connect(endpoint);
  }

  /** @returns the replies, in the order they came */
  async exchange(messages: readonly Message[]): Promise<Json[]> {
    this.#replies.length = 0;
    for (let sent = 0; sent < messages.length; sent += WINDOW) {
      const part = messages.slice(sent, sent + WINDOW);
      for (const message of part) await this.#socket.send([...message]);
      for (const _ of part) this.#replies.push(await this.#finalReply());
    }
    return [...this.#replies];
  }

  /** A request that asks for interim replies by chance gets them before its answer. */
  async #finalReply(): Promise<Json> {
    for (;;) {
      const reply = JSON.parse(String((await this.#socket.receive()).at(-1)));
      if (reply.status === 'success' || reply.status === 'error') return reply;
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/** One request of every command that the backend would grant. */
function granted(session: string): Record<keyof typeof COMMANDS, Record<string, unknown>> {
  const here = { session_id: session };
  return {
    hello: { versions: [1], client_id: 'stranger' },
    ping: { message: 'hello' },
    get_backend_status: {},
    create_session: { client_id: 'stranger', labels: { a: 'b' }, ttl_ms: 60_000 },
    list_sessions: { labels: { a: 'b' }, state: 'open' },
    list_client_sessions: { client_id: 'stranger' },
    get_session_info: here,
    restore_session: { ...here, client_id: 'stranger', plan: true, replay: false },
    save_session: here,
    update_session_state: { ...here, state_data: { buffer: 'text' } },
    rename_session: { ...here, name: 'target' },
    label_session: { ...here, labels: { a: 'b', c: null } },
    close_session: { session_id: 'no-such-session' },
    delete_session: { session_id: 'no-such-session' },
    get_session_statistics: {},
    evaluate: { ...here, code: '3 + 4', client_id: 'stranger' },
    inspect: { ...here, target: '3 + 4' },
    get_result: { key: 'no-such-key' },
    read_history: { ...here, limit: 5, grep: '3' },
    read_journal: { ...here, after: 0, limit: 5 },
    read_snapshot: { ...here, revision: 1, offset: 0 },
    import_session: { upload: 'u', offset: 0, data: 'AAAA', last: true },
    get_context: { ...here, at: 1 },
    list_bindings: { ...here, name: 'x' },
    list_conflicts: here,
    resolve_conflict: { ...here, conflict: 'no-such-conflict', choice: 'value', value: { a: 1 } },
    record_inputs: { ...here, source: 'text', inputs: [{ code: '3 + 4', typed_at: '2026-01-31T12:00:00.000Z' }] },
    attach_client: { ...here, client_id: 'stranger', outage_ms: 5 },
    detach_client: { ...here, client_id: 'stranger' },
    list_clients: here,
    share_session: { ...here, clients: ['stranger'] },
    unshare_session: { ...here, clients: ['somebody'] },
    fork_session: { ...here, client_id: 'stranger', at: 1 },
    diff_sessions: { a: session, a_at: 1, b: session },
    verify_session: here,
    verify_archive: { upload: 'v', offset: 0, data: 'AAAA', last: true },
    repair_sessions: { ...here, dry_run: true },
    prune_sessions: { client_id: 'stranger', dry_run: true, orphaned: true, expired: true, older_than_ms: 5 },
    get_statistics: here,
  };
}

/** Values that are wrong for most parameters. A valid one among them is no harm. */
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  '__proto__',
  'x'.repeat(limits.MAX_IDENTIFIER_LENGTH + 1),
  [],
  [[]],
  {},
  { constructor: { prototype: {} } },
  JSON.parse('{"__proto__": {"polluted": true}}'),
];

/** Parameters that ask to wait: an odd value that is valid would only make the test wait. */
const PATIENT = ['wait_ms', 'timeout_ms'];

function withOddParameters(session: string): Message[] {
  const requests = granted(session);
  return Object.entries(COMMANDS).flatMap(([command, { parameters }]) =>
    Object.keys(parameters.entries)
      .filter((name) => !PATIENT.includes(name))
      .flatMap((name) =>
        ODD_VALUES.map((odd, index) => {
          const given = { ...requests[command as keyof typeof COMMANDS], [name]: odd };
          return [JSON.stringify({ id: `${command}.${name}.${index}`, command, parameters: given })];
        }),
      ),
  );
}

/** Each makes one message by chance. */
const KINDS: readonly ((chance: Chance, valid: () => string) => Message)[] = [
  // Bytes.
  (chance) => [bytes(chance, chance.whole(0, 300))],
  // A request cut short.
  (_chance, valid) => [cut(valid(), _chance)],
  // A request with some bytes exchanged.
  (chance, valid) => [mutated(Buffer.from(valid()), chance)],
  // A request with a part twice.
  (chance, valid) => {
    const text = valid();
    const at = chance.whole(0, text.length);
    return [text.slice(0, at) + text.slice(chance.whole(0, at))];
  },
  // JSON that is no request.
  (chance) => [
    chance.pick([
      'null',
      '[]',
      '"x"',
      '7',
      'true',
      '{}',
      '{"id":{}}',
      '{"id":1e999}',
      '{"id":1,"command":[]}',
      ' ',
      '',
    ]),
  ],
  // Parameters that are none.
  (chance, valid) => [JSON.stringify({ ...JSON.parse(valid()), parameters: chance.pick([[], 7, 'x', true]) })],
  // Commands that there are not, some with names that every object knows.
  (chance) => [
    JSON.stringify({
      id: 'x',
      command: chance.pick(['__proto__', 'constructor', 'toString', '', 'EVALUATE', 'x'.repeat(10_000)]),
    }),
  ],
  // Ids of all kinds.
  (chance, valid) => [JSON.stringify({ ...JSON.parse(valid()), id: chance.pick(ODD_VALUES) })],
  // Nesting around the limit, balanced or not.
  (chance) => {
    const depth = chance.pick([limits.MAX_NESTING_DEPTH - 2, limits.MAX_NESTING_DEPTH, 1000, 20_000]);
    const open = chance.pick(['[', '{"a":']);
    const close = chance.pick([open === '[' ? ']' : '}', '']);
    return [
      `{"id":1,"command":"update_session_state","parameters":{"session_id":"x","state_data":{"a":${open.repeat(depth)}1${close.repeat(depth)}}}}`,
    ];
  },
  // Frames: delimiters where none belong, many, empty ones.
  (chance, valid) => [
    ...Array.from({ length: chance.whole(1, 20) }, () => chance.pick(['', 'frame', '\u0000'])),
    chance.pick([valid(), '']),
  ],
];

function bytes(chance: Chance, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => chance.whole(0, 255)));
}

function cut(text: string, chance: Chance): string {
  return text.slice(0, chance.whole(0, text.length - 1));
}

function mutated(message: Buffer, chance: Chance): Buffer {
  for (let change = chance.whole(1, 4); change > 0; change--) {
    message[chance.whole(0, message.length - 1)] = chance.pick([0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x30, 0x00, 0xff, 0x2c]);
  }
  return message;
}

function expectTyped(replies: readonly Json[]): void {
  for (const reply of replies) {
    if (reply.status === 'success') {
      expect(reply).toHaveProperty('result');
      continue;
    }
    expect(Object.keys(ERROR_TYPES)).toContain(reply.error_type);
    // It would mean that the backend did not see it coming.
    expect(reply).not.toMatchObject({ error_type: 'RuntimeError' });
  }
}

async function begin() {
  const home = temporaryHome();
  const backend = await BackendLife.begin(home);
  const wire = new Wire(backend.endpoint);
  const { session_id: safe } = await wire.result('create_session', { client_id: 'test', name: 'safe' });
  await wire.result('evaluate', { session_id: safe, code: 'n := 41' });
  const { session_id: target } = await wire.result('create_session', { client_id: 'stranger', name: 'target' });
  const stranger = new Stranger(backend.endpoint);
  const status = () => wire.result('get_backend_status', {});
  const expectUnharmed = async () => {
    expect(await wire.result('evaluate', { session_id: safe, code: 'n + 1' })).toMatchObject({ result: '42' });
    expect((await status()).pid).toBe(backend.pid);
    await readVerified(wire, safe);
    expect(readLog(home)).not.toMatch(/Error: |unhandled|uncaught/i);
  };
  return { backend, wire, target, stranger, status, expectUnharmed };
}

describe('a backend among strangers', () => {
  it('answers ten thousand malformed messages by name, grows little, and works on', async () => {
    const chance = Chance.announced('malformed messages');
    const { target, stranger, status, expectUnharmed } = await begin();
    const before = await status();
    const requests = Object.entries(granted(target)).map(([command, parameters]) =>
      JSON.stringify({ id: command, command, parameters }),
    );
    const messages = withOddParameters(target);
    while (messages.length < MESSAGES) messages.push(chance.pick(KINDS)(chance, () => chance.pick(requests)));
    const replies = await stranger.exchange(messages);
    expect(replies).toHaveLength(messages.length);
    expectTyped(replies);
    await expectUnharmed();
    expect((await status()).memoryBytes - before.memoryBytes).toBeLessThan(GROWTH_LIMIT);
    stranger.close();
  }, 120_000);

  it('answers what is larger than it accepts as such, and keeps none of it', async () => {
    const { target, stranger, status, expectUnharmed } = await begin();
    const before = await status();
    const request = (parameters: object) => JSON.stringify({ id: 1, command: 'evaluate', parameters });
    const tooLong = request({ session_id: target, code: ' '.repeat(limits.MAX_CODE_LENGTH + 1) });
    const tooLarge = request({ session_id: target, code: ' '.repeat(limits.MAX_MESSAGE_BYTES) });
    const context = { session_id: target, state_data: { text: 'x'.repeat(limits.MAX_CONTEXT_BYTES) } };
    const tooMuch = JSON.stringify({ id: 1, command: 'update_session_state', parameters: context });
    const types = async (message: string) =>
      (await stranger.exchange(Array(5).fill([message]))).map((reply) => reply.error_type);
    expect(await types(tooLong)).toEqual(Array(5).fill('InvalidParameters'));
    expect(await types(tooLarge)).toEqual(Array(5).fill('MessageTooLarge'));
    expect(await types(tooMuch)).toEqual(Array(5).fill('LimitExceeded'));
    await expectUnharmed();
    expect((await status()).memoryBytes - before.memoryBytes).toBeLessThan(GROWTH_LIMIT);
    stranger.close();
  });

  it('drops who sends a frame beyond all bounds, and serves the others', async () => {
    const { backend, stranger, expectUnharmed } = await begin();
    const rude = new Dealer({ linger: 0 });
    rude.connect(backend.endpoint);
    const { events } = rude;
    await rude.send(Buffer.alloc(limits.MAX_FRAME_BYTES + 1));
    while ((await events.receive()).type !== 'disconnect');
    rude.close();
    expect(runs(backend.pid)).toBe(true);
    expectTyped(await stranger.exchange([['{"id":1,"command":"ping"}']]));
    await expectUnharmed();
    stranger.close();
  });

  it('gives nobody a way into the objects it is made of', async () => {
    const { wire, target, stranger, expectUnharmed } = await begin();
    const parameters = `{"session_id":"${target}","state_data":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}`;
    expectTyped(await stranger.exchange([[`{"id":1,"command":"update_session_state","parameters":${parameters}}`]]));
    expectTyped(await stranger.exchange([['{"id":1,"command":"ping","parameters":{"__proto__":{"message":"x"}}}']]));
    const info = await wire.result('get_session_info', { session_id: target });
    expect(info.polluted).toBeUndefined();
    expect(info.session.labels).toEqual({});
    await expectUnharmed();
    stranger.close();
  });
});
