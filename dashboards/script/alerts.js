"use strict";
/*
 * Adds to each finding that is an alert where it stands, and a form to say that somebody is on it, or that it should be quiet for
 * a week. What is said is stored with who and why; what gets worse speaks all the same. An alert whose finding is over, and which
 * waits for its all-clear, joins the list.
 */
(() => {
  const section = document.querySelector(".findings[data-api]");
  if (!section) return;
  const list = section.querySelector("ul");
  const said = section.querySelector(".said");
  const row = section.querySelector("template").content.firstElementChild;
  const URGENCY = { critical: "Act today", warning: "Act this week", info: "Worth knowing" };
  const WEEK = 7 * 86400 * 1000;
  const { day } = words;
  const findings = [...section.querySelectorAll("li[data-key]")];

  const mutedText = ({ kind, by, why, until }) => {
    const end = until ? `until ${day(until)}` : "until it is over";
    return `${kind === "ack" ? "Acknowledged" : "Silenced"} by ${by} ${end}: ${why}.`;
  };
  /* The key of another finding says nothing to a reader. */
  const toldText = ({ state, because, last_told_at: last }) => {
    const why = because?.replace(/a part of \S+/, "it is part of another finding here");
    const held = state === "open" ? "" : ` ${state === "held" ? "Held" : "Settling"}${why ? `: ${why}` : ""}.`;
    return `${last ? `Last told ${day(last)}.` : "Not told yet."}${held}`;
  };

  const say = async (alert, kind, form) => {
    const mute = { kind, key: alert.key, by: form.elements.by.value, why: form.elements.why.value };
    if (kind === "silence") mute.until = new Date(Date.now() + WEEK).toISOString();
    if (kind === "end") Object.assign(mute, { kind: alert.muted.kind, key: alert.muted.key, end: true, by: mute.by || "the page", why: mute.why || "taken back" });
    const response = await fetch(`${section.dataset.api}/mutes`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(mute),
    }).catch(() => null);
    if (response?.ok) {
      said.textContent = kind === "end" ? "It speaks again, from the next cycle on." : "Noted. It stays quiet unless it gets worse.";
      await load();
      return;
    }
    const body = await response?.json().catch(() => null);
    said.textContent = body?.detail ?? body?.error ?? "The daemon cannot be reached.";
  };

  /* The finding of an alert, or an item of its own. */
  const itemOf = (alert, made) => {
    const finding = findings.find((it) => it.dataset.key === alert.key);
    if (finding) return finding;
    made.className = `${alert.severity} alone`;
    made.querySelector(".urgency").textContent = `${URGENCY[alert.severity]}, since ${day(alert.since)}`;
    made.querySelector(".what").textContent = alert.summary;
    list.append(made);
    return made;
  };

  const show = (alert) => {
    const made = row.cloneNode(true);
    const [state, fold] = [made.querySelector(".state"), made.querySelector(".say")];
    const form = made.querySelector("form");
    state.hidden = !alert.muted;
    if (alert.muted) state.textContent = mutedText(alert.muted);
    made.querySelector(".told").textContent = toldText(alert);
    made.querySelector("button[value=end]").hidden = !alert.muted;
    /* A part of another alert has nothing to acknowledge. */
    made.querySelector("button[value=ack]").hidden = alert.opened_at === null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      say(alert, event.submitter.value, form);
    });
    itemOf(alert, made).append(state, fold);
  };

  const load = async () => {
    const response = await fetch(section.dataset.api, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!response?.ok) return;
    const { alerts } = await response.json();
    section.querySelectorAll(".state, .say, .alone").forEach((old) => old.remove());
    alerts.forEach(show);
  };
  load();
})();
