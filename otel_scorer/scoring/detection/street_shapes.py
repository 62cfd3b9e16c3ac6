"""How streets are written in one country or another, as patterns: `STREETS`."""

from __future__ import annotations

import re
from typing import NamedTuple

from otel_scorer.scoring.detection.capitals import CAPITAL
from otel_scorer.scoring.detection.hits import holds_any, vocabulary

_NAME = rf"[{CAPITAL}][\w'’.-]{{0,30}}"
NUMBER = r"[0-9]{1,6}[a-zA-Z]?(?:[-/][0-9]{1,4})?"
STREET_KINDS = (
    r"Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Squares|Sq|Terrace|Way|"
    r"Highway|Hwy|Parkway|Pkwy|Circle|Cir|Crescent|Cres|Close|Trail|Trl|Alley|Row|Mews|Plaza|Loop|Turnpike|Pike|"
    r"Causeway|Gardens|Grove|Hill|Heights|Quay|Walk"
)
_JOINED = (
    r"stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|damm|ufer|ring|markt|brücke|steig|pfad|chaussee|graben|zeile"
    r"|wall|vej|gade|gata|gatan|vägen"
    r"|gränd|stigen|torget|backen|veien|veg|gate|bakken|svingen|laan|straat|gracht|plein|kade|singel|dreef"
    r"|dijk|baan|hof|steeg"
    r"|katu|tie|kuja|polku|vænget|stræde|stien|torv|braut|stræti|straeti|gatu|götu|vegur|ulica|utca"
)
_JOINED_ENDS = (
    r"aße|sse|tr\.|weg|atz|lee|amm|fer|ing|rkt|cke|eig|fad|see|ben|ile|all|vej|ade|ata|tan|gen|änd|get|ken"
    r"|ien|veg|ate|aan|aat|cht"
    r"|ein|gel|eef|ijk|hof|eeg|atu|tie|uja|lku|æde|orv|aut|æti|eti|ötu|gur|ica|tca"
)
"""Their last three signs."""
_OF_LAND = (
    r"Stra(?:ß|ss)e|Str\.|Allee|Platz|Weg|Gasse|Ring|Damm|Ufer|Chaussee|Markt|straat|laan|plein|vej|gate|gata"
    r"|gade|cesta|ulica|nábřeží|třída"
)
_HOUSE = r"[0-9]{1,5}(?:[-/][0-9IVX]{1,4}){0,3}(?: ?[a-zA-Z]\b)?"
_PART = r"(?:[,\n]{0,2} {0,4}(?:Suite|Apt\.?|Apartment|Unit|Floor|Fl\.?|Room|#) ?[0-9A-Za-z-]{1,8}\b)?"


_RARE_KINDS = (
    r"Bend|Bluffs?|Bridge|Brook|Bypass|Camp|Canyon|Center|Centre|Cove|Coves|Creek|Crest|Crossing|Dale"
    r"|Estates?|Expressway|Falls|Ferry|Fields?|Flats?|Ford|Forest"
    r"|Forge|Fork|Freeway|Garden|Gateway|Glen|Green|Harbors?|Haven|Hills|Hollow|Island|Isle|Junction|Knolls?"
    r"|Lakes?|Landing|Lodge|Mall|Manors?|Meadows?|Mills?"
    r"|Motorway|Mount|Mountain|Orchard|Oval|Overpass|Parks?|Pass|Passage|Path|Pines|Plains?|Points?|Port"
    r"|Prairie|Ranch|Rapids|Ridges?|River|Route|Run|Shoals?"
    r"|Shores?|Springs?|Spurs?|Station|Stream|Streets|Summit|Trace|Track|Tunnel|Underpass|Union|Valleys?"
    r"|Viaduct|Views?|Villages?|Vista|Wells|Court|Courts|Roads|Drives|Lights?"
)
"""More street words of the American post; they are other words first."""


