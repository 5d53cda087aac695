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

const authorized = () => ({ Authorization: `Bearer ${$("key").value.trim()}` });
const messagePath = (id) => `messages/${encodeURIComponent(id)}`;

