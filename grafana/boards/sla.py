"""SLA month-to-date: availability against a target that is chosen here, and how much of what it allows is used up.

Contracts are not known to the collector yet, so the target is a variable: the level that a contract names.
"""

from grafana import promql
from grafana.frame import MEDIUM, PROVIDER, REGENCY, TARGET, dashboard, link_to
from grafana.panels import Json, bars, column, graph, headed, query, stat, table, thresholds
from grafana.words import ABOVE_TARGET, COVERAGE, OF_LIMIT, SHARE_UP, Steps

LINE = 'kind="line"'
MONTH = "month"
ALL = f'scope="all",period="{MONTH}"'


def board() -> Json:
    rows = [
        (5, [(6, _available()), (6, _covered()), (6, _below()), (6, _downtime())]),
        (9, [(12, _providers()), (12, _regencies())]),
        (10, [(24, _sites())]),
        (9, [(12, _over_time()), (12, _media())]),
        (8, [(12, _uncertain()), (12, _outages())]),
    ]
    about = (
        "Bulan berjalan dibanding target yang dipilih di atas. Target bukan isi kontrak: pilih yang berlaku. Yang "
        "dikecualikan (pemeliharaan, keadaan kahar) tidak dihitung; padamnya listrik bukan gangguan jalur."
    )
    return dashboard("sla", about, [REGENCY, PROVIDER, MEDIUM, TARGET], rows, since="now-30d")


def _sites_of(metric: str, matchers: str = "") -> str:
    return promql.of_sites(metric, matchers, MONTH)


def _available() -> Json:
    asked = query(f"max(kentongan_availability_ratio{{{ALL},{LINE}}})")
    about = "Ketersediaan jalur seluruh provinsi bulan ini."
    return stat("Jalur tersedia bulan ini", about, asked, unit="percentunit", steps=SHARE_UP, decimals=3)


def _covered() -> Json:
    asked = query(f"max(kentongan_coverage_ratio{{{ALL}}})")
    about = "Waktu yang teramati bulan ini: seberapa jauh angka lain di sini dapat dipegang."
    return stat("Teramati bulan ini", about, asked, unit="percentunit", steps=COVERAGE, decimals=1)


def _below() -> Json:
    below = f"count({_sites_of('kentongan_availability_ratio', LINE)} < $target) or vector(0)"
    about = "Lokasi yang ketersediaan jalurnya bulan ini di bawah target. Perlu per_site_series."
    return stat("Lokasi di bawah target", about, query(below), decimals=0)


def _downtime() -> Json:
    asked = query(f"max(kentongan_downtime_seconds{{{ALL}}})")
    return stat(
        "Waktu gangguan bulan ini",
        "Waktu dalam gangguan apa pun sebabnya, semua lokasi dijumlahkan.",
        asked,
        unit="s",
        decimals=0,
    )


def _providers() -> Json:
    return _compared("provider", "Penyedia", "Penyedia dibanding target")


def _regencies() -> Json:
    return _compared("regency", "Kab/kota", "Kabupaten/kota dibanding target")


def _compared(scope: str, heading: str, title: str) -> Json:
    ratio = promql.of_scope("kentongan_availability_ratio", scope, LINE, period=MONTH)
    asked = [
        ratio,
        f"{ratio} - $target",
        promql.of_scope("kentongan_coverage_ratio", scope, period=MONTH),
        promql.of_scope("kentongan_outages", scope, period=MONTH),
    ]
    headings = ("Jalur tersedia", "Selisih dari target", "Teramati", "Gangguan")
    columns = headed({scope: heading}, *headings)
    about = "Ketersediaan jalur bulan ini. Selisih positif: di atas target. Kosong: yang teramati terlalu sedikit."
    shown = table(title, about, columns, *asked)
    for name in headings[:3]:
        column(shown, name, unit="percentunit", decimals=2)
    _coloured(shown, "Selisih dari target", ABOVE_TARGET)
    return column(shown, heading, links=link_to(scope, scope, scope, f"Buka {heading.lower()}"))


def _coloured(shown: Json, heading: str, steps: Steps) -> None:
    column(shown, heading, thresholds=thresholds(steps), custom__cellOptions={"type": "color-text"})


def _sites() -> Json:
    ratio = _sites_of("kentongan_availability_ratio", LINE)
    down_s = _sites_of("kentongan_downtime_seconds")
    asked = [
        f"bottomk(50, {ratio})",
        f"(1 - bottomk(50, {ratio})) / (1 - $target)",
        f"{down_s} and on (site) bottomk(50, {ratio})",
        f"{_sites_of('kentongan_coverage_ratio')} and on (site) bottomk(50, {ratio})",
    ]
    headings = ("Jalur tersedia", "Jatah terpakai", "Waktu gangguan", "Teramati")
    known = {"name": "Lokasi", "site": "Kode", "regency": "Kab/kota", "provider": "Penyedia", "medium": "Media"}
    columns = headed(known, *headings)
    about = (
        "Lima puluh lokasi terendah bulan ini. Jatah terpakai: bagian waktu putus yang diperbolehkan target; di atas "
        "100 % target tidak tercapai sejauh ini. Waktu gangguan mencakup segala sebab, juga yang bukan salah penyedia. "
        "Perlu per_site_series."
    )
    shown = table("Lokasi terendah", about, columns, *asked)
    for heading in ("Jalur tersedia", "Teramati"):
        column(shown, heading, unit="percentunit", decimals=2)
    column(shown, "Jatah terpakai", unit="percentunit", decimals=0)
    _coloured(shown, "Jatah terpakai", OF_LIMIT)
    column(shown, "Waktu gangguan", unit="s", decimals=0)
    return column(shown, "Kode", links=link_to("site", "site", "site", "Buka lokasi"))


def _over_time() -> Json:
    ratio = promql.of_scope("kentongan_availability_ratio", "provider", LINE, period=MONTH)
    about = "Ketersediaan jalur tiap penyedia sejak awal bulan, sebagaimana terlihat pada tiap saat; garis: target."
    asked = query(ratio, "{{provider}}"), query("vector($target)", "target")
    return graph("Sejak awal bulan", about, *asked, unit="percentunit", lowest=None)


def _media() -> Json:
    ratio = promql.of_scope("kentongan_availability_ratio", "medium", LINE, period=MONTH)
    about = (
        "Ketersediaan jalur bulan ini menurut media: yang dapat diharapkan dari satelit bukan yang dari serat optik."
    )
    return bars("Menurut media", about, query(ratio, "{{medium}}", now=True), unit="percentunit", steps=SHARE_UP)


def _uncertain() -> Json:
    wide = " - ".join(
        f'max by (of) (kentongan_availability_{end}_ratio{{scope="provider",of=~"$provider",period="{MONTH}",{LINE}}})'
        for end in ("high", "low")
    )
    about = "Jarak antara angka paling tinggi dan paling rendah yang masih mungkin: seberapa pasti angka bulan ini."
    return graph("Ketidakpastian", about, query(wide, "{{of}}"), unit="percentunit")


def _outages() -> Json:
    asked = query(f'max by (of) (kentongan_outages{{scope="provider",of=~"$provider",period="{MONTH}"}})', "{{of}}")
    return graph("Gangguan sejak awal bulan", "Gangguan yang mulai bulan ini, menurut penyedia.", asked)
