/** The bytes of a zsh history as they were typed: zsh writes some of them as two, so that it can tell them from its own marks. */

/** Stands before a byte whose bit 5 was turned over (zsh, Src/utils.c, `metafy`). */
const META = 0x83;
const TURNED = 0x20;

export function unmetafied(bytes: Uint8Array): Uint8Array {
  const typed = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const isEscaped = bytes[at] === META && at + 1 < bytes.length;
    if (isEscaped) at += 1;
    typed[length] = (bytes[at] as number) ^ (isEscaped ? TURNED : 0);
    length += 1;
  }
  return typed.subarray(0, length);
}
