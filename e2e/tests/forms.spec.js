// Forms with mistakes: what is wrong stands beside the field, what was typed stays, and so does the page or the dialog.
import { expect, expectAccessible, serve, test } from "../lib/site.js";

const site = serve();
test.use({ expected: /status of 4(04|09|22)/ });

test("stock to add with mistakes is shown again beside them", async ({ page }) => {
  const path = `/parts/${site.ids["XHP-4"]}?tab=stock`;
  await page.goto(path);
  await page.getByLabel("How many").fill("a few");
  await page.getByRole("combobox", { name: "Into which place" }).fill("nowhere at all");
  await page.getByLabel("Why").fill("found in a drawer");
  await page.getByRole("button", { name: "Add stock" }).click();
  await expect(page.getByText("This must be a whole number.")).toBeVisible();
  await expect(page.getByText("There is no place “nowhere at all”.")).toBeVisible();
  await expect(page.getByLabel("How many")).toBeFocused();
  await expect(page.getByLabel("Why")).toHaveValue("found in a drawer");
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe(path);
  await expectAccessible(page);
  await page.getByLabel("How many").fill("7");
  await page.getByRole("combobox", { name: "Into which place" }).fill("Drawer A › A1");
  await page.getByRole("button", { name: "Add stock" }).click();
  await expect(page.getByRole("status")).toContainText("Added 7 × JST-XH housing");
});

test("the same without script", async ({ person }) => {
  const page = await person("admin", { javaScriptEnabled: false });
  await page.goto(`/parts/${site.ids["XHP-4"]}`);
  await page.getByLabel("Why").fill("found in a drawer");
  await page.getByRole("button", { name: "Add stock" }).click();
  await expect(page.getByText("This is required.")).toHaveCount(2);
  await expect(page.getByLabel("Why")).toHaveValue("found in a drawer");
});

test("a mistake in a dialog is shown in the dialog", async ({ page }) => {
  const path = `/places/${site.ids.A4}`;
  await page.goto(path);
  await page.locator("#move").click();
  const dialog = page.getByRole("dialog", { name: "Move A4" });
  await dialog.getByRole("combobox", { name: "Into" }).fill("nowhere at all");
  await page.keyboard.press("Tab");
  await dialog.getByRole("button", { name: "Move" }).click();
  await expect(dialog.getByText("There is no place “nowhere at all”.")).toBeVisible();
  await expect(dialog.getByRole("combobox", { name: "Into" })).toHaveValue("nowhere at all");
  await expect(dialog.getByRole("combobox", { name: "Into" })).toBeFocused();
  expect(new URL(page.url()).pathname).toBe(path);
  await expectAccessible(page);
  await dialog.getByRole("combobox", { name: "Into" }).fill("Drawer B");
  await page.keyboard.press("Tab");
  await dialog.getByRole("button", { name: "Move" }).click();
  await expect(page.getByRole("status")).toContainText("Moved A4");
  await expect(dialog).toHaveCount(0);
  expect(new URL(page.url()).pathname).toBe(path);
});

test("what cannot be done is told on the page, which stays", async ({ page }) => {
  const { id } = await site.api.post("/parts", { name: "Short-lived part" });
  await site.api.post(`/parts/${id}/stock/add`, { location_id: site.ids.A1, quantity: 2 });
  await page.goto("/parts?q=short-lived");
  const row = page.getByRole("row", { name: /Short-lived part/ });
  await expect(row).toBeVisible();
  await site.api.delete(`/parts/${id}`);
  await row.getByRole("button", { name: /^Add one/ }).click();
  await expect(page.getByRole("status")).toContainText(/does not exist|not found|no part/i);
  await expect(page).toHaveURL(/\/parts\?q=short-lived$/);
  await expect(row).toBeVisible();
});
