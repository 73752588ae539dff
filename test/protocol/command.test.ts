import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as v from 'valibot';
import { type CommandDescriptor, parseParameters } from '../../src/protocol/command.js';
import { COMMANDS, type CommandName } from '../../src/protocol/commands.js';
import { ProtocolError } from '../../src/protocol/errors.js';
import * as limits from '../../src/protocol/limits.js';

const descriptors = Object.entries(COMMANDS) as [CommandName, CommandDescriptor][];

function parse(name: CommandName, parameters: unknown, version?: number): unknown {
  return parseParameters(COMMANDS[name] as CommandDescriptor, parameters, version);
}

/** The message of the refusal; undefined where the parameters are accepted. */
function refusal(name: CommandName, parameters: unknown, version?: number): string | undefined {
  try {
    parse(name, parameters, version);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.type !== 'InvalidParameters') throw error;
    return error.message;
  }
}

/** A value of the context may be anything, and null removes one. */
function takesAnything(schema: object): boolean {
  return 'wrapped' in schema && (schema.wrapped as { type: string }).type === 'unknown';
}

/** The least that each command takes. */
const LEAST: Record<CommandName, Record<string, unknown>> = {
  hello: {},
  ping: {},
  get_backend_status: {},
  create_session: { client_id: 'c' },
  list_sessions: {},
  list_client_sessions: { client_id: 'c' },
  get_session_info: { session_id: 's' },
  restore_session: { session_id: 's' },
  save_session: { session_id: 's' },
  update_session_state: { session_id: 's', state_data: {} },
  rename_session: { session_id: 's', name: 'n' },
  label_session: { session_id: 's', labels: {} },
  close_session: { session_id: 's' },
  delete_session: { session_id: 's' },
  get_session_statistics: {},
  evaluate: { code: '' },
  inspect: { target: '' },
  get_result: { key: 'k' },
  read_history: {},
  read_journal: { session_id: 's' },
  read_snapshot: { session_id: 's', revision: 2, offset: 0 },
  import_session: { upload: 'u', offset: 0, data: '', last: true },
  get_context: { session_id: 's' },
  list_bindings: { session_id: 's' },
  list_conflicts: { session_id: 's' },
  resolve_conflict: { session_id: 's', conflict: 'c', choice: 'ours' },
  record_inputs: { session_id: 's', source: 'text', inputs: [] },
  attach_client: { session_id: 's', client_id: 'c' },
  detach_client: { session_id: 's', client_id: 'c' },
  list_clients: { session_id: 's' },
  share_session: { session_id: 's' },
  unshare_session: { session_id: 's' },
  fork_session: { session_id: 's', client_id: 'c' },
  diff_sessions: { a: 's', b: 't' },
  verify_session: { session_id: 's' },
  verify_archive: { upload: 'u', offset: 0, data: '', last: true },
  repair_sessions: {},
  prune_sessions: {},
  get_statistics: {},
};

const required = descriptors.flatMap(([name]) => Object.keys(LEAST[name]).map((field) => [name, field] as const));

