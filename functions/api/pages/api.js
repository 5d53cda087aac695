// ---- The API ----

/** {status, ok, body, headers}: the answer as JSON, or what can be said of one that is none. Throws if none arrives. */
async function ask(method, path, content, headers = {}) {
  const options = { method, cache: "no-store", headers: { Accept: "application/json", ...headers } };
  if (content !== undefined) Object.assign(options, { body: content, headers: { ...options.headers, "Content-Type": "application/json" } });
  const answer = await fetch(BASE + path, options);
  const text = await answer.text();
  try {
    return { status: answer.status, ok: answer.ok, body: text ? JSON.parse(text) : null, headers: answer.headers };
  } catch {
    return { status: answer.status, ok: false, body: { title: `The service answered ${answer.status}.` }, headers: answer.headers };
  }
}

/** What an answer that says no is best told by. */
const whyNot = ({ status, body }) => body?.detail ?? body?.title ?? body?.message ?? `The service answered ${status}.`;

/** When to try again, as a refusal says it; empty if it does not. */
function whenAgain({ headers }) {
  const said = headers?.get("Retry-After") ?? "";
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : new Date(said) - Date.now();
  if (!(ms > 0)) return "";
  const at = new Date(Date.now() + ms), today = at.toDateString() === new Date().toDateString();
  const whole = span(Math.ceil(ms / 1000) * 1000).replace(".0 s", " s");
  return ms < 60_000 ? `Try again in ${whole}.` : `Try again in ${whole}, at ${(today ? clock : moment).format(at)}.`;
}

/** What is wrong with the key before anything is asked; empty if nothing is. A header holds printable ASCII. */
function keyFault(purpose) {
  const key = $("key").value.trim();
  if (!key) return `Paste an API key to ${purpose}.`;
  const odd = [...new Set(key)].filter((character) => !/[!-~]/.test(character));
  return odd.length ? `This is no API key: it holds ${odd.slice(0, 3).map(visible).join(" ")}. Copy it again.` : "";
}

const authorized = () => ({ Authorization: `Bearer ${$("key").value.trim()}` });
const messagePath = (id) => `messages/${encodeURIComponent(id)}`;

