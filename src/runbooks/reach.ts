import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Addresses that no step asks, whoever wrote them: link-local ones, and those at which a cloud gives a machine its
 * credentials. IPv6 forms that carry an IPv4 address within them lead there as well.
 */
const NEVER = new BlockList();
for (const [network, bits] of [
  ['169.254.0.0', 16],
  // Alibaba, Azure and Oracle, which keep theirs elsewhere.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
] as const) {
  NEVER.addSubnet(network, bits, 'ipv4');
  const [a = 0, b = 0, c = 0, d = 0] = network.split('.').map(Number);
  const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  // Mapped, translated, compatible, behind NAT64, and 6to4.
  for (const before of ['::ffff:', '::ffff:0:', '::', '64:ff9b::', '64:ff9b:1::'])
    NEVER.addSubnet(`${before}${hex}`, 96 + bits, 'ipv6');
  NEVER.addSubnet(`2002:${hex}::`, 16 + bits, 'ipv6');
}
for (const [network, bits] of [
  ['fe80::', 10],
  ['fd00:ec2::', 32],
  ['fd20:ce::254', 128],
] as const)
  NEVER.addSubnet(network, bits, 'ipv6');

/** What clouds call such an address, also where it is not resolved here. */
const NAMES =
  /^(metadata|metadata\.goog|metadata\.(google|azure)\.internal|instance-data|instance-data\.ec2\.internal)\.?$/;

/** Is this one that no step asks? @param host of a URL, or what a name stands for */
export function isNever(host: string): boolean {
  const bare = host
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .toLowerCase();
  const family = isIP(bare);
  if (family === 0) return NAMES.test(bare);
  if (family === 4) return NEVER.check(bare, 'ipv4');
  return NEVER.check(bare, 'ipv6') || withinV6(bare).some((address) => NEVER.check(address, 'ipv4'));
}

/** Networks that are nobody's on the internet: private, shared, loopback, for documentation, several at once. */
const INSIDE = new BlockList();
for (const [network, bits] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
  ] as const),
  ...([
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
  ] as const),
  ...([
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 3],
  ] as const),
])
  INSIDE.addSubnet(network, bits, 'ipv4');
// Of IPv6 only 2000::/3 is the internet; of that: Teredo and its neighbours, documentation, 6to4.
const OUTSIDE_V6 = new BlockList();
OUTSIDE_V6.addSubnet('2000::', 3, 'ipv6');
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  INSIDE.addSubnet(network, bits, 'ipv6');

/**
 * Is this one that a stranger may not have us ask: of this machine, of a network of our own, or of no network at all? IPv6 that
 * is no plain address of the internet (mapped, NAT64, 6to4, unique local …) is one as well, whatever it leads to.
 * @param host of a URL, or what a name stands for; a name as such is none, but those that never leave the machine or the network
 */
export function isInside(host: string): boolean {
  const bare = host
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .toLowerCase();
  const family = isIP(bare);
  if (family === 0) return LOCAL_NAMES.test(bare) || isNever(bare);
  if (isNever(bare)) return true;
  if (family === 4) return INSIDE.check(bare, 'ipv4');
  return (
    !OUTSIDE_V6.check(bare, 'ipv6') ||
    INSIDE.check(bare, 'ipv6') ||
    withinV6(bare).some((address) => INSIDE.check(address, 'ipv4'))
  );
}

const LOCAL_NAMES = /^[^.]*\.?$|(^|\.)(localhost|local|localdomain|internal|intranet|lan|home\.arpa)\.?$/;

/**
 * IPv4 addresses that one of IPv6 carries at a place that no subnet can name: behind prefixes of a network's own (NAT64
 * within `64:ff9b:1::/48`, RFC 6052; ISATAP), and turned round (Teredo).
 */
function withinV6(address: string): string[] {
  // As a URL writes it there is no dotted part left.
  const [front = '', back] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const words = (text: string) =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
  const [first, last] = [words(front), words(back ?? '')];
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  const bytes = all.flatMap((word) => [word >> 8, word & 255]);
  const at = (...places: number[]) => places.map((place) => bytes[place]).join('.');
  const found: string[] = [];
  // Byte 8 is left out by all of them.
  if (all[0] === 0x64 && all[1] === 0xff9b && all[2] === 1)
    found.push(at(6, 7, 9, 10), at(7, 9, 10, 11), at(9, 10, 11, 12));
  if ((all[4] === 0 || all[4] === 0x200) && all[5] === 0x5efe) found.push(at(12, 13, 14, 15));
  const turned = bytes.slice(12).map((byte) => 255 - byte);
  if (all[0] === 0x2001 && all[1] === 0) found.push(turned.join('.'));
  return found;
}

