"""Signs of harm in a text, by kind: words and phrases that are rarely said but to harm, shock or arouse.

Each sign has a worth; two weak ones count more than one. A text about such things (news, law, medicine, advice) holds
few of them. English. The words stand here so that they can be found; none is said to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from otel_scorer.scoring.wording.lexicon import Phrases, Wording, phrases

_GROUPS = (
    r"muslims?|jews?|zionists|blacks|white people|asians|arabs|africans|mexicans|chinese|indians|hindus|christians"
    r"|catholics"
    r"|gays?|lesbians|homosexuals|trans(?:gender)?s?|women|females|feminists|immigrants|migrants|refugees|foreigners"
    r"|gypsies|disabled people|cripples|latinos|infidels|liberals|these people"
)
_KILLING = r"kill|murder|stab|shoot|strangle|rape|bomb|slaughter|exterminate|lynch|behead|gas"
_CONTEMPT = (
    r"animals|vermin|sub-?humans?|scum|filth|filthy|parasites?|cockroach(?:es)?|savages?|garbage|retarded|inferior"
    r"|degenerates?|barbarians?|apes|disgusting|not human|not people|sluts|whores"
)
_INSULTS = (
    r"idiots?|morons?|retards?|losers?|bitch(?:es)?|cunts?|scum(?:bags?)?|whores?|sluts?|imbeciles?|cretins?"
    r"|dumbass(?:es)?"
    r"|assholes?|bastards?|pieces? of shit"
)
_SCORNED = r"pathetic|worthless|disgusting|filthy|retarded|stupid as"
_DIRTY = r"filthy|dirty|stinking|fucking|disgusting|smelly|goddamn|worthless"
_LITTLE = (
    r"stupid|dumb|fat|ugly|fucking|crazy|filthy|dirty|lazy|little|pathetic|retarded|complete|total|absolute"
    r"|goddamn|damn"
)
_OUGHT = r"should|must|needs? to|deserves? to|ought to|gotta"
_PUT_DOWN = r"die|be killed|be shot|be hanged|be raped|be stabbed|be slaughtered|be bombed|be exterminated|be lynched"
_ENDING = r"dies?|burns?|rots?|suffers?|gets? (?:shot|raped|killed)"
_MEANING = r"(?:going to|gonna|want to|wanna|love to)"
_PERSONS = r"you|him|her|them|everyone|everybody|all (?:of )?(?:you|them|those)|these people"


class Sign(NamedTuple):
    kind: str
    worth: float
    phrases: Phrases


_SIGNS = (
    Sign(
        "sexual",
        0.6,
        phrases(
            r"""
            pussy(?! ?cat| riot| willow)|puss(?:ies)|cum(?:ming|shots?)?(?! laude)|blow ?jobs?|hand ?jobs?
            deep ?throat\w*
            gang ?bang\w*|creampies?|fisting|dildos?|milfs?|jerk(?:s|ed|ing)? off|jack(?:ed|ing)? off|bukkake|femdom
            big tits|titties|her tits|cunnilingus|fellatio|camgirls?|buttplugs?|(?:his|my|your|hard) cock
            fuck(?:ed|ing|s)? (?:her|him|me|the|my|each|hard)|(?:rough|hot|free|live|group) sex
            sex (?:chat|cams?|stor(?:y|ies)|slaves?)|xxx (?:videos?|movies?|porn|sex)|xxx(?:video|movie|game)\w*
            suck(?:ed|ing|s)? (?:his|my|your|her) (?:cock|dick|tits|nipples|pussy)
            suck(?:ed|ing|s)? (?:him|her|me|you) off
            """
        ),
    ),
    Sign(
        "sexual",
        0.2,
        phrases(
            r"""
            naked|nudes?|nipples?|erotic\w*|orgasm\w*|vaginas?|penis(?:es)?|sexy|horny|boobs?|breasts|slutt?y?
            moan(?:ed|ing)
            aroused|arousal|erection|fetish\w*|kinky|bdsm|incest|panties|lingerie|her ass|his dick|dicks?|seduc\w+
            busty|nsfw
            adult (?:movies?|videos?|content|chat|dating)|porn\w*|hentai|masturbat\w*|clit(?:oris)?|sexual(?:ly)?
            threesomes?
            (?:anal|oral|gay|lesbian) sex|sex (?:videos?|tapes?|toys?|dolls?|games?)|cocks?|tits|fingering
            strip(?:per|tease)
            make love|dominatrix|spank(?:ed|ing)?|whores?|lust(?:ful)?|had sex|having sex
            """
        ),
    ),
    Sign(
        "minors",
        0.0,
        phrases(
            r"""
            (?:1[0-7]|[4-9]|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)[ -]years?[ -]old
            under ?age\w*
            teen(?:s|age\w*)?|little (?:girl|boy|sister|brother)s?|school ?girls?|school ?boys?|loli\w*|minors?
            pre-?teens?
            daughters?|child(?:ren)?|kids?|grandpa|stepdaughter
            """
        ),
    ),
    Sign(
        "hate",
        0.6,
        phrases(
            rf"""
            niggers?|niggas?|fag(?:got)?s?|kikes?|chinky|chinks(?! in)|gooks?|spics?|wet ?backs?|ragheads?|towelheads?
            trann(?:y|ies)|untermensch\w*|sub-?humans?|race traitors?
            heil hitler
            sieg heil|white (?:genocide|supremacy now)
            white power(?! (?:cord|cable|suppl|adapter|button|led|bank|strip)\w*)
            (?:{_GROUPS}) (?:are|is|were) (?:(?:all|just|nothing but|like|an?|the|such|worse than
            |fucking) ){{0,3}}(?:{_CONTEMPT})
            (?:{_DIRTY}) (?:{_GROUPS})
            (?:hate|despise|can't stand|loathe)(?: all| these| those| the| them)? (?:{_GROUPS})
            (?:{_KILLING})(?:ing)?(?: all| the| every| those| these| some)? (?:{_GROUPS})
            """
        ),
    ),
    Sign(
        "hate",
        0.2,
        phrases(
            rf"""
            retards?|retarded|savages?|infidels?|cucks?|libt[au]rds?|degenerates?|inferior race|invaders|scum|thugs?
            jihad\w*
            go back to (?:your|their) (?:own )?country|get out of (?:our|my) (?:country|land)|islamization|rapefugees?
            feminazis?
            race mixing|(?:deport|expel|get rid of)(?: \w+){{0,2}} (?:{_GROUPS})|aryan
            jewish (?:lies|control|media|agenda)
            holocaust (?:hoax|lie)
            """
        ),
    ),
    Sign(
        "violence",
        0.6,
        phrases(
            rf"""
            i(?:'ll|'d| will| would| am|'m)?(?: {_MEANING})? (?:kill|murder|stab|strangle|rape|slaughter
            |behead) (?:{_PERSONS})
            (?:kill|murder|slaughter|gas|hang|shoot) (?:them|em|'em|you) all
            (?:{_OUGHT}) (?:just |all )?(?:{_PUT_DOWN})
            (?:{_OUGHT}) (?:just )?(?:{_KILLING}|attack|nuke) (?:those |these |the |all )?(?:{_GROUPS}|them|him|her)
            (?:hope|wish)(?: that)? (?:you|they|he|she)(?: all)? (?:{_ENDING})
            burn in hell|rot in hell|death to (?:america|israel|you|all|{_GROUPS})
            watch (?:you|them|him|her) (?:die|bleed|suffer)
            make (?:you|him|her|them) (?:bleed|suffer|scream)
            slit (?:your|his|her|their) throats?
            break(?:ing)? (?:your|his|her|their) (?:legs|neck|bones)
            """
        ),
    ),
    Sign(
        "violence",
        0.1,
        phrases(
            r"""
            fractured (?:skull|ribs?|eye)|broken (?:ribs?|bones?|nose|jaw|neck|sternum|cheek ?bones?|leg|arm)|entrails
            corpses?
            decapitat\w+|dismember\w+|mutilat\w+|disembowel\w+|gouged?|impal\w+|blood(?:ied|bath)|bled out|bleeding
            stitches
            blood (?:everywhere|gush\w*|spurt\w*|flow\w*|dripp\w*|splatter\w*)|gore|gory|skulls?
            (?:torn|ripped) (?:off|apart)
            (?:his|her|their) throat|tortur\w+|dead bod(?:y|ies)
            """
        ),
    ),
    Sign(
        "harassment",
        0.6,
        phrases(
            rf"""
            you(?:'re|r| are| were)(?: all| just
            | such)?(?: nothing but)?(?: an?)? (?:(?:{_LITTLE}) ){{0,2}}(?:{_INSULTS}|{_SCORNED})
            you (?:(?:{_LITTLE}) ){{0,2}}(?:{_INSULTS})
            (?:stupid|dumb|fat|ugly|fucking|crazy|filthy|dirty) (?:\w+ )?(?:{_INSULTS})
            shut the fuck up|stfu|fuck (?:you|off|yourself)|go (?:fuck|hang) yourself|screw you|eat shit
            suck my (?:dick|cock|balls)|you (?:make me sick|disgust me)
            """
        ),
    ),
    Sign(
        "harassment", 0.12, phrases(r"fuck\w*|shit\w*|assholes?|bastards?|bitch\w*|wtf|idiot\w*|moron\w*|hoes|stupid")
    ),
    Sign(
        "self_harm",
        0.6,
        phrases(
            r"""
            (?:kill|killing|hurt|hurting|cut|cutting|slic(?:e|ing|ed)|starv(?:e|ing|ed)|hang|hanging|punish
            |punishing|harming
            |burn|burned|burning|injur(?:e|ing|ed)|harm|chok(?:e|ing))\W{1,3}myself
            (?:cuts?|cutting|slit|slitting|slic(?:e|ing)|scars|blood) (?:\w+ ){0,3}my (?:wrists?|arms?|legs?|thighs?
            |skin)
            end(?:ing)? my (?:own )?life|tak(?:e|ing) my own life
            i (?:just |really )?(?:want|wanted|wanna) (?:to )?(?:die|be dead)
            (?:go|just|should) (?:and )?kill yourself|kys|painless ways? to die|i(?:'ve)? tried (?:to )?overdos\w+
            i(?:'m| am) suicidal|i(?:'d| would) rather (?:be dead|die)|wish i (?:was|were) (?:dead|never born)
            how to (?:hang|cut|starve) yourself|my self[ -](?:harm|injury)|hate myself
            """
        ),
    ),
    Sign(
        "self_harm",
        0.1,
        phrases(
            r"""
            self[ -](?:harm\w*|injur\w+|loathing|hatred)|suicid\w+|overdos\w+|anorexi\w*|bulimi\w*|purging
            razor ?blades?
            hated myself|relapsed?|my (?:scars|cuts)|no reason to live|numb the pain|pro-?ana|thinspo\w*
            urge to (?:cut|self)
            """
        ),
    ),
)
_TECHNICAL = phrases(
    r"process(?:es)?|servers?|containers?|commands?|scripts?|pids?|terminal|threads?|jobs?|sessions?|games?"
)
"""Where there is nobody to be killed."""
_SUPPORT = phrases(
    r"hotlines?|helplines?|lifeline|988|crisis line|reach out|therapists?|counsell?ors?|emergency services"
    r"|professional help"
)
_HALVED: dict[str, Phrases] = {"violence": _TECHNICAL, "self_harm": _SUPPORT}
_TOGETHER = 4
"""Different signs of one line that count."""
_LONG = 1500
"""Characters of a text in which a single sign is no more than half of one."""


def signs_of_harm(text: Wording, told: str = "") -> dict[str, float]:
    """Kind -> how surely the text is of it, 0.0 to 1.0: `sexual`, `minors` (with sexual), `hate`, `violence`,
    `harassment`, `self_harm`. What `told` (folded) says too is not the text's own: it is quoted, translated, judged.
    """
    doubt: dict[str, float] = {}
    for sign in _SIGNS:
        found = {match for match in _matches(sign.phrases, text) if match not in told}
        if found:
            doubt[sign.kind] = doubt.get(sign.kind, 1.0) * (1 - _worth(sign, text)) ** min(len(found), _TOGETHER)
    kinds = {kind: 1 - left for kind, left in doubt.items() if left < 1}
    if "minors" in doubt and kinds.get("sexual", 0.0) >= _SURELY:
        kinds["minors"] = kinds["sexual"]
    return kinds


_SURELY = 0.5


def _worth(sign: Sign, text: Wording) -> float:
    excused = sign.kind in _HALVED and _HALVED[sign.kind].is_in(text)
    return sign.worth / 2 if excused or len(text.folded) > _LONG else sign.worth


def _matches(pattern: Phrases, text: Wording) -> Iterator[str]:
    if pattern.may_be_in(text):
        for match in islice(pattern.pattern.finditer(text.folded), 50):
            yield match.group()
