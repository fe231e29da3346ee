// What all our components share: words, numbers as people write them, and the look-up of records by what was typed.
import { useEffect, useRef, useState } from "react";
import { useLocation } from "react-router";
import words from "./id.json";

export const t = (text, lang) => (lang === "id" && words[text]) || text;
const locale = (lang) => (lang === "id" ? "id-ID" : "en-GB");
const formats = new Map();

function format(key, make) {
  if (!formats.has(key)) formats.set(key, make());
  return formats.get(key);
}

/** A decimal string with the grouping of the language; never through a float. */
export function number(text, lang, places) {
  let [whole, rest = ""] = String(text).split(".");
  const sign = whole.startsWith("-") ? "−" : "";
  whole = whole.replace("-", "").replace(/\B(?=(\d{3})+(?!\d))/g, lang === "id" ? "." : ",");
  rest = rest.replace(/0+$/, "").slice(0, places ?? 4);
  return sign + whole + (rest ? (lang === "id" ? "," : ".") + rest : "");
}

/** What a person typed as a number ("1.250.000,5", "1,250,000.5", "1250000.5") as a plain decimal string, or null. */
export function plain(text, lang) {
  let value = String(text).trim().replace(/\s|Rp/gi, "").replace("−", "-");
  if (!value) return "";
  const dot = value.lastIndexOf("."), comma = value.lastIndexOf(",");
  const groups = (mark) => new RegExp(`^-?\\d{1,3}(\\${mark}\\d{3})+$`).test(value);
  if (dot >= 0 && comma >= 0) value = dot > comma ? value.replace(/,/g, "") : value.replace(/\./g, "").replace(",", ".");
  else if (comma >= 0) value = lang !== "id" && groups(",") ? value.replace(/,/g, "") : value.replace(",", ".");
  else if (dot >= 0 && ((lang === "id" && groups(".")) || value.split(".").length > 2)) value = value.replace(/\./g, "");
  return /^-?\d*\.?\d*$/.test(value) && /\d/.test(value) ? value : null;
}

const SCALE = 10000n;
/** A decimal string in whole ten-thousandths. */
export function units(text) {
  const match = /^(-?)(\d*)\.?(\d{0,4})/.exec(String(text || "0"));
  const size = BigInt(match[2] || "0") * SCALE + BigInt((match[3] || "").padEnd(4, "0"));
  return match[1] ? -size : size;
}
export const fromUnits = (value) => {
  const size = value < 0n ? -value : value;
  return `${value < 0n ? "-" : ""}${size / SCALE}.${String(size % SCALE).padStart(4, "0")}`;
};
/** quantity × price in whole minor units, halves away from zero. */
export function amount(quantity, price) {
  const product = units(quantity) * units(price), half = (SCALE * SCALE) / 2n;
  return String(product >= 0n ? (product + half) / (SCALE * SCALE) : -((-product + half) / (SCALE * SCALE)));
}

const NAIVE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?)?$/; // a day, or a time on the company's clock, wherever the browser stands
const zoned = (value, tz) => (NAIVE.test(value) ? [new Date(`${value}${value.length === 10 ? "T00:00" : ""}Z`), "UTC"] : [new Date(value), tz || undefined]);

export function moment(value, lang, tz, withTime = true) {
  const [when, zone] = zoned(value, tz);
  if (Number.isNaN(when.getTime())) return String(value);
  const make = () => new Intl.DateTimeFormat(locale(lang), { day: "2-digit", month: "short", year: "numeric", timeZone: zone,
    ...(withTime ? { hour: "2-digit", minute: "2-digit", hour12: false } : {}) });
  return format(`${lang}${zone}${withTime}`, make).format(when);
}

/** Whether a moment is the beginning of a day of the company: then only the day is shown. */
function isMidnight(value, tz) {
  const [when, zone] = zoned(value, tz);
  if (Number.isNaN(when.getTime())) return false;
  return format(`clock${zone}`, () => new Intl.DateTimeFormat("sv-SE", { timeZone: zone, timeStyle: "medium" })).format(when) === "00:00:00";
}

/** How long ago, in words. */
export function ago(value, lang) {
  const seconds = (new Date(value).getTime() - Date.now()) / 1000;
  const relative = format(`ago${lang}`, () => new Intl.RelativeTimeFormat(locale(lang), { numeric: "auto", style: "short" }));
  const steps = [["second", 60], ["minute", 60], ["hour", 24], ["day", 7], ["week", 4.35], ["month", 12], ["year", Infinity]];
  let left = seconds;
  for (const [unit, size] of steps) {
    if (Math.abs(left) < size) return relative.format(Math.round(left), unit);
    left /= size;
  }
  return "";
}

export const NUMBERS = ["integer", "quantity", "price", "percent", "money"];
export const isNumber = (kind) => NUMBERS.includes(kind);
export const words_of = (value) => (value ? String(value).replace(/_/g, " ").replace(/^./, (c) => c.toUpperCase()) : "");
export const choice = (value, lang) => t(words_of(value), lang);
export const label = (one, lang) => t(one.label || words_of(one.name), lang);

