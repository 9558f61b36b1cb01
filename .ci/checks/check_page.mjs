// Looks at the demo's page as its readers do. Every expectation that is not met is collected and told at the end.
// Arguments: folder of the Node modules, Chromium's path, address of the daemon, folder for the README's pictures, folder for a
// picture of every view (may be empty).
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

import { below } from "./sub_path.mjs";

const [, , modules, executablePath, address, readme, pictures] = process.argv;
const require = createRequire(`${modules}/x.js`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const LARGEST = 100 * 1024;
/** A partner's page, and what stands where a page is not. */
const LARGEST_SMALL = 8 * 1024;
const VIEWS = {
  desktop: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  "phone, dark": { viewport: { width: 390, height: 844 }, colorScheme: "dark", deviceScaleFactor: 2, hasTouch: true, isMobile: true },
};
/** A phone and a small desktop, and how many of their screens the page takes, as it is shown first and with everything open. */
const SCREENS = [
  { name: "phone", options: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }, first: 7, open: 16, pictured: 1 },
  { name: "desktop", options: { viewport: { width: 1280, height: 800 } }, first: 5, open: 10, pictured: 2 },
];
/** What is open before anybody opens anything: pools, the bill by month, and what was filed. */
const OPEN = ["credits", "bill", "actual-vs-filed"];
/** A model in use, and one that a service bills which no pool of the demo lists. */
const SWITCH = { from: "Claude Sonnet 5", to: "Claude 3.5 Sonnet v2" };
/** Asked in the page: whether every chart that shows answers. */
const ALL_DRAWN = `[...document.querySelectorAll("figure[data-chart]")].every((it) => !it.checkVisibility() || it.classList.contains("live"))`;
/** Run in the page: opens everything, and of parts that shut each other the longest. */
const OPEN_ALL = `for (const part of document.querySelectorAll("details")) {
  const height = () => { part.open = true; return document.documentElement.scrollHeight; };
  const rival = part.name && document.querySelector("details[name='" + part.name + "'][open]");
  const before = document.documentElement.scrollHeight;
  if (rival && rival !== part && height() < before) rival.open = true; else part.open = true;
}`;
/** Milliseconds that an answer may take. */
const PATIENCE = 90_000;
/** Where a proxy serves the daemon beside other programs. */
const SUB_PATH = "/ops/glidepath";
const REPORTS = ["actual-vs-projected", "trajectory", "funding-pack"];
/** Records of the demo's filing. */
const RECORDS = ["ai"];

const problems = [];
const expect = (holds, text) => { if (!holds) problems.push(text); };

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-background-networking", "--disable-quic", "--no-first-run", "--disable-component-update", "--disable-sync"],
});

/** Opens a path of `base` in a context of its own and hands the page to `look`; whatever it complains about is a problem. */
async function open(name, options, path, look, base = address, status = 200) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const sizes = [];
  const known = status === 200 ? null : `the server responded with a status of ${status}`;
  page.on("console", (message) => {
    const complains = ["error", "warning"].includes(message.type()) && !(known && message.text().includes(known));
    if (complains) problems.push(`${name}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${name}: script: ${error.message}`));
  page.on("request", (request) => expect(request.url().startsWith(`${base}/`), `${name}: asks elsewhere: ${request.url()}`));
  page.on("requestfinished", async (request) => sizes.push(request.sizes().then((it) => it.responseBodySize).catch(() => 0)));
  const response = await page.goto(base + path, { waitUntil: "networkidle" });
  expect(response.status() === status, `${name}: ${path} answers ${response.status()}`);
  await look(page);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await context.close();
  return bytes;
}

async function judge(name, page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  for (const { id, impact, help, nodes } of violations) {
    const where = nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ");
    const text = `${name}: axe ${impact}: ${id}: ${help} at ${where} (${nodes.length})`;
    if (["serious", "critical"].includes(impact)) problems.push(text); else console.log(text);
  }
}

async function fits(name, page) {
  const { wide, screen } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, screen: innerWidth }));
  expect(wide <= screen, `${name}: ${wide} px wide on a screen of ${screen} px`);
}

