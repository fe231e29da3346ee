// What a step would change, before it is done: before, difference and after of every account, stock value, margin and document.
import { useEffect, useRef, useState } from "react";
import { State, choice, number, t, text } from "./base.jsx";

const money = (value, lang) => (value === "" || value === null || value === undefined ? "" : number(String(value), lang));
const change = (value, lang) => <span className={`delta ${String(value).startsWith("-") ? "less" : "more"}`}>{String(value).startsWith("-") ? "" : "+"}{number(String(value), lang)}</span>;

function Rows({ title, heads, rows, lang, hint }) {
  if (!rows.length) return null;
  return (
    <section><h2>{title}{hint ? <small> {hint}</small> : null}</h2>
      <div className="gwrap"><table className="dtable change"><thead><tr>{heads.map((head, index) => <th key={index}>{head}</th>)}<th className="num">{t("Before", lang)}</th><th className="num">{t("Change", lang)}</th><th className="num">{t("After", lang)}</th></tr></thead>
        <tbody>{rows.map((row, index) => <tr key={index}>{row.cells.map((cell, place) => <td key={place}>{cell}</td>)}<td className="num was">{money(row.before, lang)}</td><td className="num">{change(row.change, lang)}</td><td className="num">{money(row.after, lang)}</td></tr>)}</tbody></table></div>
    </section>
  );
}

function Documents({ documents, more, lang }) {
  if (!documents.length) return <p className="muted">{t("No journal would be made.", lang)}</p>;
  return (
    <section><h2>{t("Documents", lang)} <span className="count">{documents.length + more}</span></h2>
      <div className="gwrap"><table className="dtable change"><thead><tr><th>{t("Account", lang)}</th><th className="num">{t("Before", lang)}</th><th className="num">{t("Change", lang)}</th><th className="num">{t("After", lang)}</th></tr></thead>
        {documents.map((one, index) => (
          <tbody key={index}><tr className="group"><td colSpan={4}>{one.href ? <a href={one.href} target="_blank" rel="noreferrer" className="key">{one.number || t("This document", lang)}</a> : <b>{one.number}</b>} <span className="muted">{t(one.type_label, lang)} · {text("date", one.date, lang)}</span> <State value={one.kind} lang={lang} /></td></tr>
            {one.lines.map((line) => <tr key={line.key}><td>{line.key} <em>{t(line.name, lang)}</em></td><td className="num was">{money(line.before, lang)}</td><td className="num">{change(line.change, lang)}</td><td className="num">{money(line.after, lang)}</td></tr>)}</tbody>
        ))}</table></div>
      {more ? <p className="muted">{t("and more:", lang)} {more}</p> : null}
    </section>
  );
}

function Repair({ repair, lang }) {
  if (!repair.item) return null;
  const sound = !repair.pieces && !repair.layers && !repair.documents && !repair.balances;
  const facts = [["Movements replayed", repair.moves], ["Cost pieces that differ", repair.pieces], ["Layers that differ", repair.layers], ["Balances that differ", repair.balances], ["Documents to correct", repair.documents]];
  return (
    <>
      <div className="tiles">{facts.map(([name, value]) => <div key={name} className={`card tile ${name !== "Movements replayed" && value ? "bad" : ""}`}><span>{t(name, lang)}</span><b>{number(String(value ?? 0), lang)}</b></div>)}</div>
      {sound ? <p className="notice">{t("The shadow copy is the same as the ledger: there is nothing to repair.", lang)}</p> : null}
      <Rows title={t("Movements whose cost differs", lang)} lang={lang} heads={[t("Document", lang), t("From", lang), t("To", lang)]}
        rows={(repair.differences || []).map((one) => ({ ...one, cells: [<a href={one.href} target="_blank" rel="noreferrer" className="key">{one.document}</a>, one.from, one.to] }))} />
    </>
  );
}

const PRIMARY = { post: "Post exactly this", repair: "Approve and repair", reverse: "Reverse exactly this" };

