"""How something went, by its own words: a tool result (failed, empty) and an answer (admits, claims, asks, refuses).

Reads English wording and JSON fields. A result in another language counts as neither failed nor empty.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from otel_scorer.model import Value
from otel_scorer.scoring.wording.lexicon import Wording, phrases, vocabulary
from otel_scorer.scoring.wording.words import as_text, clip, name_words, parsed

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import ToolUse

_HEAD = 300
"""Characters in which a plain-text result says that it failed."""

_FAILED_TEXT = phrases(
    r"""
    error|exception|traceback|failed|failure|fatal|invalid|unauthori[sz]ed|forbidden|rate limit(?:ed)?
    http(?:/[\d.]{1,3})? ?(?:error |status )?:? ?[45]\d\d|(?:http )?status(?: code)?:? ?[45]\d\d
    (?:error )?[45]\d\d:? (?:client error|server error|error|bad request|unauthori[sz]ed|payment required|forbidden
    |not found|method not allowed|not acceptable|request time-?out|conflict|gone|too many requests|unprocessable
    |internal server error|not implemented|bad gateway|service unavailable|gateway time-?out)
    (?:the )?(?:request|call|command|process|script|tool|execution|code) (?:failed|exited|returned|ended|stopped) with
    |(?: an?)? (?:error|exception|fault|(?:non-?zero )?(?:exit )?(?:status |code )*:? ?[1-9]\d{0,2})
    (?:request |connection )?timed? ?out|(?:permission|access) denied|service unavailable|internal server error
    \w{1,40}(?:error|exception)
    (?:the )?\w{1,40} (?:failed|timed out|could not be|is unavailable|errored)
    """,
    at_start=True,
)
_FAILED_STATUS = vocabulary(
    """
    error failed failure fail timeout timed_out denied unavailable exception
    """
)
_EXIT = phrases(
    r"""
    exit(?:ed)?[ _-]?(?:code|status)?(?: with)?(?: code| status)?[:= ] ?-?[1-9]\d{0,2}
    (?:process|command|program|script) (?:exited|finished|ended|failed) with (?:exit )?(?:code|status) -?[1-9]\d{0,2}
    return(?:ed)?[ _-]?code[:= ] ?-?[1-9]\d{0,2}
    """,
    at_start=True,
)
"""How a program's run is reported that failed; 0 is success."""
_EXIT_KEYS = vocabulary("exit_code exitcode exitstatus exit_status returncode return_code")
_HTTP_KEYS = vocabulary("status_code statuscode http_status httpstatus http_code http_status_code")
_LABEL = re.compile(r"(?:(?:code|program|console) ?output|std(?:out|err)|output|result|log)s?:\s{0,5}", re.IGNORECASE)
"""What is written before a program's output."""
_PAGE = re.compile(r"<(?:!doctype|html)\b[^\x00]{0,200}?<title>\s{0,5}(?:error )?[45]\d\d\b", re.IGNORECASE)
_FINDINGS = re.compile(
    r"\b\d{1,6} (?:tests? )?(?:passed|failed|failures?|errors?|warnings?|problems?)\b", re.IGNORECASE
)
"""Tests and linters end with 1 where they found something: they did what they were called for."""
_ERROR_KEYS = vocabulary(
    """
    error errors exception traceback error_message errormessage error_code
    """
)
_NOT_ERRORS: tuple[Value, ...] = (None, "", False, 0, "none", "null", "None", "0")

_EMPTY_TEXT = phrases(
    r"""
    (?:sorry,? )?no (?:\w+ ){0,3}(?:results?|match(?:es)?|documents?|records?|entries|data|items?|rows|hits|information)
    nothing (?:was )?found|(?:\w+ ){0,3}not found|none|null|n/a|empty
    """,
    at_start=True,
)
_WRAPPERS = vocabulary(
    """
    results result data items documents records rows hits matches entries content value output
    """
)

