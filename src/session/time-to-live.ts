/** Longest time to live, in milliseconds: 100 years. Added to any date of ours it still gives one that can be written. */
export const MAX_TTL_MS = 36_500 * 86_400_000;
