// Entering: passwords that can be shown, and the token for setting up.

customElements.define("show-password", class extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    if (!input || this.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Show";
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-label", "Show the password");
    button.onclick = () => {
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      button.textContent = shown ? "Hide" : "Show";
      button.setAttribute("aria-pressed", String(shown));
      input.focus();
    };
    // A browser must not keep a password as the text of a field.
    input.form?.addEventListener("submit", () => { input.type = "password"; });
    this.append(button);
  }
});

// The token is behind # in the link, so that no log and no other site learns it. It moves into the form, and out of the address bar.
customElements.define("setup-token", class extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    if (token) {
      sessionStorage.setItem("setup-token", token);
      history.replaceState(history.state, "", location.pathname + location.search);
    }
    const known = token ?? sessionStorage.getItem("setup-token");
    if (known && !input.value) input.value = known;
    if (input.value && !this.querySelector(".error")) this.hidden = true;
  }
});
