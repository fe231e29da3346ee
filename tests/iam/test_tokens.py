"""API logins: short access tokens, refresh tokens for one use, and everything gone when it must be."""

from __future__ import annotations

import threading
from datetime import timedelta

import jwt
import psycopg
import pytest

from erp_app.iam import login, service, sessions, tokens
from erp_app.kernel import clock
from erp_app.kernel.actor import system_actor
from erp_app.kernel.config import settings
from erp_app.kernel.errors import Conflict, Unauthorized
from erp_app.kernel.uow import unit_of_work
from tests.iam.people import PASSWORD


def pair_of(town, short="staff"):
    return tokens.issue(login.check(town.ours.name(short), PASSWORD, address="127.0.0.1", via="api"))


def test_an_access_token_knows_user_and_company(town):
    found = tokens.load(pair_of(town, "admin").access_token)
    assert found is not None
    assert (found.actor.tenant_id, found.actor.username, found.actor.via) == (town.ours.id, town.ours.name("admin"), "api")


def test_an_access_token_lives_fifteen_minutes(town):
    pair = pair_of(town)
    claims = jwt.decode(pair.access_token, settings().secret_key(), algorithms=["HS256"], issuer="satu-erp")
    assert claims["exp"] - claims["iat"] == pair.expires_in == 900


def test_forged_and_expired_access_tokens_are_nobodys(town):
    good = pair_of(town).access_token
    claims = jwt.decode(good, options={"verify_signature": False})
    key = settings().secret_key()
    assert tokens.load(jwt.encode(claims, key, algorithm="HS256")) is not None
    forged = [
        good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        jwt.encode(claims, "another key that is long enough for it", algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims | {"exp": clock.now() - timedelta(seconds=1)}, key, algorithm="HS256"),
        jwt.encode(claims | {"iss": "somebody"}, key, algorithm="HS256"),
        jwt.encode(claims | {"tid": town.theirs.id}, key, algorithm="HS256"),
        jwt.encode(claims | {"sub": str(town.ours.users["admin"])}, key, algorithm="HS256"),
        jwt.encode(claims | {"sub": "x"}, key, algorithm="HS256"),
        jwt.encode({name: value for name, value in claims.items() if name != "exp"}, key, algorithm="HS256"),
        jwt.encode(claims | {"fam": "invented"}, key, algorithm="HS256"),
        "",
        "a.b.c",
        good + "x" * 100_000,
    ]
    assert [tokens.load(one) for one in forged] == [None] * len(forged)


def test_a_refresh_token_is_good_for_one_use(town):
    first = pair_of(town)
    second = tokens.renew(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert tokens.load(second.access_token) is not None
    assert tokens.renew(second.refresh_token)


def test_a_refresh_token_that_comes_again_revokes_the_whole_login(town, database):
    first = pair_of(town)
    second = tokens.renew(first.refresh_token)
    with pytest.raises(Unauthorized, match="not valid any more"):
        tokens.renew(first.refresh_token)
    with pytest.raises(Unauthorized):
        tokens.renew(second.refresh_token)
    assert tokens.load(second.access_token) is None
    with psycopg.connect(database) as admin:
        assert admin.execute("SELECT count(*) FROM audit_event WHERE action = 'token.replayed' AND tenant_id = %s", (town.ours.id,)).fetchone() == (1,)
    assert tokens.load(pair_of(town).access_token) is not None


def test_of_sixteen_simultaneous_uses_at_most_one_succeeds(town):
    pair, barrier, results = pair_of(town), threading.Barrier(16), []

    def use():
        barrier.wait()
        try:
            results.append(tokens.renew(pair.refresh_token))
        except Unauthorized:
            results.append(None)

    threads = [threading.Thread(target=use) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len([one for one in results if one]) == 1
    assert [tokens.load(one.access_token) for one in results if one] == [None]


def test_revoking_ends_access_and_refresh_at_once(town):
    pair, other = pair_of(town), pair_of(town)
    tokens.revoke(pair.refresh_token)
    assert tokens.load(pair.access_token) is None
    with pytest.raises(Unauthorized):
        tokens.renew(pair.refresh_token)
    assert tokens.load(other.access_token) is not None
    tokens.revoke("unknown")


def test_an_expired_refresh_token_is_refused(town, database):
    pair = pair_of(town)
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("UPDATE user_token SET expires_at = now() WHERE token_sha256 = %s", (sessions.digest(pair.refresh_token),))
    with pytest.raises(Unauthorized):
        tokens.renew(pair.refresh_token)


def test_disabling_a_user_ends_all_tokens(town):
    pair = pair_of(town)
    with unit_of_work(system_actor(town.ours.id)) as work:
        service.disable_user(work, town.ours.users["staff"], "left")
    assert tokens.load(pair.access_token) is None
    with pytest.raises(Unauthorized):
        tokens.renew(pair.refresh_token)


def test_an_administrator_can_throw_somebody_out(town):
    pair, session = pair_of(town), town.ours.log_in("staff")
    admin = service.actor_of(town.ours.id, town.ours.users["admin"])
    with unit_of_work(admin) as work:
        assert service.end_sessions_of(work, town.ours.users["staff"]) == 1
    assert sessions.load(session) is None
    assert tokens.load(pair.access_token) is None


def test_an_invitation_chooses_a_password_once(town):
    with unit_of_work(system_actor(town.ours.id)) as work:
        user = service.create_user(work, f"new.{town.ours.code}", "New", roles=["staff"])
        stale = service.invite(work, user)
        invitation = service.invite(work, user)
    with pytest.raises(Unauthorized):
        login.check(f"new.{town.ours.code}", "", address="127.0.0.1", via="web")
    with pytest.raises(Unauthorized):
        service.accept_invitation(stale, "a good long password")
    assert service.accept_invitation(invitation, "a good long password") == f"new.{town.ours.code}"
    assert login.check(f"new.{town.ours.code}", "a good long password", address="127.0.0.1", via="web").user_id == user
    with pytest.raises(Unauthorized):
        service.accept_invitation(invitation, "another good password")
    with pytest.raises(Unauthorized):
        tokens.renew(invitation)


def test_the_same_idempotency_key_gives_the_same_tokens_and_stores_none_of_them(town, database):
    person = login.check(town.ours.name("staff"), PASSWORD, address="127.0.0.1", via="api")
    first = tokens.issue(person, key="log in", asked="a")
    assert tokens.issue(person, key="log in", asked="a") == first
    with pytest.raises(Conflict):
        tokens.issue(person, key="log in", asked="b")
    second = tokens.renew(first.refresh_token, "go on")
    assert tokens.renew(first.refresh_token, "go on") == second
    assert tokens.load(second.access_token) is not None
    with pytest.raises(Conflict):
        tokens.renew(second.refresh_token, "go on")
    with psycopg.connect(database) as admin:
        kept = str(admin.execute("SELECT answer FROM idempotency_key WHERE user_id = %s", (person.user_id,)).fetchall())
    assert not any(token in kept for pair in (first, second) for token in (pair.access_token, pair.refresh_token))
    with pytest.raises(Unauthorized):
        tokens.renew(first.refresh_token, "a thief's key")
    assert tokens.load(second.access_token) is None
