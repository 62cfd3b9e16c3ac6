"""Credentials by their shape: keys of known services, tokens, passwords in assignments, private keys.

The patterns are detect-secrets' own, taken from its plugin classes. Its `scan_line` is not used: it works through
settings that are global to the process (two threads would change them under each other), reads lines only, and its
entropy plugins call every longer word a secret. Three of its plugins are replaced below because their patterns take
quadratic time on hostile text or miss today's keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import NamedTuple

import datafog_core

from otel_scorer.scoring.detection.hits import Hit, folded, found_from, holds_any, searchable, settle


class _Plugin(NamedTuple):
    """A plugin's class, and what a text must hold before its patterns are tried: most texts do not."""

    module: str
    name: str
    kind: str
    needles: tuple[str, ...] = ()
    """One of these words. Those in small letters may stand in any case."""
    hint: str = ""
    """And this, in the folded text unless it is `exact`; together with a long run where `long`."""
    exact: bool = False
    long: bool = False


_KEY_WORD = r"(?:key|pwd|pw|password|pass|token)"
_ASSIGNMENT = r"[\"']?\]?[ =:>]+[\"']?"
_PLUGINS = (
    _Plugin(
        "artifactory",
        "ArtifactoryDetector",
        "artifactory_key",
        ("AKC", "AP"),
        r"AKC[a-zA-Z0-9]{10}|AP[\dABCDEF][a-zA-Z0-9]{8}",
        exact=True,
    ),
    _Plugin("aws", "AWSKeyDetector", "aws_key", ("A3T", "ABIA", "ACCA", "AKIA", "ASIA", "aws")),
    _Plugin("azure_storage_key", "AzureStorageKeyDetector", "azure_key", ("AccountKey=",)),
    _Plugin("basic_auth", "BasicAuthDetector", "password", ("://",)),
    _Plugin(
        "cloudant",
        "CloudantDetector",
        "ibm_key",
        hint=rf"cl(?:oudant|ou)?[_-]?(?:api)?{_KEY_WORD}|cloudant\.com",
        long=True,
    ),
    _Plugin("discord", "DiscordBotTokenDetector", "discord_token", hint=r"\.[\w-]{6}\.[\w-]{27}", long=True),
    _Plugin("github_token", "GitHubTokenDetector", "github_token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    _Plugin(
        "gitlab_token",
        "GitLabTokenDetector",
        "gitlab_token",
        hint="g(?:l(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|r1348941)",
    ),
    _Plugin(
        "ibm_cloud_iam",
        "IbmCloudIamDetector",
        "ibm_key",
        ("key", "pwd", "pass", "token"),
        _KEY_WORD + _ASSIGNMENT + "[a-z0-9_-]{44}",
        long=True,
    ),
    _Plugin(
        "ibm_cos_hmac",
        "IbmCosHmacDetector",
        "ibm_key",
        ("secret",),
        rf"secret[-_]?(?:access)?[-_]?key{_ASSIGNMENT}[a-f0-9]{{48}}",
    ),
    _Plugin("mailchimp", "MailchimpDetector", "mailchimp_key", ("-us",)),
    _Plugin("pypi_token", "PypiTokenDetector", "pypi_token", ("pypi-",)),
    _Plugin("sendgrid", "SendGridDetector", "sendgrid_key", ("SG.",)),
    _Plugin("slack", "SlackDetector", "slack_token", ("xox", "hooks.slack")),
    _Plugin(
        "softlayer",
        "SoftlayerDetector",
        "ibm_key",
        hint=rf"s(?:oftlayer|l)[_-]?(?:api)?[_-]?{_KEY_WORD}|softlayer.com",
        long=True,
    ),
    _Plugin("square_oauth", "SquareOAuthDetector", "square_key", ("sq0csp-",)),
    _Plugin("stripe", "StripeDetector", "stripe_key", ("k_live_",)),
    _Plugin("telegram_token", "TelegramBotTokenDetector", "telegram_token", hint=r":[\w-]{35}", long=True),
    _Plugin("twilio", "TwilioKeyDetector", "twilio_key", ("AC", "SK")),
)
_OWN: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "private_key",
        ("PRIVATE KEY",),
        (
            r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            r"[A-Za-z0-9+/=\s:,.\\]{0,16000}(?:-----END [A-Z0-9 ]{0,40}-----)?"
        ),
    ),
    (
        "openai_key",
        ("sk-",),
        r"\bsk-(?:(?:proj|svcacct|admin|ant-api\d\d|or-v1)-[A-Za-z0-9_-]{20,200}|[A-Za-z0-9]{20,200})",
    ),
    ("google_key", ("AIza",), r"\bAIza[0-9A-Za-z_-]{35}"),
    ("huggingface_token", ("hf_",), r"\bhf_[A-Za-z0-9]{30,40}\b"),
    ("github_token", ("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{50,100}"),
    ("stripe_key", ("k_live_", "k_test_"), r"\b[rsp]k_(?:live|test)_[0-9a-zA-Z]{16,100}"),
    ("npm_token", ("npm_", "_authToken"), r"\bnpm_[A-Za-z0-9]{36}\b|:_authToken=\s{0,4}[^\s\"']{8,80}"),
    ("session_cookie", ("cookie:",), r"(?i:\b(?:set-)?cookie: {0,2}[^\s=;]{1,60}=([^\s;]{12,400}))"),
)
_DATAFOG = {
    "API_KEY": "api_key",
    "BEARER_TOKEN": "bearer_token",
    "CREDENTIAL_URI": "password",
    "JWT": "json_web_token",
    "PRIVATE_KEY": "private_key",
}
_WITHOUT_DIGIT = frozenset({"private_key", "password"})


