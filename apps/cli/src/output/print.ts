/** Writes a line of a command's result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes a line about the work itself, which a pipe does not pass on. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}
