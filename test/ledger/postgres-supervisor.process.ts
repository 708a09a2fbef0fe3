/**
 * Keeps one private PostgreSQL server for a test run: `node postgres-supervisor.process.ts DIR PORT RUNNER_PID BIN UID GID`. Ends
 * the server and removes DIR when the test runner is gone, however it ended.
 */
import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

const [dir = '', port = '', runner = '', bin = '', uid = '', gid = ''] = process.argv.slice(2);
const data = join(dir, 'data');
const as = uid === '' ? {} : { uid: Number(uid), gid: Number(gid) };

const made = spawnSync(
  join(bin, 'initdb'),
  ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
  { ...as, cwd: dir, stdio: ['ignore', 'inherit', 'inherit'] },
);
if (made.status !== 0) process.exit(1);

// Durability is PostgreSQL's own affair; what is tested here is isolation, and a test machine's disk is slow.
const settings = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'unix_socket_directories=',
  'max_connections=120',
];
const server = spawn(
  join(bin, 'postgres'),
  ['-D', data, '-h', '127.0.0.1', '-p', port, ...settings.flatMap((s) => ['-c', s])],
  { ...as, cwd: dir, stdio: ['ignore', 'inherit', 'inherit'] },
);

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
setInterval(() => {
  if (!isAlive(Number(runner))) server.kill('SIGINT');
}, 500);
server.on('exit', () => {
  rmSync(dir, { recursive: true, force: true });
  process.exit(0);
});