describe('parameters', () => {
  it.each(descriptors.map(([name]) => [name]))('of %s may be the least there are', (name) => {
    expect(parse(name, LEAST[name])).toEqual(LEAST[name]);
  });

  it.each(required)('of %s without %s are refused, naming what is missing', (name, field) => {
    const { [field]: _, ...rest } = LEAST[name];
    expect(refusal(name, rest)).toBe(`${name}: missing "${field}" parameter`);
  });

  it.each(descriptors)('of %s that are of another kind are refused by name', (name, { parameters }) => {
    for (const [field, schema] of Object.entries(parameters.entries)) {
      if (takesAnything(schema)) continue;
      for (const wrong of [Symbol.iterator, null]) {
        expect(refusal(name, { ...LEAST[name], [field]: wrong })).toMatch(
          `${name}: "${field}": Invalid type: Expected`,
        );
      }
    }
  });

  it('that are no object are refused', () => {
    for (const parameters of [undefined, null, 'a', 1]) {
      expect(refusal('ping', parameters)).toBe('ping: "parameters" is a JSON object');
    }
  });

  it('that are unknown are refused by name, but in the published protocol, which ignores them', () => {
    for (const [name, { published }] of descriptors) {
      const given = { ...LEAST[name], kye: 'k' };
      const refused = `${name}: unknown "kye" parameter`;
      expect([name, refusal(name, given)]).toEqual([name, published || name === 'hello' ? undefined : refused]);
      expect([name, refusal(name, given, 1)]).toEqual([name, refused]);
    }
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`${index}`.repeat(500), 1]));
    expect(refusal('rename_session', many)?.length).toBeLessThan(3_000);
    expect(refusal('list_sessions', JSON.parse('{"__proto__": 1, "toString": 2}'))).toMatch(/"__proto__".*"toString"/);
  });

  it('name the client in every command of ours', () => {
    for (const [name, { published, parameters }] of descriptors) {
      if (!published)
        expect([name, Object.keys(parameters.entries)]).toEqual([name, expect.arrayContaining(['client_id'])]);
    }
  });

  it('with several mistakes are refused naming each, once', () => {
    expect(refusal('import_session', { offset: -1, data: '!', last: 1 })).toMatch(
      /^import_session: missing "upload" parameter; "offset": [^;]+; "data": [^;]+; "last": [^;]+$/,
    );
  });

  const id = 'i'.repeat(limits.MAX_IDENTIFIER_LENGTH);
  const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, 'v']));
  const base64 = (bytes: number) => Buffer.alloc(bytes).toString('base64');

  /** At each bound: what is just accepted and what is just not. */
  it.each<[CommandName, string, unknown, unknown]>([
    ['create_session', 'client_id', id, `${id}i`],
    ['create_session', 'client_id', 'c', ''],
    ['create_session', 'name', 'n'.repeat(100), 'n'.repeat(101)],
    ['create_session', 'name', 'n', ''],
    ['create_session', 'ttl_ms', 1, 0],
    ['create_session', 'ttl_ms', limits.MAX_TTL_MS, limits.MAX_TTL_MS + 1],
    ['create_session', 'ttl_ms', 5, 1.5],
    ['create_session', 'session_id', '123e4567-e89b-42d3-a456-426614174000', 'c0ffee'],
    ['create_session', 'labels', labels(limits.MAX_LABELS), labels(limits.MAX_LABELS + 1)],
    ['create_session', 'labels', { [id]: 'v' }, { [`${id}i`]: 'v' }],
    [
      'create_session',
      'labels',
      { a: 'v'.repeat(limits.MAX_LABEL_VALUE_LENGTH) },
      { a: 'v'.repeat(limits.MAX_LABEL_VALUE_LENGTH + 1) },
    ],
    ['create_session', 'labels', { a: '' }, { a: null }],
    ['label_session', 'labels', { a: null }, { a: 1 }],
    ['list_sessions', 'state', 'closed', 'expired'],
    ['evaluate', 'code', 'c'.repeat(limits.MAX_CODE_LENGTH), 'c'.repeat(limits.MAX_CODE_LENGTH + 1)],
    ['evaluate', 'timeout_ms', 1, 0],
    ['evaluate', 'timeout_ms', limits.MAX_TIMEOUT_MS, limits.MAX_TIMEOUT_MS + 1],
    ['evaluate', 'key', id, `${id}i`],
    ['evaluate', 'if_revision', 0, -1],
    ['evaluate', 'if_revision', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 1],
    ['get_result', 'wait_ms', limits.MAX_WAIT_MS, limits.MAX_WAIT_MS + 1],
    ['read_history', 'limit', 10_000, 10_001],
    ['read_history', 'since', '2026-01-31T12:00:00.000Z', '2026-01-31'],
    ['read_journal', 'limit', 5000, 5001],
    ['import_session', 'offset', limits.MAX_ARCHIVE_BYTES, limits.MAX_ARCHIVE_BYTES + 1],
    ['import_session', 'data', base64(limits.CHUNK_BYTES), base64(limits.CHUNK_BYTES + 3)],
    ['import_session', 'data', 'AA==', 'AA='],
    ['update_session_state', 'state_data', { a: null }, []],
  ])('of %s hold %s to its bounds', (name, field, good, bad) => {
    expect(parse(name, { ...LEAST[name], [field]: good })).toEqual({ ...LEAST[name], [field]: good });
    expect(refusal(name, { ...LEAST[name], [field]: bad })).toMatch(`${name}: "${field}`);
  });

  it.each([
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:00+02:00', '2026-01-31T10:00:00.000Z'],
    ['2026-01-31 12:00:00.123456Z', '2026-01-31T12:00:00.123Z'],
  ])('bring the time %s into the form that entries have, to be compared with theirs', (since, expected) => {
    expect(parse('read_history', { session_id: 's', since })).toEqual({ session_id: 's', since: expected });
  });

  it.each(['2026-01-31T12:00:00+02', 'now', '', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z'])(
    'refuse %j, which no clock shows',
    (since) => {
      expect(refusal('read_history', { session_id: 's', since })).toMatch('read_history: "since": ');
    },
  );

  it('keep labels and context parts whatever they are called', () => {
    const text = '{"__proto__":"a","constructor":"b","prototype":"c","toString":"d"}';
    for (const [name, field] of [
      ['create_session', 'labels'],
      ['label_session', 'labels'],
      ['list_sessions', 'labels'],
      ['update_session_state', 'state_data'],
    ] as const) {
      const parsed = parse(name, { ...LEAST[name], [field]: JSON.parse(text) }) as Record<string, unknown>;
      expect(JSON.stringify(parsed[field])).toBe(text);
    }
    expect(refusal('create_session', { client_id: 'c', labels: JSON.parse('{"__proto__": 1}') })).toMatch(
      '"labels.__proto__"',
    );
  });

  it('with a million mistakes, or one of megabytes, are refused in a short message', () => {
    const nulls = new Array(1_000_000).fill(null);
    const many = Object.fromEntries(nulls.map((_, index) => [`l${index}`, 1]));
    const long = 'x'.repeat(7_000_000);
    for (const [name, parameters] of [
      ['hello', { versions: nulls }],
      ['create_session', { client_id: 'c', labels: many }],
      ['create_session', { client_id: 'c', labels: { [long]: 'v' } }],
      ['list_sessions', { state: long }],
      ['import_session', { ...LEAST.import_session, data: long }],
      ['import_session', { ...LEAST.import_session, data: `${base64(limits.CHUNK_BYTES).slice(0, -1)}!` }],
    ] as [CommandName, unknown][]) {
      expect(refusal(name, parameters)?.length).toBeLessThan(1000);
    }
  });

  it('made at random are accepted, or refused as InvalidParameters', () => {
    const fields = [...new Set(descriptors.flatMap(([, { parameters }]) => Object.keys(parameters.entries)))];
    const parameters = fc.dictionary(fc.constantFrom(...fields, '__proto__', 'constructor'), fc.jsonValue());
    fc.assert(
      fc.property(fc.constantFrom(...descriptors), parameters, ([name, descriptor], given) => {
        const message = refusal(name, given);
        const ignoresUnknown = descriptor.published || name === 'hello';
        const isKnown = Object.keys(given).every((field) => Object.hasOwn(descriptor.parameters.entries, field));
        const fits = v.safeParse(descriptor.parameters, given).success;
        expect(message === undefined).toBe(fits && (ignoresUnknown || isKnown));
      }),
      { numRuns: 3000 },
    );
  });
});