_ADMITS = phrases(
    r"""
    unable|couldn't|could not|can't|cannot|can not|wasn't able|was not able|weren't able|were not able|unsuccessful
    fail(?:ed|s|ure|ing)?|errors?|unfortunately|sorry|apologi[sz]e|unavailable|not available|not found|timed out
    no (?:\w+ ){0,3}(?:found|available|information|results?|records?|data|matches)|nothing|unknown|unclear
    did(?:n't| not) (?:find|work|succeed|go through|return|complete)|do(?:n't| not) (?:have|know|see|find)
    does(?:n't| not) (?:contain|mention|include|say|exist|appear|specify)|isn't (?:mentioned|available)
    try again|went wrong|problems?|issues?
    not (?:been )?(?:able|sure|certain|mentioned|specified|provided|completed|processed|possible)
    """
)
_DONE = r"""booked|cancell?ed|created|sent|updated|deleted|removed|added|changed|confirmed|completed|processed|placed
    |scheduled|reserved|refunded|saved|submitted|transferred|paid|ordered|registered|activated|reset|issued|moved
    |renamed|uploaded|published|posted|forwarded|applied|closed|opened|fixed|resolved|set""".replace("\n    ", "")
_CLAIMS = phrases(
    rf"""
    success(?:ful|fully)?|all (?:done|set)|done(?=[.!])
    (?:has|have|had|is|are|was|were) (?:now |just |already |been |all |successfully ){{0,3}}(?:{_DONE})
    i(?:'ve| have)? (?:now |just |successfully )?(?:{_DONE})
    (?:booking|reservation|order|payment|transfer|refund|cancellation|appointment)(?: is| has been)? complete
    """
)
_ASKS = phrases(
    r"""
    (?:could|can|would|will) you (?:please |kindly )?(?:\w+ ){0,2}(?:provide|tell|share|give|confirm|clarify|specify
    |send)
    please (?:\w+ )?(?:provide|share|confirm|specify|tell|let me know|clarify|send|enter|verify)
    (?:what|which)(?: is|'s)? (?:your|the) (?:\w+ ){0,3}\w+\?|do you have (?:your|the|an?)
    i(?:'ll)? (?:will )?need (?:your|the|to know|a few|some|more)|may i (?:have|ask|know)
    """
)
_REFUSES = phrases(
    r"""
    i(?:'m| am) (?:sorry|unable|not able|afraid)|i (?:can't|cannot|won't|will not|must decline|am not allowed)|as an ai
    not (?:able|allowed|permitted) to (?:help|assist|share|provide|do)|against (?:my|our) (?:policy|guidelines)
    none of (?:the|my|these) (?:available |offered )?(?:tools|functions)
    i (?:do not have|don't have|have no) (?:an? |any |the )?(?:tools?|functions?) (?:for|to|that)
    """
)
_ACTING = vocabulary(
    """
    accept activate add apply approve assign book buy cancel change charge close commit confirm copy create
    deactivate delete deploy disable drop edit email enable execute forward grant insert install invite issue
    kill mail make merge message modify move notify open order pay place post publish purchase push put refund
    register reject remove rename replace reply reschedule reserve reset restart revoke save schedule send set
    share start stop submit subscribe terminate transfer trigger unlock unsubscribe update upload upgrade wire
    withdraw write
    """
)
_READING = vocabulary(
    """
    check count describe fetch find get inquire inspect list look lookup query read retrieve search show
    status track view verify browse load
    """
)


def failed(use: ToolUse) -> bool:
    """Whether a tool use failed: by its error, or by a result that says of itself that it is one."""
    return bool(use.error) or (use.result_captured and says_failed(use.result))


def says_failed(result: Value) -> bool:
    """An `error` field, a failed status, `success: false`, an exit code or HTTP status that means failure, or a text
    that begins as an error, a traceback or the report of a failed run does.

    The exit code of tests and linters that found something is no failure, nor is that of a search which found nothing.
    """
    value = parsed(result) if isinstance(result, str) else result
    if isinstance(value, dict):
        return any(_field_failed(str(key).lower(), item) for key, item in list(value.items())[:200])
    return _text_failed(result) if isinstance(result, str) else False


