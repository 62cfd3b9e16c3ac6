"""Minimal pairs: an answer that what was read supports, put as agents put it, and the same with one thing made up.

Written by hand before any check was run on them. The grounded halves paraphrase, convert, add up, translate; the other
halves differ in one number, date, name, status, or in one clause that nothing supports (`change` says which).
"""

# ruff: noqa: E501 - what people and tools said stands as they said it

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from benchmarks.quality.runs import Asked, Call, Fetched, Said, Turn, trace_of
from otel_scorer.model import Trace

Change = Literal["number", "date", "name", "status", "clause", "swap"]


class Pair(NamedTuple):
    """`before`: all turns up to the last answer, which is `grounded` or `invented`."""

    name: str
    kind: str
    change: Change
    before: tuple[Turn, ...]
    grounded: str
    invented: str
    system: str = ""

    def trace(self, answer: str) -> Trace:
        return trace_of(f"pair {self.name} {answer}", (*self.before, Said(answer)), system=self.system)


def ran(request: str, *calls: tuple[str, Any, Any]) -> tuple[Turn, ...]:
    """A request, and calls with their arguments and results."""
    made = tuple(
        Call(name, arguments, result if isinstance(result, str) else json.dumps(result, ensure_ascii=False))
        for name, arguments, result in calls
    )
    return (Asked(request), Said(calls=made))


def read(question: str, *documents: str) -> tuple[Turn, ...]:
    return (Asked(question), Fetched(question, documents))


# ---- results of tools: JSON ------------------------------------------------------------------------------------------

_FLIGHTS = {
    "flights": [
        {
            "no": "KL1855",
            "dep": "2026-04-11T07:05:00+02:00",
            "arr": "2026-04-11T08:20:00+02:00",
            "fare_eur": 129.0,
            "bag": False,
        },
        {
            "no": "LH2301",
            "dep": "2026-04-11T09:40:00+02:00",
            "arr": "2026-04-11T10:55:00+02:00",
            "fare_eur": 164.5,
            "bag": True,
        },
    ]
}
_INVOICE = {
    "invoice": "INV-20931",
    "lines": [{"item": "Seat licence", "qty": 12, "unit": 18.0}, {"item": "Priority support", "qty": 1, "unit": 90.0}],
    "currency": "USD",
    "due": "2026-05-30",
    "paid": False,
}
_WEATHER = {
    "city": "Bergen",
    "temp_c": 6.4,
    "wind_ms": 11,
    "precip_mm": 14.2,
    "summary": "heavy rain",
    "sunset": "20:47",
}
_SERVER = {
    "host": "db-3",
    "cpu": 0.91,
    "mem_used": 27917287424,
    "mem_total": 34359738368,
    "uptime_s": 352800,
    "replica_lag_s": 42,
    "state": "degraded",
}
_PATIENT = {
    "next": {"doctor": "Dr. Okafor", "when": "2026-06-02T14:30:00", "room": "B12", "fasting": True},
    "last": "2025-12-01",
}
_TICKET = {
    "key": "OPS-771",
    "status": "In Progress",
    "assignee": "Priya Nair",
    "priority": "High",
    "comments": ["Reproduced on staging", "Rolled back the cache change"],
    "created": "2026-02-27",
}
_STOCK = {
    "sku": "LMP-40",
    "name": "Arc floor lamp",
    "stock": {"Lyon": 0, "Lille": 7, "Nice": 2},
    "restock": {"Lyon": "2026-03-25"},
    "price": 79.9,
}
_PARCEL = {
    "id": "P-5512",
    "events": [
        {"at": "2026-03-02 08:14", "what": "Left sorting centre Hamburg"},
        {"at": "2026-03-03 10:52", "what": "Delivery attempted, nobody home"},
    ],
    "next": "pick-up at branch 118 until 2026-03-10",
}
_LOAN = {"principal": 24000, "rate": 0.045, "months": 60, "monthly": 447.44, "first_due": "2026-07-01"}
_HOTEL = {
    "hotel": "Casa Azul",
    "nights": 4,
    "rate_per_night": 112,
    "currency": "EUR",
    "breakfast": "included",
    "cancel_free_until": "2026-08-14",
    "pool": False,
}
_RUN = {
    "tests": 214,
    "passed": 209,
    "failed": 5,
    "failures": ["test_login_timeout", "test_export_csv", "test_export_xlsx", "test_roles", "test_theme"],
    "duration_s": 187,
}
_CALENDAR = {
    "free": [
        {"start": "2026-03-16T10:00", "end": "2026-03-16T11:30"},
        {"start": "2026-03-17T15:00", "end": "2026-03-17T16:00"},
    ],
    "timezone": "Europe/Madrid",
}
_RECIPE = {
    "title": "Lentil soup",
    "serves": 4,
    "ingredients": ["250 g red lentils", "1 onion", "2 carrots", "1 l vegetable stock"],
    "minutes": 35,
}
_ACCOUNT = {
    "plan": "Team",
    "seats_used": 17,
    "seats": 20,
    "renews": "2026-11-03",
    "sso": True,
    "storage_gb": {"used": 412, "limit": 500},
}
_BOOK = {
    "title": "The Salt Road",
    "author": "Ines Varga",
    "year": 2019,
    "pages": 412,
    "copies": 3,
    "loaned": 3,
    "holds": 2,
}
_ENERGY = {"month": "2026-01", "kwh": 318, "previous_kwh": 265, "cost": 95.4, "tariff": 0.30}
_USER = {
    "id": 8812,
    "email_verified": False,
    "locked": True,
    "lock_reason": "too many failed logins",
    "unlock_at": "2026-03-05T18:00:00Z",
}
_ROUTE = {"from": "Porto", "to": "Lisbon", "km": 313, "minutes": 178, "tolls_eur": 23.1, "via": "A1"}
_POLL = {"question": "Office days", "votes": {"two": 31, "three": 12, "none": 7}, "closed": True}
_PET = {
    "name": "Biscuit",
    "species": "dog",
    "weight_kg": 21.5,
    "vaccines": [{"name": "rabies", "due": "2026-09-01"}, {"name": "lepto", "due": "2026-03-20"}],
}

