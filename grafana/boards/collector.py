"""The collector itself: whether it takes in, judges, keeps and tells."""

from grafana.frame import dashboard
from grafana.panels import Json, graph, query, stat, table
from grafana.words import GREEN, NONE_WANTED, ORANGE, RED

FRESH = ((GREEN, None), (ORANGE, 900.0), (RED, 3600.0))
FREE = ((RED, None), (ORANGE, 5e9), (GREEN, 20e9))
DAYS_LEFT = ((RED, None), (ORANGE, 7.0), (GREEN, 30.0))
LAG = ((GREEN, None), (RED, 30.0))


def board() -> Json:
    rows = [
        (5, [(4, _up()), (5, _running()), (5, _version()), (5, _fresh()), (5, _simulated())]),
        (8, [(8, _results()), (8, _batches()), (8, _refused())]),
        (8, [(8, _commit()), (8, _lag()), (8, _judging())]),
        (8, [(8, _size()), (8, _free()), (8, _days_left())]),
        (8, [(12, _notified()), (12, _failed())]),
        (8, [(24, _scrape())]),
    ]
    return dashboard("collector", "Kolektor: apakah ia menerima, menilai, menyimpan dan mengabarkan.", [], rows)


def _up() -> Json:
    steps = ((RED, None), (GREEN, 1.0))
    about = "1: Prometheus mendapat jawaban dari kolektor; 0: tidak, dan tidak ada peringatan sampai ia kembali."
    return stat("Menjawab", about, query('min(up{job="kentongan-collector"})'), steps=steps, decimals=0)


def _running() -> Json:
    asked = query("time() - max(kentongan_collector_start_timestamp_seconds)", now=True)
    return stat("Berjalan selama", "Sejak kolektor terakhir dinyalakan.", asked, unit="s", decimals=0)


def _version() -> Json:
    asked = "group by (version) (kentongan_collector_info)"
    return table("Versi", "Versi kolektor yang berjalan.", {"version": "Versi"}, asked)


def _fresh() -> Json:
    asked = query("time() - max(kentongan_indicators_timestamp_seconds)")
    about = "Umur angka masa berjalan (ketersediaan, gangguan, latensi); biasanya di bawah lima menit."
    return stat("Umur indikator", about, asked, unit="s", steps=FRESH, decimals=0)


def _simulated() -> Json:
    about = "1: semua isi penyimpanan ini adalah simulasi, bukan pengukuran."
    return stat("Simulasi", about, query("max(kentongan_simulated)", now=True), steps=NONE_WANTED, decimals=0)


def _results() -> Json:
    asked = [
        query("sum(rate(kentongan_ingest_results_total[$__rate_interval]))", "disimpan"),
        query("sum(rate(kentongan_ingest_duplicates_total[$__rate_interval]))", "ganda"),
    ]
    return graph("Hasil per detik", "Hasil yang disimpan, dan yang diterima dua kali.", *asked, unit="cps")


def _batches() -> Json:
    asked = query("sum by (result) (rate(kentongan_ingest_batches_total[$__rate_interval]))", "{{result}}")
    about = "Kiriman per detik: disimpan (stored), tanpa isi baru (duplicate), ditolak (refused)."
    return graph("Kiriman per detik", about, asked, unit="cps")


def _refused() -> Json:
    asked = [
        query("sum by (reason) (increase(kentongan_ingest_refused_total[1h])) > 0", "ditolak: {{reason}}"),
        query("sum by (reason) (increase(kentongan_ingest_set_aside_total[1h])) > 0", "disisihkan: {{reason}}"),
    ]
    about = "Kiriman yang ditolak dan baris rusak yang disisihkan dalam sejam, menurut sebabnya. Kosong: tidak ada."
    return graph("Ditolak dan disisihkan", about, *asked)


def _commit() -> Json:
    bucket = "sum by (le) (rate(kentongan_ingest_commit_seconds_bucket[$__rate_interval]))"
    asked = [query(f"histogram_quantile({q}, {bucket})", name) for q, name in ((0.5, "median"), (0.99, "p99"))]
    return graph("Waktu simpan", "Dari kiriman yang terbaca sampai tertulis aman di cakram.", *asked, unit="s")


def _lag() -> Json:
    about = "Seberapa jauh penilaian tertinggal dari penyimpanan: selama itu peringatan terlambat."
    return graph(
        "Ketertinggalan penilaian", about, query("max(kentongan_judge_lag_seconds)", "tertinggal"), unit="s", steps=LAG
    )


def _judging() -> Json:
    asked = query("sum(rate(kentongan_judge_seconds_total[$__rate_interval]))", "menilai")
    return graph(
        "Beban penilaian", "Bagian dari satu inti prosesor yang dipakai untuk menilai.", asked, unit="percentunit"
    )


def _size() -> Json:
    asked = query("max(kentongan_store_bytes)", "penyimpanan")
    return graph("Ukuran penyimpanan", "Besarnya berkas penyimpanan.", asked, unit="bytes")


def _free() -> Json:
    asked = query("min(kentongan_disk_free_bytes)", "kosong")
    return graph("Ruang cakram", "Ruang kosong pada cakram tempat penyimpanan berada.", asked, unit="bytes", steps=FREE)


def _days_left() -> Json:
    grows = "(deriv(kentongan_store_bytes[6h]) * 86400 > 0)"
    asked = query(f"min(kentongan_disk_free_bytes / {grows})")
    about = "Ruang kosong dibagi pertumbuhan penyimpanan enam jam terakhir. Tidak ada angka: ia tidak bertumbuh."
    return stat("Hari sampai cakram penuh", about, asked, unit="d", steps=DAYS_LEFT, decimals=0)


def _notified() -> Json:
    asked = query("sum by (channel, result) (increase(kentongan_notify_total[1h]))", "{{channel}}: {{result}}")
    return graph("Peringatan yang dikirim", "Peringatan dalam sejam menurut saluran dan nasibnya.", asked)


def _failed() -> Json:
    failed = 'kentongan_notify_total{result=~"failed|refused|dropped"}'
    asked = query(f"sum by (channel) (increase({failed}[$__range])) or vector(0)", "{{channel}}", now=True)
    about = "Peringatan yang dalam waktu ini tidak sampai; 0: semuanya sampai."
    return stat("Peringatan yang tidak sampai", about, asked, steps=NONE_WANTED, decimals=0)


def _scrape() -> Json:
    asked = query('max(scrape_duration_seconds{job="kentongan-collector"})', "pengambilan")
    about = "Berapa lama Prometheus menunggu /metrics; naik bersama banyaknya lokasi."
    return graph("Lama pengambilan", about, asked, unit="s")
