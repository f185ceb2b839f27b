/** Completion in shells: the scripts are a few lines, and ask `lb __complete` what there is to offer. */
import type { Command } from '../command.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

export const completion: Command = {
  name: 'completion',
  about: 'print the completion script of a shell',
  positionals: [{ name: 'shell', about: shells.join(', '), complete: shells }],
  options: {},
  details: `  bash   source <(lb completion bash)                in ~/.bashrc
  zsh    source <(lb completion zsh)                 in ~/.zshrc, after compinit
  fish   lb completion fish > ~/.config/fish/completions/lb.fish`,
  run: async (given, terminal) => {
    const shell = shells.find((candidate) => candidate === given.required('shell'));
    if (shell === undefined) throw new UsageError(`SHELL must be one of ${shells.join(', ')}`);
    terminal.raw(scripts[shell]);
    return exitCodes.ok;
  },
};

const scripts: Readonly<Record<(typeof shells)[number], string>> = {
  bash: `# Completion of lb for bash.
_lb() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    if [ "$word" = :file ]; then
      COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
    else
      COMPREPLY+=("$word")
    fi
  done < <(lb __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _lb lb
`,
  zsh: `#compdef lb
# Completion of lb for zsh.
_lb() {
  local -a offered
  offered=("\${(@f)$(lb __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${offered[1]}" = :file ]]; then
    _files
  elif [[ -n "\${offered[1]}" ]]; then
    compadd -a offered
  fi
}
compdef _lb lb
`,
  fish: `# Completion of lb for fish.
function __lb_complete
  set -l words (commandline -opc) (commandline -ct)
  for word in (lb __complete $words[2..] 2>/dev/null)
    if test "$word" = :file
      __fish_complete_path (commandline -ct)
    else
      echo $word
    end
  end
end
complete -c lb -f -a '(__lb_complete)'
`,
};
