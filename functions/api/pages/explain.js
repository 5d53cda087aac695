// ---- What would happen: the way of the message in the form, without sending it ----

const STEP_NAMES = {
  number: "Number", key: "API key", guests: "Guests", text: "Text", channel: "Channel", sender: "Sender", price: "Price", opt_out: "Opt-out",
  limits: "Limits", time: "Time", second_channel: "Second channel", request: "Request",
};

async function explain() {
  if ($("explain").disabled) return;
  clearComplaints();
  unexplain();
  if (!complete()) return focusFirstWrong();
  const content = JSON.stringify(written());
  const key = attempt?.content === content ? { "Idempotency-Key": attempt.key } : {};
  $("explain").disabled = true;
  try {
    const answer = await ask("POST", "messages/explain", content, { ...authorized(), ...key });
    if (!answer.ok) return refused(answer, "");
    const { problem, steps } = answer.body;
    if (problem && !steps.length) return refused({ status: problem.status, body: problem }, "");
    tellWhatWouldHappen(answer.body);
  } catch {
    trouble("No answer arrived. Try again: nothing was sent.");
  } finally {
    $("explain").disabled = false;
  }
}

function tellWhatWouldHappen({ would, summary, problem, steps, limits }) {
  const pill = element("span", "pill", WOULD[would]?.[0] ?? readable(would));
  pill.dataset.status = WOULD[would]?.[1] ?? "unknown";
  const parts = [element("p", "verdict", pill, " ", summary)];
  if (problem?.hint) parts.push(element("p", "hint", problem.hint));
  const list = element("dl", "way", ...steps.flatMap(stepItem));
  parts.push(list);
  if (limits?.length) parts.push(limitsList(limits));
  $("explained").replaceChildren(...parts);
  $("explained").hidden = false;
  $("explained").focus({ preventScroll: true });
  $("explained").scrollIntoView({ block: "nearest" });
}

const WOULD = {
  send: ["Would be sent", "delivered"], schedule: ["Would be scheduled", "scheduled"], wait: ["Would wait", "unknown"],
  refuse: ["Would be refused", "failed"], replay: ["Is sent already", "sent"],
};

function stepItem({ step, ok, detail }) {
  const term = element("dt", "", STEP_NAMES[step] ?? readable(step));
  const said = element("dd", ok ? "" : "no", detail);
  if (!ok) said.prepend(element("b", "", "No. "));
  return [term, said];
}

function limitsList(limits) {
  const rows = limits.map(({ limit, used, most, left }) => element("tr", "",
    element("th", "", readable(limit)), element("td", "", `${used} of ${most}`), element("td", "", `${left} left`)));
  for (const row of rows) row.firstChild.scope = "row";
  const details = element("details", "more", element("summary", "", `All limits (${limits.length})`), element("table", "", element("tbody", "", ...rows)));
  return details;
}

function unexplain() {
  $("explained").hidden = true;
  $("explained").replaceChildren();
}

