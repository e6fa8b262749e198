/**
 * What a name of the network looks like, by its labels: `inside` is one that only means something where we are, `public` one
 * that anybody can look up, `machine` one that a single machine has.
 */
export type HostLook = 'inside' | 'public' | 'machine';

/** @param token letters, digits, `-`, `_` and single dots, none of them at an end. @returns null: nothing of the kind */
export function hostLook(token: string): HostLook | null {
  const labels = token.split('.');
  const last = labels.at(-1) ?? '';
  if (labels.length === 1) return isMachine(token) ? 'machine' : null;
  const ending = last.toLowerCase();
  if (INSIDE.has(ending)) return 'inside';
  if (!ENDINGS.has(ending)) return null;
  if (LIBRARIES.has(token.toLowerCase())) return null;
  const before = labels.at(-2) ?? '';
  // `restored.It`: a blank is missing behind a full stop.
  if (/^[A-Z][a-z]+$/.test(last) && /^[a-z]+$/.test(before) && !/^(?:com|net|org)$/.test(ending)) return null;
  // `notes.md`: a file, unless more says that it is a name.
  if (FILES.has(ending) && labels.length === 2) return null;
  return 'public';
}

/** Is a machine called so? `db-prod-3`, `web01`, `ip-10-0-3-4`, `tts-api-7d9f8c6b5-x2k9q`. */
function isMachine(label: string): boolean {
  if (!/[-_0-9]/.test(label) || label.length > 120) return label.toLowerCase() === 'localhost';
  const parts = label.toLowerCase().split(/[-_]/).filter(Boolean);
  const last = parts.at(-1) ?? '';
  if (parts[0] === 'ip' && parts.length === 5 && parts.slice(1).every((part) => /^\d{1,3}$/.test(part)))
    return true;
  if (parts.length === 2 && CLOUD_IDS.has(parts[0] ?? '') && /^[0-9a-f]{8,17}$/.test(last)) return true;
  if (isPod(parts)) return true;
  const kinds = parts.map(partKind);
  const [strong, weak, places] = (['strong', 'weak', 'place'] as const).map(
    (kind) => kinds.filter((one) => one?.kind === kind).length,
  ) as [number, number, number];
  const padded = kinds.some((one) => one !== null && one.digits.length > 1);
  const numbered =
    (parts.length > 1 && /^\d{1,4}[a-z]?$/.test(last)) ||
    kinds.some((one) => one?.digits !== '' && one !== null);
  if (places > 0 && strong + weak > 0 && parts.length > 1) return strong > 0 || numbered;
  if (places > 0 && numbered && parts.length > 2) return true;
  if (parts.length > 1 && parts.some((part) => CURT.has(part)) && !/^(?:non|pre)$/.test(parts[0] ?? ''))
    return true;
  if (!numbered) return false;
  if (strong > 0) return parts.length > 1 || padded;
  if (weak > 1) return true;
  // `API-2` and `Web-2` are words of a text; `web-2` and `web01` are not.
  return weak > 0 && label === label.toLowerCase() && (parts.length > 1 ? !isYear(last) : padded);
}

const isYear = (part: string) => /^(?:19|20)\d\d$/.test(part);

function partKind(part: string): { kind: 'strong' | 'weak' | 'place'; digits: string } | null {
  const [, letters = '', digits = ''] = /^([a-z]+)(\d{0,4})$/.exec(part) ?? [];
  const word = STRONG.has(part) ? part : letters;
  const kind = STRONG.has(word) ? 'strong' : PLACES.has(word) ? 'place' : WEAK.has(word) ? 'weak' : null;
  return kind && { kind, digits: word === part ? '' : digits };
}

// Kubernetes makes the ends of names of these letters, so that they never make words.
const RANDOM = /^[bcdfghjklmnpqrstvwxz2456789]+$/;
function isPod(parts: readonly string[]): boolean {
  const [set = '', own = ''] = parts.slice(-2);
  return (
    parts.length >= 3 &&
    own.length === 5 &&
    set.length >= 6 &&
    set.length <= 10 &&
    RANDOM.test(own) &&
    RANDOM.test(set) &&
    /\d/.test(set + own)
  );
}

const words = (text: string) => new Set(text.trim().split(/\s+/));

