// The page is complete without this. It keeps it fresh, and shows times in the reader's zone.

const EVERY = 30_000;
const MOST = 480_000;
const locale = document.body.dataset.locale;
const pageZone = document.body.dataset.zone;
const format = new Intl.DateTimeFormat(locale, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
});
const readerZone = format.resolvedOptions().timeZone;

/** Instants in the reader's zone; a date alone has none, and stays. */
function localise(within) {
  if (readerZone === pageZone) return;
  for (const time of within.querySelectorAll('time[datetime*="T"]')) {
    const at = Date.parse(time.getAttribute('datetime'));
    if (Number.isNaN(at)) continue;
    time.title = time.textContent;
    time.textContent = format.format(at);
  }
  const zone = within.querySelector('#zone');
  if (zone) zone.textContent = zone.dataset.local.replace('{zone}', () => readerZone);
}

/**
 * Makes `old` like `next` by changing what differs and nothing else: what has the focus, what is unfolded and the one line
 * that is read aloud stay the elements that they were.
 */
function becomeLike(old, next) {
  for (const { name } of [...old.attributes])
    if (!next.hasAttribute(name) && !isReaders(old, name)) old.removeAttribute(name);
  for (const { name, value } of [...next.attributes])
    if (old.getAttribute(name) !== value && !isReaders(old, name)) old.setAttribute(name, value);
  let at = old.firstChild;
  for (const wanted of [...next.childNodes]) {
    const found = likeness(at, wanted);
    if (found === null) {
      old.insertBefore(document.adoptNode(wanted), at);
      continue;
    }
    // What stands between was there before it, and is not any more.
    while (at !== found) at = without(at);
    if (found.nodeType === Node.ELEMENT_NODE) becomeLike(found, wanted);
    else if (found.nodeValue !== wanted.nodeValue) found.nodeValue = wanted.nodeValue;
    at = found.nextSibling;
  }
  while (at !== null) at = without(at);
}

const isReaders = (element, name) => name === 'open' && element.localName === 'details';

function without(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

/** The node among `from` and those behind it that is to become `wanted`: the one of its id, else one of its kind without. */
function likeness(from, wanted) {
  if (wanted.id) {
    for (let node = from; node !== null; node = node.nextSibling)
      if (node.id === wanted.id && node.localName === wanted.localName) return node;
    return null;
  }
  return from !== null && !from.id && from.nodeName === wanted.nodeName ? from : null;
}

/** What is replaced, as it came. */
const PARTS = ['main', 'foot'];
const sourceOf = (page) => PARTS.map((id) => page.getElementById(id)?.outerHTML).join();

let shown = sourceOf(document);
let fresh = Date.now();
let wait = EVERY;
let timer;

async function refresh() {
  try {
    // The browser asks with the ETag that it has, and is told that nothing is new.
    const answer = await fetch(location.href, { cache: 'no-cache', signal: AbortSignal.timeout(20_000) });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    fresh = Date.now();
    wait = EVERY;
    tell('');
  } catch {
    wait = Math.min(wait * 2, MOST);
    const { stale } = document.getElementById('stale').dataset;
    tell(stale.replace('{time}', () => format.format(fresh)));
  }
  later();
}

/** @throws when it is some other page, as from a network that wants a login first */
function show(next) {
  if (next.body.dataset.zone === undefined || !PARTS.every((id) => next.getElementById(id)))
    throw new Error('not this page');
  const source = sourceOf(next);
  if (source === shown) return;
  shown = source;
  localise(next);
  const focused = document.activeElement;
  for (const id of PARTS) becomeLike(document.getElementById(id), next.getElementById(id));
  document.title = next.title;
  const icon = next.querySelector('link[rel=icon]');
  if (icon) document.querySelector('link[rel=icon]').href = icon.href;
  if (focused && focused !== document.body && !focused.isConnected)
    document.getElementById('main').focus({ preventScroll: true });
}

/** Says it once: a line that is set anew would be read aloud again. */
function tell(text) {
  const line = document.getElementById('stale');
  if (line.textContent !== text) line.textContent = text;
}

function later() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, wait);
}

document.addEventListener('visibilitychange', () => {
  clearTimeout(timer);
  if (document.hidden) return;
  if (Date.now() - fresh >= EVERY) refresh();
  else later();
});

// Below a `<base>`, a link to a part of this page leads to another address of it.
document.addEventListener('click', (event) => {
  const href = event.target instanceof Element && event.target.closest('a')?.getAttribute('href');
  const target = href?.startsWith('#') ? document.getElementById(href.slice(1)) : null;
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.scrollIntoView();
});

localise(document);
later();
