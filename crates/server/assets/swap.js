// Follows links and submits forms without loading the whole page anew. The server always answers with a whole page; what has changed is
// taken out of it: the content, the navigation and the toasts. Scroll position, selection and focus stay.

const WIDE = matchMedia("(min-width: 1200px)");
const PARTS = ["rail", "main", "tabs", "toasts"];
let running = null;

/** Loads a page and shows it. `options.keep` keeps the scroll position; `options.dialog` is the dialog that sends a form. */
export async function visit(url, { method = "GET", body, history = "push", keep = false, dialog } = {}) {
  running?.abort();
  const mine = (running = new AbortController());
  const bar = setTimeout(() => document.body.insertAdjacentHTML("beforeend", '<div class="progress" id="progress"></div>'), 200);
  try {
    const response = await fetch(url, { method, body, signal: mine.signal, headers: { Accept: "text/html" } });
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("text/html")) return location.assign(url);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (mine.signal.aborted) return;
    if (method !== "GET" && !response.ok) {
      const sheet = dialog?.isConnected && page.querySelector("[data-sheet]");
      if (sheet) return void dialog.dispatchEvent(new CustomEvent("refused", { detail: sheet }));
      // The address of a form need not be that of a page, so a page that only says what went wrong cannot be loaded again.
      const problem = page.getElementById("problem");
      if (problem) return say(problem.textContent);
    }
    if (!page.getElementById("rail") || sameAssets(page) === false) return location.assign(response.url);
    const address = response.url + (response.redirected ? "" : hash(url));
    save();
    const before = location.pathname + location.search;
    if (history === "push" && address !== location.href) window.history.pushState(null, "", address);
    else if (history !== "none") window.history.replaceState(null, "", address);
    show(page, keep, location.pathname + location.search !== before);
    if (!response.ok) document.querySelector("#main [aria-invalid=true]")?.focus();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (method === "GET") location.assign(url);
    else say("The server does not answer. Nothing was lost on this page; try again.");
  } finally {
    clearTimeout(bar);
    if (running === mine) {
      running = null;
      document.getElementById("progress")?.remove();
    }
  }
}

function hash(url) {
  return new URL(url, location.href).hash;
}

/** Tells whether the page belongs to the version of the program whose scripts run here. */
function sameAssets(page) {
  return page.querySelector("script[src]")?.getAttribute("src") === document.querySelector("script[src]").getAttribute("src");
}

function show(page, keep, isOther) {
  const focused = place(document.activeElement);
  const caret = document.activeElement?.selectionStart;
  const typed = document.activeElement === document.getElementById("q");
  const picked = new Set([...document.querySelectorAll(".pick input:checked")].map((box) => box.value));
  document.title = page.title;
  for (const id of PARTS) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (!old || !fresh || old.isEqualNode(fresh)) continue;
    if (keep) renew(old, fresh);
    else old.replaceWith(fresh);
  }
  const [find, fresh] = [document.getElementById("find"), page.getElementById("find")];
  if (find && fresh && !typed) find.replaceWith(fresh);
  const [button, made] = [document.getElementById("new-part"), page.getElementById("new-part")];
  if (button && made) button.className = made.className;
  for (const box of document.querySelectorAll(".pick input")) box.checked = picked.has(box.value);
  if (!keep) scrollTo(0, 0);
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) target.scrollIntoView({ block: "nearest" });
  const first = isOther && !typed && document.querySelector("#main [autofocus]");
  const again = first || (focused && document.querySelector(focused));
  if (again && document.activeElement !== again) {
    again.focus({ preventScroll: true });
    if (!first && caret != null && again.setSelectionRange && again.type !== "number") again.setSelectionRange(caret, caret);
  } else if (!again && !typed && !(keep && document.activeElement !== document.body)) document.getElementById("main")?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("shown"));
}

