// The first run: the link that the server prints leads to the first administrator.
import { expect, expectAccessible, expectNoSidewaysScroll, serve, test } from "../lib/site.js";
import { PASSWORD } from "../lib/server.js";

const site = serve({ empty: true });

test("the first administrator is created, and finds an inventory that teaches", async ({ person }) => {
  const page = await person(null);
  await page.goto(site.setup);
  await expect(page.getByRole("heading", { name: "Create the administrator" })).toBeVisible();
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 800 });
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByLabel("Your name").fill("first");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create and go on" }).click();
  await expect(page).not.toHaveURL(/setup/);
  await page.goto("/parts");
  await expect(page.getByRole("link", { name: "Add the first part" })).toBeVisible();
  await expectAccessible(page);
});