def secrets(text: str) -> tuple[Hit, ...]:
    """Credentials in the first MAX_TEXT characters of `text`, in order of appearance, without overlaps."""
    if not _may_hold(text):
        return ()
    return settle(hit for hit in _all(searchable(text)) if _is_likely(hit))


def _may_hold(text: str) -> bool:
    """Whether there can be a credential: a word of eight characters with a digit, or a sign of those that need none.

    Those are private keys, what stands in URLs, headers and package settings.
    """
    return (
        "://" in text
        or "PRIVATE KEY" in text
        or "_authToken" in text
        or _holds_long_word_with_digit(text)
        or holds_any(folded(text), ("authorization", "cookie:"))
    )


def _holds_long_word_with_digit(text: str) -> bool:
    """By sorts of characters; a text with many short words of this kind counts as holding a long one."""
    sorts = text.encode("utf-8", "replace").translate(_SORTS)
    digit = sorts.find(b"0")
    for _ in range(200):
        if digit < 0:
            return False
        end = sorts.find(b" ", digit)
        end = len(sorts) if end < 0 else end
        if end - sorts.rfind(b" ", 0, digit) > 8:
            return True
        digit = sorts.find(b"0", end)
    return True


def _sort(byte: int) -> str:
    if byte >= 128 or chr(byte).isdigit():
        return "0"
    return " " if chr(byte) in " \t\n\r\f\v\"'`,;<>(){}[]" else "a"


_SORTS = "".join(map(_sort, range(256))).encode("ascii")
"""0: a digit, or what is not ASCII and may be one; blank: what stands in no credential; a: the rest."""


def _all(text: str) -> Iterator[Hit]:
    lowered = folded(text)
    for shape in _possible(text, lowered):
        group = 1 if shape.pattern.groups else 0
        for match in shape.pattern.finditer(text):
            place = group if match.group(group) else 0
            yield Hit(shape.kind, *match.span(place), match.group(place))
    yield from _assigned(text, lowered)
    for finding in datafog_core.scan(text, {"entities": list(_DATAFOG)}):
        place_ = finding.codepoint_range
        yield Hit(_DATAFOG[finding.entity_type], place_.start, place_.end, text[place_.start : place_.end])


class _Shape(NamedTuple):
    """What one kind of credential looks like."""

    kind: str
    pattern: re.Pattern[str]
    hint: re.Pattern[str] | None = None
    exact: bool = False
    long: bool = False

    def is_possible(self, text: str, lowered: str) -> bool:
        if self.hint is None:
            return True
        hinted = self.hint.search(text if self.exact else lowered) is not None
        return hinted and (not self.long or _LONG_RUN.search(text) is not None)


_LONG_RUN = re.compile(r"[A-Za-z0-9_.:-]{24}")


def _possible(text: str, lowered: str) -> Iterator[_Shape]:
    shapes = _shapes()
    places = set(shapes.always)
    places.update(*(at for needle, at in shapes.as_they_stand.items() if needle in text))
    places.update(*(at for needle, at in shapes.in_any_case.items() if needle in lowered))
    for shape in map(shapes.all.__getitem__, sorted(places)):
        if shape.is_possible(text, lowered):
            yield shape