const guarded =
  (refuses: (address: string) => boolean, why: string): LookupFunction =>
  (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      const never = found?.find(({ address }) => refuses(address));
      const [first] = found ?? [];
      if (error || !first) return done(error ?? new Error(`${host} stands for no address`), '');
      if (never) return done(new Error(`${host} stands for ${never.address}, ${why}`), '');
      if (options.all) return done(null, found);
      done(null, first.address, first.family);
    });
  };

export const NEVER_TEXT = 'a link-local or metadata address, which is never asked';
export const INSIDE_TEXT = 'an address that is not on the internet';

/** Resolves a name for a connection that is about to be made, so that what was looked at is what is connected to. */
export const guardedLookup: LookupFunction = guarded(isNever, NEVER_TEXT);
/** The same for addresses that strangers gave us. */
export const outsideLookup: LookupFunction = guarded(isInside, INSIDE_TEXT);

/** A host that templates may reach, from `http:` in tocsin.yml. */
export interface Host {
  /** As a URL has it. */
  hostname: string;
  /** Null: the usual one of http or https. */
  port: number | null;
  /** `https:`; null: both. */
  protocol: string | null;
}

/** @returns a host as written in tocsin.yml: `status.example`, `metrics:9090`, `https://api.example`; null: it is none */
export function hostOf(text: string): Host | null {
  const found = /^(https?:\/\/)?[^\s/?#@\\*]+\/?$/i.exec(text);
  if (!found) return null;
  const scheme = found[1];
  const written = scheme ? text : `http://${text}`;
  if (!URL.canParse(written)) return null;
  const { hostname, port, protocol } = new URL(written);
  const usual = protocol === 'https:' ? 443 : 80;
  // `host:80` means that port, though a URL leaves it out.
  const named = port || /:\d+\/?$/.test(text) ? Number(port || usual) : null;
  return { hostname, port: named, protocol: scheme ? protocol : null };
}

/** May templates reach that address? */
export function isListed(hosts: readonly Host[], { hostname, port, protocol }: URL): boolean {
  const usual = protocol === 'https:' ? 443 : 80;
  return hosts.some(
    (host) =>
      host.hostname === hostname &&
      (host.port ?? usual) === Number(port || usual) &&
      (host.protocol ?? protocol) === protocol,
  );
}

/**
 * Is that address among those of a list from tocsin.yml? Each is an origin, `https://deploy.example`, or one with a
 * path, which then holds for whatever is below it.
 */
export function isBelow(places: readonly string[], { origin, pathname }: URL): boolean {
  return places.some((text) => {
    const place = new URL(text);
    if (place.origin !== origin) return false;
    const folder = place.pathname.replace(/\/*$/, '/');
    if (folder === '/') return true;
    // What a server may take for a slash, or for a step up, could lead out of it again.
    return !ENCODED_SLASH.test(pathname) && !STEP_UP.test(pathname) && `${pathname}/`.startsWith(folder);
  });
}

const SLASH = '(/|%(25)*(2f|5c))';
/** What a server may take for a slash, however often it decodes. */
const ENCODED_SLASH = /%(25)*(2f|5c)/i;
/** What it may take for a step up, though a URL does not: dots behind such a slash, or with a parameter (`..;x`). */
const STEP_UP = new RegExp(`${SLASH}(\\.|%(25)*2e){1,2}(;|%(25)*3b|${SLASH}|$)`, 'i');

/** Up to the first template, where scheme, host and port are over before it. */
const WRITTEN = /^https?:\/\/[^\s/?#\\{}@]+[/?#]/i;

/** @returns the beginning of an address whose scheme, host and port stand in the definition; null: a template fills them in */
export function writtenBeginning(text: string): URL | null {
  const before = text.split('{{', 1)[0] as string;
  const whole = before === text;
  if (!whole && !WRITTEN.test(before)) return null;
  return URL.canParse(before) ? new URL(before) : null;
}

/** Is an address below what stands in the definition of it? What is filled in must not lead out of there. */
export function isAsWritten(text: string, url: URL): boolean {
  const beginning = writtenBeginning(text);
  if (!beginning || beginning.origin !== url.origin) return false;
  const folder = beginning.pathname.replace(/[^/]*$/, '');
  // Nothing is held against what its author wrote.
  const filled = folder !== '/' && text.includes('{{');
  if (filled && STEP_UP.test(url.pathname.slice(folder.length - 1))) return false;
  return url.pathname.startsWith(folder);
}

/** Headers that decide, beside the address, where a request ends up. */
export const ROUTING =
  /^(host|forwarded|x-forwarded-(host|server|proto|port|prefix|uri)|x-(host|original-url|original-host|rewrite-url|real-url|envoy-.*)|via|connection|upgrade|te|trailer|transfer-encoding|content-length|expect|proxy-.*|:.*)$/i;
