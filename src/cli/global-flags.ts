/** Whether `--json` was given, in a command line that may not parse. */
export function asksForJson(argv: readonly string[]): boolean {
  return ownWords(argv).includes('--json');
}

/** Whether `--help` or `-h` was given. */
export function asksForHelp(argv: readonly string[]): boolean {
  return ownWords(argv).some((word) => word === '--help' || word === '-h');
}

/** What follows `--` belongs to the command. */
function ownWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}
