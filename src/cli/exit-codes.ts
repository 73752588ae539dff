/** Every way the process can end. Scripts branch on the numbers, so a published one keeps its meaning for good. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done' },
  unexpected: { code: 1, meaning: 'an unexpected failure: please report it' },
  usage: { code: 2, meaning: 'the command line is wrong' },
  notFound: { code: 3, meaning: 'what was named does not exist' },
  conflict: { code: 4, meaning: 'someone else changed it, or it exists already' },
  unreachable: { code: 5, meaning: 'the backend cannot be reached' },
  timedOut: { code: 6, meaning: 'it took longer than allowed' },
  refused: { code: 7, meaning: 'refused for security reasons' },
  damaged: { code: 8, meaning: 'stored data is damaged' },
  raised: { code: 9, meaning: 'the Smalltalk code raised an error' },
  queued: { code: 10, meaning: 'accepted and queued: it will be delivered when the backend is back' },
  unknown: { code: 11, meaning: 'the outcome is unknown: it may or may not have run' },
  engineUnavailable: { code: 12, meaning: 'the Smalltalk engine is not available' },
  interrupted: { code: 130, meaning: 'interrupted (Ctrl-C)' },
  pipeClosed: { code: 141, meaning: 'the reader of the output went away' },
  terminated: { code: 143, meaning: 'asked to terminate (SIGTERM)' },
} as const satisfies Record<string, { code: number; meaning: string }>;

/** Name of one row of {@link EXIT_CODES}. */
export type ExitName = keyof typeof EXIT_CODES;
