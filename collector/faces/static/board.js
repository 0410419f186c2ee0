// The board, live: the stream says which tiles changed; what stands around them is asked for again, made by the server.
// The filters work at once, the arrow keys go from tile to tile. Without script: forms, links, and a reload a minute.
"use strict";
(() => {
  if (!document.getElementById("sites")) return;
  const el = (id) => document.getElementById(id);
  const AROUND = ["summary", "trouble"];
  const ALL = [...AROUND, "chosen", "as", "sites"];
  const NEWS_MS = 15000, SHAKY_MS = 10000, DEAF_MS = 45000, POLL_MS = 60000;
  const PACE_MS = Number(el("sites").dataset.pace); // the more sites, the more a page costs who makes it
  let tiles = new Map();
  let state = el("summary").dataset.state;

  // Several wishes within `gap` ms become one act; not every browser acts at the same moment.
  function paced(gap, act) {
    let timer = 0, last = 0;
    return () => {
      const wait = Math.max(0, last + gap - Date.now()) + gap * Math.random() / 2;
      timer ||= setTimeout(() => { timer = 0; last = Date.now(); act(); }, wait);
    };
  }

  // Puts these parts of the page as it is now into their places. The focus stays on the link it was on.
  async function load(ids, query = new URLSearchParams(location.search)) {
    const url = new URLSearchParams(query);
    if (ids === AROUND) url.set("part", "summary");
    const answer = await fetch(`?${url}`, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.redirected) location.reload(); // to the log-in
    if (!answer?.ok || answer.redirected) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    const link = document.activeElement?.getAttribute("href");
    for (const id of ids) {
      const part = made.getElementById(id);
      if (part) el(id).replaceWith(part);
    }
    if (link && document.activeElement === document.body) {
      document.querySelector(`main a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
    }
    if (ids === ALL) ready();
    document.title = el("summary").dataset.title;
  }
  const summary = paced(PACE_MS, () => load(AROUND));
  const whole = paced(4 * PACE_MS, () => load(ALL));
  const poll = paced(POLL_MS, () => load(ALL));

  function ready() {
    state = el("summary").dataset.state;
    tiles = new Map();
    for (const group of document.querySelectorAll(".tiles")) {
      [...group.children].forEach((tile, n) => {
        tiles.set(tile.getAttribute("href").split("/").pop().split("?")[0], tile);
        tile.tabIndex = n ? -1 : 0;
      });
    }
    const keys = el("keys");
    if (keys) keys.hidden = false;
  }

  // Live.
  let at = el("sites").dataset.at, heard = Date.now(), said = [];
  const news = paced(NEWS_MS, () => {
    el("news").textContent = [...said.slice(0, 3), document.querySelector("h1").textContent].join(". ");
    said = [];
  });
  const LOOKS = { live: "live on", again: "live off wait", lost: "live off" };
  function live(how) {
    const sign = el("live"), words = el("sites").dataset[how].replace("{at}", at);
    if (how === "lost" && sign.className !== LOOKS.lost) el("news").textContent = words;
    sign.hidden = false;
    sign.className = LOOKS[how];
    sign.textContent = words;
  }
  function changed(told) {
    state = told.state;
    for (const [code, [look, label]] of Object.entries(told.tiles)) {
      const tile = tiles.get(code);
      if (!tile) continue;
      tile.className = look;
      tile.title = label;
      said.push(label);
    }
    if ("whole" in el("sites").dataset) whole(); else summary();
    news();
  }
  function listen() {
    const events = new EventSource(el("sites").dataset.events);
    let broken = 0;
    events.onopen = () => { clearTimeout(broken); broken = 0; };
    events.addEventListener("beat", (e) => { at = e.data; heard = Date.now(); live("live"); });
    events.addEventListener("state", (e) => { if (e.data !== state) whole(); });
    events.addEventListener("tiles", (e) => changed(JSON.parse(e.data)));
    events.onerror = () => {
      if (events.readyState !== EventSource.CLOSED) { // it tries again by itself
        broken ||= setTimeout(() => live("again"), SHAKY_MS);
        return;
      }
      clearTimeout(broken);
      live("lost");
      setTimeout(listen, POLL_MS);
    };
  }
  setInterval(() => {
    if (Date.now() - heard < DEAF_MS) return;
    live("lost");
    poll();
  }, 5000);

  // Filters.
  const form = document.querySelector(".find");
  let typing = 0;
  function filter() {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    history.replaceState(null, "", `?${query}`);
    load(ALL, query);
  }
  form.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(filter, 300); });
  form.addEventListener("submit", (e) => { e.preventDefault(); clearTimeout(typing); filter(); });
  const more = form.querySelector("details");
  document.addEventListener("click", (e) => { if (!more.contains(e.target)) more.open = false; });
  more.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    more.open = false;
    more.querySelector("summary").focus();
  });

  // Keys: one stop of the tab key for each group, and the arrows inside.
  function beyond(tile, all, down) {
    const here = tile.getBoundingClientRect();
    const rest = all.map((one) => [one, one.getBoundingClientRect()]).filter(([, r]) => (down ? r.top > here.top + 4 : r.top < here.top - 4));
    const row = down ? Math.min(...rest.map(([, r]) => r.top)) : Math.max(...rest.map(([, r]) => r.top));
    const near = rest.filter(([, r]) => Math.abs(r.top - row) < 4);
    return near.sort((a, b) => Math.abs(a[1].left - here.left) - Math.abs(b[1].left - here.left))[0]?.[0];
  }
  function goal(key, tile) {
    const all = [...tiles.values()], n = all.indexOf(tile), group = tile.parentElement;
    switch (key) {
      case "ArrowRight": return all[n + 1];
      case "ArrowLeft": return all[n - 1];
      case "ArrowDown": return beyond(tile, all, true);
      case "ArrowUp": return beyond(tile, all, false);
      case "Home": return group.firstElementChild;
      case "End": return group.lastElementChild;
    }
    return null;
  }
  document.addEventListener("keydown", (e) => {
    const tile = e.target.closest?.(".tiles a"), to = tile && goal(e.key, tile);
    if (!to || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    for (const one of to.parentElement.children) one.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  });

  ready();
  listen();
})();
