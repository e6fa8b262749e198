import { signal } from '@preact/signals';

const KEY = 'sandbox.theme';
const THEMES = { auto: 'As the device', light: 'Light', dark: 'Dark' } as const;
type Theme = keyof typeof THEMES;

const theme = signal<Theme>(kept());

function kept(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'auto';
}

/** Puts the chosen colours on; `auto` leaves them to the device. */
export function applyTheme(): void {
  if (theme.value === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}

/** Light, dark, or as the device. */
export function ThemeChoice() {
  return (
    <label class="theme">
      <span>Theme</span>
      <select
        value={theme.value}
        onChange={(event) => {
          const { value } = event.currentTarget;
          theme.value = value === 'light' || value === 'dark' ? value : 'auto';
          localStorage.setItem(KEY, theme.value);
          applyTheme();
        }}
      >
        {Object.entries(THEMES).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
