// The permission matrix of a role, its pages, why somebody may do something, and who is logged in.
import { useMemo, useState } from "react";
import { ago, t, words_of } from "./base.jsx";

const SCOPES = ["none", "own", "department", "warehouse", "all"];
const NAMES = { none: "–", own: "Own", department: "Department", warehouse: "Warehouse", all: "All" };
const named = (scope, lang) => scope.split("+").map((one) => t(NAMES[one], lang)).join(" + "); // a declaration may combine scopes
const LIT = { background: "var(--amber-3)" };

function bySection(rows, lang, typed, section) {
  const want = typed.trim().toLowerCase(), groups = new Map();
  for (const row of rows) {
    const words = `${row.label} ${t(row.label, lang)} ${row.resource || row.path}`.toLowerCase();
    if ((section && row.section !== section) || (want && !words.includes(want))) continue;
    if (!groups.has(row.section)) groups.set(row.section, []);
    groups.get(row.section).push(row);
  }
  return [...groups];
}

function Tools({ rows, lang, typed, setTyped, section, setSection, children }) {
  const sections = [...new Set(rows.map((row) => row.section))];
  return (
    <div className="tbar">
      <input type="search" className="in search" value={typed} placeholder={t("Search", lang)} aria-label={t("Search", lang)} onChange={(event) => setTyped(event.target.value)} />
      <select className="in" style={{ width: "auto" }} value={section} aria-label={t("Section", lang)} onChange={(event) => setSection(event.target.value)}>
        <option value="">{t("All sections", lang)}</option>
        {sections.map((one) => <option key={one} value={one}>{t(one || "Other", lang)}</option>)}
      </select>
      {children}
    </div>
  );
}

function Cell({ row, cell, locked, lang, onChoose }) {
  if (!cell.offered) return <td aria-label={t("not applicable", lang)} data-label="" />;
  const name = `${t(row.label, lang)}: ${t(words_of(cell.action), lang)}`;
  const was = `${t("By default", lang)}: ${named(cell.default, lang)}`;
  return (
    <td style={cell.changed ? LIT : undefined} data-label={t(words_of(cell.action), lang)}>
      <select className="in" style={{ minWidth: 82, maxWidth: 130, height: 26, padding: "0 4px", color: cell.scope === "none" ? "var(--soft)" : "var(--ink)", fontWeight: cell.changed ? 650 : 400 }}
        value={cell.scope} disabled={locked} aria-label={name} title={cell.changed ? was : name} onChange={(event) => onChoose?.(row.resource, cell.action, event.target.value)}>
        {[...new Set([...SCOPES, cell.default])].map((scope) => <option key={scope} value={scope}>{named(scope, lang)}</option>)}
      </select>
    </td>
  );
}

