/** Which two sessions, or revisions of one, are compared, and how they differ. */
import { UsageError } from '../cli/errors.js';
import type { Result } from '../protocol/command.js';
import { ProtocolError } from '../protocol/errors.js';
import type { diffSessions } from '../protocol/management-commands.js';
import type { Workplace } from './workplace.js';

export type Comparison = Result<typeof diffSessions> & {
  /** Nothing differs. */
  readonly same: boolean;
};

/** One side of a comparison. */
interface Side {
  readonly session: string;
  /** As it was at this revision; as it is when not given. */
  readonly at?: number;
}

const WITH_REVISION = /^(.*)@(\d+)$/;

/**
 * Compares two sides. Without a second one, a side with a revision is compared with its session as it is, and one without
 * with the current session.
 * @throws ProtocolError, CliError
 */
export async function diff(workplace: Workplace, first: string, second: string | undefined): Promise<Comparison> {
  const a = await sideOf(workplace, first);
  const b = second === undefined ? await counterpart(workplace, a) : await sideOf(workplace, second);
  const found = await workplace.ask('diff_sessions', { a: a.session, a_at: a.at, b: b.session, b_at: b.at });
  const { bindings, context, onlyInA, onlyInB } = found;
  return { ...found, same: [bindings, context, onlyInA, onlyInB].every(({ length }) => length === 0) };
}

/** Names may have an @ in them: what is the name of a session as a whole stands for that session. */
async function sideOf(workplace: Workplace, text: string): Promise<Side> {
  const split = WITH_REVISION.exec(text);
  if (!split) return { session: text };
  try {
    const { session } = await workplace.ask('get_session_info', { session_id: text });
    return { session: session.id };
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.type !== 'SessionNotFound') throw error;
  }
  const [, reference, digits] = split;
  const at = Number(digits);
  if (!Number.isSafeInteger(at)) throw new UsageError(`No session has as many revisions as "${text}" says`);
  return { session: workplace.sessionReference(reference || undefined), at };
}

async function counterpart(workplace: Workplace, { session, at }: Side): Promise<Side> {
  return { session: at === undefined ? workplace.sessionReference(undefined) : session };
}
