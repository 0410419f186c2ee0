// A file that is being made: looks how far it is, and says so without loading the page again.
"use strict";
const job = document.getElementById("job");
const look = async () => {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const now = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("job");
    if (!now) return location.reload();
    for (const part of now.querySelectorAll("[data-part]")) {
      const shown = job.querySelector(`[data-part=${part.dataset.part}]`);
      if (shown.innerHTML !== part.innerHTML) shown.replaceChildren(...part.childNodes);
    }
    if (!("goesOn" in now.dataset)) return;
  } catch {
    // the network or the collector is away for a moment: the next look tells
  }
  setTimeout(look, 2000);
};
setTimeout(look, 2000);
