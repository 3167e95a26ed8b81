from __future__ import annotations

import sys
from subprocess import run

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.core.errors import ImporterError, UsageProblem
from importer.light.auth.oauth import code_in
from importer.light.credentials import (
    DEFAULT_BASE_URL,
    Credentials,
    Key,
    check_base_url,
    credentials,
    follow,
    is_loopback,
)

KEY = "sk-4711-very-secret"


def only(env: dict[str, str]) -> Key:
    (key,) = credentials(env).keys
    return key


def test_api_key_is_sent_unencoded_after_basic():
    assert only({"LIGHT_API_KEY": KEY}).header == f"Basic {KEY}".encode()


def test_access_token_is_sent_after_bearer():
    assert only({"LIGHT_ACCESS_TOKEN": KEY}).header == f"Bearer {KEY}".encode()


@pytest.mark.parametrize("written", [f" {KEY}\n", f"{KEY}\r\n", f"Basic {KEY}", f"basic  {KEY} "])
def test_copied_scheme_and_spaces_are_removed_from_a_key(written):
    assert only({"LIGHT_API_KEY": written}).header == f"Basic {KEY}".encode()


def test_missing_key_error_says_how_to_get_one():
    for env in ({}, {"LIGHT_API_KEY": "  \n"}):
        with pytest.raises(UsageProblem) as caught:
            credentials(env)
        for words in (
            "Settings > API keys",
            "ask the person who administers Light",
            "export LIGHT_API_KEY=",
            "$env:LIGHT_API_KEY",
            "--sandbox",
        ):
            assert words in str(caught.value)


def test_key_and_token_together_are_refused():
    with pytest.raises(UsageProblem, match="Both") as caught:
        credentials({"LIGHT_API_KEY": KEY, "LIGHT_ACCESS_TOKEN": KEY})
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("bad", ["se\ncret", "se cret", "se\x00cret", "se\x7fcret", "secrét\u0161"])
def test_invalid_key_is_refused_without_repeating_it(bad):
    with pytest.raises(UsageProblem) as caught:
        credentials({"LIGHT_API_KEY": bad})
    assert "LIGHT_API_KEY" in str(caught.value)
    assert bad not in str(caught.value)
    assert "cret" not in str(caught.value)


def test_credentials_never_show_the_secret():
    found = credentials({"LIGHT_API_KEY": KEY})
    assert KEY not in repr(found)
    assert KEY not in f"{found}"


def test_secrets_are_hidden_but_very_short_ones_are_not():
    assert Credentials((Key("Basic", KEY),)).hide(f"bad key {KEY}!") == "bad key ***!"
    assert Credentials((Key("Basic", "a"),)).hide("bad key") == "bad key"


# --- several keys -----------------------------------------------------------------------------


def several(text: str) -> list[tuple[str, str]]:
    return [(key.secret, key.name) for key in credentials({"LIGHT_API_KEYS": text}).keys]


@pytest.mark.parametrize("text", ["one,two", " one , two\n", ",one,,two,", "Basic one,basic two"])
def test_keys_are_separated_by_commas(text):
    assert several(text) == [
        ("one", "the 1st key of LIGHT_API_KEYS"),
        ("two", "the 2nd key of LIGHT_API_KEYS"),
    ]
    assert all(key.scheme == "Basic" for key in credentials({"LIGHT_API_KEYS": text}).keys)


def test_repeated_key_counts_once():
    assert several("one,one,two,Basic one") == [
        ("one", "the 1st key of LIGHT_API_KEYS"),
        ("two", "the 3rd key of LIGHT_API_KEYS"),
    ]
    assert several("one,one") == [("one", "the key")]


def test_keys_are_named_by_position():
    names = [name for _, name in several(",".join(f"key{n}" for n in range(1, 113)))]
    found = [names[n - 1].split()[1] for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 101, 111, 112)]
    assert " ".join(found) == "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 101st 111th 112th"


@pytest.mark.parametrize("text", ["", " ", ",", " , ,\n"])
def test_only_commas_is_no_key(text):
    with pytest.raises(UsageProblem, match="There is no key"):
        credentials({"LIGHT_API_KEYS": text})
    assert len(credentials({"LIGHT_API_KEYS": text, "LIGHT_API_KEY": KEY}).keys) == 1


@pytest.mark.parametrize("other", ["LIGHT_API_KEY", "LIGHT_ACCESS_TOKEN"])
def test_keys_with_a_key_or_token_are_refused(other):
    with pytest.raises(UsageProblem, match="Both") as caught:
        credentials({"LIGHT_API_KEYS": f"{KEY},two", other: KEY})
    assert other in str(caught.value)
    assert "LIGHT_API_KEYS" in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("bad", ["se cret", "secret; third", "se\ncret", "secr\u0161et"])
