import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeReply,
  decodeRequest,
  errorReply,
  successReply,
  UnreadableRequest,
} from '../../src/protocol/envelope.js';
import { type ErrorType, ProtocolError } from '../../src/protocol/errors.js';
import { MAX_IDENTIFIER_LENGTH, MAX_MESSAGE_BYTES, MAX_NESTING_DEPTH } from '../../src/protocol/limits.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What is wrong with a message, and the id its error reply carries; undefined when it can be read. */
function refusal(bytes: Uint8Array): { type: ErrorType; id: unknown } | undefined {
  try {
    decodeRequest(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof UnreadableRequest) return { type: error.type, id: error.id };
    throw error;
  }
}

describe('a request', () => {
  it.each<[string, object]>([
    ['{"id":"1","command":"ping","parameters":{"a":1}}', { id: '1', command: 'ping', parameters: { a: 1 } }],
    ['{"id":0,"command":"ping"}', { id: 0, command: 'ping', parameters: {} }],
    ['{"id":-1.5,"command":"ping","parameters":null}', { id: -1.5, command: 'ping', parameters: {} }],
    ['{"id":9007199254740991,"command":""}', { id: 9007199254740991, command: '', parameters: {} }],
    ['{"id":"","command":"é","more":[]}', { id: '', command: 'é', parameters: {} }],
    ['\ufeff {"id":"1","command":"x"}\r\n', { id: '1', command: 'x', parameters: {} }],
    [
      `{"id":"${'i'.repeat(MAX_IDENTIFIER_LENGTH)}","command":"x"}`,
      { id: 'i'.repeat(MAX_IDENTIFIER_LENGTH), command: 'x', parameters: {} },
    ],
    ['{"id":1,"id":2,"command":"x"}', { id: 2, command: 'x', parameters: {} }],
  ])('is read: %s', (text, request) => {
    expect(decodeRequest(utf8(text))).toEqual(request);
  });

  it('keeps parameters called __proto__ without touching any prototype', () => {
    const { parameters } = decodeRequest(utf8('{"id":1,"command":"x","parameters":{"__proto__":{"polluted":1}}}'));
    expect(JSON.stringify(parameters)).toBe('{"__proto__":{"polluted":1}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('says the version it is written for, or none', () => {
    const bytes = (version: unknown) => Buffer.from(JSON.stringify({ id: 1, command: 'ping', stui_version: version }));
    expect(decodeRequest(bytes(1))).toEqual({ id: 1, command: 'ping', parameters: {}, version: 1 });
    expect(decodeRequest(bytes(undefined))).toEqual({ id: 1, command: 'ping', parameters: {} });
    for (const version of [2, 0, '1', null, 1.5]) {
      expect(refusal(bytes(version))).toEqual({ type: 'InvalidRequest', id: 1 });
    }
  });

  const invalid = (id: unknown) => ({ type: 'InvalidRequest', id });

  it.each<[string, string, object]>([
    ['nothing', '', invalid(null)],
    ['no JSON', 'hello', invalid(null)],
    ['half of JSON', '{"id":"1","command":"ping"', invalid(null)],
    ['two documents', '{"id":1,"command":"x"}{}', invalid(null)],
    ['null', 'null', invalid(null)],
    ['a text', '"ping"', invalid(null)],
    ['a list', '[{"id":1,"command":"x"}]', invalid(null)],
    ['no id', '{"command":"ping"}', invalid(null)],
    ['an id that is null', '{"id":null,"command":"ping"}', invalid(null)],
    ['an id that is an object', '{"id":{},"command":"ping"}', invalid(null)],
    ['an id that is true', '{"id":true,"command":"ping"}', invalid(null)],
    ['an id that is too long', `{"id":"${'i'.repeat(MAX_IDENTIFIER_LENGTH + 1)}","command":"x"}`, invalid(null)],
    ['an id that is no finite number', '{"id":1e999,"command":"ping"}', invalid(null)],
    ['an id that JSON does not keep exact', '{"id":9007199254740993,"command":"ping"}', invalid(null)],
    ['an id inherited from a prototype', '{"__proto__":{"id":"1"},"command":"ping"}', invalid(null)],
    ['no command', '{"id":"1"}', invalid('1')],
    ['a command that is no text', '{"id":7,"command":["ping"]}', invalid(7)],
    ['parameters that are a list', '{"id":"1","command":"x","parameters":[]}', invalid('1')],
    ['parameters that are a text', '{"id":"1","command":"x","parameters":"a"}', invalid('1')],
    ['parameters that are false', '{"id":"1","command":"x","parameters":false}', invalid('1')],
  ])('is refused, with its id where that can be read: %s', (_, text, expected) => {
    expect(refusal(utf8(text))).toEqual(expected);
  });

  it('is refused when its bytes are no UTF-8', () => {
    const bytes = utf8('{"id":"1","command":"x"}');
    bytes[7] = 0xff;
    expect(refusal(bytes)).toEqual(invalid(null));
    expect(refusal(Uint8Array.of(0xed, 0xa0, 0x80))).toEqual(invalid(null));
  });

  it('may have just as many bytes as the limit says', () => {
    const padded = (length: number) => utf8('{"id":"1","command":"x"}'.padEnd(length));
    expect(refusal(padded(MAX_MESSAGE_BYTES))).toBeUndefined();
    expect(refusal(padded(MAX_MESSAGE_BYTES + 1))).toEqual({ type: 'MessageTooLarge', id: null });
  });

  /** A request with the message itself as the first level. */
  const nested = (levels: number, inside: string) =>
    utf8(`{"id":"1","command":"x","parameters":${'{"a":'.repeat(levels - 2)}${inside}${'}'.repeat(levels - 2)}}`);

  it('may be nested just as deep as the limit says, in objects and lists', () => {
    for (const inside of ['{}', '[]', '{"a":"["}']) {
      expect(refusal(nested(MAX_NESTING_DEPTH, inside))).toBeUndefined();
    }
    expect(refusal(nested(MAX_NESTING_DEPTH, '{"a":[]}'))).toEqual({ type: 'MessageTooLarge', id: null });
    expect(refusal(nested(MAX_NESTING_DEPTH + 1, '{}'))).toEqual({ type: 'MessageTooLarge', id: null });
  });

  it('is not called deep for brackets in texts, nor for many brackets side by side', () => {
    const text = JSON.stringify({
      id: '1',
      command: 'x',
      parameters: { a: '[{'.repeat(1000), b: `"\\${'['.repeat(1000)}` },
    });
    expect(refusal(utf8(text))).toBeUndefined();
    expect(refusal(utf8(`{"id":"1","command":"x","a":[${'[],{},'.repeat(1000)}1]}`))).toBeUndefined();
  });

  it('is called deep for brackets behind a text that ends in a backslash', () => {
    const deep = `{"id":"1","command":"x","a":"\\\\","b":${'['.repeat(100)}${']'.repeat(100)}}`;
    expect(refusal(utf8(deep))).toEqual({ type: 'MessageTooLarge', id: null });
  });

  it('is refused in a million levels, closed or not, without a reader running out of stack', () => {
    for (const text of [
      '['.repeat(1_000_000),
      `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`,
      '{"a":'.repeat(1_000_000),
    ]) {
      expect(refusal(utf8(text))).toEqual({ type: 'MessageTooLarge', id: null });
    }
    expect(refusal(utf8(`${']'.repeat(1000)}${'['.repeat(1010)}`))).toEqual(invalid(null));
  });

  it('made of 5,000 random bytes and 5,000 changed requests never gives anything but UnreadableRequest', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['InvalidRequest', undefined]).toContain(refusal(bytes)?.type);
      }),
      { numRuns: 5000 },
    );
    const good = fc.record({
      id: fc.oneof(fc.string(), fc.integer()),
      command: fc.string(),
      parameters: fc.jsonValue(),
    });
    const change = fc.tuple(fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 4 }));
    fc.assert(
      fc.property(good, fc.array(change, { maxLength: 4 }), (message, changes) => {
        let bytes = [...utf8(JSON.stringify(message))];
        for (const [at, dropped, added] of changes) bytes = bytes.toSpliced(at % (bytes.length + 1), dropped, ...added);
        expect(['InvalidRequest', 'MessageTooLarge', undefined]).toContain(refusal(Uint8Array.from(bytes))?.type);
      }),
      { numRuns: 5000 },
    );
  });

  it('gives back any id, command and parameters that were sent', () => {
    const id = fc.oneof(
      fc.string({ maxLength: 100 }),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
    );
    const parameters = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(id, fc.string(), parameters, (id, command, parameters) => {
        const text = JSON.stringify({ id, command, parameters });
        expect(JSON.stringify(decodeRequest(utf8(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});

describe('a reply', () => {
  const now = new Date('2026-01-31T12:00:00.000Z');

  it('of success has exactly the published members', () => {
    expect(successReply('1', { a: 1 }, now)).toEqual({
      id: '1',
      status: 'success',
      result: { a: 1 },
      timestamp: now.toISOString(),
    });
    expect(Object.keys(successReply('1', null, now))).toEqual(['id', 'status', 'result', 'timestamp']);
  });

  it('of an error has exactly the published members, and details where there are any', () => {
    const plain = errorReply(null, new ProtocolError('SessionNotFound', 'No session'), now);
    expect(JSON.parse(JSON.stringify(plain))).toEqual({
      id: null,
      status: 'error',
      error: 'No session',
      error_type: 'SessionNotFound',
      timestamp: '2026-01-31T12:00:00.000Z',
    });
    expect(Object.keys(plain)).toEqual(['id', 'status', 'error', 'error_type', 'timestamp']);
    const detailed = errorReply(7, new ProtocolError('RevisionConflict', 'Not 3', { revision: 4 }), now);
    expect(detailed).toMatchObject({ id: 7, details: { revision: 4 } });
  });

  it('is read by a client as it was written', () => {
    for (const reply of [
      successReply('1', { a: ['é'] }, now),
      errorReply(1, new ProtocolError('StorageFull', 'Full'), now),
    ]) {
      expect(decodeReply(utf8(JSON.stringify(reply)))).toEqual(reply);
    }
  });

  it.each([
    '',
    'hello',
    'null',
    '[]',
    '{}',
    '{"status":"ok"}',
    '{"status":"error"}',
    '{"status":"error","error":{}}',
    '\u0000',
  ])('is not seen in %j', (text) => {
    expect(() => decodeReply(utf8(text))).toThrow(
      expect.objectContaining({ name: 'ProtocolError', type: 'InvalidRequest' }),
    );
  });
});
