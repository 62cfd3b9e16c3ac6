"""Whether a sentence of a prompt asks something of the answer, or tells of something else: by its mood and subject."""

from __future__ import annotations

import re

from otel_scorer.scoring.wording.lexicon import Wording, phrases

_CONDITIONAL = phrases(
    r"""
    if|when|whenever|unless|in case|where (?:possible|needed|appropriate|applicable)|as needed
    for example|e\.g\.|such as
    """
)
_ABOUT_ANSWER = phrases(
    r"""
    answers?|respon(?:d|ses?)|repl(?:y|ies)|write|give|use|using|limit|keep|contains?|include|output|provide|list|explain
    describe|summar\w+|generate|return|produce|compose|make|should|must|format|tell|translate|speak|only|say|start|begin
    present|show|display|put|i want|i need|i'd like|max|maximum|minimum|no more than|at most|at least|between|choose
    pick|select|classify|sign off|end|finish|conclude|do not|don't|avoid|never|without
    in (?:at most|under|exactly|fewer than|one|no more than)|ensure|each|every|maintain|create|nest|separate
    no (?:two|words?|consecutive|sentences?|lines?|paragraphs?|bullets?)|alternate|wrap|enclose|have|repeat|stay|exclude
    has to|have to|needs to|need to|skip|leave out|omit|incorporate|forbidden|banned|prohibited
    open|refrain|divide|surround|none|come up|utili[sz]e|work|aim|feature|weave|insert|close|not allowed
    allowed|consecutive|adjacent|sentences|lines|paragraphs
    name|suggest|state|brainstorm|recommend|identify|mention|construct|rewrite|print|highlight|place|add|find|get
    """
)
_OF_THE_PAST = re.compile(
    r"\b(?:i|we|they|he|she|it|who) (?:(?:have|had|has|already|also|just|never|only) )?(?:wrote|written|was"
    r"|were|got|used|made|did|has|had|found|read|sent|saw|tried|been|received)\b"
)
"""Tells of something that was, rather than of what shall be."""
_MUST = re.compile(
    r"\b(?:must|make sure|sure|i want|should|please|response|answer|your|reply|output|write|use|ensure|do not"
    r"|don['’]t|never|always)\b"
)
_OF_OTHERS = re.compile(
    r"\b(?:said|says|told|claimed|argued|stated|reported|asked) (?:me |us |him |her |them )?that\b"
    r"|\bmy \w+ (?:has|have|is|was|had|wants?|says|thinks|needs)\b"
    r"|\b(?:a|an|the|my|his|her|every|each|one|another|some) (?:\w+ )?(?:character|hero|heroine|man|woman"
    r"|boy|girl|person|narrator"
    r"|speaker|robot|king|queen|wizard|child|teacher|customer|client|friend)s?(?: in the \w+)? (?:must |should |always "
    r"|only |never |who )*(?:says?"
    r"|saying|uses?|using|writes?|speaks?|tells?|answers?|repeats?|shouts?)\b"
    r"|\bin (?:the|this|your) (?:story|scene|dialogue|conversation|novel|play|script),? (?:the|a|an|one"
    r"|every|each|he|she|they)\b"
    r"|\b(?:story|scene|conversation|dialogue|play|script|chat) (?:in which|where) (?:a|an|the|one"
    r"|[A-Za-z]+) (?:\w+ ){0,2}(?:only |never |always )?"
    r"(?:says?|uses?|writes?|speaks?|tells?|answers?|repeats?|shouts?)\b"
    r"|\b(?:response|answer|output|reply|result) (?:of|from) (?:the|an?|our|this|each|every) (?:server|api"
    r"|model|function|tool|system|service"
    r"|endpoint|command|script|program|last|first|query)\b"
)
"""Tells of what somebody else wants, says or has."""
_OF_DOING = re.compile(
    r"\bhow (?:do|can|should|would|could|might) (?:i|we|you|one|people)\b|\bhelp me (?:with|to) (?:my|the)\b"
    r"|\b(?:how|tips|advice|ways|steps|guides?|ideas|best practices) (?:to|for|on) "
    r"(?:writ|creat|mak|say|spell|format|start|end|structur|centr|cent)\w{0,6}\b"
    r"|\bi (?:need|want|have|plan|am going|'m going|would like|hope|must|should|try|tried) to"
    r" (?:write|learn|read|create|make|finish|submit)\b"
)
"""Is about the writing of something, and asks for advice."""
_ASKS = re.compile(
    r"\W{0,4}(?:how|why|what|which|who|whose|where|is|are|was|were|does|did|has|have|am|should i|may i"
    r"|do (?:i|we|they|people))\b"
)
_STATES = re.compile(
    r"\W{0,4}(?:(?:below|here|there|these|those|following) (?:are|is)|you (?:will be|are|were"
    r"|have been) given|you (?:will|shall) (?:receive|get)"
    r"|(?:check|verify|validate|test|find out|see) (?:that|whether|all|each|every)|it is|this is|the following)\b"
)
_GENERAL = re.compile(
    r"\W{0,4}(?:an?|our|most|some|many) (?:[\w-]+ ){1,3}(?:has|have|is|are|contains?|starts?|begins?|ends?"
    r"|uses?)\b(?! to\b)"
)
"""Tells how things are: "A tweet has at most 280 characters"."""
_OF_CODE = re.compile(
    r"\b(?:python|javascript|java|sql|regex|code(?! (?:block|fence))|functions?|programs?|scripts?|loops?|variables?"
    r"|recursion|algorithm)\b"
)
_OF_ANSWER = re.compile(r"\b(?:response|answer|reply|output|your)\b")
_BARE_NO = re.compile(r"\W{0,4}(?:strictly |absolutely |and )?no \w")
_LONGEST_BARE_NO = 60
"""Characters of a sentence such as "No emojis, please."."""


def is_conditional(sentence: Wording) -> bool:
    """Whether it holds in certain cases only."""
    return _CONDITIONAL.is_in(sentence)


def _is_statement(text: str) -> bool:
    return bool(_STATES.match(text) or _GENERAL.match(text))


def binds(sentence: Wording) -> bool:
    """Whether it may ask something of the answer, whatever the case."""
    text = sentence.folded
    bare_no = len(text) < _LONGEST_BARE_NO and bool(_BARE_NO.match(text))
    if not (bare_no or _ABOUT_ANSWER.is_in(sentence)) or _CONDITIONAL.is_in(sentence):
        return False
    if _OF_OTHERS.search(text) or _OF_DOING.search(text) or _is_statement(text):
        return False
    if _OF_CODE.search(text) and not _OF_ANSWER.search(text):
        return False
    asks = bool(_ASKS.match(text)) and text.rstrip(" \"'”").endswith("?")
    return not asks and _is_of_now(text)


def _is_of_now(text: str) -> bool:
    return not _OF_THE_PAST.search(text) or bool(_MUST.search(text))
