/** Light or dark: as the system has it, until somebody chooses. */
import { find } from './dom.js';

const key = 'lb-theme';

export function startTheme() {
  apply(localStorage.getItem(key));
  find('[data-tool="theme"]', HTMLButtonElement).addEventListener('click', () => {
    const { theme } = document.documentElement.dataset;
    const isDark = theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
    const chosen = isDark ? 'light' : 'dark';
    localStorage.setItem(key, chosen);
    apply(chosen);
  });
}

/** @param {string | null} theme */
function apply(theme) {
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
}