_JSON = (
    Pair(
        "flights",
        "json",
        "clause",
        ran(
            "Which flight to Amsterdam on 11 April is better if I have a suitcase?",
            ("search_flights", {"to": "AMS", "date": "2026-04-11"}, _FLIGHTS),
        ),
        "LH2301 is the better choice with a suitcase: it leaves at 9:40, lands at 10:55 and a checked bag is part of the €164.50 fare. KL1855 is cheaper (€129) but comes without a bag.",
        "LH2301 is the better choice with a suitcase: it leaves at 9:40, lands at 10:55 and a checked bag is part of the €164.50 fare. KL1855 is cheaper (€129), and you may rebook it free of charge at any time.",
    ),
    Pair(
        "flight times",
        "json",
        "number",
        ran("When does the early flight arrive?", ("search_flights", {"to": "AMS"}, _FLIGHTS)),
        "The early one, KL1855, gets in at 8:20 am after an hour and a quarter in the air.",
        "The early one, KL1855, gets in at 8:50 am after an hour and three quarters in the air.",
    ),
    Pair(
        "invoice total",
        "json",
        "number",
        ran("How much do we owe on INV-20931?", ("get_invoice", {"id": "INV-20931"}, _INVOICE)),
        "You owe **$306.00**: twelve seat licences at $18 each ($216) plus $90 for priority support. It is still unpaid and due by May 30, 2026.",
        "You owe **$336.00**: twelve seat licences at $18 each ($216) plus $120 for priority support. It is still unpaid and due by May 30, 2026.",
    ),
    Pair(
        "invoice status",
        "json",
        "status",
        ran("Is invoice INV-20931 settled?", ("get_invoice", {"id": "INV-20931"}, _INVOICE)),
        "Not yet. INV-20931 has not been paid; payment is due on 30 May.",
        "Yes, INV-20931 has been paid, so nothing more is due on 30 May.",
    ),
    Pair(
        "weather",
        "json",
        "clause",
        ran("Do I need an umbrella in Bergen?", ("weather", {"city": "Bergen"}, _WEATHER)),
        "Definitely: heavy rain is expected, around 14 mm, with about 6 °C and a wind of roughly 40 km/h. The sun sets at 8:47 pm.",
        "Definitely: heavy rain is expected, around 14 mm, with about 6 °C and a wind of roughly 40 km/h. It will clear up towards the evening and snow tomorrow.",
    ),
    Pair(
        "server",
        "json",
        "clause",
        ran("What's wrong with db-3?", ("host_metrics", {"host": "db-3"}, _SERVER)),
        "db-3 is degraded. CPU is at 91 %, 26 GiB of 32 GiB memory are in use, and the replica is 42 seconds behind. It has been up for a little over four days.",
        "db-3 is degraded. CPU is at 91 %, 26 GiB of 32 GiB memory are in use, and the replica is 42 seconds behind, because a nightly backup job is blocking the disk.",
    ),
    Pair(
        "server number",
        "json",
        "number",
        ran("How busy is db-3?", ("host_metrics", {"host": "db-3"}, _SERVER)),
        "It is quite busy: 91 % CPU and about 81 % of its memory.",
        "It is quite busy: 91 % CPU and about 67 % of its memory.",
    ),
    Pair(
        "appointment",
        "json",
        "date",
        ran("When is my next appointment?", ("appointments", {"patient": "me"}, _PATIENT)),
        "Your next appointment is with Dr. Okafor on Tuesday, June 2 at 2:30 pm in room B12. Please come with an empty stomach.",
        "Your next appointment is with Dr. Okafor on Friday, June 5 at 2:30 pm in room B12. Please come with an empty stomach.",
    ),
    Pair(
        "appointment clause",
        "json",
        "clause",
        ran("Anything to prepare for my appointment?", ("appointments", {"patient": "me"}, _PATIENT)),
        "Yes, please don't eat beforehand: the visit with Dr. Okafor on 2 June at 14:30 requires fasting.",
        "Yes, please don't eat beforehand, and bring your insurance card together with a list of your medication to Dr. Okafor on 2 June at 14:30.",
    ),
    Pair(
        "ticket",
        "json",
        "name",
        ran("Who is on OPS-771?", ("get_issue", {"key": "OPS-771"}, _TICKET)),
        "Priya Nair is working on it. It's a high-priority ticket from the end of February; so far the problem was reproduced on staging and the cache change was rolled back.",
        "Daniel Roth is working on it. It's a high-priority ticket from the end of February; so far the problem was reproduced on staging and the cache change was rolled back.",
    ),
    Pair(
        "ticket clause",
        "json",
        "clause",
        ran("What's the state of OPS-771?", ("get_issue", {"key": "OPS-771"}, _TICKET)),
        "OPS-771 is in progress with Priya Nair. The bug shows up on staging as well, and the cache change has been reverted.",
        "OPS-771 is in progress with Priya Nair. The bug shows up on staging as well, and customers have been informed by e-mail.",
    ),
    Pair(
        "stock",
        "json",
        "swap",
        ran("Where can I get the arc floor lamp?", ("stock", {"sku": "LMP-40"}, _STOCK)),
        "It's available in Lille (7 pieces) and Nice (2). Lyon is sold out and gets new ones on March 25.",
        "It's available in Lyon (7 pieces) and Nice (2). Lille is sold out and gets new ones on March 25.",
    ),
    Pair(
        "parcel",
        "json",
        "clause",
        ran("Where is my parcel P-5512?", ("track", {"id": "P-5512"}, _PARCEL)),
        "The driver came by on March 3 shortly before 11 but found nobody at home. You can collect the parcel at branch 118 until March 10.",
        "The driver came by on March 3 shortly before 11 and left the parcel with your neighbour. You can collect it there until March 10.",
    ),
    Pair(
        "loan",
        "json",
        "number",
        ran("What would the loan cost me?", ("quote", {"amount": 24000}, _LOAN)),
        "For $24,000 over five years at 4.5 % you would pay $447.44 a month, first on 1 July 2026. That makes $26,846.40 in all, so about $2,846 of interest.",
        "For $24,000 over five years at 4.5 % you would pay $447.44 a month, first on 1 July 2026. On top comes a one-time processing fee of $199.",
    ),
    Pair(
        "hotel",
        "json",
        "status",
        ran("Tell me about Casa Azul", ("hotel", {"name": "Casa Azul"}, _HOTEL)),
        "Four nights at Casa Azul cost €448 in total, breakfast included. You can cancel for free until 14 August. There is no pool.",
        "Four nights at Casa Azul cost €448 in total, breakfast included. You can cancel for free until 14 August. There is a rooftop pool.",
    ),
    Pair(
        "test run",
        "json",
        "clause",
        ran("How did the tests go?", ("run_tests", {}, _RUN)),
        "Five of the 214 tests failed (209 passed) in a bit over three minutes: the login timeout, both exports, roles and the theme.",
        "Five of the 214 tests failed (209 passed) in a bit over three minutes. All five go back to the same missing database migration.",
    ),
    Pair(
        "calendar",
        "json",
        "date",
        ran("When could we meet next week?", ("free_slots", {}, _CALENDAR)),
        "You're free on Monday, March 16 from 10 to 11:30, and on Tuesday the 17th from 3 to 4 pm (Madrid time).",
        "You're free on Monday, March 16 from 10 to 11:30, and on Thursday the 19th from 3 to 4 pm (Madrid time).",
    ),
    Pair(
        "recipe doubled",
        "json",
        "number",
        ran("I need the lentil soup for eight people", ("recipe", {"q": "lentil soup"}, _RECIPE)),
        "For eight people, double it: 500 g red lentils, 2 onions, 4 carrots and 2 litres of vegetable stock. Cooking takes about 35 minutes.",
        "For eight people, double it: 700 g red lentils, 2 onions, 4 carrots and 2 litres of vegetable stock. Cooking takes about 35 minutes.",
    ),
    Pair(
        "account seats",
        "json",
        "clause",
        ran("Can we add two colleagues?", ("account", {}, _ACCOUNT)),
        "Yes, 17 of your 20 seats are taken, so three are left. Your Team plan renews on November 3, 2026.",
        "Yes, 17 of your 20 seats are taken, so three are left. Additional seats are billed pro rata at the end of the quarter.",
    ),
    Pair(
        "book",
        "json",
        "status",
        ran("Can I borrow The Salt Road?", ("catalogue", {"title": "The Salt Road"}, _BOOK)),
        "Unfortunately all three copies of Ines Varga's The Salt Road are out, and two people are already waiting.",
        "Yes, one of the three copies of Ines Varga's The Salt Road is on the shelf right now.",
    ),
    Pair(
        "energy",
        "json",
        "number",
        ran("How was my power use in January?", ("usage", {"month": "2026-01"}, _ENERGY)),
        "You used 318 kWh in January, 20 % more than the month before, which cost €95.40 at 30 cents per kWh.",
        "You used 318 kWh in January, 35 % more than the month before, which cost €95.40 at 30 cents per kWh.",
    ),
    Pair(
        "locked account",
        "json",
        "clause",
        ran("Why can't I log in?", ("user", {"id": 8812}, _USER)),
        "Your account is locked after too many failed login attempts. It opens again on 5 March at 18:00 UTC. Your e-mail address also still needs to be confirmed.",
        "Your account is locked because a payment bounced last week. It opens again on 5 March at 18:00 UTC.",
    ),
    Pair(
        "route",
        "json",
        "number",
        ran("How long is the drive from Porto to Lisbon?", ("route", {"from": "Porto", "to": "Lisbon"}, _ROUTE)),
        "Just under three hours: 313 km (about 195 miles) on the A1, with €23.10 in tolls.",
        "Just under three hours: 313 km (about 195 miles) on the A1, with €31.60 in tolls.",
    ),
    Pair(
        "poll",
        "json",
        "number",
        ran("How did the vote end?", ("poll", {}, _POLL)),
        "50 people voted. Two office days won with 31 votes (62 %), ahead of three days with 12 and none with 7.",
        "50 people voted. Two office days won with 31 votes (74 %), ahead of three days with 12 and none with 7.",
    ),
    Pair(
        "pet",
        "json",
        "swap",
        ran("Which shots does Biscuit need soon?", ("pet", {"name": "Biscuit"}, _PET)),
        "The lepto vaccination is due first, on March 20, 2026. Rabies follows on September 1.",
        "The rabies vaccination is due first, on March 20, 2026. Lepto follows on September 1.",
    ),
)

