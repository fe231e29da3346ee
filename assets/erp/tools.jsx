// The tools above a list: filters by kind of field, choice of columns, saved views, what to do with selected rows.
import { useEffect, useRef, useState } from "react";
import { Popup, choice, isNumber, label, number, t, text, useDebounced } from "./base.jsx";
import { Control } from "./fields.jsx";

export function SearchBox({ value = "", lang = "en", onSearch }) {
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  const later = useDebounced((q) => { sent.current = q; onSearch?.(q); }, 250);
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setTyped(value);
    }
  }, [value]);
  return (
    <input id="list-search" type="search" className="in search" value={typed} placeholder={`${t("Search", lang)}  /`} aria-label={t("Search", lang)} autoComplete="off"
      onChange={(event) => { setTyped(event.target.value); later(event.target.value); }}
      onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); if (event.key === "Enter") { event.preventDefault(); event.currentTarget.blur(); } }} />
  );
}

const isEmpty = (value) => value?.empty === true;
const CAN_BE_EMPTY = ["ref", "user", "refs", "date", "moment"];
const described = (field, value, lang, tz) => (isEmpty(value) ? t("Nothing entered", lang) : Array.isArray(value) && field.kind !== "refs" ? value.map((one) => (["choice", "state"].includes(field.kind) ? choice(one, lang) : text(field.kind, one, lang, tz))).join(", ")
  : value && typeof value === "object" && ("from" in value || "to" in value) ? `${text(field.kind, value.from, lang, tz) || "…"} – ${text(field.kind, value.to, lang, tz) || "…"}` : text(field.kind, value, lang, tz));

function Condition({ field, value, lang, tz, onChange }) {
  if (!field.single && (field.kind === "choice" || field.kind === "state")) {
    const chosen = [].concat(value || []);
    return (
      <fieldset className="checks"><legend className="sr">{label(field, lang)}</legend>
        {(field.choices || []).map((one) => (
          <label key={one}><input type="checkbox" checked={chosen.includes(one)} onChange={(event) => onChange(event.target.checked ? [...chosen, one] : chosen.filter((c) => c !== one))} />{choice(one, lang)}</label>
        ))}
      </fieldset>
    );
  }
  if (!field.single && (field.kind === "moment" || field.kind === "date" || isNumber(field.kind))) {
    const range = value || {}, kind = field.kind === "moment" ? "date" : field.kind;
    const put = (side, next) => {
      const made = { ...range, [side]: next || undefined };
      onChange(made.from || made.to ? made : null);
    };
    return (
      <div className="range">{["from", "to"].map((side) => <label key={side}>{t(side === "from" ? "From" : "To", lang)}<Control field={{ ...field, kind, required: false }} value={range[side]} lang={lang} tz={tz} id={`filter-${field.name}-${side}`} onChange={(next) => put(side, next)} /></label>)}</div>
    );
  }
  if (field.kind === "flag") {
    return <select className="in" aria-label={label(field, lang)} value={value === undefined || value === null ? "" : String(value)} onChange={(event) => onChange(event.target.value === "" ? null : event.target.value === "true")}>
      <option value="">–</option><option value="true">{t("Yes", lang)}</option><option value="false">{t("No", lang)}</option></select>;
  }
  return <Control field={{ ...field, required: false }} value={value} lang={lang} tz={tz} id={`filter-${field.name}`} onChange={onChange} />;
}

export function FilterBar({ fields = [], value: given = {}, lang = "en", tz, onApply }) {
  const [value, setValue] = useState(given); // what was chosen shows at once, before the server has answered
  const latest = useRef(value);
  useEffect(() => {
    latest.current = given;
    setValue(given);
  }, [given]);
  const put = (name, next) => {
    const made = { ...latest.current };
    if (next === null || next === undefined || next === "" || (Array.isArray(next) && !next.length)) delete made[name];
    else made[name] = next;
    latest.current = made;
    setValue(made);
    onApply?.(made);
  };
  return (
    <div className="filters">
      {fields.map((field) => {
        const on = value[field.name] !== undefined;
        return (
          <Popup key={field.name} align="start" className={`btn chipbtn ${on ? "set" : ""}`} title={<>{label(field, lang)}{field.single && field.required && !on ? <abbr title={t("required", lang)}>*</abbr> : null}{on ? <b>: {described(field, value[field.name], lang, tz)}</b> : null}</>}>
            {(close) => (
              <div className="cond">
                {isEmpty(value[field.name]) ? null : <Condition field={field} value={value[field.name]} lang={lang} tz={tz} onChange={(next) => put(field.name, next)} />}
                {!field.single && !field.required && CAN_BE_EMPTY.includes(field.kind) ? <div className="checks"><label><input type="checkbox" checked={isEmpty(value[field.name])} onChange={(event) => put(field.name, event.target.checked ? { empty: true } : null)} />{t("Nothing entered", lang)}</label></div> : null}
                <footer><button type="button" className="btn sm" onClick={() => { put(field.name, null); close(); }}>{t("Clear", lang)}</button><button type="button" className="btn sm pri" onClick={close}>{t("Done", lang)}</button></footer>
              </div>
            )}
          </Popup>
        );
      })}
      {Object.keys(value).length ? <button type="button" className="btn ghost" onClick={() => onApply?.({})}>{t("Clear filters", lang)}</button> : null}
    </div>
  );
}

