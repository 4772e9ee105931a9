// Labels, scanning, and importing with a preview.
import { expect, expectFocus, serve, test } from "../lib/site.js";

const site = serve();

test.use({ expected: /status of 422/ });

/** Types as fast as a hand scanner, however busy the machine is. */
const scan = (page, code) => page.evaluate((keys) => {
  for (const key of keys) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}, [...code, "Enter"]);

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

test("a scan that begins with the letter of a shortcut is no shortcut", async ({ page }) => {
  await page.goto("/parts");
  await scan(page, "nrf-52840");
  await expect(page.getByRole("alert")).toContainText("nrf-52840");
  await expect(page).toHaveURL(/\/scan\?/);
});

test("labels are as large on paper as they say", async ({ page }) => {
  await page.goto(`/labels?part=${site.ids["AR-10K"]}`);
  await expect(page.getByText("مقاومة كربونية 10 كيلو أوم")).toBeVisible();
  const millimetres = (box) => box && [box.width, box.height].map((pixels) => Math.round((pixels / 96) * 254) / 10);
  const label = page.locator(".sticker").first();
  for (const [paper, size] of [["a4-48", [45.7, 21.2]], ["a4-21", [63.5, 38.1]], ["tape-12", [45, 12]]]) {
    await page.getByLabel("Paper").selectOption(paper);
    await expect.poll(async () => millimetres(await label.boundingBox())).toEqual(size);
  }
  await page.emulateMedia({ media: "print" });
  expect(millimetres(await label.boundingBox())).toEqual([45, 12]);
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
