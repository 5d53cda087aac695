// ---- Ticks, as messengers have them ----

const SHAPES = { // the width of each, and its lines in a height of 12
  clock: [12, "M6 1.2a4.8 4.8 0 1 0 .01 0zM6 3.6V6.2L7.8 7.4"],
  one: [12, "M1.5 6.6 4.4 9.5 10.5 2.5"],
  two: [17, "M1.5 6.6 4.4 9.5 10.5 2.5M8.2 8.9 8.8 9.5 15.5 2.5"],
  cross: [12, "M2.5 2.5 9.5 9.5M9.5 2.5 2.5 9.5"],
  question: [12, "M3.4 3.9a2.6 2.6 0 1 1 4 2.2C6.5 6.7 6 7.1 6 8M6 10.4v.1"],
  slash: [12, "M6 1.2a4.8 4.8 0 1 0 .01 0zM2.7 9.3 9.3 2.7"],
};
const TICKS = {
  accepted: "clock", scheduled: "clock", sending: "clock", unknown: "question", sent: "one", delivered: "two",
  undelivered: "cross", failed: "cross", expired: "cross", canceled: "slash",
};

/** The tick of a status; `said` is for those who do not see it, where no word stands beside it. */
function tick(status, said = "") {
  const shape = TICKS[status] ?? "question";
  const [width, lines] = SHAPES[shape];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", lines);
  svg.setAttribute("class", "tick");
  svg.setAttribute("viewBox", `0 0 ${width} 12`);
  for (const [name, value] of said ? [["role", "img"], ["aria-label", said]] : [["aria-hidden", "true"]]) svg.setAttribute(name, value);
  svg.dataset.tick = shape;
  svg.append(path);
  return svg;
}

// ---- Messages, in the list of those sent and in that of those found ----

const FIRST_LOOK = 800; // milliseconds until a message is asked after
const PATIENCE = 10 * 60_000; // so long a message without news is asked after: not every channel has receipts
const lists = { sent: new Map(), found: new Map() }; // id -> {message, item, parts, delay, due}

function list(message, text = "", name = "sent") {
  const known = lists[name].get(message.id);
  if (known) return update(known, message);
  const entry = entryFor(text);
  entry.item.dataset.id = message.id;
  lists[name].set(message.id, entry);
  if (name === "sent") {
    $("sent").prepend(entry.item);
    $("nothing").hidden = true;
    remember();
  } else $("found").append(entry.item);
  update(entry, message);
}

function entryFor(text) {
  const parts = {
    pill: element("span", "pill"), to: element("span", "to"), when: element("span", "when"), preview: element("span", "preview"),
    facts: element("span", "facts"), note: element("div", "note"), lines: element("div"), said: element("p"), act: element("span"),
    timeline: element("ol", "timeline"), response: element("pre"), answer: element("details", "answer"),
  };
  parts.preview.textContent = text.replace(/\s+/g, " ");
  parts.response.tabIndex = 0;
  parts.response.setAttribute("aria-label", "Provider response");
  parts.answer.append(element("summary", "", "Provider response"), parts.response);
  parts.said.setAttribute("role", "status");
  parts.note.append(element("div", "", parts.lines, parts.said), parts.act);
  const inside = element("div", "inside", element("div", "", element("h3", "", "Trace"), parts.timeline), parts.answer);
  const summary = element("summary", "", parts.pill, parts.to, parts.when, parts.preview, parts.facts);
  return { parts, item: element("li", "", element("details", "", summary, inside), parts.note), delay: FIRST_LOOK };
}

function update(entry, message) {
  const { parts } = entry;
  const before = entry.message;
  entry.delay = before?.status === message.status ? Math.min(entry.delay * 1.3, 30_000) : FIRST_LOOK;
  entry.due = Date.now() + entry.delay;
  if (JSON.stringify(before) === JSON.stringify(message)) return;
  entry.message = message;
  parts.pill.replaceChildren(tick(message.status), message.status);
  parts.pill.dataset.status = message.status;
  parts.to.textContent = message.to;
  parts.when.replaceChildren(timeElement(message.created_at, clock));
  parts.facts.replaceChildren(...facts(message).map((fact) => element("span", "", fact)), element("span", "id", message.id));
  note(entry);
  showTrace(parts.timeline, message.trace);
  parts.answer.hidden = message.response === null;
  parts.response.textContent = JSON.stringify(message.response, null, 2);
  if (before && message.id === latest) conclude(message);
}

function facts(message) {
  const took = transit(message);
  return [
    message.channel ?? "no channel yet", `${plural(message.segments, "segment")}, ${message.encoding}`,
    message.sender && `from ${message.sender}`, message.reference,
    message.second_channel ? "by a second channel" : message.possible_duplicate && "possible duplicate",
    took && `delivered ${took}`,
  ].filter(Boolean);
}

/** True while it makes sense to ask again what became of a message. */
function unsettled({ status, updated_at }) {
  if (FINAL.has(status)) return false;
  return !["sent", "unknown"].includes(status) || Date.now() - new Date(updated_at) < PATIENCE;
}

async function poll(entry) {
  if (keyFault()) return update(entry, entry.message);
  try {
    const answer = await ask("GET", messagePath(entry.message.id), undefined, authorized());
    if (answer.status === 404) return drop(entry);
    if (answer.ok) return update(entry, answer.body);
  } catch { /* out of reach for now: later again */ }
  update(entry, entry.message);
}

/** Asks after every message whose end is not known, one after the other, less and less often. */
async function follow() {
  const due = (entry) => entry.due <= Date.now() && unsettled(entry.message);
  const all = [...lists.sent.values(), ...lists.found.values()];
  if (!document.hidden) for (const entry of all.filter(due)) await poll(entry);
  setTimeout(follow, 500);
}

/** Takes a message off the lists: it was erased, or its time in the journal is over. */
function drop({ message, item }) {
  item.remove();
  for (const each of Object.values(lists)) if (each.get(message.id)?.item === item) each.delete(message.id);
  $("nothing").hidden = lists.sent.size > 0;
  remember();
}

/** A reload finds the session's messages again by their ids; neither number nor text is stored. */
function remember() {
  sessionStorage.setItem("herald-sent", JSON.stringify([...lists.sent.keys()].slice(-20)));
}

async function recall() {
  const ids = JSON.parse(sessionStorage.getItem("herald-sent") ?? "[]");
  if (keyFault()) return;
  for (const id of ids) {
    const answer = await ask("GET", messagePath(id), undefined, authorized());
    if (answer.ok) list(answer.body);
  }
}

