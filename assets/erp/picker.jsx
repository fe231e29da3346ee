// A reference to another record: typed by code or name, suggested from what this tab knows, completed by the server.
import { useEffect, useId, useRef, useState } from "react";
import { lookup, remember, remembered, t, useDebounced } from "./base.jsx";

const shown = (value) => (value && typeof value === "object" ? value.number || String(value.id) : value || "");

/**
 * value: {id, number, label} or the code as typed; onChange gets one of both. `cell` leaves arrows and Enter to the grid while no list is open.
 */
export function Picker({ plural, filter, value, lang, onChange, id, describedBy, invalid, required, cell, onKey, autoFocus, disabled, placeholder }) {
  const [typed, setTyped] = useState(shown(value));
  const [items, setItems] = useState(null);
  const [at, setAt] = useState(0);
  const own = useId(), input = useRef(null), asked = useRef(""), dirty = useRef(false);
  useEffect(() => {
    if (!dirty.current) setTyped(shown(value));
    remember(plural, value);
  }, [value, plural]);
  useEffect(() => {
    if (autoFocus) input.current?.select();
  }, [autoFocus]);

  const find = async (text) => {
    asked.current = text;
    const found = await lookup(plural, text, filter);
    if (asked.current === text && document.activeElement === input.current) {
      setItems(found);
      setAt(0);
    }
  };
  const later = useDebounced(find, 180);
  const type = (text) => {
    dirty.current = true;
    setTyped(text);
    setItems(filter && Object.keys(filter).length ? [] : remembered(plural, text));
    setAt(0);
    later(text);
  };
  const take = (one) => {
    dirty.current = false;
    asked.current = "";
    setItems(null);
    setTyped(one ? shown(one) : "");
    onChange(one);
  };
  const settle = () => {
    setItems(null);
    asked.current = "";
    if (!dirty.current) return;
    dirty.current = false;
    const text = typed.trim();
    const exact = remembered(plural, text).find((one) => one.number.toLowerCase() === text.toLowerCase());
    onChange(exact || text || null);
    if (!exact && text) lookup(plural, text, filter).then((found) => {
      const match = found.find((one) => one.number.toLowerCase() === text.toLowerCase()) || (found.length === 1 ? found[0] : null);
      if (match) onChange(match);
    });
  };
  const keys = (event) => {
    const open = items && items.length;
    if (event.key === "ArrowDown" && (open || !cell)) {
      open ? setAt(Math.min(items.length - 1, at + 1)) : find(typed === shown(value) ? "" : typed);
    } else if (event.key === "ArrowUp" && open) setAt(Math.max(0, at - 1));
    else if ((event.key === "Enter" || event.key === "Tab") && open && dirty.current && typed.trim()) {
      take(items[at]);
      if (event.key === "Tab" || cell) {
        onKey?.(event);
        return;
      }
    } else if (event.key === "Enter" && open && !dirty.current) take(items[at]);
    else if (event.key === "Escape" && items) {
      setItems(null);
      event.stopPropagation();
    } else {
      if (event.key === "Tab" || event.key === "Enter") settle();
      onKey?.(event);
      return;
    }
    event.preventDefault();
  };
  return (
    <span className={`picker ${disabled ? "off" : ""}`}>
      <input ref={input} id={id} role="combobox" aria-expanded={Boolean(items)} aria-controls={own} aria-autocomplete="list" aria-invalid={invalid || undefined}
        aria-required={required || undefined} aria-describedby={describedBy} aria-activedescendant={items?.[at] ? `${own}-${at}` : undefined} autoComplete="off" spellCheck={false}
        disabled={disabled} value={typed} placeholder={placeholder} onChange={(event) => type(event.target.value)} onKeyDown={keys} onBlur={settle}
        onClick={() => !cell && !items && find(typed === shown(value) ? "" : typed)} autoFocus={autoFocus} className={cell ? "cellin" : "in"} />
      {!cell && value && typeof value === "object" && value.label && value.label !== value.number && !items ? <em className="hint">{value.label}</em> : null}
      {items ? (
        <ul className="options" id={own} role="listbox">
          {items.length ? items.map((one, index) => (
            <li key={one.id} id={`${own}-${index}`} role="option" aria-selected={index === at} onMouseDown={(event) => (event.preventDefault(), take(one))} onMouseEnter={() => setAt(index)}>
              <b>{one.number}</b><span>{one.label === one.number ? "" : one.label}</span>{one.note ? <i>{one.note}</i> : null}
            </li>
          )) : <li className="none" aria-disabled="true">{t("Nothing found", lang)}</li>}
        </ul>
      ) : null}
    </span>
  );
}
