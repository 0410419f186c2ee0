"""Pure: the words of a message and of the morning digest."""

from dataclasses import replace

import pytest

from collector.accounting.days import day_at
from collector.alerts.telling.messages import BODY_CHARS, TITLE_CHARS, message
from collector.alerts.telling.morning import MorningFacts, morning_message
from collector.alerts.telling.receivers import Turn
from collector.alerts.telling.routes import Route
from collector.condition import Condition, Outage
from collector.followups import FollowUp, FollowUpState, Matter, Step
from collector.registry import Site
from collector.store import SentAlert
from shared.texts import Texts
from tests.test_collector_receivers import WITA, at

NOW = at("07:00")
HOUR = 3_600_000
INDONESIAN = Texts("id")
TELEGRAM_CHARS = 4096


def site_down(n: int, regency: str = "Paser", severity: str = "critical") -> SentAlert:
    return SentAlert(
        key=f"SiteDown/{n}/line_down",
        labels={"alertname": "SiteDown", "site": str(n), "regency": regency, "severity": severity},
        annotations={
            "summary": f"Desa {n} ({n}): jalur penyedia putus sejak 06:00 WITA",
            "description": f"Desa {n}: putus. Hubungi: Layanan 24 jam, 0800-1-000.",
            "link": f"https://p.example/sites/{n}",
        },
        starts_at_ms=at("06:00"),
    )


MASS = SentAlert(
    key="MassOutage/provider/Icon+",
    labels={"alertname": "MassOutage", "severity": "critical", "scope": "provider", "of": "Icon+"},
    annotations={"summary": "Icon+: 40 dari 60 lokasi terganggu", "description": "Hubungi: 0800-1-000.", "sites": "40"},
    starts_at_ms=at("06:00"),
)
UNWELL = SentAlert(
    key="AgentUnwell/pc-1",
    labels={"alertname": "AgentUnwell", "severity": "warning"},
    annotations={"summary": "pc-1: antrean bertambah"},
    starts_at_ms=at("06:00"),
)


def said(max_lines: int = 20, escalated: bool = False, noted: str = "", **parts: list[SentAlert]) -> tuple[str, str]:
    """The message of a turn that has these parts and no others; `noted` took note of everything in it."""
    empty = dict.fromkeys(("begin", "grown", "remind", "over", "unsaid"), ())
    by = {alert.key: noted for alerts in parts.values() for alert in alerts if noted}
    turn = Turn(now_ms=NOW, noted=by, known={}, **(empty | parts))
    return message(turn, max_lines, escalated, INDONESIAN)


def test_one_alert_is_told_with_everything_that_is_known_of_it() -> None:
    assert said(begin=[site_down(1)]) == (
        "Desa 1 (1): jalur penyedia putus sejak 06:00 WITA",
        "Desa 1: putus. Hubungi: Layanan 24 jam, 0800-1-000.\nhttps://p.example/sites/1",
    )


def test_a_reminder_says_how_long_nobody_has_taken_note() -> None:
    title, body = said(remind=[site_down(1)])
    assert title == "Belum ditanggapi: Desa 1 (1): jalur penyedia putus sejak 06:00 WITA"
    assert body.startswith("Sudah 1 jam dan belum ada yang menanggapi.\nDesa 1: putus.")


def test_an_escalation_says_the_same() -> None:
    assert said(begin=[site_down(1)], escalated=True)[1].startswith("Sudah 1 jam dan belum ada yang menanggapi.")


def test_a_mass_outage_that_grew_is_one_line() -> None:
    title = "Meluas: Icon+: 40 dari 60 lokasi terganggu"
    assert said(grown=[MASS]) == (title, "Icon+: 40 dari 60 lokasi terganggu")


def test_the_end_says_who_had_taken_note() -> None:
    ended = replace(site_down(1), annotations={"summary": "Desa 1 (1): pulih", "description": "Desa 1 pulih."})
    assert said(over=[ended], noted="piket")[1] == "Desa 1 pulih.\nDitanggapi oleh piket."


