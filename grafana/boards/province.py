"""The whole province: what is so now, where, with which provider, and whether the monitoring itself is well."""

from grafana import promql
from grafana.frame import PROVIDER, REGENCY, dashboard, link_to
from grafana.panels import (
    CONDITIONS,
    Json,
    bars,
    by_condition,
    column,
    graph,
    query,
    stacked_bars,
    stat,
    table,
    timeline,
)
from grafana.words import COVERAGE, DOWN_PATTERN, GREEN, NONE_WANTED, OF_LIMIT, RED, SHARE_UP

REGION = 'regency=~"$regency"'
SITES = 'regency=~"$regency",provider=~"$provider"'
LONGEST_DOWN = (
    f"kentongan_site_up{{{SITES}}} and on (site) "
    f"topk(30, 1 - avg_over_time(kentongan_site_up{{{SITES}}}[$__range] @ end()) > 0)"
)
MEDIUM_LATENCY = (
    'label_replace(max by (of) (kentongan_latency_seconds{scope="medium",group="internet",quantile="0.95",'
    'period="today"}), "medium", "$1", "of", "(.*)")'
)


def board() -> Json:
    rows = [
        (9, [(8, _conditions()), (4, _share_up()), (4, _observed()), (4, _silent()), (4, _mass())]),
        (9, [(14, _down()), (10, _longest_unheard())]),
        (10, [(8, _regencies()), (8, _providers()), (8, _media())]),
        (11, [(24, _longest_down())]),
        (8, [(16, _over_time()), (8, _alerts())]),
    ]
    return dashboard(
        "province",
        "Seluruh provinsi: apa yang terjadi sekarang, di mana, dan dengan penyedia mana.",
        [REGENCY, PROVIDER],
        rows,
    )


def _conditions() -> Json:
    asked = query(f"sum by (condition) (kentongan_region_sites{{{REGION}}})", "{{condition}}", now=True)
    return by_condition(bars("Lokasi menurut keadaan sekarang", "Banyaknya lokasi dalam tiap keadaan.", asked))


def _share_up() -> Json:
    asked = query(promql.share_up("kentongan_region_sites", REGION))
    about = "Lokasi yang normal atau menurun, dibagi lokasi yang teramati."
    return stat("Hidup dari yang teramati", about, asked, unit="percentunit", steps=SHARE_UP, decimals=1)


def _observed() -> Json:
    asked = query(promql.share_observed("kentongan_region_sites", REGION))
    about = "Lokasi yang teramati dari semua lokasi: seberapa jauh angka di sebelahnya dapat dipegang."
    return stat("Teramati dari semua lokasi", about, asked, unit="percentunit", steps=COVERAGE, decimals=1)


def _silent() -> Json:
    about = "Lokasi yang pernah terdengar dan sekarang tidak ada kabarnya, di seluruh provinsi."
    return stat("Lokasi tanpa kabar", about, query("sum(kentongan_sites_silent)"), decimals=0)


def _mass() -> Json:
    about = "Lokasi yang terkena gangguan massal: banyak lokasi satu penyedia atau satu wilayah putus bersamaan."
    asked = query("sum(kentongan_mass_outage_sites) or vector(0)")
    return stat("Terkena gangguan massal", about, asked, steps=NONE_WANTED, decimals=0)


def _down() -> Json:
    asked = f'kentongan_site_condition{{condition=~"{DOWN_PATTERN}",{SITES}}} == 1'
    columns = {
        "condition": "Keadaan",
        "regency": "Kab/kota",
        "name": "Lokasi",
        "site": "Kode",
        "provider": "Penyedia",
        "medium": "Media",
    }
    about = "Lokasi yang terputus sekarang; klik kodenya untuk rinciannya. Perlu per_site_series."
    shown = table("Lokasi yang terputus", about, columns, asked, nothing="tidak ada lokasi yang terputus")
    column(shown, "Keadaan", mappings=[CONDITIONS], custom__cellOptions={"type": "color-text"})
    column(shown, "Kab/kota", links=link_to("regency", "regency", "regency", "Buka kabupaten/kota"))
    column(shown, "Penyedia", links=link_to("provider", "provider", "provider", "Buka penyedia"))
    return column(shown, "Kode", links=link_to("site", "site", "site", "Buka lokasi"))


def _longest_unheard() -> Json:
    asked = f"topk(30, time() - kentongan_site_heard_timestamp_seconds{{{SITES}}})"
    columns = {"regency": "Kab/kota", "name": "Lokasi", "site": "Kode", "Value": "Sudah"}
    about = "Tiga puluh lokasi yang paling lama tidak terdengar. Perlu per_site_series."
    shown = table("Paling lama tidak terdengar", about, columns, asked)
    column(shown, "Sudah", unit="s", decimals=0)
    return column(shown, "Kode", links=link_to("site", "site", "site", "Buka lokasi"))


def _regencies() -> Json:
    asked = f"sum by (regency, condition) (kentongan_region_sites{{{REGION}}})"
    about = "Lokasi menurut keadaan di tiap kabupaten/kota."
    return by_condition(stacked_bars("Per kabupaten/kota", about, asked, "regency"))


def _providers() -> Json:
    asked = 'sum by (provider, condition) (kentongan_provider_sites{provider=~"$provider"})'
    return by_condition(stacked_bars("Per penyedia", "Lokasi menurut keadaan pada tiap penyedia.", asked, "provider"))


def _media() -> Json:
    asked = query(promql.of_limit(MEDIUM_LATENCY, promql.RTT_LIMIT), "{{medium}}", now=True)
    about = (
        "Persentil ke-95 waktu bolak-balik ke internet hari ini, dibagi batas mediumnya. VSAT 600 ms bukan buruk: "
        "tiap media dinilai menurut batasnya sendiri. 100 % ke atas: melewati batas."
    )
    return bars("Latensi dibanding batas media", about, asked, unit="percentunit", steps=OF_LIMIT)


def _longest_down() -> Json:
    about = "Tiga puluh lokasi yang paling lama terputus. Celah: tidak ada yang tahu. Perlu per_site_series."
    asked = query(LONGEST_DOWN, "{{regency}}: {{name}} ({{site}})")
    return timeline("Lokasi yang paling lama terputus", about, asked, {"0": ("terputus", RED), "1": ("hidup", GREEN)})


def _over_time() -> Json:
    asked = query(f"sum by (condition) (kentongan_region_sites{{{REGION}}})", "{{condition}}")
    about = "Banyaknya lokasi dalam tiap keadaan. Pita tegak: gangguan massal (merah) dan pemeliharaan (biru)."
    return by_condition(graph("Keadaan dari waktu ke waktu", about, asked, stacked=True))


def _alerts() -> Json:
    asked = query("sum by (alertname) (kentongan_alerts_firing)", "{{alertname}}")
    return graph("Peringatan aktif", "Peringatan yang sedang berbunyi menurut jenisnya, di seluruh provinsi.", asked)
