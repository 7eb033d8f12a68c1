import type { Command } from 'commander';
import type { CliSettings } from '../env.js';
import { withServer, type Server } from '../stack/with-server.js';

/** What every command needs of the program around it. */
export interface CommandContext {
  readonly settings: CliSettings;
  /** Stacks and the private server's lines are shown. */
  readonly verbose: () => boolean;
}

/** Adds commands to the program. */
export type AddCommands = (program: Command, context: CommandContext) => void;

/** Said where a command leaves work behind that its private server will not do. */
export const NO_SERVER = 'no server stays behind: what is queued runs when one does (`prad up`)';

/** Runs `use` against a server as `withServer` finds or starts it. */
export function atServer<T>(
  { settings, verbose }: CommandContext,
  use: (server: Server) => Promise<T>,
): Promise<T> {
  return withServer(settings, verbose(), use);
}