class Shape(NamedTuple):
    """A pattern, and what a text must hold for it to be tried: one of the `needles` in the folded text, where there
    are some, and a match of `sign`. Most texts do not, and a word is found faster than a pattern.
    """

    sign: re.Pattern[str]
    pattern: re.Pattern[str]
    needles: tuple[str, ...] = ()
    also: re.Pattern[str] | None = None
    """A second sign."""

    def may_be_in(self, text: str, lowered: str) -> bool:
        if self.needles and not holds_any(lowered, self.needles):
            return False
        return self.sign.search(text) is not None and (self.also is None or self.also.search(text) is not None)


STREETS = (
    # 12 Old Mill Road, Apt 4
    Shape(
        re.compile(rf"[0-9][a-zA-Z]?,? [{CAPITAL}]"),
        re.compile(
            rf"(?<![\w.,$€£-]){NUMBER},? (?:{_NAME} ){{1,4}}(?:{STREET_KINDS})\b"
            rf"(?:\.(?= ?,? (?:Suite|Apt|Unit|#)))?{_PART}"
        ),
        also=re.compile(rf" (?<=[a-z.] )(?:{STREET_KINDS})\b"),
    ),
    # 5 rue de la Paix; Via Franscini 71; Avenida da Liberdade, 12
    Shape(
        re.compile(r" (?i:rue|avenue|boulevard|chemin|place|quai|impasse|all[ée]e) "),
        re.compile(
            rf"(?<![\w.,-]){NUMBER},? (?:bis,? |ter,? )?"
            rf"(?i:rue|avenue|boulevard|chemin|place|quai|impasse|all[ée]e) "
            rf"(?:(?:de|la|le|les|du|des) |[dl]['’]){{0,3}}{_NAME}"
        ),
        (" rue ", " avenue ", " boulevard ", " chemin ", " place ", " quai ", " impasse ", " allée ", " allee "),
    ),
    Shape(
        re.compile(r"[RVCPATUu](?:ue|ia|iale|orso|iazza|alle|/|venida|v\.|ua|raça|ravessa|arrer|aseo|laza|l\.|lica) "),
        re.compile(
            rf"\b(?:Rue|Via|Viale|Corso|Piazza|Calle|C/|Avenida|Av\.|Rua|Praça|Travessa|Carrer|Paseo|Plaza|[Uu]l\."
            rf"|[Uu]lica)"
            rf" (?:(?:de|la|le|los|las|du|des|del|della|di|da|do|dos|das) ){{0,2}}"
            rf"(?:{_NAME} ){{0,3}}{_NAME},? [0-9]{{1,5}}[a-z]?\b"
        ),
    ),
    # Hauptstraße 12, Keizersgracht 241, Præstevænget 15, Erzsébet tér 19
    Shape(
        re.compile(rf" [0-9](?<=(?:{_JOINED_ENDS}) [0-9])"),
        re.compile(rf"\b[{CAPITAL}][\w-]{{1,30}}(?:{_JOINED}) {_HOUSE}(?![\w%€$])"),
    ),
    # Mariahilfer Straße 103/2; Am Markt 5, 50667 …
    Shape(
        re.compile(rf" (?:{_OF_LAND}) [0-9]"),
        re.compile(rf"\b{_NAME}(?:[ -]{_NAME}){{0,2}}[ -](?:{_OF_LAND}) {_HOUSE}(?![\w%€$])"),
    ),
    Shape(
        re.compile(r"[0-9],? ?\n?[ \t]{0,4}[0-9]{4,5} [A-ZÄÖÜ]"),
        re.compile(
            rf"\b(?:Am|An de[rnm]|Auf de[rm]|Im|In de[rn]|Zum|Zur|Unter den|Hinter de[rm]"
            rf"|Bei de[rm]) {_NAME}(?: {_NAME})? {_HOUSE}"
            r"(?=,? ?\n?[ \t]{0,4}[0-9]{4,5} [A-ZÄÖÜ])"
        ),
    ),
    # Flat 402, Shanti Apartments, 5th Cross; House No. 7, Sector 14
    Shape(
        re.compile(r"\b(?:Flat|House|Plot|Door|Villa|Block|Shop) (?:No\.? ?)?[0-9A-Z][\w/-]{0,7}, "),
        re.compile(
            rf"\b(?:Flat|House|Plot|Door|Villa|Block|Shop) (?:No\.? ?)?[0-9A-Z][\w/-]{{0,7}},"
            rf" (?:[0-9]{{1,4}}[a-z]{{0,2}} )?{_NAME}(?:,? [\w.'’/-]{{1,20}}){{0,3}}"
        ),
    ),
    # 2-11-3 Meguro, Tokyo; 1-1 Marunouchi, Chiyoda-ku
    Shape(
        re.compile(rf"[0-9]-[0-9]{{1,2}} [{CAPITAL}]"),
        re.compile(
            rf"(?<![\w.,-])[0-9]{{1,4}}-[0-9]{{1,3}}(?:-[0-9]{{1,4}})? {_NAME}(?:-(?:ku|cho|machi"
            rf"|dori))?(?=, {_NAME})"
        ),
    ),
    # Jalan Ampang 12, Jl. Sudirman No. 5, Carrera 7 # 32-16
    Shape(
        re.compile(
            r"\b(?:Jl\.?|Jalan|Jln\.?|Lorong|Carrera|Cra\.?|Calle|Camino|Avda\.?|Alameda|Largo|Estrada"
            r"|Strada|Vicolo|Vico|Ronda|Rambla|Carretera|Nábřeží|Trg|Cesta|Al\.|Os\.|Pl\.) "
        ),
        re.compile(
            rf"\b(?:Jl\.?|Jalan|Jln\.?|Lorong|Carrera|Cra\.?|Calle|Camino|Avda\.?|Alameda|Largo|Estrada"
            rf"|Strada|Vicolo|Vico|Ronda|Rambla|Carretera|Nábřeží|Trg|Cesta|Al\.|Os\.|Pl\.)"
            rf" (?:(?:de|la|le|los|las|del|della|di|da|do|dos|das) ){{0,2}}(?:{_NAME} ){{0,3}}(?:{_NAME},?"
            rf"|[0-9]{{1,3}}[A-Z]?) (?:No\.? ?|[Nn][°º.]\.? ?|# ?)?[0-9]{{1,5}}(?:-[0-9]{{1,3}})?\b"
        ),
        tuple(
            vocabulary(
                """
                jl jalan jln lorong carrera cra calle camino avda alameda largo estrada strada vico ronda rambla
                carretera nábřeží trg cesta al. os. pl.
                """
            )
        ),
    ),
    # 22 Rua das Flores; 5 Calle Mayor
    Shape(
        re.compile(r"[0-9],? (?:Rua|Via|Viale|Calle|Avenida|Piazza|Plaza|Paseo|Praça|Travessa|Largo|Vicolo|Corso) "),
        re.compile(
            rf"(?<![\w.,-]){NUMBER},? (?:Rua|Via|Viale|Calle|Avenida|Piazza|Plaza|Paseo|Praça|Travessa|Largo"
            rf"|Vicolo|Corso) (?:(?:de|la|le|los|las|du|des|del|della|di|da|do|dos"
            rf"|das) ){{0,2}}{_NAME}(?: {_NAME})?"
        ),
        tuple(
            f" {word} "
            for word in vocabulary("rua via viale calle avenida piazza plaza paseo praça travessa largo vicolo corso")
        ),
    ),
    # a number and a name in the line above that of the flat
    Shape(
        re.compile(r"\n[ \t>]{0,6}(?:Suite|Apt|Apartment|Unit|Flat|Floor)\b"),
        re.compile(
            rf"(?:(?<=\n)|\A|(?<=[:>] ))(?:[0-9]{{1,6}} )?{_NAME}"
            rf"(?: [\w.'’-]{{1,20}}){{0,3}} [0-9]{{1,5}}[a-zA-Z]?(?=[ \t]*\n[ \t>]{{0,6}}(?:Suite|Apt"
            rf"|Apartment|Unit|Flat|Floor)\b)"
        ),
        ("suite", "apt", "apartment", "unit", "flat", "floor"),
    ),
    # One Harbor Plaza, Suite 1900; 77 Broadway
    Shape(
        re.compile(r"\b(?:One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten) "),
        re.compile(
            rf"\b(?:One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten) (?:{_NAME} ){{1,3}}(?:{STREET_KINDS})"
            rf"(?=,? (?:Suite|Apt|Unit|Floor|#)|, {_NAME}, [A-Z]{{2}}\b)"
        ),
        also=re.compile(rf" (?:{STREET_KINDS}),? "),
    ),
    Shape(
        re.compile(r"[0-9] "),
        re.compile(
            r"\b[0-9]{1,5} (?:[NSEW]\.? |North |South |East |West )?"
            r"(?:Broadway|Embarcadero|The Strand|Piccadilly|Whitehall)\b"
        ),
        ("broadway", "embarcadero", "the strand", "piccadilly", "whitehall"),
    ),
    # on Elder Mill Road; the corner of Mill Lane and Fifth Avenue
    Shape(
        re.compile(r" (?:Street|Avenue|Road|Boulevard|Lane|St\.|Rd\.|Ave\.|Blvd)\b|[Cc]orner of "),
        re.compile(
            rf"(?:(?<=\bon )|(?<=\balong )|(?<=\boff )|(?<=corner of ))(?:{_NAME} ){{1,3}}(?:Street|Avenue"
            rf"|Road|Boulevard|Lane|St|Rd|Ave|Blvd)\b"
            rf"|(?<=corner of )[{CAPITAL}0-9][\w.'’-]{{0,30}}(?: [{CAPITAL}0-9][\w.'’-]{{0,30}}){{0,4}}"
            rf" and [{CAPITAL}0-9][\w.'’-]{{0,30}}(?: [{CAPITAL}0-9][\w'’-]{{0,30}}){{0,3}}"
        ),
    ),
    # doubtful American kinds: three digits before, a state, flat or line's end after
    Shape(
        re.compile(rf"[0-9]{{3}} [{CAPITAL}]"),
        re.compile(
            rf"(?<![\w.,$€£-])(?!(?:19|20)[0-9]{{2}} )[0-9]{{3,6}} (?:{_NAME}"
            rf" ){{1,3}}(?:{_RARE_KINDS})\b(?=[ \t]*(?:\n|$|,|[.?!](?:\s|$)|(?:Suite|Apt|Unit)\b)){_PART}"
        ),
        also=re.compile(rf" (?:{_RARE_KINDS})\b"),
    ),
    Shape(
        re.compile(r" (?:u\.|utca|út|útja|tér|krt\.|körút|sokak|ulica) [0-9]"),
        re.compile(rf"\b{_NAME}(?: {_NAME}){{0,2}} (?:u\.|utca|út|útja|tér|krt\.|körút|sokak|ulica) [0-9]{{1,5}}\b"),
    ),
    # Post office boxes, and the parts of a building
    Shape(
        re.compile("Box "),
        re.compile(
            r"\b(?:P\.? ?O\.? ?Box|(?:PSC|Unit|CMR) [0-9]{1,6},? Box) [0-9]{1,6}\b"
            r"(?:\n[AFD]PO [A-Z]{2}(?: [0-9]{5})?)?"
        ),
    ),
    Shape(
        re.compile(r"Suite |Ap(?:t|artment)\b"),
        re.compile(r"\b(?:Suite|Apt\.?|Apartment) [0-9]{1,5}[A-Z]?\b"),
        ("suite ", "apt", "apartment"),
    ),
)
