import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { type Eyes, hasBrowser, shot, startEyes } from '../sandbox/page/browser.js';
import { until } from '../support/until.js';
import { startWalk, type Walk } from './kit.js';

/** What hangs is not waited for longer; no story counts on it. */
const PATIENCE_MS = 100_000;
export const DOMAIN = 'tocsin.example';
/** A component that tocsin.yml knows. */
export const SPEECH = 'Text to Speech';

const SETTINGS = `announce: incidents
components: ["${SPEECH}", Payments]
canvas: true
bridge: https://meet.example/{{ref}}
paging:
  policies:
    night:
      steps: [{ notify: [U0BO000002], wait: 10m }]
    nobody:
      steps: [{ notify: [U0DANA0004], wait: 5s }, { notify: [U0CHEN0003], wait: 10m }]
`;
const LOOK = `name: look
title: Look for a moment
inputs: { at: { type: string, description: what to look at } }
target: "look:{{ inputs.at }}"
approval: { required: 1 }
steps:
  - { id: pause, uses: wait, effect: unsafe, with: { for: 1s } }
`;

/** An incident of a story. */
export interface Opened {
  ref: string;
  number: number;
  channel: string;
  /** Of its channel. */
  name: string;
}

/** What of the record the stories look at. */
interface Recorded {
  incident: { title: string; severity: string | null; status: string; drill: boolean };
  actions: unknown[];
  runs: unknown[];
  timeline: Array<{ n: number; kind: string; text: string; struck: boolean; at: string }>;
}

/** Somebody at the page of the local Slack. */
export class Somebody {
  constructor(
    readonly name: string,
    readonly page: Page,
  ) {}

  /** Goes there by the list of channels. */
  async goTo({ channel, name }: Pick<Opened, 'channel' | 'name'>): Promise<void> {
    await this.page.locator(`.place[data-channel="${channel}"]`).click();
    await this.page.getByLabel(`Message #${name}`, { exact: true }).waitFor();
    // What they alone have been told is there with the messages, and not before.
    await this.page.locator(`.messages[aria-label="Messages in ${name}"], .beginning`).waitFor();
  }

  /** Leaves whatever was left open. */
  async settle(): Promise<void> {
    while ((await this.form.count()) > 0) {
      await this.page.keyboard.press('Escape');
      await this.page.evaluate(() => new Promise(requestAnimationFrame));
    }
  }

  /** Writes a message, or types a command. */
  async write(text: string, box = '#text'): Promise<void> {
    // The space behind it closes the list of names that begin so.
    await this.page.fill(box, `${text} `);
    await this.page.press(box, 'Enter');
  }

  /** A message that says so, the newest; in the thread beside the channel too. */
  said(text: string | RegExp): Locator {
    return this.page.locator('.message', { hasText: text }).last();
  }

  /** The same, of those that people wrote: the bot shows their words again. */
  wrote(text: string): Locator {
    return this.page.locator('.message:not(:has(.app-badge))', { hasText: text }).last();
  }

  /** The pinned headline of the incident whose channel they look at. */
  get head(): Locator {
    return this.page.locator('.message.pinned', { has: this.page.locator('.app-badge') });
  }

  /** What only they see, the newest that says so. */
  alone(text: string | RegExp): Locator {
    return this.page.locator('.message.only', { hasText: text }).last();
  }

  /** Types a command and reads the answer to it, which only they see. */
  async asks(text: string, answer: string | RegExp): Promise<Locator> {
    const before = await this.page.locator('.message.only').count();
    await this.write(text === '' ? '/incident' : `/incident ${text}`);
    const fresh = this.page.locator(`.message.only >> nth=${before}`);
    await fresh.waitFor();
    const said = await fresh.textContent();
    expect([text, said]).toEqual([
      text,
      typeof answer === 'string' ? expect.stringContaining(answer) : expect.stringMatching(answer),
    ]);
    // By its time: what is said later may stand before it.
    return this.page.locator(`.message.only[data-ts="${await fresh.getAttribute('data-ts')}"]`);
  }

  /** The form that is open. */
  get form(): Locator {
    return this.page.getByRole('dialog');
  }

  /** Takes something from the menu of a message. By keys: it may move while others write. */
  async take(message: Locator, item: string): Promise<void> {
    await message.press('m');
    await this.page.getByRole('menuitem', { name: item }).click();
  }

  /** Chooses in a menu of the form. */
  async choose(label: string, option: string | RegExp): Promise<void> {
    await this.form.getByLabel(label).click();
    await this.form.getByRole('option', { name: option }).first().click();
  }

  async send(button: string): Promise<void> {
    await this.form.getByRole('button', { name: button, exact: true }).click();
  }

  /** Sends the form, which goes. */
  async sendAway(button: string): Promise<void> {
    const title = await this.form.locator('.dialog-title').textContent();
    await this.send(button);
    await this.form.filter({ hasText: title ?? '' }).waitFor({ state: 'detached' });
  }

