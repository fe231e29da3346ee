// One field of a form, of any kind; its error stands right below it.
import { useEffect, useState } from "react";
import { choice, isNumber, label, number, plain, t, text } from "./base.jsx";
import { Picker } from "./picker.jsx";

/** A number in the language's grouping when left, as plain digits while typed. */
export function NumberInput({ value, lang, onChange, places, cell, ...rest }) {
  const [typed, setTyped] = useState(null);
  const shown = typed ?? (value === null || value === undefined || value === "" ? "" : number(value, lang, places));
  const settle = () => {
    if (typed === null) return;
    const read = plain(typed, lang);
    setTyped(null);
    onChange(read === null ? typed : read === "" ? null : read);
  };
  return <input {...rest} inputMode="decimal" value={shown} className={cell ? "cellin num" : "in num"} onChange={(event) => {
    setTyped(event.target.value);
    if (cell) {
      const read = plain(event.target.value, lang);
      onChange(read === null ? event.target.value : read === "" ? null : read);
    }
  }} onBlur={settle} />;
}

const zoned = (value, tz, withTime) => {
  if (!value) return "";
  const when = new Date(value);
  if (Number.isNaN(when.getTime())) return "";
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: tz || undefined, dateStyle: "short", timeStyle: "short" }).format(when);
  return withTime ? parts.replace(" ", "T") : parts.slice(0, 10);
};

export function Control({ field, value, lang, tz, onChange, id, describedBy, invalid, autoFocus, disabled }) {
  const common = { id, "aria-describedby": describedBy, "aria-invalid": invalid || undefined, "aria-required": field.required || undefined, disabled, autoFocus };
  const kind = field.kind;
  if (kind === "ref" || kind === "user") {
    return <Picker plural={field.ref || "users"} filter={field.filter} value={value} lang={lang} onChange={onChange} id={id} describedBy={describedBy} invalid={invalid} required={field.required} autoFocus={autoFocus} disabled={disabled} placeholder={t("Code or name", lang)} />;
  }
  if (kind === "refs") return <Several field={field} value={value} lang={lang} onChange={onChange} id={id} invalid={invalid} describedBy={describedBy} disabled={disabled} />;
  if (kind === "choice") {
    return (
      <select {...common} className="in" value={value ?? ""} onChange={(event) => onChange(event.target.value || null)}>
        {field.required && value ? null : <option value="">–</option>}
        {(field.choices || []).map((one) => <option key={one} value={one}>{choice(one, lang)}</option>)}
      </select>
    );
  }
  if (kind === "flag") return <span className="flagbox"><input {...common} type="checkbox" checked={Boolean(value)} onChange={(event) => onChange(event.target.checked)} /></span>;
  if (kind === "long_text") return <textarea {...common} className="in" rows={3} maxLength={field.max_length || undefined} value={value ?? ""} onChange={(event) => onChange(event.target.value)} />;
  if (kind === "date") return <input {...common} type="date" className="in" value={value ? String(value).slice(0, 10) : ""} onChange={(event) => onChange(event.target.value || null)} />;
  if (kind === "moment") {
    return <input {...common} type="datetime-local" className="in" value={/T.*([+-]\d\d:?\d\d|Z)$/.test(value || "") ? zoned(value, tz, true) : (value ?? "")} onChange={(event) => onChange(event.target.value || null)} />;
  }
  if (isNumber(kind)) return <NumberInput {...common} value={value} lang={lang} places={kind === "money" || kind === "integer" ? 0 : 4} onChange={onChange} />;
  return <input {...common} type="text" className="in" maxLength={field.max_length || undefined} value={value ?? ""} onChange={(event) => onChange(event.target.value)} />;
}

/** References to several records, as chips. */
function Several({ field, value, lang, onChange, ...rest }) {
  const chosen = Array.isArray(value) ? value : [];
  return (
    <span className="several">
      {chosen.map((one, index) => (
        <span className="chip" key={index}>{text("ref", one, lang)}<button type="button" aria-label={`${t("Remove", lang)} ${text("ref", one, lang)}`} onClick={() => onChange(chosen.filter((_o, i) => i !== index))}>×</button></span>
      ))}
      <Picker key={chosen.length} plural={field.ref} filter={field.filter} value={null} lang={lang} onChange={(one) => one && onChange([...chosen, one])} placeholder={t("Code or name", lang)} {...rest} />
    </span>
  );
}

export function Field({ field, value, lang, tz, onChange, error, note, id, autoFocus, disabled }) {
  const [mine, setMine] = useState(value);
  useEffect(() => setMine(value), [value]);
  const change = (next) => {
    setMine(next);
    onChange(field.name, next);
  };
  const says = `${id}-says`;
  return (
    <div className={`fld ${field.kind === "long_text" ? "wide" : ""} ${error ? "bad" : ""} ${note ? "theirs" : ""}`}>
      <label htmlFor={id}>{label(field, lang)}{field.required ? <abbr title={t("required", lang)}>*</abbr> : null}</label>
      <Control field={field} value={mine} lang={lang} tz={tz} onChange={change} id={id} describedBy={error || note ? says : undefined} invalid={Boolean(error)} autoFocus={autoFocus} disabled={disabled} />
      {error ? <p className="says" id={says} role="alert">{error}</p> : null}
      {note && !error ? <p className="says note" id={says}>{note}</p> : null}
    </div>
  );
}
