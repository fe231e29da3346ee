// Import of a spreadsheet: choose the file, map its columns, see every error, then write it; nothing is stored before that.
import { useState } from "react";
import { label, t, text } from "./base.jsx";

async function send(plural, file, mode, mapping) {
  const form = new FormData();
  form.append("file", file);
  form.append("mode", mode);
  if (mapping) form.append("mapping", JSON.stringify(mapping));
  const answer = await fetch(`/api/v1/${plural}/import`, { method: "POST", body: form });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.detail || "The file was refused.");
  return body;
}

function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", content.replace(/^\ufeff/, "")], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const cell = (value) => (value && typeof value === "object" ? JSON.stringify(value) : String(value ?? ""));
const reach = (record, target) => {
  const [first, rest] = target.split(".");
  return rest === undefined ? record[first] : first === "custom" ? record.custom?.[rest] : (record[first] || []).map((line) => line[rest]).join("; ");
};

export function ImportWizard({ plural = "", fields = [], lang = "en", onDone }) {
  const [file, setFile] = useState(null);
  const [seen, setSeen] = useState(null);
  const [says, setSays] = useState("");
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(null);
  const run = async (work) => {
    setBusy(true);
    setSays("");
    try {
      await work();
    } catch (error) {
      setSays(t(error.message, lang));
    }
    setBusy(false);
  };
  const look = (chosen, mapping) => run(async () => {
    setFile(chosen);
    setDone(null);
    setSeen(await send(plural, chosen, "preview", mapping));
  });
  const write = (mode) => run(async () => {
    const answer = await send(plural, file, mode, seen.mapping);
    if (answer.created.length) {
      setDone(answer);
      setSeen(null);
      onDone?.();
    } else setSeen(answer);
  });
  const map = (column, target) => {
    const mapping = { ...seen.mapping };
    target ? (mapping[column] = target) : delete mapping[column];
    look(file, mapping);
  };
  const targets = seen ? Object.values(seen.mapping) : [];
  const wrong = seen ? seen.records - seen.valid : 0;
  return (
    <div className="card wizard">
      <ol className="steps"><li className={!seen && !done ? "on" : "past"}>{t("Choose file", lang)}</li><li className={seen ? "on" : done ? "past" : ""}>{t("Check", lang)}</li><li className={done ? "on" : ""}>{t("Done", lang)}</li></ol>
      {says ? <div className="alert" role="alert">{says}</div> : null}
      {!done ? (
        <label className="drop" onDragOver={(event) => event.preventDefault()} onDrop={(event) => { event.preventDefault(); if (event.dataTransfer.files[0]) look(event.dataTransfer.files[0]); }}>
          <b>{file ? file.name : t("Drop an xlsx or csv file here, or choose one", lang)}</b>
          <span className="muted">{t("First row: names of the columns.", lang)} {fields.map((field) => label(field, lang)).join(" · ")}</span>
          <input type="file" className="sr" accept=".xlsx,.csv" onChange={(event) => event.target.files[0] && look(event.target.files[0])} />
        </label>
      ) : null}
      {!seen && !done ? <button type="button" className="btn sm" onClick={() => save(`${plural}.csv`, `${fields.map((field) => label(field, lang)).join(",")}\n`)}>{t("Download an empty sheet", lang)}</button> : null}
      {seen ? (
        <>
          <p role="status" data-testid="import-count"><b>{seen.records}</b> {t("records", lang)} · <b className="good">{seen.valid}</b> {t("can be imported", lang)} · <b className={wrong ? "wrong" : ""}>{wrong}</b> {t("have errors", lang)}</p>
          <details open={seen.columns.length !== targets.length}><summary>{t("Columns of the file", lang)}</summary>
            <div className="fgrid">{seen.columns.map((column) => (
              <label className="fld" key={column}>{column}<select className="in" value={seen.mapping[column] || ""} onChange={(event) => map(column, event.target.value)}>
                <option value="">{t("do not import", lang)}</option>{Object.entries(seen.fields).map(([name, shown]) => <option key={name} value={name}>{shown}{name.includes(".") ? ` (${name})` : ""}</option>)}</select></label>
            ))}</div></details>
          {seen.errors.length ? (
            <div className="gwrap tall"><table className="dtable"><thead><tr><th className="no">{t("Row", lang)}</th><th>{t("Column", lang)}</th><th>{t("Error", lang)}</th></tr></thead>
              <tbody>{seen.errors.map((one, index) => <tr key={index} className="bad"><td className="no">{one.row}</td><td>{one.column || one.field}</td><td className="says">{t(one.message, lang)}</td></tr>)}</tbody></table></div>
          ) : null}
          {seen.error_file ? <button type="button" className="btn sm" onClick={() => save(`${plural}-errors.csv`, seen.error_file)}>{t("Download the refused rows with reasons", lang)}</button> : null}
          <div className="gwrap tall"><table className="dtable"><thead><tr><th className="no">#</th>{targets.map((name) => <th key={name}>{seen.fields[name] || name}</th>)}</tr></thead>
            <tbody>{seen.preview.map((record, index) => <tr key={index}><td className="no">{index + 1}</td>{targets.map((name) => <td key={name}>{cell(reach(record, name))}</td>)}</tr>)}</tbody></table></div>
          <div className="bar"><button type="button" className="btn pri" disabled={busy || wrong > 0 || !seen.records} onClick={() => write("all")}>{t("Import all", lang)} ({seen.records})</button>
            {seen.valid && wrong ? <button type="button" className="btn" disabled={busy} onClick={() => write("valid")}>{t("Import only the valid ones", lang)} ({seen.valid})</button> : null}</div>
        </>
      ) : null}
      {done ? <div className="notice" role="status"><b>{done.created.length}</b> {t("records were created", lang)}: {done.created.slice(0, 8).map((one) => text("text", one, lang)).join(", ")}{done.created.length > 8 ? " …" : ""} <a href={`/${plural}`}>{t("Show the list", lang)}</a></div> : null}
      {busy ? <p className="muted" role="status">{t("Working …", lang)}</p> : null}
    </div>
  );
}
