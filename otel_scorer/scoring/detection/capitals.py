"""Runs of capitalised words in a text, as names are made of them, and the words that are none.

Latin letters only. Words with digits or underscores are code and end a run; so do signs of addresses, paths and code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from otel_scorer.scoring.detection.hits import vocabulary

CAPITAL = "A-ZÀ-ÖØ-Þ" + "".join(chr(c) for c in (*range(0x100, 0x250), *range(0x1E00, 0x1F00)) if chr(c).isupper())
"""For a character class: capital Latin letters."""
NAME = rf"[{CAPITAL}][\w'’-]{{1,30}}"
PARTICLES = (
    r"(?:van|von|vom|zu|zum|zur|de|der|den|del|della|di|da|dal|do|dos|das|du|des|la|las|los|le|bin|bint|ibn|al|el|ter"
    r"|ten|te|af|av|y)"
)
"""Small words inside family names."""
_BARE = rf"[{CAPITAL}](?:\.(?=[ {CAPITAL}])|[^\W\d_]{{0,30}}(?:['’-][^\W\d_]{{1,30}}){{0,3}})"
_RUN = re.compile(
    rf"(?<![\w@#/\\$%&<>=~^+.-])(?<![\w)\]]['’]){_BARE}(?![\w@\\(\[=]|/\w|[.:]\w|_)"
    rf"(?: {{1,2}}(?:{PARTICLES} |& ){{0,2}}{_BARE}(?![\w@\\(\[=]|/\w|[.:]\w|_)){{0,7}}"
)
_WORD = re.compile(_BARE)
_POSSESSIVE = re.compile(r"['’]s?$")


class Word(NamedTuple):
    """A capitalised word without `'s`, and its place."""

    text: str
    start: int
    end: int

    @property
    def is_initial(self) -> bool:
        return len(self.text) == 1 or (len(self.text) == 2 and self.text[1] == ".")

    @property
    def may_be_name(self) -> bool:
        """Not `TokenBucket`, not `HTTP`; `McKay`, `O'Neil` and `Jean-Luc` are."""
        return _NAME_SHAPED.fullmatch(self.text) is not None


_PART = rf"(?:Ma?c|De|Di|Du|La|Le|Fitz|[DO]['’])?[{CAPITAL}][^\W\d_{CAPITAL}]+"
_NAME_SHAPED = re.compile(rf"{_PART}(?:['’-](?:{_PART}|[^\W\d_{CAPITAL}]+)){{0,3}}")


def runs(text: str) -> Iterator[list[Word]]:
    """Capitalised words that stand side by side, at most eight; `&` or small particles may stand between two."""
    for match in _RUN.finditer(text):
        yield [_word(one) for one in _WORD.finditer(text, *match.span())]


def _word(match: re.Match[str]) -> Word:
    text = _POSSESSIVE.sub("", match.group())
    return Word(text, match.start(), match.start() + len(text))


OPENERS = vocabulary(
    """
    a an the this that these those it its he she they we you i our my his her their your who what when where why which
    how there here some any all each every both many most more no not none nothing yes ok okay sure great good bad
    best sorry please thanks thank welcome dear hi hello hey and or but so if then than as at by for from in into of
    on onto to with without within under over after before during until since while because although though however
    therefore also again still just only even ever never now today tomorrow yesterday soon later next last first
    second third new old other another same such very too is are was were be been being am do does did done has have
    had having can could shall should will would may might must let lets get got go goes going make made take took
    give gave see saw say said says ask asked tell told use used using try tried add added set put run ran keep find
    found show showed call called send sent read write wrote check open close start stop begin end move change update
    create delete remove replace return returns note notes warning error info debug failed success summary subject re
    fwd cc bcc name names address phone email mail date time city country state zip total amount price status type
    value key id number order customer client user users patient passenger passengers employee contact contacts
    manager agent support service services team sales account accounts invoice payment ticket tickets booking flight
    hotel seat seats room rooms item items product products company office department staff group members member
    attendees participants guests guest candidates candidate speaker speakers author authors owner sender recipient
    from-address deliver delivery ship shipping billing bill return-address signed regards sincerely cheers
    best-regards kind warm yours faithfully cordially respectfully january february march april june july august
    september october november december jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday
    thursday friday saturday sunday mon tue wed thu fri sat sun north south east west northern southern eastern
    western central upper lower left right top bottom about above according across against along among around based
    behind below beside besides between beyond confirm confirmed contacting meet met met-with visit visited speak
    spoke book booked assign assigned assigning forward forwarded reply replied remind notify notified invite invited
    transfer transferred pay paid refund cancel cancelled reschedule review reviewed reviewer approved approve
    escalate escalated per via re-assign chapter section part figure table step steps appendix example page line
    question answer english text data file files code version der die das den dem des ein eine einer einem einen und
    oder aber nicht ist sind war wir ich sie er es ihr ihre ihren mein dein sein unser bitte danke hallo liebe lieber
    sehr geehrte geehrter guten tag herzliche mit freundlichen bei von nach aus zum zur im am auf für über unter le la
    les un une des du et ou est sont nous vous je il elle ils elles mon ton son notre votre bonjour merci cher chère
    cordialement avec pour dans sur par el los las una unos y o es son yo tu su mi hola gracias estimado estimada
    querido querida saludos con para por en os um uma uns e ao aos olá obrigado obrigada caro cara prezado prezada
    atenciosamente com não il lo gli uno di del della che sono ciao grazie gentile egregio distinti saluti het een van
    beste geachte groet groeten met voor niet hej hei kære kära hilsen
    """
)
"""Small letters: words that may be capitalised and belong to no name, mostly at the beginning of a sentence."""

THINGS = vocabulary(
    """
    Academy Act Action Agency Agent Airport Algorithm Analysis API App Application Area Army Article Assistant
    Associates Association Award Bay Beach Board Book Bot Bridge Bug Build Building Business Campus Canal Case Castle
    Cathedral Center Centre Chapter Check Church City Clause Client Cloud Club Code College Command Commission
    Committee Company Conference Config Convention Corporation Council County Course Court Creek Cup Dashboard Data
    Database Day Department Desert Desktop Device Distribution District Document Driver Edition Editor Effect Engine
    Equation Error Event Factor Falls Feature Festival Field Filter Flow Forest Format Forum Foundation Framework
    Function Fund Gallery Game Garden Gardens Gate Government Group Guide Harbor Harbour Hill Hills Home Hospital
    Hotel House Index Inn Institute Interface Island Islands Issue Job Key Kit Lab Labs Lake Language Law Layer
    Library License Licence Line List Lock Lodge Log Loop Mail Mall Manager Map Market Matrix Menu Method Metric Mode
    Model Module Month Mount Mountain Movement Museum Network News Node Number Object Office Operator Option Options
    Order Package Page Palace Panel Park Parser Party Pass Path Pattern Pavilion Peninsula Period Phase Pipeline Plan
    Platform Plaza Plugin Point Policy Pool Port Press Prize Pro Problem Process Product Profile Program Project
    Protocol Province Query Queue Race Railway Range Record Reef Region Release Report Republic Request Resort
    Restaurant Result Review River Road Rule Run Runner Sale Scheme School Score Script Search Season Section Server
    Service Services Session Shop Show Signal Skill Space Speaker Square Stadium Stage Standard Star State Station
    Status Step Store Stream Street Studio Suite Summit Support System Table Tag Task Team Template Temple Test
    Theater Theatre Theorem Time Tool Toolkit Tour Tower Town Trace Trail Transform Travel Tree Trust Type Union Unit
    University Update User Valley Value Version View Village Walk War Wave Way Web Week Window Wizard Word Works
    Workshop World Year Zone
    """
)
"""What follows a name and makes something else of both: `Charlotte Airport`, `Claude Code`, `Bell Curve`."""

SOFTWARE = vocabulary(
    """
    Airflow Android Angular Ansible Apache Azure Bash C++ Celery Chrome ChatGPT Claude Confluence Copilot Cypress Dart
    Debian Django Docker Elasticsearch Excel FastAPI Fedora Figma Firefox Flask Gemini Git GitHub GitLab Gmail Go
    Golang Grafana Gradle GraphQL Haskell Helm Hibernate HTML iOS Jaeger Java JavaScript Jenkins Jira JSON Jupyter
    Kafka Keras Kibana Kotlin Kubernetes Lambda LangChain Laravel Linux Llama Lua Maven MATLAB Mistral Mongo MongoDB
    MySQL Nginx Node NumPy Office Outlook Pandas Perl PHP Phoenix PostgreSQL Postgres PowerPoint Prometheus Pydantic
    PyPI Python PyTorch RabbitMQ Rails React Redis Ruby Rust Safari Salesforce Scala Selenium Sendmail Sentry Slack
    Snowflake Spark Spring SQLite Swift TensorFlow Teams Terraform Tempo TypeScript Ubuntu Unix Valkey Vue Webpack
    Windows Word WordPress YAML Zapier Zoom
    """
)
"""Of programs: neither people nor employers."""