async function picture(name, page) {
  if (pictures) await page.screenshot({ path: `${pictures}/${name.replaceAll(", ", "-")}.png`, fullPage: true });
}

async function charts(name, page) {
  const live = page.locator("figure.live");
  const shown = () => page.locator("figure[data-chart]").evaluateAll((all) => all.filter((it) => it.checkVisibility()).length);
  const [first, drawn] = [await shown(), await live.count()];
  expect(first >= 2 && drawn === first, `${name}: ${drawn} of ${first} charts that show answer`);
  const plot = live.first().locator(".plot");
  const readout = live.first().locator(".readout");
  const before = await readout.textContent();
  await plot.focus();
  await page.keyboard.press("ArrowLeft");
  const stepped = await readout.textContent();
  expect(stepped !== before, `${name}: an arrow key leaves the readout at ${before}`);
  expect(await plot.getAttribute("aria-valuetext") === stepped, `${name}: a screen reader hears something else than ${stepped}`);
  await page.keyboard.press("Home");
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const pointed = await readout.textContent();
  expect(/\$\d/.test(pointed) && pointed !== stepped, `${name}: pointing into a chart reads ${pointed}`);
}

/** Each chart that is folded away answers once it is opened, at the width that it then has. */
async function foldedCharts(name, page) {
  const folds = page.locator("main details:not([open]):has(figure[data-chart]:not(.live))");
  let opened = 0;
  for (; opened < 20 && await folds.count() > 0; opened += 1) {
    await folds.first().evaluate((it) => { it.open = true; });
    await page.waitForFunction(ALL_DRAWN);
  }
  const narrow = await page.locator("figure.live").evaluateAll((all) => all.filter((it) => {
    const plot = it.querySelector(".uplot");
    return it.checkVisibility() && Math.abs(plot.offsetWidth - it.querySelector(".plot").clientWidth) > 2;
  }).length);
  expect(opened >= 3 && narrow === 0, `${name}: of ${opened} folded parts with charts, ${narrow} charts have another width than their place`);
}

/** What a reader sees without a touch: when credit ends and how sure that is, what to do next, and what is left and buys. */
async function firstScreen(name, page) {
  const height = page.viewportSize().height;
  const seen = async (what, locator) => {
    const box = await locator.first().boundingBox();
    expect(box && box.y >= 0 && box.y + box.height <= height, `${name}: ${what} is not on the first screen`);
    return locator.first().innerText();
  };
  expect((await seen("the customer", page.locator(".customer"))).length > 0, `${name}: the customer has no name`);
  expect(/^Credits last until .*\d{4}/.test(await seen("the date", page.locator("h1"))), `${name}: the first line gives no date`);
  const lead = await seen("how sure it is", page.locator(".lead"));
  expect(/80 % chance/.test(lead) && /as filed/.test(lead), `${name}: the lead tells neither odds nor the other basis: ${lead}`);
  const answers = page.locator(".answers > div");
  expect(/^Next step\n+File for the/.test(await seen("the next step", answers.nth(0))), `${name}: the first answer is no next step`);
  const left = await seen("the credit left", answers.nth(1));
  expect(/^Credit left\n+\$\d/.test(left) && /buys [\d.]+ days/.test(left), `${name}: the second answer is not what is left and buys: ${left}`);
}

/** How long the page is, shut and open, and what is open at first; the pictures of the README are of its first screens. */
async function length({ name, options, first, open: most, pictured }, page) {
  const screens = () => page.evaluate(() => document.documentElement.scrollHeight / innerHeight);
  const shut = await screens();
  expect(shut <= first, `${name}: ${shut.toFixed(2)} screens, more than ${first}`);
  const parts = await page.locator("main > details.part[open] > section").evaluateAll((all) => all.map((it) => it.id));
  expect(parts.join() === OPEN.join(), `${name}: open at first are ${parts.join(", ")}`);
  const records = page.getByRole("region", { name: "By record of the filing" });
  expect(await records.isVisible(), `${name}: the variance by record is folded away`);
  await firstScreen(name, page);
  await cashFirst(name, page);
  const file = `${readme}/${name === "desktop" ? "page" : "page-phone"}.png`;
  const { width, height } = options.viewport;
  await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width, height: pictured * height } });

  await page.evaluate(OPEN_ALL);
  await page.waitForFunction(ALL_DRAWN);
  const opened = await screens();
  expect(opened <= most, `${name}: ${opened.toFixed(2)} screens with everything open, more than ${most}`);
  await judge(`${name}, all open`, page);
  await fits(`${name}, all open`, page);
  await picture(`${name}, all open`, page);
  return `${name} ${shut.toFixed(1)} screens, ${opened.toFixed(1)} with everything open`;
}

