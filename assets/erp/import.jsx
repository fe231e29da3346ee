// Import of a spreadsheet: choose the file, see every row with its errors, then write it; nothing is stored before that.
import { useState } from "react";
import { label, t } from "./base.jsx";

async function send(url, file, extra) {
  const form = new FormData();
  form.append("file", file);
  Object.entries(extra || {}).forEach(([name, value]) => form.append(name, value));
  const answer = await fetch(url, { method: "POST", body: form });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.detail || "The file was refused.");
  return body;
}

export function ImportWizard({ plural = "", fields = [], lang = "en", onDone }) {
  const [file, setFile] = useState(null);
  const [preview, setPreview] = useState(null);
  const [says, setSays] = useState("");
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(null);
  const url = `/api/screen/import/${plural}`;
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
  const look = (chosen) => run(async () => {
    setFile(chosen);
    setDone(null);
    setPreview(await send(`${url}/preview`, chosen));
  });
  const write = (valid) => run(async () => {
    const answer = await send(url, file, { valid_only: valid ? "1" : "" });
    setDone(answer);
    setPreview(null);
    onDone?.();
  });
  const rows = preview?.rows || [];
  const columns = preview?.columns || [];
  return (
    <div className="card wizard">
      <ol className="steps"><li className={!preview && !done ? "on" : "past"}>{t("Choose file", lang)}</li><li className={preview ? "on" : done ? "past" : ""}>{t("Check", lang)}</li><li className={done ? "on" : ""}>{t("Done", lang)}</li></ol>
      {says ? <div className="alert" role="alert">{says}</div> : null}
      {!done ? (
        <label className="drop" onDragOver={(event) => event.preventDefault()} onDrop={(event) => { event.preventDefault(); if (event.dataTransfer.files[0]) look(event.dataTransfer.files[0]); }}>
          <b>{file ? file.name : t("Drop an xlsx or csv file here, or choose one", lang)}</b>
          <span className="muted">{t("First row: names of the columns.", lang)} {fields.map((field) => label(field, lang)).join(" · ")}</span>
          <input type="file" className="sr" accept=".xlsx,.csv" onChange={(event) => event.target.files[0] && look(event.target.files[0])} />
        </label>
      ) : null}
      {!preview && !done ? <a className="btn sm" href={`${url}/template`} download>{t("Download an empty sheet", lang)}</a> : null}
      {preview ? (
        <>
          <p role="status"><b>{preview.total}</b> {t("rows", lang)} · <b className="good">{preview.valid}</b> {t("can be imported", lang)} · <b className={preview.total - preview.valid ? "wrong" : ""}>{preview.total - preview.valid}</b> {t("have errors", lang)}</p>
          <div className="gwrap tall"><table className="dtable"><thead><tr><th className="no">#</th>{columns.map((name) => <th key={name}>{name}</th>)}<th>{t("Result", lang)}</th></tr></thead>
            <tbody>{rows.map((row) => (
              <tr key={row.row} className={row.errors && Object.keys(row.errors).length ? "bad" : ""}><td className="no">{row.row}</td>{columns.map((name) => <td key={name} className={row.errors?.[name] ? "bad" : ""} title={row.errors?.[name]}>{String(row.values?.[name] ?? "")}</td>)}
                <td>{row.errors && Object.keys(row.errors).length ? Object.entries(row.errors).map(([name, error]) => <p key={name} className="says">{name === "row" ? "" : `${name}: `}{error}</p>) : "✓"}</td></tr>
            ))}</tbody></table></div>
          <footer className="bar"><button type="button" className="btn pri" disabled={busy || preview.valid !== preview.total || !preview.total} onClick={() => write(false)}>{t("Import all rows", lang)} ({preview.total})</button>
            {preview.valid && preview.valid !== preview.total ? <button type="button" className="btn" disabled={busy} onClick={() => write(true)}>{t("Import only the valid rows", lang)} ({preview.valid})</button> : null}</footer>
        </>
      ) : null}
      {done ? <div className="notice" role="status"><b>{done.created}</b> {t("records were created", lang)}. <a href={`/${plural}`}>{t("Show the list", lang)}</a> <button type="button" className="btn sm" onClick={() => { setDone(null); setFile(null); }}>{t("Import another file", lang)}</button></div> : null}
      {busy ? <p className="muted" role="status">{t("Working …", lang)}</p> : null}
    </div>
  );
}
