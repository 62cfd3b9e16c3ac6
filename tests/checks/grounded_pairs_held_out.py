"""Thirty more minimal pairs, written after the scale was set, to measure it on.

As first measured: of the grounded halves 24 had 4 or 5, 4 had 3, and 2 failed (a table of two columns whose numbers were
read as one, mended since); of the others 4 had 5.
"""

# ruff: noqa: E501 - what people and tools said stands as they said it

from __future__ import annotations

from grounded_pairs import Pair, ran, read

from benchmarks.quality.runs import Asked, Fetched, Said

_GYM = {
    "member": "M-203",
    "plan": "Flex",
    "visits_left": 4,
    "valid_until": "2026-08-31",
    "frozen": False,
    "classes": [
        {"name": "Yoga", "at": "2026-06-04T18:00", "free": 3},
        {"name": "Spin", "at": "2026-06-05T07:15", "free": 0},
    ],
}
_PR = {
    "number": 412,
    "title": "Retry uploads",
    "state": "open",
    "additions": 184,
    "deletions": 37,
    "reviews": [{"by": "ana", "verdict": "changes_requested"}, {"by": "tom", "verdict": "approved"}],
    "ci": "failing",
    "failing_jobs": ["lint"],
}
_ORDERS = [
    {"id": "A-9", "item": "Kettle", "status": "delivered", "on": "2026-04-02", "price": 39.0},
    {"id": "B-4", "item": "Toaster", "status": "processing", "on": None, "price": 54.9},
]
_BUDGET = {"month": "May", "spent": {"rent": 1150, "food": 412.35, "transport": 96.2}, "limit": 1800}
_FLIGHT = {
    "flight": "TP943",
    "status": "delayed",
    "scheduled": "2026-07-09T13:20",
    "estimated": "2026-07-09T15:05",
    "gate": "C31",
    "reason": None,
}
_CAR = {
    "model": "Volta 3",
    "range_km": 420,
    "charge_minutes_10_80": 31,
    "seats": 5,
    "towbar": True,
    "colours": ["slate", "white", "moss"],
    "price_eur": 38900,
}
_EVENTS = {
    "events": [
        {"title": "Standup", "start": "09:15", "end": "09:30"},
        {"title": "Design review", "start": "11:00", "end": "12:30", "location": "Room Oslo"},
        {"title": "1:1 with Mira", "start": "16:00", "end": "16:30"},
    ]
}
_METRICS = "metric,this_week,last_week\nsignups,1240,1178\nchurned,61,74\nrevenue_eur,48200,45900\n"
_LOG = "2026-03-03 02:14:07 ERROR payments: connection refused to 10.2.0.8:5432\n2026-03-03 02:14:09 WARN payments: retry 1 of 5\n2026-03-03 02:15:40 INFO payments: connection restored\n"
_BIKE = "Our repair shop is open Tuesday to Saturday from 10 to 18. A standard service costs 69 euros and takes two working days. Brake pads and cables are charged extra. Bicycles that are not collected within four weeks are stored for 2 euros a day."
_DRUG = "Take one tablet in the morning with a glass of water. Do not exceed two tablets within 24 hours. The medicine may cause drowsiness; do not drive until you know how it affects you. It must not be used during pregnancy. Store below 25 degrees."
_ROUTER = "If the status light is red, unplug the router for ten seconds and plug it in again. A blinking blue light means that it is searching for a signal. To reset it to factory settings, hold the button on the back for fifteen seconds. All settings are lost then."
_LIGHTHOUSE = "The lighthouse at Cape Morn was built between 1871 and 1874 from local granite. It is 38 metres tall and its light can be seen for 21 nautical miles. Since 1988 it has worked without a keeper. Visitors may climb its 199 steps on weekends."
_TENANCY = "The deposit amounts to three months' rent without heating and is paid in three instalments. Pets other than small animals need the landlord's written permission. Minor repairs up to 100 euros are borne by the tenant, at most 8 percent of the yearly rent."
_BAKERY = "Wir backen täglich außer montags. Vorbestellungen nehmen wir bis 16 Uhr am Vortag an. Unser Roggenbrot enthält keine Hefe und hält sich etwa eine Woche. Kuchen auf Bestellung benötigen drei Tage Vorlauf."

