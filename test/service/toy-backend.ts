/** A backend in a few lines: it knows sessions, takes evaluations once for a key, and fails as it is told to. */
import { Unreachable } from '../../src/client/errors.js';
import type { InterimReply } from '../../src/protocol/envelope.js';
import { type ErrorType, ProtocolError } from '../../src/protocol/errors.js';

interface Parameters {
  readonly session_id: string;
  readonly key: string;
  readonly code: string;
}

export class ToyBackend {
  /** Ids by name. */
  readonly sessions = new Map<string, string>();
  /** What was accepted, oldest first. */
  readonly accepted: { readonly session: string; readonly key: string; readonly code: string }[] = [];
  /** Of keys that have another outcome than a value. */
  readonly outcomes = new Map<string, string>();
  /** Nobody answers. */
  away = false;
  /** What an evaluation is refused with, by its key or its session. */
  readonly refusals = new Map<string, ErrorType>();
  /** It is gone when it has said that it accepted. */
  goesAfterAccepting = false;
  /** Told of each evaluation once its session is found. */
  onEvaluate: (key: string) => void | Promise<void> = () => {};

  readonly answers = {
    get_session_info: ({ session_id }: Parameters) => {
      const id = this.#find(session_id);
      const name = [...this.sessions].find(([, each]) => each === id)?.[0];
      return { session: { id, name, state: 'open' } };
    },
    get_result: ({ session_id, key }: Parameters) => {
      const session = session_id === undefined ? undefined : this.#find(session_id);
      this.#answer();
      const found = this.accepted.find((each) => each.key === key && (session ?? each.session) === each.session);
      if (!found) throw new ProtocolError('EvaluationNotFound', `No evaluation was accepted under the key ${key}`);
      return { evaluation: { ...evaluationOf(found), outcome: this.outcomes.get(key) ?? 'value' } };
    },
    evaluate: async ({ session_id, key, code }: Parameters, onInterim?: (reply: InterimReply) => void) => {
      const session = this.#find(session_id);
      await this.onEvaluate(key);
      const refusal = this.refusals.get(key) ?? this.refusals.get(session);
      if (refusal) throw new ProtocolError(refusal, `${key} is refused`);
      const known = this.accepted.find((each) => each.key === key && each.session === session);
      if (known && known.code !== code) throw new ProtocolError('KeyConflict', `The key ${key} belongs to other code`);
      const evaluation = known ?? { session, key, code };
      if (!known) this.accepted.push(evaluation);
      const result = { key, session, revision: this.accepted.indexOf(evaluation) + 1 };
      onInterim?.({ status: 'accepted', result } as unknown as InterimReply);
      if (this.goesAfterAccepting) {
        this.away = true;
        throw new Unreachable('tcp://nowhere:1', 'it fell silent', undefined, true);
      }
      return { evaluation: { ...evaluationOf(evaluation), fromJournal: known !== undefined, restored: null } };
    },
  };

  #find(reference: string): string {
    this.#answer();
    const id = this.sessions.get(reference) ?? [...this.sessions.values()].find((each) => each === reference);
    if (id === undefined) throw new ProtocolError('SessionNotFound', `No session ${reference}`);
    return id;
  }

  #answer(): void {
    if (this.away) throw new Unreachable('tcp://nowhere:1', 'nobody is there');
  }
}

function evaluationOf({ session, key, code }: { session: string; key: string; code: string }) {
  const found = { key, session, code, revision: 1, time: '2026-01-01T00:00:00.000Z', client: 'me', redacted: false };
  const value = { outcome: 'value', printString: '7', class: 'Number', transcript: '', durationMs: 1, error: null };
  return { ...found, ...value, deferred: [] };
}
