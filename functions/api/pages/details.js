// ---- What stands below a message: why, who must act, and what can be done here ----

const WHO = {
  caller: "whoever asked for the message", account: "whoever keeps the account at the provider", sender: "whoever keeps the sender id's registration",
  recipient: "the recipient", carrier: "the recipient's carrier", provider: "the provider",
};

function note(entry) {
  const { message, parts } = entry;
  const lines = why(message);
  parts.lines.replaceChildren(...lines);
  offerAction(entry);
  parts.note.classList.toggle("quiet", !lines.length && !parts.said.textContent);
  parts.note.hidden = !lines.length && !parts.said.textContent && !parts.act.firstChild;
}

function why({ status, reason, send_at }) {
  if (status === "scheduled") return [element("p", "", "Will be sent ", timeElement(send_at, moment), ".")];
  if (!reason || status === "delivered") return [];
  if (status === "canceled") return [element("p", "", reason.text)];
  return [element("p", "", reason.text), element("p", "advice", `To act: ${WHO[reason.who] ?? reason.who}. ${again(status, reason)}`)];
}

function again(status, reason) {
  if (["accepted", "sending"].includes(status)) return "Herald tries again by itself.";
  if (status === "unknown") return "Sending it again may text the person twice.";
  return reason.retryable ? "Sending it again later can help." : "Sending it again does not help.";
}

const ACTIONS = {
  scheduled: ["Cancel", "the message to", cancel],
  sent: ["Refresh", "what is known of the message to", refresh],
  unknown: ["Refresh", "what is known of the message to", refresh],
};

/** The one button that fits the status. One that is the same stays, and keeps the focus. */
function offerAction(entry) {
  const { message, parts, item } = entry;
  const [word, of, act] = ACTIONS[message.status] ?? [];
  const there = parts.act.firstChild;
  if (there?.textContent === word) return;
  const held = there === document.activeElement && there !== null;
  there?.remove();
  if (word) {
    const button = element("button", "small", word);
    button.type = "button";
    button.setAttribute("aria-label", `${word} ${of} ${message.to}`);
    button.addEventListener("click", () => act(entry));
    parts.act.append(button);
  }
  if (held) (parts.act.firstChild ?? item.querySelector("summary")).focus();
}

function say(entry, text) {
  entry.parts.said.textContent = text;
  note(entry);
}

async function cancel(entry) {
  const fault = keyFault("cancel");
  if (fault) return say(entry, fault);
  try {
    const answer = await ask("DELETE", messagePath(entry.message.id), undefined, authorized());
    if (!answer.ok) return say(entry, whyNot(answer));
    update(entry, answer.body);
    conclude(entry.message);
  } catch {
    say(entry, "No answer arrived. Try again.");
  }
}

async function refresh(entry) {
  const fault = keyFault("refresh");
  if (entry.asking || fault) return fault && say(entry, fault);
  entry.asking = true;
  say(entry, "Asking the provider…");
  try {
    const answer = await ask("GET", `${messagePath(entry.message.id)}?refresh=true`, undefined, authorized());
    if (answer.ok) update(entry, answer.body);
    say(entry, answer.ok ? refreshed(answer) : whyNot(answer));
  } catch {
    say(entry, "No answer arrived. Try again.");
  }
  entry.asking = false;
}

function refreshed({ headers, body }) {
  const name = body.channel ?? "The provider";
  if (headers.get("Herald-Refreshed") !== "true") {
    return FINAL.has(body.status) ? "" : `${name} was not asked: it cannot be, or not now. This is what Herald knows.`;
  }
  return `${name} was asked at ${seconds.format(new Date()).slice(0, 8)}: ${body.status}.`;
}

// ---- The trace as a timeline ----

/** Shows the steps; those that are shown already stay as they are, opened or not. */
function showTrace(timeline, trace) {
  trace.forEach((step, place) => {
    const said = JSON.stringify(step);
    const there = timeline.children[place];
    if (there?.dataset.said === said) return;
    const item = stepElement(step, trace[place - 1]);
    item.dataset.said = said;
    if (there) there.replaceWith(item);
    else timeline.append(item);
  });
  while (timeline.children.length > trace.length) timeline.lastChild.remove();
}

function stepElement({ at, step, detail }, before) {
  const item = element("li", "", timeElement(at, seconds), element("b", "", step));
  const ms = before ? new Date(at) - new Date(before.at) : 0;
  if (ms > 0) item.append(element("span", "after", `+ ${lasted(ms)}`));
  if (detail) item.append(step === "receipt" ? ownWords(detail) : element("span", "detail", detail));
  item.dataset.status = step;
  return item;
}

/** What the provider said, field by field; as it stands if it is no JSON object. */
function ownWords(detail) {
  let said = null;
  try { said = JSON.parse(detail); } catch { /* as it stands */ }
  if (said === null || typeof said !== "object") return element("span", "detail", detail);
  const rows = Object.entries(said).flatMap(([name, value]) => [element("dt", "", name), element("dd", "", plain(value))]);
  return element("details", "detail", element("summary", "", "In the provider's own words"), element("dl", "said", ...rows));
}

const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));

