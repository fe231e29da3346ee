"""The pure rules of buying and selling."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_app.accounting.tax import STATUTORY, rule_at
from erp_app.document.matching import Excess, Offered, Wanted, assign, excesses
from erp_app.kernel.money import half_up
from erp_app.purchasing import rules as purchasing
from erp_app.reports.aged import bucket
from erp_app.reports.margin import percent
from erp_app.sales import rules as sales

D = Decimal


@given(st.integers(0, 10**15))
def test_vat_is_exact_for_any_amount(net):
    rule = rule_at(STATUTORY, "ppn", date(2026, 1, 1))
    assert rule.tax_on(net) == half_up(net * 11 * 12, 12 * 100) == half_up(net * 11, 100)


@pytest.mark.parametrize(("day", "name"), [(date(2021, 1, 1), "PPN 10%"), (date(2022, 4, 1), "PPN 11%"), (date(2025, 1, 1), "PPN 11/12 x 12%")])
def test_the_rule_of_the_day_counts(day, name):
    assert rule_at(STATUTORY, "ppn", day).name == name


def test_withholding_is_two_percent():
    assert rule_at(STATUTORY, "pph23", date(2026, 1, 1)).tax_on(960000) == 19200


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_a_receipt_billed_in_any_parts_clears_its_whole_value(value, parts):
    quantity, before, cleared = D(sum(parts)) / 10_000, D(0), 0
    for part in parts:
        now = D(part) / 10_000
        cleared += purchasing.cleared_value(value, quantity, before, now, cleared)
        before += now
    assert cleared == value


@pytest.mark.parametrize(("lines", "state"), [
    ([(5, 0, 0), (5, 0, 0)], "sent"), ([(5, 1, 0), (5, 0, 0)], "partly_received"), ([(5, 5, 0), (5, 5, 5)], "received"), ([(5, 5, 5)], "billed"),
])
def test_a_purchase_order_stands_where_its_lines_stand(lines, state):
    assert purchasing.order_state([purchasing.Progress(*map(D, line)) for line in lines]) == state


@pytest.mark.parametrize(("lines", "state"), [
    ([(5, 0, 0)], "confirmed"), ([(5, 5, 0), (5, 0, 0)], "partly_delivered"), ([(5, 5, 0)], "delivered"), ([(5, 5, 5), (1, 1, 1)], "billed"),
])
def test_a_sales_order_stands_where_its_lines_stand(lines, state):
    assert sales.order_state([sales.Progress(*map(D, line)) for line in lines]) == state


@pytest.mark.parametrize(("billed", "tolerance", "passes"), [(100, 0, True), (101, 0, False), (102, 2, True), (98, 2, True), (103, 2, False)])
def test_a_difference_within_the_tolerance_passes(billed, tolerance, passes):
    assert purchasing.within_tolerance(100, billed, D(tolerance)) is passes


@pytest.mark.parametrize(("accepted", "damaged", "short", "good"), [(None, 2, 1, True), (7, 2, 1, True), (8, 2, 1, False), (None, 11, 0, False)])
def test_a_verification_adds_up_to_what_was_sent(accepted, damaged, short, good):
    found = sales.Checked(D(10), None if accepted is None else D(accepted), D(damaged), D(short), D(0))
    assert (found.problem() == "") is good


def test_a_line_takes_the_first_line_of_its_item_with_enough_left():
    offered = [Offered(1, 7, D(2)), Offered(2, 7, D(5)), Offered(3, 8, D(1))]
    assert assign([Wanted(1, 7, D(4)), Wanted(2, 7, D(2)), Wanted(3, 9, D(1))], offered) == {1: 2, 2: 1, 3: None}


def test_too_much_names_what_is_left_and_what_is_foreign():
    offered = [Offered(1, 7, D(5))]
    wanted = [Wanted(1, 7, D(3), 1), Wanted(2, 7, D(3), 1), Wanted(3, 9, D(1), None)]
    assert excesses(wanted, offered) == [Excess(2, 7, 1, D(3), D(2)), Excess(3, 9, None, D(1), D(0))]


@given(st.lists(st.integers(1, 50), max_size=6), st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_what_passes_never_exceeds_what_was_offered(wanted, offered):
    offers = [Offered(n, 7, D(one)) for n, one in enumerate(offered, 1)]
    lines = [Wanted(n, 7, D(one)) for n, one in enumerate(wanted, 1)]
    chosen = assign(lines, offers)
    named = [Wanted(one.line_no, 7, one.quantity, chosen[one.line_no]) for one in lines]
    if not excesses(named, offers):
        assert sum(wanted) <= sum(offered)


@pytest.mark.parametrize(("days", "name"), [(-5, "not_due"), (0, "not_due"), (1, "days_1_30"), (30, "days_1_30"), (31, "days_31_60"), (91, "over_90")])
def test_a_debt_ages_by_its_due_date(days, name):
    assert bucket(days) == name


def test_percent_of_nothing_is_empty():
    assert [percent(1, 3), percent(-1, 3), percent(5, 0)] == ["33.3", "-33.3", ""]
