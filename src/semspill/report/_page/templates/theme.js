// The theme button: what the system says, light, or dark. It works where nothing can be stored.
(() => {
  "use strict";
  const kinds = ["system", "light", "dark"];
  const root = document.documentElement;
  const stored = () => {
    try {
      return localStorage.getItem("semspill-theme");
    } catch {
      return null;
    }
  };
  const store = (kind) => {
    try {
      localStorage.setItem("semspill-theme", kind);
    } catch {
      // The choice holds until the page is closed.
    }
  };
  let now = kinds.includes(stored()) ? stored() : "system";
  const show = () => {
    if (now === "system") delete root.dataset.theme;
    else root.dataset.theme = now;
  };
  const told = () => document.dispatchEvent(new Event("themechange"));
  show(); // before the first paint
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const name = () => (button.textContent = `Theme: ${now}`);
    name();
    button.hidden = false;
    button.addEventListener("click", () => {
      now = kinds[(kinds.indexOf(now) + 1) % kinds.length];
      store(now);
      show();
      name();
      told();
    });
  });
  const open = new Set(); // what was closed before printing is closed again after it
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details:not([open])")) {
      open.add(part);
      part.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const part of open) part.open = false;
    open.clear();
  });
})();
