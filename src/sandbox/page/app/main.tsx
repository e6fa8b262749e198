import { render } from 'preact';
import type { Start } from '../protocol.js';
import { App } from './shell/app.js';
import { SideBySide } from './shell/side-by-side.js';
import { applyTheme } from './shell/theme.js';
import { whoAmI } from './shell/who.js';
import { listen } from './state/live.js';
import { ask } from './state/server.js';
import { Session } from './state/session.js';
import { WithSession } from './state/use.js';
import { whereOf } from './state/where.js';
import './theme.css';
import './shell/shell.css';
import './shell/overlay/dialog.css';
import './channel/channel.css';
import './writing/composer.css';
import './traffic/traffic.css';
import './text/text.css';
import './blocks/blocks.css';
import './elements/elements.css';
import './forms/forms.css';

const address = new URL(location.href);
applyTheme();
if (address.pathname === '/side-by-side') {
  const people = (address.searchParams.get('people') ?? 'ana,bo').split(',').filter(Boolean);
  render(<SideBySide people={people} channel={address.searchParams.get('channel')} />, document.body);
} else await begin();

async function begin(): Promise<void> {
  const keep = new URLSearchParams(
    [...address.searchParams].filter(([name]) => name === 'as' || name === 'column'),
  );
  const start = await ask<Start>('/page/start', { user: whoAmI(keep) });
  const session = new Session(start, whereOf(address), keep);
  await session.go(session.where.peek(), 'replace');
  render(
    <WithSession value={session}>
      <App />
    </WithSession>,
    document.body,
  );
  listen(session);
}
