// Around one record: where it came from and what it led to, what happened to it, its files, its journals.
import { useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { State, ago, choice, isNumber, label, moment, number, t, text } from "./base.jsx";

export function Facts({ fields = [], record = {}, lang = "en", tz }) {
  return (
    <dl className="facts">
      {fields.map((field) => {
        const value = record[field.name], shown = text(field.kind, value, lang, tz);
        if (!shown && !field.required) return null;
        const many = [].concat(value ?? []);
        return (
          <div key={field.name} className={field.kind === "long_text" ? "wide" : ""}><dt>{label(field, lang)}</dt>
            <dd className={isNumber(field.kind) ? "tn" : ""}>{(field.kind === "ref" || field.kind === "refs") && many[0]?.id ? many.map((one, index) => <span key={one.id}>{index ? ", " : ""}<a href={`/${one.type || field.ref}/${one.id}`}>{one.label && one.label !== one.number ? `${one.number} · ${one.label}` : one.number}</a></span>)
              : field.kind === "state" && value ? <State value={value} lang={lang} /> : field.name === "due_at" && record.state === "open" && new Date(value) < new Date() ? <>{shown} <span className="late">{t("overdue", lang)}</span></> : shown || "–"}</dd></div>
        );
      })}
    </dl>
  );
}

export function LineTable({ title, fields = [], rows = [], lang = "en", tz, trace = "" }) {
  const shown = fields.filter((field) => !/^(source|(order|source)_line)$/.test(field.name) && rows.some((row) => row[field.name] !== null && row[field.name] !== undefined && row[field.name] !== ""));
  if (!rows.length) return null;
  return (
    <section className="lines"><header><h2>{t(title, lang)}</h2><span className="count">{rows.length}</span></header>
      <div className="gwrap"><table className="dtable"><thead><tr><th className="no">#</th>{shown.map((field) => <th key={field.name} className={isNumber(field.kind) ? "num" : ""}>{label(field, lang)}</th>)}{trace ? <th><span className="sr">{t("Cost trace", lang)}</span></th> : null}</tr></thead>
        <tbody>{rows.map((row, index) => <tr key={row.line_no ?? index}><td className="no">{row.line_no ?? index + 1}</td>{shown.map((field) => (
          <td key={field.name} className={isNumber(field.kind) ? "num" : ""} data-label={label(field, lang)}>{field.kind === "ref" && row[field.name]?.id ? <a href={`/${row[field.name].type || field.ref}/${row[field.name].id}`}>{row[field.name].number}{row[field.name].label !== row[field.name].number ? <em> {row[field.name].label}</em> : null}</a> : text(field.kind, row[field.name], lang, tz)}</td>
        ))}{trace ? <td className="ref"><a href={`${trace}&line=${row.line_no ?? index + 1}`} aria-label={`${t("Cost trace", lang)} ${row.line_no ?? index + 1}`}>{t("Trace", lang)}</a></td> : null}</tr>)}</tbody></table></div>
    </section>
  );
}

/** States as chevrons: passed, now, to come; a state off the main road stands alone at the end. */
export function FlowSteps({ states = [], state = "", lang = "en" }) {
  const at = states.indexOf(state);
  return (
    <ol className="steps" aria-label={t("State", lang)}>
      {states.map((one, index) => <li key={one} className={index === at ? "on" : at > index ? "past" : ""} aria-current={index === at ? "step" : undefined}>{choice(one, lang)}</li>)}
      {at < 0 && state ? <li className="on off" aria-current="step">{choice(state, lang)}</li> : null}
    </ol>
  );
}

const WIDE = 168, HIGH = 54, GAP = 28, ROW = 14;
function placed(nodes, edges) {
  const rank = new Map(nodes.map((node) => [node.id, 0]));
  for (let round = 0; round < nodes.length; round += 1) {
    let moved = false;
    edges.forEach(({ from, to }) => {
      if (rank.has(from) && rank.has(to) && rank.get(to) <= rank.get(from) && rank.get(from) + 1 < nodes.length) {
        rank.set(to, rank.get(from) + 1);
        moved = true;
      }
    });
    if (!moved) break;
  }
  const rows = new Map();
  return nodes.map((node) => {
    const column = rank.get(node.id), row = rows.get(column) || 0;
    rows.set(column, row + 1);
    return { ...node, x: column * (WIDE + GAP), y: row * (HIGH + ROW) };
  });
}

export function DocumentGraph({ nodes = [], edges = [], here = 0, lang = "en" }) {
  const navigate = useNavigate();
  const boxes = useMemo(() => placed(nodes, edges), [nodes, edges]);
  if (nodes.length < 2) return <p className="muted">{t("No linked documents yet.", lang)}</p>;
  const of = new Map(boxes.map((box) => [box.id, box]));
  const width = Math.max(...boxes.map((box) => box.x)) + WIDE, height = Math.max(...boxes.map((box) => box.y)) + HIGH;
  const open = (event, box) => {
    if (event.type === "keydown" && event.key !== "Enter") return;
    event.preventDefault();
    navigate(`/${box.type}/${box.id}`);
  };
  return (
    <div className="graph" tabIndex={0} role="region" aria-label={t("Linked documents", lang)}>
      <svg style={{ width: "100%", maxWidth: width + 4, minWidth: Math.min(width, Math.max(300, width * 0.72)) }} viewBox={`-2 -2 ${width + 4} ${height + 4}`}>
        <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="var(--gray-8)" /></marker></defs>
        {edges.map(({ from, to }) => {
          const a = of.get(from), b = of.get(to);
          if (!a || !b) return null;
          const x1 = a.x + WIDE, y1 = a.y + HIGH / 2, x2 = b.x, y2 = b.y + HIGH / 2;
          return <path key={`${from}-${to}`} d={`M${x1} ${y1} C${x1 + GAP / 2} ${y1} ${x2 - GAP / 2} ${y2} ${x2 - 2} ${y2}`} fill="none" stroke="var(--gray-8)" strokeWidth="1.3" markerEnd="url(#arrow)" />;
        })}
        {boxes.map((box) => (
          <a key={box.id} href={`/${box.type}/${box.id}`} onClick={(event) => open(event, box)} onKeyDown={(event) => open(event, box)} aria-label={`${t(box.type_label, lang)} ${box.number}`}>
            <g transform={`translate(${box.x} ${box.y})`} className={`node ${box.id === here ? "here" : ""}`} data-state={box.state}>
              <rect width={WIDE} height={HIGH} rx="7" /><rect width="4" height={HIGH - 14} x="6" y="7" rx="2" className="mark" />
              <text x="18" y="18" className="kind">{t(box.type_label, lang)}</text><text x="18" y="33" className="name">{box.number}</text>
              <text x="18" y="47" className="kind">{[choice(box.state, lang), box.label].filter(Boolean).join(" · ").replace(/^(.{24}).{2,}$/, "$1…")}</text>
            </g>
          </a>
        ))}
      </svg>
    </div>
  );
}

const row = (one) => Object.entries(one).filter(([name, value]) => name !== "line_no" && value !== null && typeof value !== "object").map(([, value]) => value).join(" · ");
const WORDS = ["choice", "state", "flag", "moment", "date"]; // what is written out, or in the reader's language
const shownChange = (kind, value, lang, tz) => (WORDS.includes(kind) ? text(kind, value, lang, tz) || "–" : shownValue(value, lang));
const shownValue = (value, lang) => (Array.isArray(value) ? (value.length ? value.map((one) => (one && typeof one === "object" ? row(one) : one)).slice(0, 6).join("; ") + (value.length > 6 ? " …" : "") : "–") : value === null || value === undefined || value === "" ? "–" : typeof value === "object" ? value.number || value.label || JSON.stringify(value) : /^-?\d{4,}(\.\d+)?$/.test(String(value)) ? number(value, lang) : String(value));

function Entry({ one, lang, tz }) {
  const when = <time dateTime={one.at} title={moment(one.at, lang, tz)}>{ago(one.at, lang)}</time>;
  return (
    <li className={`act ${one.kind}`}><span className="ava" aria-hidden="true">{(one.who || "?").slice(0, 1).toUpperCase()}</span>
      <div><p><b>{one.who}</b> {one.kind === "comment" ? t("commented", lang) : one.kind === "attachment" ? t("attached", lang) : t(one.text, lang)} {one.state && one.kind === "change" ? <State value={one.state} lang={lang} /> : null} <span className="muted sm">{when}</span></p>
        {one.kind === "comment" ? <p className="said">{one.body}</p> : null}
        {one.kind === "attachment" ? <a className="file" href={one.href} download>{one.body}</a> : null}
        {one.changes?.length ? <ul className="diff">{one.changes.map((c) => <li key={c.field}><span>{t(c.label || c.field, lang)}</span> {c.was === undefined ? null : <><s>{shownChange(c.kind, c.was, lang, tz)}</s> → </>}<b>{shownChange(c.kind, c.now, lang, tz)}</b></li>)}</ul> : null}
        {one.reason ? <p className="said">{one.reason}</p> : null}</div></li>
  );
}

const KINDS = [["", "All"], ["comment", "Comments"], ["change", "Changes"], ["attachment", "Files"], ["event", "Events"]];

export function Timeline({ entries = [], lang = "en", tz, canComment, upload = "", onComment, onUploaded }) {
  const [kind, setKind] = useState("");
  const [body, setBody] = useState("");
  const [says, setSays] = useState("");
  const file = useRef(null);
  const say = () => {
    if (!body.trim()) return;
    onComment?.(body.trim());
    setBody("");
  };
  const send = async (chosen) => {
    if (!chosen) return;
    if (chosen.size > 10 * 1024 * 1024) return setSays(t("A file may have at most 10 MB.", lang));
    setSays(t("Uploading …", lang));
    const form = new FormData();
    form.append("file", chosen);
    const answer = await fetch(upload, { method: "POST", body: form });
    setSays(answer.ok ? "" : (await answer.json().catch(() => ({}))).detail || t("The file was refused.", lang));
    if (file.current) file.current.value = "";
    if (answer.ok) onUploaded?.();
  };
  const shown = entries.filter((one) => !kind || one.kind === kind);
  return (
    <section className="timeline" aria-label={t("Timeline", lang)} onDragOver={(event) => upload && event.preventDefault()} onDrop={(event) => { if (upload && event.dataTransfer.files[0]) { event.preventDefault(); send(event.dataTransfer.files[0]); } }}>
      {canComment ? (
        <div className="say"><textarea className="in" rows={2} maxLength={4000} value={body} placeholder={t("Write a comment …", lang)} aria-label={t("Write a comment …", lang)} onChange={(event) => setBody(event.target.value)}
          onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); say(); } }} />
          <div><button type="button" className="btn sm pri" onClick={say} disabled={!body.trim()}>{t("Comment", lang)}</button>
            {upload ? <label className="btn sm">{t("Attach file", lang)}<input ref={file} type="file" className="sr" onChange={(event) => send(event.target.files[0])} /></label> : null}
            <span className="muted sm" role="status">{says}</span></div></div>
      ) : null}
      <div className="pills" role="group" aria-label={t("Filter", lang)}>{KINDS.map(([value, name]) => <button key={name} type="button" aria-pressed={kind === value} onClick={() => setKind(value)}>{t(name, lang)}</button>)}</div>
      <ul>{shown.map((one) => <Entry key={one.id} one={one} lang={lang} tz={tz} />)}</ul>
      {!shown.length ? <p className="muted sm">{t("Nothing here yet", lang)}</p> : null}
    </section>
  );
}

/** Journals of one document: the original, and the corrections that followed it. */
export function Journals({ journals = [], lang = "en", tz }) {
  if (!journals.length) return <p className="muted">{t("This document made no journal.", lang)}</p>;
  return (
    <div className="journals">
      {journals.map((one) => (
        <article key={`${one.number}${one.id ?? ""}`}><header><b>{one.number}</b><span>{text("date", String(one.date).slice(0, 10), lang)}</span><span className="badge" data-state={one.kind}>{choice(one.kind, lang)}</span>{one.document ? <a href={one.document_href}>{one.document}</a> : null}</header>
          <div className="gwrap"><table className="dtable"><thead><tr><th>{t("Account", lang)}</th><th className="num">{t("Debit", lang)}</th><th className="num">{t("Credit", lang)}</th></tr></thead>
            <tbody>{(one.lines || []).map((line, index) => <tr key={index}><td>{line.account}{line.name ? <em> {t(line.name, lang)}</em> : null}{line.party ? <em> · {line.party}</em> : null}</td><td className="num">{Number(line.debit) ? number(line.debit, lang) : ""}</td><td className="num">{Number(line.credit) ? number(line.credit, lang) : ""}</td></tr>)}</tbody></table></div></article>
      ))}
    </div>
  );
}
