// Looks at the demo's page as its readers do. Every expectation that is not met is collected and told at the end.
// Arguments: folder of the Node modules, Chromium's path, address of the daemon, folder for pictures (may be empty).
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

import { below } from "./sub_path.mjs";

const [, , modules, executablePath, address, pictures] = process.argv;
const require = createRequire(`${modules}/x.js`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const LARGEST = 300 * 1024;
/** A partner's page, and what stands where a page is not. */
const LARGEST_SMALL = 8 * 1024;
const VIEWS = {
  desktop: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  "phone, dark": { viewport: { width: 390, height: 844 }, colorScheme: "dark", deviceScaleFactor: 2, hasTouch: true, isMobile: true },
};
/** A model in use, and one that a service bills which no pool of the demo lists. */
const SWITCH = { from: "Claude Sonnet 5", to: "Claude 3.5 Sonnet v2" };
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
  const [all, drawn] = [await page.locator("figure[data-chart]").count(), await live.count()];
  expect(all >= 5 && drawn === all, `${name}: ${drawn} of ${all} charts answer`);
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

/** Waits for the daemon, which forecasts and may share its machine; a wait in vain is a problem and not the end. */
async function shows(name, locator, what) {
  const shown = await locator.first().waitFor({ timeout: PATIENCE }).then(() => true, () => false);
  expect(shown, `${name}: ${what} does not show`);
  return shown ? locator.first().textContent() : "";
}

/** Moves a slider, switches to a model that no credit pays, ranks the levers, and starts over. */
async function whatIf(name, page) {
  const section = page.locator("#what-if");
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

/** Follows a finding to its alert and says that `who` is on it. */
async function acknowledge(name, page, who = "Ada") {
  const way = page.locator(".findings .act a");
  await shows(name, way, "the way from a finding to its alert");
  await way.first().click();
  const alert = page.locator(await way.first().getAttribute("href"));
  await alert.locator("input[name=by]").fill(who);
  await alert.locator("input[name=why]").fill("asked AWS for the next award");
  await alert.locator("button[value=ack]").click();
  const state = await shows(name, alert.locator(".state").filter({ hasText: `acknowledged by ${who}` }), "who is on an alert");
  expect(state.includes("until it is over: asked AWS for the next award"), `${name}: an acknowledged alert reads ${state}`);
  expect(!/\d{4}-\d{2}/.test(state), `${name}: days are written another way than elsewhere: ${state}`);
  expect((await way.first().textContent()).startsWith(`Acknowledged by ${who}`), `${name}: its finding does not know`);
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
    await picture(name, page);
  });
  largest = Math.max(largest, bytes);
}
expect(largest <= LARGEST, `the page takes ${largest} bytes on the wire, more than ${LARGEST}`);

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
  const folded = await page.locator("details.fold table").evaluateAll((tables) => tables.map((it) => it.checkVisibility()));
  expect(folded.length > 0 && folded.every(Boolean), `print: of ${folded.length} folded tables ${folded.filter(Boolean).length} are printed`);
  const pdf = await page.pdf({ preferCSSPageSize: true, ...(pictures ? { path: `${pictures}/print.pdf` } : {}) });
  expect(pdf.length > 20_000, `print: a PDF of ${pdf.length} bytes`);
});

await open("without script", { ...VIEWS.desktop, javaScriptEnabled: false }, "/", async (page) => {
  expect(await page.locator("figure svg.wide").first().isVisible(), "without script: there is no picture");
  expect(!(await page.locator(".plot").first().isVisible()), "without script: there is an empty chart");
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
console.log(`${Object.keys(VIEWS).length} views, what-if, levers, an acknowledgement, keyboard, print, no script, a sub-path, a partner's page, dead links and ${REPORTS.length} reports; ${Math.ceil(largest / 1024)} and ${Math.ceil(largestSmall / 1024)} KiB on the wire`);
