"""The login page: plain HTML that works without JavaScript, before anything of the application is loaded.

A right password opens a new session in an HttpOnly cookie and sends the browser on with a full page load, because the screens'
socket knows only the cookie it was opened with.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from erp_app.api import login_page, places
from erp_app.api.shield import ADDRESS, is_direct
from erp_app.iam import login, sessions, users
from erp_app.iam.address import is_loopback
from erp_app.iam.declaration import public
from erp_app.kernel import limits
from erp_app.kernel.config import settings
from erp_app.kernel.errors import ErpError, Throttled

router = APIRouter(include_in_schema=False)
Field = Annotated[str, Form(max_length=1000)]


@router.get("/login")
@public("shows the login form")
def show(request: Request) -> Response:
    """Show the form; who is logged in already is sent on."""
    wanted = places.checked(request.query_params.get("next", "/"))
    if sessions.load(sessions.token_from(request.headers.get("cookie", ""))) is not None:
        return RedirectResponse(wanted, status_code=303)
    return _form(request, wanted)


@router.post("/login")
@public("takes username and password; throttled by account and address")
def enter(request: Request, username: Field = "", password: Field = "", next: Field = "/") -> Response:  # noqa: A002 - the form's name
    """Check the password and open a session."""
    wanted = places.checked(next)
    before = sessions.token_from(request.headers.get("cookie", ""))
    try:
        token = login.open_session(
            username, password, address=_address(request), agent=request.headers.get("user-agent", ""), before=before, direct=is_direct(request),
        )
    except ErpError as error:
        return _form(request, wanted, username=username, error=error)
    answer = RedirectResponse(wanted, status_code=303)
    answer.set_cookie(
        sessions.COOKIE, token, max_age=limits.SESSION_LIFE, httponly=True, samesite="lax", secure=settings().cookie_secure, path="/",
    )
    return answer


@router.api_route("/logout", methods=["GET", "POST"])
@public("ends the session of the browser that asks")
def leave(request: Request) -> Response:
    """End the session. The shield has refused this already when another site sent it."""
    if request.headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        sessions.end(sessions.token_from(request.headers.get("cookie", "")), _address(request))
    answer = RedirectResponse("/login?bye=1", status_code=303)
    answer.delete_cookie(sessions.COOKIE, path="/", httponly=True, samesite="lax", secure=settings().cookie_secure)
    # The tab's own memory belongs to the session that is over.
    answer.headers["clear-site-data"] = '"storage"'
    return answer


@router.get("/welcome")
@public("shows the form in which an invited user chooses a password")
def welcome(request: Request) -> Response:
    """Show the form of an invitation."""
    return HTMLResponse(login_page.welcome(login_page.language(request), token=request.query_params.get("token", "")[:100]))


@router.post("/welcome")
@public("takes the secret of an invitation, once")
def choose(request: Request, token: Field = "", password: Field = "", again: Field = "") -> Response:
    """Set the password an invited user chose."""
    lang = login_page.language(request)
    if password != again:
        return HTMLResponse(login_page.welcome(lang, token=token, problem="The two passwords are not the same."), status_code=422)
    try:
        username = users.accept_invitation(token, password)
    except ErpError as error:
        return HTMLResponse(login_page.welcome(lang, token=token, problem=error.detail), status_code=error.status)
    return HTMLResponse(login_page.form(lang, username=username, note="Your password is set. Log in now."))


def _form(request: Request, wanted: str, *, username: str = "", error: ErpError | None = None) -> Response:
    note = "You are logged out." if "bye" in request.query_params and error is None else ""
    demo = settings().demo and is_loopback(settings().host)
    page = login_page.form(
        login_page.language(request), wanted=wanted, username=username[:100], problem=error.detail if error else "", note=note, demo=demo,
    )
    headers = {"Retry-After": str(error.data["retry_after"])} if isinstance(error, Throttled) else {}
    return HTMLResponse(page, status_code=error.status if error else 200, headers=headers)


def _address(request: Request) -> str:
    return str(request.scope.get(ADDRESS, "-"))
