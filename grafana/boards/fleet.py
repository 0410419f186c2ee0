"""The agents: who is heard, who lags behind, whose clock is wrong, which versions there are."""

from grafana.frame import AGENT, REGENCY, dashboard, link_to
from grafana.panels import Json, bars, column, graph, headed, named, query, stat, table
from grafana.words import GREEN, NONE_WANTED, ORANGE, RED

FLEET = 'regency=~"$regency",agent=~"$agent"'
HEARD = f"kentongan_agent_heard_timestamp_seconds{{{FLEET}}}"
STATES = {"heard": "terdengar", "silent": "tanpa kabar", "never": "belum pernah"}
CLOCK = ((GREEN, None), (ORANGE, 5.0), (RED, 60.0))


def board() -> Json:
    rows = [
        (5, [(9, _states()), (5, _cloned()), (5, _dropping()), (5, _untrusted())]),
        (10, [(14, _agents()), (10, _versions())]),
        (8, [(12, _spools()), (12, _clocks())]),
        (8, [(12, _dropped()), (12, _set_aside())]),
        (8, [(12, _heard_over_time()), (12, _late())]),
        (8, [(12, _rtt()), (12, _loss())]),
    ]
    about = "Agen: siapa yang terdengar, siapa yang tertinggal, jam siapa yang salah, versi apa saja yang ada."
    return dashboard("fleet", about, [REGENCY, AGENT], rows)


def _states() -> Json:
    asked = query("sum by (state) (kentongan_agents)", "{{state}}")
    return named(
        stat("Agen", "Agen yang terdengar, tanpa kabar, dan belum pernah terdengar.", asked, decimals=0), STATES
    )


def _cloned() -> Json:
    about = "Token yang dipakai dua komputer sekaligus: buat satu token untuk masing-masing."
    return stat("Token ganda", about, query("sum(kentongan_agents_cloned)"), steps=NONE_WANTED, decimals=0)


def _dropping() -> Json:
    asked = query(f"count(increase(kentongan_agent_dropped_total{{{FLEET}}}[$__range]) > 0) or vector(0)", now=True)
    about = "Agen yang membuang hasil dalam waktu ini karena antreannya penuh. Perlu per_site_series."
    return stat("Agen yang membuang hasil", about, asked, steps=NONE_WANTED, decimals=0)


def _untrusted() -> Json:
    about = "Hasil dengan jam yang tidak dapat dibetulkan: disimpan, tetapi tidak masuk hitungan mana pun."
    return stat("Hasil tanpa waktu yang pasti", about, query("sum(kentongan_results_untrusted)"), decimals=0)


def _agents() -> Json:
    each = "max by (agent, site, regency)"
    asked = [
        f"time() - {each} ({HEARD})",
        f"{each} (kentongan_agent_push_interval_seconds{{{FLEET}}})",
        f"{each} (kentongan_agent_spool_results{{{FLEET}}})",
        f"{each} (kentongan_agent_clock_offset_seconds{{{FLEET}}})",
    ]
    headings = ("Terdengar", "Jeda kirim", "Antrean", "Selisih jam")
    columns = headed({"agent": "Agen", "site": "Lokasi", "regency": "Kab/kota"}, *headings)
    about = "Agen yang paling lama tidak terdengar di atas. Perlu per_site_series."
    shown = table("Agen satu per satu", about, columns, *asked)
    for heading in ("Terdengar", "Jeda kirim"):
        column(shown, heading, unit="s", decimals=0)
    column(shown, "Selisih jam", unit="s", decimals=1)
    shown["options"]["sortBy"] = [{"displayName": "Terdengar", "desc": True}]
    return column(shown, "Lokasi", links=link_to("site", "site", "site", "Buka lokasi"))


def _versions() -> Json:
    asked = query(f"count by (version) (kentongan_agent_version_info{{{FLEET}}})", "{{version}}", now=True)
    return bars("Versi", "Banyaknya agen menurut versinya. Perlu per_site_series.", asked)


def _spools() -> Json:
    asked = query(f"topk(20, kentongan_agent_spool_results{{{FLEET}}})", "{{agent}} ({{site}})")
    about = "Hasil yang menunggu dikirim, dua puluh antrean terpanjang menurut kiriman terakhir. Perlu per_site_series."
    return graph("Antrean", about, asked)


def _clocks() -> Json:
    asked = query(f"topk(20, abs(kentongan_agent_clock_offset_seconds{{{FLEET}}}))", "{{agent}} ({{site}})")
    about = "Dua puluh jam yang paling meleset; kolektor membetulkan waktu hasilnya. Perlu per_site_series."
    return graph("Selisih jam", about, asked, unit="s", steps=CLOCK)


def _dropped() -> Json:
    asked = query(f"topk(20, increase(kentongan_agent_dropped_total{{{FLEET}}}[1h]))", "{{agent}} ({{site}})")
    about = "Hasil yang dibuang agen dalam sejam karena antreannya penuh. Perlu per_site_series."
    return graph("Hasil yang dibuang", about, asked)


def _set_aside() -> Json:
    asked = query(f"topk(20, increase(kentongan_agent_set_aside_total{{{FLEET}}}[1h]))", "{{agent}} ({{site}})")
    about = "Hasil rusak yang disisihkan agen dalam sejam. Perlu per_site_series."
    return graph("Hasil yang disisihkan", about, asked)


def _heard_over_time() -> Json:
    asked = query("sum by (state) (kentongan_agents)", "{{state}}")
    about = "Banyaknya agen yang terdengar, tanpa kabar, dan belum pernah terdengar."
    return named(graph("Agen dari waktu ke waktu", about, asked, stacked=True), STATES)


def _late() -> Json:
    intervals = f"(time() - {HEARD}) / kentongan_agent_push_interval_seconds{{{FLEET}}}"
    about = "Sejak terakhir terdengar, dalam jeda kirimnya sendiri; di atas 1,5: tanpa kabar. Perlu per_site_series."
    steps = ((GREEN, None), (RED, 1.5))
    return graph("Keterlambatan dalam jeda kirim", about, query(f"topk(20, {intervals})", "{{agent}}"), steps=steps)


def _rtt() -> Json:
    asked = [
        query("quantile by (group) (0.5, kentongan_probe_rtt_seconds)", "{{group}} median"),
        query("quantile by (group) (0.95, kentongan_probe_rtt_seconds)", "{{group}} p95"),
    ]
    about = "Waktu bolak-balik terakhir tiap sasaran, hanya dari agen yang dapat dijangkau Prometheus."
    return graph("Waktu bolak-balik per kelompok", about, *asked, unit="s")


def _loss() -> Json:
    lost = (
        "1 - sum by (group) (rate(kentongan_probe_packets_received_total[$__rate_interval])) / "
        "(sum by (group) (rate(kentongan_probe_packets_sent_total[$__rate_interval])) > 0)"
    )
    about = "Bagian paket yang hilang, hanya dari agen yang dapat dijangkau Prometheus."
    return graph("Paket hilang per kelompok", about, query(lost, "{{group}}"), unit="percentunit")
