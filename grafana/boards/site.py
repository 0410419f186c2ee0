"""One site: what it is in, what its groups do, its latency against the limit of its medium, and who measures there."""

from collector.remote_write.history import CODES
from grafana.frame import MEDIUM, PERIOD, PROVIDER, REGENCY, SITE, dashboard, link_to
from grafana.panels import (
    CONDITIONS,
    Json,
    column,
    fixed,
    graph,
    headed,
    mapping,
    override,
    query,
    stat,
    table,
    timeline,
)
from grafana.words import BLUE, COLOURS, COVERAGE, GREEN, NAMES, RED, SHARE_UP

HERE = 'site="$site"'
OF = 'scope="site",of="$site",period="$period"'
MEDIUM_HERE = f"group by (medium) (kentongan_site_condition{{{HERE}}})"
STATES = {"0": ("terputus", RED), "1": ("hidup", GREEN)}
KINDS = {"line": "jalur", "experienced": "yang dialami pengguna", "intranet": "jaringan intra"}
HISTORY_NEEDED = "Perlu [[remote_write]]: itulah yang mengisi lubang setelah agen kembali."


def board() -> Json:
    rows = [
        (5, [(8, _condition()), (4, _heard()), (4, _available()), (4, _covered()), (4, _outages())]),
        (4, [(24, _now())]),
        (5, [(24, _groups())]),
        (8, [(12, _latency()), (12, _loss())]),
        (4, [(24, _history())]),
        (8, [(12, _history_latency()), (12, _history_loss())]),
        (8, [(12, _figures()), (12, _agents())]),
    ]
    about = "Satu lokasi: keadaannya, kelompok sasarannya, latensi dibanding batas medianya, dan siapa yang mengukur."
    return dashboard("site", about, [REGENCY, PROVIDER, MEDIUM, SITE, PERIOD], rows)


def _condition() -> Json:
    asked = f"kentongan_site_condition{{{HERE}}} == 1"
    columns = {
        "condition": "Keadaan",
        "name": "Lokasi",
        "regency": "Kab/kota",
        "provider": "Penyedia",
        "medium": "Media",
    }
    shown = table(
        "Sekarang", "Keadaan lokasi ini menurut hasil terakhir, dan apa yang terdaftar tentangnya.", columns, asked
    )
    column(shown, "Keadaan", mappings=[CONDITIONS], custom__cellOptions={"type": "color-background"})
    column(shown, "Kab/kota", links=link_to("regency", "regency", "regency", "Buka kabupaten/kota"))
    return column(shown, "Penyedia", links=link_to("provider", "provider", "provider", "Buka penyedia"))


def _heard() -> Json:
    asked = query(f"1000 * max(kentongan_site_heard_timestamp_seconds{{{HERE}}})", now=True)
    return stat(
        "Terakhir terdengar",
        "Kapan agen yang melapor tentang lokasi ini terakhir terdengar.",
        asked,
        unit="dateTimeFromNow",
    )


def _available() -> Json:
    asked = query(f'max(kentongan_availability_ratio{{{OF},kind="line"}})')
    about = "Ketersediaan jalur dalam masa yang dipilih. Tidak ada angka: yang teramati terlalu sedikit."
    return stat("Jalur tersedia", about, asked, unit="percentunit", steps=SHARE_UP, decimals=2)


def _covered() -> Json:
    asked = query(f"max(kentongan_coverage_ratio{{{OF}}})")
    about = "Waktu yang teramati dari seluruh masa yang dipilih."
    return stat("Teramati", about, asked, unit="percentunit", steps=COVERAGE, decimals=1)


def _outages() -> Json:
    about = "Gangguan yang mulai dalam masa yang dipilih."
    return stat("Gangguan", about, query(f"max(kentongan_outages{{{OF}}})"), decimals=0)


def _now() -> Json:
    asked = query(f"max by (site) (kentongan_site_up{{{HERE}}})", "lokasi")
    about = (
        "Hidup atau terputus, sebagaimana terlihat pada tiap saat. Celah: saat itu tidak ada yang tahu, sekalipun "
        "kemudian agen mengirimkan apa yang sempat diukurnya."
    )
    return timeline("Seperti yang terlihat saat itu", about, asked, STATES)


def _groups() -> Json:
    asked = query(f"max by (group) (kentongan_site_group_up{{{HERE}}})", "{{group}}")
    return timeline("Kelompok sasaran", "Gateway, jaringan intra, internet dan layanan, masing-masing.", asked, STATES)


