// The palette of Ctrl-K: pages, parts and places by what is typed. And the overview of shortcuts.
import { visit } from "./swap.js";
import { icon } from "./controls.js";

const PAGES = [
  ["Overview", "/", "home"], ["Parts", "/parts", "part"], ["Places", "/places", "place"], ["Categories", "/categories", "tag"],
  ["Backups", "/backups", "backup"], ["Activity", "/activity", "activity"], ["Tasks", "/tasks", "tasks"], ["Settings", "/settings", "settings"],
  ["Your account", "/account", "users"], ["New part", "/parts/new", "plus"], ["Scan", "/scan", "scan"], ["Import parts from CSV", "/parts/import", "import"],
];
let dialog, wait, asked = 0;

function open() {
  if (!document.getElementById("rail")) return;
  dialog?.remove();
  dialog = document.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", "Go to");
  dialog.innerHTML = '<input type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-label="Go to a page, a part or a place" placeholder="A page, a part or a place" autocomplete="off" spellcheck="false"><ul id="palette-list" role="listbox" aria-label="Found"></ul>';
  document.body.append(dialog);
  const input = dialog.firstChild;
  input.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(() => find(input.value), 60); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); mark(event.key === "ArrowDown" ? 1 : -1); }
    if (event.key === "Enter") { event.preventDefault(); dialog.querySelector("[aria-selected=true]")?.click(); }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  find("");
}

function mark(by) {
  const all = [...dialog.querySelectorAll("li[role=option]")];
  const at = all.findIndex((item) => item.getAttribute("aria-selected") === "true");
  all[at]?.setAttribute("aria-selected", "false");
  const next = all[(at + by + all.length) % all.length];
  next?.setAttribute("aria-selected", "true");
  next?.scrollIntoView({ block: "nearest" });
  dialog.firstChild.setAttribute("aria-activedescendant", next?.id ?? "");
}

async function find(text) {
  const mine = ++asked;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (name) => words.every((word) => name.toLowerCase().includes(word));
  const found = PAGES.filter(([name]) => fits(name)).slice(0, words.length ? 4 : 12).map(([name, link, symbol]) => ({ name, link, symbol }));
  if (words.length) {
    const get = (path) => fetch(path).then((answer) => (answer.ok ? answer.json() : { items: [] }), () => ({ items: [] }));
    const q = encodeURIComponent(text);
    const [parts, places] = await Promise.all([get(`/api/v1/parts?q=${q}&page_size=8`), get(`/api/v1/locations?q=${q}&page_size=5`)]);
    if (mine !== asked || !dialog.open) return;
    for (const part of parts.items) found.push({ name: part.name, note: [part.number, `${part.quantity} left`].filter(Boolean).join(" · "), link: `/parts/${encodeURIComponent(part.id)}`, symbol: "part" });
    for (const place of places.items) found.push({ name: place.name, note: "place", link: `/places/${encodeURIComponent(place.id)}`, symbol: "place" });
  }
  const list = dialog.querySelector("ul");
  list.replaceChildren(...found.map(({ name, note, link, symbol }, index) => {
    const item = document.createElement("li");
    item.id = `palette-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", index === 0);
    const label = document.createElement("span");
    label.textContent = name;
    label.dir = "auto";
    const small = document.createElement("small");
    small.textContent = note ?? "";
    item.append(icon(symbol), label, small);
    item.onclick = () => { dialog.close(); visit(link); };
    return item;
  }));
  if (!found.length) {
    const none = document.createElement("li");
    none.className = "quiet";
    none.textContent = "Nothing fits.";
    list.append(none);
  }
}

const SHORTCUTS = [
  ["/", "Search"], ["Ctrl K", "Go to anything"], ["j k", "Next, previous row"], ["x", "Select the row"], ["Enter", "Open"], ["e", "Edit"],
  ["+ −", "Add one, take one"], ["m", "Move"], ["n", "New part"], ["z", "Undo"], ["[ ]", "Previous, next part of the list"], ["Esc", "Close"],
  ["g p", "Parts"], ["g l", "Places"], ["g c", "Categories"], ["g b", "Backups"], ["g a", "Activity"], ["g o", "Overview"], ["?", "This help"],
];

function help() {
  const box = document.createElement("dialog");
  box.className = "shortcuts";
  box.setAttribute("aria-label", "Keyboard shortcuts");
  const rows = SHORTCUTS.map(([keys, what]) => `<div><dt>${keys.split(" ").map((key) => `<kbd>${key}</kbd>`).join(" ")}</dt><dd>${what}</dd></div>`).join("");
  box.innerHTML = `<h2>Keyboard</h2><dl>${rows}</dl><form method="dialog"><button class="button">Close</button></form>`;
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open();
  } else if (event.key === "?" && !event.ctrlKey && !event.metaKey && !event.target.closest?.("input:not([type=checkbox]), textarea, select")) {
    event.preventDefault();
    help();
  }
});
