// Watching over the books: queues with progress that moves by itself, bars and columns that lead to the rows behind them.
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { State, choice, moment, number, t } from "./base.jsx";

const URGENT = 1; // what waits with this priority is done before anything else

function span(seconds, lang) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 172800) return `${Math.floor(s / 3600)} ${t("h", lang)} ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} ${t("days", lang)}`;
}

/** The time now, every second, as long as something is watched. */
function useNow(on) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!on) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [on]);
  return now;
}

export function Age({ since = "", lang = "en" }) {
  const now = useNow(Boolean(since));
  return since ? <>{span((now - new Date(since).getTime()) / 1000, lang)}</> : null;
}

function Bar({ row, lang }) {
  const says = row.state === "done" ? t("done", lang) : row.state === "running" ? `${t(row.phase, lang)} · ${row.step}/${row.steps}` : row.state === "failed" ? t("failed", lang) : t("waiting", lang);
  return (
    <div className={`meter ${row.state}`} role="progressbar" aria-valuemin={0} aria-valuemax={100} aria-valuenow={row.percent} aria-label={`${row.item}: ${says}`} title={row.state === "running" ? t("Steps: reading, replaying, writing", lang) : undefined}><i style={{ width: `${row.state === "failed" ? 100 : row.percent}%` }} /><span>{says}</span></div>
  );
}

export function QueueTable({ rows = [], queue = "", past, retry, lang = "en", tz, onRetry, onHurry }) {
  const navigate = useNavigate();
  const now = useNow(!past && rows.length > 0);
  const go = (event, href) => { if (!event.ctrlKey && !event.metaKey) { event.preventDefault(); navigate(href); } };
  if (!rows.length) return <p className="card muted">{past ? t("Nothing was done yet.", lang) : t("Nothing waits. All costs are settled.", lang)}</p>;
  return (
    <div className="twrap queue"><table className="dtable"><thead><tr><th>{t("Item", lang)}</th><th>{t("Progress", lang)}</th><th>{t("State", lang)}</th><th>{t("Because of", lang)}</th><th>{t("From", lang)}</th><th className="num">{t("Priority", lang)}</th><th className="num">{t("Movements", lang)}</th><th className="num">{past ? t("Took", lang) : t("Waiting for", lang)}</th><th /></tr></thead>
      <tbody>{rows.map((row) => (
        <tr key={row.id} data-item={row.item}>
          <td data-label={t("Item", lang)}><a className="key" href={`/items/${row.item_id}`} onClick={(event) => go(event, `/items/${row.item_id}`)}>{row.item}</a> <span className="muted">{row.name !== row.item ? row.name : ""}</span></td>
          <td data-label={t("Progress", lang)}><Bar row={row} lang={lang} /></td>
          <td className="state"><State value={row.state} lang={lang} />{row.attempts > 1 ? <span className="muted sm"> ×{row.attempts}</span> : null}</td>
          <td data-label={t("Because of", lang)}>{row.cause_href ? <a href={row.cause_href} onClick={(event) => go(event, row.cause_href)}>{row.cause}</a> : row.cause}</td>
          <td data-label={t("From", lang)}>{row.from_at ? moment(row.from_at, lang, tz, false) : t("beginning", lang)}</td>
          <td className="num" data-label={t("Priority", lang)}>{row.priority === URGENT ? t("first", lang) : row.priority}</td><td className="num" data-label={t("Movements", lang)}>{row.moves === null || row.moves === undefined ? "" : number(String(row.moves), lang)}</td>
          <td className="num" data-label={past ? t("Took", lang) : t("Waiting for", lang)}>{past ? `${row.lag.toFixed(1)} s` : span((now - new Date(row.created_at).getTime()) / 1000, lang)}</td>
          <td className="act">{row.state === "failed" ? <><span className="wrong" title={row.error}>{row.error.slice(0, 60)}</span> {retry ? <button type="button" className="btn sm" onClick={() => onRetry?.(queue, row.id)}>{t("Try again", lang)}</button> : null}</> : null}
            {retry && row.state === "waiting" && row.priority > URGENT ? <button type="button" className="btn sm" onClick={() => onHurry?.(queue, row.item_id)} aria-label={`${t("Do this item first", lang)}: ${row.item}`}>{t("Do this item first", lang)}</button> : null}</td>
        </tr>
      ))}</tbody></table></div>
  );
}

/** Each bar is a link: the rows that make its figure. */
export function Bars({ rows = [], empty = "Nothing here yet", lang = "en" }) {
  const navigate = useNavigate();
  const most = Math.max(1, ...rows.map((one) => one.value));
  if (!rows.length) return <p className="muted">{t(empty, lang)}</p>;
  return (
    <ul className="bars">{rows.map((one) => (
      <li key={one.key}><a href={one.href} onClick={(event) => { if (!event.ctrlKey && !event.metaKey) { event.preventDefault(); navigate(one.href); } }} aria-label={`${choice(one.label, lang)}: ${one.value}`}>
        <span>{choice(one.label, lang)}</span><div><i className={one.tone || ""} style={{ width: `${(one.value / most) * 100}%` }}>{one.part ? <em style={{ width: `${(one.part / one.value) * 100}%` }} /> : null}</i></div><b>{one.value}{one.part ? <small className="wrong" title={t("overdue", lang)}> {one.part}!</small> : null}</b></a></li>
    ))}</ul>
  );
}

export function Trend({ rows = [], lang = "en" }) {
  const most = Math.max(1, ...rows.flatMap((one) => [one.found, one.settled]));
  const wide = 92, high = 150, box = rows.length * wide;
  return (
    <figure className="trend"><svg viewBox={`0 0 ${box} ${high + 26}`} role="img" aria-label={t("Findings by week", lang)} preserveAspectRatio="xMidYMid meet">
      {[0.5, 1].map((part) => <line key={part} x1="0" x2={box} y1={high - high * part * 0.9} y2={high - high * part * 0.9} className="rule" />)}
      {rows.map((one, index) => {
        const tall = (value) => (value / most) * high * 0.9;
        return <g key={one.week} transform={`translate(${index * wide} 0)`}><title>{`${moment(one.week, lang, undefined, false)}: ${one.found} / ${one.settled}`}</title>
          <rect x="20" width="24" y={high - tall(one.found)} height={tall(one.found)} rx="2.5" className="found" /><rect x="48" width="24" y={high - tall(one.settled)} height={tall(one.settled)} rx="2.5" className="settled" />
          {one.found ? <text x="32" y={high - tall(one.found) - 4} textAnchor="middle">{one.found}</text> : null}<text x="46" y={high + 16} textAnchor="middle" className="axis">{moment(one.week, lang, undefined, false).slice(0, 6)}</text></g>;
      })}
      <line x1="0" x2={box} y1={high} y2={high} className="rule" /></svg>
      <figcaption className="legend"><i className="found" />{t("found", lang)}<i className="settled" />{t("settled", lang)}</figcaption></figure>
  );
}
