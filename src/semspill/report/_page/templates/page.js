// Draws the charts of the page once it is there; where that fails, the stills stay.
(() => {
  "use strict";
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const narrow = matchMedia("(max-width: 40rem)");
  const drawn = new Set();
  let library;

  async function unpack(packed) {
    const letters = atob(packed);
    const bytes = new Uint8Array(letters.length);
    for (let place = 0; place < letters.length; place += 1) bytes[place] = letters.charCodeAt(place);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  async function load() {
    const script = document.createElement("script");
    script.textContent = await unpack(document.getElementById("plotly").textContent.trim());
    document.head.append(script); // runs at once
    return window.Plotly;
  }

  // A colour "@ink" is the variable --ink of the theme in force.
  function themed(value, style) {
    if (typeof value === "string" && /^@[a-z]+$/.test(value)) {
      return style.getPropertyValue(`--${value.slice(1)}`).trim();
    }
    if (Array.isArray(value)) return value.map((held) => themed(held, style));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, themed(held, style)]));
  }

  function fitted(spec) {
    const layout = { ...spec.layout, dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom" };
    for (const [key, held] of Object.entries(narrow.matches ? spec.narrow ?? {} : {})) {
      layout[key] = Object.getPrototypeOf(held) === Object.prototype ? { ...layout[key], ...held } : held;
    }
    return layout;
  }

  function config(name) {
    return {
      displaylogo: false,
      displayModeBar: true,
      responsive: true,
      modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"], ["toImage"]],
      toImageButtonOptions: { format: "svg", filename: `semspill-${name}` },
    };
  }

  async function draw(live) {
    const still = live.parentElement.querySelector(".still");
    const name = live.dataset.chart;
    try {
      const Plotly = await (library ??= load());
      const style = getComputedStyle(document.documentElement);
      const spec = specs[name];
      live.hidden = false;
      await Plotly.react(live, themed(spec.data, style), themed(fitted(spec), style), config(name));
      // A reader who hears the page gets the description, the buttons and the table below.
      for (const picture of live.querySelectorAll(".main-svg")) picture.setAttribute("aria-hidden", "true");
      live.setAttribute("role", "group");
      live.setAttribute("tabindex", "0");
      live.setAttribute("aria-label", `${still?.alt ?? name} Interactive chart; its numbers are in the table below.`);
      if (still) still.hidden = true;
      drawn.add(live);
    } catch {
      live.hidden = true;
      if (still) still.hidden = false;
    }
  }

  const redraw = () => drawn.forEach(draw);
  const later = window.requestIdleCallback ?? setTimeout;
  // One after another, so that the page can be used meanwhile.
  addEventListener("load", async () => {
    for (const live of document.querySelectorAll(".live[data-chart]")) {
      await new Promise((done) => later(done));
      await draw(live);
    }
  });
  document.addEventListener("themechange", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  narrow.addEventListener("change", redraw);
})();