def _text_failed(result: str) -> bool:
    head = result[: 2 * _HEAD].lstrip()
    if _EXIT.match(head):
        rest = head.partition("\n")[2].strip()
        return bool(rest) and not _FINDINGS.search(result[-2000:])
    label = _LABEL.match(head)
    return bool(_FAILED_TEXT.match(head[label.end() :] if label and label.end() < len(head) else head)) or bool(
        _PAGE.match(head)
    )


def _field_failed(key: str, item: Value) -> bool:
    if key in _ERROR_KEYS or key == "is_error" or key == "iserror":
        return item not in _NOT_ERRORS and item not in ([], {})
    if key in ("success", "ok", "succeeded"):
        return item is False
    if key in _EXIT_KEYS or key in _HTTP_KEYS:
        return _means_failure(item, 400 if key in _HTTP_KEYS else 1)
    return key in ("status", "state", "outcome") and isinstance(item, str) and item.lower() in _FAILED_STATUS


def _means_failure(code: Value, least: int) -> bool:
    """Whether an exit code or an HTTP status (as a number, or written as one) says that something failed."""
    if isinstance(code, str) and code.strip().lstrip("-").isdecimal() and len(code) < 6:
        code = int(code)
    return isinstance(code, int) and not isinstance(code, bool) and (code >= least or (least == 1 and code < 0))


def is_empty(result: Value) -> bool:
    """Nothing came back: null, "", [], {}, a wrapper around those (`{"results": []}`), or a text that says so."""
    value = result
    if isinstance(result, str) and result.strip()[:1] in ("{", "["):
        value = parsed(result)
        value = result if value is None else value  # what only looks like JSON, such as a dict as Python writes it
    if isinstance(value, dict):
        wrapped = [item for key, item in value.items() if str(key).lower() in _WRAPPERS]
        return not value or (bool(wrapped) and all(item in (None, "", [], {}) for item in wrapped))
    if isinstance(value, str):
        return not value.strip() or (len(value) < _HEAD and bool(_EMPTY_TEXT.match(value.strip())))
    return value is None or value == []


def admits(text: str) -> bool:
    """Whether the text admits that something failed, is missing or is not known."""
    return _ADMITS.is_in(Wording(clip(text)))


def claims_success(text: str) -> str:
    """The first words that claim that something was done, "" where nothing does."""
    wording = Wording(clip(text))
    match = _CLAIMS.search(wording)
    return wording.text[match.start() : match.end()] if match else ""


def asks_back(text: str) -> bool:
    """Whether the answer asks the user for something that it needs."""
    return _ASKS.is_in(Wording(clip(text)))


def refuses(text: str) -> bool:
    """Whether the answer begins as a refusal does."""
    return _REFUSES.is_in(text[:_HEAD])


def acts(name: str) -> bool:
    """Whether a tool changes something, by the verbs in its name: a leading reading verb outweighs a later one."""
    return _first_verb(name[:200]) in _ACTING


def reads(name: str) -> bool:
    """Whether a tool looks something up, by the verbs in its name."""
    return any(word in _READING for word in name_words(name)) and not acts(name)


@lru_cache(maxsize=2048)
def _first_verb(name: str) -> str:
    return next((word for word in name_words(name) if word in _ACTING or word in _READING), "")


_OUTAGE = phrases(
    r"""
    timed? ?out|time-?out|unavailable|unreachable|overloaded|maintenance|out of order|rate limit(?:ed)?
    too many requests|(?:http |status |code |error )*(?:429|50[0234]|52\d)
    internal server error|bad gateway|service (?:is )?down
    connection (?:\w+ ){0,2}(?:refused|reset|closed|aborted|failed|error|lost)|connect(?:ion)?error|network error
    temporar(?:y|ily)|try (?:it )?again later|could not connect|name resolution|is (?:currently )?(?:down|offline)
    """
)


def is_outage(use: ToolUse) -> bool:
    """Whether a failed use says that the tool or the way to it was out of order, whatever it was called with."""
    return _OUTAGE.is_in(clip(error_text(use), 2 * _HEAD))


def error_text(use: ToolUse) -> str:
    """What a failed use said."""
    return use.error or as_text(use.result)
