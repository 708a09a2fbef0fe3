/**
 * Loaded before the program (`--import`): writes to the file OBSERVED what had been loaded, and how much CPU time had gone,
 * when the first byte was written. Unlike the clock on the wall these do not depend on what else the machine does.
 */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const loaded: string[] = [];
registerHooks({
  load(url, context, nextLoad) {
    loaded.push(url);
    return nextLoad(url, context);
  },
});

let seen = false;
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  stream.write = ((...args: unknown[]) => {
    const { user, system } = process.cpuUsage();
    if (!seen) writeFileSync(process.env['OBSERVED'] ?? '', JSON.stringify({ loaded, cpuMs: (user + system) / 1_000 }));
    seen = true;
    return write(...args);
  }) as typeof stream.write;
}