# ---- tables ----------------------------------------------------------------------------------------------------------

_SALES = "region,q1,q2,q3\nNorth,120,135,150\nSouth,98,91,104\nWest,210,190,230\n"
_TRAINS = "| train | from | to | departs | arrives | seats |\n|---|---|---|---|---|---|\n| ICE 579 | Berlin | Munich | 08:30 | 12:28 | 41 |\n| ICE 1007 | Berlin | Munich | 10:05 | 14:01 | 0 |\n| RE 3 | Berlin | Leipzig | 09:12 | 10:40 | 88 |\n"
_STAFF = "id | name | team | started | hours\n1 | Lena Hoff | Billing | 2021-04-01 | 38\n2 | Omar Said | Search | 2023-09-15 | 40\n3 | Tuva Lie | Search | 2024-01-08 | 20\n"
_DISK = "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        98G   91G  2.4G  98% /\n/dev/sdb1       1.8T  611G  1.1T  36% /data\n"
_LAB = "Test;Result;Range;Flag\nFerritin;14 ng/ml;30-300;low\nHaemoglobin;12.9 g/dl;12-16;\nVitamin D;41 ng/ml;30-80;\n"
_PRICES = "plan\tmonthly\tyearly\tprojects\nSolo\t9\t90\t3\nStudio\t29\t290\t20\nAgency\t79\t790\tunlimited\n"

