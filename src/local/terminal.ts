/** Where a command was typed: which terminal, and which process there ran it. */
import { readlinkSync } from 'node:fs';
import { identityOf, isGone, type ProcessIdentity, sessionLeader } from '../files/process-identity.js';

export interface Place {
  /** Null where the system does not tell. */
  readonly terminal: string | null;
  /** The process that runs the commands: a shell, a script, a make. Null where the system does not tell it from others. */
  readonly caller: string | null;
  /** @returns whether nobody can come from there again, as far as that can be told; of terminals and of callers */
  isOver(id: string): boolean;
}

/** What is asked of the operating system; injected by tests. */
export interface System {
  sessionLeader(): ProcessIdentity | undefined;
  identityOf(pid: number): ProcessIdentity;
  isGone(identity: ProcessIdentity): boolean;
  /** Which numbering of processes: containers that share a home have one each. */
  namespace(): string;
  readonly self: number;
  readonly parent: number;
}

const THIS_SYSTEM: System = {
  sessionLeader,
  identityOf,
  isGone,
  namespace: () => {
    try {
      return readlinkSync('/proc/self/ns/pid');
    } catch {
      return '';
    }
  },
  self: process.pid,
  parent: process.ppid,
};

/**
 * A terminal is the session of processes (setsid(2)) that a command belongs to: every window, tmux pane, login and cron job
 * has one. Where the system does not tell it, what terminal programs put into the environment has to do.
 */
export function placeHere(env: NodeJS.ProcessEnv, system: System = THIS_SYSTEM): Place {
  const namespace = system.namespace();
  const idOf = (identity: ProcessIdentity | undefined): string | null =>
    identity?.startedAt ? `process:${identity.pid}:${identity.startedAt}:${namespace}` : null;
  const leader = system.sessionLeader();
  // A command that leads a session is alone in it: nobody will come back to what it chose.
  const own = leader?.pid === system.self ? undefined : leader;
  return {
    terminal: leader === undefined ? terminalIn(env) : idOf(own),
    caller: idOf(system.identityOf(system.parent)),
    isOver: (id) => {
      const [, pid, startedAt = '', where] = PROCESS.exec(id) ?? [];
      return where === namespace && system.isGone({ pid: Number(pid), startedAt });
    },
  };
}

const PROCESS = /^process:(\d+):([^:]+):(.*)$/;

/** Panes inherit what the terminal around them says, so that the innermost comes first. */
const TERMINAL_VARIABLES = [
  ['TMUX', 'TMUX_PANE'],
  ['STY', 'WINDOW'],
  ['ZELLIJ_SESSION_NAME', 'ZELLIJ_PANE_ID'],
  ['WEZTERM_UNIX_SOCKET', 'WEZTERM_PANE'],
  ['KITTY_PID', 'KITTY_WINDOW_ID'],
  ['TERM_SESSION_ID'],
] as const;

function terminalIn(env: NodeJS.ProcessEnv): string | null {
  for (const names of TERMINAL_VARIABLES) {
    const values = names.map((name) => env[name]);
    if (values.every(Boolean)) return `terminal:${names.at(-1)}:${values.join(':')}`;
  }
  return null;
}