def test_among_many_the_mass_outage_comes_first_with_whom_to_call_and_good_news_last() -> None:
    title, body = said(
        begin=[UNWELL, site_down(2, "Berau"), site_down(1), MASS], over=[site_down(3)], remind=[site_down(4)]
    )
    assert title == "1 gangguan massal, 2 lokasi terganggu, 1 masalah pemantauan, 1 belum ditanggapi, 1 lokasi pulih"
    assert [line[:18] for line in body.splitlines()] == [
        "‼ Icon+: 40 dari 6",
        "Hubungi: 0800-1-00",
        "✗ Berau: Desa 2 (2",
        "✗ Paser: Desa 1 (1",
        "✗ pc-1: antrean be",
        "↻ Paser: Desa 4 (4",
        "✓ Paser: Desa 3 (3",
    ]


def test_what_has_no_room_is_counted() -> None:
    body = said(max_lines=3, begin=[site_down(n) for n in range(90)])[1]
    assert body.splitlines()[3:] == ["... dan 87 lagi"]


@pytest.mark.parametrize("alerts", [1, 200])
def test_the_longest_message_fits_telegram_and_the_longest_title_a_short_message(alerts: int) -> None:
    long = [replace(site_down(n), annotations={"summary": "x" * 900, "description": "y" * 9000}) for n in range(alerts)]
    title, body = said(max_lines=200, begin=long)
    assert len(title) <= TITLE_CHARS
    assert len(body) <= BODY_CHARS + len("... dan 200 lagi") < TELEGRAM_CHARS - TITLE_CHARS
    assert "… " not in body


def test_the_link_survives_however_long_the_rest_is() -> None:
    long = replace(site_down(1), annotations=site_down(1).annotations | {"description": "y" * 9000})
    assert said(begin=[long])[1].endswith("y…\nhttps://p.example/sites/1")


# the morning digest

SITES = [
    Site(code=str(n), name=f"Desa {n}", regency="Paser" if n < 6 else "Berau", provider="Icon+" if n % 2 else "Telkom")
    for n in range(10)
]


def outage(site: int, start: str, end: str = "") -> Outage:
    return Outage(
        site=str(site),
        condition=Condition.LINE_DOWN,
        start_ms=at(start),
        start_not_earlier_than_ms=at(start),
        end_ms=at(end) if end else None,
        end_not_earlier_than_ms=at(end) if end else None,
        why="",
    )


def matter(number: int, of: str, due: str, *states: FollowUpState) -> Matter:
    one = FollowUp(
        id=number,
        scope="site",
        of=of,
        what=f"ganti  modem {number}",
        owner="teknisi",
        by="piket",
        entered_ms=0,
        due_ms=at(due),
    )
    steps = [Step(id=i, followup=number, state=s, note="", by="teknisi", entered_ms=0) for i, s in enumerate(states)]
    return Matter(followup=one, steps=steps)


def facts(**given: object) -> MorningFacts:
    today = day_at(WITA, NOW)
    known = {"outages": [], "silent": set(), "firing": [], "matters": []} | given
    return MorningFacts(
        now_ms=NOW,
        timezone=WITA,
        external_url="https://p.example",
        today=today,
        yesterday=day_at(WITA, today[0] - 1),
        sites=SITES,
        **known,  # type: ignore[arg-type]  # what a test gives is what it has
    )


def test_a_quiet_morning_is_said_in_three_lines() -> None:
    assert morning_message(facts(), Route(), 20, INDONESIAN) == (
        "Ringkasan pagi 2026-11-22: semua lokasi baik",
        "Sekarang (07:00 WITA): 0 dari 10 lokasi terganggu, 0 tanpa kabar.\n"
        "Kemarin: tidak ada gangguan.\n"
        "https://p.example",
    )


