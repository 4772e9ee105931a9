// What the stock is worth, and names that run the other way.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, expectAccessible, expectNoSidewaysScroll, serve, test } from "../lib/site.js";

const site = serve();

/** Changes the database like another program, such as the original, from which all prices come. */
const sql = (text) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(site.data, "makers_matrix.db"), text]);

test("the value of the stock is a chart and a table", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByText("No price is known.")).toBeVisible();
  sql(`INSERT INTO partpricinghistory (id, part_id, supplier, unit_price, currency, source, valid_from, is_current, created_at)
    SELECT 'of ' || id, id, 'LCSC', 0.02, 'EUR', 'api', '2025-01-01', 1, '2025-01-01' FROM partmodel;
    UPDATE mm_stock_movement SET moved_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || ((23 - number) * 10) || ' days')`);
  await page.goto("/");
  const chart = page.getByRole("img", { name: /^The value of the stock by month in EUR, from .* to 198\.60 in/ });
  await expect(chart).toBeVisible();
  await expectAccessible(page);
  await page.getByText("As a table").click();
  const rows = page.getByRole("table").filter({ hasText: "Value in EUR" }).getByRole("row");
  expect(await rows.count()).toBeGreaterThan(5);
  await expect(rows.last()).toHaveText(/so far\s*198\.60/);
  for (const width of [360, 1000]) {
    await page.setViewportSize({ width, height: 800 });
    await expectNoSidewaysScroll(page);
  }
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page);
});

test("a long name that runs from right to left is cut at its end and not at its beginning", async ({ page }) => {
  const name = "مقاومة كربونية ".repeat(12).trim();
  const { id } = await site.api.post("/parts", { name });
  await site.api.put(`/parts/${id}/low-stock-limit`, { quantity: 5 });
  for (const path of ["/", "/parts"]) {
    await page.goto(path);
    const link = page.getByRole("table").first().getByRole("link", { name });
    // The beginning, on the right, is within what is shown of the name.
    const cut = await link.evaluate((element) => {
      const range = document.createRange();
      range.setStart(element.firstChild, 0);
      range.setEnd(element.firstChild, 1);
      return range.getBoundingClientRect().right - element.closest("td").getBoundingClientRect().right;
    });
    expect(cut, path).toBeLessThanOrEqual(0);
  }
});
