// Labels, scanning, and importing with a preview.
import { expect, expectFocus, serve, test } from "../lib/site.js";

const site = serve();

test.use({ expected: /status of 422/ });

test("a hand scanner's typing: part, how many, place", async ({ page }) => {
  await page.goto("/scan");
  await page.keyboard.type("XHP-4");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: /JST-XH/ })).toBeVisible();
  await expect(page.getByLabel("How many")).toBeFocused();
  await page.keyboard.type("25");
  await page.getByLabel("From", { exact: true }).selectOption({ label: "New stock" });
  await page.getByRole("combobox", { name: "Into which place" }).fill("A2");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status")).toContainText("25");
  await expectFocus(page);
  expect((await site.api.get(`/parts/${site.ids["XHP-4"]}`)).quantity).toBe(25);
});

test("a code that nothing has says so", async ({ page }) => {
  await page.goto("/scan?code=NOTHING-HERE");
  await expect(page.getByRole("alert")).toContainText("NOTHING-HERE");
});

test("labels are as large on paper as they say", async ({ page }) => {
  await page.goto(`/labels?part=${site.ids["AR-10K"]}`);
  await expect(page.getByText("مقاومة كربونية 10 كيلو أوم")).toBeVisible();
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("navigation", { name: "Main", exact: true })).toBeHidden();
  await expect(page.getByRole("button", { name: "Show" })).toBeHidden();
});

test("an import is shown before it is done, and can be corrected", async ({ page }) => {
  await page.goto("/parts/import");
  await page.getByLabel("Or paste it").fill("name,number,quantity,location\nImported nut,IN-1,100,A1\nImported bolt,IN-2,many,A1");
  await page.getByRole("button", { name: "Show what would happen" }).last().click();
  await expect(page.getByRole("alert")).toContainText("Nothing is imported");
  await expect(page.getByRole("button", { name: "Import", exact: true })).toBeHidden();
  await expectFocus(page);
  await page.getByLabel("The file, to correct it").fill("name,number,quantity,location\nImported nut,IN-1,100,A1\nImported bolt,IN-2,50,A1");
  await page.getByRole("button", { name: "Check again" }).click();
  expect((await site.api.get("/parts?q=Imported")).items).toEqual([]);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await expect(page.getByRole("status")).toContainText(/import/i);
  expect((await site.api.get("/parts?q=Imported")).items).toHaveLength(2);
});
