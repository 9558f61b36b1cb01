"use strict";
/*
 * Lists what is open and lets the reader say that somebody is on it, or that it should be quiet for a week. What is
 * said is stored with who and why; what gets worse speaks all the same.
 */
(() => {
  const section = document.getElementById("alerts");
  if (!section) return;
  const list = section.querySelector(".alerts");
  const said = section.querySelector(".said");
  const row = section.querySelector("template").content.firstElementChild;
  const URGENCY = { critical: "Act today", warning: "Act this week", info: "Worth knowing" };
  const WEEK = 7 * 86400 * 1000;
  const { day } = words;

  const stateText = ({ state, because }) => {
    if (state === "held") return because ? `held: ${because}` : "held";
    return because ?? state;
  };

  const mutedText = ({ kind, by, why, until }) => {
    const end = until ? `until ${day(until)}` : "until it is over";
    return `${kind === "ack" ? "acknowledged" : "silenced"} by ${by} ${end}: ${why}`;
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

  const shown = (alert) => {
    const item = row.cloneNode(true);
    item.className = alert.severity;
    const put = (selector, text) => { item.querySelector(selector).textContent = text; };
    put(".urgency", URGENCY[alert.severity]);
    put(".what", alert.summary);
    const told = alert.last_told_at ? `, last told ${day(alert.last_told_at)}` : "";
    put(".state", `Since ${day(alert.since)}; ${alert.muted ? mutedText(alert.muted) : stateText(alert)}${told}.`);
    const form = item.querySelector("form");
    item.querySelector("button[value=end]").hidden = !alert.muted;
    /* A part of another alert has nothing to acknowledge. */
    item.querySelector("button[value=ack]").hidden = alert.opened_at === null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      say(alert, event.submitter.value, form);
    });
    return item;
  };

  /* From a finding to where something can be said about it. */
  const link = (alerts, items) => {
    document.querySelectorAll(".findings .act").forEach((old) => old.remove());
    const findings = [...document.querySelectorAll(".findings li")];
    alerts.forEach(({ summary, muted }, index) => {
      const finding = findings.find((it) => it.querySelector(".what").textContent === summary);
      if (!finding) return;
      const item = items[index];
      item.id = `alert-${index + 1}`;
      const text = muted ? mutedText(muted).replace(/^./, (first) => first.toUpperCase()) : "Acknowledge or silence";
      const way = Object.assign(document.createElement("a"), { href: `#${item.id}`, textContent: text });
      way.addEventListener("click", () => { item.querySelector("details").open = true; });
      const line = Object.assign(document.createElement("p"), { className: "act" });
      line.append(way);
      finding.append(line);
    });
  };

  const load = async () => {
    const response = await fetch(section.dataset.api, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!response?.ok) return;
    const { alerts } = await response.json();
    const items = alerts.map(shown);
    section.hidden = items.length === 0;
    document.querySelector(".toc li:has([href='#alerts'])")?.toggleAttribute("hidden", section.hidden);
    list.replaceChildren(...items);
    link(alerts, items);
  };
  load();
})();
