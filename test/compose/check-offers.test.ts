import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { openAlerts } from '#compose/alerts.js';
import { checkOffers, shelved } from '#compose/runbooks.js';
import { loadConfig } from '#config/config.js';
import { shelfForEach, TURN } from './kit.js';

const { path: inFolder, runbook } = shelfForEach();

/** What is said of a rule that opens so, the second one, on line 7. */
async function said(open: string): Promise<string[]> {
  const path = inFolder('tocsin.yml');
  writeFileSync(
    path,
    `secrets: { am: env:AM }
keystores: { tts-new: { type: json-file, path: ${inFolder('new.json')} } }
alerts:
  sources: { am: { type: alertmanager, secrets: [secret:am] } }
  rules:
    - { name: noise, match: { labels: { severity: info } }, ignore: true }
    - { name: tts, open: ${open} }
`,
  );
  const config = loadConfig({ TOCSIN_CONFIG: path, TOCSIN_RUNBOOKS: inFolder('runbooks') }, 'nothing');
  return checkOffers(openAlerts(config).settings().rules, shelved(config), config.org.at);
}

test.each([['{}'], ['{ runbook: turn, inputs: { pair: tts, zone: a } }']])(
  'nothing is said of %s',
  async (open) => {
    runbook('turn.yml', TURN);
    expect(await said(open)).toEqual([]);
  },
);

test.each([
  ['{ runbook: tunr }', [/runbook names no runbook \(tunr\); the closest are turn, /]],
  [
    '{ runbook: turn, inputs: { pair: tts, zoen: a } }',
    [
      /inputs\.zoen is not an input of turn; it has zone, pair$/,
      /inputs lacks zone, which turn needs; write a, b$/,
    ],
  ],
  ['{ runbook: turn, inputs: { zone: a } }', [/inputs lacks pair, which turn needs$/]],
  [
    '{ runbook: turn, inputs: { pair: tts, zone: c } }',
    [/inputs\.zone is none of the values allowed; write a, b$/],
  ],
])('%s is said with its place, and what to write instead', async (open, expected) => {
  runbook('turn.yml', TURN);
  const found = await said(open);
  expect(found).toEqual(expected.map((one) => expect.stringMatching(one)));
  for (const one of found) expect(one).toMatch(/tocsin\.yml:7: alerts\.rules\.1\.open\./);
});

test('a definition that cannot be used, and one that would fail', async () => {
  runbook('turn.yml', `${TURN}bogus: 1\n`);
  expect(await said('{ runbook: turn, inputs: { pair: tts, zone: a } }')).toEqual([
    expect.stringMatching(
      /:7: alerts\.rules\.1\.open\.runbook names turn, which cannot be used: .*turn\.yml:\d+/,
    ),
  ]);
  expect(await said('{ runbook: key-sync }')).toEqual([
    expect.stringMatching(
      /:7: alerts\.rules\.1\.open\.runbook names key-sync, which would fail: \S+key-sync\.yml:\d+: .*keystores: tts-new: probe:/,
    ),
  ]);
});
