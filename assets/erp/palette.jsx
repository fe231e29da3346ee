// Ctrl+K: records, pages and actions in one box; and the sheet of keyboard shortcuts behind “?”.
import { useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { State, t, typing, useDebounced } from "./base.jsx";

const RECENT = "erp:recent";
const SHORTCUTS = [["Ctrl K", "Search records, pages and actions"], ["/", "Search in this list"], ["j  k", "Next and previous row"], ["Enter", "Open the row"], ["x", "Select the row"],
  ["n", "New"], ["e", "Edit"], ["`", "Next saved view"], ["Ctrl S", "Save"], ["Esc", "Close"], ["?", "This help"]];

const fold = (value) => value.toLowerCase().normalize("NFKD");
/** Letters in order, a gap costs; typos are left to the server's trigram search of records. */
function score(name, typed) {
  const one = fold(name), two = fold(typed);
  if (!two) return 1;
  const at = one.indexOf(two);
  if (at >= 0) return 100 - at;
  let from = 0, gaps = 0;
  for (const letter of two) {
    const found = one.indexOf(letter, from);
    if (found < 0) return 0;
    gaps += found - from;
    from = found + 1;
  }
  return Math.max(0, 40 - gaps);
}

export function Palette({ entries = [], allowed = [], results = [], answered = "", lang = "en", onQuery }) {
  const [open, setOpen] = useState(false);
  const [help, setHelp] = useState(false);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const navigate = useNavigate(), input = useRef(null), list = useRef(null);
  const ask = useDebounced((text) => onQuery?.(text), 140);
  useEffect(() => {
    const show = () => {
      setTyped("");
      setAt(0);
      setOpen(true);
    };
    const heard = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        show();
      } else if (event.key === "Escape") {
        setOpen(false);
        setHelp(false);
      } else if (!typing(event)) {
        if (event.key === "?") setHelp(true);
        const target = { "/": "#list-search", n: "[data-key=n]", e: "[data-key=e]", "`": "[data-key=views]" }[event.key];
        const found = target && document.querySelector(target);
        if (!found) return;
        event.preventDefault();
        event.key === "/" ? found.focus() : found.click();
      }
    };
    window.addEventListener("keydown", heard);
    window.addEventListener("erp:palette", show);
    window.addEventListener("erp:help", () => setHelp(true));
    return () => {
      window.removeEventListener("keydown", heard);
      window.removeEventListener("erp:palette", show);
    };
  }, []);
  useEffect(() => {
    if (open) input.current?.focus();
  }, [open]);
  const groups = useMemo(() => {
    const pages = entries.filter((one) => allowed.includes(one.need || one.href)).map((one) => ({ ...one, name: t(one.name, lang) }))
      .map((one) => ({ ...one, score: Math.max(score(one.name, typed), one.also ? score(one.also, typed) * 0.8 : 0) })).filter((one) => one.score > 0)
      .sort((one, two) => two.score - one.score).slice(0, typed ? 8 : 40);
    const records = typed.trim() && answered ? results : [];
    const recent = typed || typeof localStorage === "undefined" ? [] : JSON.parse(localStorage.getItem(RECENT) || "[]");
    return [["Recent", recent], ["Records", records], ["Pages", pages.filter((one) => !one.action)], ["Actions", pages.filter((one) => one.action)]].filter(([, items]) => items.length);
  }, [entries, allowed, results, typed, answered, lang, open]);
  const flat = groups.flatMap(([, items]) => items);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const take = (one) => {
    if (!one) return;
    setOpen(false);
    if (one.run) {
      document.querySelector(one.run)?.click();
      return;
    }
    if (one.state !== undefined) {
      const rest = JSON.parse(localStorage.getItem(RECENT) || "[]").filter((r) => r.href !== one.href);
      localStorage.setItem(RECENT, JSON.stringify([{ name: one.name, href: one.href, also: one.also, state: one.state }, ...rest].slice(0, 6)));
    }
    if (one.href.startsWith("/admin/")) window.location.assign(one.href);
    else navigate(one.href);
  };
  const keys = (event) => {
    if (event.key === "ArrowDown") setAt(Math.min(flat.length - 1, at + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else if (event.key === "Enter") take(flat[at]);
    else if (event.key === "Escape") setOpen(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  let index = -1;
  return (
    <>
      {open ? (
        <div className="veil" onMouseDown={(event) => event.target === event.currentTarget && setOpen(false)}>
          <div className="palette" role="dialog" aria-modal="true" aria-label={t("Search records, pages and actions", lang)}>
            <input ref={input} id="palette-input" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={flat[at] ? `pal-${at}` : undefined} value={typed} placeholder={t("Search records, pages and actions", lang)}
              onChange={(event) => { setTyped(event.target.value); setAt(0); ask(event.target.value); }} onKeyDown={keys} autoComplete="off" spellCheck={false} />
            <div className="found" id="palette-list" role="listbox" ref={list}>
              {groups.map(([title, items]) => (
                <div key={title} role="group" aria-label={t(title, lang)}><h3>{t(title, lang)}</h3>
                  {items.map((one) => {
                    index += 1;
                    const mine = index;
                    return (
                      <div key={`${one.href}${one.name}`} id={`pal-${mine}`} role="option" aria-selected={mine === at} onMouseDown={(event) => (event.preventDefault(), take(one))} onMouseMove={() => setAt(mine)}>
                        <b>{one.name}</b>{one.also ? <span>{one.also}</span> : null}{one.type ? <i>{t(one.type, lang)}</i> : null}{one.state ? <State value={one.state} lang={lang} /> : null}
                      </div>
                    );
                  })}
                </div>
              ))}
              {!flat.length ? <p className="none">{answered === typed ? t("Nothing found", lang) : t("Searching …", lang)}</p> : null}
            </div>
            <footer><kbd>↑↓</kbd> {t("choose", lang)} <kbd>Enter</kbd> {t("open", lang)} <kbd>Esc</kbd> {t("close", lang)}</footer>
          </div>
        </div>
      ) : null}
      {help ? (
        <div className="veil" onMouseDown={() => setHelp(false)}>
          <div className="palette help" role="dialog" aria-modal="true" aria-label={t("Keyboard shortcuts", lang)}><h2>{t("Keyboard shortcuts", lang)}</h2>
            <dl>{SHORTCUTS.map(([key, what]) => <div key={key}><dt>{key.split("  ").map((one) => <kbd key={one}>{one}</kbd>)}</dt><dd>{t(what, lang)}</dd></div>)}</dl></div>
        </div>
      ) : null}
    </>
  );
}