def test_the_morning_tells_of_now_and_of_yesterday() -> None:
    known = facts(
        outages=[outage(1, "21 06:00"), outage(2, "21 22:00", "04:00"), outage(3, "06:00"), outage(4, "05:00")],
        silent={"4"},
        firing=[MASS, UNWELL],
    )
    title, body = morning_message(known, Route(), 20, INDONESIAN)
    assert title == "Ringkasan pagi 2026-11-22: 2 dari 10 lokasi terganggu, 1 tanpa kabar"
    assert body.splitlines() == [
        "Sekarang (07:00 WITA): 2 dari 10 lokasi terganggu, 1 tanpa kabar.",
        "Gangguan massal: Icon+: 40 dari 60 lokasi terganggu",
        "Terlama:",
        "✗ Desa 1 (1), Paser: jalur penyedia putus sejak 2026-11-21 06:00 WITA, sudah 1 hari 1 jam",
        "✗ Desa 3 (3), Paser: jalur penyedia putus sejak 06:00 WITA, sudah 1 jam",
        "Kemarin: 2 gangguan di 2 lokasi, jika dijumlahkan 20 jam.",  # 18 hours of one day, and 2 of the night before
        "Penyedia terburuk: Icon+ (1 gangguan, rata-rata 3 jam 36 menit per lokasi).",
        "Kabupaten/kota terburuk: Paser (2 gangguan, rata-rata 3 jam 20 menit per lokasi).",
        "Agen bermasalah: 1.",
        "https://p.example",
    ]


def test_a_morning_on_which_nobody_is_heard_is_not_a_good_one() -> None:
    title, _ = morning_message(facts(silent={site.code for site in SITES}), Route(), 20, INDONESIAN)
    assert title == "Ringkasan pagi 2026-11-22: 0 dari 10 lokasi terganggu, 10 tanpa kabar"


def test_yesterdays_mass_outage_is_named() -> None:
    outages = [outage(n, "21 10:00", "21 11:00") for n in range(6)]
    body = morning_message(facts(outages=outages), Route(), 20, INDONESIAN)[1]
    assert "Gangguan massal kemarin: 1, terbesar 6 lokasi (Paser)." in body


def test_many_that_are_down_are_counted_after_the_five_longest() -> None:
    outages = [outage(n, f"0{n % 7}:00") for n in range(9)]
    assert "... dan 4 lokasi lagi" in morning_message(facts(outages=outages), Route(), 20, INDONESIAN)[1]


def test_follow_ups_are_told_that_are_due_today_or_were_before() -> None:
    matters = [
        matter(1, "1", "21 00:00"),
        matter(2, "2", "23 00:00"),  # the end of today
        matter(3, "3", "24 00:00"),
        matter(4, "4", "21 00:00", FollowUpState.OPEN, FollowUpState.DONE),
    ]
    lines = morning_message(facts(matters=matters), Route(), 20, INDONESIAN)[1].splitlines()
    assert lines[2:-1] == [
        "Tindak lanjut: 1 jatuh tempo hari ini, 1 terlambat.",
        "• TERLAMBAT: ganti modem 1 (1; teknisi), tenggat 2026-11-20",
        "• ganti modem 2 (2; teknisi), tenggat 2026-11-22",
    ]


def test_a_receiver_of_one_regency_reads_of_its_sites_alone() -> None:
    known = facts(
        outages=[outage(1, "06:00"), outage(9, "06:00"), outage(8, "21 01:00", "21 02:00")],
        silent={"7"},
        matters=[matter(1, "9", "21 00:00")],
    )
    title, body = morning_message(known, Route(regencies=frozenset({"Paser"})), 20, INDONESIAN)
    assert title == "Ringkasan pagi 2026-11-22: 1 dari 6 lokasi terganggu, 0 tanpa kabar"
    assert "0 tanpa kabar" in body
    assert not any(word in body for word in ("Desa 9", "Berau", "Tindak lanjut", "Kemarin: 1"))
