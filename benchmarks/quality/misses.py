"""What is missed, by kind, as somebody read it: `--misses FOLDER` writes each of them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

KINDS: Mapping[str, str] = {
    "R-Judge": (
        "Runs that end with a call and no answer are mostly undecided: nothing was said yet. Harm that lies in what a "
        "tool does on a device or in an account, with the user's consent and in harmless words (a door unlocked for "
        "the wrong person, files deleted that were still wanted), is not seen; nor is a doubtful reply in a role "
        "play. The number of calls tells safe from unsafe records of this set better, because unsafe ones go on "
        "longer."
    ),
    "PII": (
        "Names that no list knows are missed where nothing beside them gives them away (`the Kreutz novel`, `had given "
        "Hakuba his keys`), organisations most of all: half of them are words that only a model or a register knows. "
        "Villages are found by what is done there, streets by their kind; a house number apart from both is "
        "not. Names in small letters count in pairs only. What counts as a leak by default is what has a shape or "
        "checksum."
    ),
    "moderation": (
        "The check knows words that do harm by themselves. Harm in plain words (advice to a person in despair, "
        "contempt without slurs, an insinuation) is left to a judge; about four in ten harmful texts are caught, at "
        "three in a hundred harmless ones."
    ),
    "BEGIN": (
        "Questions, courtesies and what only repeats the user state nothing of their own: with documents fetched for "
        "them they have a doubtful four, and are labelled not attributable: half of the wrong fours. A five is for "
        "what nearly all stands in the document; the few that are wrong there add a small thing, or turn the sense, in "
        "the document's own words. A four is retold or, more often, added to, and a three mostly not in the "
        "document: words cannot tell more, both are doubtful, and both pass; a fail needs a number, name or statement"
        " that is plainly made up, or a judge. The scale was not fitted: it is the share of the answer that stands in"
        " the document, from 2.6 (nothing) to 5 (all). Of 105 minimal pairs made by hand "
        "(`tests/checks/grounded_pairs.py`, `.._held_out.py`: results of tools, tables, passages, long documents, "
        "other languages) no grounded answer fails and at least 85 in a hundred have 4 or 5; of their twins with one "
        "thing made up at most 20 in a hundred still have 5, mostly a right value or word of the wrong thing. Single "
        "checks look at numbers, names or statements only, and so tell little of the whole set."
    ),
    "IFBench": (
        "Instructions about meaning (a tone, a perspective, a quality of the idea) and overlap with a reference text "
        "are not verified. Of the disagreements most hang on what counts as a sentence, a bullet or a verb."
    ),
    "LLMBar": ("No pair is lost, most are ties: both answers obey what can be counted, and differ in what they mean."),
    "BFCL": (
        "A request that was taken up in part is seen where it is a row of names or numbers, not in free words; that "
        "no tool fits at all is seen only where neither names nor descriptions have a word of the request."
    ),
    "tau-bench": (
        "Most failed runs break a rule of the airline (a refund that the policy forbids, a cabin that cannot be "
        "changed) with calls that are valid and work. That takes a judge, or a check of one's own."
    ),
    "Who&When": (
        "Mistakes that leave no symptom (a wrong fact that nobody notices) are named by chance only, and the step "
        "before or after the mistake is often named instead."
    ),
}


def lines(data_sets: Iterable[str]) -> list[str]:
    """A paragraph for each of these sets."""
    return [f"- **{name}**: {KINDS[name]}" for name in dict.fromkeys(data_sets) if name in KINDS]
