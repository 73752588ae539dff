/** Sizes as people write them, always with a unit: `500MB`, `2GB`, `64KiB`. A number alone could be of any. */

const UNIT_BYTES = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const SIZE = /^(\d+(?:\.\d+)?) ?(b|[kmgt]i?b)$/i;

export const SIZE_FORMS = 'a number with its unit, such as 500MB, 2GB or 64KiB';

/** @returns whole bytes, or undefined when `text` is no size */
export function sizeBytes(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (!match) return undefined;
  return Math.round(Number(match[1]) * UNIT_BYTES[(match[2] as string).toLowerCase() as keyof typeof UNIT_BYTES]);
}
