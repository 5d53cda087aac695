"use strict";

// Relative to the page, also where the page is the bare name of a stage (/prod).
const BASE = location.pathname.replace(/\/*$/, "/");
const FINAL = new Set(["delivered", "undelivered", "failed", "expired", "canceled"]);
const STATUSES = ["accepted", "scheduled", "sending", "unknown", "sent", "delivered", "undelivered", "failed", "expired", "canceled"];
const FIELDS = ["to", "body", "sender", "channel", "send_at", "kind", "reference", "callback_url"];
const UNPROVEN = new Set([401, 403, 409, 429]);

const $ = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

/** 1.2 s, 3 min 20 s: how long something took, in milliseconds; not broken between lines. */
const lasted = (ms) => span(ms).replaceAll(" ", "\u00a0");

function span(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  const [days, hours, minutes, rest] = [whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60].map(Math.floor);
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${rest} s`;
}

function timeElement(at, format) {
  const made = element("time", "", format.format(new Date(at)));
  made.dateTime = at;
  made.title = `${exact.format(new Date(at))} (${ZONE})`;
  return made;
}

