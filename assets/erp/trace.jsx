// The cost trace as a picture: amounts flow from the left (what was paid) to the right (what was sold), each line as thick as its money.
import { useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { moment, number, t } from "./base.jsx";

const WIDE = 166, LABEL = 128, CURVE = 52, GAP = LABEL + CURVE, PORT = 34, SMALL = 14, LEAST = 58, BETWEEN = 20;
const THICK = 13, THIN = 1.6, NEAREST = 0.35, FARTHEST = 1.8;

/** How far each document is from the end of the road; edges always lead to a smaller distance. */
function distances(nodes, edges) {
  const far = new Map(nodes.map((node) => [node.id, 0]));
  for (let round = 0; round < nodes.length; round += 1) {
    let moved = false;
    edges.forEach(({ from, to }) => {
      if (far.has(from) && far.has(to) && far.get(from) <= far.get(to) && far.get(to) + 1 < nodes.length) {
        far.set(from, far.get(to) + 1);
        moved = true;
      }
    });
    if (!moved) break;
  }
  return far;
}

/** Boxes in columns, edges with ports at their sides; nothing overlaps, and neighbours stand near what they flow into. */
export function layout(nodes, edges) {
  const far = distances(nodes, edges), last = Math.max(0, ...far.values());
  const boxes = new Map(nodes.map((node) => [node.id, { ...node, outs: [], ins: [] }]));
  const lines = edges.filter((edge) => boxes.has(edge.from) && boxes.has(edge.to)).map((edge, index) => ({ ...edge, index }));
  lines.forEach((line) => { boxes.get(line.from).outs.push(line); boxes.get(line.to).ins.push(line); });
  let tall = 0;
  for (let level = 0; level <= last; level += 1) {
    const column = [...boxes.values()].filter((box) => far.get(box.id) === level);
    const aim = (box) => box.outs.length ? box.outs.reduce((sum, line) => sum + (boxes.get(line.to).y ?? 0) + boxes.get(line.to).ins.indexOf(line), 0) / box.outs.length : 0;
    column.sort((a, b) => aim(a) - aim(b) || (a.effective_at || "").localeCompare(b.effective_at || "") || a.id - b.id);
    let y = 0;
    column.forEach((box) => {
      box.high = Math.max(LEAST, box.outs.length * PORT + 8, box.ins.length * SMALL + 12);
      box.x = (last - level) * (WIDE + GAP);
      box.y = y;
      y += box.high + BETWEEN;
    });
    tall = Math.max(tall, y - BETWEEN);
    column.high = y - BETWEEN;
    boxes.forEach((box) => { if (far.get(box.id) === level) box.of = column.high; });
  }
  boxes.forEach((box) => { box.y += (tall - box.of) / 2; });
  boxes.forEach((box) => {
    box.outs.sort((a, b) => boxes.get(a.to).y - boxes.get(b.to).y).forEach((line, index, all) => { line.y1 = box.y + box.high * ((index + 0.5) / all.length); line.x1 = box.x + WIDE; });
    box.ins.sort((a, b) => boxes.get(a.from).y - boxes.get(b.from).y).forEach((line, index, all) => { line.y2 = box.y + box.high * ((index + 0.5) / all.length); line.x2 = box.x; });
  });
  return { boxes: [...boxes.values()], lines, wide: last * (WIDE + GAP) + WIDE, high: tall };
}

const cut = (words, most) => (words.length > most ? `${words.slice(0, most - 1)}…` : words);
const money = (value, lang) => number(String(value), lang);

function Line({ line, most, lang }) {
  const thick = Math.max(THIN, (Math.abs(Number(line.value)) / most) * THICK), bend = line.x1 + LABEL;
  const path = `M${line.x1} ${line.y1} H${bend} C${bend + CURVE / 2} ${line.y1} ${line.x2 - CURVE / 2} ${line.y2} ${line.x2} ${line.y2}`;
  const says = line.item ? `${number(line.quantity, lang)} ${line.item} · ${money(line.value, lang)}` : money(line.value, lang);
  return (
    <g className={line.item ? "flow goods" : "flow added"}><path d={path} style={{ strokeWidth: thick }} /><title>{`${line.from_number} → ${line.to_number}: ${says}`}</title>
      <text x={line.x1 + 8} y={line.y1 - thick / 2 - 4}>{cut(says, 27)}</text></g>
  );
}

function Box({ box, here, lang, tz, go }) {
  const third = box.kind === "source" ? [box.quantity ? `${t("bought", lang)} ${number(box.quantity, lang)}` : "", money(box.value, lang)].filter(Boolean).join(" · ")
    : box.kind === "added" ? `${money(box.value, lang)} · ${box.label}` : box.effective_at ? moment(box.effective_at, lang, tz, false) : "";
  const inside = (
    <g transform={`translate(${box.x} ${box.y})`} className={`tnode ${box.kind} ${box.id === here ? "here" : ""}`}>
      <rect width={WIDE} height={box.high} rx="8" /><rect width="4" height={box.high - 16} x="6" y="8" rx="2" className="mark" />
      <text x="18" y={box.high / 2 - 13} className="kind">{cut(t(box.type_label, lang), 25)}</text><text x="18" y={box.high / 2 + 4} className="name">{cut(t(box.number, lang), 20)}</text>
      <text x="18" y={box.high / 2 + 20} className="kind">{cut(third, 26)}</text><title>{`${t(box.type_label, lang)} ${box.number}`}</title>
    </g>
  );
  const says = `${t(box.type_label, lang)} ${box.number} ${third}`;
  if (!box.href) return <g role="img" aria-label={says}>{inside}</g>;
  return <a href={box.href} aria-label={says} onClick={(event) => { if (!event.ctrlKey && !event.metaKey) { event.preventDefault(); go(box.href); } }}>{inside}</a>;
}

export function TraceGraph({ nodes = [], edges = [], here = 0, lang = "en", tz }) {
  const drawn = useMemo(() => layout(nodes, edges), [nodes, edges]);
  const navigate = useNavigate(), frame = useRef(null);
  const [zoom, setZoom] = useState(1);
  const fit = () => setZoom(Math.max(NEAREST, Math.min(1, ((frame.current?.clientWidth || 800) - 24) / (drawn.wide + 8))));
  const nearer = (by) => setZoom((now) => Math.max(NEAREST, Math.min(FARTHEST, now * by)));
  useEffect(() => {
    const wide = frame.current?.clientWidth || 800;
    setZoom(Math.max(wide < 600 ? 0.68 : 0.58, Math.min(1, (wide - 24) / (drawn.wide + 8))));
  }, [drawn]);
  useEffect(() => { if (frame.current) frame.current.scrollLeft = frame.current.scrollWidth; }, [drawn, zoom === 1]);
  const keys = (event) => {
    if (event.key === "+" || event.key === "=") nearer(1.2);
    else if (event.key === "-") nearer(1 / 1.2);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  };
  const most = Math.max(1, ...edges.map((edge) => Math.abs(Number(edge.value))));
  return (
    <div className="tracebox">
      <div className="zoom" role="group" aria-label={t("Zoom", lang)}>
        <span className="legend"><i className="source" />{t("bought", lang)}<i className="added" />{t("fees, landed cost, overhead", lang)}</span>
        <button type="button" className="btn ico sm" onClick={() => nearer(1 / 1.2)} aria-label={t("Smaller", lang)}>−</button>
        <button type="button" className="btn sm" onClick={fit}>{t("Fit", lang)}</button>
        <button type="button" className="btn ico sm" onClick={() => nearer(1.2)} aria-label={t("Larger", lang)}>+</button>
      </div>
      <div className="tracegraph" ref={frame} tabIndex={0} role="region" aria-label={t("Cost trace", lang)} onKeyDown={keys}>
        <svg width={(drawn.wide + 8) * zoom} height={(drawn.high + 12) * zoom} viewBox={`-4 -6 ${drawn.wide + 8} ${drawn.high + 12}`}>
          {[...drawn.lines].sort((a, b) => Math.abs(Number(b.value)) - Math.abs(Number(a.value))).map((line) => <Line key={line.index} line={line} most={most} lang={lang} />)}
          {drawn.boxes.map((box) => <Box key={box.id} box={box} here={here} lang={lang} tz={tz} go={navigate} />)}
        </svg>
      </div>
    </div>
  );
}

/** What was paid, for what, and that it is all there is: the sum of the sources is the HPP. */
export function TraceProof({ sources = [], proof = {}, lang = "en" }) {
  if (!sources.length) return null;
  return (
    <section className="proof">
      <div className="gwrap"><table className="dtable"><thead><tr><th>{t("Source", lang)}</th><th>{t("What for", lang)}</th><th>{t("Item", lang)}</th><th className="num">{t("Quantity", lang)}</th><th className="num">{t("Value", lang)}</th><th className="num">{t("Share", lang)}</th></tr></thead>
        <tbody>{sources.map((one, index) => (
          <tr key={index}><td>{one.href ? <a href={one.href} className="key">{one.source}</a> : <b>{one.source}</b>}</td><td>{t(one.kind, lang)}</td><td>{one.item}</td><td className="num">{one.quantity ? number(one.quantity, lang) : ""}</td>
            <td className="num">{money(one.value, lang)}</td><td className="num muted">{Number(proof.hpp) ? `${((Number(one.value) / Number(proof.hpp)) * 100).toFixed(1).replace(".", lang === "id" ? "," : ".")} %` : ""}</td></tr>
        ))}</tbody>
        <tfoot><tr><td colSpan={4}>{t("Sum of the sources", lang)}</td><td className="num" data-testid="trace-total">{money(proof.total, lang)}</td><td /></tr>
          <tr><td colSpan={4}>{t("HPP by the ledger", lang)}</td><td className="num" data-testid="trace-hpp">{money(proof.hpp, lang)}</td>
            <td className="num">{proof.ok ? <span className="check-ok">✓ {t("equal", lang)}</span> : <span className="check-bad">✗ {t("not equal", lang)}</span>}</td></tr></tfoot></table></div>
    </section>
  );
}

/** Which line, and which unit of it. */
export function TraceChoice({ lines = [], line = "", unit = "", units = 0, lang = "en", onLine, onUnit }) {
  const [typed, setTyped] = useState(unit);
  useEffect(() => setTyped(unit), [unit]);
  const chosen = line || (lines.length === 1 ? String(lines[0].line_no) : "");
  return (
    <div className="tracechoice">
      {lines.length > 1 ? (
        <div className="pills" role="group" aria-label={t("Lines", lang)}>
          <button type="button" aria-pressed={!line} onClick={() => onLine?.(0)}>{t("All lines", lang)}</button>
          {lines.map((one) => <button key={one.line_no} type="button" aria-pressed={String(one.line_no) === line} onClick={() => onLine?.(one.line_no)}>{one.line_no} · {one.item} × {number(one.quantity, lang)}</button>)}
        </div>
      ) : null}
      {chosen && units > 1 ? (
        <form onSubmit={(event) => { event.preventDefault(); onUnit?.(typed); }}>
          <label>{t("Unit", lang)} <input className="in" inputMode="numeric" value={typed} placeholder={t("all", lang)} aria-label={t("Unit", lang)} onChange={(event) => setTyped(event.target.value.replace(/\D/g, ""))} /> / {units}</label>
          <button type="submit" className="btn sm">{t("Show", lang)}</button>
          {unit ? <button type="button" className="btn sm ghost" onClick={() => onUnit?.("")}>{t("All units", lang)}</button> : null}
        </form>
      ) : null}
    </div>
  );
}

/** Look a document up by its number. */
export function TraceFinder({ lang = "en", onFind }) {
  const [typed, setTyped] = useState("");
  return (
    <form className="tracefind" onSubmit={(event) => { event.preventDefault(); if (typed.trim()) onFind?.(typed.trim()); }}>
      <input className="in search" value={typed} placeholder={t("Number of a document", lang)} aria-label={t("Number of a document", lang)} onChange={(event) => setTyped(event.target.value)} />
      <button type="submit" className="btn">{t("Trace", lang)}</button>
    </form>
  );
}
