import { describe, expect, it } from '@jest/globals';
import { MAX_CODE_LENGTH, MAX_MESSAGE_BYTES, MAX_RECORDED_INPUTS } from '../../src/protocol/limits.js';
import { findInputs, type InputsFound, recordAll } from '../../src/service/history-import.js';
import { KEEP_ALL } from '../../src/service/redaction.js';
import { redactSecrets } from '../../src/session/secrets.js';
import { temporaryDirectory } from '../local/temporary.js';
import { askedWorkplace } from './asked.js';

const redaction = (code: string) => {
  const kept = redactSecrets(code);
  return kept.redacted ? kept.code : undefined;
};

function found(codes: readonly string[]): InputsFound {
  const inputs = codes.map((code) => ({ code, time: null, redacted: false }));
  return { format: 'text', inputs, skipped: 0, tooLong: 0 };
}

function recorder() {
  return askedWorkplace(temporaryDirectory(), {
    record_inputs: ({ inputs }) => ({ session: { id: 'id' }, recorded: inputs.length, known: 1 }),
  });
}

describe('what is found in a history file', () => {
  it('is the inputs with their times, without secrets', () => {
    const file = Buffer.from(
      '#1700000000\nstui eval "connect password: \'hunter2\'"\n#1700000001\nstui eval -f x.st\n',
    );
    expect(findInputs(file, 'auto', redaction)).toEqual({
      format: 'bash',
      inputs: [{ code: "connect password: '[redacted]'", time: '2023-11-14T22:13:20.000Z', redacted: true }],
      skipped: 1,
      tooLong: 0,
    });
    expect(findInputs(file, 'auto', KEEP_ALL).inputs[0]?.code).toBe("connect password: 'hunter2'");
  });

  it('is what was typed in zsh, which writes some bytes as two', () => {
    const [head, tail] = [Buffer.from(': 1700000000:0;stui eval "\''), Buffer.from('\'"\n')];
    // ⃃ is E2 83 83 in UTF-8.
    const file = Buffer.concat([head, Buffer.of(0xe2, 0x83, 0xa3, 0x83, 0xa3), tail]);
    expect(findInputs(file, 'auto', KEEP_ALL)).toMatchObject({ format: 'zsh', inputs: [{ code: "'\u20c3'" }] });
  });

  it('leaves out and counts what no evaluation can be as long as', () => {
    const long = 'x'.repeat(MAX_CODE_LENGTH + 1);
    const wide = '世'.repeat(MAX_CODE_LENGTH);
    const file = Buffer.from([long, '3', wide].join('\n'));
    expect(findInputs(file, 'text', KEEP_ALL)).toMatchObject({ inputs: [{ code: '3' }], tooLong: 2 });
  });
});

describe('inputs are recorded', () => {
  it('in requests of so many as one takes, all in one session', async () => {
    const { workplace, questions } = recorder();
    const codes = Array.from({ length: 2 * MAX_RECORDED_INPUTS + 1 }, (_, index) => `${index}`);
    const done = await recordAll(workplace, 'name', found(codes));
    expect(done).toEqual({ session: 'id', recorded: codes.length, known: 3 });
    expect(questions.map(({ parameters }) => parameters.session_id)).toEqual(['name', 'id', 'id']);
    const sent = questions.flatMap(({ parameters }) => parameters.inputs.map(({ code }: { code: string }) => code));
    expect(sent).toEqual(codes);
  });

  it('in requests that fit into a message', async () => {
    const { workplace, questions } = recorder();
    const codes = ['a'.repeat(3_000_000), 'b'.repeat(3_000_000), 'c', '世'.repeat(2_000_000), 'd'];
    await recordAll(workplace, 'name', found(codes));
    for (const { parameters } of questions) {
      expect(Buffer.byteLength(JSON.stringify(parameters))).toBeLessThan(MAX_MESSAGE_BYTES);
    }
    expect(questions.flatMap(({ parameters }) => parameters.inputs)).toHaveLength(codes.length);
  });

  it('with a question for the session even when there are none', async () => {
    const { workplace, questions } = recorder();
    expect(await recordAll(workplace, 'name', found([]))).toMatchObject({ session: 'id', recorded: 0 });
    expect(questions).toHaveLength(1);
  });
});