_TABLES = (
    Pair(
        "sales",
        "table",
        "number",
        ran("Which region grew most from q1 to q3?", ("read_csv", {"path": "sales.csv"}, _SALES)),
        "North grew most: from 120 to 150, that is 25 %. West added 20 (210 to 230) and South 6.",
        "North grew most: from 120 to 150, that is 25 %. West added 45 (210 to 255) and South 6.",
    ),
    Pair(
        "sales clause",
        "table",
        "clause",
        ran("Summarise the sales file", ("read_csv", {"path": "sales.csv"}, _SALES)),
        "West sells most in every quarter. South is the weakest region and dipped in q2 before it recovered to 104.",
        "West sells most in every quarter. South is the weakest region, since two of its largest customers left in spring.",
    ),
    Pair(
        "trains",
        "table",
        "status",
        ran("Which train to Munich still has seats?", ("timetable", {"to": "Munich"}, _TRAINS)),
        "Take ICE 579: it leaves Berlin at 8:30, reaches Munich at 12:28 and has 41 seats left. ICE 1007 is fully booked.",
        "Take ICE 1007: it leaves Berlin at 10:05, reaches Munich at 14:01 and has 41 seats left. ICE 579 is fully booked.",
    ),
    Pair(
        "staff",
        "table",
        "name",
        ran("Who works part-time in Search?", ("query", {"sql": "select * from staff"}, _STAFF)),
        "Tuva Lie: she does 20 hours a week in the Search team and joined in January 2024.",
        "Greta Moe: she does 20 hours a week in the Search team and joined in January 2024.",
    ),
    Pair(
        "disk",
        "table",
        "clause",
        ran("Is the disk full?", ("shell", {"cmd": "df -h"}, _DISK)),
        "Nearly: the root file system is 98 % full, with only 2.4 GB of 98 GB free. /data has plenty of room (1.1 TB).",
        "Nearly: the root file system is 98 % full, with only 2.4 GB of 98 GB free. Most of it is old log files of the web server.",
    ),
    Pair(
        "lab",
        "table",
        "status",
        ran("Is anything wrong with my blood values?", ("lab", {}, _LAB)),
        "Your ferritin is low at 14 ng/ml (it should be 30 to 300). Haemoglobin and vitamin D are within their ranges.",
        "Your ferritin is fine at 140 ng/ml (it should be 30 to 300). Haemoglobin and vitamin D are within their ranges.",
    ),
    Pair(
        "prices",
        "table",
        "number",
        ran("What does Studio cost if I pay yearly?", ("read_file", {"path": "plans.tsv"}, _PRICES)),
        "Studio is $290 a year, so you save $58 against paying $29 each month. It covers 20 projects.",
        "Studio is $290 a year, so you save $58 against paying $29 each month. It covers 35 projects.",
    ),
    Pair(
        "prices clause",
        "table",
        "clause",
        ran("Which plan for a freelancer?", ("read_file", {"path": "plans.tsv"}, _PRICES)),
        "Solo should do: it costs 9 a month (90 a year) and allows three projects.",
        "Solo should do: it costs 9 a month (90 a year), allows three projects and comes with a free custom domain.",
    ),
)

# ---- passages that were fetched --------------------------------------------------------------------------------------