/** A table that is open shows its first amounts without being moved. */
async function cashFirst(name, page) {
  const hidden = await page.locator(".scroll:has(td.n)").evaluateAll((all) => all.filter((it) => it.checkVisibility()).filter((it) => {
    const edge = it.getBoundingClientRect().right;
    return [...it.querySelectorAll("tr")].some((row) => (row.querySelector("td.n")?.getBoundingClientRect().right ?? 0) > edge + 1);
  }).map((it) => it.getAttribute("aria-label")));
  expect(hidden.length === 0, `${name}: the first amounts are out of sight: ${hidden.join("; ")}`);
}

/** Nothing is said twice: each finding stands once, and no alert stands beside its finding. */
async function once(name, page) {
  await shows(name, page.locator(".findings .say"), "a form for an alert");
  const said = await page.locator(".findings .what").allTextContents();
  expect(said.length >= 4 && new Set(said).size === said.length, `${name}: a finding is there twice: ${said.join(" | ")}`);
  const keys = await page.locator(".findings li").evaluateAll((all) => all.map((it) => it.dataset.key));
  expect(keys.filter(Boolean).length >= 4, `${name}: findings without a key: ${keys.join()}`);
}

/** What is linked within the page can be seen once the link was followed. */
async function links(name, page) {
  const hrefs = await page.locator("nav[aria-label='On this page'] li:not([hidden]) a").evaluateAll((all) => all.map((it) => it.getAttribute("href")));
  expect(hrefs.length >= 12, `${name}: ${hrefs.length} links within the page`);
  for (const href of hrefs) {
    await page.locator("nav[aria-label='On this page'] details").evaluate((it) => { it.open = true; });
    await page.locator(`nav[aria-label='On this page'] a[href='${href}']`).click();
    expect(await page.locator(href).evaluate((it) => it.checkVisibility()), `${name}: ${href} leads to what is not shown`);
  }
}

/** An address that names a section opens it, by the browser itself too. */
async function fragments(name, options) {
  for (const id of ["coverage", "spend", "notes", "alerts", "next-filing"]) {
    await open(`${name}, #${id}`, options, `/#${id}`, async (page) => {
      const seen = page.waitForFunction((it) => {
        const section = document.getElementById(it);
        const { top } = section.getBoundingClientRect();
        return section.checkVisibility() && top > -1 && top < innerHeight;
      }, id);
      expect(await seen.then(() => true, () => false), `${name}, #${id}: what the address names is not in sight`);
    });
  }
}

/** What a search finds is opened: the browser itself goes to words that stand in a section that is shut. */
async function search(name, page) {
  const table = page.locator("#coverage table");
  expect(await table.evaluate((it) => it.checkVisibility()), `${name}: words in a section that was shut are not shown`);
}

/** A screen reader's list of headings names every part, open or not. */
async function headings(name, page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const heard = new Set(nodes.filter((it) => !it.ignored && it.role?.value === "heading").map((it) => it.name?.value));
  const titles = await page.locator("main h2").evaluateAll((all) => all.filter((it) => it.checkVisibility()).map((it) => it.textContent));
  const missing = titles.filter((it) => !heard.has(it));
  expect(titles.length >= 9 && missing.length === 0, `${name}: of ${titles.length} headings a screen reader misses ${missing.join(", ")}`);
}

/** Waits for the daemon, which forecasts and may share its machine; a wait in vain is a problem and not the end. */
async function shows(name, locator, what) {
  const shown = await locator.first().waitFor({ timeout: PATIENCE }).then(() => true, () => false);
  expect(shown, `${name}: ${what} does not show`);
  return shown ? locator.first().textContent() : "";
}

