"""Journals of one document: the original, its corrections by later documents, and its reversal."""

from __future__ import annotations

from itertools import groupby
from typing import Any, LiteralString

from erp_app.accounting import repo as accounting
from erp_app.kernel.uow import Work
from erp_app.reports.report import Answer, Asked, Column, Parameter, Report, moment_text

_LINES: LiteralString = (
    "SELECT j.number, j.date, j.kind, j.id, j.text, j.recorded_at, c.number AS cause, a.code AS account, a.name, y.number AS party, l.debit, l.credit"
    " FROM journal j JOIN journal_line l ON l.entry_id = j.id JOIN account a ON a.id = l.account_id"
    " LEFT JOIN record_ref c ON c.id = j.cause_document_id LEFT JOIN record_ref y ON y.id = l.party_id"
    " WHERE (j.document_id = %(document)s OR j.kind = 'reversal' AND j.cause_document_id = %(document)s) AND j.date <= %(day)s"
    " AND j.recorded_at < coalesce(%(known)s::timestamptz, 'infinity')"
    " ORDER BY j.date, j.id, l.line_no"
)


def run(work: Work, asked: Asked) -> Answer:
    """Return `journals`, oldest first, each with its lines."""
    accounting.give_numbers(work)  # the sealer does it within a second; whoever looks now wants them now
    rows = work.rows(_LINES, {"document": asked.values["document"][1], "day": asked.day, "known": asked.known})
    journals = []
    for _, group in groupby(rows, key=lambda row: row["id"]):
        lines = list(group)
        first = lines[0]
        journals.append({
            "number": first["number"], "date": first["date"].isoformat(), "kind": first["kind"], "cause": first["cause"], "text": first["text"],
            "recorded_at": moment_text(work, first["recorded_at"]),
            "lines": [
                {"account": one["account"], "name": one["name"], "party": one["party"], "debit": str(one["debit"]), "credit": str(one["credit"])}
                for one in lines
            ],
        })
    return {"journals": journals}


def flat(answer: Answer) -> list[dict[str, Any]]:
    """Return one row for each line, for files."""
    return [{**line, "number": one["number"], "date": one["date"], "kind": one["kind"]} for one in answer["journals"] for line in one["lines"]]


REPORT = Report(
    "document-journals", "Journals of a document", run,
    (
        Column("number", "Journal"), Column("date", "Date", "date"), Column("kind", "Kind", "choice"), Column("account", "Account"),
        Column("name", "Name", "choice"), Column("party", "Party"), Column("debit", "Debit", "money"), Column("credit", "Credit", "money"),
    ),
    view=("manager", "finance", "finance_manager"), parameters=(Parameter("document", "document", "Document", required=True),),
    rows_of=flat, section="Accounting", icon="book-open-text",
)
