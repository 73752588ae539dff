/** How many evaluations each client may begin: a token bucket a client, so that bursts pass and floods do not. */
import { ProtocolError } from '../protocol/errors.js';

interface Bucket {
  tokens: number;
  /** On the caller's clock, in ms. */
  filledAt: number;
}

/** A bucket holds this many seconds' worth: what a script sends at once after it waited. */
const BURST_SECONDS = 2;

/** Buckets kept; beyond, those that are full again are forgotten, which changes nothing for their clients. */
const MAX_BUCKETS = 10_000;

export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param perSecond evaluations a client may ask for in the long run
   * @param now milliseconds, on any clock that does not go back
   */
  constructor(
    private readonly perSecond: number,
    private readonly now: () => number,
  ) {}

  /** Takes one. @throws {ProtocolError} RateLimited, with the time after which there is one again */
  take(client: string): void {
    const bucket = this.#filled(client);
    if (bucket.tokens < 1) {
      const retryAfterMs = Math.ceil(((1 - bucket.tokens) / this.perSecond) * 1000);
      throw new ProtocolError(
        'RateLimited',
        `This client asks for more than ${this.perSecond} evaluations a second; the next one is taken in ${retryAfterMs} ms`,
        { limit: 'evaluationsPerSecond', perSecond: this.perSecond, retryAfterMs },
      );
    }
    bucket.tokens -= 1;
  }

  #filled(client: string): Bucket {
    const now = this.now();
    const most = Math.max(1, this.perSecond * BURST_SECONDS);
    const bucket = this.#buckets.get(client);
    if (bucket) {
      bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.filledAt) / 1000) * this.perSecond);
      bucket.filledAt = now;
      return bucket;
    }
    if (this.#buckets.size >= MAX_BUCKETS) this.#forgetFull(now, most);
    const fresh = { tokens: most, filledAt: now };
    this.#buckets.set(client, fresh);
    return fresh;
  }

  #forgetFull(now: number, most: number): void {
    for (const [client, { tokens, filledAt }] of this.#buckets) {
      if (tokens + ((now - filledAt) / 1000) * this.perSecond >= most) this.#buckets.delete(client);
    }
  }
}