/** Opens what the sections with these ids stand in, from the outside in. */
async function unfold(page, ...ids) {
  for (const id of ids) {
    const part = page.locator(`details:not([open]):has(> #${id}) > summary`);
    if (await part.count() > 0) await part.click();
  }
}

/** Moves a slider, switches to a model that no credit pays, ranks the levers, and starts over. */
async function whatIf(name, page) {
  const section = page.locator("#what-if");
  await unfold(page, "what-if");
  const answer = section.locator(".answer");
  await section.locator("input[name=cache-hits]").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  const moved = await section.locator("label:has([name=cache-hits]) output").textContent();
  expect(moved === "+10 points", `${name}: two steps of a slider read ${moved}`);
  const headline = await shows(name, answer.locator(".headline"), "the answer to a slider");
  expect(/^You would pay \$[\d,]+ less cash in an average month\.$/.test(headline), `${name}: more cache hits answer ${headline}`);

  // What the slider saves would hide what the switch alone costs.
  await section.locator("input[name=cache-hits]").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await section.locator("select[name=from]").selectOption(SWITCH.from);
  await section.locator("select[name=to]").selectOption(SWITCH.to);
  const warning = await shows(name, answer.locator(".warnings li"), "the warning of a costly switch");
  expect(warning.startsWith("No credit held pays for"), `${name}: a switch to what no credit pays warns: ${warning}`);
  expect(/more cash in an average month/.test(await answer.locator(".headline").textContent()), `${name}: a costly switch does not say so first`);

  await section.locator("button[name=levers]").click();
  await shows(name, section.locator(".levers tbody tr"), "the first lever");
  const levers = await section.locator(".levers tbody tr").count();
  expect(levers >= 3, `${name}: ${levers} levers are ranked`);
  await judge(`${name}, answered`, page);
  await fits(`${name}, answered`, page);
  await picture(`${name}, answered`, page);

  await section.locator("button[type=reset]").click();
  const emptied = await answer.locator(":scope > *").first().waitFor({ state: "detached", timeout: PATIENCE }).then(() => true, () => false);
  expect(emptied, `${name}: starting over leaves an answer`);
}

/** Says in the first finding that `who` is on it. */
async function acknowledge(name, page, who = "Ada") {
  const finding = page.locator(".findings li").first();
  const fold = finding.locator(".say");
  await shows(name, fold, "the form of the first finding");
  await fold.locator("summary").click();
  await fold.locator("input[name=by]").fill(who);
  await fold.locator("input[name=why]").fill("asked AWS for the next award");
  await fold.locator("button[value=ack]").click();
  const state = await shows(name, finding.locator(".state").filter({ hasText: `Acknowledged by ${who}` }), "who is on an alert");
  expect(state.includes("until it is over: asked AWS for the next award"), `${name}: an acknowledged alert reads ${state}`);
  expect(!/\d{4}-\d{2}/.test(state), `${name}: days are written another way than elsewhere: ${state}`);
  expect(await page.locator(".findings .said").textContent() !== "", `${name}: a screen reader is not told that it was noted`);
  await once(`${name}, acknowledged`, page);
  await judge(`${name}, acknowledged`, page);
  await picture(`${name}, acknowledged`, page);
}

/** Takes the draft of the next filing, has it checked, and breaks it. */
async function draft(name, page) {
  const section = page.locator("#next-filing");
  await section.locator("summary").click();
  await section.locator("button[name=draft]").click();
  const field = section.locator("textarea");
  await page.waitForFunction(() => document.querySelector("#next-filing textarea").value.includes("filed_on"));
  const text = await field.inputValue();
  expect(text.includes("[[record]]"), `${name}: the draft of the next filing has no record`);
  expect(await section.locator("a[download]").isVisible(), `${name}: the draft cannot be downloaded`);
  const freeze = section.locator("button[name=freeze]");
  expect(await freeze.isDisabled(), `${name}: what nobody has checked can be filed`);
  await section.locator("button[type=submit]").click();
  await shows(name, section.locator("[role=status]").filter({ hasText: "Nothing is wrong with it." }), "that the draft is sound");
  await shows(name, section.locator("caption").filter({ hasText: "planned in all" }), "what the draft comes to");
  expect(await freeze.isEnabled(), `${name}: a sound filing cannot be filed`);
  await judge(`${name}, a draft`, page);
  await picture(`${name}, a draft`, page);
  await field.fill(text.replace("filed_on", "filed"));
  expect(await freeze.isDisabled(), `${name}: what has changed since can be filed`);
  await section.locator("button[type=submit]").click();
  await shows(name, section.locator(".checked li").filter({ hasText: "filed_on" }), "what is wrong with a filing");
  expect(await freeze.isDisabled(), `${name}: a filing with a problem can be filed`);
}

