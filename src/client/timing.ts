/** Every timer of the client, with unit and reason. */

/** Without any sign of life for this long, we look whether anybody listens at all, in ms: a handshake takes 3. */
export const PROBE_AFTER_MS = 250;

/** A connection attempt that the kernel neither accepts nor refuses is given up, in ms. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** While an answer is awaited, the backend is pinged this often, in ms. It answers pings while it evaluates. */
export const PING_EVERY_MS = 1_000;

/** A backend that is silent for this long is gone, in ms: five pings. */
export const SILENCE_MS = 5_000;

/** Default time for an answer that needs no evaluation, in ms. */
export const REQUEST_TIMEOUT_MS = 30_000;