  press(where: Locator, button: string): Promise<void> {
    return where.getByRole('button', { name: button, exact: true }).click();
  }
}

/** The local Slack, the bot as a process of its own, and people at its page. */
async function startStage(transport: 'socket' | 'http') {
  const walk = await startWalk({
    socket: transport === 'socket',
    edit: ({ features }) => Object.assign(features, { unfurl_domains: [DOMAIN] }),
  });
  await mkdir(join(walk.folder, 'runbooks'));
  await writeFile(join(walk.folder, 'runbooks/look.yml'), LOOK);
  await writeFile(join(walk.folder, 'tocsin.yml'), SETTINGS);
  const own = { TOCSIN_CONFIG: join(walk.folder, 'tocsin.yml'), PUBLIC_URL: `https://${DOMAIN}` };
  const [eyes] = await Promise.all([startEyes(walk.slack.url), walk.bot(undefined, own)]);
  const promised = await opened(walk, 'sev3 Mails are late');
  await walk.type('ana', promised.channel, 'next 1m');
  const [ana, bo] = await Promise.all([met(eyes, 'ana'), met(eyes, 'bo')]);
  const others = new Map<string, Somebody>();

  /** What the record says, as it is taken along. */
  const record = async (ref: string): Promise<Recorded> => {
    const { out, err } = await walk.tocsin('export', ref, '--format', 'json');
    if (out === '') throw new Error(err);
    return JSON.parse(out) as Recorded;
  };

  return {
    walk,
    ana,
    bo,
    /** An incident in which an update was promised for a minute later, when everything began. */
    promised,
    record,
    /** Opens an incident as ana, and waits until its channel is made. @param line what stands behind `open` */
    open: (line: string) => opened(walk, line),
    /** The same, and people who are in it look at it. */
    async inside(line: string, ...people: Somebody[]): Promise<Opened> {
      const it = await opened(walk, line);
      for (const { name } of people)
        await walk.control('channel/invite', { user: 'ana', channel: it.channel, people: [name] });
      for (const one of [ana, ...people]) await one.goTo(it);
      return it;
    },
    /** Somebody else's page. */
    async meet(name: string): Promise<Somebody> {
      const one = others.get(name) ?? (await met(eyes, name));
      others.set(name, one);
      return one;
    },
    /** Waits for an entry of the record. */
    entry: (ref: string, text: string) =>
      until(`an entry of ${ref}: ${text}`, async () =>
        (await record(ref)).timeline.find((one) => one.text.includes(text)),
      ),
    /** Nothing broke in anybody's page, nothing was asked of the network, and nobody had to type anything again. */
    async end(): Promise<void> {
      await eyes.close();
      await walk.end();
      expect(eyes.broken).toEqual([]);
    },
  };
}

type Stage = Awaited<ReturnType<typeof startStage>>;

async function met(eyes: Eyes, name: string): Promise<Somebody> {
  const page = await eyes.open(`/archives/C0INCIDENT?as=${name}`, { viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(PATIENCE_MS);
  await page.waitForSelector('#text');
  return new Somebody(name, page);
}

async function opened(walk: Walk, line: string): Promise<Opened> {
  const { text } = await walk.type('ana', 'incidents', `open ${line}`);
  const number = Number(/INC-(\d+) opened/.exec(text)?.[1]);
  const { id, name } = await walk.until(`the channel of “${line}”`, ({ channels }) =>
    channels.find(
      (one) => one.name.startsWith(`inc-${number}-`) && one.pins.length > 0 && one.members.length > 1,
    ),
  );
  return { ref: `INC-${number}`, number, channel: id, name };
}

/** A story: what people do and see in the page, and what the record says of it. */
export type Story = (stage: Stage) => Promise<void>;

/** Tells stories one after the other, each with incidents of its own, to one bot and in one browser. */
export function tell(transport: 'socket' | 'http', stories: Readonly<Record<string, Story>>): void {
  (hasBrowser ? describe : describe.skip)(`in the page, over ${transport}`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await startStage(transport);
    });
    afterAll(() => stage?.end());
    // What one of them left open is not in the way of the next.
    beforeEach(async () => {
      for (const one of [stage.ana, stage.bo]) await one.settle();
    });

    test.each(Object.entries(stories))('%s', async (title, story) => {
      try {
        await story(stage);
      } catch (error) {
        for (const { name, page } of [stage.ana, stage.bo]) {
          const said = await page.locator('.messages .message, dialog').allTextContents();
          process.stderr.write(
            `“${title}”, where ${name} is (${page.url()}):\n${said.slice(-8).join('\n')}\n`,
          );
          await shot(page, `${title.slice(0, 40).replace(/\W+/g, '-')}-${name}`);
        }
        throw error;
      }
    });
  });
}