/** Only machines are called so. */
const STRONG = words(`
  db srv host vm lb gw fw mq redis postgres postgresql pgsql mysql mariadb mongo mongodb kafka rabbitmq elasticsearch
  opensearch cassandra clickhouse memcached etcd zookeeper consul vault k8s kube kubernetes haproxy nginx envoy bastion
  jumphost jenkins prometheus grafana hypervisor esxi proxmox nas san ldap kubelet ingress`);
/** Machines, and other things too. */
const WEAK = words(`
  web app api server node worker queue cache proxy gateway primary secondary replica master slave standby broker shard
  cluster pod runner scheduler cron router switch vpn nat dns ns mx smtp mail dc nfs ceph backup
  monitor logs ci edge origin frontend backend gpu compute`);
/** Where a system is used: together with what it is, nobody outside says so. */
const PLACES = words('prod prd stg stage staging uat qa preprod nonprod');
/** Places that nobody calls so in a sentence. */
const CURT = words('prod prd stg preprod nonprod');
const CLOUD_IDS = words('i vol sg vpc subnet ami eni eipalloc rtb igw acl lt snap');

/** Endings that no name server outside knows, or that lead back to one's own network. */
const INSIDE = words(`
  internal local localdomain localhost corp lan intranet home private priv svc cluster consul`);
/** Endings of countries that are those of files too. */
const FILES = words('md sh py rs pl ps cc so do am ml');
const LIBRARIES = words('asp.net vb.net ado.net socket.io');

const ENDINGS = words(`
  com net org io dev app cloud co ai info biz edu gov mil int xyz online site tech store shop blog page pages link live
  wiki host network systems services solutions software tools digital agency email zone world today team works run build
  design studio media news support status help health finance bank games chat social audio sh me tv eu asia cat jobs mobi
  name pro tel travel aero coop museum arpa onion example google aws azure amazon goog
  ac ad ae af ag al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ch
  ci ck cl cm cn cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm
  gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la
  lb lc li lk lr ls lt lu lv ly ma mc md mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np
  nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg si sk sl sm sn so sr ss st su
  sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw`);

/** Services that only those inside work with: a link there says nothing to anybody else, but what it gives away. */
export function isTracker(host: string): boolean {
  return TRACKERS.test(host) || (host.split('.').length > 1 && TRACKER_LABELS.test(host));
}
const TRACKERS =
  /(?:^|\.)(?:atlassian\.net|github\.com|gitlab\.com|bitbucket\.org|linear\.app|slack\.com|pagerduty\.com|opsgenie\.com|datadoghq\.(?:com|eu)|sentry\.io|notion\.so|notion\.site|asana\.com|trello\.com|monday\.com|shortcut\.com|clickup\.com|zendesk\.com|service-now\.com|docs\.google\.com|drive\.google\.com|grafana\.net|incident\.io|rootly\.com|firehydrant\.io)$/i;
const TRACKER_LABELS =
  /^(?:jira|confluence|wiki|git|gitlab|github|grafana|kibana|jenkins|sentry|servicenow|youtrack|bugzilla|redmine|phabricator)\./i;

/** Names that the organisation shows to everybody: `example.com`, and `*.example.com` for all below it. */
export class OwnHosts {
  readonly #names: ReadonlySet<string>;
  readonly #endings: readonly string[];
  readonly #above: ReadonlySet<string>;

  constructor(known: readonly string[]) {
    const names = known.map((one) => bare(one)).filter((one) => !one.startsWith('*'));
    this.#names = new Set(names);
    this.#endings = known.filter((one) => one.startsWith('*.')).map((one) => one.slice(1).toLowerCase());
    const above = names.map((name) => name.slice(name.indexOf('.') + 1));
    this.#above = new Set(
      [...above, ...this.#endings.map((one) => one.slice(1))].filter((one) => one.includes('.')),
    );
  }

  has(host: string): boolean {
    const name = bare(host);
    if (this.#names.has(name)) return true;
    // A machine below one's own name is a machine, whatever a pattern says.
    return (
      this.#endings.some((ending) => name.endsWith(ending)) && !name.split('.').slice(0, -1).some(isMachine)
    );
  }

  /** Is one of them directly below it? The mail of `status.example.com` goes to `example.com`. */
  isAbove(host: string): boolean {
    return this.#above.has(bare(host));
  }
}

const bare = (host: string) => host.toLowerCase().replace(/^www\./, '');