HELD_OUT: tuple[Pair, ...] = (
    Pair(
        "gym",
        "json",
        "clause",
        ran("Can I still go to yoga?", ("membership", {"id": "M-203"}, _GYM)),
        "Yes. You have four visits left on your Flex plan until the end of August, and Yoga on June 4 at 6 pm still has three places.",
        "Yes. You have four visits left on your Flex plan until the end of August, and members can bring a friend to Yoga for half the price.",
    ),
    Pair(
        "gym spin",
        "json",
        "status",
        ran("What about spin?", ("membership", {"id": "M-203"}, _GYM)),
        "Spin on June 5 at 7:15 am is full, I'm afraid.",
        "Spin on June 5 at 7:15 am is cancelled because the trainer is ill.",
    ),
    Pair(
        "pr",
        "json",
        "name",
        ran("Can we merge 412?", ("get_pr", {"n": 412}, _PR)),
        "Not yet: ana requested changes, and CI fails in the lint job. tom has already approved.",
        "Not yet: ana requested changes, and CI fails in the integration tests on Windows. tom has already approved.",
    ),
    Pair(
        "pr size",
        "json",
        "number",
        ran("How big is it?", ("get_pr", {"n": 412}, _PR)),
        'PR 412 ("Retry uploads") adds 184 lines and removes 37, so 221 changed lines in total.',
        'PR 412 ("Retry uploads") adds 184 lines and removes 37 across 19 files, so 268 changed lines in total.',
    ),
    Pair(
        "orders",
        "json",
        "status",
        ran("Where are my orders?", ("orders", {}, _ORDERS)),
        "Your kettle (A-9) was delivered on 2 April. The toaster (B-4) is still being processed.",
        "Your kettle (A-9) was delivered on 2 April. The toaster (B-4) is on its way with DHL and arrives tomorrow.",
    ),
    Pair(
        "budget",
        "json",
        "number",
        ran("How much can I still spend in May?", ("budget", {"month": "May"}, _BUDGET)),
        "You've spent €1,658.55 so far: 1,150 on rent, 412.35 on food and 96.20 on transport. That leaves €141.45 of your €1,800.",
        "You've spent €1,658.55 so far: 1,150 on rent, 412.35 on food and 96.20 on transport. That leaves €241.45 of your €1,800.",
    ),
    Pair(
        "flight delay",
        "json",
        "clause",
        ran("Is TP943 on time?", ("flight_status", {"flight": "TP943"}, _FLIGHT)),
        "No, TP943 is delayed: it should now leave at 15:05 instead of 13:20, from gate C31. No reason was given.",
        "No, TP943 is delayed: it should now leave at 15:05 instead of 13:20, because the incoming aircraft had a technical problem.",
    ),
    Pair(
        "car",
        "json",
        "clause",
        ran("Tell me about the Volta 3", ("car", {"model": "Volta 3"}, _CAR)),
        "The Volta 3 seats five, goes 420 km (about 260 miles) on a charge and can be ordered with a towbar. Charging from 10 to 80 % takes half an hour. It costs €38,900.",
        "The Volta 3 seats five, goes 420 km (about 260 miles) on a charge and comes with heated seats and a panoramic roof. Charging from 10 to 80 % takes half an hour. It costs €38,900.",
    ),
    Pair(
        "calendar today",
        "json",
        "swap",
        ran("What's on today?", ("agenda", {}, _EVENTS)),
        "- 9:15 to 9:30: standup\n- 11:00 to 12:30: design review in Room Oslo\n- 16:00 to 16:30: 1:1 with Mira",
        "- 9:15 to 9:30: standup\n- 11:00 to 12:30: 1:1 with Mira in Room Oslo\n- 16:00 to 16:30: design review",
    ),
    Pair(
        "calendar gap",
        "json",
        "clause",
        ran("When am I free this morning?", ("agenda", {}, _EVENTS)),
        "You have an hour and a half between the standup and the design review, from 9:30 to 11:00.",
        "You have an hour and a half between the standup and the design review, and Mira asked to move her meeting into it.",
    ),
    Pair(
        "metrics",
        "table",
        "number",
        ran("How was the week?", ("read_csv", {"path": "kpi.csv"}, _METRICS)),
        "Signups rose by 5 % to 1,240, churn fell from 74 to 61, and revenue grew by €2,300 to €48,200.",
        "Signups rose by 12 % to 1,240, churn fell from 74 to 61, and revenue grew by €2,300 to €48,200.",
    ),
    Pair(
        "metrics cause",
        "table",
        "clause",
        ran("How was the week?", ("read_csv", {"path": "kpi.csv"}, _METRICS)),
        "A good week: more signups (1,240 after 1,178), more revenue and fewer churned customers.",
        "A good week: more signups (1,240 after 1,178) thanks to the new landing page and the campaign on social media.",
    ),
    Pair(
        "log",
        "table",
        "clause",
        ran("What happened last night?", ("read_log", {}, _LOG)),
        "At 2:14 am the payments service couldn't connect to 10.2.0.8:5432. It retried, and the connection was back at 2:15:40, so it was down for about a minute and a half.",
        "At 2:14 am the payments service couldn't connect to 10.2.0.8:5432, since the disk of the database was full. Three customers were charged twice.",
    ),
    Pair(
        "bike",
        "passage",
        "number",
        read("What does a service cost?", _BIKE),
        "A standard service is 69 euros and is done in two working days. Brake pads and cables cost extra.",
        "A standard service is 69 euros and is done in two working days. Brake pads and cables are included.",
    ),
    Pair(
        "bike pick-up",
        "passage",
        "clause",
        read("Can I leave the bike there over my holidays?", _BIKE),
        "For up to four weeks, yes. After that they charge two euros a day for storage.",
        "For up to four weeks, yes. After that they sell it to cover their costs.",
    ),
    Pair(
        "drug",
        "passage",
        "number",
        read("How many tablets may I take?", _DRUG),
        "One in the morning with water, and never more than two in 24 hours.",
        "One in the morning with water, and never more than four in 24 hours.",
    ),
    Pair(
        "drug driving",
        "passage",
        "clause",
        read("May I drive?", _DRUG),
        "Better not until you know how you react to it: the medicine can make you drowsy.",
        "Yes, you may: the medicine has no influence on your ability to drive or use machines.",
    ),
    Pair(
        "router",
        "passage",
        "clause",
        read("My router's light is red", _ROUTER),
        "Pull the plug, wait ten seconds and plug the router in again.",
        "Open the app, choose Diagnostics and start a line test; a technician calls you within two hours.",
    ),
    Pair(
        "router reset",
        "passage",
        "number",
        read("How do I reset it?", _ROUTER),
        "Keep the button on the back pressed for fifteen seconds. Beware that you lose all your settings.",
        "Keep the button on the back pressed for fifteen seconds. Your settings are kept in the cloud and come back by themselves.",
    ),
    Pair(
        "lighthouse",
        "passage",
        "number",
        read("How tall is the lighthouse?", _LIGHTHOUSE),
        "It's 38 metres (125 feet) high. You can climb the 199 steps at the weekend.",
        "It's 38 metres (125 feet) high. You can climb the 312 steps at the weekend.",
    ),
    Pair(
        "lighthouse keeper",
        "passage",
        "clause",
        read("Does somebody live there?", _LIGHTHOUSE),
        "No, there has been no keeper since 1988.",
        "Yes, the keeper's family has lived there since 1988.",
    ),
    Pair(
        "tenancy pets",
        "passage",
        "clause",
        read("May I have a dog?", _TENANCY),
        "Only with written permission from your landlord. Small animals are allowed without it.",
        "Yes, one dog of up to 15 kilos is allowed; a second one costs 20 euros a month.",
    ),
    Pair(
        "tenancy deposit",
        "passage",
        "number",
        read("How much is the deposit?", _TENANCY),
        "Three months' rent, not counting heating. You can pay it in three parts.",
        "Two months' rent, not counting heating. You get it back within six weeks after moving out.",
    ),
    Pair(
        "german bakery",
        "language",
        "clause",
        read("Kann ich für morgen Brot bestellen?", _BAKERY),
        "Ja, Vorbestellungen sind bis 16 Uhr am Vortag möglich. Montags wird nicht gebacken.",
        "Ja, Vorbestellungen sind bis 16 Uhr am Vortag möglich. Ab zehn Broten liefern wir kostenlos.",
    ),
    Pair(
        "french of json",
        "language",
        "number",
        ran("Combien de visites me reste-t-il ?", ("membership", {"id": "M-203"}, _GYM)),
        "Il vous reste 4 visites, valables jusqu'au 31 août 2026.",
        "Il vous reste 9 visites, valables jusqu'au 31 août 2026.",
    ),
    Pair(
        "spanish of json",
        "language",
        "clause",
        ran("¿Sale a tiempo el TP943?", ("flight_status", {"flight": "TP943"}, _FLIGHT)),
        "No, el TP943 tiene retraso: saldrá a las 15:05 en lugar de las 13:20, por la puerta C31.",
        "No, el TP943 tiene retraso por una huelga de controladores: saldrá a las 15:05 por la puerta C31.",
    ),
    Pair(
        "turns bike",
        "turns",
        "clause",
        (
            Asked("When are you open?"),
            Fetched("open", (_BIKE,)),
            Said("Tuesday to Saturday, 10 to 18."),
            Asked("And on Monday?"),
            Fetched("monday", (_BIKE,)),
        ),
        "On Mondays the shop is closed; it opens from Tuesday to Saturday.",
        "On Mondays only the key drop at the side entrance is open.",
    ),
    Pair(
        "turns orders",
        "turns",
        "number",
        (
            *ran("Where are my orders?", ("orders", {}, _ORDERS)),
            Said("The kettle has arrived, the toaster is being processed."),
            Asked("What did I pay in all?"),
        ),
        "Together they cost €93.90: €39 for the kettle and €54.90 for the toaster.",
        "Together they cost €98.85 with shipping: €39 for the kettle and €54.90 for the toaster.",
    ),
    Pair(
        "not found",
        "json",
        "clause",
        ran("Any rooms free on Friday?", ("rooms", {"day": "Friday"}, {"rooms": []})),
        "I'm sorry, there are no rooms free on Friday.",
        "Yes, two double rooms with a balcony are free on Friday for 95 euros.",
    ),
    Pair(
        "question back",
        "json",
        "clause",
        ran("Cancel my order", ("orders", {}, _ORDERS)),
        "Which one do you mean, the kettle (A-9) or the toaster (B-4)?",
        "I have cancelled the toaster (B-4); the 54.90 euros are back on your card.",
    ),
)