def test_invalid_key_among_several_is_named_by_position(bad):
    with pytest.raises(UsageProblem, match="The 2nd key of LIGHT_API_KEYS has") as caught:
        credentials({"LIGHT_API_KEYS": f"{KEY},{bad}"})
    assert "cret" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_keys_with_a_common_prefix_are_all_hidden():
    found = credentials({"LIGHT_API_KEYS": f"{KEY},{KEY}-longer,other-key"})
    assert found.hide(f"{KEY}-longer other-key {KEY}") == "*** *** ***"
    assert KEY not in repr(found)
    assert "other-key" not in repr(found)


def test_marks_differ_and_do_not_contain_the_key():
    one, two = credentials({"LIGHT_API_KEYS": f"{KEY},other-key"}).keys
    assert one.mark != two.mark
    assert one.mark == only({"LIGHT_API_KEY": KEY}).mark
    assert KEY not in one.mark


# --- the base URL -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (DEFAULT_BASE_URL, "https://api.light.inc"),
        (" HTTPS://API.Light.inc/ ", "https://api.light.inc"),
        ("https://gateway.example.com:8443/light//", "https://gateway.example.com:8443/light"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.8.9.1:80/", "http://127.8.9.1:80"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
def test_base_url_is_normalised(written, normal):
    assert check_base_url(written) == normal


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "api.light.inc",
        "ftp://api.light.inc",
        "http://api.light.inc",
        "http://localhost.evil.com",
        "http://127.1",
        "http://0.0.0.0",
        "https://",
        "https:///v1",
        "https://api.light.inc?x=1",
        "https://api.light.inc/#top",
        "https://api.light.inc\\evil.com",
        "https://api light.inc",
        "https://api.light.inc:port",
        "https://[::1",
        "https://-x.com",
        "https://lïght.inc",
    ],
)
def test_unsafe_or_invalid_base_url_is_refused(bad):
    with pytest.raises(UsageProblem):
        check_base_url(bad)


def test_base_url_password_is_refused_without_repeating_it():
    for url in ("https://me:hunter2@api.light.inc", "http://me:hunter2@x", "me:hunter2@x"):
        with pytest.raises(UsageProblem, match="user name") as caught:
            check_base_url(url)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "location", "target"),
    [
        ("https://api.light.inc", "/v2/x?a=b", "https://api.light.inc/v2/x?a=b"),
        ("https://api.light.inc", "y", "https://api.light.inc/v1/y"),
        ("https://api.light.inc", "https://eu.light.inc/x", "https://eu.light.inc/x"),
        ("https://api.light.inc", "https://light.inc", "https://light.inc/"),
        ("https://api.light.inc", "//eu.api.light.inc:443/x", "https://eu.api.light.inc:443/x"),
        ("https://api.light.inc:8443", "//eu.light.inc:8443/x", "https://eu.light.inc:8443/x"),
        ("https://example.com", "https://a.b.example.com/x#y", "https://a.b.example.com/x"),
        ("https://api.example.com", "https://www.example.com/x", "https://www.example.com/x"),
        ("https://api.light.inc", "https://API.LIGHT.INC./x", "https://api.light.inc./x"),
        ("https://api.light.inc.", "https://eu.light.inc/x", "https://eu.light.inc/x"),
        ("https://a.bank.co.uk", "https://b.bank.co.uk/x", "https://b.bank.co.uk/x"),
        ("https://a.me.github.io", "https://b.me.github.io/x", "https://b.me.github.io/x"),
        ("https://a.xn--55qx5d.cn", "https://a.xn--55qx5d.cn/x", "https://a.xn--55qx5d.cn/x"),
        ("https://gateway.corp", "https://gateway.corp/x", "https://gateway.corp/x"),
        ("https://10.0.0.1:444", "https://10.0.0.1:444/x", "https://10.0.0.1:444/x"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ("http://127.0.0.1:1", "http://localhost:1/x", "http://localhost:1/x"),
        ("http://127.0.0.1:1", "https://[::1]:1/x", "https://[::1]:1/x"),
        ("https://127.0.0.1:1", "https://localhost:1/x", "https://localhost:1/x"),
    ],
)
def test_redirect_within_the_domain_is_followed(base, location, target):
    assert follow(base, base + "/v1/x", location) == target


