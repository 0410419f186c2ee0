"""The words that files may use, beside our own: of each the first is what an Indonesian sheet gets.

The values of architecture metadata (network, ownership, medium, use) are the ones that Indonesia's digital government
architecture uses for networks. Case, spaces, hyphens and underscores do not matter.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from collector.contracts import FeeOf, Formula
from collector.registry import Medium, Network, Ownership, Use

Words = Mapping[str, tuple[str, ...]]


def plain_word(text: str) -> str:
    """What counts of a word: `Kabupaten/Kota` is `kabupaten_kota`."""
    return re.sub(r"[\W_]+", "_", text.casefold()).strip("_")


GUIDES = ("Penjelasan", "Explained")
"""How the sheet that explains the columns is called in our own workbooks."""

SITE_HEADERS: Words = {
    "code": ("kode", "kode_lokasi", "kode_wilayah", "kode_desa", "kode_kemendagri"),
    "name": ("nama", "nama_lokasi", "lokasi"),
    "kind": ("jenis", "jenis_lokasi"),
    "opd": ("opd", "perangkat_daerah", "skpd"),
    "regency": ("kabupaten", "kabupaten_kota", "kab_kota", "kota"),
    "district": ("kecamatan", "distrik"),
    "provider": ("penyedia", "penyedia_layanan", "isp", "operator"),
    "medium": ("media", "media_transmisi", "jenis_media"),
    "contract": ("kontrak", "nomor_kontrak", "no_kontrak"),
    "timezone": ("zona_waktu",),
    "calendar": ("kalender",),
    "until": ("sampai", "hari_terakhir", "tanggal_terakhir", "ditutup_setelah", "last_day"),
    "description": ("uraian", "deskripsi", "keterangan"),
    "agency": ("instansi", "nama_instansi"),
    "unit": ("unit_pengelola", "unit_kerja"),
    "network": ("jaringan", "jenis_jaringan"),
    "ownership": ("kepemilikan", "status_kepemilikan"),
    "owner": ("pemilik", "nama_pemilik"),
    "bandwidth_mbps": ("lebar_pita", "lebar_pita_mbps", "bandwidth", "kecepatan"),
    "use": ("penggunaan", "peran", "utama_cadangan"),
    "facility": ("fasilitas", "fasilitas_komputasi"),
    "rai": ("kode_rai",),
    "latitude": ("lintang", "lat"),
    "longitude": ("bujur", "lon", "lng", "long"),
    "contact": ("narahubung", "kontak", "nama_kontak", "pic"),
    "phone": ("telepon", "no_telepon", "nomor_telepon", "telp", "no_hp", "hp", "wa", "whatsapp"),
}

CONTRACT_HEADERS: Words = {
    "number": ("nomor", "nomor_kontrak", "no_kontrak", "kontrak", "contract"),
    "begins": ("mulai", "tanggal_mulai", "berlaku_mulai", "from"),
    "provider": ("penyedia", "penyedia_layanan", "isp", "operator"),
    "ends": ("selesai", "berakhir", "sampai", "tanggal_selesai", "tanggal_berakhir", "to"),
    "sla": ("sla", "sla_persen"),
    "fee": ("biaya", "biaya_bulanan", "biaya_per_bulan", "tarif", "abonemen"),
    "fee_of": ("biaya_untuk", "dasar_biaya"),
    "formula": ("rumus", "rumus_restitusi", "restitusi"),
    "charge_after_s": ("batas_detik", "ambang_detik", "batas_gangguan"),
    "note": ("catatan", "keterangan"),
}

KINDS: Words = {
    "opd": ("opd", "kantor", "kantor opd", "dinas", "office"),
    "village": ("desa", "titik desa", "kantor desa", "kelurahan", "kampung"),
    "service": ("layanan", "layanan publik", "pelayanan publik"),
    "hub": ("pusat", "pusat pemantauan"),
    "other": ("lainnya", "lain-lain", "lain"),
}
MEDIA: Words = {
    Medium.FIBER: ("serat optik", "fiber optic", "fiber optik", "fibre", "fo", "ftth"),
    Medium.COPPER: ("tembaga", "kabel tembaga", "coaxial", "koaksial", "dsl", "adsl"),
    Medium.WIRELESS: ("nirkabel", "wireless microwave", "microwave", "radio", "radio link"),
    Medium.CELLULAR: ("seluler", "4g", "5g", "lte", "gsm"),
    Medium.LEO: ("satelit orbit rendah", "satelit leo", "starlink"),
    Medium.VSAT: ("vsat", "satelit geostasioner", "satelit geo"),
    Medium.OTHER: ("lainnya", "media lain", "lain"),
}
NETWORKS: Words = {
    Network.INTRANET: ("intranet", "jaringan intra", "intra"),
    Network.INTERNET: ("internet",),
    Network.SDWAN: ("sd-wan", "sdwan"),
}
OWNERSHIPS: Words = {
    Ownership.OWN: ("milik sendiri", "sendiri"),
    Ownership.GOVERNMENT: ("instansi pemerintah lain", "pemerintah lain", "pemerintah"),
    Ownership.STATE_OWNED: ("BUMN", "badan usaha milik negara"),
    Ownership.PRIVATE: ("pihak ketiga dalam negeri", "swasta dalam negeri", "swasta"),
    Ownership.FOREIGN: ("pihak ketiga luar negeri", "swasta luar negeri", "asing"),
}
USES: Words = {
    Use.PRIMARY: ("utama", "jalur utama"),
    Use.BACKUP: ("cadangan", "jalur cadangan"),
}
FORMULAS: Words = {
    Formula.SHORTFALL: ("selisih", "selisih sla"),
    Formula.PRORATED: ("proporsional",),
    Formula.PRORATA: ("prorata",),
    Formula.NONE: ("tidak ada", "tanpa restitusi", "nihil"),
}
FEES_OF: Words = {
    FeeOf.LINE: ("saluran", "per saluran", "jalur", "per jalur", "per lokasi"),
    FeeOf.CONTRACT: ("kontrak", "per kontrak", "seluruh kontrak"),
}


def meanings(words: Words) -> dict[str, str]:
    """Every word as it counts -> what it means."""
    return {plain_word(word): meaning for meaning, also in words.items() for word in (meaning, *also)}


def word_for(meaning: str, words: Words, language: str) -> str:
    """What a sheet in `language` says for it."""
    return words[meaning][0] if language == "id" else str(meaning)


def listed(words: Words) -> str:
    """All that may be written, for a message: our word, and the Indonesian one where it is another."""
    return ", ".join(
        str(meaning) if plain_word(also[0]) == plain_word(meaning) else f"{meaning} ({also[0]})"
        for meaning, also in words.items()
    )


def same_kind(value: str, kind: type[StrEnum] | None) -> str:
    """`value` as the enumeration's member, or as it is where there is none."""
    return kind(value) if kind else value