export function ColumnChooser({ columns = [], chosen: given = [], lang = "en", canAdd, addHref, onChoose: tell }) {
  const [chosen, setChosen] = useState(given);
  useEffect(() => setChosen(given), [given]);
  const onChoose = (next) => {
    setChosen(next);
    tell?.(next);
  };
  const move = (name, step) => {
    const made = [...chosen], at = made.indexOf(name), to = at + step;
    if (to < 0 || to >= made.length) return;
    [made[at], made[to]] = [made[to], made[at]];
    onChoose?.(made);
  };
  const rest = columns.filter((one) => !chosen.includes(one.name));
  const ordered = [...chosen.map((name) => columns.find((one) => one.name === name)).filter(Boolean), ...rest];
  return (
    <Popup className="btn" title={t("Columns", lang)}>
      <div className="colbox">
        {ordered.map((column) => {
          const on = chosen.includes(column.name);
          return (
            <div key={column.name}><label><input type="checkbox" checked={on} onChange={() => onChoose?.(on ? chosen.filter((one) => one !== column.name) : [...chosen, column.name])} disabled={on && chosen.length === 1} />{label(column, lang)}</label>
              {on ? <span><button type="button" className="mini" aria-label={`${label(column, lang)} ${t("to the left", lang)}`} onClick={() => move(column.name, -1)}>↑</button><button type="button" className="mini" aria-label={`${label(column, lang)} ${t("to the right", lang)}`} onClick={() => move(column.name, 1)}>↓</button></span> : null}</div>
          );
        })}
        {canAdd ? <footer><a className="btn sm" href={addHref}>+ {t("Add field", lang)}</a></footer> : null}
      </div>
    </Popup>
  );
}

export function SavedViews({ views = [], current = 0, lang = "en", canShare, onUse, onSave, onRemove }) {
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const mine = views.find((one) => one.id === current);
  const following = () => views.length && onUse?.(views[(views.findIndex((one) => one.id === current) + 1) % views.length].id);
  return (
    <>
      <button type="button" hidden data-key="views" onClick={following} tabIndex={-1} aria-hidden="true" />
      <Popup align="start" className="btn" title={<>{t("Views", lang)}{mine ? <b>: {mine.name}</b> : null}</>}>
        {(close) => (
          <div className="viewbox">
            <button type="button" className="item" aria-current={!current} onClick={() => { onUse?.(0); close(); }}>{t("Standard", lang)}</button>
            {views.map((one) => (
              <div key={one.id} className="row"><button type="button" className="item" aria-current={one.id === current} onClick={() => { onUse?.(one.id); close(); }}>{one.name}{one.shared ? <i>{t("shared", lang)}</i> : null}</button>
                {one.mine ? <button type="button" className="mini" aria-label={`${t("Remove view", lang)} ${one.name}`} onClick={() => onRemove?.(one.id)}>×</button> : null}</div>
            ))}
            <form onSubmit={(event) => { event.preventDefault(); if (name.trim()) { onSave?.(name.trim(), shared); setName(""); close(); } }}>
              <input className="in" placeholder={t("Save this view as …", lang)} aria-label={t("Name of the view", lang)} value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
              {canShare ? <label><input type="checkbox" checked={shared} onChange={(event) => setShared(event.target.checked)} />{t("Share with everybody", lang)}</label> : null}
              <button className="btn sm pri" type="submit">{t("Save view", lang)}</button>
            </form>
          </div>
        )}
      </Popup>
    </>
  );
}

/** Pages through a list; says where we are. */
export function Pager({ page = 1, size = 50, total = 0, lang = "en", onGo }) {
  const pages = Math.max(1, Math.ceil(total / size));
  return (
    <nav className="pager" aria-label={t("Pages", lang)}>
      <span className="muted tn">{total ? `${number((page - 1) * size + 1, lang)}–${number(Math.min(page * size, total), lang)} / ${number(total, lang)}` : "0"}</span>
      <button type="button" className="btn ico" disabled={page <= 1} onClick={() => onGo?.(page - 1)} aria-label={t("Previous page", lang)}>‹</button>
      <button type="button" className="btn ico" disabled={page >= pages} onClick={() => onGo?.(page + 1)} aria-label={t("Next page", lang)}>›</button>
    </nav>
  );
}

/** What can be done with the selected rows. */
export function BulkBar({ selected = [], all, total = 0, pageSize = 0, actions = [], lang = "en", busy, onAll, onAct, onClear }) {
  if (!selected.length) return null;
  const count = all ? total : selected.length;
  return (
    <div className="bulk" role="region" aria-label={t("Selected rows", lang)}>
      <b>{count} {t("selected", lang)}</b>
      {!all && total > selected.length && selected.length >= pageSize ? <button type="button" className="btn sm" onClick={() => onAll?.()}>{t("Select all matching", lang)} ({total})</button> : null}
      {actions.map((one) => <button key={one.name} type="button" className={`btn sm ${one.danger ? "danger" : ""}`} disabled={Boolean(busy)} onClick={() => onAct?.(one.name)}>{t(one.label, lang)}</button>)}
      <button type="button" className="btn sm ghost" onClick={() => onClear?.()}>{t("Clear selection", lang)}</button>
    </div>
  );
}

/** Download of exactly what the list shows. */
export function ExportMenu({ href = "", pdf, lang = "en" }) {
  if (!href) return null;
  const join = href.includes("?") ? "&" : "?";
  return (
    <Popup className="btn" title={t("Export", lang)}>
      <div className="viewbox"><a className="item" href={`${href}${join}format=xlsx`} download>Excel (xlsx)</a><a className="item" href={`${href}${join}format=csv`} download>CSV</a>{pdf ? <a className="item" href={`${href}${join}format=pdf`} target="_blank" rel="noreferrer">PDF</a> : null}</div>
    </Popup>
  );
}
