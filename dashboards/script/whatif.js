"use strict";
/* Asks the daemon what a change would buy, and says it in sentences. The section stays hidden without this script. */
(() => {
  const section = document.getElementById("what-if");
  if (!section) return;
  section.closest("details").hidden = false;
  document.querySelector(".menu li:has([href='#what-if'])")?.removeAttribute("hidden");
  const form = section.querySelector("form");
  const answer = section.querySelector(".answer");
  const levers = section.querySelector(".levers");
  const field = (name) => form.elements.namedItem(name);
  const dollars = (text) => words.whole(Number(text));
  const { month } = words;
  const day = (iso) => (iso ? words.day(iso) : "beyond a year");
  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  /* A slider at rest and an empty field change nothing. */
  const changes = () => {
    const asked = new URLSearchParams();
    const signed = (value) => (value > 0 ? `+${value}` : String(value));
    for (const name of ["cache-hits", "batch"]) {
      const value = Number(field(name).value);
      if (value !== 0) asked.append(name, signed(value));
    }
    const growth = Number(field("growth").value);
    if (growth !== 0) asked.append("growth", `${growth}%`);
    const [from, to] = [field("from")?.value, field("to")?.value];
    if (from && to) asked.append("switch", `${from}=${to}`);
    const [type, hours, on] = ["type", "chip-hours", "on"].map((name) => field(name).value);
    if (type && hours && on) asked.append("train", `type=${type},chip-hours=${hours},on=${on}`);
    const [perDay, begins] = ["usd-per-day", "launch-on"].map((name) => field(name).value);
    if (Number(perDay) > 0 && begins) asked.append("launch", `on=${begins},usd-per-day=${perDay}`);
    const [amount, valid] = ["amount", "award-from"].map((name) => field(name).value);
    if (Number(amount) > 0 && valid) asked.append("award", `amount=${amount},from=${valid}`);
    return asked;
  };

  const gained = ({ days, at_least: atLeast }) => {
    if (days === null) return "no difference within a year";
    if (days === 0) return "no day won or lost";
    const count = `${Math.abs(days)} ${Math.abs(days) === 1 ? "day" : "days"}`;
    return `${atLeast ? "at least " : ""}${count} ${days > 0 ? "longer" : "shorter"}`;
  };

  /* Less than a dollar is rounding. */
  const more = (amount, none) => {
    const step = Number(amount);
    return Math.abs(step) < 1 ? none : `${dollars(Math.abs(step))} ${step < 0 ? "less" : "more"}`;
  };
  const listed = (texts, attributes) => {
    const list = element("ul", "", attributes);
    list.append(...texts.map((text) => element("li", text)));
    return list;
  };

  /* Cash comes first: days can be bought by paying what credit would have paid. */
  const sentences = ({ runway, bill, per_month: perMonth, warnings, assumptions }) => {
    const { after } = runway;
    const range = after.p50 ? ` (between ${day(after.p10)} and ${day(after.p90)})` : "";
    const told = [
      element("p", `You would pay ${more(perMonth.cash, "neither more nor less")} cash in an average month.`, { class: "headline" }),
      element("p", `Credits last until ${after.p50 ? "about " : ""}${day(after.p50)}${range}: ${gained(runway.gained.p50)}.`),
    ];
    if (warnings.length > 0) told.push(listed(warnings, { class: "warnings" }));
    if (bill) {
      told.push(element("p", `The bill of ${month(bill.month)} is ${dollars(bill.after.cash)} in cash instead of ${dollars(bill.before.cash)}.`));
    }
    const gross = more(perMonth.gross, null);
    if (gross) told.push(element("p", `Before credit it costs ${gross}.`));
    if (assumptions.length > 0) {
      const details = element("details", "");
      details.append(element("summary", "Assumptions"), listed(assumptions));
      told.push(details);
    }
    return told;
  };

  const problem = (body, status) => {
    return [element("p", body?.detail ?? body?.error ?? `The daemon answered ${status}.`), listed(body?.problems ?? [])];
  };

  let running = null;
  const ask = async (asked) => {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    section.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(`${section.dataset.api}?${asked}`, { signal, headers: { Accept: "application/json" } });
      const body = await response.json().catch(() => null);
      return { ok: response.ok, status: response.status, body };
    } catch (error) {
      return error.name === "AbortError" ? null : { ok: false, status: 0, body: { detail: "The daemon cannot be reached." } };
    } finally {
      if (running?.signal === signal) section.removeAttribute("aria-busy");
    }
  };

  const show = async () => {
    const asked = changes();
    if (asked.size === 0) {
      running?.abort();
      section.removeAttribute("aria-busy");
      answer.replaceChildren();
      return;
    }
    const told = await ask(asked);
    if (told) answer.replaceChildren(...(told.ok ? sentences(told.body) : problem(told.body, told.status)));
  };

  const rank = async () => {
    const told = await ask(new URLSearchParams());
    if (!told) return;
    if (!told.ok) {
      answer.replaceChildren(...problem(told.body, told.status));
      return;
    }
    const table = element("table", "");
    const head = table.createTHead().insertRow();
    for (const title of ["Lever", "Cash a month", "Runway", "Credits last until"]) head.append(element("th", title, { scope: "col" }));
    const rows = table.createTBody();
    for (const { name, answer: bought, untold } of told.body.levers) {
      const row = rows.insertRow();
      row.append(element("th", name, { scope: "row" }));
      if (!bought) {
        row.append(element("td", untold, { colspan: "3" }));
        continue;
      }
      row.append(
        element("td", more(bought.per_month.cash, "as much as now"), { class: "d" }),
        element("td", gained(bought.runway.gained.p50)),
        element("td", day(bought.runway.after.p50), { class: "d" }),
      );
    }
    levers.replaceChildren(table);
    levers.hidden = false;
  };

  const label = (input) => {
    const value = Number(input.value);
    const text = value === 0 ? "as it is" : `${value > 0 ? "+" : ""}${value} ${input.dataset.unit}`;
    input.closest("label").querySelector("output").textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  const sliders = [...form.querySelectorAll("input[type=range]")];
  let waiting = 0;
  const later = () => {
    sliders.forEach(label);
    clearTimeout(waiting);
    waiting = setTimeout(show, 250);
  };
  form.addEventListener("input", later);
  /* The fields have their values back only after the event. */
  form.addEventListener("reset", () => setTimeout(later));
  form.addEventListener("submit", (event) => event.preventDefault());
  field("levers").addEventListener("click", rank);
  sliders.forEach(label);
})();