function Told({ effects, message, lang, onClose, onKeep, onLater }) {
  const [reason, setReason] = useState("");
  const missing = effects.reason && !reason.trim();
  const go = t(PRIMARY[effects.action] || "Do exactly this", lang);
  return (
    <>
      <div className="effects">
        <h2 id="effects-title">{effects.repair?.item ? `${t("Repair on a shadow copy", lang)}: ${effects.repair.item}` : t("What this would change", lang)}</h2>
        <p>{t("Tried in a transaction that was rolled back; nothing is stored yet.", lang)}</p>
        {effects.stale ? <div className="conflict" role="alert"><b>{t("Something else was posted meanwhile.", lang)}</b> {t("Nothing was stored. This is the new preview.", lang)}</div> : null}
        {message ? <div className="alert" role="alert">{message}</div> : null}
        <Repair repair={effects.repair || {}} lang={lang} />
        <Rows title={t("HPP and margin of what is sold", lang)} lang={lang} heads={[t("Document", lang), ""]}
          rows={(effects.margins || []).flatMap((one) => [{ ...one.cogs, cells: [<b>{one.key}</b>, t("HPP", lang)] }, { ...one.margin, cells: ["", t("Margin", lang)] }])} />
        <Rows title={t("Accounts", lang)} lang={lang} heads={[t("Account", lang)]} rows={(effects.accounts || []).map((one) => ({ ...one, cells: [<>{one.key} <em>{t(one.name, lang)}</em></>] }))} />
        <Rows title={t("Stock value", lang)} lang={lang} heads={[t("Item", lang), t("Place", lang)]} rows={(effects.stock || []).map((one) => ({ ...one, cells: [<b>{one.key}</b>, choice(one.place, lang)] }))} />
        <Documents documents={effects.documents || []} more={effects.more || 0} lang={lang} />
        {effects.reason ? <label className="fld"><span>{t("Reason", lang)} *</span><textarea className="in" rows={2} maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} aria-label={t("Reason", lang)} /></label> : null}
      </div>
      <footer>
        <button type="button" className="btn" onClick={() => onClose?.()}>{t("Close", lang)}</button>
        {effects.later ? <button type="button" className="btn" onClick={() => onLater?.(reason)} title={t("The worker works out the costs of the other documents; until then they show HPP pending.", lang)}>{t("Post, costs follow", lang)}</button> : null}
        <button type="button" className={`btn ${effects.danger ? "danger" : "pri"}`} disabled={missing} onClick={() => onKeep?.(reason)}>{go}</button>
      </footer>
    </>
  );
}

export function EffectsDialog({ effects = {}, open, message = "", lang = "en", onClose, onKeep, onLater }) {
  const box = useRef(null);
  useEffect(() => {
    if (open && !box.current?.open) box.current?.showModal();
    if (!open && box.current?.open) box.current.close();
  }, [open]);
  return (
    <dialog ref={box} className="ask big" aria-labelledby="effects-title" onCancel={(event) => (event.preventDefault(), onClose?.())}>
      {open ? <Told key={effects.action} {...{ effects, message, lang, onClose, onKeep, onLater }} /> : null}
    </dialog>
  );
}

/** What a rule would have found, as examples with their documents. */
export function TriedRule({ outcome = {}, lang = "en", tz, onClose }) {
  if (outcome.found === undefined) return null;
  return (
    <section className="card stack" role="status"><header className="phead"><h2>{t("Tried on the past", lang)}</h2><span className="count" data-testid="tried">{outcome.found}</span><span className="muted">{t("findings in the last days:", lang)} {outcome.days}. {t("Nothing was stored.", lang)}</span><div className="grow" /><button type="button" className="btn sm" onClick={() => onClose?.()}>{t("Close", lang)}</button></header>
      {outcome.examples?.length ? (
        <div className="gwrap tall"><table className="dtable"><thead><tr><th>{t("Finding", lang)}</th><th>{t("Document", lang)}</th><th>{t("Detail", lang)}</th><th>{t("Happened", lang)}</th><th className="num">{t("Value touched", lang)}</th></tr></thead>
          <tbody>{outcome.examples.map((one) => <tr key={one.key}><td>{one.title}</td><td>{one.href ? <a href={one.href} className="key">{one.number}</a> : one.number || ""}</td><td title={one.detail}>{one.detail}</td><td>{text("moment", one.happened_at, lang, tz)}</td><td className="num">{money(one.amount, lang)}</td></tr>)}</tbody></table></div>
      ) : <p className="muted">{t("The rule finds nothing there.", lang)}</p>}
    </section>
  );
}
