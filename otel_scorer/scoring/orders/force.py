"""How much a passage looks as if it were meant to take over an agent, rather than to inform a reader."""

from __future__ import annotations

import re

from otel_scorer.scoring.wording.lexicon import Phrases, Wording, phrases

_RULES = r"instructions?|prompts?|rules|guidelines|request|tasks?|directions|context|commands?|orders?|steps"
_OWNERS = r"user|admin\w*|owner|developer|system"
_READERS = r"assistant|ai|model|you|agent"

_TOWARDS_TAKING_OVER: tuple[tuple[float, Phrases], ...] = (
    # Sets itself above what was said before.
    (
        0.7,
        phrases(
            rf"""
            (?:ignore|disregard|forget|override|bypass|skip)(?: \w+){{0,3}} (?:{_RULES})
            (?:new|updated|real|actual|additional|following) (?:{_RULES}|objective|directive|system prompt)
            (?:follow|obey|adhere to|execute|complete|perform|carry out)(?: \w+){{0,4}} (?:{_RULES})
            jailbreak|developer mode|do anything now|sudo mode|admin mode
            """
        ),
    ),
    # Speaks to a machine.
    (0.4, phrases(r"(?:ai|language model|llm|chat ?bot|assistant|agent|copilot|gpt|claude|gemini)s?")),
    # Speaks as the one who may give orders.
    (
        0.4,
        phrases(
            rf"""
            (?:message|instructions?|note|request|notice)(?: \w+){{0,4}} (?:from|to|for)(?: \w+){{0,2}} (?:{_OWNERS}
                |{_READERS})
            (?:i am|this is) (?:the|your) (?:{_OWNERS})
            (?:signed|yours)(?: \w+){{0,2}} (?:{_OWNERS})
            """
        ),
    ),
    (0.3, Phrases(re.compile(r"(?m)^[\W_]{0,4}(?:system|assistant|user|human|developer|admin)\b[\W_]{0,4}[:>\]]"))),
    # Puts itself before the task.
    (
        0.3,
        phrases(
            r"""
            (?:before|after|instead of|prior to|in order to|while) (?:you )?(?:can |do |doing )?(?:continu|answer
            |proceed|complet|solv|finish|respond|help|perform)\w*
            """
        ),
    ),
    # Wants silence.
    (
        0.3,
        phrases(r"(?:do not|don't|never|without) (?:tell|mention|inform|reveal|notify|alert|ask|disclos)\w*"),
    ),
    # Presses.
    (0.2, phrases(r"important|urgent|immediately|critical|mandatory|strictly|attention|high(?:est)? priority|asap")),
    # Wants something sent to the one who speaks.
    (
        0.2,
        phrases(
            r"""
            (?:to|with|for) my (?:\w+ ){0,2}(?:e-?mail|address|account|number|inbox|wallet)
            my (?:new |personal )?(?:e-?mail|account)
            """,
            holding="my",
        ),
    ),
)
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\U000e0000-\U000e007f]")


def force(text: str) -> float:
    """0.0 to 1.0. Each sign leaves the rest of the doubt less: two weak ones count more than one, none counts alone as
    certain."""
    doubt = 0.7 if "<!--" in text or (not text.isascii() and _HIDDEN.search(text)) else 1.0
    wording = Wording(text)
    for worth, phrasing in _TOWARDS_TAKING_OVER:
        if phrasing.is_in(wording):
            doubt *= 1 - worth
    return 1 - doubt
