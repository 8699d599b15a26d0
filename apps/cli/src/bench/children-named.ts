import { readFileSync, readdirSync } from 'node:fs';

/** Children of this process whose command line holds `text`. */
export function childrenNamed(text: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        const parent = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1];
        return (
          Number(parent) === process.pid && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(text)
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}
