// What holds on every page: the browser has nothing to complain about, axe finds nothing serious, nothing scrolls sideways.
import { expect, expectAccessible, expectNoSidewaysScroll, serve, test } from "../lib/site.js";
import { PAGES } from "../lib/pages.js";

const site = serve();

for (const { name, path, heading } of PAGES) {
  test(`${name}: light and wide, dark and narrow`, async ({ person }) => {
    const page = await person("admin");
    const answer = await page.goto(path(site.ids));
    expect(answer.status()).toBe(200);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
    await expectAccessible(page);
    await page.setViewportSize({ width: 360, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" });
    await expectAccessible(page);
    for (const width of [360, 768, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await expectNoSidewaysScroll(page);
    }
  });
}

test.describe("without a session", () => {
  test("signing in: light and dark", async ({ person }) => {
    const page = await person(null);
    await page.goto("/parts");
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 360, height: 640 });
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
  });
});

test.describe("errors", () => {
  test.use({ expected: /status of 404/ });

  test("a page that does not exist says what to do", async ({ page }) => {
    await page.goto("/parts/00000000-0000-0000-0000-000000000000");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByRole("link", { name: "To the parts" })).toBeVisible();
    await expectAccessible(page);
  });
});