_LEAVE = "Employees accrue 2.5 days of annual leave per completed month of service. Up to five unused days may be carried over into the next calendar year and must be taken before 31 March. Requests are submitted in the portal at least two weeks in advance and need approval by the line manager."
_COFFEE = "The M3 brewer heats up within 40 seconds. Descale it every three months or when the orange lamp blinks: fill the tank with one litre of water and one sachet of descaler, press both buttons for five seconds and let the programme run for 20 minutes. Afterwards rinse twice with fresh water. Never use vinegar, since it damages the seals."
_MUSEUM = "The Maritime Museum opened in 1934 in the former customs house. Its collection of 2,300 ship models is the largest in the country. The museum is closed on Mondays. Admission is free for visitors under 18; adults pay 12 euros. A lift leads to all floors except the tower."
_WARRANTY = "The manufacturer grants a warranty of 24 months from the date of purchase. It covers defects in material and workmanship. Damage caused by improper use, liquids or unauthorised repair is excluded. Batteries are covered for six months. To claim, present the original receipt."
_REFUND = "Orders may be returned within 30 days of delivery. Items must be unworn and carry their tags. Refunds are issued to the original payment method within five to seven business days after the parcel reaches our warehouse. Sale items can be exchanged but not refunded. Return shipping is free within the EU."
_VOLCANO = "Kalvos last erupted in 1783, when lava buried two villages on its eastern flank. Nobody died, because the inhabitants had left after weeks of tremors. Today the mountain is watched by eleven seismic stations, and the crater is open to hikers between June and September."
_API = "Clients may send up to 100 requests per minute for each key. When the limit is exceeded the server answers with status 429 and a Retry-After header. Keys are created in the console and can be revoked there at any time. Webhooks are signed with HMAC-SHA256."
_TREE = "The sea buckthorn grows on sandy coasts and reaches a height of three to four metres. Male and female flowers grow on different plants. Its orange berries ripen in late August and contain more vitamin C than oranges. Birds feed on them through the winter."
_PARENTAL = "Parents may take up to 14 months of paid leave together if each of them takes at least two. The allowance is 65 percent of the previous net income and at most 1,800 euros a month. The application must be filed within three months after birth."

_PASSAGES = (
    Pair(
        "leave carried over",
        "passage",
        "date",
        read("Can I keep vacation days for next year?", _LEAVE),
        "Yes, you can carry over up to five unused days, but you have to take them before the end of March.",
        "Yes, you can carry over up to five unused days, but you have to take them before the end of June.",
    ),
    Pair(
        "leave request",
        "passage",
        "clause",
        read("How do I request leave?", _LEAVE, _PARENTAL),
        "Hand in your request through the portal no later than two weeks beforehand. Your line manager has to approve it.",
        "Hand in your request through the portal no later than two weeks beforehand. If nobody reacts within three days, it counts as approved.",
    ),
    Pair(
        "descaling",
        "passage",
        "clause",
        read("How do I descale the M3?", _COFFEE),
        "1. Put a litre of water and one sachet of descaler into the tank.\n2. Hold both buttons for five seconds.\n3. Wait 20 minutes until the programme is done.\n4. Rinse it two times with fresh water.\n\nDon't use vinegar: it harms the seals.",
        "1. Put a litre of water and one sachet of descaler into the tank.\n2. Hold both buttons for five seconds.\n3. Wait 20 minutes until the programme is done.\n4. Rinse it two times with fresh water.\n\nIf you have no descaler, a cup of vinegar does the job as well.",
    ),
    Pair(
        "descaling how often",
        "passage",
        "number",
        read("How often should I descale?", _COFFEE),
        "Every three months, or as soon as the orange light starts blinking.",
        "Every six weeks, or as soon as the orange light starts blinking.",
    ),
    Pair(
        "museum",
        "passage",
        "clause",
        read("Is the museum worth a visit with kids and a stroller?", _MUSEUM),
        "Kids get in for free, and there's a lift to every floor but the tower. Just don't come on a Monday, when it is closed.",
        "Kids get in for free, and there's a playground with a pirate ship in the courtyard. Just don't come on a Monday, when it is closed.",
    ),
    Pair(
        "museum history",
        "passage",
        "date",
        read("Tell me about the Maritime Museum", _MUSEUM),
        "The museum has been in the old customs house since 1934. With 2,300 ship models it holds the country's biggest collection.",
        "The museum has been in the old customs house since 1951. With 2,300 ship models it holds the country's biggest collection.",
    ),
    Pair(
        "warranty battery",
        "passage",
        "number",
        read("My battery is weak after 8 months, is that covered?", _WARRANTY),
        "I'm afraid not: batteries are only covered for half a year. The rest of the device has a two-year warranty.",
        "I'm afraid not: batteries are only covered for half a year. The rest of the device has a five-year warranty.",
    ),
    Pair(
        "warranty water",
        "passage",
        "clause",
        read("I spilled tea over it", _WARRANTY),
        "Unfortunately damage by liquids is not covered by the warranty, so the repair would be at your own expense.",
        "No problem: accidental damage by liquids is covered once per year, you only need the receipt.",
    ),
    Pair(
        "refund time",
        "passage",
        "number",
        read("When do I get my money back?", _REFUND),
        "Once your parcel has arrived at our warehouse, it takes five to seven working days. The money goes back to the payment method you used.",
        "Once your parcel has arrived at our warehouse, it takes two working days at most. The money goes back to the payment method you used.",
    ),
    Pair(
        "refund sale",
        "passage",
        "clause",
        read("Can I return a sale item?", _REFUND),
        "You can exchange items from the sale, but they cannot be refunded. Please leave the tags on and send it back within 30 days.",
        "You can return items from the sale, but you will get store credit with a bonus of ten percent. Please leave the tags on and send it back within 30 days.",
    ),
    Pair(
        "volcano",
        "passage",
        "clause",
        read("Did Kalvos ever kill people?", _VOLCANO),
        "Not in its last eruption. In 1783 lava covered two villages on the eastern side, but the people had already fled because of the tremors.",
        "Yes. In 1783 lava covered two villages on the eastern side, and several hundred people drowned when the harbour collapsed.",
    ),
    Pair(
        "volcano hike",
        "passage",
        "clause",
        read("Can I hike up Kalvos in July?", _VOLCANO),
        "Yes, hikers can visit the crater from June to September.",
        "Yes, hikers can visit the crater from June to September, accompanied by a licensed guide and with a permit from the park office.",
    ),
    Pair(
        "rate limit",
        "passage",
        "clause",
        read("What happens if I call too often?", _API),
        "Beyond 100 requests a minute per key you get a 429 response. Look at its Retry-After header to see when to try again.",
        "Beyond 100 requests a minute per key you get a 429 response. After three of them your key is blocked for a day.",
    ),
    Pair(
        "webhooks",
        "passage",
        "name",
        read("How are webhooks signed?", _API),
        "They are signed using HMAC-SHA256.",
        "They are signed using Ed25519 with a rotating key.",
    ),
    Pair(
        "buckthorn",
        "passage",
        "clause",
        read("Tell me about sea buckthorn", _TREE),
        "It's a shrub of sandy shores that gets three to four metres tall. The orange berries are ripe at the end of August and are richer in vitamin C than oranges.",
        "It's a shrub of sandy shores that gets three to four metres tall. The orange berries are ripe at the end of August and have long been pressed into oil by Mongolian monks.",
    ),
    Pair(
        "buckthorn one clause",
        "passage",
        "clause",
        read("Why do my two buckthorns not bear fruit?", _TREE),
        "Perhaps both are of the same sex: male and female flowers are found on separate plants, so you need one of each.",
        "Perhaps the soil is too rich in nitrogen: cut the shoots back by a third in February and fertilise with potash.",
    ),
    Pair(
        "parental leave",
        "passage",
        "number",
        read("How much parental allowance would we get?", _PARENTAL),
        "You'd receive 65 % of your earlier net income, capped at 1,800 euros per month. Together you can take 14 months as long as each of you takes two or more.",
        "You'd receive 80 % of your earlier net income, capped at 1,800 euros per month. Together you can take 14 months as long as each of you takes two or more.",
    ),
    Pair(
        "parental made up",
        "passage",
        "clause",
        read("When do we apply for parental leave?", _PARENTAL),
        "You have three months from the birth to file the application.",
        "You have three months from the birth to file the application; the town hall sends the form to every family by post.",
    ),
    Pair(
        "persona",
        "passage",
        "clause",
        read("Is the Maritime Museum nice?", _MUSEUM),
        "Its collection of ship models is the largest in the country, and admission is free if you're under 18.",
        "I love it there! My grandfather was a sailor and took me every summer when I was little.",
    ),
)

