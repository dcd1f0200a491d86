// Marks of the charts: what they say when pointed at, and whatever else shows the same name.
(() => {
  "use strict";
  const tip = document.body.appendChild(document.createElement("div"));
  tip.className = "tip";
  tip.setAttribute("role", "status");
  const texts = new Map();
  const alike = new Map(); // the marks of each name
  const name = new Map();
  for (const chart of document.querySelectorAll(".chart")) {
    const [wide, narrow] = [...chart.querySelectorAll("svg")].map((svg) => [...svg.querySelectorAll(".mark")]);
    wide.forEach((mark, index) => {
      const title = mark.querySelector("title");
      title.remove(); // or it would show beside ours
      for (const one of [mark, narrow[index]]) {
        texts.set(one, title.textContent);
        name.set(one, mark.dataset.name);
        alike.set(mark.dataset.name, [...(alike.get(mark.dataset.name) ?? []), one]);
      }
    });
    for (const svg of wide.length ? chart.querySelectorAll("svg") : []) {
      svg.setAttribute("tabindex", "0");
      svg.setAttribute("aria-description", "Arrow keys lead from mark to mark.");
    }
  }
  let at = null;

  function show(mark) {
    if (mark === at) return;
    for (const one of alike.get(name.get(at)) ?? []) one.classList.remove("on", "at");
    at = mark;
    tip.textContent = mark ? texts.get(mark) : "";
    if (!mark) return;
    for (const one of alike.get(name.get(mark))) one.classList.add("on");
    mark.classList.add("at");
    place();
  }

  // Puts the text beside its mark, which may move with the page.
  function place() {
    if (!at) return;
    const box = at.getBoundingClientRect();
    const left = box.left + box.width / 2 - tip.offsetWidth / 2;
    const above = box.top - tip.offsetHeight - 8;
    const most = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(left, most))}px`;
    tip.style.top = `${above < 8 ? box.bottom + 8 : above}px`;
  }

  document.addEventListener("pointerover", ({ target }) => show(texts.has(target) ? target : null));
  document.addEventListener("focusout", () => show(null));
  document.addEventListener("scroll", place, { capture: true, passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(null);
    const marks = event.target.closest?.(".chart svg")?.querySelectorAll(".mark");
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!marks || !step) return;
    event.preventDefault();
    const now = [...marks].indexOf(at);
    const next = now < 0 && step < 0 ? marks.length - 1 : now + step;
    show(marks[(next + marks.length) % marks.length]);
  });
})();
