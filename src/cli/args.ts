import { Args } from '@oclif/core';

/**
 * A positional argument that is never read from stdin. oclif reads a missing one from there, and so eats the input of a
 * surrounding `while read line; do stui ...; done`.
 */
export const stringArg = Args.custom<string>({ ignoreStdin: true });