# ---- long documents --------------------------------------------------------------------------------------------------

_FILL = [
    f"Section {n}. The parties keep records of deliveries in the form agreed on in annex {n}, and inform each other of changes in writing without undue delay. Each party names a contact for questions that concern section {n}."
    for n in range(3, 45)
]
_CONTRACT = "\n\n".join(
    [
        "Section 1. This agreement between Hollis Freight Ltd and Brenner Foods GmbH begins on 1 February 2025 and runs for three years. It is extended by twelve months at a time unless one party gives notice six months before it ends.",
        "Section 2. Hollis delivers to the warehouse in Kassel twice a week, on Tuesdays and Fridays before noon. For each late delivery the fee is lowered by four percent, at most by twenty percent in a month.",
        *_FILL,
        "Section 45. Goods that need cooling are carried between two and six degrees. The driver records the temperature every thirty minutes. If it leaves that range, Brenner may refuse the goods.",
        "Section 46. Disputes are settled by the courts of Frankfurt. Liability for slight negligence is limited to 250,000 euros for each case.",
    ]
)
_REPORT = "\n\n".join(
    [
        "Annual report. Revenue of the Tessel group rose by eight percent to 412 million euros, while costs of energy doubled. The board proposes a dividend of 1.20 euros a share.",
        *[
            f"Chapter {n}. The site in region {n} kept its staff stable, renewed parts of its machines and trained apprentices. Sick leave stayed on the level of the year before."
            for n in range(2, 60)
        ],
        "Outlook. The group expects flat revenue for the coming year. It will close the foundry in Lund at the end of September and move its 85 employees to Malmö. Investment falls from 40 to 25 million euros.",
    ]
)

