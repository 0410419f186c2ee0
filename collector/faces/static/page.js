// What a page does beyond being read. Without it everything can still be read and sent.
"use strict";
document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
