// The list of any document type: rows of the visible page, chosen and walked through by keyboard, changed rows light up.
import { memo, useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { State, isNumber, label, t, text, typing } from "./base.jsx";

function Cell({ column, row, first, base, lang, tz }) {
  const value = row[column.name];
  const shown = text(column.kind, value, lang, tz);
  const props = { className: `${isNumber(column.kind) ? "num" : ""} ${column.kind}`, "data-label": label(column, lang) };
  if (first) return <td {...props}><a href={`${base}/${row.id}`} className="key" tabIndex={-1}>{shown || `#${row.id}`}</a></td>;
  if (row.hrefs?.[column.name] && shown) return <td {...props}><a href={row.hrefs[column.name]}>{shown}</a></td>;
  if (column.name === "due_at" && shown) return <td {...props}>{shown}{row.state === "open" && new Date(value) < new Date() ? <span className="late"> {t("overdue", lang)}</span> : null}</td>;
  if (column.kind === "state") return <td {...props}>{value ? <State value={value} lang={lang} /> : null}</td>;
  if (column.kind === "ref" && value && typeof value === "object") return <td {...props} title={column.by_number ? value.label : value.number}>{column.by_number ? shown : value.label || shown}</td>;
  return <td {...props} title={column.kind === "long_text" ? shown : undefined}>{shown}</td>;
}

const Row = memo(function Row({ row, columns, base, lang, tz, on, chosen, changed, choose, go, link }) {
  const inside = (event) => {
    const target = event.target.closest("a[href^='/']");
    if (!target || event.ctrlKey || event.metaKey || target.target || target.href.includes("/api/")) return;
    event.preventDefault();
    go(target.getAttribute("href"));
  };
  const line = useRef(null);
  useEffect(() => {
    if (on) line.current?.scrollIntoView({ block: "nearest" });
  }, [on]);
  const open = (event) => {
    if (event.target.closest("input, label")) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) window.open(`${base}/${row.id}`);
    else go(`${base}/${row.id}`);
  };
  return (
    <tr ref={line} className={`${on ? "on" : ""} ${changed ? "changed" : ""}`} aria-selected={chosen} onClick={link ? open : inside}>
      {choose ? (
        <td className="ck"><input type="checkbox" checked={chosen} onChange={() => choose(row.id)} aria-label={`${t("Select", lang)} ${row[columns[0]?.name] ?? row.id}`} /></td>
      ) : null}
      {columns.map((column, index) => <Cell key={column.name} column={column} row={row} first={link && index === 0} base={base} lang={lang} tz={tz} />)}
    </tr>
  );
});

/** Ids of rows whose version rose while the list was on screen. */
function useChanged(rows, place) {
  const seen = useRef({ place: null, versions: new Map() });
  const [changed, setChanged] = useState(new Set());
  useEffect(() => {
    const before = seen.current;
    const stamp = (row) => row.version ?? row.stamp;
    const fresh = before.place === place && before.versions.size ? rows.filter((row) => before.versions.get(row.id) !== stamp(row)).map((row) => row.id) : [];
    seen.current = { place, versions: new Map(rows.map((row) => [row.id, stamp(row)])) };
    if (!fresh.length || fresh.length === rows.length) return undefined;
    setChanged(new Set(fresh));
    const timer = setTimeout(() => setChanged(new Set()), 2500);
    return () => clearTimeout(timer);
  }, [rows, place]);
  return changed;
}

export function DataTable({ rows = [], columns = [], lang = "en", tz, base = "", sort = "", place = "", loading, selected = [], all, total = 0,
  empty = "Nothing here yet", hint = "", error = "", link = true, selectable = true, totals, onSort, onSelect }) {
  const [at, setAt] = useState(-1);
  const navigate = useNavigate();
  const go = (path) => navigate(path);
  const changed = useChanged(rows, place);
  const [picked, setPicked] = useState(selected); // shows at once, before the server has answered
  useEffect(() => setPicked(selected), [selected]);
  const tell = (ids) => {
    setPicked(ids);
    onSelect?.(ids);
  };
  const chosen = new Set(picked);
  const choose = (id) => {
    const next = new Set(picked);
    next.has(id) ? next.delete(id) : next.add(id);
    tell([...next]);
  };
  const keys = useRef(null);
  keys.current = (event) => {
    if (typing(event)) return;
    const step = { j: 1, k: -1 }[event.key];
    if (step) setAt(Math.max(0, Math.min(rows.length - 1, at + step)));
    else if (event.key === "Enter" && rows[at] && link && !/^(BUTTON|A|SUMMARY)$/.test(event.target.tagName)) go(`${base}/${rows[at].id}`);
    else if (event.key === "x" && rows[at] && selectable) choose(rows[at].id);
    else if (event.key === "Escape" && picked.length) tell([]);
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    const heard = (event) => keys.current(event);
    window.addEventListener("keydown", heard);
    return () => window.removeEventListener("keydown", heard);
  }, []);
  useEffect(() => setAt(-1), [place]);
  if (error) return <div className="blank bad" role="alert"><b>{t("This list cannot be shown", lang)}</b><p>{error}</p></div>;
  if (loading && !rows.length) return <Skeleton columns={columns} />;
  if (!rows.length) return <div className="blank"><b>{t(empty, lang)}</b><p>{t(hint, lang)}</p></div>;
  const pageChosen = rows.every((row) => chosen.has(row.id));
  const order = sort.replace(/^-/, "");
  return (
    <div className="twrap" aria-busy={Boolean(loading)}>
      <table className="dtable">
        <thead>
          <tr>
            {selectable ? <th className="ck"><input type="checkbox" checked={pageChosen || all} onChange={() => tell(pageChosen ? [] : rows.map((row) => row.id))} aria-label={t("Select all rows of this page", lang)} /></th> : null}
            {columns.map((column) => (
              <th key={column.name} className={`${isNumber(column.kind) ? "num" : ""} ${column.kind}`} aria-sort={order === column.name ? (sort.startsWith("-") ? "descending" : "ascending") : undefined}>
                {column.sort === false || !onSort ? <span>{label(column, lang)}</span> : (
                  <button type="button" onClick={() => onSort(sort === column.name ? `-${column.name}` : column.name)}>
                    {label(column, lang)}<i aria-hidden="true">{order === column.name ? (sort.startsWith("-") ? "↓" : "↑") : ""}</i>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <Row key={row.id} row={row} columns={columns} base={base} lang={lang} tz={tz} on={index === at} chosen={all || chosen.has(row.id)}
              changed={changed.has(row.id)} choose={selectable ? choose : null} go={go} link={link} />
          ))}
        </tbody>
        {totals && Object.keys(totals).length ? <tfoot><tr>{columns.map((column, index) => <td key={column.name} className={isNumber(column.kind) ? "num" : ""}>{totals[column.name] !== undefined ? text(column.kind, totals[column.name], lang, tz) : index === 0 ? t("Total", lang) : ""}</td>)}</tr></tfoot> : null}
      </table>
      <p className="sr" role="status">{total} {t("rows", lang)}</p>
    </div>
  );
}

function Skeleton({ columns }) {
  const wide = columns.length || 6;
  return (
    <div className="twrap" aria-busy="true">
      <table className="dtable skeleton"><tbody>
        {Array.from({ length: 12 }, (_, row) => (
          <tr key={row}>{Array.from({ length: wide }, (_c, cell) => <td key={cell}><span style={{ width: `${40 + ((row * 7 + cell * 23) % 50)}%` }} /></td>)}</tr>
        ))}
      </tbody></table>
    </div>
  );
}