_LONG = (
    Pair(
        "contract notice",
        "long",
        "number",
        read("How do we get out of the Hollis contract?", _CONTRACT),
        "The agreement started on 1 February 2025 for three years, so it ends on 31 January 2028. To stop it from renewing for another twelve months you have to give notice six months before.",
        "The agreement started on 1 February 2025 for three years, so it ends on 31 January 2028. To stop it from renewing for another twelve months you have to give notice nine months before, by registered letter.",
    ),
    Pair(
        "contract cooling",
        "long",
        "clause",
        read("What if chilled goods get warm?", _CONTRACT),
        "Chilled goods have to stay between two and six degrees, with the driver logging the temperature every half hour. If they leave this range, Brenner is allowed to reject them.",
        "Chilled goods have to stay between two and six degrees, with the driver logging the temperature every half hour. If they leave this range, Hollis must destroy them and replace them within 24 hours.",
    ),
    Pair(
        "contract late",
        "long",
        "number",
        read("What happens when deliveries are late?", _CONTRACT),
        "Every late delivery lowers the fee by 4 %, up to 20 % in one month. Deliveries are due on Tuesdays and Fridays before noon.",
        "Every late delivery lowers the fee by 7 %, up to 50 % in one month. Deliveries are due on Tuesdays and Fridays before noon.",
    ),
    Pair(
        "contract liability",
        "long",
        "name",
        read("Which court is responsible?", _CONTRACT),
        "The courts of Frankfurt. For slight negligence, liability is capped at €250,000 per case.",
        "The courts of Rotterdam. For slight negligence, liability is capped at €250,000 per case.",
    ),
    Pair(
        "report outlook",
        "long",
        "clause",
        read("What does Tessel plan for next year?", _REPORT),
        "Tessel expects revenue to stay flat and cuts investment from €40 million to €25 million. The Lund foundry closes at the end of September; its 85 employees move to Malmö.",
        "Tessel expects revenue to stay flat and cuts investment from €40 million to €25 million. The Lund foundry is sold to a Japanese competitor, and its employees receive severance pay.",
    ),
    Pair(
        "report figures",
        "long",
        "number",
        read("Sum up Tessel's year", _REPORT),
        "Revenue went up 8 % to €412 million, energy costs doubled, and shareholders are to get €1.20 per share.",
        "Revenue went up 8 % to €412 million, energy costs doubled, and shareholders are to get €2.40 per share.",
    ),
)

# ---- several turns ---------------------------------------------------------------------------------------------------


def _turns(first: str, answer: str, then: tuple[Turn, ...], *calls: tuple[str, Any, Any]) -> tuple[Turn, ...]:
    return (*ran(first, *calls), Said(answer), *then)


_MULTI = (
    Pair(
        "turns: seat chosen",
        "turns",
        "status",
        _turns(
            "Is seat 14C free on KL1855?",
            "Yes, 14C is free for €12. Shall I reserve it?",
            ran(
                "Yes please",
                ("reserve_seat", {"flight": "KL1855", "seat": "14C"}, {"ok": True, "fee": 12, "ref": "ZK4P2"}),
            ),
            ("seat_map", {"flight": "KL1855"}, {"free": ["14C", "22A"], "fee": 12}),
        ),
        "Done! Seat 14C on KL1855 is yours for €12. Your reference is ZK4P2.",
        "Done! Seat 14C on KL1855 is yours for €12. Your reference is ZK4P2, and a voucher for lounge access was sent to you.",
    ),
    Pair(
        "turns: follow-up on price",
        "turns",
        "number",
        _turns(
            "What does the arc floor lamp cost?",
            "It costs €79.90.",
            (Asked("And two of them with the 10 % student discount?"),),
            ("stock", {"sku": "LMP-40"}, _STOCK),
        ),
        "Two lamps come to €159.80; with ten percent off you pay €143.82.",
        "Two lamps come to €159.80; with ten percent off you pay €135.50.",
    ),
    Pair(
        "turns: earlier fact",
        "turns",
        "date",
        _turns(
            "Look up my plan",
            "You are on the Team plan with 17 of 20 seats in use.",
            (Asked("When does it renew, and is single sign-on on?"),),
            ("account", {}, _ACCOUNT),
        ),
        "It renews on November 3rd, and yes, SSO is switched on.",
        "It renews on December 3rd, and yes, SSO is switched on.",
    ),
    Pair(
        "turns: told by the user",
        "turns",
        "number",
        _turns(
            "My budget is 500 euros for Casa Azul, five nights do not fit, right?",
            "Right: five nights would cost €560.",
            (Asked("So four?"),),
            ("hotel", {"name": "Casa Azul"}, _HOTEL),
        ),
        "Four nights are €448, which leaves €52 of your budget.",
        "Four nights are €448, which leaves €52 of your budget, and the hotel gives a late check-out for regulars.",
    ),
    Pair(
        "turns: failed call told",
        "turns",
        "status",
        (
            *ran("Cancel my order 5512"),
            Said(calls=(Call("cancel_order", {"id": 5512}, None, "409 already shipped"),)),
        ),
        "I couldn't cancel order 5512 because it has already been shipped. You may send it back once it arrives.",
        "Your order 5512 has been cancelled. The money will be on your account in three days.",
    ),
    Pair(
        "turns: corrected",
        "turns",
        "name",
        _turns(
            "Who approved PR 88?",
            "Let me check.",
            ran(
                "and who wrote it?",
                (
                    "get_pr",
                    {"n": 88},
                    {"author": "mkoch", "approved_by": ["tlie", "osaid"], "merged": True, "files": 6},
                ),
            ),
            ("ping", {}, {"ok": True}),
        ),
        "mkoch wrote it; tlie and osaid approved it, and it's merged (six files).",
        "mkoch wrote it; tlie and Hannah Brandt approved it, and it's merged (six files).",
    ),
    Pair(
        "turns: documents twice",
        "turns",
        "clause",
        (
            *read("How long is the warranty?", _WARRANTY),
            Said("It lasts 24 months from purchase."),
            *read("What do I need to claim it?", _WARRANTY),
        ),
        "All you need is the original receipt.",
        "You need the original packaging, a photo of the defect and a filled-in form RMA.",
    ),
)

# ---- other languages -------------------------------------------------------------------------------------------------

