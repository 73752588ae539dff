/** The watched connections as a person sees them: lines that stay up to date on a terminal, a line an event elsewhere. */
import { formatDuration } from '../../cli/duration.js';
import type { Style } from '../../cli/style.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { DeliveryAccount, WatchEvent } from './event.js';
import type { Watcher } from './watcher.js';

/** One line about a connection as it is now. */
export function watchLine(watcher: Watcher, style: Style): string {
  const { phase, latencyMs, retryInMs, outbox, lastOutage } = watcher;
  const good = phase === 'healthy' || phase === 'busy';
  const paint = good ? style.good : phase === 'degraded' || phase === 'restoring' ? style.warn : style.bad;
  const parts = [
    style.bold(visibleLine(watcher.connection)),
    // Idle is a link that gave up; before its start nobody sees it.
    paint(phase === 'idle' ? 'unreachable' : phase),
    good && latencyMs !== null ? `${latencyMs.toFixed(1)} ms` : '',
    watcher.upMs === null ? `for ${formatDuration(watcher.inPhaseMs)}` : `up ${formatDuration(watcher.upMs)}`,
    good ? '' : `attempt ${watcher.attempts}`,
    retryInMs === null ? '' : `next in ${formatDuration(retryInMs)}`,
    outbox > 0 ? style.warn(`${outbox} in the outbox`) : '',
    lastOutage ? style.dim(`last outage ${formatDuration(lastOutage.durationMs)}, ${lastOutage.time}`) : '',
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** One line about something that happened. */
export function eventLine(event: WatchEvent, style: Style): string {
  const about = `${style.dim(event.time)}  ${style.bold(visibleLine(event.connection))}`;
  switch (event.type) {
    case 'phase': {
      const latency = event.latencyMs === null ? '' : `  ${event.latencyMs.toFixed(1)} ms`;
      return `${about}  ${event.from} -> ${event.to}${latency}${event.outbox > 0 ? `  ${event.outbox} in the outbox` : ''}`;
    }
    case 'outage': {
      const restored = event.sessions.map(
        ({ name, bindings, lost }) =>
          `; ${visibleLine(name)}: ${bindings} bindings${lost.length > 0 ? `, lost ${lost.map(visibleLine).join(' ')}` : ''}`,
      );
      return [
        `${about}  ${event.over ? 'back' : 'not back'} after ${formatDuration(event.durationMs)} (${event.cause}), `,
        `${event.attempts} attempts: `,
        accountOf(event),
        ...restored,
        event.complete ? '' : '; not everything is back yet',
      ].join('');
    }
    case 'delivery':
      return `${about}  outbox: ${accountOf(event)}`;
    case 'trouble':
      return `${about}  ${style.warn(visibleLine(event.message))}`;
  }
}

function accountOf({ deliveredLate, answeredFromJournal, unknown, refused, lost }: DeliveryAccount): string {
  return (
    `${deliveredLate} delivered late, ${answeredFromJournal} answered from the journal, ` +
    `${unknown} unknown, ${refused} refused, ${lost} lost`
  );
}
