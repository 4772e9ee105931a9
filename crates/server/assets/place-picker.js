// The field in which a place or a category is chosen by typing some words of its path. It follows the ARIA pattern of a combobox with a
// list, https://www.w3.org/WAI/ARIA/apg/patterns/combobox/. Without script it is a plain text field, which the server reads.

let count = 0;

class PlacePicker extends HTMLElement {
  #input;
  #id;
  #list;
  #options = [];
  #at = -1;
  #asked;
  #wait;

  connectedCallback() {
    if (this.#input) return;
    this.#input = this.querySelector("input:not([type=hidden])");
    this.#id = this.querySelector("input[type=hidden]");
    this.#list = document.createElement("ul");
    this.#list.id = `options-${++count}`;
    this.#list.hidden = true;
    this.#list.role = "listbox";
    this.#list.ariaLabel = this.#input.labels[0]?.textContent ?? "Suggestions";
    this.append(this.#list);
    const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.#list.id };
    for (const [name, value] of Object.entries(attributes)) this.#input.setAttribute(name, value);
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("click", () => this.#list.hidden && this.#ask(""));
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("blur", () => this.#close());
    // The field keeps the focus while an option is pressed.
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = event.target.closest("li[role=option]");
      if (option) this.#choose([...this.#list.children].indexOf(option));
    });
  }

  disconnectedCallback() {
    clearTimeout(this.#wait);
    this.#asked?.abort();
  }

  #typed() {
    this.#id.value = "";
    clearTimeout(this.#wait);
    this.#wait = setTimeout(() => this.#ask(this.#input.value), 60);
  }

  async #ask(text) {
    this.#asked?.abort();
    const mine = (this.#asked = new AbortController());
    try {
      const url = `/${this.getAttribute("kind") ?? "places"}/suggest?q=${encodeURIComponent(text)}`;
      const response = await fetch(url, { signal: mine.signal, headers: { Accept: "application/json" } });
      if (!response.headers.get("content-type")?.startsWith("application/json") || !response.ok) return;
      this.#options = await response.json();
      if (!mine.signal.aborted && document.activeElement === this.#input) this.#show(text);
    } catch (error) {
      if (error.name !== "AbortError") this.#close();
    }
  }

  #show(text) {
    const items = this.#options.map(({ path }, index) => {
      const item = document.createElement("li");
      item.role = "option";
      item.id = `${this.#list.id}-${index}`;
      item.dir = "auto";
      const at = path.lastIndexOf(" › ");
      const [above, name] = at < 0 ? ["", path] : [path.slice(0, at + 3), path.slice(at + 3)];
      const [quiet, strong] = [document.createElement("span"), document.createElement("b")];
      quiet.className = "quiet";
      quiet.textContent = above;
      strong.textContent = name;
      item.append(quiet, strong);
      return item;
    });
    if (!items.length) {
      const none = document.createElement("li");
      none.className = "quiet";
      none.textContent = text ? "Nothing begins with these words" : "There is nothing to choose yet";
      items.push(none);
    }
    this.#list.replaceChildren(...items);
    this.#list.hidden = false;
    this.#input.setAttribute("aria-expanded", "true");
    this.#mark(text && this.#options.length ? 0 : -1);
  }

  #close() {
    clearTimeout(this.#wait);
    this.#asked?.abort();
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#mark(-1);
  }

  #mark(index) {
    this.#at = index;
    [...this.#list.children].forEach((item, at) => item.role && item.setAttribute("aria-selected", String(at === index)));
    const marked = this.#list.children[index];
    if (marked) {
      this.#input.setAttribute("aria-activedescendant", marked.id);
      marked.scrollIntoView({ block: "nearest" });
    } else this.#input.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    const option = this.#options[index];
    if (!option) return;
    this.#input.value = option.path;
    this.#id.value = option.id;
    this.#close();
    this.#input.setSelectionRange(option.path.length, option.path.length);
    this.dispatchEvent(new CustomEvent("chosen", { bubbles: true, detail: option }));
  }

  #key(event) {
    const isOpen = !this.#list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) return void this.#ask(this.#id.value ? "" : this.#input.value);
      const by = event.key === "ArrowDown" ? 1 : -1;
      const size = this.#options.length + 1;
      this.#mark(((this.#at + 1 + by + size) % size) - 1);
    } else if (event.key === "Enter" && isOpen && this.#at >= 0) {
      event.preventDefault();
      this.#choose(this.#at);
    } else if (event.key === "Tab" && isOpen && this.#at >= 0) this.#choose(this.#at);
    else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
  }
}

customElements.define("place-picker", PlacePicker);
