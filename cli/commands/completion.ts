import { Argument, Command } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { completionTree } from '../completion/tree.ts';
import { zshScript } from '../completion/zsh.ts';
import { examples } from '../help-text.ts';
import type { CommandHost } from '../session.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export function completionCommand(host: CommandHost) {
  const command = new Command('completion')
    .description('Prints a completion script: commands, flags, and the names of the batches of the ledger in use.')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish'] as const))
    .addHelpText(
      'before',
      examples(['source <(headswap completion bash)', 'this shell'], ['headswap completion fish | source', 'fish']),
    );
  return command.action((shell) =>
    host.run(command, async ({ screen }) => {
      const program = command.parent;
      if (program !== null) screen.out(SCRIPTS[shell](completionTree(program)));
      return EXIT.ok;
    }),
  );
}
