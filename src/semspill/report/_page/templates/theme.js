// The theme button: what the system says, light, or dark. It works where nothing can be stored.
(() => {
  "use strict";
  const kinds = ["system", "light", "dark"];
  let now = "system";
  try {
    now = kinds.find((kind) => kind === localStorage.getItem("semspill-theme")) ?? now;
  } catch {
    // The choice holds until the page is closed.
  }
  const show = () => (document.documentElement.dataset.theme = now);
  show(); // before the first paint
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const name = () => (button.textContent = `Theme: ${now}`);
    name();
    button.hidden = false;
    button.addEventListener("click", () => {
      now = kinds[(kinds.indexOf(now) + 1) % kinds.length];
      show();
      name();
      try {
        localStorage.setItem("semspill-theme", now);
      } catch {
        // As above.
      }
    });
  });
})();
