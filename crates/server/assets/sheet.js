// Opens the form of another page in a dialog, for links with `data-dialog`. The form is sent like any other. What the server answers
// closes the dialog; a form with mistakes is shown in it again.

document.addEventListener("click", (event) => {
  if (event.target.closest?.("dialog [data-close]")) {
    event.preventDefault();
    event.target.closest("dialog").close();
    return;
  }
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.("a[data-dialog]");
  if (!link) return;
  event.preventDefault();
  open(link);
}, true);

async function open(link) {
  const opener = document.activeElement?.id || link.id;
  const response = await fetch(link.href, { headers: { Accept: "text/html" } }).catch(() => null);
  const page = response?.ok && new DOMParser().parseFromString(await response.text(), "text/html");
  const sheet = page && page.querySelector("[data-sheet]");
  if (!sheet) return location.assign(link.href);
  const dialog = document.createElement("dialog");
  dialog.className = "sheet-dialog";
  fill(dialog, sheet);
  document.body.append(dialog);
  dialog.addEventListener("refused", (event) => {
    fill(dialog, event.detail);
    dialog.querySelector("[aria-invalid=true], place-picker input, input:not([type=hidden])")?.focus();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    document.getElementById(opener)?.focus({ preventScroll: true });
  });
  // A press beside the dialog closes it.
  dialog.addEventListener("mousedown", (event) => event.target === dialog && dialog.close());
  dialog.showModal();
  dialog.querySelector("place-picker input, input:not([type=hidden])")?.focus();
}

/** Puts a form into a dialog. It leads back to the page below. */
function fill(dialog, sheet) {
  const heading = sheet.querySelector("h1");
  if (heading) {
    heading.id = "sheet-heading";
    dialog.setAttribute("aria-labelledby", heading.id);
  }
  for (const form of sheet.querySelectorAll("form[method=post]")) {
    let back = form.querySelector("input[name=back]");
    if (!back) {
      back = document.createElement("input");
      Object.assign(back, { type: "hidden", name: "back" });
      form.append(back);
    }
    back.setAttribute("value", location.pathname + location.search);
  }
  dialog.replaceChildren(document.importNode(sheet, true));
}

document.addEventListener("shown", () => document.querySelectorAll("dialog.sheet-dialog").forEach((dialog) => dialog.close()));