/** One value as text. A reference is {id, number, label, type}. */
export function text(kind, value, lang, tz) {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map((one) => text(kind, one, lang, tz)).join(", ");
  if (kind === "ref" || kind === "user" || kind === "refs") return typeof value === "object" ? value.number || value.label || String(value.id) : String(value);
  if (isNumber(kind)) return number(value, lang, kind === "money" ? 0 : 4) + (kind === "percent" ? " %" : "");
  if (kind === "moment") return moment(value, lang, tz, !isMidnight(value, tz));
  if (kind === "date") return moment(`${value}T12:00:00`, lang, undefined, false);
  if (kind === "flag") return value ? t("Yes", lang) : t("No", lang);
  if (kind === "choice" || kind === "state") return choice(value, lang);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function State({ value, lang }) {
  return <span className="badge" data-state={value}>{choice(value, lang)}</span>;
}

/** Say it later, when the typing pauses. */
export function useDebounced(call, wait) {
  const timer = useRef(0), latest = useRef(call);
  latest.current = call;
  useEffect(() => () => clearTimeout(timer.current), []);
  return (...values) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(...values), wait);
  };
}

const known = new Map(); // plural -> Map(id -> record): what was looked up in this tab
const asked = new Map(); // plural + what was typed -> answer
const TTL = 60000;

export function remember(plural, record) {
  if (!record || typeof record !== "object") return;
  if (!known.has(plural)) known.set(plural, new Map());
  known.get(plural).set(record.id, record);
}

export function remembered(plural, typed) {
  const want = typed.trim().toLowerCase();
  return [...(known.get(plural)?.values() || [])].filter((one) => !want || `${one.number} ${one.label || ""}`.toLowerCase().includes(want)).slice(0, 12);
}

/** Ask the server for records whose code or name is like what was typed; answers are kept for a minute. */
export async function lookup(plural, typed, filter) {
  const key = `${plural}?${typed.trim().toLowerCase()}?${JSON.stringify(filter || {})}`;
  const had = asked.get(key);
  if (had && Date.now() - had.at < TTL) return had.items;
  const query = new URLSearchParams({ q: typed.trim() });
  Object.entries(filter || {}).forEach(([name, value]) => [].concat(value).forEach((one) => query.append(`filter[${name}]`, one)));
  const answer = await fetch(`/api/screen/lookup/${plural}?${query}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) return [];
  const items = (await answer.json()).items;
  items.forEach((one) => remember(plural, one));
  asked.set(key, { at: Date.now(), items });
  return items;
}

/** What is on hand, promised and free of items at a place, by code; nothing for whoever may not see stock. */
export async function availability(place, items) {
  const found = {};
  for (let from = 0; from < items.length; from += 50) {
    const query = new URLSearchParams({ place });
    items.slice(from, from + 50).forEach((one) => query.append("item", one));
    const answer = await fetch(`/api/screen/availability?${query}`, { headers: { Accept: "application/json" } });
    if (answer.ok) Object.assign(found, (await answer.json()).items);
  }
  return found;
}

/** Records by their exact codes, fifty at a time. */
export async function lookupKeys(plural, keys) {
  const found = [];
  for (let from = 0; from < keys.length; from += 50) {
    const query = new URLSearchParams();
    keys.slice(from, from + 50).forEach((one) => query.append("key", one));
    const answer = await fetch(`/api/screen/lookup/${plural}?${query}`, { headers: { Accept: "application/json" } });
    if (answer.ok) found.push(...(await answer.json()).items);
  }
  found.forEach((one) => remember(plural, one));
  return found;
}

/** Close a popup on Escape and on a click elsewhere. */
export function useDismiss(open, close) {
  const box = useRef(null);
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event) => box.current && !box.current.contains(event.target) && close();
    const escape = (event) => event.key === "Escape" && (event.stopPropagation(), close());
    document.addEventListener("mousedown", outside);
    document.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("mousedown", outside);
      document.removeEventListener("keydown", escape, true);
    };
  }, [open, close]);
  return box;
}

export function Popup({ title, name, className = "btn", children, align = "end", badge }) {
  const [open, setOpen] = useState(false);
  const box = useDismiss(open, () => setOpen(false));
  return (
    <div className="popup" ref={box}>
      <button type="button" className={className} aria-label={name} aria-haspopup="true" aria-expanded={open} onClick={() => setOpen(!open)}>
        {title}{badge ? <span className="tick">{badge}</span> : null}
      </button>
      {open ? <div className={`menu ${align}`} role="dialog">{typeof children === "function" ? children(() => setOpen(false)) : children}</div> : null}
    </div>
  );
}

/** Whether the keyboard belongs to somebody else just now. */
export const typing = (event) =>
  event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") ||
  /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;

/** A text whose English is only known at run time. */
export const Words = ({ text: english = "", lang }) => <>{t(english, lang)}</>;
/** One value of a kind. */
export const Value = ({ kind = "text", value, lang, tz }) => <>{text(kind, value, lang, tz)}</>;

const asked_of = (query) => JSON.stringify([...new URLSearchParams(query)].sort());
/** What the server sent for this very address; until it has come, nothing of the page before is shown as if it were this one. */
export function Fresh({ place = "", children }) {
  const { pathname, search } = useLocation(), cut = place.indexOf("?");
  const path = cut < 0 ? place : place.slice(0, cut), query = cut < 0 ? "" : place.slice(cut);
  const here = path === pathname.replace(/(.)\/$/, "$1") && asked_of(query) === asked_of(search);
  return here ? children : <div className="card skeletonbox" aria-busy="true" />;
}
