// The form of any document type: fields, lines, a draft kept in this browser, and a notice by field when somebody else saved first.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useBlocker } from "react-router";
import { ago, label, t, text } from "./base.jsx";
import { Field } from "./fields.jsx";
import { LineGrid, newLine } from "./grid.jsx";

const same = (one, two) => JSON.stringify(one ?? null) === JSON.stringify(two ?? null);
const sent = (field, value) => (field.kind === "refs" ? (value || []).map(sentRef) : field.kind === "ref" || field.kind === "user" ? sentRef(value) : value === "" ? null : value);
const sentRef = (value) => (value && typeof value === "object" ? value.id : value);
const withKeys = (rows) => (rows || []).map((row) => newLine(row));

function start(spec, value) {
  const values = {};
  spec.fields.forEach((field) => (values[field.name] = value[field.name] ?? field.default ?? null));
  (spec.lines || []).forEach((table) => (values[table.name] = withKeys(value[table.name])));
  return values;
}

function payload(spec, values, base) {
  const data = {};
  spec.fields.filter((field) => !field.custom && field.edit !== false).forEach((field) => {
    if (!base.id ? values[field.name] !== null && values[field.name] !== undefined : !same(values[field.name], base[field.name])) data[field.name] = sent(field, values[field.name]);
  });
  const custom = spec.fields.filter((field) => field.custom);
  if (custom.length) data.custom = Object.fromEntries(custom.map((field) => [field.column || field.name, sent(field, values[field.name])]));
  (spec.lines || []).forEach((table) => {
    data[table.name] = values[table.name].map((row) => ({
      ...(row.line_no ? { line_no: row.line_no } : {}),
      ...Object.fromEntries(table.fields.filter((field) => row[field.name] !== undefined && row[field.name] !== null && row[field.name] !== "").map((field) => [field.name, sent(field, row[field.name])])),
    })).filter((row) => Object.keys(row).some((name) => name !== "line_no"));
  });
  return data;
}

/** `lines.3.quantity`, `lines[2].item` and the like, by row and column of one table of lines. */
function lineErrors(errors, name) {
  const found = {};
  Object.entries(errors || {}).forEach(([key, message]) => {
    const match = new RegExp(`^${name}[.\\[](\\d+)\\]?\\.(\\w+)$`).exec(key);
    if (match) (found[Number(match[1]) - 1] ||= {})[match[2]] = message;
  });
  return found;
}

function useDraft(key, values, dirty) {
  const live = useRef(true);
  useEffect(() => {
    if (!dirty || !key) return undefined;
    live.current = true;
    const timer = setTimeout(() => live.current && localStorage.setItem(key, JSON.stringify({ at: new Date().toISOString(), values })), 400);
    return () => clearTimeout(timer);
  }, [key, values, dirty]);
  return useCallback(() => {
    live.current = false;
    if (key) localStorage.removeItem(key);
  }, [key]);
}

