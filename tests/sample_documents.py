"""Reports that no store stands behind: every kind of section, every unit, what is empty, not known, long or hostile."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from collector.condition import ROWS
from collector.reports.document import (
    Chart,
    Column,
    Document,
    Fact,
    Facts,
    Head,
    Line,
    Prose,
    Revision,
    Row,
    Section,
    Subject,
    Table,
    Unit,
    Value,
)

ZONE = ZoneInfo("Asia/Makassar")
MADE_AT = datetime(2026, 11, 1, 10, 0, tzinfo=ZONE)
FIRST = date(2026, 10, 1)
DAYS = 31
TARGET = 0.95
LONG_NAME = (
    "Dinas Pemberdayaan Masyarakat dan Pemerintahan Desa, Kependudukan, Pencatatan Sipil, Pemberdayaan Perempuan, "
    "dan Perlindungan Anak Kabupaten Penajam Paser Utara, Kantor Wilayah Kecamatan Sepaku"
)
HOSTILE_NAMES = (
    '=HYPERLINK("http://x","klik")',
    "<script>alert(1)</script> & Co",
    "+62 811; -1",
    "@SUM(1;2)\tTab\nBaris",
)
"""What a register may hold: a formula, markup, separators of CSV, a line break."""
PROVIDERS = ("Telkom WMS", "Comtelindo", "Icon+", "Telkomsat Starlink", "Bestcamp Starlink", LONG_NAME)
MARKS = ("", "good", "bad", "open", "unknown")


def sample(language: str = "id", rows: int = 40) -> Document:
    """A report of October 2026, made on the first of November; its main table `sites` has `rows` rows."""
    return Document(head=_head(language), sections=_sections(rows), main="sites")


def unfinished(language: str = "id", rows: int = 3) -> Document:
    """The same while October goes on, of one regency, from simulated measurements, corrected twice."""
    whole = sample(language, rows)
    until = datetime(2026, 10, 20, 14, 5, tzinfo=ZONE)
    revision = replace(whole.head.revision, highest=3, corrected_days=2)
    told = replace(whole.head, until=until, made_at=until, simulated=True, coverage=None, revision=revision)
    return replace(whole, head=told)


def _head(language: str) -> Head:
    english = language == "en"
    return Head(
        kind="bulanan",
        title="Monthly connectivity report" if english else "Laporan bulanan konektivitas",
        agency="Dinas Komunikasi dan Informatika Provinsi Kalimantan Timur",
        province="Kalimantan Timur",
        period="October 2026" if english else "Oktober 2026",
        scope="all sites" if english else "semua lokasi",
        made_at=MADE_AT,
        timezone="Asia/Makassar",
        language=language,
        sites=1080,
        coverage=0.98765432101,
        revision=Revision(chain_length=3412, chain_head="9f86d081884c7d65" * 4, audit_head="60303ae22b998861" * 4),
        method=(
            "Silence is not evidence." if english else "Yang diam bukan bukti.",
            "line = (up + degraded) / (up + degraded + line_down)",
            "Ampersand & <tag> stand as they are.",
        ),
        asked={"period": "2026-10", "scope": "all", "of": ""},
    )


def _sections(rows: int) -> list[Section]:
    return [
        _summary(),
        _trend(),
        _days(),
        _league(),
        _providers(),
        _latency(),
        _latencies(),
        _nothing_known(),
        _sites(rows),
        _empty(),
        _meeting(),
        Prose(
            name="findings",
            title="Temuan",
            paragraphs=("Satu temuan pada 31 Oktober.", "Temuan kedua: <b>bukan</b> markup & tetap terbaca."),
        ),
        Prose(name="decisions", title="Keputusan rapat", paragraphs=("Keputusan 1", "Keputusan 2"), fill_in=True),
    ]


def _all(scope: str = "all", of: str = "", period: str = "2026-10") -> Subject:
    return Subject(scope=scope, of=of, period=period)


def _summary() -> Facts:
    """One fact of every unit, and one that is not known."""
    values: tuple[tuple[str, Value, Unit, str], ...] = (
        ("Lokasi", 1080, Unit.COUNT, "sites"),
        ("Ketersediaan saluran", 0.9876543210123, Unit.SHARE, "line"),
        ("Selisih dari target", 0.0376543210123, Unit.POINTS, ""),
        ("Lama gangguan", 3 * 86_400_000 + 4 * 3_600_000 + 5 * 60_000 + 6_789, Unit.DURATION, "downtime"),
        ("Latensi p95", 43.21875, Unit.LATENCY, "internet_p95"),
        ("Perkiraan restitusi", 1_250_000, Unit.RUPIAH, ""),
        ("Lebar pita", 50.0, Unit.MBPS, ""),
        ("Indeks TIPHON", 3.625, Unit.NUMBER, ""),
        ("Hari terburuk", date(2026, 10, 31), Unit.DAY, ""),
        ("Gangguan terakhir", datetime(2026, 10, 31, 23, 59, 30, 123_000, tzinfo=ZONE), Unit.INSTANT, ""),
        ("Terhubung ke jaringan intra", True, Unit.YES, ""),
        ("Keadaan terbanyak", "up", Unit.CONDITION, ""),
        ("Belum cukup data", None, Unit.SHARE, "experienced"),
        ("Catatan", "Angka & fakta <sementara>", Unit.TEXT, ""),
    )
    return Facts(
        name="summary",
        title="Ringkasan",
        facts=[
            Fact(
                name=f"fact-{i}",
                label=label,
                value=value,
                unit=unit,
                measure=measure,
                subject=_all() if measure else None,
            )
            for i, (label, value, unit, measure) in enumerate(values)
        ],
        note="Nilai “–” berarti data belum cukup, bukan nol.",
    )


def _line(day: int) -> float | None:
    """The line availability of a day; three days in a row nobody knows."""
    return None if day in (11, 12, 13) else 1 - Random(day).random() ** 3 * 0.09


def _low(day: int) -> float | None:
    known = _line(day)
    return None if known is None else max(0.0, known - 0.004 - 0.01 * Random(100 + day).random())


def _high(day: int) -> float | None:
    known = _line(day)
    return None if known is None else min(1.0, known + 0.002)


def _trend() -> Chart:
    """A day among days without values is a line of one point; a target; error bars."""
    days = range(DAYS)
    return Chart(
        name="trend",
        title="Ketersediaan saluran 30 hari",
        kind="lines",
        places=[(FIRST + timedelta(day)).isoformat() for day in days],
        lines=[
            Line("Saluran", [_line(d) for d in days], [_low(d) for d in days], [_high(d) for d in days]),
            Line("Dirasakan", [None if (v := _line(d)) is None or d in (20, 22) else v - 0.012 for d in days]),
        ],
        target=TARGET,
        target_label="Target RPJMD 2026",
        note="Tiga hari tanpa pengukuran dibiarkan kosong.",
        of_table="days",
    )


def _days() -> Table:
    def rows() -> Iterator[Row]:
        for i in range(DAYS):
            day, line = FIRST + timedelta(i), _line(i)
            experienced = None if line is None or i in (20, 22) else line - 0.012
            yield Row(
                cells=(day, line, _low(i), _high(i), experienced, i % 4, (i % 4) * 754_321),
                subject=_all(period=day.isoformat()),
                mark="unknown" if line is None else "bad" if line < TARGET else "",
            )

    return Table(
        name="days",
        title="Hari demi hari",
        columns=(
            Column(name="day", label="Tanggal", unit=Unit.DAY),
            Column(name="line", label="Ketersediaan saluran", unit=Unit.SHARE, measure="line"),
            Column(name="line_low", label="terendah", unit=Unit.SHARE, measure="line_low"),
            Column(name="line_high", label="tertinggi", unit=Unit.SHARE, measure="line_high"),
            Column(name="experienced", label="Dirasakan", unit=Unit.SHARE, measure="experienced"),
            Column(name="outages", label="Gangguan", unit=Unit.COUNT, measure="outages"),
            Column(name="downtime", label="Lama gangguan", unit=Unit.DURATION, measure="downtime"),
        ),
        rows=rows,
        note="Satu hari dari 00.00 sampai 24.00 WITA.",
    )


def _of_provider(i: int) -> tuple[float | None, float | None, float | None]:
    known = None if i == 4 else 0.9991 - 0.013 * i
    return (None, None, None) if known is None else (known, known - 0.006 * (i + 1), min(1.0, known + 0.003))


def _league() -> Chart:
    values, low, high = zip(*(_of_provider(i) for i in range(len(PROVIDERS))), strict=True)
    return Chart(
        name="league",
        title="Ketersediaan saluran per penyedia",
        kind="bars",
        places=PROVIDERS,
        lines=[Line("Ketersediaan saluran", values, low, high)],
        target=TARGET,
        target_label="SLA 95 %",
        of_table="providers",
    )


def _providers() -> Table:
    def rows() -> Iterator[Row]:
        for i, name in enumerate(PROVIDERS):
            value, low, high = _of_provider(i)
            yield Row(
                cells=(None if value is None else i + 1, name, 300 - 50 * i, value, low, high, 12_500_000 * i),
                subject=_all("provider", name),
                mark="unknown" if value is None else "good" if i == 0 else "",
            )
        yield Row(cells=(None, "Jumlah", 1080, 0.9712345, 0.96, 0.98, 187_500_000), subject=_all(), mark="total")

    return Table(
        name="providers",
        title="Penyedia",
        columns=(
            Column(name="rank", label="Peringkat", unit=Unit.COUNT),
            Column(name="provider", label="Penyedia"),
            Column(name="sites", label="Lokasi", unit=Unit.COUNT, measure="sites"),
            Column(name="line", label="Ketersediaan saluran", unit=Unit.SHARE, measure="line"),
            Column(name="line_low", label="terendah", unit=Unit.SHARE, measure="line_low"),
            Column(name="line_high", label="tertinggi", unit=Unit.SHARE, measure="line_high"),
            Column(name="restitution", label="Perkiraan restitusi", unit=Unit.RUPIAH),
        ),
        rows=rows,
    )


GROUPS = ("Internet", "Jaringan intra", "Layanan", "VSAT")


def _ms(group: int, week: int) -> float | None:
    return None if (group, week) == (1, 2) else 12.5 * (group + 1) ** 2 + 7.25 * week


def _latency() -> Chart:
    weeks = [f"2026-W{week}" for week in range(40, 45)]
    lines = [Line(name, [_ms(group, week) for week in range(len(weeks))]) for group, name in enumerate(GROUPS)]
    return Chart(
        name="latency",
        title="Latensi median",
        kind="lines",
        places=weeks,
        lines=lines,
        unit=Unit.LATENCY,
        of_table="ms",
    )


def _latencies() -> Table:
    def rows() -> Iterator[Row]:
        for week in range(5):
            yield Row(cells=(f"2026-W{40 + week}", *(_ms(group, week) for group in range(len(GROUPS)))))

    return Table(
        name="ms",
        title="Latensi per minggu",
        columns=(
            Column(name="week", label="Minggu"),
            *(Column(name=f"ms_{i}", label=name, unit=Unit.LATENCY) for i, name in enumerate(GROUPS)),
        ),
        rows=rows,
    )


def _nothing_known() -> Chart:
    return Chart(
        name="nothing",
        title="Belum ada yang terukur",
        kind="lines",
        places=("2026-10-01", "2026-10-02"),
        lines=[Line("Saluran", (None, None))],
        of_table="empty",
    )


def _name(i: int) -> str:
    named = {7: LONG_NAME, **dict(enumerate(HOSTILE_NAMES, start=11))}
    return named.get(i % 50, f"Desa Muara {i}")


def _site(i: int) -> Row:
    """Every fourth site has told nothing."""
    code, seed, silent = f"64.03.{i % 20:02}.{i:04}", Random(i), i % 4 == 3
    line = None if silent else 1 - seed.random() ** 4 * 0.3
    start = datetime(2026, 10, 1, tzinfo=ZONE) + timedelta(milliseconds=i * 1_234_567)
    cells: tuple[Value, ...] = (
        code,
        _name(i),
        ROWS[i % len(ROWS)].value,
        None if silent else i % 3 == 0,
        line,
        None if line is None else line - TARGET,
        None if silent else seed.randrange(0, 2_600_000_000),
        None if silent else seed.random() * 900,
        None if silent else 50.0 if i % 2 else 12.5,
        None if silent else seed.randrange(0, 5_000_000),
        None if silent else FIRST + timedelta(i % DAYS),
        None if silent else start,
        "" if i % 5 else "Kabel digigit tupai, diganti 12 Oktober; menunggu berita acara dari penyedia",
    )
    return Row(cells=cells, subject=_all("site", code), mark="unknown" if silent else MARKS[i % 4])


def _sites(rows: int) -> Table:
    return Table(
        name="sites",
        title="Semua lokasi",
        columns=(
            Column(name="code", label="Kode"),
            Column(name="name", label="Nama", wide=True),
            Column(name="condition", label="Keadaan", unit=Unit.CONDITION),
            Column(name="connected", label="Terhubung", unit=Unit.YES),
            Column(name="line", label="Ketersediaan saluran", unit=Unit.SHARE, measure="line"),
            Column(name="distance", label="Selisih dari target", unit=Unit.POINTS),
            Column(name="downtime", label="Lama gangguan", unit=Unit.DURATION, measure="downtime"),
            Column(name="p95", label="Latensi p95 internet", unit=Unit.LATENCY, measure="internet_p95"),
            Column(name="bandwidth", label="Lebar pita (Mbps)", unit=Unit.MBPS),
            Column(name="fee", label="Biaya", unit=Unit.RUPIAH),
            Column(name="since", label="Sejak", unit=Unit.DAY),
            Column(name="last", label="Gangguan terakhir", unit=Unit.INSTANT),
            Column(name="note", label="Catatan", wide=True),
        ),
        rows=lambda: map(_site, range(rows)),
        note="Diurutkan menurut kode.",
    )


def _empty() -> Table:
    return Table(
        name="empty",
        title="Gangguan massal",
        columns=(Column(name="start", label="Mulai", unit=Unit.INSTANT), Column(name="sites", label="Lokasi")),
        rows=lambda: iter(()),
        empty="Tidak ada gangguan massal dalam periode ini.",
    )


def _meeting() -> Facts:
    """Fields of a form: some filled, some to be filled in by hand."""
    fields: tuple[tuple[str, Value, Unit], ...] = (
        ("Hari, tanggal", None, Unit.DAY),
        ("Tempat", "Samarinda", Unit.TEXT),
        ("Pimpinan rapat", None, Unit.TEXT),
    )
    return Facts(
        name="meeting",
        title="Rapat",
        facts=[
            Fact(name=f"m{i}", label=label, value=value, unit=unit) for i, (label, value, unit) in enumerate(fields)
        ],
    )
