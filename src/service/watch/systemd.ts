/**
 * Tells systemd how the service is, where it started us (Type=notify). Node has no datagram sockets of the kind that
 * sd_notify(3) wants, so systemd's own program speaks; the unit needs NotifyAccess=all for that.
 */
import { type SpawnFailed, startProcess } from '../../process/spawn.js';

/** The program waits until systemd has read the message. Where systemd does not, it is killed, in ms. */
const LONGEST_RUN_MS = 10_000;

interface Message {
  readonly ready: boolean;
  readonly status: string;
}

export class Systemd {
  #next: Message | undefined;
  #runs = false;
  #isAbsent = false;

  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly warn: (message: string) => void,
  ) {}

  /** One message at a time, so that they arrive in order; of those that wait only the newest is worth telling. */
  tell(message: Message): void {
    if (!this.env['NOTIFY_SOCKET'] || this.#isAbsent) return;
    this.#next = { status: message.status, ready: message.ready || this.#next?.ready === true };
    void this.#speak();
  }

  async #speak(): Promise<void> {
    if (this.#runs || this.#next === undefined) return;
    const { ready, status } = this.#next;
    this.#next = undefined;
    this.#runs = true;
    const words = [...(ready ? ['--ready'] : []), `--status=${status}`];
    try {
      const options = { stdio: 'ignore', timeout: LONGEST_RUN_MS, killSignal: 'SIGKILL' } as const;
      const child = await startProcess('systemd-notify', words, options);
      await new Promise((resolve) => child.once('exit', resolve));
    } catch (error) {
      this.#isAbsent = (error as SpawnFailed).code === 'ENOENT';
      this.warn((error as Error).message);
    }
    this.#runs = false;
    void this.#speak();
  }
}
