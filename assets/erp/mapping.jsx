// Which account an event goes to: one select for each, with the accounts that fit.
import { t, words_of } from "./base.jsx";

const BY_PARTY = ["ar", "ap", "advances"];

export function MappingTable({ rows = [], accounts = [], editable, lang = "en", onChoose }) {
  const fitting = (row) => accounts.filter((one) => one.type === row.type && one.needs_party === BY_PARTY.includes(row.event));
  const name = (row) => row.event === "stock" ? `${t(words_of(row.item_kind), lang)} · ${t(words_of(row.place_kind), lang)}` : t(row.label, lang);
  const group = (title, found) => (
    <section className="card stack" key={title}>
      <h2>{t(title, lang)}</h2>
      <div className="twrap">
        <table className="dtable mapping">
          <thead><tr>{["Event", "Type", "Account"].map((head) => <th scope="col" key={head}>{t(head, lang)}</th>)}</tr></thead>
          <tbody>
            {found.map((row) => (
              <tr key={`${row.event} ${row.item_kind} ${row.place_kind}`} style={{ cursor: "default" }}>
                <td className="key">{name(row)}</td>
                <td data-label={t("Type", lang)}>{t(words_of(row.type), lang)}</td>
                <td data-label={t("Account", lang)}>
                  {editable ? (
                    <select className="in" aria-label={`${name(row)}: ${t("Account", lang)}`} value={row.account} data-event={`${row.event} ${row.item_kind} ${row.place_kind}`.trim()}
                      onChange={(event) => onChoose?.(row.event, row.item_kind, row.place_kind, event.target.value)}>
                      {fitting(row).map((one) => <option key={one.code} value={one.code}>{one.code} · {one.name}</option>)}
                    </select>
                  ) : `${row.account} · ${row.name}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
  return <>{group("Where goods lie", rows.filter((row) => row.event === "stock"))}{group("What documents name", rows.filter((row) => row.event !== "stock"))}</>;
}
