"""Providers side by side: what each delivered, judged by its medium and compared with a target."""

from grafana import promql
from grafana.frame import MEDIUM, PERIOD, PROVIDER, REGENCY, TARGET, dashboard, link_to
from grafana.panels import Json, by_condition, column, graph, headed, query, stacked_bars, stat, table, thresholds
from grafana.words import ABOVE_TARGET, DOWN_PATTERN, OF_LIMIT, SHARE_UP

WITH = 'provider=~"$provider"'
LINE = 'kind="line"'
LATENCY = f'kentongan_site_latency_seconds{{{promql.CHOSEN},group="internet",quantile="0.95"}}'
LOSS = f'kentongan_site_loss_ratio{{{promql.CHOSEN},group="internet"}}'


def board() -> Json:
    rows = [
        (5, [(8, _share_up()), (8, _n_down()), (8, _beyond_limits())]),
        (9, [(24, _figures())]),
        (9, [(12, _availability()), (12, _over_time())]),
        (9, [(12, _latency()), (12, _loss())]),
        (10, [(12, _slow_sites()), (12, _worst())]),
        (9, [(24, _regencies())]),
    ]
    about = "Penyedia berdampingan: apa yang diberikan masing-masing, dinilai menurut medianya dan target yang dipilih."
    return dashboard("provider", about, [PROVIDER, REGENCY, MEDIUM, PERIOD, TARGET], rows)


def _share_up() -> Json:
    asked = query(promql.share_up("kentongan_provider_sites", WITH))
    about = "Lokasi yang normal atau menurun, dibagi lokasi yang teramati."
    return stat("Hidup dari yang teramati", about, asked, unit="percentunit", steps=SHARE_UP, decimals=1)


def _n_down() -> Json:
    asked = query(f'sum(kentongan_provider_sites{{condition=~"{DOWN_PATTERN}",{WITH}}})')
    return stat("Lokasi terputus", "Lokasi yang terputus sekarang, dengan cara apa pun.", asked, decimals=0)


def _beyond_limits() -> Json:
    beyond = f"count({promql.of_limit(LATENCY, promql.RTT_LIMIT)} > 1) or vector(0)"
    about = "Lokasi yang latensinya hari ini (persentil ke-95) melewati batas medianya. Perlu per_site_series."
    return stat("Lokasi melewati batas latensi", about, query(beyond), decimals=0)


def _figures() -> Json:
    asked = [
        promql.of_scope("kentongan_availability_ratio", "provider", LINE),
        promql.of_scope("kentongan_availability_low_ratio", "provider", LINE),
        promql.of_scope("kentongan_availability_high_ratio", "provider", LINE),
        f"{promql.of_scope('kentongan_availability_ratio', 'provider', LINE)} - $target",
        promql.of_scope("kentongan_coverage_ratio", "provider"),
        promql.of_scope("kentongan_outages", "provider"),
        promql.of_scope("kentongan_downtime_seconds", "provider"),
    ]
    headings = (
        "Jalur tersedia",
        "paling rendah",
        "paling tinggi",
        "Selisih dari target",
        "Teramati",
        "Gangguan",
        "Waktu gangguan",
    )
    columns = headed({"provider": "Penyedia"}, *headings)
    about = (
        "Ketersediaan jalur dalam masa yang dipilih, dengan batas ketidakpastiannya, dibanding target di atas. Target "
        "bukan isi kontrak: pilih yang berlaku. Waktu gangguan mencakup segala sebab. Kosong: terlalu sedikit teramati."
    )
    shown = table("Angka penyedia", about, columns, *asked)
    for heading in headings[:5]:
        column(shown, heading, unit="percentunit", decimals=2)
    colours = {"thresholds": thresholds(ABOVE_TARGET), "custom__cellOptions": {"type": "color-text"}}
    column(shown, "Selisih dari target", **colours)
    return column(shown, "Waktu gangguan", unit="s", decimals=0)


def _availability() -> Json:
    asked = query(promql.of_scope("kentongan_availability_ratio", "provider", LINE), "{{provider}}")
    about = "Ketersediaan jalur sejak awal masa yang dipilih, sebagaimana terlihat pada tiap saat; garis: target."
    return graph(
        "Ketersediaan jalur", about, asked, query("vector($target)", "target"), unit="percentunit", lowest=None
    )


def _over_time() -> Json:
    asked = query(f"sum by (condition) (kentongan_provider_sites{{{WITH}}})", "{{condition}}")
    about = "Banyaknya lokasi dalam tiap keadaan. Pita tegak: gangguan massal (merah) dan pemeliharaan (biru)."
    return by_condition(graph("Keadaan dari waktu ke waktu", about, asked, stacked=True))


def _latency() -> Json:
    asked = query(
        f"max by (provider, medium) ({promql.of_limit(LATENCY, promql.RTT_LIMIT)})", "{{provider}} ({{medium}})"
    )
    about = (
        "Persentil ke-95 waktu bolak-balik ke internet hari ini, dibagi batas medianya: lokasi terburuk tiap penyedia. "
        "100 %: tepat di batas. Perlu per_site_series."
    )
    return graph("Latensi dibanding batas media", about, asked, unit="percentunit", steps=OF_LIMIT)


def _loss() -> Json:
    asked = query(
        f"max by (provider, medium) ({promql.of_limit(LOSS, promql.LOSS_LIMIT)})", "{{provider}} ({{medium}})"
    )
    about = "Paket yang hilang hari ini, dibagi batas medianya: lokasi terburuk tiap penyedia. Perlu per_site_series."
    return graph("Kehilangan paket dibanding batas media", about, asked, unit="percentunit", steps=OF_LIMIT)


def _slow_sites() -> Json:
    asked = f"topk(20, {promql.of_limit(LATENCY, promql.RTT_LIMIT)})"
    columns = {"name": "Lokasi", "site": "Kode", "provider": "Penyedia", "medium": "Media", "Value": "Dari batas"}
    about = "Dua puluh lokasi dengan latensi tertinggi dibanding batas medianya, hari ini. Perlu per_site_series."
    shown = table("Latensi tertinggi menurut batas media", about, columns, asked)
    _coloured(shown, "Dari batas", thresholds(OF_LIMIT), 0)
    return column(shown, "Kode", links=link_to("site", "site", "site", "Buka lokasi"))


def _worst() -> Json:
    asked = f"bottomk(20, {promql.of_sites('kentongan_availability_ratio', LINE)})"
    columns = {
        "name": "Lokasi",
        "site": "Kode",
        "regency": "Kab/kota",
        "provider": "Penyedia",
        "Value": "Jalur tersedia",
    }
    about = "Dua puluh lokasi dengan ketersediaan jalur terendah dalam masa yang dipilih. Perlu per_site_series."
    shown = table("Lokasi terburuk", about, columns, asked)
    _coloured(shown, "Jalur tersedia", thresholds(SHARE_UP), 2)
    return column(shown, "Kode", links=link_to("site", "site", "site", "Buka lokasi"))


def _coloured(shown: Json, heading: str, steps: Json, decimals: int) -> None:
    cell = {"type": "color-text"}
    column(shown, heading, unit="percentunit", decimals=decimals, thresholds=steps, custom__cellOptions=cell)


def _regencies() -> Json:
    asked = f"count by (regency, condition) (kentongan_site_condition{{{promql.CHOSEN}}})"
    about = "Lokasi penyedia ini di tiap kabupaten/kota menurut keadaan. Perlu per_site_series."
    return by_condition(stacked_bars("Di mana lokasinya", about, asked, "regency"))