/** Puts what differs in a fresh element in the place of the old one. What stays need not be laid out and painted anew. */
function renew(old, fresh) {
  // An element with behaviour of its own is one thing.
  if (old.localName?.includes("-") && old.isEqualNode(fresh)) return;
  if (old.localName?.includes("-") || !isAlike(old, fresh)) return old.replaceWith(fresh);
  const [had, has] = [[...old.childNodes], [...fresh.childNodes]];
  for (const node of had.slice(has.length)) node.remove();
  for (const [at, node] of has.entries()) at < had.length ? renew(had[at], node) : old.append(node);
}

/** Tells whether two nodes are the same but for what they hold, and nobody has changed the old one. */
function isAlike(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) return old.isEqualNode(fresh);
  const isEdited = old.localName === "select" || ("defaultValue" in old && old.value !== old.defaultValue) || old.checked !== old.defaultChecked;
  return !isEdited && old.nodeName === fresh.nodeName && old.attributes.length === fresh.attributes.length
    && [...old.attributes].every(({ name, value }) => fresh.getAttribute(name) === value);
}

/** Returns a selector that finds an element again in the fresh page: by its id, or as the link to the part of a row. */
function place(element) {
  if (element?.id) return `#${CSS.escape(element.id)}`;
  const row = element?.matches("tr[id] [data-drawer]") && element.closest("tr");
  return row ? `#${CSS.escape(row.id)} [data-drawer]` : null;
}

/** Shows a toast. */
export function say(text) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = text;
  document.getElementById("toasts")?.replaceChildren(toast);
  document.dispatchEvent(new CustomEvent("shown"));
}

function save() {
  history.replaceState({ scroll: scrollY }, "");
}

/** Tells whether a link leads to a page that is shown here. */
function isPage(link) {
  const url = new URL(link.href, location.href);
  return url.origin === location.origin && !link.target && !link.hasAttribute("download") && !("plain" in link.dataset)
    && !url.pathname.startsWith("/api/") && !(url.hash && url.pathname === location.pathname && url.search === location.search);
}

/** Returns the address of the list with the part of a row open beside it. */
function beside(link) {
  const url = new URL(location.href);
  url.hash = "";
  url.searchParams.set("part", link.closest("tr").id.replace("part-", ""));
  return url.href;
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.("a[href]");
  if (!link || !isPage(link)) return;
  event.preventDefault();
  const inList = link.closest(".split, .filters, .more, th, [data-keep]") != null;
  const drawer = WIDE.matches && "drawer" in link.dataset && beside(link);
  visit(drawer || link.href, { keep: inList && new URL(drawer || link.href, location.href).pathname === location.pathname });
});

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const form = event.target;
  if ("plain" in form.dataset || form.target || form.method === "dialog") return;
  const button = event.submitter;
  const fields = new FormData(form, button);
  const isUpload = form.enctype === "multipart/form-data";
  event.preventDefault();
  const query = new URLSearchParams(fields);
  const action = button?.getAttribute("formaction") ?? form.getAttribute("action") ?? location.href;
  if ((button?.getAttribute("formmethod") ?? form.method) === "get") {
    for (const [name, value] of [...query]) if (!value) query.delete(name, value);
    visit(`${action}${query.size ? "?" : ""}${query}`);
  } else visit(action, { method: "POST", body: isUpload ? fields : query, keep: true, dialog: form.closest("dialog") });
});

addEventListener("popstate", async (event) => {
  const scroll = event.state?.scroll ?? 0;
  await visit(location.href, { history: "none", keep: true });
  scrollTo(0, scroll);
});

history.scrollRestoration = "manual";
addEventListener("pagehide", save);

// The search box searches while somebody types.
let wait;
document.addEventListener("input", (event) => {
  if (event.target.id !== "q") return;
  clearTimeout(wait);
  const form = event.target.form;
  wait = setTimeout(() => {
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) if (!value) query.delete(name, value);
    visit(`/parts${query.size ? "?" : ""}${query}`, { history: location.pathname === "/parts" ? "replace" : "push" });
  }, 80);
});