class _Shapes(NamedTuple):
    """All shapes; by their needles the places of those that have some, and the places of the others."""

    all: tuple[_Shape, ...]
    as_they_stand: Mapping[str, Sequence[int]]
    in_any_case: Mapping[str, Sequence[int]]
    always: Sequence[int]


@cache
def _shapes() -> _Shapes:
    found = [(_Shape(kind, re.compile(source)), needles) for kind, needles, source in _OWN]
    found.extend((shape, plugin.needles) for plugin in _PLUGINS for shape in _of_plugin(plugin))
    by_needle: dict[str, list[int]] = {}
    for place, (_, needles) in enumerate(found):
        for needle in needles:
            by_needle.setdefault(needle, []).append(place)
    return _Shapes(
        tuple(shape for shape, _ in found),
        {needle: places for needle, places in by_needle.items() if not needle.islower()},
        {needle: places for needle, places in by_needle.items() if needle.islower()},
        tuple(place for place, (_, needles) in enumerate(found) if not needles),
    )


def _of_plugin(plugin: _Plugin) -> Iterator[_Shape]:
    hint = re.compile(plugin.hint) if plugin.hint else None
    detector = getattr(import_module(f"detect_secrets.plugins.{plugin.module}"), plugin.name)()
    for pattern in detector.denylist:
        yield _Shape(plugin.kind, _without_marker_groups(pattern), hint, plugin.exact, plugin.long)


def _without_marker_groups(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """The pattern with a prefix group such as `(ghp|gho)_` made non-capturing: group 1 is the secret."""
    source = re.sub(r"(?<!\\)\((?=[a-z0-9|]{2,40}\)[_-])", "(?:", pattern.pattern)
    return re.compile(source.replace("glcbt-([0-9a-fA-F]{2}_)?", "glcbt-(?:[0-9a-fA-F]{2}_)?"), pattern.flags)


_WORD = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|api[_ -]?key|access[_ -]?(?:key|token)|auth[_ -]?(?:key|token)|"
    r"client[_ -]?secret|private[_ -]?key|bearer|token|credentials?)"
)
_ASSIGNED_WORDS = ("pass", "pwd", "secret", "key", "token", "bearer", "credential")
"""Of which `_ASSIGNED` holds one."""
_ASSIGNING = re.compile(
    "p(?<![a-z]p)(?:ass|wd|rivate)|s(?<![a-z]s)ecret|a(?<![a-z]a)(?:pi|ccess|uth)|c(?<![a-z]c)(?:lient|redential)"
    "|b(?<![a-z]b)earer|t(?<![a-z]t)oken"
)
"""With which `_ASSIGNED` begins."""
_ASSIGNED = re.compile(
    rf"(?<![A-Za-z]){_WORD}[A-Za-z0-9_]{{0,20}}[\"'\]]{{0,2}}(?:\s{{0,3}}(?::=|=>|[:=])\s{{0,3}}|\s{{1,3}}is:?\s{{1,3}})"
    r"(?:[A-Za-z]{1,12}\s)??[\"'`]?([^\s\"'`,;<>(){}\[\]]{8,200})",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"x{4,}|\*{3,}|\.{3,}|your|example|redacted|placeholder|changeme|<|\$\{|%\(|^\$|dummy|process\.env|os\.environ|https?:",
    re.IGNORECASE,
)


def _assigned(text: str, lowered: str) -> Iterator[Hit]:
    """`password: hunter2x`, `"api_key": "…"`, `the token is …`: a value mixed of letters and digits."""
    if not holds_any(lowered, _ASSIGNED_WORDS):
        return
    for match in found_from(_ASSIGNING, _ASSIGNED, text, lowered):
        value = match.group(1).rstrip(".!?")
        if len(value) >= 8 and _is_mixed(value) and not _PLACEHOLDER.search(value):
            yield Hit("password", match.start(1), match.start(1) + len(value), value)


def _is_mixed(value: str) -> bool:
    """Letters and digits both: sentences have none, counts and ids in figures have no letters."""
    return any(character.isdigit() for character in value) and any(character.isalpha() for character in value)


def _is_likely(hit: Hit) -> bool:
    if hit.kind in _WITHOUT_DIGIT:
        return not _PLACEHOLDER.search(hit.text[:64]) if hit.kind == "password" else True
    return any(character.isdigit() for character in hit.text)
