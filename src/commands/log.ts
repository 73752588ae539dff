import { Flags } from '@oclif/core';
import { formatDuration } from '../cli/duration.js';
import { CliError } from '../cli/errors.js';
import { onStop } from '../cli/signals.js';
import { StreamCommand } from '../cli/stream-command.js';
import type { Style } from '../cli/style.js';
import { cut, visibleLine } from '../cli/terminal-text.js';
import { type HashedEntry, JournalReading } from '../client/journal-reading.js';
import { REAL_RUNTIME } from '../client/link.js';
import { Presence } from '../client/presence.js';
import { ProtocolError } from '../protocol/errors.js';
import { BACKEND_FLAGS, openWorkplace, sessionArg, useConfiguredDefaults } from '../service/backend-command.js';
import type { Workplace } from '../service/workplace.js';
import type { Entry } from '../session/entry.js';

/** How long one request waits for new entries, in ms; then it is asked again. */
const FOLLOW_WAIT_MS = 20_000;

const PAGE = 500;

export default class Log extends StreamCommand<HashedEntry> {
  static override summary = 'Print the journal of a session, entry by entry.';
  static override description =
    'With --json every entry is one line, as it is stored, with its chain hash as the last member: SHA-256 of the hash ' +
    'before it, a line feed, and the entry without the hash. When the session is replaced by one of another history ' +
    'meanwhile, such as an older archive, --follow says so and ends with exit code 4.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42',
    '<%= config.bin %> <%= command.id %> build-42 --after 120 --follow --json | jq -c \'select(.type == "output")\'',
  ];
  static override args = { session: sessionArg(false) };
  static override baseFlags = BACKEND_FLAGS;
  static override flags = {
    after: Flags.integer({ summary: 'Only entries above this revision.', default: 0, min: 0 }),
    follow: Flags.boolean({
      summary: 'Go on with new entries as they come, until interrupted.',
      description: 'The session has this client among its connected ones meanwhile: see "session clients".',
    }),
  };

  #workplace: Workplace | undefined;
  /** Only those who follow stay. */
  #presence: Presence | undefined;
  #interrupted = false;

  protected override async init(): Promise<void> {
    await super.init();
    useConfiguredDefaults();
  }

  protected override async *records(): AsyncIterable<HashedEntry> {
    try {
      yield* this.#entries();
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.type !== 'Diverged') throw error;
      throw new CliError('other-history', error.message, {
        exit: 'conflict',
        hint: 'Read it from its beginning: "stui log" without --after.',
        cause: error,
      });
    }
  }

  async *#entries(): AsyncIterable<HashedEntry> {
    const { args, flags } = await this.parse(Log);
    this.#workplace = openWorkplace(flags);
    let session_id = this.#workplace.sessionReference(args.session);
    const reading = new JournalReading(flags.after);
    for (;;) {
      const page = await this.#workplace.ask('read_journal', {
        session_id,
        ...reading.next,
        limit: PAGE,
        wait_ms: flags.follow ? FOLLOW_WAIT_MS : 0,
      });
      // From here on by id: a rename must not lose the session.
      session_id = page.session;
      // Leaving is in the journal, too; but whoever interrupts has seen enough. The process ends once that is said.
      if (this.#interrupted) await new Promise<never>(() => {});
      if (flags.follow) this.#presence ??= await this.#stayWith(this.#workplace, session_id);
      yield* reading.take(page);
      if (!flags.follow && (page.lines.length === 0 || reading.next.after >= page.revision)) return;
    }
  }

  protected override renderRecord(entry: HashedEntry, style: Style): string {
    const about = cut(visibleLine(summaryOf(entry)), 100);
    return `${String(entry.seq).padStart(6)}  ${style.dim(entry.time)}  ${style.name(entry.type.padEnd(8))}  ${about}`;
  }

  async #stayWith(workplace: Workplace, session: string): Promise<Presence> {
    const presence = new Presence({ client: workplace, sessions: [session], after: REAL_RUNTIME.after });
    (await workplace.client()).onOutage({
      began: () => presence.linkLost(),
      ended: (outageMs) => presence.linkBack(outageMs),
    });
    presence.arrive();
    onStop(() => {
      this.#interrupted = true;
      return presence.leave();
    });
    return presence;
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    await this.#presence?.leave();
    await this.#workplace?.close();
    await super.finally(error);
  }
}

function summaryOf(entry: Entry): string {
  switch (entry.type) {
    case 'created':
    case 'renamed':
      return entry.name;
    case 'input':
      return entry.code.trim();
    case 'output':
      return (
        entry.printString ?? `${entry.outcome}: ${entry.error ? `${entry.error.class}: ${entry.error.message}` : ''}`
      );
    case 'snapshot':
      return `${entry.kind}, ${entry.bytes} bytes: ${[...entry.saved, ...entry.classes].join(' ')}`;
    case 'context':
      return Object.keys(entry.patch).join(' ');
    case 'conflict':
      return `${entry.id.slice(0, 8)} at ${entry.path.join('.')}`;
    case 'resolved':
      return `${entry.conflict.slice(0, 8)}: ${entry.choice}`;
    case 'forked':
      return `from ${entry.from.name} at revision ${entry.from.revision}`;
    case 'shared':
    case 'unshared':
      return entry.clients === null ? 'everyone' : entry.clients.join(' ');
    case 'presence':
      return `${formatDuration(entry.connectedMs)} connected, ${entry.outages} outages`;
    case 'notice':
      return `${entry.kind} at ${entry.expiresAt}`;
    case 'recorded':
      return entry.code.trim();
    case 'repaired':
      return `without the snapshots of revision ${entry.snapshots.join(', ')}: ${entry.reason}`;
    case 'labelled':
      return Object.entries(entry.labels)
        .map(([name, value]) => (value === null ? `${name}-` : `${name}=${value}`))
        .join(' ');
    case 'restored':
      return entry.bindings.map(({ name, fidelity }) => `${name}: ${fidelity}`).join(', ');
    case 'backend':
      return entry.event;
    case 'closed':
      return entry.reason;
  }
}
