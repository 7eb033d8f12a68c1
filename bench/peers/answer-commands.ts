import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { DecodingSide, ServingSide } from './decoding-task.js';

/** Answers each line of stdin, a command and its argument, with a line of JSON; returns at its end. `ready` is a command of all. */
export async function answerCommands(side: DecodingSide | ServingSide): Promise<void> {
  const commands: Readonly<Record<string, (argument: number) => Promise<number>>> = {
    ready: () => Promise.resolve(0),
    served: () => side.served(),
    adapters: () => side.adapters(),
    ...('decode' in side && {
      decode: (rows: number) => side.decode(rows),
      prefill: () => side.prefill(),
      resident: () => side.resident(),
    }),
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const [name = '', argument] = line.split(' ');
    const command = commands[name];
    if (command === undefined) throw new Error(`unknown command ${line}`);
    console.log(JSON.stringify(await command(Number(argument))));
  }
}

/** Resident memory, a page that is mapped twice counted once; nothing is given back before the end. */
export async function residentBytes(): Promise<number> {
  const [, kilobytes] = /^Pss:\s+(\d+)/m.exec(await readFile('/proc/self/smaps_rollup', 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
