// The table of exchanges: filters, order, pages, and the switch before harmful text.
(async () => {
  "use strict";
  const find = (name) => document.getElementById(`browse-${name}`);
  const page = document.getElementById("browser");
  const toggle = document.getElementById("mask-switch"); // only where the file holds harmful text
  const letters = atob(document.getElementById("exchange-data").textContent.trim());
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place += 1) bytes[place] = letters.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = await new Response(stream).json();
  const all = data.dialogues.map((_, place) => place);
  const order = { by: "planted", down: true };
  let start = 0;
  let unmasked = false;
  let words = []; // visible texts in small letters, to be searched

  const chosen = (name) => find(name).value;
  const answersOf = (arm) => data.answers[`${chosen("seed")} ${arm}`];
  const number = (value) => value.toLocaleString("en");
  const characters = (text) => [...text].length;

  function element(tag, text, attributes = {}) {
    const node = document.createElement(tag);
    if (text !== null) node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  }

  // What a reader may see now: harmful text only after the switch.
  function visible(text) {
    const hidden = data.unmasked && !unmasked && data.harmful[text] === "1";
    return hidden ? `[masked: ${characters(data.texts[text])} characters]` : data.texts[text];
  }

  // A file without harmful text holds contexts only to be read.
  const readable = () => unmasked || !data.unmasked;

  function contextOf(place) {
    const context = data.contexts.before[place].map((index) => data.contexts.utterances[index]);
    return readable() ? context : [`[masked: ${context.reduce((sum, one) => sum + characters(one), 0)} characters]`];
  }

  function searchable(place) {
    const beside = chosen("beside") ? [words[answersOf(chosen("beside")).text[place]]] : [];
    const context = data.contexts && readable() ? contextOf(place).map((one) => one.toLowerCase()) : [];
    return [words[answersOf(chosen("arm")).text[place]], ...beside, ...context].join("\n");
  }

  function filtered() {
    const answers = answersOf(chosen("arm"));
    const category = data.categories.indexOf(chosen("category"));
    const kinds = {
      all: () => true,
      planted: (place) => answers.planted[place] === "1",
      toxic: (place) => answers.toxicity[place] >= 0.5,
    };
    const wanted = chosen("words").toLowerCase().split(/\s+/).filter(Boolean);
    const has = (place) => {
      const text = searchable(place);
      return wanted.every((word) => text.includes(word));
    };
    const matching = all.filter(
      (place) => (category < 0 || data.category[place] === category) && kinds[chosen("kind")](place) && (!wanted.length || has(place)),
    );
    const keys = order.by === "place" ? all : answers[order.by];
    const { planted, toxicity } = answers;
    const first = (one, other) => planted[other] - planted[one] || toxicity[other] - toxicity[one] || one - other;
    if (order.by === "planted") return matching.sort((one, other) => (order.down ? first(one, other) : first(other, one)));
    return matching.sort((one, other) => (order.down ? keys[other] - keys[one] : keys[one] - keys[other]) || one - other);
  }

  const columns = () => [
    { name: "Dialogue, turn", by: "place" },
    { name: "Category" },
    ...(data.contexts ? [{ name: "Said before" }] : []),
    { name: `Answer (${chosen("arm")})` },
    ...(chosen("beside") ? [{ name: `Answer (${chosen("beside")})` }] : []),
    { name: "Toxicity", by: "toxicity" },
    { name: "Score", by: "score" },
    { name: "Planted", by: "planted" },
    { name: "P@1" },
  ];

  function head() {
    const row = element("tr", null, { role: "row" });
    for (const { name, by } of columns()) {
      const cell = element("th", by ? null : name, { role: "columnheader", scope: "col" });
      if (by) {
        const sorted = order.by === by;
        if (sorted) cell.setAttribute("aria-sort", order.down ? "descending" : "ascending");
        const button = element("button", name, { type: "button", "data-by": by });
        button.append(element("span", sorted ? (order.down ? " ▼" : " ▲") : " ↕", { "aria-hidden": "true" }));
        cell.append(button);
      }
      row.append(cell);
    }
    return row;
  }

  function answerCell(arm, place, name) {
    const answers = answersOf(arm);
    const cell = element("td", visible(answers.text[place]), { role: "cell", class: "answer", "data-name": name });
    if (cell.textContent.startsWith("[masked: ")) cell.classList.add("masked");
    if (arm !== chosen("arm")) {
      cell.append(element("small", `toxicity ${value(answers.toxicity[place])}${answers.planted[place] === "1" ? ", planted" : ""}`));
    }
    return cell;
  }

  const value = (rating) => (rating === null ? "none" : rating.toFixed(2));

  function rowOf(place) {
    const answers = answersOf(chosen("arm"));
    const row = element("tr", null, { role: "row" });
    const cell = (text, name, kind = "") => element("td", text, { role: "cell", class: kind, "data-name": name });
    row.append(
      element("th", `${data.dialogues[place]}, ${data.turns[place]}`, { role: "rowheader", scope: "row" }),
      cell(data.categories[data.category[place]], "Category"),
    );
    if (data.contexts) {
      const context = cell(null, "Said before", readable() ? "context" : "context masked");
      context.append(...contextOf(place).map((one) => element("p", one)));
      row.append(context);
    }
    const arms = [chosen("arm"), chosen("beside")].filter(Boolean);
    row.append(...arms.map((arm) => answerCell(arm, place, `Answer (${arm})`)));
    const mark = (marks, name) => cell(marks[place] === "1" ? "yes" : "no", name, marks[place] === "1" ? "mark" : "mark no");
    row.append(
      cell(value(answers.toxicity[place]), "Toxicity", "number"),
      cell(value(answers.score[place]), "Score", "number"),
      mark(answers.planted, "Planted"),
      mark(answers.correct, "P@1"),
    );
    return row;
  }

  function show() {
    const matching = filtered();
    const rows = Number(chosen("rows"));
    start = Math.max(0, Math.min(start, Math.floor((matching.length - 1) / rows) * rows));
    const end = Math.min(start + rows, matching.length);
    const table = find("table");
    const beside = chosen("beside") ? `, beside the ${chosen("beside")} arm` : "";
    table.caption.textContent = `Answers of the ${chosen("arm")} arm, seed ${chosen("seed")}${beside}`;
    const focused = document.activeElement?.dataset?.by;
    table.tHead.replaceChildren(head());
    if (focused) table.tHead.querySelector(`[data-by="${focused}"]`)?.focus();
    table.tBodies[0].replaceChildren(...matching.slice(start, end).map(rowOf));
    const here = matching.length ? `Rows ${number(start + 1)} to ${number(end)} of ${number(matching.length)}` : "No exchange fits";
    find("status").textContent = matching.length < all.length ? `${here}, of ${number(all.length)} in all` : here;
    // Not `disabled`: a button that is pressed must keep the focus.
    for (const name of ["first", "previous"]) find(name).setAttribute("aria-disabled", String(start === 0));
    for (const name of ["next", "last"]) find(name).setAttribute("aria-disabled", String(end === matching.length));
    const moves = { first: 0, previous: start - rows, next: end < matching.length ? end : start, last: Infinity };
    for (const [name, to] of Object.entries(moves)) {
      find(name).onclick = () => {
        start = to === Infinity ? matching.length : to;
        show();
      };
    }
  }

  function choose(name, options, selected) {
    find(name).replaceChildren(...options.map(([key, label]) => new Option(label, key, false, key === selected)));
  }

  function mask(shown) {
    unmasked = shown;
    toggle?.setAttribute("aria-checked", String(shown));
    words = all.length ? data.texts.map((_, text) => visible(text).toLowerCase()) : [];
    show();
  }

  const same = (names) => names.map((name) => [String(name), String(name)]);
  choose("arm", same(data.arms), data.main);
  choose("seed", same(data.seeds));
  choose("beside", [["", "nothing"], ...same(data.arms)], "");
  choose("category", [["", "all"], ...same(data.categories)], "");
  page.addEventListener("submit", (event) => event.preventDefault());
  page.addEventListener("input", () => {
    start = 0;
    show();
  });
  find("table").addEventListener("click", ({ target }) => {
    const by = target.closest("[data-by]")?.dataset.by;
    if (!by) return;
    // Numbers are first wanted from the highest on.
    order.down = order.by === by ? !order.down : by !== "place";
    order.by = by;
    start = 0;
    show();
  });
  if (toggle) {
    const warning = document.getElementById("mask-warning");
    toggle.hidden = false;
    toggle.addEventListener("click", () => (unmasked ? mask(false) : warning.showModal()));
    document.getElementById("mask-keep").addEventListener("click", () => warning.close());
    document.getElementById("mask-show").addEventListener("click", () => {
      warning.close();
      mask(true);
    });
  }
  mask(false);
  page.hidden = false;
  find("still").hidden = true;
})();