function Conflict({ conflict, fields, values, lang, tz, take }) {
  if (!conflict?.changes?.length) return null;
  return (
    <div className="conflict" role="alert">
      <b>{conflict.by} {t("saved this document while you were editing", lang)}{conflict.at ? `, ${ago(conflict.at, lang)}` : ""}.</b>
      <p>{t("Nothing of yours is lost. Fields you did not touch show the new value; choose for the others, then save.", lang)}</p>
      <ul>
        {conflict.changes.filter((one) => fields.some((f) => f.name === one.field)).map((one) => {
          const field = fields.find((f) => f.name === one.field), mine = values[one.field], taken = same(mine, one.now);
          return (
            <li key={one.field}><span>{label(field, lang)}</span><s>{text(field.kind, one.was, lang, tz) || "–"}</s> → <b>{text(field.kind, one.now, lang, tz) || "–"}</b>
              {taken ? <i>{t("taken over", lang)}</i> : <><span className="muted">{t("yours:", lang)} {text(field.kind, mine, lang, tz) || "–"}</span><button type="button" className="btn sm" onClick={() => take(one.field, one.now)}>{t("Take theirs", lang)}</button></>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Lines that promise goods of a warehouse to a customer show what is free there. */
const promises = (spec, table) => ["customer", "warehouse"].every((name) => spec.fields.some((f) => f.name === name)) && table.fields.some((f) => f.name === "item");

export function RecordForm({ spec, value, errors, message, conflict, lang = "en", tz, draft = "", saving, onSave, stamp = "", stirred = 0 }) {
  if (!spec?.fields) return <div className="card form skeletonbox" aria-busy="true" />;
  return <Form key={`${draft}${stamp}`} {...{ spec, value: value || {}, errors: errors || {}, message, conflict, lang, tz, draft, saving, onSave, stirred }} />;
}

function Form({ spec, value, errors, message, conflict, lang, tz, draft, saving, onSave, stirred }) {
  const base = useRef(value);
  const [values, setValues] = useState(() => start(spec, value));
  const [dirty, setDirty] = useState(false);
  const [restored, setRestored] = useState("");
  const leaving = useRef(false);
  const forget = useDraft(draft, values, dirty);
  useEffect(() => {
    const kept = draft && JSON.parse(localStorage.getItem(draft) || "null");
    if (!kept) return;
    setValues((now) => ({ ...now, ...kept.values, ...Object.fromEntries((spec.lines || []).map((table) => [table.name, withKeys(kept.values[table.name])])) }));
    setDirty(true);
    setRestored(kept.at);
  }, []);
  useEffect(() => {
    leaving.current = false;
  }, [errors, message, conflict]);
  const refusal = useRef(null);
  useEffect(() => {
    if (message) refusal.current?.scrollIntoView({ block: "center" }); // whoever saves from line 300 sees that it was refused
  }, [errors, message]);
  useEffect(() => () => { if (leaving.current) forget(); }, [forget]);
  useEffect(() => {
    if (!conflict?.current) return;
    setValues((mine) => {
      const next = { ...mine };
      spec.fields.forEach((field) => {
        if (same(mine[field.name], base.current[field.name] ?? null)) next[field.name] = conflict.current[field.name] ?? null;
      });
      (spec.lines || []).forEach((table) => {
        const plain = (rows) => (rows || []).map(({ _key, ...row }) => row);
        if (same(plain(mine[table.name]), plain(base.current[table.name]))) next[table.name] = withKeys(conflict.current[table.name]);
      });
      return next;
    });
    base.current = conflict.current;
  }, [conflict]);
  useEffect(() => {
    const warn = (event) => dirty && !leaving.current && event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [dirty]);
  const blocker = useBlocker(() => dirty && !leaving.current);
  const set = useCallback((name, next) => {
    setDirty(true);
    setValues((all) => ({ ...all, [name]: next }));
  }, []);
  const lineFields = useMemo(() => Object.fromEntries((spec.lines || []).map((table) => [table.name, table.fields.filter((f) => f.edit !== false)])), [spec]);
  const rowSetters = useMemo(() => Object.fromEntries((spec.lines || []).map((table) => [table.name, (rows) => set(table.name, rows)])), [spec, set]);
  const save = (event) => {
    event?.preventDefault();
    document.activeElement?.blur?.();
    setTimeout(() => {
      leaving.current = true;
      setValues((all) => {
        onSave?.({ data: payload(spec, all, base.current), version: base.current.version ?? 0 });
        return all;
      });
    }, 0);
  };
  const saveNow = useRef(save);
  saveNow.current = save;
  useEffect(() => {
    const heard = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
        event.preventDefault();
        saveNow.current();
      }
    };
    window.addEventListener("keydown", heard);
    return () => window.removeEventListener("keydown", heard);
  }, []);
  const discard = () => {
    forget();
    setValues(start(spec, base.current));
    setDirty(false);
    setRestored("");
  };
  const notes = Object.fromEntries((conflict?.changes || []).filter((one) => same(values[one.field], one.now)).map((one) => [one.field, `${conflict.by} ${t("changed this", lang)}`]));
  const elsewhere = Object.entries(errors).filter(([name]) => !spec.fields.some((f) => f.name === name) && !(spec.lines || []).some((table) => new RegExp(`^${table.name}[.\\[]\\d`).test(name)));
  const shownFields = spec.fields.filter((field) => field.edit !== false);
  const first = Math.max(0, shownFields.findIndex((field) => field.kind !== "moment"));
  return (
    <form className="card form" id="recform" onSubmit={save} noValidate aria-busy={Boolean(saving)}>
      {restored ? <div className="notice">{t("Your unsaved draft was brought back", lang)} ({ago(restored, lang)}). <button type="button" className="btn sm" onClick={discard}>{t("Discard draft", lang)}</button></div> : null}
      <Conflict conflict={conflict} fields={spec.fields} values={values} lang={lang} tz={tz} take={set} />
      {message ? <div ref={refusal} className="alert" role="alert">{message}{elsewhere.length ? <ul>{elsewhere.map(([name, says]) => <li key={name}>{name}: {says}</li>)}</ul> : null}</div> : null}
      <div className="fgrid">
        {shownFields.map((field, index) => (
          <Field key={field.name} id={`f-${field.name}`} field={field} value={values[field.name]} lang={lang} tz={tz} onChange={set}
            error={errors[field.name] || errors[`custom.${field.column || field.name}`]} note={notes[field.name]} autoFocus={index === first} />
        ))}
      </div>
      {(spec.lines || []).map((table) => (
        <LineGrid key={table.name} title={table.label || "Lines"} fields={lineFields[table.name]} rows={values[table.name] || []} required={table.required} lang={lang} tz={tz}
          errors={lineErrors(errors, table.name)} onRows={rowSetters[table.name]} place={promises(spec, table) ? values.warehouse?.number : undefined} stirred={stirred} />
      ))}
      <span className="sr" role="status">{dirty ? t("Not saved yet", lang) : ""}</span>
      {blocker.state === "blocked" ? (
        <dialog open className="ask" aria-label={t("Leave without saving?", lang)}>
          <h2>{t("Leave without saving?", lang)}</h2>
          <p>{t("Your draft stays in this browser and comes back when you open this form again.", lang)}</p>
          <footer><button type="button" className="btn" onClick={() => blocker.reset()} autoFocus>{t("Stay", lang)}</button><button type="button" className="btn pri" onClick={() => blocker.proceed()}>{t("Leave", lang)}</button></footer>
        </dialog>
      ) : null}
    </form>
  );
}

/** A small form in a dialog: what an action asks for, a reason, or just “are you sure”. */
export function ActionDialog({ spec, open, value, errors, message, lang = "en", tz, saving, onSave, onClose }) {
  const box = useRef(null);
  useEffect(() => {
    if (open && !box.current?.open) box.current?.showModal();
    if (!open && box.current?.open) box.current.close();
  }, [open]);
  return (
    <dialog ref={box} className={`ask ${spec?.lines?.length ? "big" : ""}`} aria-labelledby="ask-title" onCancel={(event) => (event.preventDefault(), onClose?.())}>
      {open && spec ? <Ask key={spec.name} {...{ spec, value: value || {}, errors: errors || {}, message, lang, tz, saving, onSave, onClose }} /> : null}
    </dialog>
  );
}

function Ask({ spec, value, errors, message, lang, tz, saving, onSave, onClose }) {
  const [values, setValues] = useState(() => start({ fields: spec.fields, lines: spec.lines }, value));
  const latest = useRef(values);
  latest.current = values;
  const set = useCallback((name, next) => {
    latest.current = { ...latest.current, [name]: next };
    setValues(latest.current);
  }, []);
  const submit = (event) => {
    event.preventDefault();
    document.activeElement?.blur?.();
    setTimeout(() => onSave?.(payload({ fields: spec.fields, lines: spec.lines }, latest.current, {})), 0);
  };
  return (
    <form onSubmit={submit} noValidate>
      <h2 id="ask-title">{t(spec.label, lang)}</h2>
      {spec.text ? <p>{t(spec.text, lang)}</p> : null}
      {message ? <div className="alert" role="alert">{message}</div> : null}
      <div className="fgrid">{spec.fields.map((field, index) => <Field key={field.name} id={`a-${field.name}`} field={field} value={values[field.name]} lang={lang} tz={tz} onChange={set} error={errors[field.name]} autoFocus={index === 0} />)}</div>
      {(spec.lines || []).map((table) => <LineGrid key={table.name} title={table.label || "Lines"} fields={table.fields} rows={values[table.name] || []} lang={lang} tz={tz} errors={lineErrors(errors, table.name)} onRows={(rows) => set(table.name, rows)} />)}
      <footer><button type="button" className="btn" onClick={() => onClose?.()} autoFocus={!spec.fields.length}>{t("Cancel", lang)}</button><button type="submit" className="btn pri" disabled={Boolean(saving)}>{t(spec.go || spec.label, lang)}</button></footer>
    </form>
  );
}
