// The list of parts: its state is in the address, and it stays where it was.
import { expect, expectFocus, expectNoSidewaysScroll, serve, test } from "../lib/site.js";

const site = serve({ more: 120 });

test("undo in the toast takes a change of stock back", async ({ page }) => {
  await page.goto("/parts?q=M3×8");
  const row = page.getByRole("row", { name: /Socket head/ });
  await row.getByRole("button", { name: /^Take one/ }).click();
  await expect(page.getByRole("status")).toContainText("Took 1 × Socket head screw M3×8, stainless A2, 639 left there");
  await expect(row.getByRole("textbox")).toHaveValue("639");
  await expectFocus(page);
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("status")).toContainText("Undone");
  await expect(row.getByRole("textbox")).toHaveValue("640");
  await expectFocus(page);
  const part = await site.api.get(`/parts/${site.ids["DIN 912 M3×8"]}`);
  expect(part.quantity).toBe(640);
});

test("selected parts are moved together", async ({ page }) => {
  await page.goto("/parts?q=washer&sort=name");
  for (const name of ["Washer 001", "Washer 002"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await expect(page.getByText("2 selected")).toBeVisible();
  await page.keyboard.press("m");
  await page.getByRole("combobox", { name: "Into which place" }).fill("B4");
  await page.getByRole("button", { name: "Move all their stock" }).click();
  await expect(page.getByRole("status")).toContainText(/moved/i);
  await expectFocus(page);
  await expect(page.getByRole("row", { name: /Washer 001/ })).toContainText("B4");
  await expect(page.getByRole("row", { name: /Washer 002/ })).toContainText("B4");
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("status")).toContainText("Moved 2 parts back");
  for (const name of [/Washer 001/, /Washer 002/]) await expect(page.getByRole("row", { name })).toContainText("A1");
});

test("a move of many parts that cannot be undone any longer says why", async ({ page }) => {
  await page.goto("/parts?q=washer&sort=name");
  for (const name of ["Washer 004", "Washer 005"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await page.keyboard.press("m");
  await page.getByRole("combobox", { name: "Into which place" }).fill("B4");
  await page.getByRole("button", { name: "Move all their stock" }).click();
  await expect(page.getByRole("status")).toContainText("Moved 2 parts");
  const { items } = await site.api.get("/parts?q=WA-004");
  await site.api.post(`/parts/${items[0].id}/stock/take`, { location_id: site.ids.B4, quantity: 1 });
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("status")).toContainText("nothing was moved. The stock of \"Washer 004\" has moved since.");
  await expect(page.getByRole("row", { name: /Washer 005/ })).toContainText("B4");
});

test("with Shift everything between is selected, and the selection stays while rows change", async ({ page }) => {
  await page.goto("/parts?q=washer&sort=name");
  const boxes = page.locator(".pick input");
  await boxes.nth(1).click();
  await boxes.nth(4).click({ modifiers: ["Shift"] });
  await expect(page.getByText("4 selected")).toBeVisible();
  await page.getByRole("row", { name: /Washer 001/ }).getByRole("button", { name: /^Add one/ }).click();
  await expect(page.getByRole("status")).toContainText("Added 1");
  await expect(page.getByText("4 selected")).toBeVisible();
});

test("back from a part returns to the same filter at the same place", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await page.goto("/parts?supplier=LCSC&sort=name");
  await page.goto("/parts?q=washer&sort=name");
  const link = page.getByRole("link", { name: "Washer 040" });
  await link.scrollIntoViewIfNeeded();
  const before = await page.evaluate(() => scrollY);
  expect(before).toBeGreaterThan(200);
  await link.click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Washer 040");
  await page.goBack();
  await expect(page.getByRole("link", { name: "Washer 040" })).toBeInViewport();
  await expect(page).toHaveURL(/q=washer&sort=name/);
  expect(await page.evaluate(() => scrollY)).toBe(before);
});

test("show more adds rows below and stays there", async ({ page }) => {
  await page.goto("/parts?q=washer&sort=name");
  await expect(page.locator("#parts tbody tr")).toHaveCount(50);
  await page.getByRole("link", { name: /^Show 50 more/ }).click();
  await expect(page.locator("#parts tbody tr")).toHaveCount(100);
  await expect(page.getByRole("link", { name: "Washer 049" })).toBeInViewport();
  await expectFocus(page);
});

test("filters are chips that can be taken away", async ({ page }) => {
  await page.goto("/parts");
  await page.getByText("Filter", { exact: true }).click();
  await page.getByLabel("Category", { exact: true }).selectOption({ label: "Resistors" });
  await page.getByRole("button", { name: "Apply" }).click();
  const chip = page.getByRole("link", { name: "Remove the filter Category: Resistors" });
  await expect(chip).toBeVisible();
  await expect(page.locator("#parts tbody tr")).toHaveCount(3);
  await chip.click();
  await expect(page.locator("#parts tbody tr")).toHaveCount(50);
  await expectFocus(page);
});

test("the drawer is beside the list, steps through it, and stays within the window", async ({ page }) => {
  await page.goto("/parts?sort=name&q=washer");
  await page.getByRole("link", { name: "Washer 005" }).click();
  const drawer = page.getByRole("complementary");
  await expect(drawer.getByRole("heading", { name: "Washer 005" })).toBeVisible();
  await page.keyboard.press("]");
  await expect(drawer.getByRole("heading", { name: "Washer 006" })).toBeVisible();
  await page.keyboard.press("[");
  await expect(drawer.getByRole("heading", { name: "Washer 005" })).toBeVisible();
  await expectFocus(page);
  await page.setViewportSize({ width: 1200, height: 800 });
  await expectNoSidewaysScroll(page);
});

test("long names and other scripts stay in their row", async ({ page }) => {
  for (const width of [360, 800, 1200, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    await page.goto("/parts?supplier=LCSC&sort=name");
    await expect(page.locator("#parts tbody tr")).toHaveCount(11);
    await expectNoSidewaysScroll(page);
    const heights = await page.locator("#parts tbody tr").evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
    expect(Math.max(...heights) - Math.min(...heights), "each row is as high as the others").toBeLessThan(3);
  }
});

test("a name that looks like markup is shown as it is", async ({ page }) => {
  await page.goto(`/parts?part=${site.ids["<script>alert(1)</script>"]}`);
  await expect(page.getByRole("complementary").getByRole("heading", { level: 2 })).toHaveText("<b>Bold</b> & \"quoted\"");
});
