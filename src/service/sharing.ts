/** Whom a session is shared with, from the flags of the commands that change it, and in words. */
import { Flags } from '@oclif/core';
import { visibleLine } from '../cli/terminal-text.js';
import type { SessionSummary } from '../protocol/documents.js';

export const withFlag = (summary: string) =>
  Flags.string({
    summary,
    description:
      '"stui session clients" lists the clients of a session. Can be given several times. Default: all clients.',
    helpValue: '<client>',
    multiple: true,
  });

/** What sharing a session came to. */
export function sharingText({ name, shared }: SessionSummary): string {
  const session = visibleLine(name);
  if (shared === null) return `${session} is shared with all clients of the backend`;
  if (shared.length === 0) return `${session} is not shared; its owner has it`;
  return `${session} is shared with ${shared.map(visibleLine).join(', ')}`;
}
