"""One kabupaten/kota, or some side by side: for the technician who answers for its sites."""

from grafana import promql
from grafana.frame import MEDIUM, PERIOD, PROVIDER, REGENCY, dashboard, link_to
from grafana.panels import (
    CONDITIONS,
    Json,
    by_condition,
    column,
    graph,
    headed,
    query,
    stacked_bars,
    stat,
    table,
    thresholds,
)
from grafana.words import COVERAGE, DOWN_PATTERN, SHARE_UP

REGION = 'regency=~"$regency"'
LINE = 'kind="line"'


def board() -> Json:
    rows = [
        (5, [(6, _share_up()), (6, _observed()), (6, _n_down()), (6, _n_sites())]),
        (9, [(24, _figures())]),
        (9, [(14, _sites()), (10, _providers())]),
        (9, [(12, _over_time()), (12, _availability())]),
        (9, [(12, _latency()), (12, _worst())]),
    ]
    about = "Satu kabupaten/kota atau beberapa berdampingan, untuk teknisi yang bertanggung jawab atas lokasinya."
    return dashboard("regency", about, [REGENCY, PROVIDER, MEDIUM, PERIOD], rows)


def _share_up() -> Json:
    asked = query(promql.share_up("kentongan_region_sites", REGION))
    about = "Lokasi yang normal atau menurun, dibagi lokasi yang teramati."
    return stat("Hidup dari yang teramati", about, asked, unit="percentunit", steps=SHARE_UP, decimals=1)


def _observed() -> Json:
    asked = query(promql.share_observed("kentongan_region_sites", REGION))
    about = "Lokasi yang teramati dari semua lokasi di wilayah ini."
    return stat("Teramati", about, asked, unit="percentunit", steps=COVERAGE, decimals=1)


def _n_down() -> Json:
    asked = query(f'sum(kentongan_region_sites{{condition=~"{DOWN_PATTERN}",{REGION}}})')
    return stat("Lokasi terputus", "Lokasi yang terputus sekarang, dengan cara apa pun.", asked, decimals=0)


def _n_sites() -> Json:
    asked = query(f"sum(kentongan_region_sites{{{REGION}}})")
    return stat("Semua lokasi", "Lokasi yang terdaftar di wilayah ini.", asked, decimals=0)


def _figures() -> Json:
    asked = [
        promql.of_scope("kentongan_availability_ratio", "regency", LINE),
        promql.of_scope("kentongan_availability_low_ratio", "regency", LINE),
        promql.of_scope("kentongan_availability_high_ratio", "regency", LINE),
        promql.of_scope("kentongan_coverage_ratio", "regency"),
        promql.of_scope("kentongan_outages", "regency"),
        promql.of_scope("kentongan_downtime_seconds", "regency"),
    ]
    headings = ("Jalur tersedia", "paling rendah", "paling tinggi", "Teramati", "Gangguan", "Waktu gangguan")
    columns = headed({"regency": "Kab/kota"}, *headings)
    about = (
        "Ketersediaan jalur dalam masa yang dipilih, dengan batas ketidakpastiannya; yang dikecualikan tidak dihitung. "
        "Waktu gangguan mencakup segala sebab. Kosong: yang teramati terlalu sedikit."
    )
    shown = table("Angka kabupaten/kota", about, columns, *asked)
    for heading in headings[:4]:
        column(shown, heading, unit="percentunit", decimals=2)
    return column(shown, "Waktu gangguan", unit="s", decimals=0)


def _sites() -> Json:
    asked = f"kentongan_site_condition{{{promql.CHOSEN}}} == 1"
    columns = {"condition": "Keadaan", "name": "Lokasi", "site": "Kode", "provider": "Penyedia", "medium": "Media"}
    about = "Semua lokasi di wilayah ini dan keadaannya; klik kodenya untuk rinciannya. Perlu per_site_series."
    shown = table("Lokasi", about, columns, asked)
    column(shown, "Keadaan", mappings=[CONDITIONS], custom__cellOptions={"type": "color-text"})
    column(shown, "Penyedia", links=link_to("provider", "provider", "provider", "Buka penyedia"))
    return column(shown, "Kode", links=link_to("site", "site", "site", "Buka lokasi"))


def _providers() -> Json:
    asked = f"count by (provider, condition) (kentongan_site_condition{{{promql.CHOSEN}}})"
    about = "Lokasi di wilayah ini menurut penyedia dan keadaan. Perlu per_site_series."
    return by_condition(stacked_bars("Penyedia di wilayah ini", about, asked, "provider"))


def _over_time() -> Json:
    asked = query(f"sum by (condition) (kentongan_region_sites{{{REGION}}})", "{{condition}}")
    about = "Banyaknya lokasi dalam tiap keadaan. Pita tegak: gangguan massal (merah) dan pemeliharaan (biru)."
    return by_condition(graph("Keadaan dari waktu ke waktu", about, asked, stacked=True))


def _availability() -> Json:
    asked = query(promql.of_scope("kentongan_availability_ratio", "regency", LINE), "{{regency}}")
    about = "Ketersediaan jalur sejak awal masa yang dipilih, sebagaimana terlihat pada tiap saat."
    return graph("Ketersediaan jalur", about, asked, unit="percentunit", lowest=None)


def _latency() -> Json:
    latency = promql.of_scope("kentongan_latency_seconds", "regency", 'group="internet",quantile="0.95"')
    about = "Persentil ke-95 waktu bolak-balik ke internet dalam masa yang dipilih. Banyak media: tanpa batas."
    return graph("Latensi ke internet (persentil ke-95)", about, query(latency, "{{regency}}"), unit="s")


def _worst() -> Json:
    asked = f"bottomk(30, {promql.of_sites('kentongan_availability_ratio', LINE)})"
    columns = {"name": "Lokasi", "site": "Kode", "provider": "Penyedia", "Value": "Jalur tersedia"}
    about = "Tiga puluh lokasi dengan ketersediaan jalur terendah dalam masa yang dipilih. Perlu per_site_series."
    shown = table("Lokasi terburuk", about, columns, asked)
    column(
        shown,
        "Jalur tersedia",
        unit="percentunit",
        decimals=2,
        thresholds=thresholds(SHARE_UP),
        custom__cellOptions={"type": "color-text"},
    )
    return column(shown, "Kode", links=link_to("site", "site", "site", "Buka lokasi"))
