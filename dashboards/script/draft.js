"use strict";
/*
 * Lets the reader take the draft of the next filing, change it, have it read as a reviewer may, and file it. Without this
 * script the draft can be downloaded all the same.
 */
(() => {
  const section = document.getElementById("next-filing");
  if (!section) return;
  const fold = section.querySelector("details");
  const form = section.querySelector("form");
  const text = form.querySelector("textarea");
  const said = section.querySelector("[role=status]");
  const checked = section.querySelector(".checked");
  const button = (name) => form.elements.namedItem(name);
  const dollars = (amount) => words.whole(Number(amount));
  const element = (name, content, attributes = {}) => {
    const made = document.createElement(name);
    made.append(...[content].flat());
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const listed = (title, texts) => (texts.length > 0 ? [element("h3", title), element("ul", texts.map((one) => element("li", one)))] : []);
  fold.hidden = false;

  const answered = async (response) => {
    if (response?.ok) return null;
    const body = await response?.json().catch(() => null);
    const problems = body?.problems ?? [];
    return { said: body?.detail ?? body?.error ?? "The daemon cannot be reached.", problems };
  };
  const sent = () => ({ method: "POST", headers: { "Content-Type": "application/toml", Accept: "application/json" }, body: text.value });

  /* What was checked is filed; what was changed since is checked first. */
  let mayFile = null;
  const unchecked = () => {
    mayFile = null;
    button("freeze").disabled = true;
    button("freeze").textContent = "File it";
  };

  const tell = (failure) => {
    said.textContent = failure.said;
    checked.replaceChildren(...listed("Problems", failure.problems));
  };

  const take = (content) => {
    text.value = content;
    unchecked();
    checked.replaceChildren();
    said.textContent = "";
  };

  button("draft").addEventListener("click", async () => {
    said.textContent = "The bill is read…";
    const response = await fetch(section.dataset.draft, { headers: { Accept: "application/toml" } }).catch(() => null);
    const failure = await answered(response);
    if (failure) tell(failure);
    else take(await response.text());
  });

  button("file").addEventListener("change", async () => {
    const [file] = button("file").files;
    if (file) take(await file.text());
  });

  text.addEventListener("input", unchecked);

  const line = ({ line: at, problem, remedy }) => `Line ${at}: ${problem}; ${remedy}`;
  const monthTable = ({ size, pace_per_day: pace }) => {
    const table = element("table", []);
    table.append(element("caption", `${dollars(size.total_usd)} planned in all${size.asked_usd ? `; it asks for ${dollars(size.asked_usd)}` : ""}`));
    const head = table.createTHead().insertRow();
    const days = (month) => new Date(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 0).getDate();
    for (const title of ["Month", "Planned", ...(pace ? ["At the last 28 days' pace"] : [])]) head.append(element("th", title, { scope: "col" }));
    const rows = table.createTBody();
    for (const { month, usd } of size.months) {
      const row = rows.insertRow();
      row.append(element("th", words.month(month), { scope: "row" }), element("td", dollars(usd), { class: "d" }));
      if (pace) row.append(element("td", dollars(Number(pace) * days(month)), { class: "d" }));
    }
    return element("div", table, { class: "scroll", role: "region", "aria-label": "The filing by month", tabindex: "0" });
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    unchecked();
    said.textContent = "It is read…";
    const read = text.value;
    const response = await fetch(section.dataset.check, sent()).catch(() => null);
    const failure = await answered(response);
    if (failure) {
      tell(failure);
      return;
    }
    const found = await response.json();
    /* Somebody typed on while it was read. */
    if (text.value !== read) {
      said.textContent = "It has changed since; check it again.";
      return;
    }
    const sound = found.problems.length === 0;
    const far = found.implausible.length > 0;
    mayFile = sound ? { anyway: far } : null;
    button("freeze").disabled = !sound;
    button("freeze").textContent = far ? "File it anyway" : "File it";
    said.textContent = sound ? (far ? "It is far above anything known of this account." : "Nothing is wrong with it.") : "It cannot be filed as it stands.";
    checked.replaceChildren(
      ...listed("Problems", found.problems.map(line)),
      ...listed("Far above anything known", found.implausible),
      ...listed("What a reviewer may object to", found.objections.map(({ objection, remedy, line: at }) => `${at ? `Line ${at}: ` : ""}${objection} To mend it, ${remedy}.`)),
      ...listed("Worth a look", [...found.remarks.map(line), ...found.far_from_the_bill]),
      ...(found.size ? [monthTable(found)] : []),
    );
  });

  button("freeze").addEventListener("click", async () => {
    if (!mayFile) return;
    const filed = mayFile.anyway ? fetch(`${section.dataset.file}?anyway=true`, sent()) : fetch(section.dataset.file, sent());
    const response = await filed.catch(() => null);
    const failure = await answered(response);
    if (failure) {
      tell(failure);
      return;
    }
    const { version, content_hash: hash } = await response.json();
    unchecked();
    said.textContent = `Filed as version ${version}, content hash ${hash.slice(0, 12)}…. What is told of it follows at once; load the page again to see it.`;
  });
})();
