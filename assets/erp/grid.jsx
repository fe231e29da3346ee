// Lines of a document, entered by keyboard: one cell is an input at a time, and what is typed there stays there until the cell is left
// or the typing rests, so that five hundred lines stay as quick as five.
import { memo, startTransition, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { amount, availability, choice, fromUnits, isNumber, label, lookupKeys, number, plain, t, text, units } from "./base.jsx";
import { NumberInput } from "./fields.jsx";
import { Picker } from "./picker.jsx";

const REST = 300; // milliseconds without a key after which sums follow what is typed
let next = 1;
export const newLine = (values) => ({ ...values, _key: `n${next++}` });
const blank = (row) => Object.entries(row).every(([name, value]) => name.startsWith("_") || value === null || value === undefined || value === "" || value === false);
const QUIET = /^(source|(order|source)_line)$/; // which line it follows from: shown when it follows from one
const fewer = (available, wanted) => units(available) < units(plain(wanted ?? "", "en") || "0");
const priced = (fields) => fields.some((f) => f.name === "quantity") && fields.some((f) => f.name === "unit_price");

function Editor({ field, value, lang, put, note, keys, name }) {
  const box = useRef(null);
  useEffect(() => {
    const input = box.current?.querySelector("input,select");
    input?.focus();
    input?.select?.();
  }, []);
  const given = { "aria-label": name, onKeyDown: keys };
  let control;
  if (field.kind === "ref") control = <Picker cell plural={field.ref} filter={field.filter} value={value} lang={lang} onChange={put} onKey={keys} />;
  else if (field.kind === "choice") {
    control = (
      <select {...given} className="cellin" value={value ?? ""} onChange={(event) => put(event.target.value || null)}>
        <option value="">–</option>
        {(field.choices || []).map((one) => <option key={one} value={one}>{choice(one, lang)}</option>)}
      </select>
    );
  } else if (field.kind === "flag") control = <input {...given} type="checkbox" checked={Boolean(value)} onChange={(event) => put(event.target.checked)} />;
  else if (isNumber(field.kind)) control = <NumberInput {...given} cell value={value} lang={lang} onChange={note} places={field.kind === "money" || field.kind === "integer" ? 0 : 4} />;
  else control = <input {...given} type={field.kind === "date" ? "date" : "text"} className="cellin" defaultValue={value ?? ""} onChange={(event) => note(event.target.value)} />;
  return <span ref={box} className="editing">{control}</span>;
}

const Line = memo(function Line({ row, number: n, fields, lang, tz, active, errors, withAmount, withStock, stock, put, note, go, keys, remove }) {
  return (
    <tr className={active >= 0 ? "on" : ""} data-row={n - 1}>
      <td className="no">{n}</td>
      {fields.map((field, column) => {
        const value = row[field.name], wrong = errors?.[field.name];
        const inside = active === column ? (
          <Editor field={field} value={value} lang={lang} name={`${label(field, lang)} ${n}`} put={(v) => put(row._key, field.name, v)} note={(v) => note(row._key, field.name, v)} keys={keys} />
        ) : (
          <span className="still">{text(field.kind, value, lang, tz)}{field.kind === "ref" && value?.label && value.label !== value.number ? <em> {value.label}</em> : null}</span>
        );
        return (
          <td key={field.name} role="gridcell" className={`${isNumber(field.kind) ? "num" : ""} ${wrong ? "bad" : ""} ${active === column ? "at" : ""}`} title={wrong || undefined}
            data-label={label(field, lang)} onMouseDown={active === column ? undefined : (event) => (event.preventDefault(), go(n - 1, column))}>{inside}{wrong ? <span className="sr" role="alert">{wrong}</span> : null}</td>
        );
      })}
      {withStock ? <td className={`num free ${stock && fewer(stock.available, row.quantity) ? "short" : ""}`} data-label={t("Available", lang)}
        title={stock ? `${t("On hand", lang)} ${number(stock.on_hand, lang)} · ${t("Reserved", lang)} ${number(stock.reserved, lang)}` : undefined}>{stock ? number(stock.available, lang) : ""}</td> : null}
      {withAmount ? <td className="num amount" data-label={t("Amount", lang)}>{row.quantity && row.unit_price ? number(amount(row.quantity, row.unit_price), lang) : ""}</td> : null}
      <td className="del"><button type="button" tabIndex={-1} aria-label={`${t("Remove line", lang)} ${n}`} onClick={() => remove(row._key)}>×</button></td>
    </tr>
  );
});

/** What is free of the items of all lines at a place; asked again when another item is named, and when anybody's stock has `stirred`. */
function useStock(place, rows, stirred) {
  const [known, setKnown] = useState({});
  const codes = useMemo(() => (place ? [...new Set(rows.map((row) => row.item?.number).filter(Boolean))].sort().join("\n") : ""), [place, rows]);
  useEffect(() => {
    if (!codes) return undefined;
    let over = false;
    const timer = setTimeout(() => availability(place, codes.split("\n")).then((found) => over || setKnown(found)), 150);
    return () => { over = true; clearTimeout(timer); };
  }, [place, codes, stirred]);
  return place ? known : {};
}

/** Rows as a spreadsheet gives them: lines of cells between tabs. */
export const pasted = (content) => content.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n").map((line) => line.split("\t").map((cell) => cell.trim()));

function read(field, cell, lang) {
  if (isNumber(field.kind)) return plain(cell, lang) ?? cell;
  if (field.kind === "flag") return /^(1|y|yes|ya|true|x)$/i.test(cell);
  return cell || null;
}

/** What stands in the rows, and apart from it what is being typed: `note` keeps that without drawing anything, `settle` puts it into its row. */
function useRows(rows, onRows) {
  const latest = useRef(rows), typed = useRef(null), timer = useRef(0);
  latest.current = rows;
  const set = useCallback((change) => {
    latest.current = change(latest.current);
    onRows(latest.current);
  }, [onRows]);
  const settle = useCallback(() => {
    const one = typed.current;
    clearTimeout(timer.current);
    typed.current = null;
    if (one) set((all) => all.map((row) => (row._key === one.key ? { ...row, [one.name]: one.value } : row)));
  }, [set]);
  const note = useCallback((key, name, value) => {
    typed.current = { key, name, value };
    clearTimeout(timer.current);
    timer.current = setTimeout(() => startTransition(settle), REST);
  }, [settle]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return { latest, set, note, settle };
}

export function LineGrid({ title, fields: all, rows, lang, tz, errors = {}, onRows, required, place, stirred }) {
  const stocks = useStock(place, rows, stirred);
  const follows = useMemo(() => rows.some((row) => all.some((field) => QUIET.test(field.name) && row[field.name])), [rows, all]);
  const fields = useMemo(() => (follows ? all : all.filter((field) => !QUIET.test(field.name))), [all, follows]);
  const [at, setAt] = useState({ row: -1, column: 0 });
  const { latest, set, note, settle } = useRows(rows, onRows);
  const put = useCallback((key, name, value) => set((all) => all.map((row) => (row._key === key ? { ...row, [name]: value } : row))), [set]);
  const remove = useCallback((key) => {
    settle();
    set((all) => all.filter((row) => row._key !== key));
  }, [set, settle]);
  const go = useCallback((row, column) => {
    settle();
    if (row >= latest.current.length) set((all) => [...all, newLine()]);
    setAt({ row: Math.max(0, row), column });
  }, [set, settle]);
  const add = (index, values) => {
    settle();
    set((all) => [...all.slice(0, index), newLine(values), ...all.slice(index)]);
    setAt({ row: index, column: 0 });
  };
  const last = fields.length - 1;
  const keys = useCallback((event) => {
    const { row, column } = at, input = event.target, control = event.ctrlKey || event.metaKey;
    if (["Tab", "Escape", "Insert"].includes(event.key) || (control && event.key.length === 1)) settle();
    const edge = (side) => input.tagName === "SELECT" || input.type === "checkbox" || input.selectionStart === null ||
      (input.selectionStart === 0 && input.selectionEnd === input.value.length) || (side < 0 ? input.selectionEnd === 0 : input.selectionStart === input.value.length);
    if (event.key === "Tab") {
      const step = event.shiftKey ? -1 : 1, to = column + step;
      if (to >= 0 && to <= last) go(row, to);
      else if (step < 0 && row > 0) go(row - 1, last);
      else if (step > 0 && !(row === latest.current.length - 1 && blank(latest.current[row]))) go(row + 1, 0);
      else return; // Tab leaves the grid from an empty last line, or backwards from the first cell
    } else if (event.key === "Enter" && !control) go(column === last || row < latest.current.length - 1 ? row + 1 : row, column === last ? 0 : row < latest.current.length - 1 ? column : column + 1);
    else if (event.key === "ArrowDown" && input.tagName !== "SELECT") row + 1 < latest.current.length && go(row + 1, column);
    else if (event.key === "ArrowUp" && input.tagName !== "SELECT") row > 0 && go(row - 1, column);
    else if (event.key === "ArrowLeft" && edge(-1)) column > 0 && go(row, column - 1);
    else if (event.key === "ArrowRight" && edge(1)) column < last && go(row, column + 1);
    else if (control && event.key === "d" && !event.shiftKey) {
      const name = fields[column].name;
      if (row > 0) put(latest.current[row]._key, name, latest.current[row - 1][name]);
      go(Math.min(row + 1, latest.current.length - 1), column);
    } else if (control && event.key === "Enter") add(row + 1, { ...latest.current[row], line_no: undefined });
    else if (event.key === "Insert") add(row + 1);
    else if (control && (event.key === "Delete" || event.key === "Backspace")) {
      remove(latest.current[row]._key);
      setAt({ row: Math.min(row, latest.current.length - 1), column });
    } else if (event.key === "Escape") {
      setAt({ row: -1, column: 0 });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, [at, fields, go, last, put, remove, settle]);
  const paste = (event) => {
    const content = event.clipboardData.getData("text/plain");
    if (!/[\t\n]/.test(content.trim())) return;
    event.preventDefault();
    event.stopPropagation();
    settle();
    const from = Math.max(0, at.row), first = at.row < 0 ? 0 : at.column;
    let cells = pasted(content);
    const named = (cell) => fields.some((f) => cell && [f.name, label(f, lang)].some((one) => one.toLowerCase() === cell.toLowerCase()));
    if (cells.length > 1 && cells[0].every(named)) cells = cells.slice(1);
    set((all) => {
      const made = [...all];
      cells.forEach((line, offset) => {
        const row = { ...(made[from + offset] || newLine()) };
        line.forEach((cell, c) => fields[first + c] && (row[fields[first + c].name] = read(fields[first + c], cell, lang)));
        made[from + offset] = row;
      });
      return made;
    });
    setAt({ row: -1, column: 0 });
    fields.filter((f) => f.kind === "ref").forEach((field) => complete(field, latest, set));
  };
  const withAmount = priced(fields);
  const sums = useMemo(
    () => fields.map((field) => (field.kind === "money" || field.name === "quantity" ? rows.reduce((sum, row) => sum + units(plain(row[field.name] ?? "", "en") || "0"), 0n) : null)),
    [fields, rows],
  );
  const total = useMemo(() => (withAmount ? rows.reduce((sum, row) => sum + BigInt(amount(row.quantity, row.unit_price)), 0n) : null), [withAmount, rows]);
  return (
    <section className="lines" onPaste={paste} onBlur={settle}>
      <header><h2>{t(title, lang)}</h2><span className="count">{rows.length}</span>
        <small className="muted">{t("Enter: next · Ctrl+D: as above · Ctrl+Enter: duplicate · Ctrl+Del: remove · paste rows from a spreadsheet", lang)}</small></header>
      <div className="gwrap">
        <table className="dtable lgrid" role="grid" aria-label={t(title, lang)} style={{ minWidth: 70 + fields.length * 110 }}>
          <colgroup><col style={{ width: 44 }} />{fields.map((field) => <col key={field.name} style={isNumber(field.kind) ? { width: `${Math.min(17, 70 / fields.length)}%` } : undefined} />)}{place ? <col style={{ width: "11%" }} /> : null}{withAmount ? <col style={{ width: "15%" }} /> : null}<col style={{ width: 34 }} /></colgroup>
          <thead><tr><th className="no">#</th>{fields.map((field) => <th key={field.name} className={isNumber(field.kind) ? "num" : ""}>{label(field, lang)}{field.required ? <abbr title={t("required", lang)}>*</abbr> : null}</th>)}
            {place ? <th className="num">{t("Available", lang)}</th> : null}{withAmount ? <th className="num">{t("Amount", lang)}</th> : null}<th className="del"><span className="sr">{t("Remove line", lang)}</span></th></tr></thead>
          <tbody>
            {rows.map((row, index) => (
              <Line key={row._key} row={row} number={index + 1} fields={fields} lang={lang} tz={tz} active={index === at.row ? at.column : -1} errors={errors[index]}
                withAmount={withAmount} withStock={Boolean(place)} stock={stocks[row.item?.number]} put={put} note={note} go={go} keys={index === at.row ? keys : undefined} remove={remove} />
            ))}
          </tbody>
          <tfoot><tr><td className="no" />{sums.map((sum, index) => <td key={fields[index].name} className="num">{sum === null ? "" : number(fromUnits(sum), lang)}</td>)}
            {place ? <td /> : null}{withAmount ? <td className="num big" data-testid="grid-total">{number(String(total), lang)}</td> : null}<td /></tr></tfoot>
        </table>
      </div>
      <button type="button" className="btn addline" onClick={() => add(rows.length)}>+ {t("Add line", lang)}</button>
      {required && !rows.length ? <p className="muted sm">{t("At least one line is needed.", lang)}</p> : null}
    </section>
  );
}

/** Codes that came by paste become records, so that names show; what is not found stays as typed and the server refuses it by line. */
async function complete(field, latest, set) {
  const codes = [...new Set(latest.current.map((row) => row[field.name]).filter((value) => typeof value === "string" && value))];
  const found = new Map((await lookupKeys(field.ref, codes)).map((one) => [one.number.toLowerCase(), one]));
  if (found.size) set((all) => all.map((row) => (typeof row[field.name] === "string" && found.has(row[field.name].toLowerCase()) ? { ...row, [field.name]: found.get(row[field.name].toLowerCase()) } : row)));
}