@pytest.mark.parametrize(
    ("base", "location"),
    [
        ("https://api.light.inc", "http://api.light.inc/x"),
        ("https://api.light.inc", "https://evil.com/x"),
        ("https://api.light.inc", "https://notlight.inc/x"),
        ("https://api.light.inc", "https://api.light.inc.evil.com/x"),
        ("https://api.light.inc", "https://api.light.inc@evil.com/x"),
        ("https://api.light.inc", "https://me:pw@api.light.inc/x"),
        ("https://api.light.inc", "https://evil.com\\@api.light.inc/x"),
        ("https://api.light.inc", "https://evil.com\\.light.inc/x"),
        ("https://api.light.inc", "https://evil.com%2f.light.inc/x"),
        ("https://api.light.inc", "http://127.0.0.1/x"),
        ("https://api.light.inc", "https://[::1"),
        ("https://api.light.inc", "https://api.light.inc:x/"),
        ("https://api.light.inc", "javascript:alert(1)"),
        ("https://api.light.inc", "https://light.inc..evil.com/x"),
        ("https://api.light.inc", "https://xn--lght-7pa.inc/x"),
        ("https://api.light.inc", "https://api.l\u0131ght.inc/x"),
        ("https://api.light.inc", "https://api.light\u3002inc/x"),
        ("https://api.light.inc", "https://inc/x"),
        ("https://api.light.inc", "https://10.0.0.1/x"),
        ("https://bank.co.uk", "https://robber.co.uk/x"),
        ("https://co.uk", "https://robber.co.uk/x"),
        ("https://me.github.io", "https://you.github.io/x"),
        ("https://github.io", "https://you.github.io/x"),
        ("https://a.xn--55qx5d.cn", "https://b.xn--55qx5d.cn/x"),
        ("https://gateway.corp", "https://other.gateway.corp/x"),
        ("https://gateway", "https://other.gateway/x"),
        ("https://10.0.0.1", "https://10.0.0.2/x"),
        ("https://10.0.0.1", "https://8.10.0.0.1/x"),
        ("https://[2001:db8::1]", "https://[2001:db8::2]/x"),
        ("http://localhost:1", "https://api.light.inc/x"),
        ("http://localhost:1", "http://localhost:2/x"),
        ("http://localhost:1", "http://localhost/x"),
        ("http://localhost", "http://localhost:0/x"),
        ("http://127.0.0.1:1", "https://[::1]:2/x"),
        ("http://127.0.0.1:1", "https://127.0.0.1/x"),
        ("https://localhost:1", "http://localhost:1/x"),
        ("https://127.0.0.1", "http://127.0.0.1/x"),
        ("https://api.light.inc", "https://api.light.inc:8443/x"),
        ("https://api.light.inc", "//eu.api.light.inc:8443/x"),
        ("https://api.light.inc:8443", "https://api.light.inc/x"),
        ("https://gateway.corp", "https://gateway.corp:444/x"),
        ("https://10.0.0.1", "https://10.0.0.1:80/x"),
        ("http://localhost:1", "ftp://localhost/x"),
    ],
)
def test_redirect_to_another_domain_is_not_followed(base, location):
    assert follow(base, base + "/v1/x", location) is None


WORDS = (
    "https:// http:// // api light inc evil com . / \\ @ : ? # %2e %00 443 [ ] ::1 ı 。 ｉ xn-- - _"
)
PIECES = st.sampled_from([*WORDS.split(" "), " ", "\t", "\n"])


MESS = st.lists(PIECES, max_size=4).map("".join)


@given(
    st.sampled_from(["https://", "//", ""]), MESS, st.sampled_from(["light.inc", "evil.com"]), MESS
)
def test_followed_redirects_stay_at_light_for_every_url_parser(a, b, c, d):
    location = a + b + c + d
    target = follow("https://api.light.inc", "https://api.light.inc/v1/x", location)
    if target is not None:
        url = httpx.URL(target)
        assert url.scheme == "https"
        assert f".{url.host.rstrip('.')}".endswith(".light.inc")
        assert not url.userinfo


@given(st.text("codestate=&%;+12?#/:[]\x00é\n", max_size=60), st.booleans())
def test_any_pasted_text_without_the_state_is_an_importer_error(text, as_query):
    with pytest.raises(ImporterError):
        code_in(f"http://127.0.0.1/callback?{text}" if as_query else text, "the-state")


def test_is_loopback():
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.255.0.9", "::1")))
    assert not any(map(is_loopback, ("", "10.0.0.1", "0.0.0.0", "localhost.com", "::2")))


def test_importing_credentials_does_not_import_httpx():
    code = (
        "import sys, importer.light.credentials; "
        "sys.exit('httpx' in sys.modules or 'asyncio' in sys.modules)"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0
