// A Firefox for tools/firefox.py: a command in JSON a line on stdin, its answer a line on stdout.
// Playwright drives a Firefox of its own making only; puppeteer drives the one that readers have.
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const browser = await puppeteer.launch({ browser: "firefox", executablePath: process.argv[2], headless: true });
const complaints = []; // errors and warnings of the pages, and requests that leave this machine
let page;

const commands = {
  async open({ address, width, height }) {
    await page?.close();
    page = await browser.newPage();
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) complaints.push(request.url());
    });
    await page.setViewport({ width, height });
    await page.goto(address);
  },
  // As one text: the protocol takes every number of a nest apart.
  async evaluate({ script, given }) {
    const text = await page.evaluate(`(async () => JSON.stringify(await (${script})(${JSON.stringify(given)})))()`);
    return text === undefined ? null : JSON.parse(text);
  },
  press: ({ key }) => page.keyboard.press(key),
  async drag({ places, touch }) {
    const [first, ...others] = places;
    if (touch) {
      const finger = await page.touchscreen.touchStart(...first);
      for (const place of others) await finger.move(...place);
      return finger.end();
    }
    await page.mouse.move(...first);
    await page.mouse.down();
    for (const place of others) await page.mouse.move(...place);
    return page.mouse.up();
  },
  async screenshot({ file }) { await page.screenshot({ path: file }); },
  complaints: () => complaints.splice(0),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await commands[command](given)) ?? null };
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
}
await browser.close();
