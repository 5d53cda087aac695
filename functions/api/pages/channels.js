// ---- Channels: how each of them is, for a key that may read ----

const STATES = { closed: ["in use", "delivered"], open: ["not in use", "failed"], half_open: ["being tried", "unknown"] };
const CHANNELS_AGAIN = 10_000; // milliseconds
let channelsAgain = 0;

/** Asks how the channels are while somebody looks; they are not shown if the key may not know. */
async function lookAtChannels() {
  clearTimeout(channelsAgain);
  if (document.hidden || keyFault()) return;
  try {
    const answer = await ask("GET", "channels", undefined, authorized());
    $("channels").hidden = !answer.ok || !answer.body.channels.length;
    if (answer.ok) $("channels-list").replaceChildren(...answer.body.channels.map(channelItem));
    if ([401, 403, 404].includes(answer.status)) return;
  } catch { /* later again */ }
  clearTimeout(channelsAgain);
  channelsAgain = setTimeout(lookAtChannels, CHANNELS_AGAIN);
}

function channelItem(channel) {
  const [word, status] = STATES[channel.state] ?? [channel.state, "unknown"];
  const pill = element("span", "pill", word);
  pill.dataset.status = channel.share < channel.share_at_rest && channel.state === "closed" ? "unknown" : status;
  const facts = element("span", "", channelFacts(channel).join(" · "));
  if (channel.until) facts.title = `Until ${exact.format(new Date(channel.until))} (${ZONE})`;
  return element("li", "", pill, element("b", "", channel.name), facts);
}

function channelFacts(channel) {
  const bad = [[channel.failed, "failed"], [channel.uncertain, "uncertain"]].filter(([number]) => number);
  const tried = channel.attempts ? [`${plural(channel.attempts, "attempt")} in 5 min`, ...bad.map(([number, word]) => `${number} ${word}`)] : [];
  const countries = channel.countries.filter(({ share, late }) => late || share < channel.share_at_rest);
  return [
    channel.state === "closed" && channel.share < channel.share_at_rest && `${channel.share} % of its messages`,
    channel.why, channel.until && `tried again at ${clock.format(new Date(channel.until))}`, ...tried,
    ...countries.map(({ country, texts, late, undelivered, share }) => `${country}: ${late} of ${texts} late${undelivered ? `, ${undelivered} of them undelivered` : ""}, ${share} %`),
  ].filter(Boolean);
}

