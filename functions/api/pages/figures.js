// ---- Figures and fates: the laptop's own ----

const COUNTS = [["sent", "Sent"], ["delivered", "Delivered"], ["undelivered", "Undelivered"], ["failed", "Failed"], ["unknown", "Unknown"], ["segments", "Segments"], ["spend", "Spend"]];
const LATENCIES = [["provider_latency_ms", "Provider latency, p50 · p95"], ["delivery_latency_ms", "Delivery latency, p50 · p95"]];
let countAgain = 0;

/** Asks for the figures every few seconds while somebody looks; not again if there are none. */
async function countUp() {
  clearTimeout(countAgain);
  if (document.hidden) return;
  try {
    const answer = await ask("GET", "local/figures");
    $("figures").hidden = !answer.ok;
    if (answer.ok) drawFigures(answer.body);
    if (answer.status === 403 || answer.status === 404) return;
  } catch { /* later again */ }
  clearTimeout(countAgain);
  countAgain = setTimeout(countUp, 3000);
}

function drawFigures({ channels, reasons, queue }) {
  const of = Object.entries(channels ?? {});
  const row = (heading, cells) => element("tr", "", heading, ...cells.map((cell) => element("td", "", cell)));
  const counts = COUNTS.map(([name, word]) => row(rowHeading(name, word), of.map(([, figures]) => (name === "spend" ? money : amount)(figures?.[name]))));
  const latencies = LATENCIES.map(([name, word]) => row(rowHeading(name, word), of.map(([, figures]) => percentiles(figures?.[name]))));
  const columns = of.map(([name]) => scoped("col", name));
  $("figures-table").replaceChildren(
    element("thead", "", element("tr", "", element("td"), ...columns)), element("tbody", "", ...counts, ...latencies),
  );
  const rest = [["Waiting in the queue", queue?.waiting], ...Object.entries(reasons ?? {}).map(([code, times]) => [readable(code), times])];
  $("figures-rest").replaceChildren(...rest.map(([what, number]) => element("div", "", element("dt", "", what), element("dd", "", amount(number)))));
}

function scoped(scope, ...content) {
  const heading = element("th", "", ...content);
  heading.scope = scope;
  return heading;
}

function rowHeading(name, word) {
  const heading = scoped("row", ...(TICKS[name] ? [tick(name)] : []), word);
  heading.dataset.status = name;
  return heading;
}

const amount = (number) => (number === null || number === undefined ? "–" : number.toLocaleString(undefined, { maximumFractionDigits: 4 }));

/** What providers told that it cost. Of a channel whose provider told nothing that is not known: it is not 0. */
const money = (sum) => (sum === null || sum === undefined ? "not told" : amount(sum));

/** The median, and what 95 of 100 stay below. */
function percentiles(of) {
  const [half, most] = [of?.p50, of?.p95].map((ms) => (ms === null || ms === undefined ? "–" : lasted(ms)));
  return half === "–" && most === "–" ? "–" : `${half} · ${most}`;
}

async function offerFates() {
  try {
    const answer = await ask("GET", "local/fates");
    if (!answer.ok) return;
    $("fates-list").replaceChildren(...answer.body.map(({ to, what }) => element("li", "", fateButton(to, what))));
    $("fates").hidden = !answer.body.length;
  } catch { /* they are in the docs too */ }
}

function fateButton(to, what) {
  const button = element("button", "", element("b", "", to), element("span", "", readable(what)));
  button.type = "button";
  button.addEventListener("click", () => {
    $("to").value = to;
    forgive("to");
    $("to").focus();
  });
  return button;
}

