"""The HTML of login and invitation: light and dark, English and Indonesian, from 360 pixels up, no script, no other file."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from fastapi import Request

_WORDS = {
    "Log in": "Masuk", "Username": "Nama pengguna", "Password": "Kata sandi", "Again": "Ulangi", "Choose a password": "Pilih kata sandi",
    "One source of truth for every department.": "Satu sumber kebenaran untuk semua bagian.",
    "You are logged out.": "Anda sudah keluar.", "Your password is set. Log in now.": "Kata sandi tersimpan. Silakan masuk.",
    "Username or password is wrong.": "Nama pengguna atau kata sandi salah.", "Demo company": "Perusahaan contoh",
    "The two passwords are not the same.": "Kedua kata sandi tidak sama.", "Save": "Simpan",
    "at least 8 characters": "paling sedikit 8 karakter", "Choose at least 8 characters.": "Pilih paling sedikit 8 karakter.",
    "This password is too easy to guess.": "Kata sandi ini terlalu mudah ditebak.",
    "This invitation is not valid any more. Ask an administrator for a new one.": "Undangan ini tidak berlaku lagi. Mintalah yang baru kepada administrator.",
    "Too many failed logins. Try again in": "Terlalu banyak percobaan gagal. Coba lagi dalam", "minutes.": "menit.", "minute.": "menit.",
    "Logging in is not possible at the moment, because the counter of attempts does not answer. Try again in a minute.":
        "Saat ini tidak bisa masuk, karena penghitung percobaan tidak menjawab. Coba lagi sebentar.",
}
_DEMO = (("admin", "Administrator"), ("manager", "Manager"), ("staff", "Staff"), ("admin2", "PT 2"))

_STYLE = """
:root{color-scheme:light dark;--bg:#f4f5f7;--panel:#fff;--text:#14181f;--soft:#5b6472;--line:#d9dde3;--accent:#0b7566;--on:#fff;
--bad:#b3261e;--badbg:#fdecea;--good:#146c43;--goodbg:#e7f5ee;--ring:rgba(11,117,102,.35)}
@media(prefers-color-scheme:dark){:root{--bg:#0e1116;--panel:#171b22;--text:#e8ebf0;--soft:#98a2b3;--line:#2b323d;--accent:#12806f;--on:#fff;
--bad:#ffb4ab;--badbg:#3a1613;--good:#8fdcb4;--goodbg:#10301f;--ring:rgba(29,195,165,.45)}}
*{box-sizing:border-box}html{height:100%}
body{margin:0;min-height:100%;display:grid;place-items:center;padding:24px 16px;background:var(--bg);color:var(--text);
font:15px/1.5 Inter,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:400px}
.brand{display:flex;align-items:center;gap:12px;margin:0 0 20px}
.mark{width:40px;height:40px;border-radius:11px;background:linear-gradient(145deg,#1dc3a5,#08695e);color:#fff;display:grid;place-items:center;font-weight:800;font-size:20px}
h1{font-size:20px;line-height:1.2;margin:0}.brand p{margin:2px 0 0;color:var(--soft);font-size:13px}
form,.box{background:var(--panel);border:1px solid var(--line);border-radius:14px;padding:22px;box-shadow:0 8px 30px rgba(0,0,0,.06)}
label{display:block;font-size:13px;font-weight:600;margin:0 0 14px}
input[type=text],input[type=password]{display:block;width:100%;margin-top:6px;padding:10px 12px;font:inherit;font-size:16px;color:inherit;
background:transparent;border:1px solid var(--line);border-radius:9px}
input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid var(--ring);outline-offset:1px;border-color:var(--accent)}
.go{width:100%;margin-top:6px;padding:11px;font:inherit;font-weight:600;color:var(--on);background:var(--accent);border:0;border-radius:9px;cursor:pointer}
.go:hover{filter:brightness(1.07)}
.say{margin:0 0 16px;padding:10px 12px;border-radius:9px;font-size:14px}
.bad{color:var(--bad);background:var(--badbg)}.good{color:var(--good);background:var(--goodbg)}
.demo{margin-top:16px}.demo h2{font-size:13px;color:var(--soft);margin:0 0 8px;font-weight:600}
.demo .row{display:flex;flex-wrap:wrap;gap:8px}.demo form{padding:0;border:0;box-shadow:none;background:none}
.demo button{font:inherit;font-size:13px;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:999px;padding:6px 13px;cursor:pointer}
.demo button:hover{border-color:var(--accent)}
nav{margin-top:18px;font-size:13px;color:var(--soft);text-align:center}nav a{color:inherit}
.hint{font-weight:400;color:var(--soft)}
"""
_PAGE = (
    '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    '<meta name="color-scheme" content="light dark"><title>{title} · Satu ERP</title><style>{style}</style></head><body><main>'
    '<div class="brand"><div class="mark" aria-hidden="true">S</div><div><h1>Satu ERP</h1><p>{claim}</p></div></div>'
    "{body}<nav>{other}</nav></main></body></html>"
)


def language(request: Request) -> str:
    """Return `id` or `en`: as asked for (`?lang=`), otherwise as the browser prefers."""
    asked = request.query_params.get("lang", "")
    if asked in ("id", "en"):
        return asked
    return "id" if request.headers.get("accept-language", "").lower().startswith(("id", "in", "ms")) else "en"


def form(lang: str, *, wanted: str = "/", username: str = "", problem: str = "", note: str = "", demo: bool = False) -> str:
    """Return the login page."""
    focus_password = " autofocus" if username else ""
    focus_name = "" if username else " autofocus"
    body = (
        f'<form method="post" action="/login?lang={lang}">{_say(lang, problem, note)}'
        f'<input type="hidden" name="next" value="{escape(wanted)}">'
        f'<label>{_t(lang, "Username")}<input type="text" name="username" value="{escape(username)}" autocomplete="username" autocapitalize="none"'
        f' spellcheck="false" required maxlength="60"{focus_name}></label>'
        f'<label>{_t(lang, "Password")}<input type="password" name="password" autocomplete="current-password" required maxlength="200"{focus_password}></label>'
        f'<button class="go">{_t(lang, "Log in")}</button></form>'
    )
    return _page(lang, "Log in", body + (_demo(lang, wanted) if demo else ""), f"/login?next={quote(wanted, safe='')}&lang=")


def welcome(lang: str, *, token: str, problem: str = "") -> str:
    """Return the page on which an invited user chooses a password."""
    hint = f' <span class="hint">({_t(lang, "at least 8 characters")})</span>'
    body = (
        f'<form method="post" action="/welcome?lang={lang}">{_say(lang, problem, "")}<input type="hidden" name="token" value="{escape(token)}">'
        f'<label>{_t(lang, "Choose a password")}{hint}<input type="password" name="password" autocomplete="new-password" required minlength="8" maxlength="200"'
        f' autofocus></label><label>{_t(lang, "Again")}<input type="password" name="again" autocomplete="new-password" required maxlength="200"></label>'
        f'<button class="go">{_t(lang, "Save")}</button></form>'
    )
    return _page(lang, "Choose a password", body, f"/welcome?token={quote(token, safe='')}&lang=")


def _demo(lang: str, wanted: str) -> str:
    one = (
        '<form method="post" action="/login?lang={lang}"><input type="hidden" name="username" value="{name}"><input type="hidden" name="password" value="demo">'
        '<input type="hidden" name="next" value="{wanted}"><button title="{name} / demo">{name}</button></form>'
    )
    buttons = "".join(one.format(lang=lang, name=name, wanted=escape(wanted)) for name, _ in _DEMO)
    return f'<section class="demo"><h2>{_t(lang, "Demo company")}</h2><div class="row">{buttons}</div></section>'


def _page(lang: str, title: str, body: str, switch: str) -> str:
    other = ("en", "English") if lang == "id" else ("id", "Bahasa Indonesia")
    return _PAGE.format(
        lang=lang, title=_t(lang, title), style=_STYLE, claim=_t(lang, "One source of truth for every department."), body=body,
        other=f'<a href="{escape(switch + other[0])}" hreflang="{other[0]}">{other[1]}</a>',
    )


def _say(lang: str, problem: str, note: str) -> str:
    if problem:
        return f'<p class="say bad" role="alert">{escape(_t(lang, problem))}</p>'
    return f'<p class="say good" role="status">{escape(_t(lang, note))}</p>' if note else ""


def _t(lang: str, text: str) -> str:
    """Translate; a sentence that carries a number is translated by its parts."""
    if lang == "en":
        return text
    if text in _WORDS:
        return _WORDS[text]
    for part in sorted(_WORDS, key=len, reverse=True):
        text = text.replace(part, _WORDS[part]) if text.startswith(part) or text.endswith(part) else text
    return text