/** Fetches every report that the page links to, and opens one as a reader does. */
async function reports(name, page) {
  await page.locator("nav[aria-label=Reports] summary").click();
  const links = page.locator("nav[aria-label=Reports] a");
  const hrefs = await links.evaluateAll((all) => all.map((it) => it.href));
  expect(hrefs.length > REPORTS.length, `${name}: ${hrefs.length} links to reports`);
  for (const href of hrefs) {
    const status = await page.evaluate(async (it) => (await fetch(it)).status, href);
    expect(status === 200, `${name}: ${href} answers ${status}`);
  }
  const title = await links.first().getAttribute("aria-label");
  await links.first().click();
  await shows(name, page.getByText("Glidepath report"), "a report that was clicked");
  const shown = await page.locator("h1").textContent();
  expect(shown.startsWith(title.replace(/ as HTML$/, "")), `${name}: a click on ${title} opens ${shown}`);
}

let largest = 0;
for (const [name, options] of Object.entries(VIEWS)) {
  const bytes = await open(name, options, "/", async (page) => {
    await judge(name, page);
    await fits(name, page);
    await charts(name, page);
    await once(name, page);
    await picture(name, page);
  });
  largest = Math.max(largest, bytes);
}
expect(largest <= LARGEST, `the page takes ${largest} bytes on the wire, more than ${LARGEST}`);

const lengths = [];
for (const view of SCREENS) {
  await open(view.name, view.options, "/", async (page) => lengths.push(await length(view, page)));
}
await open("links", VIEWS.phone, "/", async (page) => links("links", page));
await open("folded charts", VIEWS.desktop, "/", async (page) => foldedCharts("folded charts", page));
await open("screen reader", VIEWS.desktop, "/", async (page) => headings("screen reader", page));
await fragments("fragment", VIEWS.phone);
await fragments("fragment without script", { ...VIEWS.phone, javaScriptEnabled: false });
await open("search", { ...VIEWS.desktop, javaScriptEnabled: false }, "/#:~:text=Does%20credit%20pay%20for%20it", async (page) => search("search", page));

/** Makes a link to all reports, as the founder does. */
async function linkToAll() {
  const order = { kind: "all", formats: ["html", "pdf", "xlsx", "csv", "json", "md"], records: RECORDS, days: 7 };
  const response = await fetch(`${address}/api/v1/links`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(order),
  });
  const made = await response.json();
  expect(response.status === 201, `a link to all reports: ${JSON.stringify(made)}`);
  return new URL(made.url).pathname;
}

/** Chooses a day and opens a report, as somebody does who has no script. */
async function door(name, page) {
  const day = page.locator("input[name=day]");
  const first = await day.getAttribute("min");
  await day.fill(first);
  await page.locator("form button").click();
  await shows(name, page.getByText("Show the newest"), "the way back from an earlier day");
  expect(await day.inputValue() === first, `${name}: the day that was chosen is not shown`);
  await judge(`${name}, an earlier day`, page);
  await page.locator(".reports h3 a").first().click();
  await shows(name, page.getByText("Glidepath report"), "a report that was clicked");
}

