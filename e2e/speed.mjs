// Measures the pages and prints a table: MAKERMATRIX=../target/release/makermatrix node speed.mjs [PARTS]
// Fails if a figure is above its limit.
import { chromium } from "@playwright/test";
import config from "./playwright.config.js";
import setup from "./lib/setup.js";
import { start } from "./lib/server.js";

const parts = Number(process.argv[2] ?? 20_000);
const ROUNDS = 30;

const clear = await setup();
const server = await start();
const browser = await chromium.launch(config.use.launchOptions);
const rows = [];
const row = (what, figure, limit, unit) => rows.push({ what, figure: `${figure.toFixed(1)} ${unit}`, limit: `${limit} ${unit}`, ok: figure <= limit });
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

try {
  const cookie = { ...server.cookies.admin, url: server.url };
  const headers = { Cookie: `${cookie.name}=${cookie.value}` };
  await fillUp(headers);
  await caughtUp(headers);

  for (const path of ["/parts", "/parts?q=resistor", "/parts?low_stock=true", "/"]) row(`server: ${path}`, await serverTime(path, headers), 30, "ms");

  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addCookies([cookie]);
  const page = await context.newPage();
  const loaded = await countBytes(page);
  await page.goto(`${server.url}/parts`, { waitUntil: "networkidle" });
  row("bytes: first visit", loaded.take() / 1024, 60, "KB");
  await page.locator("#parts .name a").first().click();
  await page.locator("#drawer").waitFor();
  row("bytes: a part beside the list", loaded.take() / 1024, 10, "KB");
  await page.goto(`${server.url}/`, { waitUntil: "networkidle" });
  loaded.take();
  await shown(page, () => page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name: /^Parts/ }).click());
  row("bytes: from the overview to the list", loaded.take() / 1024, 10, "KB");
  await page.locator("#parts .name a").nth(1).evaluate((link) => link.removeAttribute("data-drawer"));
  await shown(page, () => page.locator("#parts .name a").nth(1).click());
  row("bytes: from the list to a part", loaded.take() / 1024, 10, "KB");

  await page.goto(`${server.url}/parts`, { waitUntil: "networkidle" });
  const key = [], stock = [], search = [], drawer = [];
  for (let round = 0; round < ROUNDS; round++) {
    key.push(await painted(page, "keydown", () => page.keyboard.press("j")));
    stock.push(await painted(page, "click", () => page.locator("#parts .stepper button[value=more]").nth(round).click(), "shown"));
    drawer.push(await painted(page, "click", () => page.locator("#parts .name a").nth(round).click(), "shown"));
  }
  for (let round = 0; round < ROUNDS; round++) {
    await page.goto(`${server.url}/parts`, { waitUntil: "networkidle" });
    await page.locator("#q").focus();
    search.push(await painted(page, "input", () => page.keyboard.type("r"), "shown"));
  }
  row("input to paint: next row (j)", median(key), 100, "ms");
  row("input to paint: + in a row, with the server's answer", median(stock), 100, "ms");
  row("input to paint: open the drawer", median(drawer), 100, "ms");
  row("input to paint: a letter in the search, with 80 ms of waiting for more", median(search), 180, "ms");
} finally {
  await browser.close();
  await server.stop();
  await clear();
}

console.log(`${parts} parts, ${process.env.MAKERMATRIX ?? "target/debug/makermatrix"}, medians of ${ROUNDS}\n`);
console.log("| what | figure | limit | |\n|---|---|---|---|");
for (const { what, figure, limit, ok } of rows) console.log(`| ${what} | ${figure} | ${limit} | ${ok ? "ok" : "ABOVE"} |`);
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;

/** Imports the parts as CSV. */
async function fillUp(headers) {
  const kinds = ["Resistor", "Capacitor", "Screw", "Nut", "LED", "Diode", "Header", "Switch"];
  for (let from = 0; from < parts; from += 20_000) {
    const lines = ["name,number,supplier,category,location,quantity,minimum"];
    for (let index = from; index < Math.min(parts, from + 20_000); index++) {
      const kind = kinds[index % kinds.length];
      lines.push(`${kind} series ${index},${kind.slice(0, 2).toUpperCase()}-${index},LCSC,${kind}s,Cabinet ${index % 20} > Drawer ${index % 7},${(index * 37) % 5000},${index % 5 ? "" : 40}`);
    }
    const answer = await fetch(`${server.url}/api/v1/parts/import?create_missing=true`, {
      method: "POST", headers: { ...headers, Origin: server.url, "Content-Type": "text/csv" }, body: lines.join("\n"),
    });
    if (!answer.ok) throw new Error(`import: ${answer.status} ${await answer.text()}`);
  }
}

/** Waits until the search index has all parts: the goals are for that state. */
async function caughtUp(headers) {
  for (;;) {
    const { search } = await (await fetch(`${server.url}/api/v1/parts?q=series&page_size=1`, { headers })).json();
    if (!search.is_catching_up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Returns the median time in milliseconds from a request to the end of its answer. */
async function serverTime(path, headers) {
  const times = [];
  for (let round = 0; round < ROUNDS + 3; round++) {
    const begun = performance.now();
    await (await fetch(server.url + path, { headers: { ...headers, Accept: "text/html" } })).arrayBuffer();
    times.push(performance.now() - begun);
  }
  return median(times.slice(3));
}

/** Counts what comes over the network, compressed and with headers, but for pictures. */
async function countBytes(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const pictures = new Set();
  let bytes = 0;
  session.on("Network.responseReceived", ({ requestId, type, response }) => {
    if (type === "Image" && !response.url.includes("/assets/")) pictures.add(requestId);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (!pictures.has(requestId)) bytes += encodedDataLength;
  });
  return { take: () => { const taken = bytes; bytes = 0; return taken; } };
}

/** Does something and waits until the page that it leads to is shown. */
async function shown(page, act) {
  await page.evaluate(() => { window.isShown = new Promise((resolve) => document.addEventListener("shown", resolve, { once: true })); });
  await act();
  await page.evaluate(() => window.isShown);
}

/** Returns the time in milliseconds from an event to the frame after what it leads to. */
async function painted(page, event, act, until = event) {
  await page.evaluate(([event, until]) => {
    window.isPainted = new Promise((resolve) => {
      addEventListener(event, ({ timeStamp }) => {
        const done = () => requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = () => resolve(performance.now() - timeStamp); port2.postMessage(0); });
        if (until === event) done();
        else document.addEventListener(until, done, { once: true });
      }, { once: true, capture: true });
    });
  }, [event, until]);
  await act();
  return page.evaluate(() => window.isPainted);
}
