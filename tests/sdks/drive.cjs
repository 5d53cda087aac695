// Drive Twilio's own SDK for Node.js, by lines of JSON; drive.py does the same with the one for Python.
const readline = require("node:readline");
const twilio = require("twilio");

const [url, sid, token] = process.argv.slice(2);
const client = twilio(sid, token);
client.api.baseUrl = url; // All that has to be said for another host than Twilio's.

const shown = (message) => ({
  sid: message.sid, status: message.status, to: message.to, body: message.body, direction: message.direction,
  num_segments: message.numSegments, error_code: message.errorCode, price: message.price, uri: message.uri,
  account_sid: message.accountSid, from: message.from,
  created: message.dateCreated.toISOString().replace(".000Z", "+00:00"),
});

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const options = (asked) => Object.fromEntries(Object.entries(asked).map(([name, value]) => [camel(name), value]));

const DO = {
  create: async (asked) => shown(await client.messages.create(options(asked))),
  list: async ({ sent_after, ...asked }) => {
    const after = sent_after ? { dateSentAfter: new Date(sent_after) } : {};
    return (await client.messages.list({ ...options(asked), ...after })).map(shown);
  },
  fetch: async (asked) => shown(await client.messages(asked.sid).fetch()),
  redact: async (asked) => shown(await client.messages(asked.sid).update({ body: "" })),
  cancel: async (asked) => shown(await client.messages(asked.sid).update({ status: "canceled" })),
  delete: async (asked) => client.messages(asked.sid).remove(),
  media: async (asked) => (await client.messages(asked.sid).media.list()).length,
  account: async () => (await client.api.accounts(sid).fetch()).status,
  feedback: async (asked) => client.messages(asked.sid).feedback.create({ outcome: "confirmed" }),
  sign: async (asked) => twilio.getExpectedTwilioSignature(asked.token, asked.url, fields(asked.form), asked.algorithm),
  valid: async (asked) => "body" in asked
    ? twilio.validateRequestWithBody(asked.token, asked.signature, asked.url, asked.body, asked.algorithm)
    : twilio.validateRequest(asked.token, asked.signature, asked.url, fields(asked.form), asked.algorithm),
};

// A form whose fields may be there more than once, as web frameworks have it.
const fields = (form) => {
  const found = {};
  for (const [name, value] of form) {
    found[name] = name in found ? [].concat(found[name], value) : value;
  }
  return found;
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { do: what, ...asked } = JSON.parse(line);
    let said;
    try {
      said = await DO[what](asked);
    } catch (error) {
      said = { error: error.code, status: error.status, kind: error.constructor.name };
    }
    process.stdout.write(JSON.stringify(said) + "\n");
  }
})();