def _latency() -> Json:
    asked = query(f"max by (group, quantile) (kentongan_site_latency_seconds{{{HERE}}})", "{{group}} p{{quantile}}")
    limit = query(f"max(kentongan_medium_rtt_limit_seconds and on (medium) {MEDIUM_HERE})", "batas media")
    about = "Waktu bolak-balik sejak tengah malam (median dan persentil ke-95); garis putus-putus: batas medianya."
    return _with_limit(graph("Latensi hari ini", about, asked, limit, unit="s"))


def _loss() -> Json:
    asked = query(f"max by (group) (kentongan_site_loss_ratio{{{HERE}}})", "{{group}}")
    limit = query(f"max(kentongan_medium_loss_limit_ratio and on (medium) {MEDIUM_HERE})", "batas media")
    about = "Paket yang hilang sejak tengah malam menurut kelompok; garis putus-putus: batas medianya."
    return _with_limit(graph("Kehilangan paket hari ini", about, asked, limit, unit="percentunit"))


def _history() -> Json:
    asked = query(f"max by (site) (kentongan_history_condition{{{HERE}}})", "lokasi")
    said = {str(code): (NAMES[one], colour) for one, colour in COLOURS.items() if (code := CODES.get(one)) is not None}
    about = f"Keadaan dari detik ke detik, dengan waktu aslinya. {HISTORY_NEEDED}"
    return timeline("Riwayat lengkap", about, asked, said)


def _history_latency() -> Json:
    asked = query(f"max by (group, quantile) (kentongan_history_rtt_seconds{{{HERE}}})", "{{group}} p{{quantile}}")
    limit = query(f"max(kentongan_medium_rtt_limit_seconds and on (medium) {MEDIUM_HERE})", "batas media")
    about = (
        f"Waktu bolak-balik per menit, selama kelompoknya hidup; garis putus-putus: batas medianya. {HISTORY_NEEDED}"
    )
    return _with_limit(graph("Riwayat latensi", about, asked, limit, unit="s"))


def _history_loss() -> Json:
    asked = query(f"max by (group) (kentongan_history_loss_ratio{{{HERE}}})", "{{group}}")
    limit = query(f"max(kentongan_medium_loss_limit_ratio and on (medium) {MEDIUM_HERE})", "batas media")
    about = (
        f"Paket yang hilang per menit, selama kelompoknya hidup; garis putus-putus: batas medianya. {HISTORY_NEEDED}"
    )
    return _with_limit(graph("Riwayat kehilangan paket", about, asked, limit, unit="percentunit"))


def _with_limit(shown: Json) -> Json:
    """The limit of the medium is a line of its own: media differ by a hundred times."""
    dashes = {"fill": "dash", "dash": [10, 10]}
    return override(shown, "batas media", color=fixed(RED), custom__lineStyle=dashes, custom__fillOpacity=0)


def _figures() -> Json:
    ratios = [f"max by (kind) (kentongan_availability{end}_ratio{{{OF}}})" for end in ("", "_low", "_high")]
    headings = ("Tersedia", "paling rendah", "paling tinggi")
    columns = headed({"kind": "Apa"}, *headings)
    about = (
        "Ketersediaan dalam masa yang dipilih: jalur, yang dialami pengguna, internet, jaringan "
        "intra dan layanan, dengan batas ketidakpastiannya."
    )
    shown = table("Ketersediaan", about, columns, *ratios)
    column(shown, "Apa", mappings=[mapping({kind: (text, BLUE) for kind, text in KINDS.items()})])
    for heading in headings:
        column(shown, heading, unit="percentunit", decimals=2)
    return shown


def _agents() -> Json:
    asked = [
        f"time() - max by (agent) (kentongan_agent_heard_timestamp_seconds{{{HERE}}})",
        f"max by (agent) (kentongan_agent_spool_results{{{HERE}}})",
        f"max by (agent) (kentongan_agent_clock_offset_seconds{{{HERE}}})",
    ]
    columns = headed({"agent": "Agen"}, "Terdengar", "Antrean", "Selisih jam")
    about = (
        "Agen yang terdaftar di lokasi ini: sejak kapan tidak terdengar, berapa hasil yang menunggu, selisih jamnya."
    )
    nothing = "tidak ada agen di lokasi ini; ia dilihat dari luar"
    shown = table("Agen", about, columns, *asked, nothing=nothing)
    column(shown, "Terdengar", unit="s", decimals=0)
    column(shown, "Selisih jam", unit="s", decimals=1)
    return column(shown, "Agen", links=link_to("fleet", "agent", "agent", "Buka agen"))
