"""Companies, authorities, schools and other bodies among capitalised words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from otel_scorer.scoring.detection.capitals import CAPITAL, OPENERS, SOFTWARE, THINGS, Word
from otel_scorer.scoring.detection.hits import Hit, vocabulary
from otel_scorer.scoring.detection.known import companies, family_names, first_names, towns

FORMS = vocabulary(
    """
    Inc Corp Corporation Incorporated Ltd Limited LLC LLP LP PLC Plc plc GmbH AG KG KGaA OHG SE BV NV VOF SA SAS SARL
    SL SpA Spa SRL Srl Ltda Lda AB ASA ApS Oy Oyj AS Kft Zrt Pty Pvt Bhd KK Co
    """
)
_HEADS = vocabulary(
    """
    Academy Airlines Airways Analytics Associates Association Bakery Bank Biotech Brewery Brothers Capital Chemicals
    Clinic College Communications Company Construction Consultants Consulting Council Electronics Embassy Energy
    Engineering Enterprises Entertainment Federation Financial Foods Foundation Freight Furniture Group Healthcare
    Holding Holdings Hospital Industries Institute Insurance International Investments Labs Laboratories Logistics
    Media Ministry Motors Organisation Organization Partners Petroleum Pharma Pharmaceuticals Pharmacy Properties
    Publishing Railways Records Restaurant School Society Software Solutions Steel Studios Supermarket Systems
    Technologies Technology Telecom Textiles Traders Trading Trust University Ventures Worldwide Medical Universität
    Université Universidad Universidade Hochschule Klinikum Krankenhaus Stiftung Verein
    """
)
_ORDINARY_HEADS = vocabulary(
    """
    Academy Analytics Association Bank Brothers Capital Clinic College Communications Company Construction Consulting
    Council Electronics Embassy Energy Engineering Entertainment Federation Financial Foods Foundation Furniture Group
    Hospital Industries Institute Insurance International Investments Labs Laboratories Logistics Media Medical
    Ministry Motors Organisation Organization Partners Pharmacy Properties Publishing Records Restaurant School
    Society Software Solutions Steel Studios Systems Technologies Technology Trading Trust University
    """
)
"""Those that name a kind of thing as often: what stands before has to be a name, not an opener."""
_OF = re.compile(
    rf"(?:University|Universität|Université|Bank|Ministry|Department|Institute|Church|College|Academy|Embassy"
    rf"|Republic"
    rf"|House|Office|Museum|Board|Bureau|Council|Royal Society) (?:of|for) (?:the )?[{CAPITAL}]\w+(?: (?:and "
    rf"|& )?[{CAPITAL}]\w+){{0,2}}"
)
GENERAL = vocabulary(
    """
    Access Account Active Activity Actual Admin Advanced Annual Any Application Artificial Asset Audit Authentication
    Authorization Automated Backup Base Basic Blood Budget Business Cache Card Case Cash Chat Class Clean Cloud Code
    Common Complete Computer Content Context Control Core Cost Credit Custom Customer Daily Data Database Debug Deep
    Default Dental Design Desk Device Digital Direct Distributed Document Domain Education Electric Elementary
    Embedded Emergency Empty Entity Error Event Executive Expert External Family Feature Field File Final Finance
    Fiscal Food Foreign Free Full Functional Fund General Global Gold Graph Green Health Heat High Home Host Human
    Identity Image Import Infrastructure Initial Input Internal Internet Job Junior Key Knowledge Language Large Legal
    Local Log Low Machine Main Management Market Marketing Master Max Medical Memory Message Middle Min Mobile Model
    Modern Monthly Multi Music National Natural Network Nuclear Object Office Online Open Operating Operations Oral
    Order Output Owner Parent Partner Password Payment Payments Performance Personal Phone Physical Platform Policy
    Power Premium Primary Private Process Product Production Professional Profile Project Property Public Purchase
    Quality Query Quick Real Record Recording Red Regional Release Remote Renewable Research Resource Review Revenue
    Risk Role Safe Safety Sales Science Search Secondary Security Senior Server Service Session Shared Short Silver
    Simple Single Site Small Smart Social Software Solar Source Space Special Standard State Storage String Student
    Study Sub Supply Support System Task Tax Team Technical Test Text Time Tool Total Traffic Training Transport
    Travel Tree Type Unit Universal Unix Update Upper Usage User Vector Version Video Virtual Visual Voice Water Web
    Weekly Wind Wireless Work Working World Young Elementary Primary Public High Middle Free Open
    """
)
"""What stands before a head and names no body: `Identity Group`, `Operating Systems`."""


def body_at(text: str, words: Sequence[Word], at: int) -> tuple[Hit, int] | None:
    """A body by its legal form or head (`Kestrel Analytics Inc`), by `University of …`, or by name."""
    word = words[at]
    spelled_out = _OF.match(text, word.start)
    if spelled_out:
        end = spelled_out.end()
        return Hit("organization", word.start, end, text[word.start : end]), sum(one.start < end for one in words[at:])
    last = _head(text, words, at)
    if last is not None:
        end = words[last].end + (words[last].text in _ABBREVIATED and text.startswith(".", words[last].end))
        return Hit("organization", word.start, end, text[word.start : end]), last - at + 1
    if begins(words, at) and _may_employ(words[at:]) and _is_employer(text, word, words[-1]):
        return span("organization", text, word, words[-1]), len(words) - at
    if word.text in companies().sure and not _goes_on(words, at):
        return span("organization", text, word, word), 1
    if word.text in companies().doubtful and _acts(text, word, words, at):
        return span("organization", text, word, word), 1
    return None


def begins(words: Sequence[Word], at: int) -> bool:
    """Whether no part of a name stands before this word."""
    return at == 0 or words[at - 1].text.lower() in OPENERS


def _is_employer(text: str, first: Word, last: Word) -> bool:
    return bool(_IS_BODY.match(text, last.end) or _EMPLOYS.search(text, max(0, first.start - 40), first.start))


def _head(text: str, words: Sequence[Word], at: int) -> int | None:
    """The word at which a body ends that begins here: at its legal form, else at its head."""
    best = None
    for index in range(at + 1, min(len(words), at + 6)):
        if text[words[index - 1].end : words[index].start].strip(" ") not in ("", "&", "and", "."):
            break
        before, head = words[index - 1].text, words[index].text
        is_form = head in FORMS and not (head in _SHORT_FORMS and before.isupper())
        follows = best is None or best == index - 1
        if is_form or (follows and head in _HEADS and _makes_body(words[at:index], head)):
            best = index
    return best


_ABBREVIATED = ("Inc", "Ltd", "Corp", "Co")
_SHORT_FORMS = ("Co", "SE", "AS", "SA", "AB", "LP")


def _makes_body(before: Sequence[Word], head: str) -> bool:
    names = [word.text for word in before]
    if any(name in GENERAL or (name.isupper() and len(name) == 1) for name in names[-1:]) and len(names) == 1:
        return False
    if head in _ORDINARY_HEADS and all(name in GENERAL or name in THINGS or name in _HEADS for name in names):
        return False
    if head in _ORDINARY_HEADS and len(names) == 1 and _DESCRIBES.search(names[0]) and names[0] not in family_names():
        return False
    return names[0] not in THINGS or len(names) > 1


_DESCRIBES = re.compile(r"(?:ed|ing|able|ible|ive|ous|ful|less|ical|ary)$")
"""`Covered Software`, `Operating Systems`."""


def _goes_on(words: Sequence[Word], at: int) -> bool:
    return at + 1 < len(words) and words[at + 1].text in THINGS


_WORKS_AT = re.compile(
    r"(?:\bwork(?:s|ed|ing)? (?:at|for)|\bemployed (?:at|by)|\b(?:C[EFT]O|founder|chairman|president"
    r"|director|head|employee|engineer"
    r"|manager|analyst|consultant|job|career|position|interview|contact|offer|order|account) (?:of|at|for|from|with)"
    r"|\bjoin(?:s|ed|ing)?|\bbought by|\bacquired(?: by)?|\bsued|\bhired by|\bshares? (?:of|in)"
    r"|\binvested in)(?: the)? $",
    re.IGNORECASE,
)
_EMPLOYS = re.compile(
    r"(?:\bwork(?:s|ed|ing)? (?:at|for)|\bemployed (?:at|by)|\b(?:C[EFT]O|co-?founder|founder|chairman"
    r"|chairwoman|shareholders?|employees?) (?:of|at)"
    r"|\b(?:job|career|internship|interned|employment) (?:at|with)|\bhired by|\bshares? in|\b(?:years?"
    r"|months) at|\b(?:studie[sd]|studying|study|professor|lecturer|degree) at"
    r"|\bgraduated from|\b(?:company|startup|start-up|firm|employer|bank|charity|non-?profit|retailer"
    r"|manufacturer|insurer|airline)(?: called| named|,)?)(?: the)? $",
    re.IGNORECASE,
)
"""What stands here is a body, whatever it is called: nobody is founder of a person."""
_IS_BODY = re.compile(
    r",? (?:is|was) an? (?:[\w-]{1,20} ){0,3}(?:company|corporation|startup|start-up|firm|non-?profit"
    r"|charity|retailer|manufacturer|subsidiary|bank|insurer|airline|501\(c\))\b"
    r"|(?:['’]s)? (?:headquarters|shareholders|head office|offices? (?:is|are|at|in)|branch|shareholders"
    r"|subsidiar(?:y|ies)|board of directors|employees|stock price|annual report)\b"
)
"""What stands before it is a body."""


def _may_employ(words: Sequence[Word]) -> bool:
    """Not `works for Anna`, `works at Night`, `works for Python 3`."""
    if words[0].text in first_names().sure or words[0].text in towns() or len(words) > 4:
        return False
    if words[0].text.lower() in OPENERS or (words[0].text.isupper() and len(words[0].text) > 4):
        return False
    return not all(word.text in GENERAL or word.text in THINGS for word in words) and words[0].text not in SOFTWARE


_ACTS = re.compile(
    r"(?:['’]s (?:shares?|stock|C[EFT]O|board|revenue|profits?|headquarters|earnings|employees|customers"
    r"|founder|lawyers?)"
    r"| (?:wants|hired|announced|acquired|reported|renewed|employs|signed|merged|laid off|earned|shares"
    r"|stock|sued|opened))\b"
)


def _acts(text: str, word: Word, words: Sequence[Word], at: int) -> bool:
    """It works, earns and hires as a company does."""
    if at + 1 < len(words) and text[word.end] not in "'’":
        return False
    return bool(_ACTS.match(text, word.end) or _WORKS_AT.search(text, max(0, word.start - 40), word.start))


def span(kind: str, text: str, first: Word, last: Word) -> Hit:
    """From the first word to the last."""
    return Hit(kind, first.start, last.end, text[first.start : last.end])
