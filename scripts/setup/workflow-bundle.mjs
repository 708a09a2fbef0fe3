// Bundles the workflows ahead, so that the first run need not: it takes over a second. The same is done at run time for
// sources that changed since, so nothing depends on it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export function prepareWorkflows(root, node, say) {
  const module = join(root, 'worker', 'workflow-bundle.ts');
  if (!existsSync(module)) return;
  say('preparing the workflows');
  const program = `await (await import(${JSON.stringify(pathToFileURL(module).href)})).workflowBundle();`;
  const made = spawnSync(node, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  if (made.status !== 0) say('the workflows could not be prepared ahead; the first run does it');
}