export function Rights({ rows = [], locked = false, lang = "en", onChoose }) {
  const [typed, setTyped] = useState(""), [section, setSection] = useState(""), [only, setOnly] = useState(false);
  const shown = useMemo(() => bySection(only ? rows.filter((row) => row.cells.some((cell) => cell.changed)) : rows, lang, typed, section), [rows, lang, typed, section, only]);
  const actions = rows[0]?.cells.map((cell) => cell.action) || [];
  return (
    <>
      <Tools {...{ rows, lang, typed, setTyped, section, setSection }}>
        <label className="muted" style={{ display: "flex", gap: 6, alignItems: "center" }}><input type="checkbox" checked={only} onChange={(event) => setOnly(event.target.checked)} />{t("Only what was changed", lang)}</label>
      </Tools>
      <div className="twrap">
        <table className="dtable" id="rights">
          <thead><tr><th scope="col">{t("What", lang)}</th>{actions.map((action) => <th scope="col" key={action}>{t(words_of(action), lang)}</th>)}</tr></thead>
          {shown.map(([name, group]) => (
            <tbody key={name}>
              <tr><td colSpan={actions.length + 1} style={{ color: "var(--soft)", fontSize: 11, textTransform: "uppercase", letterSpacing: ".05em" }}>{t(name || "Other", lang)}</td></tr>
              {group.map((row) => (
                <tr key={row.resource} data-resource={row.resource} style={{ cursor: "default" }}>
                  <th scope="row" style={{ position: "static", background: "none", color: "var(--ink)", fontWeight: 600, fontSize: 13, border: 0, borderBottom: "1px solid var(--gray-4)", gridColumn: "1 / -1" }}>{t(row.label, lang)}</th>
                  {row.cells.map((cell) => <Cell key={cell.action} {...{ row, cell, locked, lang, onChoose }} />)}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
      {!shown.length && <p className="muted">{t("Nothing matches.", lang)}</p>}
    </>
  );
}

export function PageRights({ rows = [], locked = false, lang = "en", onChoose }) {
  const [typed, setTyped] = useState(""), [section, setSection] = useState("");
  return (
    <>
      <Tools {...{ rows, lang, typed, setTyped, section, setSection }} />
      <div className="twrap">
        <table className="dtable" id="pages">
          <thead><tr><th scope="col">{t("Page", lang)}</th><th scope="col">{t("Address", lang)}</th><th scope="col">{t("Access", lang)}</th></tr></thead>
          <tbody>
            {bySection(rows, lang, typed, section).flatMap(([, group]) => group).map((row) => (
              <tr key={row.path} data-path={row.path} style={{ cursor: "default" }}>
                <td className="key">{t(row.label, lang)}</td><td className="muted" data-label={t("Address", lang)}>{row.path}</td>
                <td style={row.changed ? LIT : undefined} data-label={t("Access", lang)}>
                  <select className="in" style={{ height: 26, padding: "0 4px", width: "auto" }} disabled={locked} aria-label={`${t("Access", lang)}: ${t(row.label, lang)}`}
                    value={row.changed ? (row.open ? "open" : "closed") : ""} onChange={(event) => onChoose?.(row.path, event.target.value)}>
                    <option value="">{t("As the rights say", lang)} ({t(row.default ? "open" : "closed", lang)})</option>
                    <option value="open">{t("Always open", lang)}</option><option value="closed">{t("Always closed", lang)}</option>
                  </select>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

export function Why({ people = [], resources = [], answer = {}, lang = "en", onAsk }) {
  const [who, setWho] = useState(""), [what, setWhat] = useState(""), [action, setAction] = useState("");
  const actions = resources.find((one) => one.resource === what)?.actions || [];
  const choose = (label, value, put, options) => (
    <div className="fld"><label>{t(label, lang)}
      <select className="in" required value={value} onChange={(event) => put(event.target.value)}>
        <option value="">{t("Choose", lang)}</option>{options.map(([key, name]) => <option key={key} value={key}>{name}</option>)}
      </select></label></div>
  );
  return (
    <form className="card" style={{ display: "grid", gap: 12 }} onSubmit={(event) => { event.preventDefault(); if (who && what && action) onAsk?.(who, what, action); }}>
      <h2>{t("Why can, or can't, somebody do something?", lang)}</h2>
      <div className="fgrid">
        {choose("User", who, setWho, people.map((one) => [one.username, `${one.username} · ${one.name}`]))}
        {choose("What", what, (next) => { setWhat(next); setAction(""); }, resources.map((one) => [one.resource, t(one.label, lang)]))}
        {choose("Action", action, setAction, actions.map((one) => [one, t(words_of(one), lang)]))}
      </div>
      <div><button className="btn pri" id="ask">{t("Explain", lang)}</button></div>
      {answer.summary && (
        <div role="status" id="why">
          <p><b className={answer.allowed ? "good" : "wrong"}>{answer.allowed ? "✓ " : "✕ "}</b><b>{answer.summary}</b></p>
          <ul style={{ margin: "8px 0 0", paddingLeft: 20 }}>{(answer.steps || []).map((step) => <li key={step.role}>{step.text}</li>)}</ul>
        </div>
      )}
    </form>
  );
}

export function Logins({ rows = [], lang = "en", onEnd }) {
  if (!rows.length) return <div className="blank"><b>{t("Nobody is logged in.", lang)}</b></div>;
  return (
    <div className="twrap">
      <table className="dtable" id="logins">
        <thead><tr>{["User", "Address", "Browser", "Since", "Last seen", ""].map((name) => <th scope="col" key={name}>{t(name, lang)}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} style={{ cursor: "default" }}>
              <td className="key">{row.username}</td><td data-label={t("Address", lang)}>{row.address}</td><td title={row.agent} data-label={t("Browser", lang)}>{row.agent}</td>
              <td data-label={t("Since", lang)}>{ago(row.created_at, lang)}</td><td data-label={t("Last seen", lang)}>{ago(row.seen_at, lang)}</td>
              <td>{row.current ? <span className="muted">{t("this session", lang)}</span> : <button className="btn sm danger" onClick={() => onEnd?.(row.user_id, row.id)}>{t("End", lang)}</button>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
