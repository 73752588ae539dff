/** What a backend's refusal means to a person: exit code and what to do next, for every error type of the protocol. */
import { CliError } from '../cli/errors.js';
import type { ExitName } from '../cli/exit-codes.js';
import { type ErrorType, ProtocolError } from '../protocol/errors.js';

const MEANINGS: Readonly<Record<ErrorType, { exit: ExitName; hint?: string }>> = {
  SessionNotFound: { exit: 'notFound', hint: 'See "stui session list", or make one with "stui session create NAME".' },
  SessionError: { exit: 'conflict' },
  SessionClosed: { exit: 'conflict', hint: 'Reopen it with "stui session restore".' },
  AmbiguousSession: { exit: 'conflict', hint: 'Give the id instead.' },
  NameTaken: { exit: 'conflict', hint: 'Choose another name, or close, rename or delete the session that has it.' },
  RevisionConflict: { exit: 'conflict', hint: 'Look at what changed with "stui log", then try again.' },
  KeyConflict: { exit: 'conflict', hint: 'Use a key once: "stui result KEY" shows what it stands for.' },
  EvaluationNotFound: { exit: 'notFound', hint: 'It was never accepted here, so it is safe to send it.' },
  LimitExceeded: { exit: 'conflict' },
  StorageFull: { exit: 'unexpected', hint: 'Free some space on the disk of the backend, then try again.' },
  DamagedData: {
    exit: 'damaged',
    hint: 'Import an archive of the session, or restore the data directory from a backup.',
  },
  Diverged: {
    exit: 'conflict',
    hint: 'Delete the one here if the archive is the one to keep: "stui session delete ID --yes".',
  },
  EngineUnavailable: { exit: 'engineUnavailable', hint: 'The log of the backend says more: "stui backend status".' },
  InvalidRequest: { exit: 'unexpected' },
  MessageTooLarge: { exit: 'usage', hint: 'Split the source, or file it in in parts.' },
  UnknownCommand: {
    exit: 'unexpected',
    hint: 'The backend is older than this stui: restart it with "stui backend stop".',
  },
  InvalidParameters: { exit: 'usage' },
  ShuttingDown: { exit: 'unreachable', hint: 'Try again in a moment.' },
  RuntimeError: {
    exit: 'unexpected',
    hint: 'The log of the backend says more: "stui backend status" tells where it is.',
  },
};

/** @returns the error as the CLI shows it; anything that is no ProtocolError comes back as it is */
export function explainFailure(error: unknown): unknown {
  if (!(error instanceof ProtocolError)) return error;
  const { exit, hint } = MEANINGS[error.type];
  return new CliError(kebabCase(error.type), error.message, { exit, ...(hint ? { hint } : {}), cause: error });
}

function kebabCase(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
