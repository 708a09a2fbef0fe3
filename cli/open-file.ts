/** Shows a file in whatever the desktop has for it. */
import { spawn } from 'node:child_process';
import { platform } from 'node:os';

/** False when there is no opener; what it does afterwards is its own affair. */
export async function openFile(path: string): Promise<boolean> {
  const opener = platform() === 'darwin' ? 'open' : 'xdg-open';
  return new Promise((resolve) => {
    const child = spawn(opener, [path], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
