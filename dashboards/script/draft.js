"use strict";
/* Shows the draft of the next filing when somebody opens it. Without this script it can be downloaded all the same. */
(() => {
  const section = document.getElementById("next-filing");
  if (!section) return;
  const fold = section.querySelector("details");
  const said = fold.querySelector("[role=status]");
  const shown = fold.querySelector(".scroll");
  fold.hidden = false;

  fold.addEventListener("toggle", async () => {
    if (!fold.open || !shown.hidden) return;
    said.textContent = "The bill is read…";
    const response = await fetch(section.dataset.api, { headers: { Accept: "application/toml" } }).catch(() => null);
    if (response?.ok) {
      shown.querySelector("pre").textContent = await response.text();
      shown.hidden = false;
      said.textContent = "";
      return;
    }
    const body = await response?.json().catch(() => null);
    said.textContent = body?.detail ?? "The daemon cannot be reached.";
  });
})();
