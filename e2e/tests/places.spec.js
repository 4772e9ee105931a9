// Places and categories: trees, the type-ahead over full paths, and slots as the grid they are.
import { expect, expectFocus, serve, test } from "../lib/site.js";

const site = serve();

test("stock is moved by typing some words of the path", async ({ page }) => {
  await page.goto(`/parts/${site.ids["CL10B104KB8NNNC"]}`);
  await page.getByRole("link", { name: "Move" }).click();
  const to = page.getByRole("combobox", { name: "To", exact: true });
  await to.click();
  await to.pressSequentially("work b4");
  await expect(page.getByRole("option", { name: /Drawer B.*B4/ })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(to).toHaveValue(/B4$/);
  await page.getByLabel("How many").fill("20");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status")).toContainText(/moved 20/i);
  await expectFocus(page);
  await expect(page.getByRole("heading", { name: /in 2 places/ })).toBeVisible();
});

test("slots are a grid with the heads of its rows and columns", async ({ page }) => {
  await page.goto(`/places/${site.ids.box}`);
  const grid = page.getByRole("region", { name: "Slots" }).getByRole("table");
  await expect(grid.getByRole("row")).toHaveCount(4);
  await expect(grid.getByRole("columnheader")).toHaveText(["1", "2", "3", "4"]);
  await expect(grid.getByRole("link")).toHaveCount(12);
});

test("a place is made and deleted", async ({ page }) => {
  await page.goto("/places/new");
  await page.getByLabel("Name", { exact: true }).fill("Dry box");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Dry box");
  await expectFocus(page);
  await page.getByRole("link", { name: "Delete this place" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("status")).toContainText(/deleted/i);
  await expectFocus(page);
});

test("a category shows its parts", async ({ page }) => {
  await page.goto("/categories");
  await page.getByRole("main").getByRole("link", { name: /Resistors/ }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Resistors");
  await page.getByRole("link", { name: "Show the 3 parts in it" }).click();
  await expect(page.getByRole("link", { name: "مقاومة كربونية 10 كيلو أوم" })).toBeVisible();
  await expectFocus(page);
});
