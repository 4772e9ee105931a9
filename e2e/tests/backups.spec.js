// The journey that matters most: back up, prove, damage, restore, undo.
import { expect, expectAccessible, expectFocus, expectNoSidewaysScroll, serve, test } from "../lib/site.js";

const site = serve();

test("back up, prove, damage, restore, undo", async ({ page }) => {
  await page.goto("/backups");
  await page.getByRole("button", { name: "Back up now" }).click();
  const archives = page.getByRole("table", { name: "Archives" });
  await expect(archives.getByRole("row")).toHaveCount(2);
  await expect(archives).toContainText("Verified");
  await expectFocus(page);

  await expectAccessible(page);

  // Damage.
  for (const number of ["DIN 912 M3×8", "AR-10K", "D".repeat(80)]) await site.api.delete(`/parts/${site.ids[number]}`);
  expect((await site.api.get("/parts?q=AR-10K")).items).toEqual([]);

  // Restore: what it is, what will change, do it.
  await page.goto("/backups");
  await archives.getByRole("link", { name: "Restore" }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Back to/);
  await page.getByRole("button", { name: "See what will change" }).click();
  const plan = page.getByRole("table", { name: "Now and after the restore" });
  await expect(plan).toBeVisible();
  await expect(plan.getByRole("row", { name: /^Parts/ })).toContainText("11");
  await expect(page.getByText("Socket head screw M3×8, stainless A2")).toBeVisible();
  await page.setViewportSize({ width: 360, height: 800 });
  await expectNoSidewaysScroll(page);
  await page.setViewportSize({ width: 1440, height: 900 });
  await expectAccessible(page);
  await expectFocus(page);
  await expect(page.getByRole("checkbox", { name: /Back up what is here now first/ })).toBeChecked();
  await page.getByLabel("Type restore to go on").fill("restore");
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  const undo = page.getByRole("button", { name: "Undo this restore" });
  await expect(undo).toBeVisible({ timeout: 30_000 });
  await expectAccessible(page);
  await expect.poll(async () => (await site.api.get("/parts?q=AR-10K")).items.length).toBe(1);

  // And back again.
  await undo.click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/done$/, { timeout: 30_000 });
  await expectFocus(page);
  await expect.poll(async () => (await site.api.get("/parts?q=AR-10K")).items.length).toBe(0);
  await page.goto("/backups");
  await page.setViewportSize({ width: 360, height: 800 });
  await expectNoSidewaysScroll(page);
});