_URLAUB = "Beschäftigte haben Anspruch auf 28 Urlaubstage im Kalenderjahr. Resturlaub verfällt am 31. März des Folgejahres, wenn er nicht aus dringenden betrieblichen Gründen übertragen wurde. Anträge sind spätestens zehn Arbeitstage vor Beginn bei der Teamleitung einzureichen."
_MUSEE = "Le musée est ouvert du mercredi au dimanche de 10 h à 18 h. L'entrée coûte 9 euros, elle est gratuite pour les moins de 26 ans. Les visites guidées ont lieu le samedi à 15 h et durent une heure et demie."
_GARANTIA = "La garantía cubre defectos de fabricación durante tres años desde la fecha de compra. No cubre golpes ni daños por agua. Para hacerla efectiva es necesario presentar la factura original en cualquiera de nuestras tiendas."
_ORARIO = "La biblioteca apre alle 9 e chiude alle 19 dal lunedì al venerdì. Il sabato chiude alle 13. Il prestito dura trenta giorni e si può rinnovare due volte, se nessuno ha prenotato il libro."

_OTHER = (
    Pair(
        "german: prose",
        "language",
        "clause",
        read("Was passiert mit meinem Resturlaub?", _URLAUB),
        "Nicht genommener Urlaub verfällt Ende März des nächsten Jahres, außer er wurde aus dringenden betrieblichen Gründen übertragen.",
        "Nicht genommener Urlaub wird Ende März des nächsten Jahres mit dem Gehalt ausgezahlt oder auf Wunsch gespendet.",
    ),
    Pair(
        "german: json",
        "language",
        "number",
        ran(
            "Wann kommt mein Paket?",
            (
                "track",
                {"id": "P-5512"},
                {"status": "in_transit", "eta": "2026-03-09", "weight_kg": 2.75, "carrier": "DHL"},
            ),
        ),
        "Ihr Paket ist mit DHL unterwegs und kommt voraussichtlich am 9. März an. Es wiegt 2,75 kg.",
        "Ihr Paket ist mit DHL unterwegs und kommt voraussichtlich am 9. März an. Es wiegt 4,25 kg.",
    ),
    Pair(
        "german of english pages",
        "language",
        "clause",
        read("Wie oft muss ich die M3 entkalken?", _COFFEE),
        "Alle drei Monate oder sobald die orangefarbene Lampe blinkt. Verwenden Sie keinen Essig, er schadet den Dichtungen.",
        "Alle drei Monate oder sobald die orangefarbene Lampe blinkt. Verwenden Sie am besten Essig, er schont die Dichtungen.",
    ),
    Pair(
        "french: prose",
        "language",
        "number",
        read("Combien coûte l'entrée ?", _MUSEE),
        "L'entrée est à 9 euros, et gratuite si vous avez moins de 26 ans. La visite guidée du samedi commence à 15 h.",
        "L'entrée est à 14 euros, et gratuite si vous avez moins de 26 ans. La visite guidée du samedi commence à 15 h.",
    ),
    Pair(
        "french: clause",
        "language",
        "clause",
        read("Y a-t-il des visites guidées ?", _MUSEE),
        "Oui, le samedi à 15 h ; elles durent une heure et demie.",
        "Oui, le samedi à 15 h ; un conservateur y présente les réserves et offre un verre de cidre.",
    ),
    Pair(
        "spanish: prose",
        "language",
        "clause",
        read("¿Qué cubre la garantía?", _GARANTIA),
        "Cubre los defectos de fabricación durante tres años. Los golpes y los daños causados por agua no están cubiertos.",
        "Cubre los defectos de fabricación durante tres años. También le prestamos un aparato nuevo mientras dura la reparación.",
    ),
    Pair(
        "spanish: json",
        "language",
        "status",
        ran("¿Está pagada la factura?", ("get_invoice", {"id": "INV-20931"}, _INVOICE)),
        "Todavía no: la factura INV-20931 sigue pendiente y vence el 30 de mayo de 2026. El total es de 306 dólares.",
        "Todavía no: la factura INV-20931 sigue pendiente y vence el 15 de junio de 2026. El total es de 306 dólares.",
    ),
    Pair(
        "italian: prose",
        "language",
        "number",
        read("Fino a quando posso tenere un libro?", _ORARIO),
        "Il prestito dura trenta giorni e lo puoi rinnovare due volte, se nessun altro ha prenotato il libro.",
        "Il prestito dura quarantacinque giorni e lo puoi rinnovare due volte, se paghi un euro di cauzione.",
    ),
    Pair(
        "portuguese: json",
        "language",
        "clause",
        ran("Posso cancelar o hotel?", ("hotel", {"name": "Casa Azul"}, _HOTEL)),
        "Sim, o cancelamento é gratuito até 14 de agosto. As quatro noites custam 448 euros, com café da manhã incluído.",
        "Sim, o cancelamento é gratuito até 14 de agosto. Depois disso é cobrada a primeira noite mais uma taxa de 35 euros.",
    ),
    Pair(
        "japanese: json",
        "language",
        "number",
        ran("ベルゲンの天気は？", ("weather", {"city": "Bergen"}, _WEATHER)),
        "ベルゲンは大雨で、気温は約6.4度、日の入りは20:47です。",
        "ベルゲンは大雨で、気温は約9.8度、日の入りは20:47です。",
    ),
)

PAIRS: tuple[Pair, ...] = (*_JSON, *_TABLES, *_PASSAGES, *_LONG, *_MULTI, *_OTHER)
