// Everything with the keyboard alone, and the focus is never lost.
import { expect, expectFocus, serve, test } from "../lib/site.js";

const site = serve({ more: 60 });

// As fast as people type: what comes faster is a hand scanner.
const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key, { delay: 50 });
};

test("search, walk, open, change the stock, close", async ({ page }) => {
  await page.goto("/parts");
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("esp32");
  await expect(page.getByRole("row")).toHaveCount(2);
  await expect(page.getByRole("searchbox")).toBeFocused();
  await expect(page).toHaveURL(/q=esp32/);

  await page.keyboard.press("Escape");
  await press(page, "j");
  const name = page.getByRole("link", { name: /ESP32/ });
  await expect(name).toBeFocused();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("complementary", { name: /ESP32/ });
  await expect(drawer).toBeVisible();
  await expectFocus(page);

  await page.keyboard.press("+");
  await expect(page.getByRole("status")).toContainText("Added 1 × ESP32");
  await expect(drawer.getByRole("heading", { name: "4 left" })).toBeVisible();
  await expectFocus(page);

  await page.keyboard.press("z");
  await expect(page.getByRole("status")).toContainText("Undone");
  await expect(drawer.getByRole("heading", { name: "3 left" })).toBeVisible();
  await expectFocus(page);

  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  await expectFocus(page);
});

test("j and k move through the rows and stay within them", async ({ page }) => {
  await page.goto("/parts?sort=name");
  const links = page.locator("#parts tbody .name a");
  await press(page, "k");
  await expect(links.nth(0)).toBeFocused();
  await press(page, "j");
  await press(page, "j");
  await expect(links.nth(2)).toBeFocused();
  await press(page, "k");
  await expect(links.nth(1)).toBeFocused();
  await press(page, "x");
  await expect(page.getByText("1 selected")).toBeVisible();
});

test("a key that is held down goes on and on", async ({ page }) => {
  await page.goto("/parts?sort=name");
  for (let times = 0; times < 6; times++) await page.keyboard.down("j");
  await page.keyboard.up("j");
  await expect(page.locator("#parts tbody .name a").nth(5)).toBeFocused();
});

test("a number typed into the row is the new stock, and Escape keeps the old one", async ({ page }) => {
  await page.goto("/parts?q=M3×8");
  const stock = page.getByRole("row", { name: /Socket head/ }).getByRole("textbox");
  await stock.fill("999");
  await page.keyboard.press("Escape");
  await expect(stock).toHaveValue("640");
  await stock.fill("650");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status")).toContainText("Counted 650");
  await expect(stock).toHaveValue("650");
  await expectFocus(page);
  await page.keyboard.press("Escape");
});

test("the palette goes to pages and parts", async ({ page }) => {
  await page.goto("/");
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Go to" });
  await expect(palette.getByRole("combobox")).toBeFocused();
  await page.keyboard.type("atmega");
  await expect(palette.getByRole("option", { name: /ATmega328P/ })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/ATmega328P/);
  await expectFocus(page);

  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expectFocus(page);
});

test("? shows the shortcuts", async ({ page }) => {
  await page.goto("/parts");
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(help).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(help).toBeHidden();
});

test("g and a letter go to a section", async ({ page }) => {
  await page.goto("/");
  for (const [keys, path] of [["gp", "/parts"], ["ga", "/activity"], ["go", "/"]]) {
    await press(page, ...keys);
    await expect(page).toHaveURL(`${site.url}${path}`);
    await expectFocus(page);
  }
});

test("a part is created, changed and found again without a pointer", async ({ page }) => {
  await page.goto("/parts");
  await page.keyboard.press("n");
  await expect(page).toHaveURL(/\/parts\/new$/);
  await page.getByLabel("Name", { exact: true }).focus();
  await page.keyboard.type("Neodymium magnet 8×3");
  await page.getByLabel("How many there are").focus();
  await page.keyboard.type("40");
  await page.getByRole("combobox", { name: "Where they are" }).focus();
  await page.keyboard.type("A1");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Neodymium magnet 8×3");
  await expect(page.getByRole("status")).toContainText("Created");
  await expectFocus(page);
  await page.keyboard.press("e");
  await expect(page).toHaveURL(/\/edit$/);
  await page.getByLabel("Number", { exact: true }).fill("MAG-8");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status")).toContainText("Saved");
  await expectFocus(page);
  await page.keyboard.press("/");
  await page.keyboard.type("MAG-8");
  await expect(page.getByRole("link", { name: "Neodymium magnet 8×3" })).toBeVisible();
});