const link = await linkToAll();
let largestSmall = 0;
for (const [name, options] of Object.entries(VIEWS)) {
  for (const [what, path, status] of [["door", link, 200], ["no link", "/shared/x.y", 404], ["nowhere", "/a/b", 404]]) {
    const bytes = await open(`${what}, ${name}`, options, path, async (page) => {
      await judge(`${what}, ${name}`, page);
      await fits(`${what}, ${name}`, page);
      await picture(`${what}, ${name}`, page);
    }, address, status);
    largestSmall = Math.max(largestSmall, bytes);
  }
}
expect(largestSmall <= LARGEST_SMALL, `a small page takes ${largestSmall} bytes on the wire, more than ${LARGEST_SMALL}`);
await open("door", VIEWS.desktop, link, async (page) => door("door", page));
await open("door, print", VIEWS.desktop, link, async (page) => {
  await page.emulateMedia({ media: "print" });
  expect(!(await page.locator("form").isVisible()), "door, print: what asks for a day is printed");
  await picture("door, print", page);
});

await open("keyboard", VIEWS.desktop, "/", async (page) => {
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.textContent);
  expect(first === "Skip to the content", `keyboard: the first stop is ${first}`);
  await page.keyboard.press("Enter");
  expect(page.url().endsWith("#main"), "keyboard: the skip link leads nowhere");
});

await open("desktop, what can be done", VIEWS.desktop, "/", async (page) => {
  await whatIf("desktop", page);
  await acknowledge("desktop", page);
  await unfold(page, "next-filing");
  await draft("desktop", page);
});
await open("phone, what can be done", VIEWS.phone, "/", async (page) => whatIf("phone", page));

const proxy = await below(address, SUB_PATH);
await open("below a path", VIEWS.desktop, "/", async (page) => {
  await charts("below a path", page);
  await whatIf("below a path", page);
  await acknowledge("below a path", page, "Grace");
  await reports("below a path", page);
}, proxy.address);
proxy.close();
expect(proxy.beside.length === 0, `below a path: asked beside it: ${proxy.beside.join(", ")}`);

await open("print", VIEWS.desktop, "/", async (page) => {
  await page.emulateMedia({ media: "print" });
  const visible = (selector) => page.locator(selector).first().isVisible();
  expect(await visible("figure svg.wide"), "print: the pictures are gone");
  expect(!(await visible(".plot")) && !(await visible("nav")), "print: what answers a pointer is printed");
  const printed = "main > .part:not(.doing) :is(table, figure, p, li), .findings :is(.what, .fold > p), .more dd";
  const folded = await page.locator(printed).evaluateAll((all) => all.map((it) => !it.checkVisibility() && !it.matches(".readout, .plot")));
  expect(folded.length > 100 && !folded.some(Boolean), `print: of ${folded.length} pieces ${folded.filter(Boolean).length} are not printed`);
  const cut = await page.locator("main .scroll").evaluateAll((all) => all.filter((it) => it.checkVisibility() && it.scrollHeight > it.clientHeight + 1).length);
  expect(cut === 0, `print: ${cut} tables are cut`);
  const pdf = await page.pdf({ preferCSSPageSize: true, ...(pictures ? { path: `${pictures}/print.pdf` } : {}) });
  expect(pdf.length > 20_000, `print: a PDF of ${pdf.length} bytes`);
});

await open("without script", { ...VIEWS.desktop, javaScriptEnabled: false }, "/", async (page) => {
  expect(await page.locator("figure svg.wide").first().isVisible(), "without script: there is no picture");
  expect(!(await page.locator(".plot").first().isVisible()), "without script: there is an empty chart");
  await unfold(page, "data", "coverage");
  expect(await page.locator("#coverage table").isVisible(), "without script: a section does not open");
});

for (const kind of REPORTS) {
  await open(kind, VIEWS.desktop, `/api/v1/reports/${kind}.html`, async (page) => {
    await judge(kind, page);
    await picture(kind, page);
  });
  await open(`${kind} on a phone`, VIEWS.phone, `/api/v1/reports/${kind}.html`, async (page) => fits(`${kind} on a phone`, page));
}

await browser.close();
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`${lengths.join("; ")}; ${Object.keys(VIEWS).length} views, what-if, levers, an acknowledgement, keyboard, print, no script, a sub-path, a partner's page, dead links and ${REPORTS.length} reports; ${Math.ceil(largest / 1024)} and ${Math.ceil(largestSmall / 1024)} KiB on the wire`);
