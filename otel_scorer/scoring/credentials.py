"""Credentials by their shape: keys of known services, tokens, passwords in assignments, private keys.

The patterns are detect-secrets' own, taken from its plugin classes. Its `scan_line` is not used: it works through
settings that are global to the process (two threads would change them under each other), reads lines only, and its
entropy plugins call every longer word a secret. Three of its plugins are replaced below because their patterns take
quadratic time on hostile text or miss today's keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

import datafog_core

from otel_scorer.scoring.hits import MAX_TEXT, Hit, holds_any, settle

_LONG = ""
"""Stands for "a run of 24 characters that a key could be made of" where a pattern has no word of its own."""
_PLUGINS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("artifactory", "ArtifactoryDetector", "artifactory_key", ("AKC", "AP")),
    ("aws", "AWSKeyDetector", "aws_key", ("A3T", "ABIA", "ACCA", "AKIA", "ASIA", "aws")),
    ("azure_storage_key", "AzureStorageKeyDetector", "azure_key", ("AccountKey=",)),
    ("basic_auth", "BasicAuthDetector", "password", ("://",)),
    ("cloudant", "CloudantDetector", "ibm_key", (_LONG,)),
    ("discord", "DiscordBotTokenDetector", "discord_token", (_LONG,)),
    ("github_token", "GitHubTokenDetector", "github_token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    ("gitlab_token", "GitLabTokenDetector", "gitlab_token", (_LONG,)),
    ("ibm_cloud_iam", "IbmCloudIamDetector", "ibm_key", (_LONG,)),
    ("ibm_cos_hmac", "IbmCosHmacDetector", "ibm_key", ("secret",)),
    ("mailchimp", "MailchimpDetector", "mailchimp_key", ("-us",)),
    ("pypi_token", "PypiTokenDetector", "pypi_token", ("pypi-",)),
    ("sendgrid", "SendGridDetector", "sendgrid_key", ("SG.",)),
    ("slack", "SlackDetector", "slack_token", ("xox", "hooks.slack")),
    ("softlayer", "SoftlayerDetector", "ibm_key", (_LONG,)),
    ("square_oauth", "SquareOAuthDetector", "square_key", ("sq0csp-",)),
    ("stripe", "StripeDetector", "stripe_key", ("k_live_",)),
    ("telegram_token", "TelegramBotTokenDetector", "telegram_token", (_LONG,)),
    ("twilio", "TwilioKeyDetector", "twilio_key", (_LONG,)),
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
    searched = text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")  # the Rust side refuses lone surrogates
    return settle(hit for hit in _all(searched) if _is_likely(hit))


def _all(text: str) -> Iterator[Hit]:
    lowered = text.lower()
    is_long = _LONG_RUN.search(text) is not None
    for kind, needles, pattern in _patterns():
        if not (is_long if needles == (_LONG,) else holds_any(text, lowered, needles)):
            continue
        group = 1 if pattern.groups else 0
        for match in pattern.finditer(text):
            place = group if match.group(group) else 0
            yield Hit(kind, *match.span(place), match.group(place))
    if holds_any(text, lowered, _ASSIGNING):
        yield from _assigned(text)
    for finding in datafog_core.scan(text, {"entities": list(_DATAFOG)}):
        place_ = finding.codepoint_range
        yield Hit(_DATAFOG[finding.entity_type], place_.start, place_.end, text[place_.start : place_.end])


_LONG_RUN = re.compile(r"[A-Za-z0-9_.:-]{24}")


@cache
def _patterns() -> tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...]:
    """Kind, words of which a text must hold one before the pattern is tried (most texts hold none), pattern."""
    found = [(kind, needles, re.compile(source)) for kind, needles, source in _OWN]
    for module, name, kind, needles in _PLUGINS:
        plugin = getattr(import_module(f"detect_secrets.plugins.{module}"), name)()
        found.extend((kind, needles, _without_marker_groups(pattern)) for pattern in plugin.denylist)
    return tuple(found)


def _without_marker_groups(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """The pattern with a prefix group such as `(ghp|gho)_` made non-capturing: group 1 is the secret."""
    source = re.sub(r"(?<!\\)\((?=[a-z0-9|]{2,40}\)[_-])", "(?:", pattern.pattern)
    return re.compile(source.replace("glcbt-([0-9a-fA-F]{2}_)?", "glcbt-(?:[0-9a-fA-F]{2}_)?"), pattern.flags)


_WORD = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|api[_ -]?key|access[_ -]?(?:key|token)|auth[_ -]?(?:key|token)|"
    r"client[_ -]?secret|private[_ -]?key|bearer|token|credentials?)"
)
_ASSIGNING = ("pass", "pwd", "secret", "key", "token", "bearer", "credential")
_ASSIGNED = re.compile(
    rf"(?<![A-Za-z]){_WORD}[A-Za-z0-9_]{{0,20}}[\"'\]]{{0,2}}(?:\s{{0,3}}(?::=|=>|[:=])\s{{0,3}}|\s{{1,3}}is:?\s{{1,3}})"
    r"(?:[A-Za-z]{1,12}\s)??[\"'`]?([^\s\"'`,;<>(){}\[\]]{8,200})",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"x{4,}|\*{3,}|\.{3,}|your|example|redacted|placeholder|changeme|<|\$\{|%\(|^\$|dummy|process\.env|os\.environ|https?:",
    re.IGNORECASE,
)


def _assigned(text: str) -> Iterator[Hit]:
    """`password: hunter2x`, `"api_key": "…"`, `the token is …`: a value mixed of letters and digits."""
    for match in _ASSIGNED.finditer(text):
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
