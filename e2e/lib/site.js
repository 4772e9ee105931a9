// What the tests share: a server for each file, people who are signed in, and an eye on everything that a browser complains about.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test as base } from "@playwright/test";
import { client } from "./api.js";
import { start } from "./server.js";
import { fill } from "./workshop.js";

export { expect };

// Set before the tests of a file, which run one after another in this process.
let site;

export const test = base.extend({
  /** Complaints that a test provokes on purpose: a pattern. */
  expected: [null, { option: true }],
  complaints: [async ({ expected }, use) => {
    const complaints = [];
    await use(complaints);
    expect(complaints.filter((text) => !expected?.test(text)), "what the browser complained about").toEqual([]);
  }, { auto: true }],
  /** Opens a browser for somebody: "admin", "other" or null. */
  person: async ({ browser, complaints }, use) => {
    const contexts = [];
    await use(async (name, options = {}) => {
      const context = await browser.newContext({ baseURL: site.url, ...options });
      contexts.push(context);
      watch(context, complaints);
      if (name) await context.addCookies([site.people[name].cookie]);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
  /** The page of the administrator. */
  page: async ({ person, javaScriptEnabled, viewport, colorScheme }, use) => use(await person("admin", { javaScriptEnabled, viewport, colorScheme })),
});

/** Serves an inventory to the tests of a file. Call it once at the top of the file. */
export function serve({ more = 0, empty = false } = {}) {
  const served = {};
  test.beforeAll(async () => {
    Object.assign(served, await start({ empty }));
    site = served;
    served.people = {};
    if (empty) return;
    for (const [name, cookie] of Object.entries(served.cookies)) served.people[name] = client(served.url, cookie);
    served.api = served.people.admin;
    served.ids = await fill(served.api, more);
  });
  test.afterAll(() => served.stop?.());
  return served;
}

/** Collects errors on the console, exceptions, and violations of the content security policy. */
function watch(context, complaints) {
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => complaints.push(`exception: ${error.error().message}`));
  context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
}

/** Checks a page with axe. Only serious and critical findings count. */
export async function expectAccessible(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = serious.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} — ${node.failureSummary.split("\n").slice(1, 3).join(" ").trim()}`));
  expect(told, "findings of axe").toEqual([]);
}

/** Checks that nothing makes the page wider than the window. */
export async function expectNoSidewaysScroll(page) {
  const { width, window, widest } = await page.evaluate(() => {
    const width = document.documentElement.scrollWidth;
    const window = document.documentElement.clientWidth;
    const outside = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > window + 1);
    return { width, window, widest: outside.slice(0, 3).map((element) => element.outerHTML.slice(0, 120)) };
  });
  expect(width, `wider than the window: ${widest.join("\n")}`).toBeLessThanOrEqual(window);
}

/** Checks that the keyboard is somewhere: an action that leaves the focus on nothing sends a keyboard user to the top of the page. */
export async function expectFocus(page) {
  await expect.poll(() => page.evaluate(() => document.activeElement !== document.body && document.activeElement !== null), "the focus is lost").toBe(true);
}
