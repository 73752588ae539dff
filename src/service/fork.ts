/** A session made from another one. */
import { randomUUID } from 'node:crypto';
import { CliError } from '../cli/errors.js';
import type { SessionSummary } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import type { Point } from './point.js';
import type { Workplace } from './workplace.js';

export interface ForkOrder {
  /** The session to fork. */
  readonly session: string;
  readonly name: string | undefined;
  readonly point: Point;
  readonly ifRevision: number | undefined;
}

export interface Fork {
  readonly session: SessionSummary;
  /** The session it was made from. */
  readonly from: SessionSummary;
  /** Commands that are given no session work in the fork from now on. */
  readonly current: boolean;
}

/** Makes the fork, and makes it the current session where CI is not set. @throws ProtocolError, CliError */
export async function forkSession(workplace: Workplace, order: ForkOrder): Promise<Fork> {
  const fork = await ask(workplace, order);
  const current = await workplace.makeCurrent(fork.session);
  await workplace.remember(fork.session);
  return { ...fork, current };
}

async function ask(
  workplace: Workplace,
  { session, name, point, ifRevision }: ForkOrder,
): Promise<Omit<Fork, 'current'>> {
  try {
    return await workplace.ask('fork_session', {
      session_id: session,
      client_id: workplace.clientId,
      fork_id: randomUUID(),
      name,
      ...point,
      if_revision: ifRevision,
    });
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.type !== 'SessionNotFound' || name !== undefined) throw error;
    // Whoever gives one name may mean the fork's.
    throw new CliError('session-not-found', error.message, {
      exit: 'notFound',
      hint: `The first argument is the session to fork. To give a fork of the current session that name: --name ${session}`,
      cause: error,
    });
  }
}
