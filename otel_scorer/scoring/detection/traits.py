"""What is told of somebody: titles, ages, licences, nationalities, dates.

Dates and titles are no personal data by themselves; they are found for those who want them gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.detection.capitals import CAPITAL
from otel_scorer.scoring.detection.hits import Hit
from otel_scorer.scoring.detection.known import family_names, first_names

TITLE = (
    r"(?:Mrs|Mr|Ms|Mx|Miss|Messrs|Drs?|Prof|Professora?|Sir|Rev|Reverend|Rabbi|Capt|Cpt|Sgt|Lt|Cpl"
    r"|Dipl\.-Ing|Herrn?|Frau|Fräulein|Monsieur"
    r"|Madame|Mademoiselle|Mme|Mlle|Maître|Señor(?:a|ita)?|Srta?|Sra|Doña|Senhora?|Signor(?:a|ina)?"
    r"|Dott(?:\.ssa|oressa)?|Avv"
    r"|[Mm]evrouw|[Mm]eneer|[Dd]hr|[Mm]w|Fru|Shri|Smt)"
)
"""Before a name, and hardly ever before anything else."""
RANK = (
    r"(?:Dame|Lord|Lady|Madam|Father|Sister|Brother|Imam|Sheikh|Captain|Sergeant|Lieutenant|Corporal|Major"
    r"|Maj|Colonel|Col|General|Gen"
    r"|Admiral|Adm|Judge|Justice|Hon|Senator|Sen|Governor|Gov|President|Chancellor|Minister|Officer"
    r"|Detective|Inspector|Constable|Nurse|Coach|Doctor"
    r"|Prince(?:ss)?|Queen|King|Count(?:ess)?|Baron(?:ess)?|Ing|Mag|Fr|Don|Dona|Dom|Sig|Hr|Pani?|Sri|Pastor"
    r"|Uncle|Aunt(?:ie)?|Grandma|Grandpa)"
)
"""Words of other use too: titles before a known name only."""
_TITLES = re.compile(rf"\b{TITLE}\b\.?(?= (?:(?:and|und|&|et|y) (?:{TITLE})\b\.? )?(?:{TITLE}\b\.? )?[{CAPITAL}])")
_RANKS = re.compile(rf"\b({RANK})\b\.? ([{CAPITAL}][^\W\d_]+)(?![\w@])")


def titles(text: str, _lowered: str) -> Iterator[Hit]:
    """`Mrs`, `Herr`, `Dott.ssa` before a capital; `Judge`, `Captain` before a known name."""
    for match in _TITLES.finditer(text):
        yield Hit("title", *match.span(), match.group())
    for match in _RANKS.finditer(text):
        if is_ranked(match.group(2)) and not _BODY_AFTER.match(text, match.end()):
            yield Hit("title", *match.span(1), match.group(1))
    for pattern in _JOBS:
        for match in pattern.finditer(text):
            yield Hit("title", *match.span(1), match.group(1))


_BODY_AFTER = re.compile(r" (?:Inc|Ltd|LLC|GmbH|Corp|Company|Co)\b")
_JOB = (
    r"(?i:engineer|manager|director|officer|analyst|consultant|developer|designer|administrator|assistant"
    r"|specialist|coordinator|supervisor|technician|scientist"
    r"|teacher|professor|lecturer|lawyer|attorney|solicitor|accountant|auditor|nurse|surgeon|physician"
    r"|pharmacist|dentist|therapist|psychologist|architect|chef|cook|clerk"
    r"|president|chairman|secretary|representative|salesperson|salesman|cashier|waiter|waitress|driver|pilot"
    r"|mechanic|electrician|plumber|carpenter|welder|operator|inspector"
    r"|editor|writer|journalist|translator|interpreter|librarian|researcher|economist|statistician"
    r"|mathematician|physicist|chemist|biologist|programmer|planner|broker|banker"
    r"|trader|agent|buyer|cleaner|guard|receptionist|paralegal|instructor|trainer|coach|musician|artist"
    r"|photographer|actor|actress|singer|farmer|butcher|baker|hairdresser"
    r"|C[EFTIMO]O|co-founder|founder|owner|executive|apprentice|intern|trainee|worker|helper|installer"
    r"|repairer|guide)"
)
_JOBS = (
    re.compile(
        rf"\b(?:[Ww]ork(?:s|ed|ing)?|[Ee]mployed|[Hh]ired|[Pp]romoted|[Aa]ppointed"
        rf"|[Jj]ob)\b[^.\n]{{0,40}}? as (?:an? |the )?((?:[\w-]{{1,20}} ){{0,3}}{_JOB})\b"
    ),
    re.compile(rf"\n[ \t>]{{0,4}}([{CAPITAL}][\w/-]{{1,20}}(?: [\w/&-]{{1,20}}){{0,4}} {_JOB}|{_JOB})[ \t]*(?=\n)"),
    re.compile(r", (?:the|its|our|their|then) (C[EFTIMO]O)\b(?=,)"),
)
"""Of a job: after "works as", on a line of its own, beside a name."""


def is_ranked(name: str) -> bool:
    """Whether this name after a rank makes a title of it: `General Grant`, not `General Electric`."""
    return name in first_names().sure or name in family_names()


_AGES = re.compile(
    r"\b(?i:age[ds]?|(?:at the )?age(?: is|:| of)|when (?:he|she|i) was|turn(?:ed|s|ing)|['’]ll turn|i(?:['’]m| am)"
    r"|(?:he|she)(?:['’]s| is))[ :]{1,2}([1-9][0-9]?|1[01][0-9])\b(?![.,:/-][0-9])"
    r"(?! ?(?:[%$€£°:]|(?i:percent|minutes?|hours?|days?|weeks?|months?|km|miles?|of|in|and|or|out|th)\b))"
    r"|\b([1-9][0-9]?|1[01][0-9])(?=[ -](?i:years?[ -]old|y/?o\b|yrs?\.? old))"
)


def ages(text: str, _lowered: str) -> Iterator[Hit]:
    """`aged 61`, `a 38 year old`, `I just turned 47`."""
    for match in _AGES.finditer(text):
        group = 1 if match.group(1) else 2
        yield Hit("age", *match.span(group), match.group(group))


_LICENCE = re.compile(
    r"\b(?i:driv(?:er|ing|er['’]?s)(?:['’]s)? ?licen[cs]e(?: (?:no|number|nr|id))?|dl (?:no|number)"
    r"|licen[cs]e number)\b"
    r"\.?[\s:#]{1,4}(?i:is |was )?[\s:]{0,2}([A-Z]{0,3}[0-9][A-Z0-9]{0,4}(?:[- ]?[A-Z0-9]{2,5}){1,4})\b"
)


def driver_licences(text: str, lowered: str) -> Iterator[Hit]:
    """Numbers of at least five digits after "driver's license"."""
    if "licen" not in lowered and "dl n" not in lowered:
        return
    for match in _LICENCE.finditer(text):
        if sum(character.isdigit() for character in match.group(1)) >= 5:
            yield Hit("driver_license", *match.span(1), match.group(1))


_NATIONS = (
    r"Afghan|Albanian|Algerian|American|Andorran|Angolan|Argentin(?:e|ian|ean)|Armenian|Australian|Austrian"
    r"|Azerbaijani|Bahamian|Bahraini|Bangladeshi"
    r"|Barbadian|Belarusian|Belgian|Belizean|Beninese|Bhutanese|Bolivian|Bosnian|Botswanan|Brazilian|British"
    r"|Bruneian|Bulgarian|Burkinabe|Burmese|Burundian"
    r"|Cambodian|Cameroonian|Canadian|Chadian|Chilean|Chinese|Colombian|Congolese|Costa Rican|Croat(?:ian)?"
    r"|Cuban|Cypriot|Czech|Danish|Dane|Dominican|Dutch"
    r"|Dutch(?:man|woman)|Ecuador(?:ean|ian)|Egyptian|Emirati|English|English(?:man|woman)|Eritrean|Estonian"
    r"|Ethiopian|Fijian|Filipin[oa]|Finn|Finnish|French"
    r"|French(?:man|woman)|Gabonese|Gambian|Georgian|German|Ghanaian|Greek|Greenlander|Grenadian|Guatemalan"
    r"|Guinean|Guyanese|Haitian|Honduran|Hungarian"
    r"|Icelandic|Icelander|Indian|Indonesian|Iranian|Iraqi|Irish|Irish(?:man|woman)|Israeli|Italian|Ivorian"
    r"|Jamaican|Japanese|Jordanian|Kazakh(?:stani)?|Kenyan"
    r"|(?:South |North )?Korean|Kosovar|Kurdish|Kurd|Kuwaiti|Kyrgyz|Lao|Laotian|Latvian|Lebanese|Liberian"
    r"|Libyan|Lithuanian|Luxembourg(?:er|ish)|Macedonian|Malagasy"
    r"|Malawian|Malaysian|Maldivian|Malian|Maltese|Mauritanian|Mauritian|Mexican|Moldovan|Mongolian"
    r"|Montenegrin|Moroccan|Mozambican|Namibian|Nepal(?:ese|i)"
    r"|New Zealander|Nicaraguan|Nigerian|Nigerien|Norwegian|Omani|Pakistani|Palestinian|Panamanian"
    r"|Paraguayan|Persian|Peruvian|Polish|Portuguese|Puerto Rican"
    r"|Qatari|Romanian|Russian|Rwandan|Salvadoran|Samoan|Saudi(?: Arabian)?|Scots?|Scottish|Scots(?:man"
    r"|woman)|Senegalese|Serb(?:ian)?|Sierra Leonean|Singaporean|Slovak(?:ian)?"
    r"|Sloven(?:e|ian)|Somali|South African|Spanish|Spaniard|Sri Lankan|Sudanese|Surinamese|Swed(?:e|ish)"
    r"|Swiss|Syrian|Taiwanese|Tajik|Tanzanian|Thai|Togolese|Tongan"
    r"|Trinidadian|Tunisian|Turk|Turkish|Turkmen|Ugandan|Ukrainian|Uruguayan|Uzbek|Venezuelan|Vietnamese"
    r"|Welsh|Welsh(?:man|woman)|Yemeni|Zambian|Zimbabwean"
    r"|African(?:-American)?|Arab|Asian(?:-American)?|European|Hispanic|Latin[oax]|Latin American"
    r"|Scandinavian|Caribbean|Bavarian|Catalan|Basque|Roma"
)
_CREEDS = (
    r"Christian|Catholic|Protestant|Orthodox(?= (?:Jew|Christian|priest|church))|Lutheran|Anglican|Baptist"
    r"|Methodist|Mormon|Evangelical|Jehovah['’]s Witness(?:es)?"
    r"|Muslim|Sunni|Shi['’]?a|Shi['’]?ite|Jew|Jewish|Hindu|Buddhist|Sikh|Jain|Taoist|Atheist|Agnostic"
    r"|Republican|Democrat|Communist|Socialist|Marxist|Zionist"
)
_NATIONALITY = re.compile(rf"\b(?:{_NATIONS}|{_CREEDS})s?\b(?![-/]\w)")
_SMALL_NATIONALITY = re.compile(
    r"\b(?:am|are|is|was|were|proud|an?|born|of) ({})\b(?![-/]\w)".format(
        "|".join(
            sorted(
                {
                    f"{word.lower()}(?:e?s)?"
                    for word in re.findall(r"[A-Z][a-z]{3,}(?:ian|ean|ese|i)(?=\||$)", _NATIONS)
                },
            )
        )
    )
)
"""As people write them who leave capitals away: `I am cambodian`."""
_NAMES_BODY = re.compile(
    r" (?:Republic|Union|Commission|Parliament|Council|Court|Central|Bank|Ocean|Sea|Channel|Airlines|Airways"
    r"|Embassy|Federation|Kingdom|Emirates|Arabia|Rican|Express"
    r"|University|Institute|Academy|Society|Medical Association|Red Cross|Navy|Army|Petroleum|Telecom|Post"
    r"|Standard|Style|Letter)\b"
)
"""After it another name ends, of a country or a body."""
_LANGUAGE_AFTER = re.compile(
    r"[ -](?:language|translation|version|text|word|phrase|sentence|grammar|locale|keyboard|alphabet"
    r"|subtitles?|dictionary|spelling|letters|lesson|class|course|wikipedia"
    r"|speak(?:ing|er)|edition|summary|names?\b|characters|punctuation|to [A-Z]|and [A-Z][a-z]+ (?:versions"
    r"|translations))",
    re.IGNORECASE,
)
_LANGUAGE_BEFORE = re.compile(
    r"\b(?:in|into|speaks?|spoken|speaking|learn(?:ing)?|fluent in|translat\w+ (?:to|from)|from|to"
    r"|language:?|plain|simple|written in|understands?|study(?:ing)?"
    r"|auf|en|version in|or|and) $",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"[ \t]*(?:[.,;:!?)\]\"'\n]|$|(?:and|or|to|if|for|when|only|text|please|as|instead|with|unless|first)\b)"
)


def nationalities(text: str, _lowered: str) -> Iterator[Hit]:
    """Nationalities, religions, parties, of things too ("Italian food"); not the names of languages."""
    for match in _NATIONALITY.finditer(text):
        if not _is_language(text, *match.span()) and not _NAMES_BODY.match(text, match.end()):
            yield Hit("nationality", *match.span(), match.group())
    for match in _SMALL_NATIONALITY.finditer(text):
        yield Hit("nationality", *match.span(1), match.group(1))


def is_nationality(word: str) -> bool:
    return _NATIONALITY.fullmatch(word) is not None


def _is_language(text: str, start: int, end: int) -> bool:
    if _LANGUAGE_AFTER.match(text, end):
        return True
    return bool(_CLAUSE_END.match(text, end) and _LANGUAGE_BEFORE.search(text, max(0, start - 20), start))


_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:,? [0-9]{4})?\b"
_DATES = re.compile(
    r"(?<![\w./-])(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
    r"|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4})(?![\w/-])"
    rf"|\b{_MONTH} {_DAY}{_YEAR}|\b{_DAY} (?:of )?{_MONTH}{_YEAR}"
    r"|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
    r"|\b(?:in|since|during|of|a|by|from|until|In|Since|During) ((?:19|20)[0-9]{2})\b(?!-[0-9])"
)


def dates(text: str, _lowered: str) -> Iterator[Hit]:
    """Days, weekdays, and years after "in" or "since"."""
    for match in _DATES.finditer(text):
        group = 1 if match.group(1) else 0
        yield Hit("date", *match.span(group), match.group(group))
